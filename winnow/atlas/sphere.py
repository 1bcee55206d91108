"""The pool's rows as points on a sphere, where the dot product of two is their likeness in the feature space."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from winnow.learning.space import FeatureSpace

BLOCK_ROWS = 4096


def on_sphere(space: FeatureSpace, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """(k, d) float32 M^(1/2) y / |y| of the rows, each of length 1 (0 where a row equals the pool's mean)."""
    unit = space.unit_rows(rows)
    stretch = np.sqrt(1 + space.gain) - np.float32(1)
    along: NDArray[np.float32] = unit @ space.axes * stretch
    return unit + along @ space.axes.T


def direction_on_sphere(space: FeatureSpace, directions: NDArray[np.float32]) -> NDArray[np.float32]:
    """(m, d) float32: the points whose dot products are the likenesses that (m, d) `directions` of the space give."""
    shrink = (1 / np.sqrt(1 + space.gain) - 1).astype(np.float32)
    along: NDArray[np.float32] = directions @ space.axes * shrink
    return directions + along @ space.axes.T


def blocks(
    space: FeatureSpace, rows: NDArray[np.int64], size: int = BLOCK_ROWS
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """The rows and their points, `size` at a time: the matrix is never copied whole."""
    for start in range(0, len(rows), size):
        block = rows[start : start + size]
        yield block, on_sphere(space, block)
