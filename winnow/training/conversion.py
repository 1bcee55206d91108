"""A data set version in the forms other tools read: COCO JSON, Pascal VOC, and YOLO with real image files."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from winnow.files import write_atomically
from winnow.masks.rle import Rle, area, decode, from_polygons, iou
from winnow.masks.tidy import outlines
from winnow.pool.boxes import clip_box
from winnow.training.dataset import DatasetVersion, refuse_existing
from winnow.training.manifest import PARTS, ImageEntry, Part
from winnow.training.workspace import appearing

if TYPE_CHECKING:
    import supervision

VOC_LIST: dict[Part, str] = {"train": "train.txt", "holdout": "val.txt"}


def export_coco(version: DatasetVersion, out: Path) -> int:
    """Write one COCO annotation file of both parts; answers the images in it.

    `file_name` is relative to the version's `images` folder (`train/…`, `holdout/…`); boxes are the accepted ones in
    pixels, unrounded, cut at the image's edge; category ids count from 1. Masks are polygons where these are the very
    mask, else (where it has holes) run lengths.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coco.json"
        _detections(version).as_coco(annotations_path=str(path))
        content = json.loads(path.read_bytes())
    write_atomically(out, _tidied(content, version))
    return len(content["images"])


def export_voc(version: DatasetVersion, out: Path) -> int:
    """Write the new folder `out` in Pascal VOC's layout; answers the images in it.

    Annotations/, JPEGImages/ (real files) and ImageSets/Main/{train,val}.txt. Corners are whole pixels, counted from 1.
    Raises DatasetError where `out` is there already, WinnowError where it cannot be written.
    """
    refuse_existing(out)
    with appearing(out.absolute()) as folder:
        annotations, images = folder / "Annotations", folder / "JPEGImages"
        _detections(version).as_pascal_voc(
            images_directory_path=str(images), annotations_directory_path=str(annotations)
        )
        _name_source(annotations, version.number)
        lists = folder / "ImageSets" / "Main"
        lists.mkdir(parents=True)
        for part in PARTS:
            stems = [Path(entry.name).stem for entry in version.entries(part)]
            (lists / VOC_LIST[part]).write_text("".join(f"{stem}\n" for stem in stems), encoding="utf-8")
    return len(version.images)


def export_yolo(version: DatasetVersion, out: Path) -> int:
    """Copy a version to the new folder `out` with image files instead of links; answers the images in it.

    Raises DatasetError where `out` is there already, WinnowError where it cannot be written.
    """
    refuse_existing(out)
    with appearing(out.absolute()) as folder:
        shutil.copytree(version.folder, folder, dirs_exist_ok=True)
    return len(version.images)


def _detections(version: DatasetVersion) -> "supervision.DetectionDataset":
    import supervision

    annotations = {str(version.image_file(entry)): _of_image(entry, version) for entry in version.images}
    return supervision.DetectionDataset(list(version.classes), list(annotations), annotations)


def _of_image(entry: ImageEntry, version: DatasetVersion) -> "supervision.Detections":
    import supervision

    if not entry.accepted:
        return supervision.Detections.empty()
    boxes = [clip_box(mark.box_xyxy, entry.size_wh) for mark in entry.accepted]
    classes = [version.classes.index(mark.class_name) for mark in entry.accepted]
    return supervision.Detections(xyxy=np.array(boxes, np.float64), class_id=np.array(classes))


def _tidied(content: dict[str, Any], version: DatasetVersion) -> bytes:
    """COCO as the library wrote it, but with the folder in the names, and without the licence and dates it makes up."""
    part_of = {entry.name: entry.part for entry in version.images}
    content.pop("licenses", None)
    content["info"] = {"description": f"Winnow data set version {version.number}"}
    for image in content["images"]:
        del image["license"], image["date_captured"]
        image["file_name"] = f"{part_of[image['file_name']]}/{image['file_name']}"
    marks = [mark for entry in version.images for mark in entry.accepted]
    for annotation, mark in zip(content["annotations"], marks, strict=True):
        if mark.mask is not None:
            annotation |= _segmentation(mark.mask)
    return (json.dumps(content) + "\n").encode()


def _segmentation(mask: Rle) -> dict[str, Any]:
    """Every tool takes polygons; holes need run lengths, written as lists: these are read without pycocotools too."""
    parts = outlines(decode(mask))
    if not any(part.holes_xy for part in parts):
        rings = [part.outer_xy for part in parts]
        if iou([mask], [from_polygons(rings, mask.size_hw)])[0, 0] == 1.0:
            return {"segmentation": [ring.ravel().tolist() for ring in rings], "area": area(mask)}
    return {"segmentation": {"size": list(mask.size_hw), "counts": _run_lengths(mask)}, "area": area(mask)}


def _run_lengths(mask: Rle) -> list[int]:
    """Lengths of runs of 0 and 1 in turn, column by column."""
    column_by_column = np.concatenate([[False], decode(mask).ravel(order="F"), [False]])
    changes = np.flatnonzero(column_by_column[1:] != column_by_column[:-1])
    return np.diff(changes, prepend=0, append=column_by_column.size - 2).tolist()


def _name_source(annotations: Path, number: int) -> None:
    """The library names its maker's site as the database of every image."""
    for file in annotations.iterdir():
        text = file.read_text(encoding="utf-8")
        named = text.replace("<database>roboflow.ai<", f"<database>Winnow data set version {number}<")
        file.write_text(named, encoding="utf-8")
