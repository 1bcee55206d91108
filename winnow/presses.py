"""What presses record of one pool: each of them once, whole, on disk before it is answered."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from winnow.board import UNJUDGED
from winnow.errors import KeyTaken, NothingToUndo
from winnow.image_review import (
    ImageReview,
    Press,
    ReviewedImage,
    Subject,
    check_unchanged,
    review_events,
    reviewed,
)
from winnow.learning.learner import Learner
from winnow.outcomes import Judged, JudgedMany, Taken
from winnow.pool import Pool
from winnow.pool.boxes import Box, check_box
from winnow.pool.identity import item_id_of
from winnow.pool.images import check_inside, image_size
from winnow.record import Record
from winnow.showings import Showings
from winnow.verdicts.auto_items import AutoItems
from winnow.verdicts.log import NewVerdict, Undo, Verdict

BulkWay = Literal["sweep", "grid", "lasso"]


class Presses:
    """All writes go through the record's lock, in the order log, ledger, board; then the learner is woken.

    Args:
        image_root: images that resolve outside this folder are refused; None = all are taken.
    """

    def __init__(self, pool: Pool, record: Record, learner: Learner, *, image_root: Path | None) -> None:
        self.pool, self.learner = pool, learner
        self.ledger, self.board = record.ledger, record.board
        self._record, self._image_root = record, image_root
        self._showings = Showings(pool, record, learner)

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

    def image_file(self, row: int) -> Path:
        """The image file of a row; raises UnreadableImage where it resolves outside the `image_root` setting."""
        path = self.pool.file_of(row)
        check_inside(path, self._image_root)
        return path

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
