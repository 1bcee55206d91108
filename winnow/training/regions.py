"""Regions: boxes on images, and where a verdict puts each."""

import json
from dataclasses import dataclass

from winnow.masks.rle import Rle, from_json
from winnow.pool.boxes import Box
from winnow.verdicts.log import Verdict

NO_CLASS = "object"  # of regions that neither proposal nor person named


@dataclass(frozen=True)
class Region:
    """A box on an image; `seq` is the verdict behind it, 0 = none, `claimed` the class it was proposed as.

    mask: the one that a person gave; a proposal's own lies beside its refs. replaces: the item it was corrected from.
    is_drawn: by a person, who saw what else is there. batch: the review of its whole image that the verdict is part of.
    imported_at: when the labelled set came in that it is from; all of one set have the same.
    """

    item_id: str
    box_xyxy: Box
    class_name: str
    score: float | None
    seq: int
    claimed: str | None
    reason: str | None = None
    mask: Rle | None = None
    replaces: str | None = None
    is_drawn: bool = False
    batch: str | None = None
    imported_at: float | None = None


def judged_region(verdict: Verdict, proposed: Region | None) -> Region:
    """The region that a verdict is on; `proposed` is what a pool has of it."""
    assert verdict.box_xyxy
    # Logs of schema 1 do not say what was proposed; the pool does, while it has the item.
    claimed = verdict.proposed_class or (proposed.claimed if proposed else None)
    score = verdict.score if verdict.score is not None or proposed is None else proposed.score
    return Region(
        item_id=verdict.item_id,
        box_xyxy=verdict.box_xyxy,
        class_name=verdict.class_name or claimed or NO_CLASS,
        score=score,
        seq=verdict.seq,
        claimed=claimed,
        reason=verdict.reason,
        mask=from_json(json.loads(verdict.mask)) if verdict.mask else None,
        replaces=verdict.replaces,
        is_drawn=verdict.strategy == "correction",
        batch=verdict.batch,
        imported_at=verdict.created_at if verdict.strategy == "import" else None,
    )
