"""What runs came to in a few figures, each run by itself and the runs of a plan together."""

from dataclasses import dataclass

from winnow.simulate.curves import SAVED_AT, SHARES, stopped_at, verdicts_to, work_saved
from winnow.simulate.runs import LabelledPool, Run


@dataclass(frozen=True)
class Size:
    """How many items a run can show, and how many of them are positive."""

    items: int
    positives: int

    @classmethod
    def of(cls, pool: LabelledPool) -> "Size":
        return cls(len(pool.rows), pool.positives)


@dataclass(frozen=True)
class Outcome:
    """One run in figures; None where the run did not get there.

    verdicts_to are those to the SHARES of the positives; stop is after how many verdicts the recall meter said that
    the target was reached, stop_recall what was true then, stop_overshoot the verdicts since the target truly was.
    """

    plan: str
    seed: int
    verdicts: int
    found: int
    recall: float
    accuracy: float
    head_accuracy: float
    verdicts_to: tuple[int | None, ...]
    work_saved: float | None
    stop: int | None
    stop_recall: float | None
    stop_overshoot: int | None


def outcome_of(run: Run, size: Size, target: float) -> Outcome:
    """The figures of one run, the recall meter's stop being at `target`."""
    reached = verdicts_to(run.found, size.positives, SAVED_AT)
    stop = stopped_at(run.bound, target)
    needed = verdicts_to(run.found, size.positives, target)
    return Outcome(
        plan=run.plan,
        seed=run.seed,
        verdicts=len(run.rows),
        found=int(run.found[-1]),
        recall=run.found[-1] / size.positives,
        accuracy=float(run.accuracy[-1]),
        head_accuracy=float(run.head_accuracy[-1]),
        verdicts_to=tuple(verdicts_to(run.found, size.positives, share) for share in SHARES),
        work_saved=None if reached is None else work_saved(reached, size.items),
        stop=stop,
        stop_recall=None if stop is None else run.found[stop] / size.positives,
        stop_overshoot=None if stop is None or needed is None else stop - needed,
    )
