"""What teaches the head most: uncertain rows, no two alike."""

import numpy as np
from numpy.typing import NDArray

from winnow.learning.labels import Labels
from winnow.learning.space import FeatureSpace
from winnow.learning.strategies import top_rows


def teach_order(
    space: FeatureSpace,
    probability: NDArray[np.float32],
    is_open: NDArray[np.bool_],
    labels: Labels,
    priority: NDArray[np.float32],
    k: int,
) -> NDArray[np.int64]:
    """Up to k open rows (n,) bool, those first whose probability (n,) is nearest to a half."""
    return top_rows(0.5 - np.abs(probability - 0.5), priority, np.flatnonzero(is_open), k)
