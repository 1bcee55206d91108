"""Changes: objects that were predicted in one place and corrected to another."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from winnow.masks.rle import Rle
from winnow.masks.rle import iou as mask_iou
from winnow.pool.boxes import iou
from winnow.training.regions import Region, judged_region
from winnow.training.truth import replaced_items
from winnow.verdicts.log import Verdict

MaskOf = Callable[[Region], Rle | None]  # the mask that a region was predicted with


@dataclass(frozen=True)
class Change:
    """A predicted object and what it was corrected to; intersection over union 0 … 1, None where a mask is missing."""

    item_id: str
    predicted_id: str
    box_iou: float
    mask_iou: float | None


class Lineage:
    """Which predicted item each was corrected from, by all live events up to some moment, oldest first."""

    def __init__(self, live: Iterable[Verdict]) -> None:
        self._before: dict[str, str] = {}
        self._first: dict[str, Verdict] = {}
        for event in live:
            if event.box_xyxy is None:
                continue
            self._first.setdefault(event.item_id, event)
            if event.replaces and event.replaces != event.item_id:
                self._before[event.item_id] = event.replaces

    def origin_of(self, item_id: str) -> Verdict | None:
        """The first verdict on the predicted item that this one began as; its own where it is one.

        Corrections of corrections are followed. None where it began as a box that a person drew, or as an
        item that has no verdict.
        """
        chain = [item_id]
        while (earlier := self._before.get(chain[-1])) and earlier not in chain:
            chain.append(earlier)
        # A chain that leads back to an item of its own was drawn back to where it began.
        origin = self._first.get(earlier or chain[-1])
        return origin if origin and is_predicted(origin) else None


def is_predicted(first: Verdict) -> bool:
    """Whether an item was proposed by a model, by the first verdict on it."""
    if first.source == "correction":  # shown once more, from the refs of what was corrected
        return False
    is_by_hand = first.strategy in ("correction", "import")
    return not is_by_hand or first.source is not None or first.score is not None


def changes_of(live: Iterable[Verdict], lineage: Lineage, mask_of: MaskOf) -> list[Change]:
    """Objects that reviews of a round corrected and that stand at its end, with what was predicted in their place."""
    reviewed = [event for event in live if event.kind == "verdict" and event.batch and event.box_xyxy]
    newest = {event.item_id: event for event in reviewed}
    replaced = replaced_items(newest.values())
    standing = [one for one in newest.values() if one.label == 1 and one.item_id not in replaced]
    changes = []
    for event in standing:
        origin = lineage.origin_of(event.item_id) if event.strategy == "correction" else None
        change = origin and _change(event, origin, mask_of)
        if change and (event.replaces or change.mask_iou is not None):  # else only its class is another
            changes.append(change)
    return changes


def _change(event: Verdict, origin: Verdict, mask_of: MaskOf) -> Change:
    corrected, predicted = judged_region(event, None), judged_region(origin, None)
    # The first verdict on a prediction may have been a correction of its mask.
    before = mask_of(replace(predicted, mask=None)) if corrected.mask else None
    overlap = float(mask_iou([corrected.mask], [before])[0, 0]) if corrected.mask and before else None
    return Change(event.item_id, origin.item_id, iou(corrected.box_xyxy, predicted.box_xyxy), overlap)
