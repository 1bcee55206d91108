"""Before both classes are known: an order of rows in which every stretch covers the pool."""

import numpy as np
from numpy.typing import NDArray

from winnow.learning.space import FeatureSpace

CANDIDATES = 4096


def cover_order(space: FeatureSpace, shown: NDArray[np.bool_], k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Up to k rows of `shown` (n,) bool, drawn by k-means++ seeding (Arthur & Vassilvitskii, 2007).

    Each next row is drawn with a probability that grows with its squared distance from those drawn before, out of a
    random sample of the pool.
    """
    rows = np.flatnonzero(shown)
    rows = np.sort(rng.choice(rows, min(len(rows), CANDIDATES), replace=False))
    directions = space.directions(rows)
    centred = space.unit_rows(rows)
    distance = np.ones(len(rows), np.float32)
    chosen: list[int] = []
    for _ in range(min(k, len(rows))):
        pick = _draw(distance, rng)
        chosen.append(pick)
        np.minimum(distance, np.maximum(1 - centred @ directions[pick], 1e-6), out=distance)
        distance[pick] = 0
    return rows[chosen]


def _draw(weight: NDArray[np.float32], rng: np.random.Generator) -> int:
    cumulative = np.cumsum(weight, dtype=np.float64)
    return int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right").clip(0, len(weight) - 1))
