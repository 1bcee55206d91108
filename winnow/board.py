"""The labels by row: what the learner fits on, what the queue leaves out, and the counts on the page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.errors import UnknownItem
from winnow.learning.step import Labels
from winnow.verdicts.log import Verdict

UNJUDGED, SKIPPED = -2, -1  # labels are 0 and up


@dataclass(frozen=True)
class Progress:
    """Counts of the pool's items; `labeled` = positive + negative."""

    labeled: int
    positive: int
    negative: int
    skipped: int
    total: int
    unreadable: int  # the image cannot be shown
    invalid: int  # no usable feature row


class Board:
    """Current verdicts by row of the pool.

    Args:
        row_of: answers an item's row; raises UnknownItem for items that the pool no longer has (their verdicts are
            kept in the log and count again when the item returns).
        is_hidden: (n,) bool, duplicates of earlier rows.
        is_usable: (n,) bool, rows with a valid feature vector.
    """

    def __init__(
        self, row_of: Callable[[str], int], *, is_hidden: NDArray[np.bool_], is_usable: NDArray[np.bool_]
    ) -> None:
        n = len(is_hidden)
        self._row_of = row_of
        self._is_hidden = is_hidden
        self.label_of_row = np.full(n, UNJUDGED, dtype=np.int16)
        self.seq_of_row = np.zeros(n, dtype=np.int64)  # of the current verdict; 0 = none
        self._is_unreadable = np.zeros(n, dtype=bool)
        self._total = int(n - is_hidden.sum())
        self._invalid = int((~is_usable & ~is_hidden).sum())
        self._counts = {1: 0, 0: 0, SKIPPED: 0}

    def load(self, verdicts: Iterable[Verdict]) -> int:
        """Take in current verdicts; answers how many belong to items that this pool lacks."""
        missing = 0
        for verdict in verdicts:
            try:
                self.set(verdict.item_id, verdict)
            except UnknownItem:
                missing += 1
        return missing

    def set(self, item_id: str, verdict: Verdict | None) -> None:
        """Make `verdict` the current one of an item, or leave the item unjudged."""
        row = self._row_of(item_id)
        label = UNJUDGED if verdict is None else SKIPPED if verdict.label is None else verdict.label
        for old_or_new, step in ((int(self.label_of_row[row]), -1), (label, 1)):
            if old_or_new in self._counts:
                self._counts[old_or_new] += step
        self.label_of_row[row] = label
        self.seq_of_row[row] = 0 if verdict is None else verdict.seq

    def mark_unreadable(self, row: int) -> bool:
        """Leave a row out of the queue because its image cannot be shown; answers whether that is news."""
        is_news = not self._is_unreadable[row]
        self._is_unreadable[row] = True
        return is_news

    def open_rows(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of `rows`, those without a verdict and with a readable image, in the same order."""
        return rows[(self.label_of_row[rows] == UNJUDGED) & ~self._is_unreadable[rows]]

    def labels(self) -> Labels:
        """What the learner is told, oldest verdict first."""
        labelled = np.flatnonzero(self.label_of_row >= 0)
        rows = labelled[np.argsort(self.seq_of_row[labelled], kind="stable")]
        return Labels(
            rows=rows,
            values=self.label_of_row[rows].astype(np.int8),
            skipped=np.flatnonzero(self.label_of_row == SKIPPED),
            unreadable=np.flatnonzero(self._is_unreadable),
        )

    def progress(self) -> Progress:
        positive, negative = self._counts[1], self._counts[0]
        return Progress(
            labeled=positive + negative,
            positive=positive,
            negative=negative,
            skipped=self._counts[SKIPPED],
            total=self._total,
            unreadable=int(self._is_unreadable.sum()),
            invalid=self._invalid,
        )
