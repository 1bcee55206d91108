"""Replay: the learner run against known truth, one verdict at a time, through the same step as the app."""

import numpy as np
from numpy.typing import NDArray

from winnow.learning.attributes import Attributes
from winnow.learning.space import FeatureSpace
from winnow.learning.step import Labels, Snapshot, next_snapshot


def replay(
    space: FeatureSpace,
    truth: NDArray[np.int8],
    *,
    strategy: str,
    budget: int,
    seed: int,
    positives: int | None = None,
    attributes: Attributes | None = None,
    patience: float = 0.0,
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """The rows (k,) in the order in which they were shown and their labels (k,), at most `budget` of them.

    truth (n,) int8, 0 or 1. Stops early once `positives` of them were found. The same seed gives the same order.
    With patience the next step is taken only after so large a share of the verdicts there are, which saves time.
    """
    rng = np.random.default_rng(seed)
    nothing = np.empty(0, np.int64)
    rows: list[int] = []
    snapshot: Snapshot | None = None
    while len(rows) < budget and (positives is None or truth[rows].sum() < positives):
        shown = np.array(rows, dtype=np.int64)
        labels = Labels(shown, truth[shown].astype(np.int8), nothing, nothing)
        snapshot = next_snapshot(space, labels, strategy, previous=snapshot, rng=rng, attributes=attributes)
        if len(snapshot.queue) == 0:
            break
        rows += snapshot.queue[: max(1, int(patience * len(rows)))].tolist()
    order = np.array(rows, dtype=np.int64)
    return order, truth[order].astype(np.int8)
