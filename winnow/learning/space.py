"""The feature space: how alike two rows of the pool are, measured without ever copying the matrix."""

import contextlib
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.learning.background import give_way

SAMPLE_ROWS = 20_000  # rows that mean and covariance are estimated from
BLOCK_ROWS = 4096  # smaller ones spend the time handing the interpreter over; measured from 256 to 65,536
AXES = 64  # principal axes that are evened out one by one; all further ones share one variance
EVENNESS = 0.5  # 0 leaves the variances of the axes as they are, 1 makes them equal; docs/head.md compares
CACHE_VERSION = 1
FIGURES = ("mean", "axes", "gain", "inverse_norm")

Fold = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class FeatureSpace:
    """The pool's vectors, centred, half whitened and brought to unit length.

    With y = x - mean, the likeness of two rows is the cosine (y_a M y_b) / (|y_a| |y_b|), |y|^2 = y M y, where
    M = I + axes diag(gain) axes^T shrinks the pool's principal axes to (their variance) ** (1 - EVENNESS).

    vectors (n, d) float16 or float32; mean (d,), axes (d, r) and gain (r,) in [-1, 0], all float32; inverse_norm (n,)
    float32 is 1 / |y|, 0 where a row equals the mean, NaN where a row is not finite; is_usable (n,) bool: valid and
    finite rows. outside (e, d) float32 holds y / |y| of examples that are no rows of the pool: where the methods take
    rows, n + i stands for the i-th of them.
    """

    vectors: NDArray[np.floating]
    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    gain: NDArray[np.float32]
    inverse_norm: NDArray[np.float32]
    is_usable: NDArray[np.bool_]
    workers: ThreadPoolExecutor = field(repr=False, compare=False)
    outside: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))

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
        workers = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="scan", initializer=give_way)
        if figures is None:
            figures = _measure(vectors, own_rng, workers)
            if cache:
                _write_cache(cache, vectors, figures)
        is_usable = np.asarray(is_valid, dtype=bool) & np.isfinite(figures["inverse_norm"])
        return cls(vectors=vectors, is_usable=is_usable, workers=workers, **figures)

    def unit_rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(k, d) float32 y / |y|; NaN for rows without finite features."""
        if len(self.outside) and (is_outside := rows >= self.n).any():
            unit = np.empty((len(rows), self.d), np.float32)
            unit[~is_outside], unit[is_outside] = (
                self.unit_rows(rows[~is_outside]),
                self.outside[rows[is_outside] - self.n],
            )
            return unit
        with np.errstate(invalid="ignore", over="ignore"):
            return np.multiply(self.vectors[rows] - self.mean, self.inverse_norm[rows, None], dtype=np.float32)

    def with_outside(self, vectors: NDArray[np.floating]) -> "FeatureSpace":
        """The same space with vectors (k, d), all finite, as further examples after those it has."""
        centred = vectors.astype(np.float32) - self.mean
        unit = centred * _inverse_root(_squared(centred, self.axes, self.gain))[:, None]
        return replace(self, outside=np.concatenate([self.outside.reshape(-1, self.d), unit]))

    def directions(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(k, d) float32 M y / |y|: the dot product of this and another row's y / |y| is their cosine."""
        unit = self.unit_rows(rows)
        along: NDArray[np.float32] = unit @ self.axes * self.gain
        return unit + along @ self.axes.T

    def cosines(self, rows: NDArray[np.int64], directions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(k, m) float32 cosines of `rows` with (m, d) `directions`; NaN for rows without finite features."""
        with np.errstate(invalid="ignore", over="ignore"):
            return self.unit_rows(rows) @ directions.T

    def scan(self, directions: NDArray[np.float32], fold: Fold) -> NDArray[np.float32]:
        """fold(cosines (b, m)) -> (b,) of every row of the pool, block by block on all cores; (n,) float32."""
        out = np.empty(self.n, np.float32)
        convert, scale = _reader(self.vectors.dtype)
        columns = np.asfortranarray(directions.T * np.float32(scale))
        offset = self.mean @ directions.T

        def work(start: int, stop: int) -> None:
            with np.errstate(invalid="ignore", over="ignore", under="ignore"):
                cosines = _products(convert(self.vectors[start:stop]), columns)
                cosines -= offset
                cosines *= self.inverse_norm[start:stop, None]
                out[start:stop] = fold(cosines)

        _over_blocks(self.n, work, self.workers)
        return out


def _products(block: NDArray[np.float32], columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """block @ columns; with few columns a matrix-vector product each is several times faster than a matrix product."""
    if columns.shape[1] > 4:
        return block @ columns
    products = np.empty((columns.shape[1], len(block)), np.float32)
    for column, product in zip(columns.T, products, strict=True):
        np.dot(block, column, out=product)
    return products.T


def _reader(dtype: np.dtype) -> tuple[Callable[[NDArray], NDArray[np.float32]], float]:
    """How to read a block as float32, and the factor that the numbers read are too small by."""
    if dtype == np.float16:
        return _shifted_halves, 2.0**112
    return lambda block: np.ascontiguousarray(block, dtype=np.float32), 1.0


def _shifted_halves(block: NDArray[np.float16]) -> NDArray[np.float32]:
    """The block times 2^-112: moving a half's bits into a float's place is six times faster than numpy's conversion.

    Infinite and NaN halves come out finite: their rows are known by inverse_norm.
    """
    bits = block.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= np.int32(-0x70000001)  # 0x8FFFFFFF: the sign, the five bits of exponent and the ten of mantissa
    return bits.view(np.float32)


def _over_blocks(n: int, work: Callable[[int, int], None], workers: ThreadPoolExecutor) -> None:
    """Calls work(start, stop) on blocks of rows, each worker on its own stretch."""
    n_spans = min(os.cpu_count() or 1, -(-n // BLOCK_ROWS))

    def span(number: int) -> None:
        first, last = n * number // n_spans, n * (number + 1) // n_spans
        for start in range(first, last, BLOCK_ROWS):
            work(start, min(start + BLOCK_ROWS, last))

    if n_spans == 1:
        span(0)
        return
    for done in [workers.submit(span, number) for number in range(n_spans)]:
        done.result()


def _measure(
    vectors: NDArray[np.floating], rng: np.random.Generator, workers: ThreadPoolExecutor
) -> dict[str, NDArray[np.float32]]:
    n, d = vectors.shape
    sample = vectors[np.sort(rng.choice(n, min(n, SAMPLE_ROWS), replace=False))].astype(np.float32)
    sample = sample[np.isfinite(sample).all(axis=1)]
    mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32) if len(sample) else np.zeros(d, np.float32)
    axes, gain = _metric(sample - mean)
    inverse_norm = np.empty(n, np.float32)

    def work(start: int, stop: int) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            centred = vectors[start:stop].astype(np.float32) - mean
            inverse_norm[start:stop] = _inverse_root(_squared(centred, axes, gain))

    _over_blocks(n, work, workers)
    return {"mean": mean, "axes": axes, "gain": gain, "inverse_norm": inverse_norm}


def _metric(centred: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The pool's first principal axes (d, r), and what to add to 1 for the factor on each one's squared length (r,)."""
    d = centred.shape[1]
    # Outliers count by their direction only.
    unit = centred * _inverse_root(np.einsum("ij,ij->i", centred, centred))[:, None]
    variances, axes = np.linalg.eigh(unit.T.astype(np.float64) @ unit / max(len(unit), 1))
    variances, axes = variances[::-1], axes[:, ::-1]
    r = min(AXES, d)
    rest = variances[r:].mean() if d > r else variances[-1]
    rest = max(rest, 0.05 * variances.mean(), np.finfo(np.float32).tiny)
    factor = (rest / np.maximum(variances[:r], rest)) ** EVENNESS
    return np.ascontiguousarray(axes[:, :r], dtype=np.float32), (factor - 1).astype(np.float32)


def _squared(centred: NDArray[np.float32], axes: NDArray[np.float32], gain: NDArray[np.float32]) -> NDArray[np.float32]:
    """(k,) y M y of y (k, d)."""
    along = centred @ axes
    squared: NDArray[np.float32] = np.einsum("ij,ij->i", centred, centred) + (along * along) @ gain
    return squared


def _inverse_root(squared: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 / sqrt; 0 for what is not above 0, NaN for what is not finite."""
    inverse = np.zeros_like(squared)
    np.divide(1, np.sqrt(squared, where=squared > 0, out=np.ones_like(squared)), where=squared > 0, out=inverse)
    inverse[~np.isfinite(squared)] = np.nan
    return inverse


def _key(vectors: NDArray[np.floating]) -> str | None:
    """What tells this matrix's file from another or a later one; None for a matrix that is not a file."""
    filename = getattr(vectors, "filename", None)
    if filename is None:
        return None
    stat = os.stat(filename)
    return f"{CACHE_VERSION} {stat.st_size} {stat.st_mtime_ns} {vectors.shape} {vectors.dtype}"


def _read_cache(path: Path, vectors: NDArray[np.floating]) -> dict[str, NDArray[np.float32]] | None:
    key = _key(vectors)
    if key is None:
        return None
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in FIGURES} if str(stored["key"]) == key else None
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None  # missing, damaged or of an older format: measured anew and replaced


def _write_cache(path: Path, vectors: NDArray[np.floating], figures: dict[str, NDArray[np.float32]]) -> None:
    key = _key(vectors)
    if key is None:
        return
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    # A folder that cannot be written costs every start a second, no more.
    with contextlib.suppress(OSError):
        with open(unfinished, "wb") as file:
            np.savez(file, key=np.array(key), **figures)  # type: ignore[arg-type]
        os.replace(unfinished, path)
