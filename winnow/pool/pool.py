"""The pool: every item of the refs in columns, memory-mapped from an index beside the refs file."""

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from winnow.errors import RefsError, UnknownItem
from winnow.pool.boxes import Box
from winnow.pool.index import Columns, StringTable, fingerprint_of, load_or_build

_ITEM_ID = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True)
class Item:
    """What is judged: a whole image (`box_xyxy` None) or one box of it."""

    id: str
    row: int
    path: str  # relative to the refs' folder where it lies below it, with forward slashes
    box_xyxy: Box | None
    class_name: str | None
    score: float | None
    source: str | None
    label: int | None  # as given in the refs
    group: str | None


class Pool:
    """All items of a refs file; row i is its i-th item line. Arrays are read-only and mostly on disk."""

    def __init__(self, refs_path: Path, fingerprint: str, columns: Columns) -> None:
        self.refs_path = Path(os.path.abspath(refs_path))
        self.folder = self.refs_path.parent
        self.name = f"{self.folder.name}/{self.refs_path.name}"
        self.fingerprint = fingerprint  # 32 hex digits: blake2b of the refs file's bytes
        self.ids: np.ndarray = columns["ids"]  # (n,) uint64
        self.is_duplicate: np.ndarray = columns["is_duplicate"]  # (n,) bool: a line that repeats an earlier item
        self.boxes_xyxy: np.ndarray = columns["boxes_xyxy"]  # (n, 4) float64, NaN = whole image
        self.given_labels: np.ndarray = columns["labels"]  # (n,) int16, −1 = none
        self.scores: np.ndarray = columns["scores"]  # (n,) float64, NaN = none
        # codes (n,) int32, −1 = none, into the distinct texts
        self.path_codes, self.paths = _coded(columns, "path")
        self.class_codes, self.classes = _coded(columns, "class")
        self.source_codes, self.sources = _coded(columns, "source")
        self.group_codes, self.groups = _coded(columns, "group")
        self.n_rows = len(self.ids)
        self.n_duplicates = int(np.count_nonzero(self.is_duplicate))
        self.n_items = self.n_rows - self.n_duplicates
        self._sorted_ids: np.ndarray = columns["sorted_ids"]
        self._sorted_rows: np.ndarray = columns["sorted_rows"]

    def item(self, row: int) -> Item:
        """The item of this row; raises IndexError for a row that the pool does not have."""
        if not 0 <= row < self.n_rows:
            raise IndexError(f"row {row} of a pool of {self.n_rows}")
        x1, y1, x2, y2 = self.boxes_xyxy[row].tolist()
        score, label = float(self.scores[row]), int(self.given_labels[row])
        return Item(
            id=f"{int(self.ids[row]):016x}",
            row=row,
            path=self.paths[int(self.path_codes[row])],
            box_xyxy=None if math.isnan(x1) else (x1, y1, x2, y2),
            class_name=self.classes.get(int(self.class_codes[row])),
            score=None if math.isnan(score) else score,
            source=self.sources.get(int(self.source_codes[row])),
            label=None if label < 0 else label,
            group=self.groups.get(int(self.group_codes[row])),
        )

    def row_of(self, item_id: str) -> int:
        """The item's first row; raises UnknownItem, also for what is no item id."""
        row = int(self.rows_of(np.array([int(item_id, 16)], np.uint64))[0]) if _ITEM_ID.fullmatch(item_id) else -1
        if row < 0:
            raise UnknownItem(
                f"No item {item_id[:100]!r} in {self.refs_path}. An id is 16 hex digits; the refs may have changed."
            )
        return row

    def rows_of(self, ids: np.ndarray) -> np.ndarray:
        """(k,) int64: the first row of each of (k,) uint64 ids, −1 for an unknown one."""
        positions = np.minimum(np.searchsorted(self._sorted_ids, ids), self.n_rows - 1)
        return np.where(self._sorted_ids[positions] == ids, self._sorted_rows[positions], -1).astype(np.int64)

    def file_of(self, row: int) -> Path:
        """Where the row's image file lies."""
        return self.folder / self.paths[int(self.path_codes[row])]


def _coded(columns: Columns, name: str) -> tuple[np.ndarray, StringTable]:
    texts = StringTable(columns[f"{name}_bytes"], columns[f"{name}_ends"])
    return columns[f"{name}_codes"], texts


def open_pool(refs_path: Path) -> Pool:
    """The pool of a refs file, from its index when that is whole and current, else read and indexed now.

    Raises RefsError with every bad line.
    """
    try:
        fingerprint = fingerprint_of(refs_path)
    except OSError as error:
        raise RefsError(
            f"{refs_path}: the refs file cannot be read ({error.strerror or error}). "
            "Write one that lists an image path a line, or point WINNOW_REFS to yours."
        ) from error
    return Pool(refs_path, fingerprint, load_or_build(refs_path, fingerprint))
