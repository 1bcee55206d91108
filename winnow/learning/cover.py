"""Before both classes are known: an order of rows that covers the pool."""

import numpy as np
from numpy.typing import NDArray

from winnow.learning.space import FeatureSpace

CANDIDATES = 8192  # all of a small pool; of a large one a random sample, so that oddities cannot fill the order
GAMMA = 6.0  # of the kernel that says how much of one row another one tells
CROWD_POWER = 0.25
CROWD_SAMPLE = 4096  # candidates that tell how crowded the place of each one is: too few, and small kinds are missed
BLOCK = 512
UNSEEN = 1e-3  # far from all that was seen is far enough


def cover_order(
    space: FeatureSpace, is_open: NDArray[np.bool_], known: NDArray[np.int64], k: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Up to k of the open rows, (n,) bool, each where least was seen for how many rows there are.

    Seen counts the `known` rows and those before in the order, by a kernel; how many there are counts by its fourth
    root, so that a row like no other waits for kinds with members, and a large kind is not gone through first. Kernel
    herding (Chen, Welling & Smola, 2010) takes the difference of the two. Rare kinds lie apart, so they are met early;
    docs/head.md compares it with random order and with farthest-first traversal. The first row of all is random.
    """
    rows = np.flatnonzero(is_open)
    rows = np.sort(rng.choice(rows, min(len(rows), CANDIDATES), replace=False))
    known = known[space.is_usable[known]]
    unit, directions = space.unit_rows(rows), space.directions(rows)
    seen = _kernel(unit, space.directions(known)).sum(axis=1) + np.float32(UNSEEN)
    worth = _crowd(unit, directions, rng) ** CROWD_POWER
    order = np.empty(min(k, len(rows)), np.int64)
    for i in range(len(order)):
        order[i] = (worth / seen).argmax() if i or len(known) else rng.integers(len(rows))
        seen += _kernel(unit, directions[order[i]])
        worth[order[i]] = 0  # never again
    return rows[order]


def _kernel(unit: NDArray[np.float32], directions: NDArray[np.float32]) -> NDArray[np.float32]:
    likeness: NDArray[np.float32] = unit @ directions.T
    return np.exp(2 * np.float32(GAMMA) * (likeness - 1))


def _crowd(unit: NDArray[np.float32], directions: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """(m,) how many rows there are where each one is, itself among them, by a random sample."""
    sample = rng.choice(len(unit), min(len(unit), CROWD_SAMPLE), replace=False)
    others = np.zeros(len(unit), np.float32)
    for part in np.array_split(sample, max(1, len(sample) // BLOCK)):
        kernel = _kernel(unit, directions[part])
        kernel[part, np.arange(len(part))] = 0  # itself: counted once, whether drawn or not
        others += kernel.sum(axis=1)
    return 1 + others * np.float32(len(unit) / max(1, len(sample)))
