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
from winnow.learning.space import FeatureSpace
from winnow.learning.step import Labels, Snapshot, next_snapshot, reorder
from winnow.learning.strategies import strategy_named

log = logging.getLogger(__name__)
REMEMBERED = 64  # a page shows items of a snapshot for seconds after it was replaced


@dataclass(frozen=True)
class Showing:
    """What a snapshot showed, kept when it was replaced: (q,) rows, best first, and what was said of each.

    probability (q,) float32, NaN where there was no head; selection_probability (q,) float32.
    """

    version: int
    strategy: str
    rows: NDArray[np.int64]
    probability: NDArray[np.float32]
    selection_probability: NDArray[np.float32]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Showing":
        rows = snapshot.queue
        unknown = np.full(len(rows), np.nan, dtype=np.float32)
        probability = unknown if snapshot.probability is None else snapshot.probability[rows]
        return cls(snapshot.version, snapshot.strategy, rows, probability, snapshot.selection_probability)

    def place_of(self, row: int) -> int | None:
        """Where in the queue the row stood, 0 = first; None where it was not in it."""
        places = np.flatnonzero(self.rows == row)
        return int(places[0]) if len(places) else None


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
        strategy: str,
        rng: np.random.Generator,
        is_hidden: NDArray[np.bool_],
        attributes: Attributes | None = None,
    ) -> None:
        strategy_named(strategy)
        self._attributes = attributes
        self._space, self._read_labels, self._rng, self._is_hidden = space, read_labels, rng, is_hidden
        self._strategy = strategy
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
    def strategy(self) -> str:
        return self._strategy

    def wake(self) -> None:
        """Say that there are newer labels."""
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()

    def set_strategy(self, name: str, *, timeout_s: float = 5.0) -> None:
        """Change the order of the queue; returns when it is in force (or after the timeout, while a fit is running).

        Raises:
            UnknownStrategy: no strategy has this name.
        """
        strategy_named(name)
        with self._changed:
            self._strategy = name
            self._is_woken = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.learnt.snapshot.strategy == name, timeout_s)

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

    def showing(self, version: int | None, strategy: str | None) -> Showing:
        """What a model version showed by a strategy when it is still remembered, else what the newest shows."""
        newest = self.learnt.snapshot
        key = (newest.version if version is None else version, strategy or newest.strategy)
        return self._recent.get(key) or self._recent[newest.version, newest.strategy]

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
        strategy, is_hidden = self._strategy, self._is_hidden
        previous = before.snapshot if before else None
        if before and previous and before.is_hidden is not is_hidden and previous.head is None:
            previous = replace(previous, cover=previous.cover[:0])  # the rows shown now have a cover of their own
        elif before and previous and before.seq == seq and self._has_another_order(before):
            snapshot = reorder(previous, space, labels, strategy, is_hidden)
            return Learnt(snapshot, seq, labels.rows, is_hidden)
        snapshot = next_snapshot(
            space,
            labels,
            strategy,
            previous=previous,
            rng=self._rng,
            is_hidden=is_hidden,
            attributes=self._attributes,
        )
        # The version is the newest event it has learnt from: it means the same after a restart.
        return Learnt(replace(snapshot, version=seq), seq, labels.rows, is_hidden)

    def _has_another_order(self, before: Learnt) -> bool:
        return before.snapshot.strategy != self._strategy or before.is_hidden is not self._is_hidden

    def _remember(self, snapshot: Snapshot) -> None:
        self._recent[snapshot.version, snapshot.strategy] = Showing.of(snapshot)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
