"""What a person shows a segmenter: a box, points inside and outside, a mask to start from."""

from dataclasses import dataclass

from winnow.errors import SegmenterError
from winnow.masks.rle import Rle
from winnow.pool import Box
from winnow.pool.boxes import check_box

INSIDE, OUTSIDE = 1, 0


@dataclass(frozen=True)
class Prompt:
    """In pixels of the upright image; `labels` say of each point whether it is inside (1) or outside (0)."""

    box_xyxy: Box | None = None
    points_xy: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()
    earlier: Rle | None = None  # of the image's size: the mask that is to be refined

    @property
    def is_ambiguous(self) -> bool:
        """One point may mean a thing, its part, or what it is part of."""
        return self.box_xyxy is None and self.earlier is None and len(self.points_xy) == 1


def check_prompt(prompt: Prompt, size_wh: tuple[int, int]) -> None:
    """Raises BadBox for a box without area or outside, SegmenterError for anything else that cannot be prompted by."""
    if prompt.box_xyxy is not None:
        check_box(prompt.box_xyxy, size_wh)
    width, height = size_wh
    if prompt.earlier is not None:
        check_mask(prompt.earlier, size_wh)
    if len(prompt.points_xy) != len(prompt.labels):
        raise SegmenterError(
            f"{len(prompt.points_xy)} points have {len(prompt.labels)} labels; each needs 1 (inside) or 0 (outside)."
        )
    for (x, y), label in zip(prompt.points_xy, prompt.labels, strict=True):
        if label not in (INSIDE, OUTSIDE):
            raise SegmenterError(f"The point ({x}, {y}) is labelled {label}; it takes 1 (inside) or 0 (outside).")
        if not (0 <= x <= width and 0 <= y <= height):
            raise SegmenterError(f"The point ({x}, {y}) lies outside the image of {width} × {height} pixels.")
    if prompt.box_xyxy is None and prompt.earlier is None and INSIDE not in prompt.labels:
        raise SegmenterError("Nothing says where the object is: draw a box, or set a point inside it.")


def check_mask(rle: Rle, size_wh: tuple[int, int]) -> None:
    """Raises SegmenterError for a mask that does not lie pixel by pixel on an image of this size."""
    height, width = rle.size_hw
    if (width, height) != size_wh:
        raise SegmenterError(
            f"The mask is {width} × {height} pixels, its image {size_wh[0]} × {size_wh[1]}: it is of another image, "
            "or the image was replaced. Load the image again and make the mask anew."
        )
