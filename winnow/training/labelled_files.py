"""What the readers of labelled sets share: an image file with its boxes, and refusing a set with all its bad places."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from winnow.errors import LabelledSetError
from winnow.masks.rle import Rle
from winnow.pool.boxes import Box, clip_box
from winnow.training.manifest import Part
from winnow.training.yolo_labels import TOLERANCE

SHOWN = 20


@dataclass(frozen=True)
class LabelledFile:
    """An image file and its boxes (class, pixels) as a set has them, with the masks of those boxes that have one."""

    file: Path
    boxes: tuple[tuple[str, Box], ...]
    part: Part | None = None
    is_whole: bool = True
    masks: Mapping[Box, Rle] = field(default_factory=dict)


def refuse(path: Path, bad: Sequence[str]) -> None:
    """Raises LabelledSetError where there is anything bad, with the first 20."""
    if bad:
        more = f"\n  and {len(bad) - SHOWN:,} more" if len(bad) > SHOWN else ""
        shown = "\n".join(f"  {reason}" for reason in bad[:SHOWN])
        raise LabelledSetError(f"{path}: nothing was imported. Mend these first:\n{shown}{more}")


def on_image(box_xyxy: Box, size_wh: tuple[int, int]) -> Box:
    """The box, cut where it reaches a little over the edge; raises ValueError for one without area or off the image."""
    x1, y1, x2, y2 = box_xyxy
    width, height = size_wh
    if not all(map(math.isfinite, box_xyxy)) or x2 <= x1 or y2 <= y1:
        raise ValueError("the box has no area")
    clipped = clip_box(box_xyxy, size_wh)
    over = max(-x1 / width, -y1 / height, x2 / width - 1, y2 / height - 1)
    if clipped is None or over > TOLERANCE:
        raise ValueError(f"the box {box_xyxy} leaves the image of {width} × {height} pixels")
    return clipped
