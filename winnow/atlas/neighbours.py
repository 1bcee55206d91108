"""Each row's nearest rows: exact where the pool is small, by an index of the faiss library where it is large."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from winnow.atlas.clusters import Tell
from winnow.atlas.sphere import blocks, on_sphere
from winnow.learning.space import FeatureSpace

if TYPE_CHECKING:
    import faiss

NEIGHBOURS = 8  # of each row, kept in a table
TABLE_PROBES = 8  # lists looked at for each row of the table; docs/atlas.md: what is found
QUERY_PROBES = 32  # lists looked at for a question of the page
CANDIDATES = 4  # times as many rows as are asked for are compared exactly
TRAINED_ON = 40  # rows a list of the index
Table = tuple[NDArray[np.int32], NDArray[np.float32]]


def exact_table(space: FeatureSpace, rows: NDArray[np.int64], tell: Tell = lambda share: None) -> Table:
    """(n, 8) int32 rows and (n, 8) float32 likenesses, nearest first, of the rows (m,); −1 and NaN where there is none.

    Every pair of rows is compared.
    """
    import faiss

    points = on_sphere(space, rows)
    table = _empty_table(space.n)
    done = 0
    for block, queries in blocks(space, rows):
        likeness, found = faiss.knn(queries, points, min(NEIGHBOURS + 1, len(rows)), metric=faiss.METRIC_INNER_PRODUCT)
        _note(table, block, rows[found], likeness)
        done += len(block)
        tell(done / len(rows))
    return table


def build_index(
    space: FeatureSpace, rows: NDArray[np.int64], rng: np.random.Generator, tell: Tell = lambda share: None
) -> "faiss.Index":
    """An inverted file (Jégou et al., 2011) of the rows (m,), a byte a number; its ids are rows of the pool."""
    import faiss

    n_lists = n_lists_of(len(rows))
    sample = np.sort(rng.choice(rows, min(len(rows), TRAINED_ON * n_lists), replace=False))
    index = faiss.index_factory(space.d, f"IVF{n_lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.train(on_sphere(space, sample))
    done = 0
    for block, points in blocks(space, rows):
        index.add_with_ids(points, block)
        done += len(block)
        tell(done / len(rows))
    return index


def n_lists_of(n_rows: int) -> int:
    """How many lists the index of that many rows has: twice the square root, as a power of two."""
    return 1 << int(np.clip(np.round(np.log2(2 * np.sqrt(n_rows))), 4, 12))


def index_table(
    space: FeatureSpace, rows: NDArray[np.int64], index: "faiss.Index", tell: Tell = lambda share: None
) -> Table:
    """The table of `exact_table`, from the index's nearest lists; the likenesses are exact."""
    import faiss

    table = _empty_table(space.n)
    how = faiss.SearchParametersIVF(nprobe=TABLE_PROBES)  # type: ignore[call-arg]
    done = 0
    for block, points in blocks(space, rows, size=1024):
        _, found = index.search(points, NEIGHBOURS + 1, params=how)
        likeness = np.full(found.shape, np.nan, np.float32)
        for column in range(found.shape[1]):
            is_there = found[:, column] >= 0
            others = on_sphere(space, found[is_there, column])
            likeness[is_there, column] = np.einsum("ij,ij->i", points[is_there], others)
        _note(table, block, found, likeness)
        done += len(block)
        tell(done / len(rows))
    return table


def search(
    index: "faiss.Index", points: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Candidates (c,) for the k rows most like one of the points (m, d), among the allowed (n,) bool."""
    import faiss

    how = faiss.SearchParametersIVF(nprobe=QUERY_PROBES)  # type: ignore[call-arg]
    if allowed is not None:
        bits = np.packbits(allowed, bitorder="little")  # kept in a name: the selector does not copy it
        how.sel = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
    faiss.omp_set_num_threads(1)  # of this thread's searches: they take milliseconds, and others need the cores
    _, found = index.search(points, CANDIDATES * k, params=how)
    return np.unique(found[found >= 0])


def write_index(index: "faiss.Index", path: Path) -> None:
    import faiss

    faiss.write_index(index, str(path))


def read_index(path: Path) -> "faiss.Index":
    """The index with its lists left on disk; raises RuntimeError for a file that is none."""
    import faiss

    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)


def _empty_table(n: int) -> Table:
    return np.full((n, NEIGHBOURS), -1, np.int32), np.full((n, NEIGHBOURS), np.nan, np.float32)


def _note(table: Table, block: NDArray[np.int64], found: NDArray[np.int64], likeness: NDArray[np.float32]) -> None:
    """Writes what was found for a block into the table, without each row itself, nearest first."""
    found, likeness = found.astype(np.int32), np.where(found >= 0, likeness, np.nan).astype(np.float32)
    likeness[found == block[:, None]] = np.nan
    order = np.argsort(-likeness, axis=1, kind="stable")[:, :NEIGHBOURS]  # NaN last
    likeness = np.take_along_axis(likeness, order, axis=1)
    width = likeness.shape[1]
    table[0][block, :width] = np.where(np.isnan(likeness), -1, np.take_along_axis(found, order, axis=1))
    table[1][block, :width] = likeness
