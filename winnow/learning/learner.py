"""The one background thread that owns fitting: it takes all newer labels together and swaps in a new snapshot."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from winnow.learning.attributes import Attributes
from winnow.learning.background import give_way
from winnow.learning.goals import strategy_of
from winnow.learning.labels import Labels
from winnow.learning.space import FeatureSpace
from winnow.learning.step import Snapshot, Start, next_snapshot, reorder
from winnow.learning.strategies import WAYS

log = logging.getLogger(__name__)
REMEMBERED = 64  # a page shows items of a snapshot for seconds after it was replaced


@dataclass(frozen=True)
class Showing:
    """What a snapshot showed, kept when it was replaced: (q,) rows, best first, and what was said of each.

    ways (q,) uint8 are places in WAYS; probability (q,) float32, NaN where there was no head; selection_probability
    (q,) float32.
    """

    version: int
    plan: str
    rows: NDArray[np.int64]
    ways: NDArray[np.uint8]
    probability: NDArray[np.float32]
    selection_probability: NDArray[np.float32]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Showing":
        rows = snapshot.queue
        unknown = np.full(len(rows), np.nan, dtype=np.float32)
        probability = unknown if snapshot.probability is None else snapshot.probability[rows]
        return cls(snapshot.version, snapshot.plan, rows, snapshot.ways, probability, snapshot.selection_probability)

    def place_of(self, row: int) -> int | None:
        """Where in the queue the row stood, 0 = first; None where it was not in it."""
        places = np.flatnonzero(self.rows == row)
        return int(places[0]) if len(places) else None

    def way_of(self, place: int) -> str:
        """Why the item at a place was shown."""
        return WAYS[self.ways[place]]


@dataclass(frozen=True)
class Learnt:
    """A snapshot and the log's event it knows everything up to."""

    snapshot: Snapshot
    seq: int
    labelled_rows: NDArray[np.int64]  # (m,), what the snapshot's checked probabilities belong to
    is_hidden: NDArray[np.bool_]  # (n,), what its queue leaves out


