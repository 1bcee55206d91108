"""One image reviewed as a whole, as events of the log: what stands of its prediction, what was drawn or deleted."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

from winnow.errors import BadBox, ImageChanged, SegmenterError, UnknownItem
from winnow.masks.rle import Rle
from winnow.pool import Item
from winnow.pool.boxes import Box, check_box
from winnow.pool.identity import item_id_of
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import NewVerdict, Verdict
from winnow.verdicts.reasons import place_of

Outcome = Literal["accepted", "refined", "rejected"]
REVIEW = "review"  # strategy of the events, but for boxes drawn by hand
CORRECTION = "correction"


@dataclass(frozen=True)
class Drawn:
    """An object as a person drew or changed it; `replaces` is the item that it was, None for a new one."""

    box_xyxy: Box
    class_name: str
    mask: Rle | None = None
    replaces: str | None = None


@dataclass(frozen=True)
class ImageReview:
    """All that was said of an image: items that stand as they are, objects drawn, items that are none."""

    kept: tuple[str, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    deleted: tuple[str, ...] = ()
    is_rejected: bool = False

    @property
    def outcome(self) -> Outcome:
        return "rejected" if self.is_rejected else "refined" if self.drawn or self.deleted else "accepted"


@dataclass(frozen=True)
class ReviewedImage:
    """What a review led to; the last of the events is the image's own. `is_new` is False for a key known before.

    Without outcome: a review that was taken back since.
    """

    events: list[Verdict]
    outcome: Outcome | None
    is_new: bool


def reviewed(events: list[Verdict], *, is_new: bool) -> ReviewedImage:
    """What the events of a review, the image's own last, say of it; taken back, they are none and it is open."""
    outcome = next((name for name in get_args(Outcome) if events and events[-1].reason == name), None)
    return ReviewedImage(events, outcome, is_new)


@dataclass(frozen=True)
class Subject:
    """The image that is reviewed, and how its items are found in the pool."""

    path: str
    size_wh: tuple[int, int] | None  # None where all of the prediction is rejected: its file may be unreadable
    find_item: Callable[[str], Item]  # raises UnknownItem


@dataclass(frozen=True)
class Press:
    """Who pressed what: `key` stands for the whole review, and an undo takes back all of it."""

    key: str
    annotator: str
    elapsed_ms: int | None = None


def check_unchanged(ledger: Ledger, path: str, annotator: str, based_on: int | None) -> None:
    """Raises ImageChanged where somebody else said something of the image after event `based_on`."""
    newer = {name: seq for name, seq in ledger.last_on_image(path).items() if based_on is not None and seq > based_on}
    newer.pop(annotator, None)
    if newer:
        name = max(newer, key=lambda one: newer[one])
        raise ImageChanged(
            f"{name} changed {path} while it was open here (event {newer[name]}). Nothing was written: look at the "
            "image as it is now, or save yours over it."
        )


def review_events(review: ImageReview, subject: Subject, ledger: Ledger, press: Press) -> list[NewVerdict]:
    """The events of a review, the image's own last.

    Raises:
        UnknownItem: an item that is not on this image.
        BadBox: a box without area or off the image, or two objects in one place.
        SegmenterError: a mask of another size than the image.
    """
    check_review(review, subject)
    said = [*_item_events(review, subject, ledger)]
    kind: Literal["reject", "complete"] = "reject" if review.is_rejected else "complete"
    image = NewVerdict(
        press.key, item_id_of(subject.path, None), None, press.annotator, subject.path,
        elapsed_ms=press.elapsed_ms, strategy=REVIEW, reason=review.outcome, kind=kind, batch=press.key,
    )  # fmt: skip
    keyed = (
        replace(event, key=f"{press.key}/{number}", annotator=press.annotator, batch=press.key)
        for number, event in enumerate(said, 1)
    )
    return [*keyed, image]


