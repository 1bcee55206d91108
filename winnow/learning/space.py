"""The feature space: the pool's vectors, centred and brought to unit length without ever copying the matrix."""

import contextlib
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_ROWS = 20_000  # rows that mean and covariance are estimated from
BLOCK_ROWS = 1024  # 1.5 MB of 384 float32 columns: a block stays in the processor's cache between two passes
CACHE_VERSION = 1


@dataclass(frozen=True)
class FeatureSpace:
    """Row i is z_i = (vectors[i] - mean) * inverse_norm[i], of unit length; the matrix itself stays where it is.

    vectors (n, d) float16 or float32; mean (d,) float32; inverse_norm (n,) float32, 0 where a row equals the mean, NaN
    where a row is not finite; is_usable (n,) bool: valid and finite rows; variances (d,) float64 descending and
    basis (d, d) float64 (columns): eigenvalues and eigenvectors of the second moment of z.
    """

    vectors: NDArray[np.floating]
    mean: NDArray[np.float32]
    inverse_norm: NDArray[np.float32]
    is_usable: NDArray[np.bool_]
    variances: NDArray[np.float64]
    basis: NDArray[np.float64]
    workers: ThreadPoolExecutor = field(repr=False, compare=False)

    @property
    def n(self) -> int:
        return self.vectors.shape[0]

    @property
    def d(self) -> int:
        return self.vectors.shape[1]

    @classmethod
    def build(
        cls,
        vectors: NDArray[np.floating],
        is_valid: NDArray[np.bool_],
        rng: np.random.Generator,
        *,
        cache: Path | None = None,
    ) -> "FeatureSpace":
        """Measures the pool once; with `cache` the figures of a memory-mapped matrix are kept there between runs."""
        own_rng = rng.spawn(1)[0]  # so that later draws are the same whether or not the cache is hit
        figures = _read_cache(cache, vectors) if cache else None
        workers = ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="scan")
        if figures is None:
            figures = _measure(vectors, own_rng, workers)
            if cache:
                _write_cache(cache, vectors, figures)
        is_usable = np.asarray(is_valid, dtype=bool) & np.isfinite(figures["inverse_norm"])
        return cls(vectors=vectors, is_usable=is_usable, workers=workers, **figures)

    def unit_rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The rows' z, (k, d) float32; NaN for rows without finite features."""
        with np.errstate(invalid="ignore", over="ignore"):
            centred = self.vectors[rows].astype(np.float32, copy=False) - self.mean
            centred *= self.inverse_norm[rows, None]
        return centred

    def project(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """z @ weights of every row, (n,) float32, in one pass over the matrix; NaN where features are not finite."""
        out = np.empty(self.n, np.float32)
        offset = np.float32(self.mean @ weights)

        def scan(start: int, stop: int) -> None:
            with np.errstate(invalid="ignore", over="ignore"):
                np.dot(_as_float32(self.vectors[start:stop]), weights, out=out[start:stop])
                out[start:stop] -= offset
                out[start:stop] *= self.inverse_norm[start:stop]

        _over_blocks(self.n, BLOCK_ROWS, scan, self.workers)
        return out


def _as_float32(block: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.ascontiguousarray(block, dtype=np.float32)


def _over_blocks(n: int, size: int, work: Callable[[int, int], None], workers: ThreadPoolExecutor) -> None:
    """Calls work(start, stop) on consecutive blocks, each worker on its own stretch of the rows."""
    n_spans = min(os.cpu_count() or 1, -(-n // size)) if n else 0

    def span(number: int) -> None:
        first, last = n * number // n_spans, n * (number + 1) // n_spans
        for start in range(first, last, size):
            work(start, min(start + size, last))

    if n_spans <= 1:
        for number in range(n_spans):
            span(number)
        return
    for done in [workers.submit(span, number) for number in range(n_spans)]:
        done.result()


def _measure(
    vectors: NDArray[np.floating], rng: np.random.Generator, workers: ThreadPoolExecutor
) -> dict[str, NDArray]:
    n, d = vectors.shape
    rows = np.sort(rng.choice(n, min(n, SAMPLE_ROWS), replace=False))
    sample = vectors[rows].astype(np.float32)
    sample = sample[np.isfinite(sample).all(axis=1)]
    mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32) if len(sample) else np.zeros(d, np.float32)
    inverse_norm = np.empty(n, np.float32)

    def measure(start: int, stop: int) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            centred = _as_float32(vectors[start:stop]) - mean
            inverse_norm[start:stop] = _inverse(np.einsum("ij,ij->i", centred, centred))

    _over_blocks(n, BLOCK_ROWS, measure, workers)
    centred = sample - mean
    unit = (centred * _inverse(np.einsum("ij,ij->i", centred, centred))[:, None]).astype(np.float64)
    variances, basis = np.linalg.eigh(unit.T @ unit / max(len(unit), 1))
    return {
        "mean": mean,
        "inverse_norm": inverse_norm,
        "variances": np.maximum(variances[::-1], 0),
        "basis": np.ascontiguousarray(basis[:, ::-1]),
    }


def _inverse(squared_norm: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 / sqrt, 0 for zero, NaN for what is not finite."""
    inverse = np.empty_like(squared_norm)
    with np.errstate(divide="ignore"):
        np.divide(1, np.sqrt(squared_norm), out=inverse)
    inverse[squared_norm == 0] = 0
    inverse[~np.isfinite(squared_norm)] = np.nan
    return inverse


def _key(vectors: NDArray[np.floating]) -> str | None:
    """What tells this matrix's file from another or a later one; None for a matrix that is not a file."""
    filename = getattr(vectors, "filename", None)
    if filename is None:
        return None
    stat = os.stat(filename)
    return f"{CACHE_VERSION} {stat.st_size} {stat.st_mtime_ns} {vectors.shape} {vectors.dtype}"


def _read_cache(path: Path, vectors: NDArray[np.floating]) -> dict[str, NDArray] | None:
    key = _key(vectors)
    if key is None:
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["key"]) == key:
                return {name: stored[name] for name in ("mean", "inverse_norm", "variances", "basis")}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None  # missing, damaged or of an older format: measured anew and replaced
    return None


def _write_cache(path: Path, vectors: NDArray[np.floating], figures: dict[str, NDArray]) -> None:
    key = _key(vectors)
    if key is None:
        return
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    # A read-only folder costs the next start half a second, no more.
    with contextlib.suppress(OSError):
        with open(unfinished, "wb") as file:
            np.savez(file, key=np.array(key), **figures)  # type: ignore[arg-type]
        os.replace(unfinished, path)
