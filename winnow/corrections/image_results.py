"""What came of each reviewed image: the objects that stand, where each comes from, and what was taken away."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from winnow.corrections.cases import cases_of
from winnow.errors import UnknownItem
from winnow.filters import CORRECTIONS, PROPOSALS
from winnow.masks.rle import Rle
from winnow.pool import Box, Item, Pool
from winnow.pool.identity import item_id_of
from winnow.training.listing import Listing
from winnow.training.masks_of import MasksOf
from winnow.training.reading import Reading
from winnow.training.regions import NO_CLASS, Region
from winnow.training.truth import replaced_items
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import Verdict

Status = Literal["open", "ok", "corrected", "rejected"]
Origin = Literal["prediction", "corrected", "added"]
BY_HAND = "correction"  # the source of what a person drew
SHOWN_SCORE = 0.25  # proposals that nobody judged are drawn on the prediction's overlay from this score on


@dataclass(frozen=True)
class Shape:
    """An object as it was predicted, or as it stands."""

    item_id: str
    box_xyxy: Box
    class_name: str
    score: float | None
    source: str | None
    mask: Rle | None


@dataclass(frozen=True)
class Standing(Shape):
    """`replaces` is the predicted item that it was corrected from, also by way of other corrections."""

    origin: Origin
    replaces: str | None


@dataclass(frozen=True)
class Removed(Shape):
    """A predicted object that does not stand.

    because: "replaced" (by `replaced_by`), "deleted", "rejected" (with the whole prediction), "repeat" (an earlier
    round has it), "skipped", or the reason of its verdict.
    """

    because: str
    replaced_by: str | None


@dataclass(frozen=True)
class ImageResult:
    """A closed image. `predicted` is what its overlay shows as the prediction, `unjudged` what nobody looked at.

    `seconds` are those of its reviews, None where one came without a time; `at` in seconds since 1970, UTC.
    """

    path: str
    status: Status
    objects: tuple[Standing, ...]
    removed: tuple[Removed, ...]
    unjudged: int
    predicted: tuple[Shape, ...]
    annotator: str
    at: float
    seconds: float | None

    @property
    def image_id(self) -> str:
        return item_id_of(self.path, None)


def status_of(image_events: Sequence[Verdict], currents: Iterable[Verdict]) -> Status:
    """What an image's live events and the current verdicts on its items make of it.

    Open until somebody reviewed or completed it, and again after a later miss. Corrected is what differs from the
    prediction, whenever it was said: also where it was looked at once more and left as it is.
    """
    last = image_events[-1] if image_events else None
    if last is None or last.kind == "miss":
        return "open"
    if last.kind == "reject":
        return "rejected"
    is_changed = last.reason == "refined" or any(map(is_change, currents))
    return "corrected" if is_changed else "ok"


def is_change(verdict: Verdict) -> bool:
    """Whether a verdict on a box says something else than the prediction."""
    return verdict.box_xyxy is not None and (verdict.label == 0 or verdict.strategy == "correction")


class ImageResults:
    """The closed images of a project. Raises ProposalError where a file of masks is damaged."""

    def __init__(self, reading: Reading) -> None:
        self._truth, self._ledger = reading.truth, reading.ledger
        self._predictions = _Predictions([p for p in reading.truth.pools if p.refs_path.name != CORRECTIONS])
        self._currents: dict[str, list[Verdict]] = defaultdict(list)
        for verdict in reading.ledger.currents():
            if verdict.box_xyxy is not None:
                self._currents[verdict.path].append(verdict)

    @property
    def last_seq(self) -> int:
        return self._ledger.last_seq

    @property
    def classes(self) -> list[str]:
        """Every class that was proposed or given, by name."""
        verdicts = [verdict for of_image in self._currents.values() for verdict in of_image]
        names = {NO_CLASS, *(one.class_name for one in verdicts), *(one.proposed_class for one in verdicts)}
        for pool in self._truth.pools:
            names.update(pool.classes[code] for code in range(len(pool.classes)))
        return sorted(name for name in names if name)

    def paths(self) -> list[str]:
        """Images that were reviewed or completed, by path."""
        events = self._ledger.image_events()
        return sorted(path for path in events if status_of(events[path], ()) != "open")

    def result(self, path: str) -> ImageResult:
        """Of one of `paths`."""
        events, currents = self._ledger.image_events()[path], self._currents.get(path, [])
        status = status_of(events, currents)
        image = _Image(currents, self._predictions, self._ledger)
        objects = [] if status == "rejected" else [*map(image.standing, self._truth.record(path).accepted)]
        rounds = self._predictions.on(path)
        refused = rounds[0] if rounds and status == "rejected" else {}
        unjudged = {item_id for items in rounds for item_id in items if not image.is_touched(item_id)} - refused.keys()
        cases = cases_of(events)
        return ImageResult(
            path=path,
            status=status,
            objects=tuple(objects),
            removed=tuple(image.removed(objects, status, refused)),
            unjudged=len(unjudged),
            predicted=tuple(self._predicted(rounds, image)),
            annotator=events[-1].annotator,
            at=events[-1].created_at,
            seconds=cases[0].seconds if cases else None,
        )

    def _predicted(self, rounds: Sequence[Mapping[str, Item]], image: "_Image") -> Iterator[Shape]:
        """What was judged, of every round, and what of the newest is likely."""
        judged = {item_id: item for items in rounds for item_id, item in items.items() if image.is_touched(item_id)}
        newest = rounds[0] if rounds else {}
        likely = {id_: item for id_, item in newest.items() if item.score is None or item.score >= SHOWN_SCORE}
        return map(self._predictions.shape, (likely | judged).values())


class _Predictions:
    """What was proposed, by item and by image."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        newest_first = sorted(pools, key=lambda pool: (pool.refs_path.name.startswith(PROPOSALS), pool.refs_path.name))
        self._listings = [Listing(pool) for pool in reversed(newest_first)]
        self._masks = MasksOf(pools)

    def find(self, item_id: str) -> Item | None:
        for listing in self._listings:
            try:
                return listing.pool.item(listing.pool.row_of(item_id))
            except UnknownItem:
                continue
        return None

    def on(self, path: str) -> list[dict[str, Item]]:
        """By item id, the boxes that each of the refs proposes on an image; the newest first, none left out."""
        found = [map(listing.pool.item, listing.rows_of(path).tolist()) for listing in self._listings]
        boxes = [{item.id: item for item in items if item.box_xyxy is not None} for items in found]
        return [items for items in boxes if items]

    def shape(self, item: Item) -> Shape:
        """As it was proposed."""
        assert item.box_xyxy
        region = Region(item.id, item.box_xyxy, item.class_name or NO_CLASS, item.score, 0, item.class_name)
        return Shape(item.id, item.box_xyxy, region.class_name, item.score, item.source, self._masks.mask_of(region))

    def mask_of(self, region: Region) -> Rle | None:
        return self._masks.mask_of(region)


