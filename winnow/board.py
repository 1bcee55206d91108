"""The labels by row: what the learner fits on, what the queue leaves out, and the counts on the page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.errors import UnknownItem
from winnow.learning.labels import BULK, BULK_CHECKED, GIVEN, RECHECKED, SINGLE, Labels
from winnow.verdicts.ledger import AGAIN_WAYS, BULK_WAYS
from winnow.verdicts.log import Verdict

UNJUDGED, SKIPPED = -2, -1  # labels are 0 and up
NO_LABEL = -1
ELSEWHERE = frozenset({"import", "correction"})  # ways of labels that nobody was shown the item for


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
    auto_positive: int = 0  # what a head decided; not in `labeled`
    auto_negative: int = 0


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
        self.kind_of_row = np.zeros(n, dtype=np.uint8)  # of the current label
        self._auto_of_row = np.full(n, NO_LABEL, dtype=np.int8)  # what a head decided, also where a person has since
        self._auto_counts = {1: 0, 0: 0}  # of those that nobody judged
        self.near: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None  # rows -> near-duplicates of them
        self._is_unreadable = np.zeros(n, dtype=bool)
        self._total = int(n - is_hidden.sum())
        self._invalid = int((~is_usable & ~is_hidden).sum())
        self._counts = {1: 0, 0: 0, SKIPPED: 0}

    def load(self, histories: Iterable[Sequence[Verdict]]) -> int:
        """Take in the live verdicts of items; answers how many items this pool lacks."""
        missing = 0
        for history in histories:
            try:
                self.set(history[-1].item_id, history)
            except UnknownItem:
                missing += 1
        return missing

    def set(self, item_id: str, history: Sequence[Verdict]) -> None:
        """Take in an item's live verdicts, oldest first, the last being the current one; none leaves it unjudged."""
        row = self._row_of(item_id)
        verdict = history[-1] if history else None
        label = UNJUDGED if verdict is None else SKIPPED if verdict.label is None else verdict.label
        for old_or_new, step in ((int(self.label_of_row[row]), -1), (label, 1)):
            if old_or_new in self._counts:
                self._counts[old_or_new] += step
        auto = int(self._auto_of_row[row])
        if auto != NO_LABEL:
            self._auto_counts[auto] += (label == UNJUDGED) - (self.label_of_row[row] == UNJUDGED).item()
        self.label_of_row[row] = label
        self.seq_of_row[row] = 0 if verdict is None else verdict.seq
        self.kind_of_row[row] = _kind_of(history) if history else SINGLE

    def set_auto(self, rows: NDArray[np.int64], labels: NDArray[np.int8]) -> None:
        """Make these rows (k,), with labels (k,), the ones that a head decided, and no others."""
        self._auto_of_row[:] = NO_LABEL
        self._auto_of_row[rows] = labels
        standing = self._auto_of_row[self.label_of_row == UNJUDGED]
        self._auto_counts = {label: int((standing == label).sum()) for label in (1, 0)}

    def are_decided(self) -> NDArray[np.bool_]:
        """(n,) bool: rows that a head decided, whatever people said of them since."""
        decided: NDArray[np.bool_] = self._auto_of_row != NO_LABEL
        return decided

    def auto_rows(self) -> NDArray[np.int64]:
        """(a,) rows that a head decided and nobody judged, ascending."""
        return np.flatnonzero(self.are_decided() & (self.label_of_row == UNJUDGED))

    def auto_labels(self, rows: NDArray[np.int64]) -> NDArray[np.int8]:
        """(k,) what a head decided of these rows, −1 where it did not."""
        return self._auto_of_row[rows]

    def mark_readable(self, row: int, *, is_readable: bool) -> bool:
        """Leave a row out of the queue while its image cannot be shown; answers whether that is news."""
        is_news = bool(self._is_unreadable[row]) == is_readable
        self._is_unreadable[row] = not is_readable
        return is_news

    def are_open(
        self, rows: NDArray[np.int64], is_again: NDArray[np.bool_] | None = None, known_seq: int = 0
    ) -> NDArray[np.bool_]:
        """(k,) bool: rows without a verdict and with a readable image; where is_again, without one after known_seq."""
        is_open: NDArray[np.bool_] = (self.label_of_row[rows] == UNJUDGED) & (self._auto_of_row[rows] == NO_LABEL)
        if is_again is not None:
            is_open |= is_again & (self.label_of_row[rows] >= 0) & (self.seq_of_row[rows] <= known_seq)
        return is_open & ~self._is_unreadable[rows]

    def labels(self, n_verdicts: int) -> Labels:
        """What the learner is told, oldest verdict first."""
        labelled = np.flatnonzero(self.label_of_row >= 0)
        rows = labelled[np.argsort(self.seq_of_row[labelled], kind="stable")]
        return Labels(
            rows=rows,
            values=self.label_of_row[rows].astype(np.int8),
            skipped=np.flatnonzero(self.label_of_row == SKIPPED),
            unreadable=np.flatnonzero(self._is_unreadable),
            kinds=self.kind_of_row[rows],
            set_aside=self.set_aside(),
            auto=self.auto_rows(),
            n_verdicts=n_verdicts,
        )

    def set_aside(self) -> NDArray[np.int64]:
        """(s,) rows without a verdict that are near-duplicates of a labelled one; none where they are to be shown."""
        if self.near is None:
            return np.empty(0, np.int64)
        rows = self.near(np.flatnonzero(self.label_of_row >= 0))
        return rows[self.label_of_row[rows] == UNJUDGED]

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
            auto_positive=self._auto_counts[1],
            auto_negative=self._auto_counts[0],
        )


def _kind_of(history: Sequence[Verdict]) -> int:
    """How an item's current label came about."""
    *before, current = history
    if current.strategy in BULK_WAYS:
        return BULK
    if current.strategy in ELSEWHERE:
        return GIVEN
    if current.strategy in AGAIN_WAYS:
        return BULK_CHECKED if any(verdict.strategy in BULK_WAYS for verdict in before) else RECHECKED
    return SINGLE
