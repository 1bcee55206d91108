"""The atlas's files: a folder for each pool's state, in it a folder for each stage, whole or not there."""

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.files import sync
from winnow.learning.space import FeatureSpace

SCHEMA = 1
INDEXED_ABOVE = 50_000  # rows; up to here every pair is compared, which grows with the square
REQUEST = "request.npz"
Arrays = dict[str, NDArray]


def stages_of(n_rows: int) -> tuple[str, ...]:
    """The stages of an atlas of that many shown rows, in the order in which they are made."""
    return ("clusters", *(("index",) if n_rows > INDEXED_ABOVE else ()), "neighbours", "layout")


def key_of(matrix: Path, space: FeatureSpace, is_shown: NDArray[np.bool_]) -> str:
    """What an atlas follows from, in 16 hex digits: the matrix's file, the space's figures, the rows that are shown."""
    stat = os.stat(matrix)
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{SCHEMA} {stat.st_size} {stat.st_mtime_ns} {space.vectors.shape} {space.vectors.dtype}".encode())
    for array in (space.mean, space.axes, space.gain, np.packbits(is_shown)):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def write_request(folder: Path, space: FeatureSpace, is_shown: NDArray[np.bool_]) -> None:
    """What the program needs besides the matrix; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{REQUEST}.{os.getpid()}.tmp"
    with unfinished.open("wb") as file:
        np.savez(
            file,
            mean=space.mean,
            axes=space.axes,
            gain=space.gain,
            inverse_norm=space.inverse_norm,
            is_shown=is_shown,
        )
    os.replace(unfinished, folder / REQUEST)


def new_stage(folder: Path, stage: str) -> Path:
    """An empty folder to write a stage into, until `publish`."""
    unfinished = folder / f"{stage}.{os.getpid()}.tmp"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    return unfinished


def publish(unfinished: Path, stage: str) -> None:
    """Gives a written stage its name, in one step; raises OSError. One that another process made first stays."""
    for path in unfinished.iterdir():
        sync(path)
    final = unfinished.with_name(stage)
    try:
        os.replace(unfinished, final)
    except OSError:
        if not final.is_dir():
            raise
        shutil.rmtree(unfinished)


def save_arrays(folder: Path, arrays: Arrays) -> None:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def load_array(folder: Path, stage: str, name: str) -> NDArray:
    """Memory-mapped for reading; raises OSError or ValueError for one that is missing or damaged."""
    array: NDArray = np.load(folder / stage / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return array


def check_rows(array: NDArray, n: int) -> None:
    """Raises ValueError for an array of another length."""
    if len(array) != n:
        raise ValueError(f"an array of {len(array)} rows for a pool of {n}")


def remove_stage(folder: Path, stage: str) -> None:
    shutil.rmtree(folder / stage, ignore_errors=True)


def remove_others(folder: Path) -> None:
    """Removes the folders of earlier states of the pool, beside this one."""
    for other in folder.parent.iterdir():
        if other.is_dir() and other != folder and len(other.name) == len(folder.name):
            shutil.rmtree(other, ignore_errors=True)