class _Image:
    """One image's current verdicts, and what each of its items began as."""

    def __init__(self, currents: Sequence[Verdict], predictions: _Predictions, ledger: Ledger) -> None:
        self._currents = {verdict.item_id: verdict for verdict in currents}
        self._predictions, self._ledger = predictions, ledger
        self._replaced = replaced_items(currents)

    def is_touched(self, item_id: str) -> bool:
        return item_id in self._currents or item_id in self._replaced

    def standing(self, region: Region) -> Standing:
        predicted = self._prediction(region.item_id)
        mask = self._predictions.mask_of(region)
        verdict = self._currents[region.item_id]
        origin, replaces = self._origin(region, predicted, mask)
        source = (predicted.source if predicted else verdict.source) or (None if predicted else BY_HAND)
        return Standing(
            region.item_id, region.box_xyxy, region.class_name, region.score, source, mask, origin, replaces
        )

    def removed(self, objects: Sequence[Standing], status: Status, refused: Iterable[str]) -> Iterator[Removed]:
        """Predicted items with a verdict, or with another in their place, that are none of the objects; and `refused`,
        those of a prediction that was rejected as a whole."""
        stands = {one.item_id for one in objects}
        taken_by = {earlier: one.item_id for one in objects for earlier in self._before(one.item_id)}
        for item_id in sorted({*self._currents, *self._replaced, *refused} - stands):
            predicted = self._prediction(item_id)
            if predicted is not None:
                because = "rejected" if status == "rejected" else self._because(item_id, item_id in taken_by)
                yield Removed(**vars(predicted), because=because, replaced_by=taken_by.get(item_id))

    def _because(self, item_id: str, is_taken: bool) -> str:
        verdict = self._currents.get(item_id)
        if is_taken:
            return "replaced"
        if verdict is None or item_id in self._replaced or (verdict.label == 0 and not verdict.reason):
            return "deleted"
        return "skipped" if verdict.label is None else "repeat" if verdict.label else verdict.reason or "deleted"

    def _origin(self, region: Region, predicted: Shape | None, mask: Rle | None) -> tuple[Origin, str | None]:
        if predicted is not None:
            is_same = region.class_name == predicted.class_name and mask == predicted.mask
            return ("prediction" if is_same else "corrected"), None
        earlier = [one for one in self._before(region.item_id) if self._prediction(one) is not None]
        return ("corrected", earlier[-1]) if earlier else ("added", None)

    def _before(self, item_id: str) -> list[str]:
        """The items that this one took the place of, newest first."""
        chain = [item_id]
        while (verdict := self._ledger.current(chain[-1])) and verdict.replaces and verdict.replaces not in chain:
            chain.append(verdict.replaces)
        return chain[1:]

    def _prediction(self, item_id: str) -> Shape | None:
        """As it was proposed: by refs that are at hand, else as far as its verdict tells; None where nobody did."""
        item = self._predictions.find(item_id)
        if item is not None:
            return self._predictions.shape(item)
        verdict = self._ledger.current(item_id)
        if verdict is None or verdict.box_xyxy is None or verdict.source in (None, BY_HAND):
            return None
        name = verdict.proposed_class or NO_CLASS
        return Shape(item_id, verdict.box_xyxy, name, verdict.score, verdict.source, None)
