"""Which boxes of a pool overlap: every pair on one image, found by a sweep over all images at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_IOU = 0.05  # what overlaps less is left out
CHUNK_PAIRS = 2_000_000  # candidates that are held in memory at a time


@dataclass(frozen=True)
class Overlaps:
    """Row i overlaps the rows others[starts[i]:starts[i + 1]].

    starts (n + 1,) int64, others (p,) int32, iou (p,) float32 above LEAST_IOU; every pair is there from both sides.
    """

    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    iou: NDArray[np.float32]

    def of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each overlap of the rows (k,): the position in `rows`, and its place in `others` and `iou`."""
        counts = self.starts[rows + 1] - self.starts[rows]
        position = np.repeat(np.arange(len(rows)), counts)
        before = np.cumsum(counts) - counts
        return position, np.arange(len(position)) + np.repeat(self.starts[rows] - before, counts)


def find_overlaps(boxes_xyxy: NDArray[np.float64], images: NDArray[np.integer], rows: NDArray[np.int64]) -> Overlaps:
    """All overlaps among `rows` of the boxes (n, 4), pixels; images (n,) codes 0 and up. Empty boxes overlap nothing.

    A million boxes, twenty an image, take a few seconds.
    """
    n = len(boxes_xyxy)
    boxes = boxes_xyxy[rows]
    is_box = (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])  # False for NaN, a whole image
    rows, boxes = rows[is_box], boxes[is_box]
    order = np.lexsort((boxes[:, 0], images[rows]))
    rows, boxes = rows[order], boxes[order]
    found = list(_pairs(boxes, images[rows].astype(np.float64)))
    first, second = (np.concatenate([np.empty(0, np.int64), *(pair[i] for pair in found)]) for i in (0, 1))
    iou = np.concatenate([np.empty(0, np.float32), *(pair[2] for pair in found)])
    one, other = rows[np.concatenate([first, second])], rows[np.concatenate([second, first])]
    by_row = np.lexsort((other, one))
    starts = np.concatenate([[0], np.cumsum(np.bincount(one, minlength=n))])
    return Overlaps(starts, other[by_row].astype(np.int32), np.concatenate([iou, iou])[by_row])


def _pairs(
    boxes: NDArray[np.float64], images: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
    """Positions of two overlapping boxes and their IoU, chunk by chunk; the boxes lie by image, then by x1."""
    if len(boxes) == 0:
        return
    left = boxes[:, 0].min()
    width = boxes[:, 2].max() - left + 1
    along = images * width + boxes[:, 0] - left
    last = np.searchsorted(along, images * width + boxes[:, 2] - left)  # beyond it boxes begin right of this one
    counts = np.maximum(last - np.arange(len(boxes)) - 1, 0)
    total = np.cumsum(counts)
    start = 0
    while start < len(boxes):
        reached = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, reached + CHUNK_PAIRS, side="right")))
        here = counts[start:stop]
        first = np.repeat(np.arange(start, stop), here)
        second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(here) - here, here)
        iou = _iou(boxes[first], boxes[second])
        kept = iou > LEAST_IOU
        yield first[kept], second[kept], iou[kept].astype(np.float32)
        start = stop


def _iou(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of boxes (k, 4) pairwise, (k,)."""
    size = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    shared = np.prod(np.maximum(size, 0), axis=1)
    return shared / (np.prod(one[:, 2:] - one[:, :2], axis=1) + np.prod(other[:, 2:] - other[:, :2], axis=1) - shared)
