"""Before both classes are known: an order of rows that covers the pool."""

import numpy as np
from numpy.typing import NDArray

from winnow.learning.space import FeatureSpace

CROWD_SAMPLE = 1000  # candidates that tell how crowded the place of each one is
CROWD_GAMMA = 8.0  # of the kernel that counts them; narrow: a kind's own crowd, not half of the pool
CROWD_POWER = 0.25
CANDIDATES = 8192  # all of a small pool; of a large one a random sample, so that oddities cannot fill the order


def cover_order(
    space: FeatureSpace, is_open: NDArray[np.bool_], known: NDArray[np.int64], k: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Up to k of the open rows, (n,) bool, each as unlike the `known` ones and all those before it as can be.

    Farthest-first traversal (Gonzalez, 1985), from a random row where none is known: rare kinds lie apart, so it meets
    them early. The squared distances are taken times the fourth root of how many rows there are around each, since a
    row like no other is not worth a kind with members. docs/head.md compares it with the plain traversal, random order
    and k-means++.
    """
    rows = np.flatnonzero(is_open)
    rows = np.sort(rng.choice(rows, min(len(rows), CANDIDATES), replace=False))
    known = known[space.is_usable[known]]
    unit, directions = space.unit_rows(rows), space.directions(rows)
    likeness = (unit @ space.directions(known).T).max(axis=1, initial=-1)  # to the nearest row known or chosen
    crowd = _crowd(unit, directions, rng) ** CROWD_POWER
    order = np.empty(min(k, len(rows)), np.int64)
    for i in range(len(order)):
        order[i] = ((1 - likeness) * crowd).argmax() if i or len(known) else rng.integers(len(rows))
        np.maximum(likeness, unit @ directions[order[i]], out=likeness)
        likeness[order[i]] = np.inf  # never again
    return rows[order]


def _crowd(unit: NDArray[np.float32], directions: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """(m,) how many rows there are where each one is, itself among them, by a kernel and a random sample."""
    sample = rng.choice(len(unit), min(len(unit), CROWD_SAMPLE), replace=False)
    likeness = unit @ directions[sample].T
    likeness[sample, np.arange(len(sample))] = -np.inf  # itself: counted once, whether drawn or not
    others = np.exp(2 * CROWD_GAMMA * (likeness - 1)).sum(axis=1)
    return 1 + others * np.float32(len(unit) / max(1, len(sample)))
