"""Item ids: a hash of the path relative to the refs and of the box, so that verdicts survive a new order of lines."""

import os
from hashlib import blake2b
from pathlib import Path

import numpy as np

from winnow.errors import RefsError
from winnow.pool.boxes import Box


def normalise_paths(paths: list[str], refs_path: Path) -> tuple[list[str], np.ndarray]:
    """Distinct paths in their one spelling, and for each given path (k,) int32 its position among them.

    A path below the refs' folder is relative to it with forward slashes, any other is absolute.
    """
    folder = os.path.abspath(refs_path.parent)
    folders = {folder, os.path.realpath(folder)}
    codes: dict[str, int] = {}
    positions = [codes.setdefault(_normal(path, folder, folders), len(codes)) for path in paths]
    return list(codes), np.array(positions, np.int32)


def _normal(path: str, folder: str, folders: set[str]) -> str:
    normal = os.path.normpath(path)
    if normal.startswith(".."):
        normal = os.path.normpath(os.path.join(folder, normal))
    if os.path.isabs(normal):
        above = next((root for root in folders if normal.startswith(root.rstrip(os.sep) + os.sep)), None)
        normal = os.path.relpath(normal, above) if above else normal
    return normal.replace(os.sep, "/")


def item_ids(paths: list[str], path_codes: np.ndarray, boxes_xyxy: np.ndarray) -> np.ndarray:
    """(n,) uint64 ids of items with these codes (n,) into normal paths and boxes (n, 4) float64, NaN = whole image.

    blake2b, 8 bytes, of the path, a zero byte and the box's 32 bytes (little-endian float64), none for a whole image.
    """
    heads = [path.encode() + b"\0" for path in paths]
    box_bytes = np.ascontiguousarray(boxes_xyxy, "<f8").tobytes()
    is_whole = np.isnan(boxes_xyxy[:, 0]).tolist()
    digests = [
        blake2b(heads[code] if whole else heads[code] + box_bytes[32 * row : 32 * row + 32], digest_size=8).digest()
        for row, (code, whole) in enumerate(zip(path_codes.tolist(), is_whole, strict=True))
    ]
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)


def find_duplicates(
    ids: np.ndarray, order: np.ndarray, path_codes: np.ndarray, boxes_xyxy: np.ndarray, refs_path: Path
) -> np.ndarray:
    """(n,) bool, True for each row whose item stands in an earlier row; `order` is a stable argsort of `ids`.

    Raises RefsError where two different items have the same id.
    """
    is_repeated = ids[order[1:]] == ids[order[:-1]]
    rows, earlier = order[1:][is_repeated], order[:-1][is_repeated]
    box, earlier_box = boxes_xyxy[rows], boxes_xyxy[earlier]
    same_box = np.all((box == earlier_box) | (np.isnan(box) & np.isnan(earlier_box)), axis=1)
    collisions = np.flatnonzero(~same_box | (path_codes[rows] != path_codes[earlier]))
    if len(collisions):
        first, second = int(earlier[collisions[0]]), int(rows[collisions[0]])
        raise RefsError(
            f"{refs_path}: items {first + 1} and {second + 1} are different and have the same id "
            f"{int(ids[first]):016x}. Move one of them by a pixel, or rename its file."
        )
    is_duplicate = np.zeros(len(ids), bool)
    is_duplicate[rows] = True
    return is_duplicate


def item_id_of(path: str, box_xyxy: Box | None) -> str:
    """The id, 16 hex digits, of one item by its normal path and box (None = the whole image)."""
    box = np.array([box_xyxy or (np.nan,) * 4], np.float64)
    return f"{int(item_ids([path], np.zeros(1, np.int32), box)[0]):016x}"
