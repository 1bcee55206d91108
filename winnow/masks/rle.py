"""Run-length masks in COCO's compressed form, which pycocotools and every COCO tool read."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from winnow.errors import ProposalError
from winnow.pool import Box

_FORM = 'A mask is {"size": [height, width], "counts": "…"} with COCO\'s compressed run lengths.'


@dataclass(frozen=True)
class Rle:
    """One mask: `counts` are the lengths of runs of 0 and 1 in turn, column by column, in COCO's text form."""

    size_hw: tuple[int, int]
    counts: str

    def as_json(self) -> dict[str, Any]:
        return {"size": list(self.size_hw), "counts": self.counts}


def encode(mask_hw: np.ndarray) -> Rle:
    """The mask (h, w) bool as run lengths."""
    return encode_window(mask_hw, (0, 0), (mask_hw.shape[0], mask_hw.shape[1]))


def encode_window(window_hw: np.ndarray, corner_xy: tuple[int, int], size_hw: tuple[int, int]) -> Rle:
    """A mask of which only a part (h, w) bool is given, and nothing is outside: quick for small ones on large images.

    `corner_xy` is where the part's upper left pixel lies on the whole, of `size_hw`.
    """
    rows = np.flatnonzero(window_hw.any(axis=1))
    if not len(rows):
        return _from_runs([size_hw[0] * size_hw[1]], list(size_hw))
    part = window_hw[rows[0] : rows[-1] + 1]
    between = np.zeros((len(part) + 1, part.shape[1]), bool)  # whether a run begins or ends above each pixel
    between[0], between[-1] = part[0], part[-1]
    np.not_equal(part[1:], part[:-1], out=between[1:-1])
    y, x = np.nonzero(between)
    places = np.sort((x + corner_xy[0]) * size_hw[0] + (y + int(rows[0]) + corner_xy[1]))  # column by column
    is_joint = np.zeros(
        len(places), bool
    )  # a run that ends at the foot of a column where the next one begins at its top
    is_joint[1:-1:2] = places[1:-1:2] == places[2::2]
    places = places[~(is_joint | np.roll(is_joint, 1))]
    runs = np.diff(places, prepend=0, append=size_hw[0] * size_hw[1])
    return _from_runs((runs if runs[-1] else runs[:-1]).tolist(), list(size_hw))


def decode(rle: Rle) -> np.ndarray:
    """(h, w) bool."""
    from pycocotools import mask as coco

    # pycocotools 2.0.11 hands numpy 2 an array in its old way, which is harmless
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="pycocotools")
    return np.asarray(coco.decode(_given(rle))).view(bool)


def area(rle: Rle) -> int:
    """Pixels of the mask."""
    from pycocotools import mask as coco

    return int(coco.area(_given(rle)))


def box_of(rle: Rle) -> Box | None:
    """The smallest box around the mask, x2 and y2 exclusive; None for an empty mask."""
    from pycocotools import mask as coco

    x, y, width, height = coco.toBbox(_given(rle)).tolist()
    return (x, y, x + width, y + height) if width and height else None


def iou(masks: Sequence[Rle], others: Sequence[Rle]) -> np.ndarray:
    """(n, m) float64 in 0 … 1: intersection over union of each pair; 0 where sizes differ or both are empty."""
    from pycocotools import mask as coco

    if not masks or not others:
        return np.zeros((len(masks), len(others)))
    overlaps = coco.iou([_given(rle) for rle in masks], [_given(rle) for rle in others], [0] * len(others))
    return np.nan_to_num(np.maximum(overlaps, 0.0))  # −1 where sizes differ


def polygons(rle: Rle) -> list[np.ndarray]:
    """Outlines of the mask's parts, each (k, 2) float64 x y in pixels, k ≥ 3, within ¼ pixel; holes are filled."""
    import cv2

    box = box_of(rle)
    if box is None:
        return []
    x1, y1, x2, y2 = map(int, box)
    # an outline runs through the centres of pixels: of pixels of half the size it stays near the mask's edge
    fine = decode(rle)[y1:y2, x1:x2].astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    contours, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [(contour[:, 0, :] + 0.5) / 2 + (x1, y1) for contour in contours]


def from_polygons(outlines: Sequence[np.ndarray], size_hw: tuple[int, int]) -> Rle:
    """The mask of the area inside outlines (k, 2) x y, in an image of this size."""
    from pycocotools import mask as coco

    flat = [np.asarray(outline, float).ravel().tolist() for outline in outlines]
    return _taken(coco.merge(coco.frPyObjects(flat, *size_hw)))


def from_json(value: Any) -> Rle:
    """The mask of `{"size", "counts"}`, counts as text or as a list; raises ProposalError for anything else."""
    size, counts = (value.get("size"), value.get("counts")) if isinstance(value, dict) else (None, None)
    if not isinstance(size, list) or len(size) != 2 or not all(type(side) is int and 0 < side < 2**31 for side in size):
        raise ProposalError(f"The mask has no size that can be used: {str(value)[:80]}. {_FORM}")
    if isinstance(counts, list) and all(type(run) is int and 0 <= run < 2**32 for run in counts):
        runs = counts
    elif isinstance(counts, str):
        runs = _runs(counts)
    else:
        raise ProposalError(f"The mask has no run lengths that can be used: {str(counts)[:80]!r}. {_FORM}")
    if sum(runs) != size[0] * size[1]:  # pycocotools would write beyond the mask
        raise ProposalError(f"The mask's runs cover {sum(runs):,} pixels, its size {size[0]} × {size[1]} has others.")
    return _from_runs(runs, size) if isinstance(counts, list) else Rle((size[0], size[1]), counts)


def _from_runs(runs: list[int], size: list[int]) -> Rle:
    from pycocotools import mask as coco

    return _taken(coco.frPyObjects({"size": size, "counts": runs}, *size))


def _runs(counts: str) -> list[int]:
    """The run lengths of COCO's text: 5 bits a character, from the third on differences to the last but one."""
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 30:
            raise ProposalError(f"The mask's run lengths have {character!r} where it cannot stand. {_FORM}")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (bits & 16) << (shift - 4) if bits & 16 else 0
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value = shift = 0
    if shift or any(run < 0 for run in runs):
        raise ProposalError(f"The mask's run lengths are cut short or negative: {counts[:80]!r}. {_FORM}")
    return runs


def _given(rle: Rle) -> dict[str, Any]:
    return {"size": list(rle.size_hw), "counts": rle.counts.encode()}


def _taken(coded: Any) -> Rle:
    height, width = coded["size"]
    return Rle((int(height), int(width)), coded["counts"].decode())
