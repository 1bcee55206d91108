"""What teaches the head most: rows it is least sure of, nothing like the one before."""

import numpy as np
from numpy.typing import NDArray

from winnow.learning.labels import Labels
from winnow.learning.space import FeatureSpace
from winnow.learning.strategies import top_rows

ALIKE = 0.9  # cosine in the feature space, from which on the label of one row tells that of another
LOOK_AHEAD = 64  # first rows of the order that are kept apart; the order is made anew long before they are shown


def teach_order(
    space: FeatureSpace,
    probability: NDArray[np.float32],
    is_open: NDArray[np.bool_],
    labels: Labels,
    priority: NDArray[np.float32],
    k: int,
) -> NDArray[np.int64]:
    """Up to k open rows (n,) bool, those first whose probability (n,) is nearest to a half, no two alike in a row.

    Uncertainty sampling (Lewis & Gale, 1994); docs/head.md compares it with other orders. A row much like the one
    judged or shown just before it waits until something else has come, since the page is a few rows ahead of the head.
    """
    rows = top_rows(0.5 - np.abs(probability - 0.5), priority, np.flatnonzero(is_open), k)
    first = np.concatenate([labels.rows[-1:], rows[:LOOK_AHEAD]])
    likeness = space.unit_rows(first) @ space.directions(first).T
    apart = _apart(likeness >= ALIKE, len(first) - len(rows[:LOOK_AHEAD]))
    return np.concatenate([first[apart], rows[LOOK_AHEAD:]])


def _apart(is_alike: NDArray[np.bool_], n_before: int) -> list[int]:
    """Places in their order from n_before on, each the first that is unlike the one before it; is_alike (m, m)."""
    waiting = list(range(n_before, len(is_alike)))
    order: list[int] = []
    current = n_before - 1 if n_before else None
    while waiting:
        current = next((place for place in waiting if current is None or not is_alike[current, place]), waiting[0])
        waiting.remove(current)
        order.append(current)
    return order
