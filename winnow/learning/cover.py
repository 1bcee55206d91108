"""Before both classes are known: an order of rows that covers the pool."""

import numpy as np
from numpy.typing import NDArray

from winnow.learning.space import FeatureSpace

CANDIDATES = 8192  # all of a small pool; of a large one a random sample, so that oddities cannot fill the order


def cover_order(
    space: FeatureSpace, is_open: NDArray[np.bool_], known: NDArray[np.int64], k: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Up to k of the open rows, (n,) bool, each as unlike the `known` ones and all those before it as can be.

    Farthest-first traversal (Gonzalez, 1985), from a random row where none is known: after any number of verdicts no
    row is farther from a judged one than twice the least distance possible. Rare kinds lie apart, so it also meets them
    early; docs/head.md compares it with random order and k-means++.
    """
    rows = np.flatnonzero(is_open)
    rows = np.sort(rng.choice(rows, min(len(rows), CANDIDATES), replace=False))
    known = known[space.is_usable[known]]
    unit, directions = space.unit_rows(rows), space.directions(rows)
    likeness = (unit @ space.directions(known).T).max(axis=1, initial=-1)  # to the nearest row known or chosen
    order = np.empty(min(k, len(rows)), np.int64)
    for i in range(len(order)):
        order[i] = likeness.argmin() if i or len(known) else rng.integers(len(rows))
        np.maximum(likeness, unit @ directions[order[i]], out=likeness)
        likeness[order[i]] = np.inf
    return rows[order]
