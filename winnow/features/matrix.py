"""The feature matrix: row i is the vector of refs row i, memory-mapped, and never used with other refs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from winnow.errors import FeaturesError
from winnow.features.manifest import Manifest, compute_command, hash_ids, manifest_path, read_manifest

if TYPE_CHECKING:
    from winnow.pool import Pool

DTYPES = ("float32", "float16")


@dataclass(frozen=True)
class FeatureMatrix:
    """vectors (n, d) float16 or float32, a read-only memory map; is_valid (n,) bool; row i belongs to refs row i.

    `is_valid` is what the extraction knew; a bare matrix is all valid, and vectors that are not finite are left for
    the learner's own look. `encoder` is None for features made elsewhere.
    """

    vectors: np.ndarray
    is_valid: np.ndarray
    encoder: str | None
    path: Path


def open_features(path: Path, pool: "Pool") -> FeatureMatrix:
    """Opens the matrix of a pool without reading its rows; FeaturesError says what to run where it doesn't fit."""
    manifest = read_manifest(path)
    command = compute_command(pool.refs_path, path, manifest)
    if not path.is_file():
        raise FeaturesError(f"There are no features at {path}. Make them with:\n  {command}")
    vectors = open_vectors(path)
    if manifest is None:
        _check_bare(vectors, pool, path, command)
        return FeatureMatrix(vectors, np.ones(len(vectors), dtype=bool), None, path)
    _check_manifest(vectors, manifest, path)
    _check_refs(manifest, pool, path, command)
    return FeatureMatrix(vectors, valid_rows(manifest), manifest.encoder, path)


def open_vectors(path: Path) -> np.ndarray:
    """(n, d) float16 or float32, memory-mapped for reading; FeaturesError for any other file."""
    try:
        vectors = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError, OSError) as error:
        raise FeaturesError(
            f"{path} is not a whole .npy matrix of numbers ({error}). Save features with numpy.save(path, array); "
            f"pickled objects are never loaded."
        ) from error
    if vectors.ndim != 2 or vectors.shape[1] == 0:
        raise FeaturesError(
            f"{path} must hold a matrix of shape (rows, width) with a width of at least 1, got shape {vectors.shape}."
        )
    if vectors.dtype.str not in ("<f2", "<f4") or not vectors.flags.c_contiguous:
        order = "" if vectors.flags.c_contiguous else " in column order"
        raise FeaturesError(
            f"{path} holds {vectors.dtype}{order}; Winnow reads float32 or float16 in row order. Convert it with:\n"
            f'  python -c "import numpy as np; p = {str(path)!r}; '
            f"np.save(p, np.ascontiguousarray(np.load(p), dtype='float32'))\""
        )
    return vectors


def valid_rows(manifest: Manifest) -> np.ndarray:
    """(n,) bool, False for the rows that the extraction could not compute."""
    is_valid = np.ones(manifest.n_rows, dtype=bool)
    try:
        is_valid[np.asarray(manifest.invalid_rows, dtype=np.int64)] = False
    except (IndexError, ValueError, TypeError) as error:
        raise FeaturesError(f"The features manifest lists invalid rows that make no sense: {error}.") from error
    return is_valid


def _check_bare(vectors: np.ndarray, pool: "Pool", path: Path, command: str) -> None:
    if len(vectors) != pool.n_rows:
        raise FeaturesError(
            f"{path} has {len(vectors):,} rows, but {pool.refs_path} has {pool.n_rows:,} items; row i must be the "
            f"vector of item i. Without its manifest {manifest_path(path).name} no rows can be matched. "
            f"Make it again with:\n  {command}"
        )


def _check_manifest(vectors: np.ndarray, manifest: Manifest, path: Path) -> None:
    found = (*vectors.shape, str(vectors.dtype))
    described = (manifest.n_rows, manifest.width, manifest.dtype)
    if found != described:
        raise FeaturesError(
            f"{path} holds {found}, but its manifest {manifest_path(path).name} describes {described} (rows, width, "
            f"type). Where {path.name} was made elsewhere, delete {manifest_path(path)}; else restore the pair."
        )


def _check_refs(manifest: Manifest, pool: "Pool", path: Path, command: str) -> None:
    if manifest.refs_fingerprint == pool.fingerprint:
        return
    if manifest.item_ids != hash_ids(pool.ids):  # the refs' other columns may change freely, the items may not
        raise FeaturesError(
            f"{path} was made from other refs than {pool.refs_path}: {manifest.n_rows:,} rows there, {pool.n_rows:,} "
            f"here, and the items or their order differ. Bring it up to date (only new items are computed) with:\n"
            f"  {command}"
        )
