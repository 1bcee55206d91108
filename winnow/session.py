"""One pool being labelled: its features, its log and its learner behind the few calls that every front door uses."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from winnow.board import UNJUDGED
from winnow.errors import KeyTaken, NothingToUndo
from winnow.features.matrix import FeatureMatrix, open_features
from winnow.filters import JUDGED_BEFORE, Filter, known_refs
from winnow.guidance import Guidance, saved_plan
from winnow.image_review import (
    ImageReview,
    Press,
    ReviewedImage,
    Subject,
    check_unchanged,
    review_events,
    reviewed,
)
from winnow.learning.attributes import attributes_of
from winnow.learning.learner import Learner, Learnt
from winnow.learning.space import FeatureSpace
from winnow.learning.strategies import WAYS
from winnow.outcomes import Judged, JudgedMany, QueueView, Taken
from winnow.pool import Pool, open_pool
from winnow.pool.boxes import Box, check_box
from winnow.pool.identity import item_id_of
from winnow.pool.images import check_inside, image_size
from winnow.record import Record
from winnow.settings import Settings
from winnow.showings import Showings
from winnow.verdicts.auto_items import AutoItems
from winnow.verdicts.ledger import Ledger, MetricsPoint
from winnow.verdicts.log import NewVerdict, Undo, Verdict, VerdictLog

log = logging.getLogger(__name__)
QUEUE_WAIT_S = 5.0
AGAIN = [WAYS.index("disagreement"), WAYS.index("repeat")]  # ways of showing what has a label
BulkWay = Literal["sweep", "grid", "lasso"]


class Session:
    """Opens what the settings name. All writes go through one lock, in the order log, ledger, board, learner.

    Raises:
        WinnowError: refs, features or database are missing or do not fit; nothing stays open.
    """

    def __init__(self, settings: Settings, *, report: Callable[[str], None] = log.info) -> None:
        self.settings = settings
        report(f"Reading {settings.refs}")
        self.pool: Pool = open_pool(settings.refs)
        if self.pool.n_duplicates:
            report(
                f"{settings.refs}: {self.pool.n_duplicates:,} repeated lines are merged with the first of their kind"
            )
        report(f"Opening {settings.features_path}")
        self.features: FeatureMatrix = open_features(settings.features_path, self.pool)
        rng = np.random.default_rng(settings.seed)
        caches = settings.refs.parent / f"{settings.refs.name}.winnow"
        cache = caches / "space.npz"
        self.space = FeatureSpace.build(self.features.vectors, self.features.is_valid, rng, cache=cache)
        self._attributes = attributes_of(self.pool, cache=caches / "overlaps.npz")
        report("Reading the verdicts")
        self._log = VerdictLog(settings.database_url)
        try:
            self._open_verdicts(rng)
        except BaseException:
            self._log.close()
            raise

    def _open_verdicts(self, rng: np.random.Generator) -> None:
        self._record = Record(self._log, self.pool, is_usable=self.space.is_usable)
        self.ledger, self.board, self.missing_items = (
            self._record.ledger,
            self._record.board,
            self._record.missing_items,
        )
        self.judged_before = self._record.judged_before()
        self.filter, self.shown = Filter(), np.ones(self.pool.n_rows, dtype=bool)
        self.learner = Learner(
            self.space,
            self._record.labels,
            plan=saved_plan(self._log, goal=self.settings.goal, strategy=self.settings.strategy),
            rng=rng,
            is_hidden=self.pool.is_duplicate,
            attributes=self._attributes,
            repeat_share=self.settings.repeat_share,
        )
        self._showings = Showings(self.pool, self._record, self.learner)
        self.guidance = Guidance(self._log, self._record, self.learner, default_strategy=self.settings.strategy)
        self._record.on_catching_up = self.learner.wake

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

    def judge(
        self,
        item_id: str,
        label: int | None,
        *,
        key: str,
        annotator: str,
        elapsed_ms: int | None = None,
        reason: str | None = None,
        class_name: str | None = None,
        model_version: int | None = None,
        strategy: str | None = None,
    ) -> Judged:
        """Record a verdict, durably; the same key again answers what it did the first time.

        `reason` says why an item is rejected (verdicts/reasons.py has those that route it), `class_name` what it is
        instead of what was proposed.

        Raises:
            UnknownItem: the pool has no such item.
            KeyTaken: the key stands for another press.
            DatabaseError: not acknowledged; trying again with the same key is safe.
        """

        def verdict() -> NewVerdict:
            said = NewVerdict(key, item_id, label, annotator, "", elapsed_ms=elapsed_ms, reason=reason)
            return self._showings.event(replace(said, class_name=class_name), model_version, strategy)

        return self._once(key, item_id, verdict)

    def judge_many(
        self,
        labels: dict[str, int],
        *,
        way: BulkWay,
        key: str,
        annotator: str,
        elapsed_ms: int | None = None,
        model_version: int | None = None,
    ) -> JudgedMany:
        """Record verdicts that one press gave on items, all or none; one undo takes all of them back.

        Items that have a verdict already are left out. The same key again answers what it did the first time.

        Raises:
            UnknownItem: the pool lacks one of them; nothing is recorded.
            KeyTaken: the key stands for another press.
            DatabaseError: not acknowledged; trying again with the same key is safe.
        """
        with self._record.lock:
            known = self.ledger.find(key)
            if known is not None:
                return JudgedMany(self._known_batch(known, key)[::-1], is_new=False, progress=self.board.progress())
            rows = {item_id: self.pool.row_of(item_id) for item_id in labels}
            wanted = [one for one, row in rows.items() if self.board.label_of_row[row] == UNJUDGED]
            keys = [f"{key}/{number}" for number in range(1, len(wanted))] + [key]
            said = [
                NewVerdict(one, item_id, labels[item_id], annotator, "", elapsed_ms=elapsed_ms, batch=key)
                for one, item_id in zip(keys, wanted, strict=False)
            ]
            shown = [replace(self._showings.event(one, model_version), strategy=way) for one in said]
            verdicts = self._record.append(shown)
            judged = JudgedMany(verdicts, is_new=True, progress=self.board.progress())
        self.learner.wake()
        return judged

    def _known_batch(self, known: Verdict | Undo, key: str) -> list[Verdict]:
        """What the press with this key recorded, newest first; raises KeyTaken where it was not one of many."""
        if isinstance(known, Verdict) and known.batch == key and known.kind == "verdict":
            return self.ledger.batch_of(known)
        raise KeyTaken(f"The key {key!r} stands for another press already; every press needs its own.")

    def mark_image(self, item_id: str, kind: Literal["miss", "complete"], *, key: str, annotator: str) -> Judged:
        """Say of an item's image that an object on it was missed, or that all of its objects are boxed; as `judge`."""
        path = self.pool.item(self.pool.row_of(item_id)).path
        image_id = item_id_of(path, None)
        event = NewVerdict(key, image_id, None, annotator, path, strategy=kind, kind=kind)
        return self._once(key, image_id, lambda: event)

    def correct(
        self, item_id: str, box_xyxy: Box, class_name: str, *, is_replaced: bool, key: str, annotator: str
    ) -> Judged:
        """Record a box drawn by hand on an item's image as accepted; as `judge`.

        `is_replaced` says that it is the item's own object, better boxed: the item itself counts no more.

        Raises:
            BadBox: the box has no area or leaves the image.
        """
        item = self.pool.item(row := self.pool.row_of(item_id))
        check_box(box_xyxy, image_size(self.image_file(row)))
        new_id = item_id_of(item.path, box_xyxy)
        new = NewVerdict(
            key,
            new_id,
            1,
            annotator,
            item.path,
            box_xyxy,
            strategy="correction",
            class_name=class_name,
            replaces=item_id if is_replaced and item_id != new_id else None,  # the same box: only its class is another
        )
        return self._once(key, new_id, lambda: new)

    def review_image(
        self,
        item_id: str,
        review: ImageReview,
        *,
        key: str,
        annotator: str,
        elapsed_ms: int | None = None,
        based_on: int | None = None,
    ) -> ReviewedImage:
        """Record what was said of all objects on an item's image, all or nothing; one undo takes all of it back.

        What has no verdict afterwards is background, unless the prediction was rejected as a whole. `based_on` is the
        newest event on the image that the annotator had seen, None = write in any case.

        Raises:
            ImageChanged: somebody else said something of the image since.
            UnknownItem, BadBox, SegmenterError: objects that are not, or cannot be, on this image.
            DatabaseError: not acknowledged; trying again with the same key is safe.
        """
        row = self.pool.row_of(item_id)
        path = self.pool.item(row).path
        size_wh = None if review.is_rejected else image_size(self.image_file(row))
        subject = Subject(path, size_wh, lambda one: self.pool.item(self.pool.row_of(one)))
        with self._record.lock:
            if known := self._known_review(path, key):
                return known
            check_unchanged(self.ledger, path, annotator, based_on)
            new = review_events(review, subject, self.ledger, Press(key, annotator, elapsed_ms))
            events = self._record.append(new)
        self.learner.wake()
        return reviewed(events, is_new=True)

    def known_review(self, item_id: str, key: str) -> ReviewedImage | None:
        """What a review recorded before under this key led to, whatever became of the image's file; None = nothing."""
        with self._record.lock:
            return self._known_review(self.pool.item(self.pool.row_of(item_id)).path, key)

    def _known_review(self, path: str, key: str) -> ReviewedImage | None:
        known = self._record.known(key, item_id_of(path, None))
        return reviewed(self.ledger.batch_of(known)[::-1], is_new=False) if isinstance(known, Verdict) else None

    def image_seq(self, path: str) -> int:
        """The number of the newest event on an image, 0 = none."""
        with self._record.lock:
            return max(self.ledger.last_on_image(path).values(), default=0)

    def undo(self, *, key: str | None, annotator: str) -> Taken:
        """Take back the annotator's newest live verdict, and with it all that the same press recorded.

        The same key again answers what it did the first time.

        Raises:
            NothingToUndo: there is none.
            DatabaseError: nothing was taken back.
        """
        with self._record.lock:
            known = self.ledger.find(key) if key else None
            if isinstance(known, Verdict):
                raise KeyTaken(f"The key {key!r} stands for a verdict already; every press needs its own.")
            if known is not None:
                return self._taken(self.ledger.verdict(known.undoes))
            verdict = self.ledger.newest_of(annotator)
            if verdict is None:
                raise NothingToUndo(f"{annotator} has no verdict left to take back.")
            made_together = self.ledger.batch_of(verdict)
            self._record.take_back(made_together, key or f"~undo-{verdict.seq}", annotator)
            taken = self._taken(verdict)
        self.learner.wake()
        return taken

    def return_skipped(self, *, key: str, annotator: str) -> int:
        """Take back every current skip, so that the items come up again; answers how many."""
        with self._record.lock:
            if self.ledger.find(key) is not None:
                return 0
            runs = self.ledger.standing_skips()
            skips = [verdict for run in runs.values() for verdict in run]
            if skips:
                self._record.take_back(skips, key, annotator)
            returned = sum(self.ledger.current(item_id) is None for item_id in runs)
        self.learner.wake()
        return returned

    def import_labels(self, verdicts: list[NewVerdict]) -> int:
        """Record verdicts made elsewhere, all or none, leaving out keys that are known; answers how many."""
        with self._record.lock:
            fresh = [verdict for verdict in verdicts if self.ledger.find(verdict.key) is None]
            self._record.append(fresh)
        self.learner.wake()
        return len(fresh)

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

    def image_file(self, row: int) -> Path:
        """The image file of a row; raises UnreadableImage where it resolves outside the `image_root` setting."""
        path = self.pool.file_of(row)
        check_inside(path, self.settings.image_root)
        return path

    def remembered(self, name: str) -> str | None:
        """What `remember` was told under this name, by whichever server had this log."""
        return self._log.read_state(name)

    def remember(self, name: str, value: str) -> None:
        """Keep a choice that is made on a page with the log, for ever."""
        self._log.write_state(name, value)

    def mark_unreadable(self, row: int) -> None:
        """Leave an item out of the queue because its image cannot be shown."""
        if self.board.mark_unreadable(row):
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

    def record_shown(self, verdict: NewVerdict) -> Judged:
        """Record a verdict on an item that another way than the queue showed; as `judge`."""
        return self._once(verdict.key, verdict.item_id, lambda: verdict)

    def record_auto(self, event: NewVerdict, items: Callable[[], AutoItems]) -> Verdict:
        """Record what a head decided as one event, all or nothing; the same key again answers what it did then.

        Raises:
            DatabaseError: nothing was written; trying again with the same key is safe.
        """
        with self._record.lock:
            if (known := self._record.known(event.key, event.item_id)) is not None:
                return known
        members = items()  # takes a while where there are many: no key shall wait for it
        with self._record.lock:
            known = self._record.known(event.key, event.item_id)
            verdict = known or self._record.append_auto(event, members)
        self.learner.wake()
        return verdict

    def _once(self, key: str, item_id: str, event: Callable[[], NewVerdict]) -> Judged:
        """Record the event, made under the lock, unless its key is known."""
        with self._record.lock:
            known = self._record.known(key, item_id)
            if known is not None:
                return self._judged(known, is_new=False)
            (verdict,) = self._record.append([event()])
            judged = self._judged(verdict, is_new=True)
        self.learner.wake()
        return judged

    def _judged(self, verdict: Verdict, *, is_new: bool) -> Judged:
        return Judged(verdict, is_new, self.ledger.running(verdict), self.board.progress())

    def _taken(self, verdict: Verdict) -> Taken:
        return Taken(verdict, self._record.row_or_none(verdict.item_id), self.board.progress())
