"""Which labels the head is fitted on, and by which kernel: a bounded part of them, the same whenever it is asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.learning.head import GAMMAS, Head, best_gamma, fit_head
from winnow.learning.labels import Labels
from winnow.learning.space import FeatureSpace

MAX_LANDMARKS = 300  # labels whose likeness to a row makes its decision
CHOOSE_EVERY = 10  # labels; how often the kernel is chosen anew
MAX_FITTED = 2000  # labels that the head is fitted on; all others are used for calibration
GOLDEN = 0.6180339887  # its multiples spread evenly over 0 … 1, as the pool's random ranks do


@dataclass(frozen=True)
class KernelChoice:
    """The kernel's width, and the rows (t,) with values (t,) it was chosen on: it follows from these alone."""

    rows: NDArray[np.int64]
    values: NDArray[np.int8]
    gamma: float


def choose_kernel(
    space: FeatureSpace,
    rows: NDArray[np.int64],
    values: NDArray[np.int8],
    rank: NDArray[np.float32],
    previous: KernelChoice | None,
) -> KernelChoice:
    """The choice that the first labels of every full ten lead to, whatever was chosen before."""
    n = len(rows) - len(rows) % CHOOSE_EVERY
    rows, values, rank = rows[:n], values[:n], rank[:n]
    if previous and np.array_equal(previous.rows, rows) and np.array_equal(previous.values, values):
        return previous
    if len(np.unique(values)) < 2:
        return KernelChoice(rows, values, GAMMAS[0])
    chosen, landmarks = _fitted(values, rank)
    return KernelChoice(rows, values, best_gamma(space, rows[chosen], values[chosen], landmarks))


def fit_labels(
    space: FeatureSpace, labels: Labels, usable: NDArray[np.int64], rank: NDArray[np.float32], gamma: float
) -> tuple[Head, NDArray[np.int64], NDArray[np.float32]]:
    """The head, which of the labels it was fitted on (f,), and these ones' left-out decisions (f,).

    Boxes drawn by hand stand before the pool's labels, as if they were older, and are chosen among as those are.
    """
    outside, e = labels.outside, len(labels.outside)
    rows = np.concatenate([outside, labels.rows[usable]])
    values = np.concatenate([np.ones(e, np.int8), labels.values[usable]])
    outside_rank = (outside * GOLDEN % 1).astype(np.float32)
    chosen, landmarks = _fitted(values, np.concatenate([outside_rank, rank]))
    head, left_out = fit_head(space, rows[chosen], values[chosen], landmarks, gamma)
    is_of_pool = chosen >= e
    return head, usable[chosen[is_of_pool] - e], left_out[is_of_pool]


def _fitted(values: NDArray[np.int8], rank: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the labels to fit on (the newest, a fixed random part of the others) and the landmarks of these."""
    is_new = np.arange(len(rank)) >= len(rank) - MAX_FITTED // 2
    chosen = _choose(values, rank + is_new, MAX_FITTED)
    return chosen, _choose(values[chosen], rank[chosen], MAX_LANDMARKS)


def _choose(values: NDArray[np.int8], rank: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Positions, ascending, of at most k labels, the highest ranks of each class; the rarer class gets up to half."""
    rare, common = sorted((np.flatnonzero(values == value) for value in (0, 1)), key=len)
    n_rare = max(min(len(rare), k // 2), k - len(common))
    chosen = [of_class[np.argsort(-rank[of_class], kind="stable")] for of_class in (rare, common)]
    return np.sort(np.concatenate([chosen[0][:n_rare], chosen[1][: k - min(n_rare, len(rare))]]))
