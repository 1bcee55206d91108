"""Changes: objects that were predicted in one place and corrected to another."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from winnow.masks.rle import Rle, from_json
from winnow.masks.rle import iou as mask_iou
from winnow.pool.boxes import iou
from winnow.training.truth import replaced_items
from winnow.verdicts.log import Verdict

MaskOf = Callable[[str], Rle | None]  # the mask that an item was predicted with


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
        """The first verdict on the predicted item that this one began as, also by way of others; itself where it is one.

        None where it began as a box that a person drew, or as an item that has no verdict.
        """
        chain = [item_id]
        while (earlier := self._before.get(chain[-1])) and earlier not in chain:
            chain.append(earlier)
        # A chain that leads back to an item of its own was drawn back to where it began.
        origin = self._first.get(earlier or chain[-1])
        return origin if origin and is_predicted(origin) else None


def is_predicted(first: Verdict) -> bool:
    """Whether an item was proposed by a model, by the first verdict on it."""
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


def mask_in_log(event: Verdict) -> Rle | None:
    """The mask that a person gave an item; those of predictions lie beside their refs."""
    return from_json(json.loads(event.mask)) if event.mask else None


def _change(event: Verdict, origin: Verdict, mask_of: MaskOf) -> Change:
    assert event.box_xyxy
    assert origin.box_xyxy
    corrected = mask_in_log(event)
    predicted = mask_of(origin.item_id) if corrected else None
    overlap = float(mask_iou([corrected], [predicted])[0, 0]) if corrected and predicted else None
    return Change(event.item_id, origin.item_id, iou(event.box_xyxy, origin.box_xyxy), overlap)
