"""Sizes of a pool's images, from their headers, read once and kept beside the pool's index."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from winnow.errors import UnreadableImage
from winnow.pool import Pool, image_size

_READERS = 8  # reading headers mostly waits for the disk

Arrays = dict[str, np.ndarray]


def image_sizes(pool: Pool) -> np.ndarray:
    """(k, 2) float64 width and height of each of `pool.paths`, NaN where the image cannot be read."""
    kept = load_cached(pool, "image_sizes", pool.fingerprint)
    if kept is not None:
        return kept["sizes_wh"]
    files = [pool.folder / pool.paths[code] for code in range(len(pool.paths))]
    with ThreadPoolExecutor(_READERS) as threads:
        sizes_wh = np.array(list(threads.map(_size, files)), float).reshape(-1, 2)
    save_cached(pool, "image_sizes", pool.fingerprint, {"sizes_wh": sizes_wh})
    return sizes_wh


def _size(path: Path) -> tuple[float, float]:
    try:
        return image_size(path)
    except UnreadableImage:
        return np.nan, np.nan


def load_cached(pool: Pool, name: str, key: str) -> Arrays | None:
    """Arrays that were kept for this pool under the name and the key; None where there are none."""
    try:
        with np.load(_file(pool, name), allow_pickle=False) as arrays:
            kept = {title: arrays[title] for title in arrays.files}
    except (OSError, ValueError, EOFError, BadZipFile):  # missing, or not the file that we write
        return None
    return kept if str(kept.pop("key", "")) == key else None


def save_cached(pool: Pool, name: str, key: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Keep arrays beside the pool's index; where nothing can be written they are worked out again next time."""
    path = _file(pool, name)
    unfinished = path.with_name(f"{path.stem}.{os.getpid()}.tmp.npz")
    try:
        path.parent.mkdir(exist_ok=True)
        np.savez(unfinished, allow_pickle=False, key=np.array(key), **arrays)
        os.replace(unfinished, path)
    except OSError:  # a read-only folder or a full disk
        unfinished.unlink(missing_ok=True)


def _file(pool: Pool, name: str) -> Path:
    return pool.refs_path.with_name(f"{pool.refs_path.name}.winnow") / f"{name}.npz"
