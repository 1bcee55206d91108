"""Small pools with known truth: a rare cluster among others."""

import numpy as np
from numpy.typing import NDArray

from winnow.learning.space import FeatureSpace
from winnow.learning.step import Labels

NO_ROWS = np.empty(0, np.int64)


def clustered(
    n: int = 300, d: int = 24, *, seed: int = 0, dtype: type = np.float32
) -> tuple[NDArray[np.floating], NDArray[np.int8]]:
    """(n, d) vectors in five clusters and the truth: the last cluster, every tenth row, is positive."""
    rng = np.random.default_rng(seed)
    clusters = np.where(np.arange(n) % 10 == 0, 4, rng.integers(0, 4, n))
    centres = 2 * rng.standard_normal((5, d))
    return (centres[clusters] + rng.standard_normal((n, d))).astype(dtype), (clusters == 4).astype(np.int8)


def space_of(vectors: NDArray[np.floating], is_valid: NDArray[np.bool_] | None = None) -> FeatureSpace:
    is_valid = np.ones(len(vectors), bool) if is_valid is None else is_valid
    return FeatureSpace.build(vectors, is_valid, np.random.default_rng(0))


def labels_of(rows: list[int] | NDArray[np.int64], truth: NDArray[np.int8], skipped: list[int] | None = None) -> Labels:
    rows = np.array(rows, dtype=np.int64)
    return Labels(rows, truth[rows], np.array(skipped or [], dtype=np.int64), NO_ROWS)
