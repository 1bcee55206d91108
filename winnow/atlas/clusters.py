"""Clusters of the pool: k-means on the sphere of likeness."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.atlas.sphere import blocks, on_sphere
from winnow.learning.space import FeatureSpace

SAMPLE_ROWS = 20_000  # rows that the centres are fitted to
FEWEST, MOST = 30, 100  # clusters; the square root of the pool's size between these
ROWS_EACH = 5  # a small pool has fewer clusters than FEWEST: this many rows a cluster at least

Tell = Callable[[float], None]  # takes the share that is done


@dataclass(frozen=True)
class Clusters:
    """labels (n,) int16, −1 for rows that are not shown; representatives (c,) int64, the row nearest to each centre.

    Cluster 0 is the largest; sizes (c,) int64 fall.
    """

    labels: NDArray[np.int16]
    representatives: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def n_clusters(self) -> int:
        return len(self.representatives)


def n_clusters_of(n_rows: int) -> int:
    """How many clusters a pool of that many shown rows gets."""
    return max(1, min(max(round(math.sqrt(n_rows)), FEWEST), MOST, n_rows // ROWS_EACH))


def make_clusters(
    space: FeatureSpace, rows: NDArray[np.int64], rng: np.random.Generator, tell: Tell = lambda share: None
) -> Clusters:
    """Clusters of the rows (m,) that are shown, by mini-batch k-means (Sculley, 2010) fitted to a sample of them."""
    labels = np.full(space.n, -1, np.int16)
    if len(rows) == 0:
        return Clusters(labels, np.empty(0, np.int64), np.empty(0, np.int64))
    centres = _centres(space, rows, rng)
    nearness = np.full(len(centres), -np.inf, np.float32)
    representatives = np.full(len(centres), -1, np.int64)
    done = 0
    for block, points in blocks(space, rows):
        likeness = points @ centres.T
        nearest = (likeness - np.square(centres).sum(axis=1) / 2).argmax(axis=1)
        labels[block] = nearest
        own = np.where(nearest[:, None] == np.arange(len(centres)), likeness, -np.inf)
        best = own.argmax(axis=0)
        is_nearer = own[best, np.arange(len(centres))] > nearness
        nearness[is_nearer] = own[best, np.arange(len(centres))][is_nearer]
        representatives[is_nearer] = block[best[is_nearer]]
        done += len(block)
        tell(done / len(rows))
    return _largest_first(labels, representatives)


def _centres(space: FeatureSpace, rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    sample = np.sort(rng.choice(rows, min(len(rows), SAMPLE_ROWS), replace=False))
    model = MiniBatchKMeans(
        n_clusters_of(len(rows)), n_init=3, batch_size=4096, random_state=int(rng.integers(2**31 - 1))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than clusters: some stay empty
        model.fit(on_sphere(space, sample))
    centres: NDArray[np.float32] = model.cluster_centers_.astype(np.float32)
    return centres


def _largest_first(labels: NDArray[np.int16], representatives: NDArray[np.int64]) -> Clusters:
    """Clusters numbered by falling size, the empty ones left out."""
    sizes = np.bincount(labels[labels >= 0], minlength=len(representatives))
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    number = np.full(len(sizes) + 1, -1, np.int16)  # the last one stands for −1
    number[order] = np.arange(len(order))
    return Clusters(number[labels], representatives[order], sizes[order].astype(np.int64))
