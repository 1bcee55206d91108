"""The unfinished matrix on disk: batches are written, flushed, then noted, so that a kill at any moment loses none."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import FeaturesError
from winnow.features.manifest import write_text

_CHUNK_ROWS = 1 << 15
_Errors = dict[int, str]
Known = Iterable[tuple[np.ndarray, np.ndarray]]  # pairs of rows (k,) and their vectors (k, d)


@dataclass(frozen=True)
class Schedule:
    """What is to be computed of a pool of n rows: fixed batches, whatever happens in between.

    ids (n,) uint64; is_known (n,) bool, rows taken over from an earlier matrix; rows (m,) int64 in the order of
    computation; starts (b + 1,) int64: batch i is rows[starts[i]:starts[i + 1]].
    """

    ids: np.ndarray
    is_known: np.ndarray
    rows: np.ndarray
    starts: np.ndarray

    def batch(self, number: int) -> np.ndarray:
        return self.rows[self.starts[number] : self.starts[number + 1]]


@dataclass
class Part:
    """vectors (n, d), a writable map; `done` holds finished batches, `errors` the rows without vector."""

    folder: Path
    schedule: Schedule
    vectors: np.ndarray
    done: set[int]
    errors: _Errors

    @property
    def pending(self) -> list[int]:
        return [number for number in range(len(self.schedule.starts) - 1) if number not in self.done]

    def is_computed(self) -> np.ndarray:
        """(n,) bool: rows whose vector is there for good."""
        computed = self.schedule.is_known.copy()
        for number in self.done:
            computed[self.schedule.batch(number)] = True
        computed[list(self.errors)] = False
        return computed

    def note(self, finished: list[tuple[int, _Errors]]) -> None:
        """Makes finished batches last: their vectors first, then the journal's lines."""
        with disk_errors(self.folder):
            self.vectors.flush()  # type: ignore[attr-defined]
            with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
                for batch, errors in finished:
                    journal.write(json.dumps([batch, sorted(errors.items())]) + "\n")
                journal.flush()
                os.fsync(journal.fileno())
        for batch, errors in finished:
            self.done.add(batch)
            self.errors.update(errors)


def read_plan(folder: Path) -> dict[str, Any] | None:
    """What an unfinished run was computing; None where there is no run to go on with."""
    try:
        plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # plan.json is written last: without it nothing was begun
        return None
    return plan if isinstance(plan, dict) and (folder / "vectors.npy").exists() else None


def open_part(folder: Path) -> Part:
    """The unfinished matrix, opened for writing where it stopped."""
    with disk_errors(folder):
        done, errors = _read_journal(folder / "journal.jsonl")
        vectors = np.lib.format.open_memmap(folder / "vectors.npy", mode="r+")
        with np.load(folder / "schedule.npz", allow_pickle=False) as arrays:
            schedule = Schedule(**arrays)
    return Part(folder, schedule, vectors, done, errors)


def create_part(folder: Path, plan: dict[str, Any], schedule: Schedule, known: Known) -> Part:
    """A new unfinished matrix of plan["shape"] that holds what is known already; FeaturesError on a full disk."""
    with disk_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _reserve(folder / "vectors.npy", tuple(plan["shape"]), np.dtype(plan["dtype"]))
        matrix = np.lib.format.open_memmap(folder / "vectors.npy", mode="r+")
        for rows, vectors in known:
            matrix[rows] = vectors
        matrix.flush()
        np.savez(folder / "schedule.npz", **vars(schedule))
        write_text(folder / "plan.json", json.dumps(plan))
    return open_part(folder)


def in_chunks(rows: np.ndarray, from_rows: np.ndarray, vectors: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs for `create_part`: vectors[from_rows[i]] belongs to rows[i]; a few thousand rows in memory at a time."""
    for start in range(0, len(rows), _CHUNK_ROWS):
        part = slice(start, start + _CHUNK_ROWS)
        yield rows[part], vectors[from_rows[part]]


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns the operating system's refusals to write into a FeaturesError that says what was kept."""
    try:
        yield
    except OSError as error:
        raise FeaturesError(
            f"{path} cannot be written: {error.strerror or error}. Free some space or mend the permissions and run the "
            f"same command again; batches that were finished are kept and not computed again."
        ) from error


def _reserve(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """An .npy of zeros whose space is really taken: writing into the map of a full disk would kill the process."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": dtype.str, "fortran_order": False, "shape": shape})
        start, n_bytes = file.tell(), int(np.prod(shape)) * dtype.itemsize
        file.flush()
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), start, max(n_bytes, 1))
            return
        zeros = bytes(1 << 20)
        for written in range(0, n_bytes, len(zeros)):
            file.write(zeros[: n_bytes - written])


def _read_journal(path: Path) -> tuple[set[int], _Errors]:
    """Finished batches and their errors; a line that a kill cut short is dropped from the file."""
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    lines = [json.loads(line) for line in whole.splitlines()]
    return {batch for batch, _ in lines}, {row: reason for _, errors in lines for row, reason in errors}
