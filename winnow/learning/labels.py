"""What the learner is told: the labels as they stand, and what is not to be shown."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SINGLE, BULK, RECHECKED, GIVEN, BULK_CHECKED = range(5)  # how a label came about


@dataclass(frozen=True)
class Labels:
    """What is known of the pool.

    rows (m,) int64 with the current label in values (m,) int8, 0 or 1, oldest verdict first; skipped (k,) int64:
    neither trained on nor shown; unreadable (u,) int64: not shown. outside (e,) int64: rows of the space's outside,
    boxes drawn by hand, each a positive that the head is fitted on as well. kinds (m,) uint8 says how each label came
    about: given for one item, for many at once, a second time, or elsewhere. set_aside (s,) int64 near-duplicates of
    labelled rows and auto (a,) int64 rows that a head decided: neither trained on nor shown. n_verdicts counts what
    people said so far, skips and repeats included: places in the queue go by it.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.int8]
    skipped: NDArray[np.int64]
    unreadable: NDArray[np.int64]
    outside: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    kinds: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    set_aside: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    auto: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    n_verdicts: int | None = None

    @property
    def n_said(self) -> int:
        return len(self.rows) + len(self.skipped) if self.n_verdicts is None else self.n_verdicts

    def positions_of(self, *kinds: int) -> NDArray[np.int64]:
        """Positions of the labels of these kinds; labels without kinds were given one at a time."""
        known = self.kinds if len(self.kinds) == len(self.rows) else np.zeros(len(self.rows), np.uint8)
        return np.flatnonzero(np.isin(known, kinds))
