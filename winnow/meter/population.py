"""What the meter speaks of: the items that are shown, less what came back after others had been looked at."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.board import UNJUDGED
from winnow.learning.looks import Looks
from winnow.meter.epochs import Epoch, Epochs, floor_at, next_floor
from winnow.session import Session
from winnow.verdicts.log import Verdict

MOST_EXTRA = 1000  # items that came back; of more, looks begin anew
_EPOCHS = "recall_epochs"

Near = Callable[[NDArray[np.int64]], NDArray[np.int64]]


@dataclass(frozen=True)
class Standing:
    """What is shown at one moment: is_base (n,) bool passes the filter and can be shown; is_open (n,) bool of it waits
    for a verdict. label_of_row (n,) int16 as the board's; set_aside and auto count those of the base that do not wait.
    """

    is_base: NDArray[np.bool_]
    is_open: NDArray[np.bool_]
    label_of_row: NDArray[np.int16]
    set_aside: int
    auto: int


@dataclass(frozen=True)
class Seen:
    """What the session said of one moment, to be worked out without its lock."""

    shown: NDArray[np.bool_]
    label_of_row: NDArray[np.int16]
    near: Near | None
    auto: NDArray[np.int64]
    n_unreadable: int


class Population:
    """Follows what is shown. It begins with everything that passes the filter, less `extra`, (n,) bool.

    Extra items came back (a skip or an older verdict was taken back, a near-duplicate's original was) after looks that
    could not have fallen on them. These looks still bound the others; an extra item counts as a possible positive.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pool = session.pool.fingerprint[:16]
        self._epochs = Epochs.from_json(session.remembered(_EPOCHS))
        self._shown: NDArray[np.bool_] | None = None
        self._left_at = np.zeros(session.pool.n_rows, np.int32)  # looks there were when a row ceased to be open
        self._n_looks = 0
        self._near: Near | None = None
        self.extra = np.zeros(session.pool.n_rows, dtype=bool)
        rows = session.pool.rows_of(np.array(json.loads(session.remembered(self._extra_name) or "[]"), np.uint64))
        self.extra[rows[rows >= 0]] = True
        self._is_unreadable = np.zeros(session.pool.n_rows, dtype=bool)
        self._n_unreadable = 0
        with session.reading():
            seen = self.seen()
        self._near = seen.near
        self.standing = self._stand(seen)
        self._begin(is_wider=not self._epochs.is_known(self._pool, _fingerprint(self.standing.is_base)))

    def seen(self) -> Seen:
        """How the session stands; its lock must be held."""
        board = self._session.board
        progress = board.progress()
        has_auto = progress.auto_positive + progress.auto_negative > 0
        auto = board.auto_rows() if has_auto else np.empty(0, np.int64)
        return Seen(self._session.shown, board.label_of_row.copy(), board.near, auto, progress.unreadable)

    def follow(self, seen: Seen, looks: Looks) -> bool:
        """Take in what is shown now, all events being in `looks`; answers whether the looks have to be read anew."""
        before, self.standing = self.standing, self._stand(seen)
        if before.is_base is not self.standing.is_base:
            self._begin(is_wider=bool((self.standing.is_base & ~before.is_base).any()))
            return True
        is_changed = before.is_open != self.standing.is_open
        gone = np.flatnonzero(is_changed & before.is_open)
        # What new near-duplicates set aside may have been so before the last start as well.
        self._left_at[gone] = self._n_looks if seen.near == self._near else 0
        self._near = seen.near
        self.note_places(looks, gone)
        self._n_looks = len(looks)
        back = np.flatnonzero(is_changed & self.standing.is_open)
        new_extra = back[(self._left_at[back] < len(looks)) & ~self.extra[back]]
        if len(new_extra):
            self._set_apart(new_extra)
        return len(new_extra) > 0

    def note_places(self, looks: Looks, rows: NDArray[np.int64]) -> None:
        """Remember after how many others each of the rows was judged, as far as it was."""
        for row in rows.tolist():
            if (look := looks.of_row(row)) is not None:
                self._left_at[row] = looks.place(look.seq)

    def note_all(self, looks: Looks) -> None:
        """Begin to compare with looks that were read anew."""
        self._n_looks = len(looks)
        self.note_places(looks, np.flatnonzero(self.standing.label_of_row != UNJUDGED))

    @property
    def n(self) -> int:
        """How many items the looks are at, judged ones included."""
        return int((self.standing.is_base & ~self.extra).sum())

    def is_core(self, row: int) -> bool:
        return bool(self.standing.is_base[row] and not self.extra[row])

    def counts(self, verdict: Verdict, row: int) -> bool:
        """Whether a first verdict was given while at least what is shown now was shown; by lot, if it was drawn."""
        floor = floor_at(self.spans, verdict.seq)
        is_drawn = verdict.strategy == "random"
        return floor < np.inf and (not is_drawn or bool(self._turns(row) > floor))

    @property
    def _extra_name(self) -> str:
        return f"recall_extra:{self._pool}"

    def _turns(self, rows: int | NDArray[np.int64]) -> NDArray[np.float32]:
        """When the lot draws rows, between 0 and 1: it goes from the highest to the lowest."""
        turns: NDArray[np.float32] = 1 - self._session.learner.learnt.snapshot.lot[rows]
        return turns

    def _begin(self, *, is_wider: bool) -> None:
        with self._session.reading() as ledger:
            seq = ledger.last_seq
            drawn = [one[0] for one in ledger.histories() if one[0].strategy == "random" and one[0].rank is not None]
        last, own = self._epochs.last, self._epochs.last_of(self._pool)
        floor = own.floor if own else 0.0  # the lots of other pools have nothing to do with these
        if is_wider:
            since = min([last.seq if last else 0, *(after for after, _ in self._epochs.counting(self._pool))])
            ids = np.array([int(one.item_id, 16) for one in drawn if one.seq > since], np.uint64)
            rows = self._session.pool.rows_of(ids)  # some may be of another pool, or have left this one
            floor = next_floor(self._turns(rows[rows >= 0]), floor)
            self._keep_extra(np.zeros_like(self.extra))
        self._epochs.begin(Epoch(seq, self._pool, _fingerprint(self.standing.is_base), is_wider, floor))
        self._session.remember(_EPOCHS, self._epochs.to_json())
        self.spans = self._epochs.counting(self._pool)

    def _set_apart(self, rows: NDArray[np.int64]) -> None:
        """Make rows extra; where they are too many, begin looking anew."""
        extra = self.extra.copy()
        extra[rows] = True
        if extra.sum() > MOST_EXTRA:
            self._begin(is_wider=True)
        else:
            self._keep_extra(extra)

    def _keep_extra(self, extra: NDArray[np.bool_]) -> None:
        if not np.array_equal(extra, self.extra):
            self._session.remember(self._extra_name, json.dumps(self._session.pool.ids[extra].tolist()))
        self.extra = extra

    def _stand(self, seen: Seen) -> Standing:
        is_base = self.standing.is_base if seen.shown is self._shown else self._base(seen.shown)
        self._shown = seen.shown
        is_open = is_base & (seen.label_of_row == UNJUDGED)
        n_unjudged = int(is_open.sum())
        is_open[seen.auto] = False
        auto = n_unjudged - int(is_open.sum())
        if seen.n_unreadable != self._n_unreadable:
            self._n_unreadable = seen.n_unreadable
            self._is_unreadable[:] = False
            unjudged = np.flatnonzero(is_open)
            self._is_unreadable[unjudged] = ~self._session.board.are_open(unjudged)
        is_open &= ~self._is_unreadable
        n_readable = int(is_open.sum())
        if seen.near is not None:
            is_open[seen.near(np.flatnonzero(seen.label_of_row >= 0))] = False
        return Standing(is_base, is_open, seen.label_of_row, n_readable - int(is_open.sum()), auto)

    def _base(self, shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return shown & ~self._session.pool.is_duplicate & self._session.space.is_usable


def _fingerprint(is_base: NDArray[np.bool_]) -> str:
    return hashlib.blake2b(np.packbits(is_base).tobytes(), digest_size=8).hexdigest()
