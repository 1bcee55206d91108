"""One pool being labelled: its features, its log and its learner behind the few calls that every front door uses."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.features.matrix import FeatureMatrix, open_features
from winnow.filters import JUDGED_BEFORE, Filter, known_refs
from winnow.guidance import Guidance, saved_plan
from winnow.learning.attributes import Attributes, attributes_of
from winnow.learning.learner import Learner, Learnt
from winnow.learning.space import FeatureSpace
from winnow.learning.strategies import WAYS
from winnow.outcomes import QueueView
from winnow.pool import open_pool
from winnow.presses import Presses
from winnow.record import Record
from winnow.settings import Settings
from winnow.verdicts.ledger import Ledger, MetricsPoint
from winnow.verdicts.log import Verdict, VerdictLog

log = logging.getLogger(__name__)
QUEUE_WAIT_S = 5.0
AGAIN = [WAYS.index("disagreement"), WAYS.index("repeat")]  # ways of showing what has a label


class Session(Presses):
    """Opens what the settings name; says what comes next, and takes what is pressed.

    Raises:
        WinnowError: refs, features or database are missing or do not fit; nothing stays open.
    """

    def __init__(self, settings: Settings, *, report: Callable[[str], None] = log.info) -> None:
        self.settings = settings
        report(f"Reading {settings.refs}")
        pool = open_pool(settings.refs)
        if pool.n_duplicates:
            report(f"{settings.refs}: {pool.n_duplicates:,} repeated lines are merged with the first of their kind")
        report(f"Opening {settings.features_path}")
        self.features: FeatureMatrix = open_features(settings.features_path, pool)
        rng = np.random.default_rng(settings.seed)
        caches = settings.refs.parent / f"{settings.refs.name}.winnow"
        cache = caches / "space.npz"
        self.space = FeatureSpace.build(self.features.vectors, self.features.is_valid, rng, cache=cache)
        attributes = attributes_of(pool, cache=caches / "overlaps.npz")
        report("Reading the verdicts")
        self._log = VerdictLog(settings.database_url)
        try:
            record = Record(self._log, pool, is_usable=self.space.is_usable)
            self.missing_items, self.judged_before = record.missing_items, record.judged_before()
            learner = self._new_learner(record, attributes, pool.is_duplicate, rng)
            super().__init__(pool, record, learner, image_root=settings.image_root)
            self.guidance = Guidance(self._log, record, learner, default_strategy=settings.strategy)
        except BaseException:
            self._log.close()
            raise
        record.on_catching_up = learner.wake
        self.filter, self.shown = Filter(), np.ones(pool.n_rows, dtype=bool)

    def _new_learner(
        self,
        record: Record,
        attributes: Attributes | None,
        is_hidden: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> Learner:
        settings = self.settings
        return Learner(
            self.space,
            record.labels,
            plan=saved_plan(self._log, goal=settings.goal, strategy=settings.strategy),
            rng=rng,
            is_hidden=is_hidden,
            attributes=attributes,
            repeat_share=settings.repeat_share,
        )

    def close(self) -> None:
        """Let go of the log; whoever still holds the session is told to try again."""
        self._record.close()
        self.guidance.close()
        self.learner.close()
        self._log.close()

    def queue(self, n: int) -> QueueView:
        """The next `n` open rows (fewer at the end of the pool); waits only when verdicts outran the learner."""
        learnt = self.learner.learnt
        places = self._open_places(learnt)
        if len(places) < n and learnt.seq < self.ledger.last_seq:
            learnt = self.learner.wait_for(self.ledger.last_seq, timeout_s=QUEUE_WAIT_S)
            places = self._open_places(learnt)
        is_behind = learnt.seq < self.ledger.last_seq
        snapshot, places = learnt.snapshot, places[:n]
        state = "fitting" if is_behind else snapshot.state.value
        ways = tuple(WAYS[way] for way in snapshot.ways[places].tolist())
        return QueueView(snapshot.queue[places], ways, snapshot, state, self.board.progress())

    def _open_places(self, learnt: Learnt) -> NDArray[np.int64]:
        """(k,) places in the queue of what was not judged since."""
        snapshot = learnt.snapshot
        is_again = np.isin(snapshot.ways, AGAIN)
        return np.flatnonzero(self.board.are_open(snapshot.queue, is_again, learnt.seq))

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """The ledger, held still; nothing is recorded meanwhile, so copy what is needed and leave."""
        with self._record.lock:
            yield self.ledger

    @property
    def saved_filter(self) -> Filter:
        """The filter that this pool was last given; at first, one without what was judged before."""
        saved = self._log.read_state(f"filter:{self.pool.refs_path.name}")
        if saved is None and self.judged_before.any():
            return Filter(set_aside=(JUDGED_BEFORE,))
        return Filter.from_json(saved)

    def other_refs(self) -> dict[Path, Filter]:
        """The other refs files beside this one that this log was ever opened with, each with its filter."""
        return {
            path: chosen
            for path, chosen in known_refs(self._log, self.pool.folder).items()
            if path != self.pool.refs_path
        }

    def set_filter(self, new: Filter, members: dict[str, NDArray[np.bool_]]) -> None:
        """Show only what passes, now and after a restart; `members` holds (n,) bool a group of the triage.

        Raises:
            UnknownGroup: a group to set aside is not in `members`.
        """
        shown = new.shown(self.pool, {**members, JUDGED_BEFORE: self.judged_before})
        self._log.write_state(f"filter:{self.pool.refs_path.name}", new.to_json())
        self.filter, self.shown = new, shown
        self.learner.set_hidden(self.pool.is_duplicate | ~shown)

    def tell_events(self, listener: Callable[[list[Verdict]], None]) -> None:
        """Call this one too with all events that are recorded or taken back from now on; it must return at once."""
        self._record.listeners.append(listener)

    def learn_from(self, ids: NDArray[np.uint64], vectors: NDArray[np.floating]) -> None:
        """Take those of the ids (k,), vectors (k, d), that are no rows of this pool as its further positives."""
        is_elsewhere = self.pool.rows_of(ids) < 0
        self.learner.set_outside(ids[is_elsewhere], vectors[is_elsewhere])

    def remembered(self, name: str) -> str | None:
        """What `remember` was told under this name, by whichever server had this log."""
        return self._log.read_state(name)

    def remember(self, name: str, value: str) -> None:
        """Keep a choice that is made on a page with the log, for ever."""
        self._log.write_state(name, value)

    def mark_readable(self, row: int, *, is_readable: bool) -> None:
        """Leave an item out of the queue while its image cannot be shown."""
        if self.board.mark_readable(row, is_readable=is_readable):
            self.learner.wake()

    def current_labels(self) -> list[Verdict]:
        """The current verdict of every labelled item, oldest first; skips are left out."""
        with self._record.lock:
            labelled = [verdict for verdict in self.ledger.currents() if verdict.label is not None]
        return sorted(labelled, key=lambda verdict: verdict.seq)

    def auto_labels(self) -> list[Verdict]:
        """The labels that a head gave and that stand, as verdicts."""
        with self._record.lock:
            return list(self.ledger.auto_labels())

    def standing(self) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
        """(n,) current label codes of the board and (n,) the numbers of the verdicts behind them, as of one moment."""
        with self._record.lock:
            return self.board.label_of_row.copy(), self.board.seq_of_row.copy()

    def points(self) -> list[MetricsPoint]:
        with self._record.lock:
            return self.ledger.points()
