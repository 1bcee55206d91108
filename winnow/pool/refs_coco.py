"""Refs as COCO JSON: an annotation file, or a list of detection results."""

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import RefsError
from winnow.pool.raw_refs import RawRefs, as_texts, is_blank

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".pgm", ".ppm", ".jp2", ".avif")
_FORMS = "It must be a COCO annotation file (images, annotations, categories) or a list of results."

_NO_BOX = (None, None, None, None)
_UNMATCHED = "unmatched"  # stands for the path of an entry that is refused for want of one

Entry = dict[str, Any]


def read_coco(text: str, path: Path) -> RawRefs:
    """One item an annotation or result, or an image where there are no annotations; entries counted from 1."""
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RefsError(f"{path}: not JSON that can be read: {error}. {_FORMS}") from error
    if isinstance(content, list):
        return _results(_entries(content, "results", path), path)
    if not isinstance(content, dict) or "images" not in content:
        raise RefsError(f"{path}: JSON, but not COCO's. {_FORMS}")
    images, annotations, categories = (
        _entries(content.get(name, []), name, path) for name in ("images", "annotations", "categories")
    )
    return _annotations(annotations, images, categories, path) if annotations else _images(images)


def _entries(value: Any, name: str, path: Path) -> list[Entry]:
    if not isinstance(value, list):
        raise RefsError(f"{path}: `{name}` must be a list, it is {type(value).__name__}. {_FORMS}")
    for number, entry in enumerate(value, 1):
        if not isinstance(entry, dict):
            raise RefsError(
                f"{path}: entry {number} of `{name}` must be an object, it is {str(entry)[:100]!r}. {_FORMS}"
            )
    return value


def _images(images: list[Entry]) -> RawRefs:
    return _raw(images, [_text(image.get("file_name")) for image in images])


def _annotations(annotations: list[Entry], images: list[Entry], categories: list[Entry], path: Path) -> RawRefs:
    file_names = _by_id(images, "file_name", path)
    raw = _raw(annotations, [file_names.get(_id(entry, "image_id"), _UNMATCHED) for entry in annotations])
    for row, entry in enumerate(annotations):
        if _id(entry, "image_id") not in file_names:
            raw.refuse(row, f"image_id {entry.get('image_id')!r} is not among the file's images")
    _add_boxes(raw, annotations)
    _add_classes(raw, annotations, _by_id(categories, "name", path))
    return raw


def _results(results: list[Entry], path: Path) -> RawRefs:
    files = _image_files(path.parent) if any("file_name" not in entry for entry in results) else {}
    paths, reasons = [], {}
    for row, entry in enumerate(results):
        found = [_text(entry["file_name"])] if "file_name" in entry else files.get(_stem(entry.get("image_id")), [])
        paths.append(found[0] if found else _UNMATCHED)
        if len(found) != 1:
            reasons[row] = _why_unmatched(entry, found, path.parent)
    raw = _raw(results, paths)
    for row, reason in reasons.items():
        raw.refuse(row, reason)
    _add_boxes(raw, results)
    _add_classes(raw, results, {})
    return raw


def _why_unmatched(entry: Entry, found: list[str], folder: Path) -> str:
    image_id = entry.get("image_id")
    if found:
        return f"image_id {image_id!r} is the name of several images ({', '.join(found[:3])}); give a file_name"
    return f"no image under {folder} is named by image_id {image_id!r}; give a file_name"


def _image_files(folder: Path) -> dict[str, list[str]]:
    """Images below the folder by stem, and by number where the stem is one (COCO's 000000000009.jpg is image 9)."""
    files = defaultdict(list)
    for parent, _, names in os.walk(folder):
        for name in names:
            stem, suffix = os.path.splitext(name)
            if suffix.lower() in IMAGE_SUFFIXES:
                files[_stem(stem)].append(os.path.relpath(os.path.join(parent, name), folder))
    return files


def _stem(image_id: Any) -> str:
    """A stem or image_id in one spelling: a number without its leading zeros."""
    stem = _text(image_id)
    return stem.lstrip("0") or "0" if stem.isascii() and stem.isdigit() else stem


def _raw(entries: list[Entry], paths: list[str]) -> RawRefs:
    n = len(entries)
    return RawRefs(
        "entry",
        range(1, n + 1),
        lambda row: json.dumps(entries[row]),
        paths,
        np.full((n, 4), np.nan),
        np.zeros(n, bool),
    )


def _add_boxes(raw: RawRefs, entries: list[Entry]) -> None:
    boxes_xywh: list[Sequence[Any]] = []
    for row, entry in enumerate(entries):
        bbox = entry.get("bbox")
        if isinstance(bbox, list) and len(bbox) == 4 and not any(map(is_blank, bbox)):
            boxes_xywh.append(bbox)
        else:
            boxes_xywh.append(_NO_BOX)
            raw.refuse(row, f"bbox must be [x, y, width, height], it is {bbox!r}")
    columns = list(zip(*boxes_xywh, strict=True)) or [()] * 4
    raw.set_boxes(dict(zip(("x", "y", "width", "height"), columns, strict=True)))
    raw.boxes_xyxy[:, 2:] += raw.boxes_xyxy[:, :2]
    raw.set_values("score", [entry.get("score") for entry in entries])


def _add_classes(raw: RawRefs, entries: list[Entry], names: dict[str, str]) -> None:
    """Category names as classes; without a table of names, the ids themselves."""
    ids = [_id(entry, "category_id") for entry in entries]
    for row, category_id in enumerate(ids):
        if names and category_id and category_id not in names:
            raw.refuse(row, f"category_id {category_id} is not among the file's categories")
    raw.texts["class"] = as_texts([names.get(category_id) if names else category_id for category_id in ids])


def _by_id(entries: list[Entry], value: str, path: Path) -> dict[str, str]:
    by_id = {_id(entry, "id"): _text(entry.get(value)) for entry in entries}
    if len(by_id) < len(entries):
        raise RefsError(f"{path}: {len(entries)} entries with `{value}` share {len(by_id)} ids; make the ids unique.")
    return by_id


def _id(entry: Entry, name: str) -> str:
    return _text(entry.get(name))


def _text(value: Any) -> str:
    return "" if value is None else str(value)
