"""COCO annotation files as labelled sets."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import LabelledSetError, ProposalError, UnreadableImage
from winnow.masks.rle import Rle, area, from_json, from_polygons
from winnow.pool.boxes import Box
from winnow.pool.images import image_size
from winnow.training.labelled_files import LabelledFile, on_image, refuse

Entry = dict[str, Any]
Labelled = tuple[str, Box, Rle | None]  # class, box in pixels, mask


def read_coco_set(path: Path, images: Path | None) -> list[LabelledFile]:
    """The images of a COCO annotation file, their names relative to `images` or to the file's folder.

    An image with a crowd region (`iscrowd`: objects that nobody boxed one by one) is not whole.

    Raises:
        LabelledSetError: not COCO, or bad entries (each is named).
    """
    content = _read(path)
    folder = images or path.parent
    bad: list[str] = []
    sizes: dict[Any, tuple[int, int]] = {}
    for image in content["images"]:
        try:
            sizes[image["id"]] = _size_of(image, folder)
        except (ValueError, UnreadableImage) as error:
            bad.append(f"image {image['id']!r}: {error}")
    refuse(path, bad)
    objects, crowded = _objects(content, sizes, path)
    return [
        LabelledFile(
            folder / str(image["file_name"]),
            tuple((name, box) for name, box, _ in objects[image["id"]]),
            is_whole=image["id"] not in crowded,
            masks={box: mask for _, box, mask in reversed(objects[image["id"]]) if mask},
        )
        for image in content["images"]
    ]


def _objects(
    content: dict[str, list[Entry]], sizes: dict[Any, tuple[int, int]], path: Path
) -> tuple[dict[Any, list[Labelled]], set[Any]]:
    """Objects by image id, and the ids of the images with a crowd."""
    names = {category["id"]: str(category["name"]) for category in content["categories"]}
    files = {image["id"]: image["file_name"] for image in content["images"]}
    objects: dict[Any, list[Labelled]] = {image_id: [] for image_id in sizes}
    crowded, bad = set(), []
    for annotation in content["annotations"]:
        image_id = _id(annotation, "image_id")
        try:
            if image_id not in sizes:
                raise ValueError(f"image_id {annotation.get('image_id')!r} is not among the file's images")
            if annotation.get("iscrowd"):
                crowded.add(image_id)
            else:
                size_wh = sizes[image_id]
                objects[image_id].append((*_box_of(annotation, names, size_wh), _mask_of(annotation, size_wh)))
        except (ValueError, ProposalError) as error:
            bad.append(f"annotation {annotation.get('id')!r} on {files.get(image_id, 'no image')}: {error}")
    refuse(path, bad)
    return objects, crowded


def _id(annotation: Entry, key: str) -> int | str | None:
    value = annotation.get(key)
    return value if isinstance(value, int | str) else None


def _read(path: Path) -> dict[str, list[Entry]]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise LabelledSetError(f"{path} cannot be read as JSON: {error}. Nothing was imported.") from error
    for key, needed in (("images", ("id", "file_name")), ("annotations", ()), ("categories", ("id", "name"))):
        entries = content.get(key) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not all(
            isinstance(entry, dict) and all(name in entry for name in needed) for entry in entries
        ):
            raise LabelledSetError(
                f"{path} is no COCO annotation file: it needs a list `{key}`"
                + (f" whose entries have {' and '.join(needed)}" if needed else "")
                + ". Results of a detector are taken by `python -m winnow propose --from`."
            )
    for key in ("images", "categories"):
        ids = [entry["id"] for entry in content[key]]
        if not all(isinstance(an_id, int | str) for an_id in ids) or len(set(ids)) < len(ids):
            raise LabelledSetError(f"{path}: the ids of `{key}` must be numbers or texts, each its own.")
    return content


def _size_of(image: Entry, folder: Path) -> tuple[int, int]:
    size = image_size(folder / str(image["file_name"]))
    said = image.get("width"), image.get("height")
    if None not in said and said != size:
        raise ValueError(
            f"{image['file_name']} is {size[0]} × {size[1]} pixels when upright, the file says {said[0]} × {said[1]}"
        )
    return size


def _box_of(annotation: Entry, names: dict[Any, str], size_wh: tuple[int, int]) -> tuple[str, Box]:
    name, bbox = names.get(_id(annotation, "category_id")), annotation.get("bbox")
    if name is None:
        raise ValueError(f"category_id {annotation.get('category_id')!r} is not among the file's categories")
    if not (isinstance(bbox, list) and len(bbox) == 4 and all(isinstance(value, int | float) for value in bbox)):
        raise ValueError(f"bbox must be [x, y, width, height], it is {bbox!r}")
    x, y, width, height = map(float, bbox)
    return name, on_image((x, y, x + width, y + height), size_wh)


def _mask_of(annotation: Entry, size_wh: tuple[int, int]) -> Rle | None:
    """The mask of polygons or run lengths; None without one, and of polygons too thin to cover a pixel."""
    segmentation, size_hw = annotation.get("segmentation"), size_wh[::-1]
    if not segmentation:
        return None
    if not isinstance(segmentation, list):
        mask = from_json(segmentation)
        if mask.size_hw != size_hw:
            sizes = " pixels, the image ".join(f"{width} × {height}" for height, width in (mask.size_hw, size_hw))
            raise ValueError(f"its mask has {sizes}")
    else:
        mask = from_polygons([_polygon(flat) for flat in segmentation], size_hw)
    return mask if area(mask) else None


def _polygon(flat: Any) -> np.ndarray:
    is_points = isinstance(flat, list) and len(flat) >= 6 and len(flat) % 2 == 0
    if not is_points or not all(type(value) in (int, float) for value in flat) or not np.isfinite(flat).all():
        raise ValueError(
            f"segmentation must be polygons [x1, y1, x2, y2, x3, y3, …] or run lengths, not {str(flat)[:60]}"
        )
    return np.array(flat, float).reshape(-1, 2)
