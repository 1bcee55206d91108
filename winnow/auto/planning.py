"""The plan of an audit, drawn before the first look: candidates, how many are looked at, in which order."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from winnow.auto.certificate import CONFIDENCE, PAYS, Look, looks_of, most_wrong, smallest_audit
from winnow.errors import WinnowError

Side = Literal["accept", "reject"]
SIDES: tuple[Side, ...] = ("accept", "reject")
LABEL_OF: dict[Side, int] = {"accept": 1, "reject": 0}
LIKELY = 0.8  # the widest zone is one that would pass with this chance by what is known before the audit
WIDTHS = 60
NARROWEST = 40
HOPE = 0.2  # of the wrong ones that are allowed: as many there are while nothing is known
HOPED = 0.6  # wrong ones; what so many of the allowed share weigh against what is known


class AutoError(WinnowError):
    """An audit that would prove nothing, or a batch that cannot be decided by the model as things stand."""

    code = "cannot_auto"


@dataclass(frozen=True)
class SidePlan:
    """What the head would accept, or reject: candidates (n,) rows, most certain first, their probability (n,) float32.

    sample (s,) int64 holds places among the candidates in the order in which they are audited, drawn at random.
    chance: that some look passes, by what was known before.
    """

    side: Side
    rows: NDArray[np.int64]
    probability: NDArray[np.float32]
    sample: NDArray[np.int64]
    looks: tuple[Look, ...]
    chance: float


@dataclass(frozen=True)
class Wish:
    """What is asked for: the sides, the share `target` of right ones among what the head decides, verdicts a look.

    audit None takes the fewest with which the widest zone can pass.
    """

    sides: tuple[Side, ...]
    target: float
    audit: int | None

    @property
    def alpha(self) -> float:
        """The chance of a wrong word that each side may take, so that all together keep to the confidence."""
        return (1 - CONFIDENCE) / len(self.sides)


@dataclass(frozen=True)
class Known:
    """Earlier random looks: what a head that had not seen them said, probability (k,), and their labels (k,) int8."""

    probability: NDArray[np.float32]
    labels: NDArray[np.int8]

    def error(self, side: Side, threshold: float, allowed: float) -> float:
        """The likely share of wrong ones among those of a side that are as certain as `threshold`.

        A head's probabilities far from 0.5 are little tested, so they do not enter; while there are few random looks,
        a share is hoped for that makes an audit worth while (a beta prior of mean HOPE * allowed).
        """
        certainty = self.probability if side == "accept" else 1 - self.probability
        is_inside = certainty >= threshold
        wrong = int((self.labels[is_inside] != LABEL_OF[side]).sum())
        weight = HOPED / allowed
        return (wrong + HOPE * allowed * weight) / (int(is_inside.sum()) + weight)


def plan_sides(
    wish: Wish, rows: NDArray[np.int64], probability: NDArray[np.float32], known: Known, rng: np.random.Generator
) -> list[SidePlan]:
    """A plan for each side: rows (n,) are open, probability (n,) is the head's P(label = 1) for them.

    Raises:
        AutoError: a side has too few candidates, or the audit is too small to prove anything.
    """
    return [_plan_side(side, wish, rows, probability, known, rng) for side in wish.sides]


def _plan_side(
    side: Side,
    wish: Wish,
    rows: NDArray[np.int64],
    probability: NDArray[np.float32],
    known: Known,
    rng: np.random.Generator,
) -> SidePlan:
    is_of_side = (probability >= 0.5) == (side == "accept")
    rows, probability = rows[is_of_side], probability[is_of_side]
    certainty = probability if side == "accept" else 1 - probability
    order = np.lexsort((rng.random(len(rows)), -certainty))  # ties in random order: the pool's own may tell
    rows, probability, certainty = rows[order], probability[order], certainty[order]
    least = smallest_audit(len(rows), wish.target, wish.alpha)
    if least is None:
        raise AutoError(
            f"The model would {side} {len(rows):,} items; to prove that {wish.target:.1%} of them are right takes so "
            "large an audit that judging them all is as quick. Ask for a lower share, or leave this side out."
        )
    n, looks, chance = _widest(certainty, wish, known, side)
    if not looks:
        raise AutoError(
            f"An audit of {wish.audit:,} cannot prove that {wish.target:.1%} of {len(rows):,} items are right: it "
            f"takes {least:,} verdicts or more, none of them wrong, and no more than {len(rows) // PAYS:,}."
        )
    sample = rng.permutation(n)[: looks[-1].size]
    return SidePlan(side, rows[:n], probability[:n], sample.astype(np.int64), looks, chance)


def _widest(
    certainty: NDArray[np.float32], wish: Wish, known: Known, side: Side
) -> tuple[int, tuple[Look, ...], float]:
    """The widest zone that is likely to pass by what is known; the likeliest where none is.

    certainty (n,) descending. What is known chooses the zone only; the audit alone decides on it.
    """
    n = len(certainty)
    best: tuple[int, tuple[Look, ...], float] = (0, (), -1.0)
    for width in np.unique(np.geomspace(min(n, NARROWEST), n, WIDTHS).astype(int))[::-1].tolist():
        audit = wish.audit or smallest_audit(width, wish.target, wish.alpha)
        looks = looks_of(width, audit, wish.target, wish.alpha) if audit else ()
        error = known.error(side, float(certainty[width - 1]), 1 - wish.target)
        chance = max((_chance(look, error) for look in looks), default=-1.0)
        if chance > best[2]:
            best = (width, looks, chance)
        if chance >= LIKELY:
            break
    return best


def _chance(look: Look, error: float) -> float:
    """P(the widest zone passes at this look) where `error` is the share of wrong ones."""
    from scipy.stats import binom

    return float(binom.cdf(most_wrong(look.zones[-1], look.size, look.alpha), look.size, error))