def check_review(review: ImageReview, subject: Subject) -> None:
    """Raises BadBox, SegmenterError for objects that cannot be on this image, naming each by its box."""
    if review.is_rejected and (review.kept or review.drawn or review.deleted):
        raise BadBox("A prediction that is rejected as a whole has no objects to keep, draw or delete. Send none.")
    if subject.size_wh is None:
        return
    width, height = subject.size_wh
    seen: set[Box] = set()
    for drawn in review.drawn:
        check_box(drawn.box_xyxy, subject.size_wh)
        if drawn.box_xyxy in seen:
            raise BadBox(f"Two objects have the same box {drawn.box_xyxy}. Delete one of them, or move it by a pixel.")
        seen.add(drawn.box_xyxy)
        if drawn.mask is not None and drawn.mask.size_hw != (height, width):
            raise SegmenterError(
                f"The mask of the object at {drawn.box_xyxy} has {drawn.mask.size_hw[1]} × {drawn.mask.size_hw[0]} "
                f"pixels, the image {width} × {height}: a mask of another size. Make it anew on this image."
            )


def _item_events(review: ImageReview, subject: Subject, ledger: Ledger) -> Iterator[NewVerdict]:
    place = _Place(subject, ledger)
    redrawn = {item_id_of(subject.path, drawn.box_xyxy) for drawn in review.drawn}
    for item_id in dict.fromkeys(review.deleted):
        yield place.rejected(item_id, reason=None)
    for drawn in review.drawn:
        yield from place.drawn(drawn)
    for item_id in dict.fromkeys(review.kept):
        if item_id not in redrawn and not place.is_accepted(item_id):
            yield replace(place.event(item_id), label=1)


class _Place:
    """An image's items, as the pool has them, else as the log has them."""

    def __init__(self, subject: Subject, ledger: Ledger) -> None:
        self._subject, self._ledger = subject, ledger

    def is_accepted(self, item_id: str) -> bool:
        current = self._ledger.current(item_id)
        self.event(item_id)  # raises UnknownItem
        return current is not None and place_of(current) == "accepted"

    def rejected(self, item_id: str, reason: str | None) -> NewVerdict:
        """Of an item that somebody drew, it keeps in mind what it replaced: that does not come back."""
        current = self._ledger.current(item_id)
        replaces = current.replaces if current else None
        return replace(self.event(item_id), label=0, reason=reason, replaces=replaces)

    def drawn(self, drawn: Drawn) -> Iterator[NewVerdict]:
        path = self._subject.path
        item_id = item_id_of(path, drawn.box_xyxy)
        replaces = drawn.replaces
        if replaces and replaces != item_id:
            if self._is_in_pool(replaces):
                yield self.rejected(replaces, reason="bad_box")
            else:
                self.event(replaces)  # raises UnknownItem
        elif replaces:
            current = self._ledger.current(item_id)
            replaces = current.replaces if current else None  # only its class or mask is another
        known = self._known(item_id)
        event = known or NewVerdict("", item_id, 1, "", path, drawn.box_xyxy)
        mask = json.dumps(drawn.mask.as_json()) if drawn.mask else None
        yield replace(event, label=1, strategy=CORRECTION, class_name=drawn.class_name, mask=mask, replaces=replaces)

    def event(self, item_id: str) -> NewVerdict:
        """An event on an item of this image, still without label, key and annotator; raises UnknownItem."""
        known = self._known(item_id)
        if known is None:
            raise UnknownItem(f"{self._subject.path} has no item {item_id!r}. Reload the page and review it again.")
        return known

    def _known(self, item_id: str) -> NewVerdict | None:
        path = self._subject.path
        if self._is_in_pool(item_id):
            item = self._subject.find_item(item_id)
            return NewVerdict(
                "", item_id, None, "", path, item.box_xyxy, strategy=REVIEW,
                proposed_class=item.class_name, score=item.score, source=item.source,
            )  # fmt: skip
        current = self._ledger.current(item_id)
        if current is None or current.path != path:
            return None
        return NewVerdict(
            "", item_id, None, "", path, current.box_xyxy, strategy=REVIEW, class_name=current.class_name,
            proposed_class=current.proposed_class, score=current.score, source=current.source,
        )  # fmt: skip

    def _is_in_pool(self, item_id: str) -> bool:
        try:
            item = self._subject.find_item(item_id)
        except UnknownItem:
            return False
        return item.path == self._subject.path and item.box_xyxy is not None
