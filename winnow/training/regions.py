"""Regions: boxes on images, and where a verdict puts each."""

from dataclasses import dataclass

from winnow.pool.boxes import Box
from winnow.verdicts.log import Verdict

NO_CLASS = "object"  # of regions that neither proposal nor person named


@dataclass(frozen=True)
class Region:
    """A box on an image; `seq` is the verdict behind it, 0 = none, `claimed` the class it was proposed as."""

    item_id: str
    box_xyxy: Box
    class_name: str
    score: float | None
    seq: int
    claimed: str | None
    reason: str | None = None


def judged_region(verdict: Verdict, proposed: Region | None) -> Region:
    """The region that a verdict is on; `proposed` is what a pool has of it."""
    assert verdict.box_xyxy
    # Logs of schema 1 do not say what was proposed; the pool does, while it has the item.
    claimed = verdict.proposed_class or (proposed.claimed if proposed else None)
    score = verdict.score if verdict.score is not None or proposed is None else proposed.score
    name = verdict.class_name or claimed or NO_CLASS
    return Region(verdict.item_id, verdict.box_xyxy, name, score, verdict.seq, claimed, verdict.reason)
