"""What people said of one pool: the log on disk, and the ledger and the board that follow from it."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from winnow.board import Board
from winnow.errors import DatabaseError, KeyTaken, NotReady, UnknownItem
from winnow.filters import MISTAKES
from winnow.learning.labels import Labels
from winnow.pool import Item, Pool
from winnow.pool.boxes import SAME_IOU, iou
from winnow.verdicts.auto_items import AutoItems
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import NewVerdict, Verdict, VerdictLog
from winnow.verdicts.reasons import place_of


class Record:
    """Log, ledger and board, written in this order under one lock, which callers hold around each call but `labels`.

    Args:
        is_usable: (n,) bool, rows with a valid feature vector.
    """

    def __init__(self, log: VerdictLog, pool: Pool, *, is_usable: NDArray[np.bool_]) -> None:
        self.log, self._pool = log, pool
        self.lock = threading.Lock()
        self._is_closed = False
        self.on_catching_up: Callable[[], None] = lambda: None
        self.listeners: list[Callable[[list[Verdict]], None]] = []  # told what is recorded or taken back; lock held
        refs = pool.refs_path
        self._since = refs.stat().st_mtime if refs.name.startswith(MISTAKES) else 0.0
        self.ledger = Ledger(log.replay())
        self.board = Board(pool.row_of, is_hidden=pool.is_duplicate, is_usable=is_usable)
        self.missing_items = self.board.load(self._counting())
        self._show_auto()
        log.write_state(f"pool:{pool.refs_path.name}", "judged")

    def close(self) -> None:
        """Record nothing more; whoever still tries is told to try again."""
        with self.lock:
            self._is_closed = True

    def known(self, key: str, item_id: str) -> Verdict | None:
        """The event of a client's key on this item; raises KeyTaken when the key stands for something else."""
        known = self.ledger.find(key)
        if known is None or (isinstance(known, Verdict) and known.item_id == item_id):
            return known
        raise KeyTaken(f"The key {key!r} stands for another press already; every press needs its own.")

    def append(self, new: list[NewVerdict]) -> list[Verdict]:
        """Write events, all or none; raises DatabaseError when they are not acknowledged."""
        with self._caught_up_on_failure():
            verdicts = self.log.append(new)
        for verdict in verdicts:
            self.ledger.apply(verdict)
            self._show(verdict)
        self._tell(verdicts)
        return verdicts

    def append_auto(self, new: NewVerdict, items: AutoItems) -> Verdict:
        """Write what a head decided as one event, all or nothing; raises DatabaseError as `append`."""
        with self._caught_up_on_failure():
            verdict = self.log.append_auto(new, items)
        self.ledger.apply(verdict)
        self._show(verdict)
        self._tell([verdict])
        return verdict

    def take_back(self, verdicts: list[Verdict], key: str, annotator: str) -> None:
        """Write the taking back of verdicts, all or none; raises DatabaseError as `append`."""
        with self._caught_up_on_failure():
            events = self.log.undo(verdicts, key=key, annotator=annotator)
        for event in events:
            self._show(self.ledger.apply(event))
        self._tell(verdicts)

    def row_or_none(self, item_id: str) -> int | None:
        """The item's row; None where this pool lacks it, as with boxes drawn by hand."""
        try:
            return self._pool.row_of(item_id)
        except UnknownItem:
            return None

    def labels(self) -> tuple[Labels, int]:
        """What the learner is told, and the number of the newest event in it."""
        with self.lock:
            return self.board.labels(self.ledger.n_live), self.ledger.last_seq

    def judged_before(self) -> NDArray[np.bool_]:
        """(n,) bool, rows on a region that was accepted or rejected as another item of their class."""
        is_known = np.zeros(self._pool.n_rows, dtype=bool)
        elsewhere: dict[str, list[Verdict]] = defaultdict(list)
        for verdict in self.ledger.standing():
            is_settled = verdict.box_xyxy and place_of(verdict) in ("accepted", "rejected")
            if is_settled and self.row_or_none(verdict.item_id) is None:
                elsewhere[verdict.path].append(verdict)
        if self._since or not elsewhere:  # a list of mistakes is there to be judged again
            return is_known
        paths = self._pool.paths
        is_wanted = np.array([paths[code] in elsewhere for code in range(len(paths))])
        for row in np.flatnonzero(is_wanted[self._pool.path_codes]).tolist():
            item = self._pool.item(row)
            is_known[row] = any(_is_same(item, verdict) for verdict in elsewhere[item.path])
        return is_known

    def _counting(self) -> Iterable[list[Verdict]]:
        """Items' verdicts that count as given in this pool; a model's mistakes are looked at again, though judged."""
        counting = ([one for one in live if one.created_at >= self._since] for live in self.ledger.histories())
        return (history for history in counting if history)

    def _tell(self, verdicts: list[Verdict]) -> None:
        for listener in self.listeners:
            listener(verdicts)

    def _show(self, verdict: Verdict) -> None:
        """Bring the board up to date with the item of an event that was recorded or taken back."""
        if verdict.kind == "auto":
            self._show_auto()
        elif verdict.kind == "verdict" and self.row_or_none(verdict.item_id) is not None:
            live = self.ledger.history(verdict.item_id)
            self.board.set(verdict.item_id, [one for one in live if one.created_at >= self._since])

    def _show_auto(self) -> None:
        """Bring the board up to date with what heads decided; of an item decided twice the newest counts."""
        counting = (event for event in self.ledger.auto_events() if event.created_at >= self._since)
        members = [event.items for event in counting if event.items]
        ids = np.concatenate([np.empty(0, np.uint64), *(items.ids for items in members)])
        labels = np.concatenate([np.empty(0, np.int8), *(items.labels for items in members)])
        rows = self._pool.rows_of(ids)
        self.board.set_auto(rows[rows >= 0], labels[rows >= 0])

    @contextmanager
    def _caught_up_on_failure(self) -> Iterator[None]:
        """Refuse to write once closed; when a write fails, take in what the database has: its answer can be lost."""
        if self._is_closed:
            raise NotReady("Another pool is being opened; nothing was recorded. Try again in a moment.")
        try:
            yield
        except DatabaseError:
            for event in self.log.replay(after=self.ledger.last_seq):
                self._show(self.ledger.apply(event))
            self.on_catching_up()
            raise


def _is_same(item: Item, verdict: Verdict) -> bool:
    if item.box_xyxy is None or verdict.box_xyxy is None:
        return False
    claimed = verdict.class_name or verdict.proposed_class
    return claimed == item.class_name and iou(item.box_xyxy, verdict.box_xyxy) >= SAME_IOU