class Learner:
    """Fits on all current labels whenever `wake` says there are newer ones; readers take `learnt` and never wait.

    Args:
        read_labels: answers the labels as they stand and the number of the newest event in them.
        is_hidden: (n,) bool, rows that are not shown, until `set_hidden` says otherwise.
        attributes: what the pool's proposals say of themselves, None for a pool without scores.
    """

    def __init__(
        self,
        space: FeatureSpace,
        read_labels: Callable[[], tuple[Labels, int]],
        *,
        plan: str,
        rng: np.random.Generator,
        is_hidden: NDArray[np.bool_],
        attributes: Attributes | None = None,
        start: Start | None = None,
        repeat_share: float = 0.0,
    ) -> None:
        strategy_of(plan)
        self._attributes = attributes
        self._space, self._read_labels, self._rng, self._is_hidden = space, read_labels, rng, is_hidden
        self._plan, self._start, self._repeat_share = plan, start, repeat_share
        self._outside: dict[int, int] = {}  # id of an example that is no row of the pool -> its row beyond the pool
        self._outside_rows = np.empty(0, np.int64)  # of those that count
        self._changed = threading.Condition()
        self._is_woken = self._is_closed = False
        self._recent: OrderedDict[tuple[int, str], Showing] = OrderedDict()
        self.learnt = self._learn(None)
        self._remember(self.learnt.snapshot)
        self._thread = threading.Thread(target=self._run, name="learner", daemon=True)
        self._thread.start()

    @property
    def plan(self) -> str:
        """The name of the goal or strategy that the queue follows."""
        return self._plan

    def wake(self) -> None:
        """Say that there are newer labels."""
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()

    def set_plan(self, name: str, *, timeout_s: float = 5.0) -> None:
        """Follow another goal or strategy; returns when it is in force (or after the timeout, while a fit is running).

        Raises:
            UnknownStrategy: neither a goal nor a strategy has this name.
        """
        strategy_of(name)
        with self._changed:
            self._plan = name
            self._is_woken = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.learnt.snapshot.plan == name, timeout_s)

    def set_start(self, start: Start | None, *, timeout_s: float = 5.0) -> None:
        """Show these rows first while there is no head, None = what covers the pool; returns when it is in force."""
        with self._changed:
            self._start = start
            self._is_woken = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.learnt.snapshot.start is start or self._is_closed, timeout_s)

    def set_hidden(self, is_hidden: NDArray[np.bool_], *, timeout_s: float = 5.0) -> None:
        """Leave the rows of is_hidden (n,) bool, and no others, out of the queue; what is learnt stays as it is.

        Returns when it is in force (or after the timeout, while a fit is running).
        """
        is_hidden = is_hidden.copy()
        with self._changed:
            self._is_hidden = is_hidden
            self._is_woken = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.learnt.is_hidden is is_hidden or self._is_closed, timeout_s)

    def set_outside(self, ids: NDArray[np.uint64], vectors: NDArray[np.floating]) -> None:
        """Learn from positives that are no rows of the pool, and no others, with the next labels.

        ids (k,), vectors (k, d), all finite. Until then the snapshot stays: what was shown is what is recorded. Rows
        keep their numbers, since snapshots refer to them.
        """
        is_new = np.array([id_ not in self._outside for id_ in ids.tolist()], bool)
        with self._changed:
            first = self._space.n + len(self._outside)
            self._outside |= dict(zip(ids[is_new].tolist(), range(first, first + int(is_new.sum())), strict=True))
            self._space = self._space.with_outside(vectors[is_new])
            self._outside_rows = np.array([self._outside[id_] for id_ in ids.tolist()], np.int64)

    def wait_for(self, seq: int, *, timeout_s: float) -> Learnt:
        """The newest snapshot, waiting for one that knows event `seq`."""
        with self._changed:
            self._changed.wait_for(lambda: self.learnt.seq >= seq or self._is_closed, timeout_s)
        return self.learnt

    def showing(self, version: int | None, row: int, way: str | None = None) -> Showing:
        """What a model version showed when it last showed this row, for that reason if one is given.

        What the newest snapshot shows where that is not remembered.
        """
        with self._changed:
            newest = self._recent[self.learnt.snapshot.version, self.learnt.snapshot.plan]
            wanted = newest.version if version is None else version
            known = [one for one in reversed(self._recent.values()) if one.version == wanted]
        places = [(one, place) for one in known if (place := one.place_of(row)) is not None]
        return next((one for one, place in places if one.way_of(place) == way), places[0][0] if places else newest)

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        give_way()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_woken or self._is_closed)
                if self._is_closed:
                    return
                self._is_woken = False
            try:
                learnt = self._learn(self.learnt)
            except Exception:
                # The labels are safe in the log; the page keeps the last queue, and the next verdict tries again.
                log.exception("The learner failed on the newest labels; the queue stays as it was.")
                continue
            with self._changed:
                self._remember(learnt.snapshot)
                self.learnt = learnt
                self._changed.notify_all()

    def _learn(self, before: Learnt | None) -> Learnt:
        labels, seq = self._read_labels()
        with self._changed:
            space, labels = self._space, replace(labels, outside=self._outside_rows)
            plan, start, is_hidden = self._plan, self._start, self._is_hidden
        previous = before.snapshot if before else None
        if before and previous and before.is_hidden is not is_hidden and previous.head is None:
            previous = replace(previous, cover=previous.cover[:0])  # the rows shown now have a cover of their own
        elif before and previous and before.seq == seq and self._has_another_order(before):
            snapshot = reorder(previous, space, labels, plan, is_hidden, repeat_share=self._repeat_share)
            return Learnt(snapshot, seq, labels.rows, is_hidden)
        snapshot = next_snapshot(
            space,
            labels,
            plan,
            previous=previous,
            rng=self._rng,
            is_hidden=is_hidden,
            attributes=self._attributes,
            start=start,
            repeat_share=self._repeat_share,
        )
        # The version is the newest event it has learnt from: it means the same after a restart.
        return Learnt(replace(snapshot, version=seq), seq, labels.rows, is_hidden)

    def _has_another_order(self, before: Learnt) -> bool:
        snapshot = before.snapshot
        is_elsewhere = snapshot.plan != self._plan or before.is_hidden is not self._is_hidden
        return is_elsewhere and snapshot.start is self._start

    def _remember(self, snapshot: Snapshot) -> None:
        self._recent[snapshot.version, snapshot.plan] = Showing.of(snapshot)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
