"""Orders to begin with, while nothing positive is known."""

import numpy as np
from numpy.typing import NDArray

from winnow.atlas.clusters import Clusters
from winnow.learning.space import FeatureSpace


def unusual_order(neighbour_likeness: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Up to k rows, the least like their nearest neighbours first (Ramaswamy et al., 2000, with the mean distance).

    neighbour_likeness (n, 8) float32; rows that are all NaN are not shown.
    """
    is_known = np.isfinite(neighbour_likeness)
    count = is_known.sum(axis=1)
    rows = np.flatnonzero(count)
    mean = np.where(is_known, neighbour_likeness, 0).sum(axis=1)[rows] / count[rows]
    order: NDArray[np.int64] = rows[np.argsort(mean, kind="stable")[:k]]
    return order


def tour_order(clusters: Clusters, k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Up to k rows, round after round one of each cluster, the largest first; the first round is the representatives.

    Within its cluster a row's place is drawn by rng.
    """
    rows = np.flatnonzero(clusters.labels >= 0)
    luck = rng.random(len(rows))
    luck[np.isin(rows, clusters.representatives)] = -1
    of_cluster = clusters.labels[rows]
    order = np.lexsort((luck, of_cluster))
    starts = np.cumsum(clusters.sizes) - clusters.sizes
    turn = np.arange(len(rows)) - starts[of_cluster[order]]
    chosen: NDArray[np.int64] = rows[order[np.lexsort((of_cluster[order], turn))]][:k]
    return chosen


def example_order(
    space: FeatureSpace, directions: NDArray[np.float32], allowed: NDArray[np.bool_], k: int
) -> NDArray[np.int64]:
    """Up to k of the allowed (n,) bool rows, the most like any of the examples' directions (e, d) first."""
    likeness = space.scan(directions, lambda cosines: cosines.max(axis=1))
    return best_rows(likeness, allowed, k)


def best_rows(likeness: NDArray[np.float32], allowed: NDArray[np.bool_], k: int) -> NDArray[np.int64]:
    """Up to k of the allowed (n,) bool rows, by falling likeness (n,); rows with NaN are left out."""
    rows = np.flatnonzero(allowed & np.isfinite(likeness))
    if len(rows) > k:
        rows = rows[np.argpartition(-likeness[rows], k - 1)[:k]] if k else rows[:0]
    best: NDArray[np.int64] = rows[np.lexsort((rows, -likeness[rows]))]
    return best


def cluster_coverage(clusters: Clusters, judged: NDArray[np.int64]) -> tuple[int, int, float]:
    """Clusters with a judged row, all clusters, and the share of the shown rows that lie in the former."""
    seen = np.unique(clusters.labels[judged])
    seen = seen[seen >= 0]
    total = int(clusters.sizes.sum())
    return len(seen), clusters.n_clusters, float(clusters.sizes[seen].sum() / total) if total else 0.0
