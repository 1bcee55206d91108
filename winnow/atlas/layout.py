"""A map of the pool: t-SNE of a sample, every other row placed among its nearest sampled ones."""

import numpy as np
from numpy.typing import NDArray

from winnow.atlas.clusters import Tell
from winnow.atlas.sphere import blocks, on_sphere
from winnow.learning.space import FeatureSpace

SAMPLE_ROWS = 20_000
PERPLEXITY = 30
EARLY, LATE = 250, 500  # iterations, as openTSNE's own
PLACED_BY = 5  # nearest sampled rows
PROBES = 4
SHARPNESS = 20  # a neighbour that is 0.1 more alike counts e² times as much: what lies between two groups goes to one


def make_layout(
    space: FeatureSpace, rows: NDArray[np.int64], rng: np.random.Generator, tell: Tell = lambda share: None
) -> NDArray[np.float32]:
    """(n, 2) float32 in [−1, 1], NaN for rows that are not among the shown (m,).

    openTSNE (Poličar et al., 2024; t-SNE: van der Maaten and Hinton, 2008) lays out up to 20,000 of them.
    """
    layout = np.full((space.n, 2), np.nan, np.float32)
    if len(rows) == 0:
        return layout
    sample = np.sort(rng.choice(rows, min(len(rows), SAMPLE_ROWS), replace=False))
    points = on_sphere(space, sample)
    layout[sample] = _embed(points, int(rng.integers(2**31 - 1)), tell)
    others = np.setdiff1d(rows, sample, assume_unique=True)
    if len(others):
        _place(layout, space, others, sample, points, tell)
    return layout


def _embed(points: NDArray[np.float32], seed: int, tell: Tell) -> NDArray[np.float32]:
    """(m, 2) in [−1, 1]."""
    if len(points) <= 3 * 2:  # too few to have neighbourhoods: around a circle
        angle = 2 * np.pi * np.arange(len(points)) / len(points)
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    import faiss
    from openTSNE import TSNEEmbedding, affinity, initialization, nearest_neighbors

    perplexity = min(PERPLEXITY, (len(points) - 1) // 3)
    likeness, found = faiss.knn(points, points, 3 * perplexity + 1, metric=faiss.METRIC_INNER_PRODUCT)
    distances = np.sqrt(np.maximum(2 - 2 * likeness, 0))
    found, distances = _without_itself(found, distances)
    neighbours = nearest_neighbors.PrecomputedNeighbors(found, distances)
    affinities = affinity.PerplexityBasedNN(perplexity=perplexity, knn_index=neighbours, n_jobs=1)
    start = initialization.pca(points.astype(np.float64), random_state=seed)
    embedding = TSNEEmbedding(start, affinities, n_jobs=1, random_state=seed)
    share_of_embedding = 0.7

    def told(done: int) -> None:
        tell(share_of_embedding * done / (EARLY + LATE))

    for first, n_iterations, exaggeration, momentum in ((0, EARLY, 12, 0.5), (EARLY, LATE, 1, 0.8)):
        embedding.optimize(
            n_iterations,
            exaggeration=exaggeration,
            momentum=momentum,
            inplace=True,
            callbacks=lambda i, error, y, first=first: told(first + i),
            callbacks_every_iters=25,
        )
    return _in_square(np.asarray(embedding))


def _without_itself(
    found: NDArray[np.int64], distances: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The same neighbours less each row itself, or less the last one where a twin took its own place."""
    is_itself = found == np.arange(len(found))[:, None]
    is_itself[~is_itself.any(axis=1), -1] = True
    keep = ~is_itself
    shape = (len(found), found.shape[1] - 1)
    return found[keep].reshape(shape), distances[keep].reshape(shape)


def _in_square(xy: NDArray[np.floating]) -> NDArray[np.float32]:
    """Centred and scaled by one factor so that the farthest coordinate is ±1."""
    xy = xy - (xy.min(axis=0) + xy.max(axis=0)) / 2
    return (xy / max(float(np.abs(xy).max()), 1e-12)).astype(np.float32)


def _place(
    layout: NDArray[np.float32],
    space: FeatureSpace,
    others: NDArray[np.int64],
    sample: NDArray[np.int64],
    points: NDArray[np.float32],
    tell: Tell,
) -> None:
    """Writes the others' places into the layout: the mean of their nearest sampled rows, the more alike the heavier."""
    import faiss

    index = faiss.index_factory(space.d, f"IVF{max(1, len(sample) // 100)},Flat", faiss.METRIC_INNER_PRODUCT)
    index.train(points)
    index.add(points)
    how = faiss.SearchParametersIVF(nprobe=PROBES)  # type: ignore[call-arg]
    done = 0
    for block, queries in blocks(space, others):
        likeness, found = index.search(queries, PLACED_BY, params=how)
        weight = np.where(found >= 0, np.exp(SHARPNESS * (likeness - likeness[:, :1])), 0)
        near = layout[sample[np.maximum(found, 0)]]
        layout[block] = (near * weight[..., None]).sum(axis=1) / weight.sum(axis=1, keepdims=True)
        done += len(block)
        tell(0.7 + 0.3 * done / len(others))
