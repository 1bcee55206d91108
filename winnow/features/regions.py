"""Regions of a decoded image: what a box means in pixels, and in the patch grid of a vision transformer."""

import numpy as np
from PIL import Image

from winnow.pool.boxes import Box, clip_box

Region = Box | None  # None = the whole image


def crop_region(image: Image.Image, region: Region, context: float) -> Image.Image:
    """The pixels of a box that touches the image, with a margin of `context` × its longer side, cut at the edges.

    Corners are rounded as Pillow's `crop` does, and a sliver is widened to one pixel.
    """
    if region is None:
        return image
    x1, y1, x2, y2 = region
    margin = context * max(x2 - x1, y2 - y1)
    grown = clip_box((x1 - margin, y1 - margin, x2 + margin, y2 + margin), image.size) or region
    left, top = min(round(grown[0]), image.width - 1), min(round(grown[1]), image.height - 1)
    return image.crop((left, top, max(round(grown[2]), left + 1), max(round(grown[3]), top + 1)))


def token_weights(region: Box, size_wh: tuple[int, int], grid_hw: tuple[int, int]) -> np.ndarray:
    """(rows · columns,) float32: the share of each patch in the box's area, summing to 1, in row-major order.

    The grid's patches tile an image of `size_wh` pixels; a patch counts by how much of it the box covers, which is
    RoI average pooling with exact areas (after RoIAlign, He et al., 2017, without its sampling).
    """
    x1, y1, x2, y2 = region
    across = _overlaps(x1, x2, size_wh[0], grid_hw[1])
    down = _overlaps(y1, y2, size_wh[1], grid_hw[0])
    weights = np.outer(down, across).ravel()
    return (weights / weights.sum()).astype(np.float32)


def _overlaps(start: float, end: float, length: float, count: int) -> np.ndarray:
    """(count,) the overlap of [start, end) with each of `count` equal cells of [0, length)."""
    edges = np.linspace(0, length, count + 1)
    return np.clip(np.minimum(end, edges[1:]) - np.maximum(start, edges[:-1]), 0, None)
