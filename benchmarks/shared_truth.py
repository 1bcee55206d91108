"""True masks of real images: the nuclei of dsb2018 and the defects of magnetic tiles."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box = tuple[int, int, int, int]
SMALLEST_DEFECT = 20  # pixels; what is smaller are specks of the masks' own making


@dataclass(frozen=True)
class Picture:
    """An image file with the masks (n, h, w) bool of its objects, and what class they are."""

    path: Path
    masks: NDArray[np.bool_]
    class_name: str

    @property
    def boxes(self) -> list[Box]:
        return [box_around(mask) for mask in self.masks]


def box_around(mask: NDArray[np.bool_]) -> Box:
    """x1 y1 x2 y2 of a mask (h, w), x2 and y2 exclusive."""
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1


def iou(mask: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((mask & other).sum() / max(1, (mask | other).sum()))


def filled(box: Box, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """The box itself as a mask (h, w)."""
    mask = np.zeros(size_hw, bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def nuclei(data: Path) -> Iterator[Picture]:
    """Every image of dsb2018, each nucleus a mask of its own."""
    for path in sorted((data / "dsb2018" / "instances").glob("*.png")):
        numbers = np.asarray(Image.open(path))
        image = next((data / "dsb2018" / "images").glob(f"{path.stem}.*"))
        yield Picture(image, np.stack([numbers == one for one in np.unique(numbers) if one]), "nucleus")


def defects(data: Path) -> Iterator[Picture]:
    """Every defective magnetic tile, each connected defect a mask of its own."""
    from scipy import ndimage

    folder = data / "magnetic_tile"
    with (folder / "labels.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["mask"]]
    for row in rows:
        mask = np.asarray(Image.open(folder / row["mask"]).convert("L")) > 127
        numbers, n = ndimage.label(mask, np.ones((3, 3)))
        parts = [numbers == one for one in range(1, n + 1)]
        kept = [part for part in parts if part.sum() >= SMALLEST_DEFECT]
        if kept:
            yield Picture(folder / row["path"], np.stack(kept), row["class"])
