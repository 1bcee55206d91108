"""What the session answers: the queue, and what presses led to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.board import Progress
from winnow.learning.step import Snapshot
from winnow.verdicts.ledger import MetricsPoint
from winnow.verdicts.log import Verdict


@dataclass(frozen=True)
class QueueView:
    """The next rows and the snapshot they come from."""

    rows: NDArray[np.int64]
    ways: tuple[str, ...]  # why each row is shown
    snapshot: Snapshot
    state: str  # the snapshot's, or "fitting" while newer verdicts are being learnt
    progress: Progress

    def probability(self, row: int) -> float | None:
        return probability_of(self.snapshot, row)


@dataclass(frozen=True)
class Judged:
    """What a verdict led to; `is_new` is False for a key that had already arrived."""

    verdict: Verdict
    is_new: bool
    metrics: MetricsPoint | None
    progress: Progress


@dataclass(frozen=True)
class JudgedMany:
    """The verdicts that one press gave, oldest first; none when it was taken back or all were judged before."""

    verdicts: list[Verdict]
    is_new: bool
    progress: Progress


@dataclass(frozen=True)
class Taken:
    """What an undo took back, and the row of its item (None when the pool no longer has it)."""

    verdict: Verdict
    row: int | None
    progress: Progress


def probability_of(snapshot: Snapshot, row: int) -> float | None:
    """P(label = 1) of a row; None where there is no head, or the row has no features."""
    return None if snapshot.probability is None else finite(snapshot.probability[row])


def finite(probability: np.float32) -> float | None:
    return float(probability) if np.isfinite(probability) else None
