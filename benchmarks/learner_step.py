"""The time from a new verdict to the next queue, beside the time of reading the feature matrix once.

    python benchmarks/learner_step.py                                 # 1 thousand, 100 thousand, 1 million x 384

Made-up clusters, one verdict a step after --labels others. BLAS keeps to one thread, as in the app; the scan's own
threads take all cores. Reading is summing the matrix's bytes as 64-bit integers, the best of five.
"""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.learning.space import FeatureSpace
from winnow.learning.step import Labels, next_snapshot

WIDTH = 384
CLUSTERS = 50
STEPS = 30
POOLS = ((1_000, "float32"), (10_000, "float32"), (100_000, "float32"), (1_000_000, "float32"), (1_000_000, "float16"))


def clustered(n: int, dtype: str, rng: np.random.Generator) -> tuple[NDArray[np.floating], NDArray[np.int8]]:
    """(n, WIDTH) vectors in CLUSTERS clusters; the first one is positive."""
    centres = 2 * rng.standard_normal((CLUSTERS, WIDTH), dtype=np.float32)
    clusters = rng.integers(0, CLUSTERS, n)
    vectors = np.empty((n, WIDTH), dtype)
    for start in range(0, n, 10_000):
        part = clusters[start : start + 10_000]
        vectors[start : start + 10_000] = centres[part] + rng.standard_normal((len(part), WIDTH), dtype=np.float32)
    return vectors, (clusters == 0).astype(np.int8)


def read_seconds(vectors: NDArray[np.floating], threads: int) -> float:
    words = np.array_split(vectors.reshape(-1).view(np.uint64), threads)
    seconds = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(5):
            started = time.perf_counter()
            list(pool.map(np.sum, words))
            seconds.append(time.perf_counter() - started)
    return min(seconds)


def measure(n: int, dtype: str, n_labels: int) -> None:
    rng = np.random.default_rng(0)
    vectors, truth = clustered(n, dtype, rng)
    started = time.perf_counter()
    space = FeatureSpace.build(vectors, np.ones(n, bool), rng)
    build = time.perf_counter() - started
    n_labels = min(n_labels, n // 2)
    rows = np.concatenate([np.flatnonzero(truth)[: n_labels // 10], rng.choice(n, n_labels + STEPS, replace=False)])
    rows = rows[np.sort(np.unique(rows, return_index=True)[1])]
    snapshot, seconds, nothing = None, [], np.empty(0, np.int64)
    for k in range(n_labels, n_labels + STEPS):
        labels = Labels(rows[:k], truth[rows[:k]], nothing, nothing)
        started = time.perf_counter()
        snapshot = next_snapshot(space, labels, "max_probability", previous=snapshot, rng=rng)
        seconds.append(time.perf_counter() - started)
    one, two = read_seconds(vectors, 1), read_seconds(vectors, 2)
    p50, p95 = np.percentile(seconds[1:], [50, 95])
    print(
        f"| {n:,} × {WIDTH} {dtype} | {n_labels} | {1000 * p50:.1f} | {1000 * p95:.1f} | {1000 * one:.1f} "
        f"| {1000 * two:.1f} | {p50 / one:.2f} | {seconds[0]:.2f} | {build:.2f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=300)
    parser.add_argument("--largest", type=int, default=1_000_000, help="leave out pools with more rows")
    options = parser.parse_args()
    print("| pool | labels | step p50, ms | p95, ms | reading, 1 thread, ms | 2 threads, ms", end="")
    print(" | p50 ÷ reading | first step, s | build, s |\n|---|---|---|---|---|---|---|---|---|")
    with threadpool_limits(1):
        for n, dtype in POOLS:
            if n <= options.largest:
                measure(n, dtype, options.labels)


if __name__ == "__main__":
    main()
