"""COCO detection results: a JSON list of {"image_id", "category_id", "bbox", "score"[, "segmentation"]}."""

from pathlib import Path
from typing import Any

from winnow.errors import ProposalError
from winnow.proposals.foreign_rows import BadRow, ForeignBox, ForeignRows, checked_box, number, read_json, score_of

_FORM = "It must be a list of results, as COCO's evaluation takes it."


def read_coco_results(rows: ForeignRows, annotations: Path | None, names: dict[str, str] | None) -> None:
    """Takes every result; `annotations` names images and classes, else image_id is a file's name or stem."""
    results = read_json(rows.path)
    if isinstance(results, dict) and "annotations" in results:
        raise ProposalError(
            f"{rows.path} is a COCO annotation file, which says what is true, not what was proposed. {_FORM} "
            "Take truth in with `python -m winnow import`."
        )
    if not isinstance(results, list):
        raise ProposalError(f"{rows.path} holds a JSON {type(results).__name__}. {_FORM}")
    files, classes = _tables(annotations) if annotations else ({}, names or {})
    for position, result in enumerate(results, 1):
        where = f"entry {position}"
        if not isinstance(result, dict):
            rows.refuse(where, f"must be an object, it is {str(result)[:60]!r}")
            continue
        image_id = str(result.get("image_id", ""))
        if files and image_id not in files:
            rows.refuse(where, f"image_id {image_id!r} is not among the images of {annotations}")
            continue
        image = files.get(image_id) or str(result.get("file_name") or image_id)
        rows.take(where, image, lambda where=where, result=result: _box(where, result, classes))  # type: ignore[misc]


def _box(where: str, result: dict[str, Any], classes: dict[str, str]) -> ForeignBox:
    bbox = result.get("bbox")
    if not isinstance(bbox, list) or len(bbox) != 4:
        raise BadRow(f"bbox must be [x, y, width, height], it is {str(bbox)[:60]}")
    x, y, width, height = (number(name, value) for name, value in zip(["x", "y", "width", "height"], bbox, strict=True))
    category = result.get("category_id")
    if classes and str(category) not in classes:
        raise BadRow(f"category_id {category!r} is not among the classes {', '.join(list(classes)[:20])}")
    name = classes.get(str(category), "" if category is None else str(category)).strip()
    box = checked_box((x, y, x + width, y + height))
    return ForeignBox(where, box, name, score_of(result.get("score")), mask=result.get("segmentation") or None)


def _tables(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """File names and class names by id."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise ProposalError(f"{path} is no COCO annotation file: it must be an object with `images` and `categories`.")
    files, classes = (
        _by_id(content.get(of), of, name, path) for of, name in (("images", "file_name"), ("categories", "name"))
    )
    if not files:
        raise ProposalError(f"{path} lists no images. Give the annotation file that the results were made for.")
    return files, classes


def _by_id(entries: Any, of: str, name: str, path: Path) -> dict[str, str]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and entry.get(name) for entry in entries):
        raise ProposalError(f"{path}: `{of}` must be a list of objects with `id` and `{name}`.")
    return {str(entry.get("id")): str(entry[name]) for entry in entries}
