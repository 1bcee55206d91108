"""The index: a pool's columns as .npy files beside the refs, checked against their hashes before they are trusted."""

import json
import os
import shutil
from hashlib import blake2b
from pathlib import Path
from uuid import uuid4

import numpy as np

from winnow.errors import RefsError
from winnow.pool.identity import find_duplicates, item_ids, normalise_paths
from winnow.pool.refs import RefsTable, read_refs

VERSION = 1  # of the files' meaning; another version is another index
_CHUNK = 1 << 20
_TEXTS = ("path", "class", "source", "group")
_NAMES = {"ids", "sorted_ids", "sorted_rows", "is_duplicate", "boxes_xyxy", "labels", "scores"} | {
    f"{text}_{part}" for text in _TEXTS for part in ("codes", "bytes", "ends")
}

Columns = dict[str, np.ndarray]


class StringTable:
    """Distinct texts in two arrays, so that a million of them can stay on disk; a code is a position in it."""

    def __init__(self, utf8: np.ndarray, ends: np.ndarray) -> None:
        self._utf8 = utf8  # (total,) uint8
        self._ends = ends  # (k + 1,) int64: text i is utf8[ends[i]:ends[i + 1]]

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, code: int) -> str:
        if not 0 <= code < len(self):
            raise IndexError(f"code {code} of {len(self)} texts")
        return self._utf8[self._ends[code] : self._ends[code + 1]].tobytes().decode()

    def get(self, code: int) -> str | None:
        """The text, None for code −1."""
        return None if code < 0 else self[code]


def fingerprint_of(path: Path) -> str:
    """blake2b of a file's bytes, 32 hex digits."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def load_or_build(refs_path: Path, fingerprint: str) -> Columns:
    """The refs' columns, memory-mapped; in memory where the index cannot be written. Raises RefsError."""
    index = _index_folder(refs_path, fingerprint)
    columns = _load(index)
    if columns is not None:
        return columns
    columns = build_columns(read_refs(refs_path), refs_path)
    if fingerprint_of(refs_path) != fingerprint:
        raise RefsError(f"{refs_path}: the file changed while it was read. Start again when it is written.")
    try:
        _write(index, columns)
    except OSError:  # a read-only folder or a full disk: labelling works without the index
        return columns
    return _load(index) or columns


def build_columns(table: RefsTable, refs_path: Path) -> Columns:
    """Every column of the pool by name; raises RefsError where two items share an id."""
    paths, codes_of = normalise_paths(table.paths, refs_path)
    path_codes = codes_of[table.path_codes]
    ids = item_ids(paths, path_codes, table.boxes_xyxy)
    order = np.argsort(ids, kind="stable")
    columns = {
        "ids": ids,
        "sorted_ids": ids[order],
        "sorted_rows": order.astype(np.int32),
        "is_duplicate": find_duplicates(ids, order, path_codes, table.boxes_xyxy, refs_path),
        "boxes_xyxy": table.boxes_xyxy,
        "labels": table.labels,
        "scores": table.scores,
    }
    return (
        columns
        | _string_columns("path", path_codes, paths)
        | _string_columns("class", table.class_codes, table.classes)
        | _string_columns("source", table.source_codes, table.sources)
        | _string_columns("group", table.group_codes, table.groups)
    )


def _string_columns(name: str, codes: np.ndarray, texts: list[str]) -> Columns:
    encoded = [text.encode() for text in texts]
    ends = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(texts)), out=ends[1:])
    return {f"{name}_codes": codes, f"{name}_bytes": np.frombuffer(b"".join(encoded), np.uint8), f"{name}_ends": ends}


def _index_folder(refs_path: Path, fingerprint: str) -> Path:
    # Paths are kept relative to the folder, so the same refs elsewhere have another index.
    key = blake2b(f"{fingerprint}\n{os.path.abspath(refs_path.parent)}".encode(), digest_size=16).hexdigest()
    return refs_path.with_name(f"{refs_path.name}.winnow") / f"index-v{VERSION}-{key}"


def _write(index: Path, columns: Columns) -> None:
    """Write all files beside, then rename: a reader sees a whole index or none. Older and half-written ones go."""
    index.parent.mkdir(exist_ok=True)
    temporary = index.with_name(f"writing-{uuid4().hex}")
    temporary.mkdir()
    try:
        for name, column in columns.items():
            np.save(temporary / f"{name}.npy", column, allow_pickle=False)
        hashes = {name: fingerprint_of(temporary / f"{name}.npy") for name in columns}
        (temporary / "index.json").write_text(json.dumps(hashes, indent=1))
        for old in index.parent.glob("*-*"):
            if old != temporary:
                shutil.rmtree(old)
        os.replace(temporary, index)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _load(index: Path) -> Columns | None:
    """The columns, None where the index is missing or any byte of it is not what was written."""
    try:
        hashes = json.loads((index / "index.json").read_text())
        if any(fingerprint_of(index / f"{name}.npy") != hashes[name] for name in _NAMES):
            return None
        return {name: _map(index / f"{name}.npy") for name in _NAMES}
    except (OSError, ValueError, TypeError, LookupError):  # missing, or not the JSON that we write
        return None


def _map(path: Path) -> np.ndarray:
    try:
        # As a plain array on the mapped file: looking up single values in a memmap takes several times as long.
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:  # an empty array cannot be mapped
        return np.load(path, allow_pickle=False)
