"""Whether more rounds still help: one stated rule over the gains of the newest iterations."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

ITERATIONS = 2
MIN_GAIN = 0.01
RULE = (
    f"Converged when each of the last {ITERATIONS} iterations gained less than {MIN_GAIN:g} mAP50-95 over the version "
    "before it, both measured on the same hold-out."
)


@dataclass(frozen=True)
class Gain:
    """One iteration: mAP50-95 before and after on one hold-out, and the recall and boxes it was measured with."""

    model: int
    before: float
    after: float
    recall: float
    boxes: int

    @property
    def value(self) -> float:
        return self.after - self.before

    @property
    def standard_error(self) -> float:
        """Of the recall, a share of `boxes`: how much the hold-out's size alone lets such figures vary."""
        return sqrt(self.recall * (1 - self.recall) / self.boxes) if self.boxes else 1.0


@dataclass(frozen=True)
class Convergence:
    """What the rule says of a session, and the gains it says it by."""

    is_converged: bool
    text: str
    gains: tuple[Gain, ...]
    rule: str = RULE


def convergence(gains: Sequence[Gain]) -> Convergence:
    """Apply the rule to a session's gains, oldest first."""
    last = tuple(gains[-ITERATIONS:])
    if len(last) < ITERATIONS:
        missing = ITERATIONS - len(last)
        more = "one more iteration that has" if missing == 1 else f"{missing} iterations that have"
        return Convergence(False, f"Too early to say: the rule needs {more} a version before to compare with.", last)
    told = ", ".join(f"version {gain.model} gained {gain.value:+.3f}" for gain in last) + f". {_caution(last[-1])}"
    if all(gain.value < MIN_GAIN for gain in last):
        advice = "More of the same will hardly help: look for classes with few boxes, or try a larger model."
        return Convergence(True, f"Converged: {told} {advice}", last)
    return Convergence(False, f"Not converged: {told}", last)


def _caution(gain: Gain) -> str:
    return f"By its {gain.boxes} boxes alone the hold-out's recall is uncertain by ±{gain.standard_error:.3f}."
