"""What an atlas costs to make, and what its index finds, at several sizes of a pool.

    python benchmarks/atlas_build.py --rows 10000 100000 1000000

Vectors of 384 numbers lie near 24-dimensional sheets in 200 clusters, and one row in a hundred is nearly the same as
another. Times are of the making process: its processor time, which other work on the machine does not change much, and
the clock's. Memory is what was its own at the most, the matrix's pages left out. "found": share of the true 8 nearest
rows that the table has, over 500 rows; "twins": share of the near-duplicates that are among its pairs; "asked": share
of the true 24 nearest that `Atlas.nearest` answers, and its time in milliseconds.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.atlas import Atlas
from winnow.learning.space import FeatureSpace

WIDTH, LATENT, N_CLUSTERS = 384, 24, 200
ASKED, LIKE = 500, 24
TWIN_EVERY, TWIN_NOISE, THRESHOLD = 100, 0.02, 0.95


def write_vectors(path: Path, n: int) -> NDArray[np.int64]:
    """(n, 384) float16 on disk; every hundredth row is nearly the row before it: answers those rows."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((N_CLUSTERS, WIDTH), np.float32)
    sheets = rng.standard_normal((N_CLUSTERS, LATENT, WIDTH), np.float32) / np.sqrt(LATENT)
    matrix = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(n, WIDTH))
    for start in range(0, n, 10_000):
        cluster = rng.integers(0, N_CLUSTERS, min(10_000, n - start))
        block = centres[cluster] + 0.1 * rng.standard_normal((len(cluster), WIDTH), np.float32)
        for number in range(N_CLUSTERS):
            rows = cluster == number
            block[rows] += rng.standard_normal((int(rows.sum()), LATENT), np.float32) @ sheets[number]
        twins = np.arange(1, len(block), TWIN_EVERY)
        block[twins] = block[twins - 1] + TWIN_NOISE * rng.standard_normal((len(twins), WIDTH), np.float32)
        matrix[start : start + len(block)] = block
    matrix.flush()
    starts = np.arange(0, n, 10_000)[:, None] + np.arange(1, 10_000, TWIN_EVERY)
    return starts[starts < n]


class Watch:
    """Follows a making process: time of the clock, processor time and memory of its own, until it has ended."""

    def __init__(self, atlas: Atlas) -> None:
        self.peak_mb, self.seconds, self.stages = 0.0, 0.0, list[str]()
        self._atlas, self._began, self._ended = atlas, time.perf_counter(), threading.Event()
        atlas.on_change = self._note

    def wait(self) -> None:
        assert self._atlas._process
        while not self._ended.wait(0.1):
            self._read(self._atlas._process.pid)

    def _note(self) -> None:
        assert self._atlas._process
        self._read(self._atlas._process.pid)
        there = {"clusters": self._atlas.clusters, "neighbours": self._atlas.neighbour_rows, "map": self._atlas.layout}
        clock = time.perf_counter() - self._began
        for stage, what in there.items():
            if what is not None and not any(told.startswith(stage) for told in self.stages):
                self.stages.append(f"{stage} {self.seconds:.0f} s ({clock:.0f} s)")
        if self._atlas.state != "building":
            self._ended.set()

    def _read(self, pid: int) -> None:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            status = Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return  # it has ended
        self.seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        own = [int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")]
        self.peak_mb = max(self.peak_mb, *(kb / 1024 for kb in own), 0.0)


def exact_nearest(space: FeatureSpace, rows: NDArray[np.int64], k: int) -> Iterator[NDArray[np.int64]]:
    for row in rows:
        likeness = space.scan(space.directions(np.array([row])), lambda cosines: cosines[:, 0])
        likeness[row] = -np.inf
        yield np.argsort(-likeness)[:k]


def measure(folder: Path, n: int) -> str:
    twins = write_vectors(folder / "features.npy", n)
    vectors = np.load(folder / "features.npy", mmap_mode="r")
    space = FeatureSpace.build(vectors, np.ones(n, bool), np.random.default_rng(0))
    atlas = Atlas(folder / "atlas", folder / "features.npy", space, np.ones(n, bool))
    watch = Watch(atlas)
    atlas.start()
    watch.wait()
    assert atlas.state == "ready", atlas.problem
    asked = np.random.default_rng(1).choice(n, ASKED, replace=False)
    found, answered, times = [], [], []
    assert atlas.neighbour_rows is not None
    for row, true in zip(asked.tolist(), exact_nearest(space, asked, LIKE), strict=True):
        found.append(len(set(true[:8].tolist()) & set(atlas.neighbour_rows[row].tolist())) / 8)
        began = time.perf_counter()
        rows, _ = atlas.nearest(row, LIKE)
        times.append(1000 * (time.perf_counter() - began))
        answered.append(len(set(true[:LIKE].tolist()) & set(rows.tolist())) / LIKE)
    pairs = atlas.near_duplicates(THRESHOLD)
    assert pairs is not None
    is_found = [twin - 1 in pairs.of(np.array([twin])) for twin in twins]
    size_mb = sum(path.stat().st_size for path in (folder / "atlas").rglob("*") if path.is_file()) / 1e6
    p50, p95 = np.percentile(times, [50, 95])
    cells = (
        f"{n:,}",
        ", ".join(watch.stages),
        f"{watch.peak_mb:.0f} MB",
        f"{size_mb:.0f} MB",
        f"{np.mean(found):.3f}",
        f"{np.mean(is_found):.3f}",
        f"{np.mean(answered):.3f}, {p50:.1f} / {p95:.1f}",
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    threadpool_limits(1, "blas")
    print("| rows | processor time (clock) to | own memory | on disk | found | twins | asked, p50 / p95 ms |")
    print("|---|---|---|---|---|---|---|")
    for n in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(Path(folder), n), flush=True)


if __name__ == "__main__":
    main()
