"""YOLO folders as labelled sets: a data.yaml, or a file of names beside images and labels."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winnow.errors import LabelledSetError, UnreadableImage
from winnow.masks.rle import Rle, area, from_polygons
from winnow.pool.boxes import Box
from winnow.pool.images import image_size
from winnow.pool.refs_coco import IMAGE_SUFFIXES
from winnow.training.labelled_files import LabelledFile, refuse
from winnow.training.manifest import Part
from winnow.training.yolo_labels import parse_label_line, polygon_of

PART_OF_KEY: dict[str, Part] = {"train": "train", "val": "holdout", "validation": "holdout", "test": "holdout"}
NAME_FILES = ("classes.txt", "obj.names", "names.txt")


@dataclass(frozen=True)
class _Source:
    """A folder of images, or a text file that lists some; labels without an image are looked for beside a folder's."""

    place: Path
    part: Part | None


def read_yolo_set(path: Path, images: Path | None) -> list[LabelledFile]:
    """The images of a YOLO set; one without a label file has no objects, as trainers read it.

    Args:
        path: data.yaml, or a folder with one or with classes.txt / obj.names.
        images: the folder that the image folders in data.yaml are relative to; without a data.yaml, the images' own.

    Raises:
        LabelledSetError: no names, no images, no labels, or bad lines (each is named).
    """
    names, files = _named_files(path, images)
    bad = [f"{label}: there is no image of this name" for label in _orphans(files)]
    labelled = []
    for file, source in files:
        boxes, masks, problems = _boxes(file, names)
        labelled.append(LabelledFile(file, boxes, source.part, masks=masks))
        bad += problems
    refuse(path, bad)
    return labelled


def _named_files(path: Path, images: Path | None) -> tuple[list[str], list[tuple[Path, _Source]]]:
    """The names of the classes, and the image files with where they were found."""
    description = _description(path)
    if description is not None:
        names, sources = _from_description(description, images)
    else:
        names, sources = _names_beside(path), [_Source(images or path, None)]
    files = [(file, source) for source in sources for file in _image_files(source.place)]
    if not files:
        places = ", ".join(str(source.place) for source in sources)
        raise LabelledSetError(f"{path}: labels without images: none in {places}. Name their folder by --images.")
    if not any(label_file(file).is_file() for file, _ in files):
        raise LabelledSetError(
            f"{path}: images without labels: none of {len(files):,} images has a label file; "
            f"the first one's would be {label_file(files[0][0])}."
        )
    return names, files


def label_file(image: Path) -> Path:
    """Where ultralytics looks for an image's labels: the last `images` folder of its path replaced by `labels`."""
    head, found, tail = os.path.abspath(image).rpartition(f"{os.sep}images{os.sep}")
    return Path(f"{head}{os.sep}labels{os.sep}{tail}" if found else image).with_suffix(".txt")


def _description(path: Path) -> Path | None:
    """The data.yaml that a path is or holds."""
    if path.is_dir():
        return next((file for name in ("data.yaml", "data.yml") if (file := path / name).is_file()), None)
    return path


def _from_description(path: Path, images: Path | None) -> tuple[list[str], list[_Source]]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabelledSetError(f"{path} cannot be read as YAML: {error}. Nothing was imported.") from error
    if not isinstance(content, dict):
        raise LabelledSetError(f"{path} is no YOLO data.yaml: it needs `names` and `train`.")
    roots = [images] if images else [path.parent / str(content.get("path") or "."), path.parent]
    sources = []
    for key, part in PART_OF_KEY.items():
        given = content.get(key) or []
        for place in given if isinstance(given, list) else [given]:
            sources.append(_Source(_resolved(str(place), roots, path, key), part))
    if not sources:
        raise LabelledSetError(f"{path} names no images: `train`, `val` and `test` are missing.")
    return _names(content, path), sources


def _resolved(place: str, roots: list[Path], path: Path, key: str) -> Path:
    """Some exporters write `../train/images` for a folder beside the file; trainers forgive that too."""
    candidates = [root / name for root in roots for name in (place, place.removeprefix("../"))]
    found = next((candidate for candidate in candidates if candidate.exists()), None)
    if found is None:
        raise LabelledSetError(
            f"{path}: labels without images: `{key}: {place}` is not at {candidates[0]}. "
            "Name the folder that it is relative to by --images."
        )
    return found


def _names(content: dict[str, Any], path: Path) -> list[str]:
    names, n_said = content.get("names"), content.get("nc")
    if isinstance(names, dict) and sorted(map(str, names), key=_as_number) == [str(i) for i in range(len(names))]:
        names = [name for _, name in sorted(names.items(), key=lambda item: _as_number(str(item[0])))]
    if not isinstance(names, list) or not names:
        raise LabelledSetError(f"{path}: `names` must list the classes from number 0 without a gap, it is {names!r}.")
    if n_said is not None and n_said != len(names):
        raise LabelledSetError(f"{path}: `nc` says {n_said} classes, `names` has {len(names)}. Make them agree.")
    return [str(name) for name in names]


def _as_number(text: str) -> float:
    return int(text) if text.isdecimal() else float("inf")


def _names_beside(folder: Path) -> list[str]:
    found = next((folder / name for name in NAME_FILES if (folder / name).is_file()), None)
    if found is None:
        raise LabelledSetError(
            f"{folder}: the names of the classes are missing; put a data.yaml or a classes.txt (a name a line) there."
        )
    return [line.strip() for line in found.read_text(encoding="utf-8-sig").splitlines() if line.strip()]


def _image_files(place: Path) -> list[Path]:
    if place.is_dir():
        return sorted(file for file in place.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES)
    if place.suffix.lower() == ".txt":
        lines = place.read_text(encoding="utf-8-sig").splitlines()
        return [place.parent / line.strip() for line in lines if line.strip()]
    return [place]


def _orphans(files: list[tuple[Path, _Source]]) -> Iterator[Path]:
    """Label files in the label folders of whole image folders that belong to no image."""
    expected = {label_file(file) for file, _ in files}
    for folder in sorted({label_file(file).parent for file, source in files if source.place.is_dir()}):
        for label in sorted(folder.glob("*.txt")):
            if label not in expected and label.name not in NAME_FILES:
                yield label


def _boxes(image: Path, names: list[str]) -> tuple[tuple[tuple[str, Box], ...], dict[Box, Rle], list[str]]:
    """The boxes of an image's label file, the masks of polygons, and what is wrong with its lines."""
    label = label_file(image)
    boxes: list[tuple[str, Box]] = []
    masks: dict[Box, Rle] = {}
    bad: list[str] = []
    try:
        size_wh = image_size(image)
        lines = label.read_text(encoding="utf-8-sig").splitlines() if label.is_file() else []
    except (UnreadableImage, OSError, UnicodeDecodeError) as error:
        return (), {}, [f"{label}: {error}" if isinstance(error, UnicodeDecodeError) else str(error)]
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            index, box = parse_label_line(line, n_classes=len(names), size_wh=size_wh)
        except ValueError as error:
            bad.append(f"{label}:{number}: {line.strip()[:80]!r}: {error}")
        else:
            boxes.append((names[index], box))
            if box not in masks and (mask := _mask_of(line, size_wh)):
                masks[box] = mask
    return tuple(boxes), masks, bad


def _mask_of(line: str, size_wh: tuple[int, int]) -> Rle | None:
    """The mask of a polygon; None of a box, and of a polygon too thin to cover a pixel."""
    polygon = polygon_of(line, size_wh)
    mask = None if polygon is None else from_polygons([polygon], size_wh[::-1])
    return mask if mask is not None and area(mask) else None
