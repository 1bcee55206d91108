"""A round: what people said between the data set of one model version and that of the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from winnow.training.mistakes import KINDS
from winnow.training.truth import NO_CLASS
from winnow.verdicts.log import Undo, Verdict
from winnow.verdicts.reasons import REASONS

BINS = 10
NO_REASON = "none given"


@dataclass(frozen=True)
class ScoreBin:
    """Proposals with low <= score < high (the last bin with 1.0) that were accepted or rejected."""

    low: float
    high: float
    judged: int
    accepted: int


@dataclass(frozen=True)
class Seconds:
    """The time verdicts took, where the page told it: `timed` of them; None without any."""

    total: float
    median: float | None
    timed: int
    untimed: int


@dataclass(frozen=True)
class RoundFigures:
    """What was said in a round, as it stood at its end.

    `judged` are proposals: it leaves out corrections, misses, imports, and `looked_again`, the mistakes of a model that
    were judged. accepted + rejected + skipped = judged; rejected counts by reason, with NO_REASON for plain rejections.
    """

    judged: int
    accepted: int
    rejected: dict[str, int]
    skipped: int
    corrected: int
    looked_again: int
    missed: int
    completed: int
    imported: int
    seconds: Seconds
    acceptance: tuple[ScoreBin, ...]
    classes: dict[str, tuple[int, int]]  # proposed class -> accepted, rejected


def events_of_round(events: Iterable[Verdict | Undo], after: int, until: int) -> list[Verdict]:
    """Live verdicts with a number in (after, until], as of event `until`, oldest first."""
    taken: dict[int, Verdict] = {}
    for event in events:
        if event.seq > until:
            break
        if isinstance(event, Undo):
            taken.pop(event.undoes, None)
        elif event.seq > after:
            taken[event.seq] = event
    return list(taken.values())


def figures_of(live: Sequence[Verdict]) -> RoundFigures:
    """Count a round; of an item that was judged again, the newest verdict counts."""
    by_hand = [verdict for verdict in live if verdict.strategy != "import"]
    standing = standing_verdicts([verdict for verdict in by_hand if not is_of_mistake(verdict)])
    judged = [verdict for verdict in standing if verdict.strategy != "correction"]
    decided = [verdict for verdict in judged if verdict.label is not None]
    accepted = [verdict for verdict in decided if verdict.label]
    return RoundFigures(
        judged=len(judged),
        accepted=len(accepted),
        rejected=_by_reason([verdict for verdict in decided if not verdict.label]),
        skipped=len(judged) - len(decided),
        corrected=len(standing) - len(judged),
        looked_again=len(standing_verdicts([verdict for verdict in by_hand if is_of_mistake(verdict)])),
        missed=sum(verdict.kind == "miss" for verdict in by_hand),
        completed=sum(verdict.kind == "complete" for verdict in by_hand),
        imported=len(live) - len(by_hand),
        seconds=_seconds([verdict for verdict in by_hand if verdict.kind == "verdict"]),
        acceptance=_acceptance(decided),
        classes=_by_class(decided),
    )


def is_of_mistake(verdict: Verdict) -> bool:
    """Whether it judges what a model got wrong on the hold-out, and no proposal."""
    return (verdict.source or "").startswith(KINDS)


def standing_verdicts(live: Sequence[Verdict]) -> list[Verdict]:
    """The newest verdict of each item, misses and completions left out."""
    return list({verdict.item_id: verdict for verdict in live if verdict.kind == "verdict"}.values())


def _by_reason(rejected: Sequence[Verdict]) -> dict[str, int]:
    counts = dict.fromkeys([NO_REASON, *REASONS], 0)
    for verdict in rejected:
        reason = verdict.reason or NO_REASON
        counts[reason] = counts.get(reason, 0) + 1
    return {reason: n for reason, n in counts.items() if n}


def _by_class(decided: Sequence[Verdict]) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for verdict in decided:
        name = verdict.proposed_class or NO_CLASS
        accepted, rejected = counts.get(name, (0, 0))
        counts[name] = (accepted + 1, rejected) if verdict.label else (accepted, rejected + 1)
    return dict(sorted(counts.items()))


def _seconds(verdicts: Sequence[Verdict]) -> Seconds:
    """Every press took its time, also one that a later press on the same item replaced."""
    times = [verdict.elapsed_ms / 1000 for verdict in verdicts if verdict.elapsed_ms is not None]
    return Seconds(round(sum(times), 3), median(times) if times else None, len(times), len(verdicts) - len(times))


def _acceptance(decided: Sequence[Verdict]) -> tuple[ScoreBin, ...]:
    judged, accepted = [0] * BINS, [0] * BINS
    for verdict in decided:
        if verdict.score is not None:
            place = min(max(int(verdict.score * BINS), 0), BINS - 1)
            judged[place] += 1
            accepted[place] += bool(verdict.label)
    return tuple(ScoreBin(i / BINS, (i + 1) / BINS, judged[i], accepted[i]) for i in range(BINS))
