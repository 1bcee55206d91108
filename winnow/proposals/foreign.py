"""What another detector wrote, as proposals: COCO results, a folder of YOLO label files, or a CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import ProposalError, UnreadableImage
from winnow.masks.rle import Rle, from_json, from_polygons
from winnow.pool import image_size
from winnow.proposals.detections import Detections
from winnow.proposals.foreign_coco import read_coco_results
from winnow.proposals.foreign_csv import read_csv_boxes
from winnow.proposals.foreign_rows import BadRow, ForeignBox, ForeignRows, ImageFinder, read_names
from winnow.proposals.foreign_yolo import read_yolo_folder
from winnow.proposals.writing import Entry, entry_of

FORMS = "COCO results (.json), a folder of YOLO .txt files, or a .csv with path,x1,y1,x2,y2,class,score"


@dataclass(frozen=True)
class Foreign:
    """The images that have proposals, and the journal entry of each, in order."""

    images: list[Path]
    entries: list[Entry]


def read_foreign(
    path: Path, images: Sequence[Path] | None, *, annotations: Path | None = None, names: Path | None = None
) -> Foreign:
    """Everything the file proposes, boxes clipped to their images.

    Raises ProposalError with every line that cannot be used; images that cannot be read become entries that say so.
    `images` may be left out for a CSV, whose paths are then relative to it.
    """
    rows = _read(path, images, annotations, read_names(names) if names else None)
    entries = [_entry(number, image, rows) for number, image in enumerate(rows.boxes)]
    rows.check()
    return Foreign(list(rows.boxes), entries)


def _read(
    path: Path, images: Sequence[Path] | None, annotations: Path | None, names: dict[str, str] | None
) -> ForeignRows:
    is_csv = path.suffix.lower() == ".csv"
    if not path.exists():
        raise ProposalError(f"{path}: there is no such file. Give --from {FORMS}.")
    if images is None and not is_csv:
        raise ProposalError(f"{path} names images, it does not say where they are. Add --images FOLDER.")
    rows = ForeignRows(path, ImageFinder(images) if images is not None else _beside(path))
    if path.is_dir():
        read_yolo_folder(rows, names)
    elif is_csv:
        read_csv_boxes(rows)
    elif path.suffix.lower() == ".json":
        read_coco_results(rows, annotations, names)
    else:
        raise ProposalError(f"{path} cannot be taken: its name says neither form. Give --from {FORMS}.")
    if not rows.boxes and not rows.bad:
        raise ProposalError(f"{path} has no proposals in it. Give --from a file with at least one.")
    return rows


def _beside(path: Path) -> Any:
    def find(name: str) -> Path:
        if "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
            raise BadRow("the path has characters that no file name can have")
        return path.absolute().parent / name

    return find


def _entry(number: int, image: Path, rows: ForeignRows) -> Entry:
    try:
        size_wh = image_size(image)
    except UnreadableImage as error:
        return {"image": number, "error": str(error)}
    boxes = rows.boxes[image]
    detections = Detections(
        np.array([_pixels(box, size_wh) for box in boxes], float).reshape(-1, 4),
        np.array([np.nan if box.score is None else box.score for box in boxes], float),
        [box.class_name for box in boxes],
        [_mask(box, size_wh, rows) for box in boxes] if any(box.mask is not None for box in boxes) else None,
    )
    return entry_of(number, size_wh, detections)


def _pixels(box: ForeignBox, size_wh: tuple[int, int]) -> np.ndarray:
    return np.array(box.box_xyxy) * (np.tile(size_wh, 2) if box.is_normalised else 1)


def _mask(box: ForeignBox, size_wh: tuple[int, int], rows: ForeignRows) -> Rle | None:
    """The box's mask in the size of its image; one that cannot be used is noted among the bad lines."""
    size_hw = size_wh[1], size_wh[0]
    try:
        rle = _read_mask(box, size_wh) if box.mask is not None else None
    except (ProposalError, BadRow) as error:
        rows.refuse(box.where, str(error))
        return None
    if rle and rle.size_hw != size_hw:
        rows.refuse(box.where, f"the mask is of {rle.size_hw} (height, width), its image of {size_hw}")
    return rle


def _read_mask(box: ForeignBox, size_wh: tuple[int, int]) -> Rle:
    if isinstance(box.mask, dict):
        return from_json(box.mask)
    outlines = box.mask if isinstance(box.mask, list) else []
    if not outlines or not all(_is_outline(outline) for outline in outlines):
        raise BadRow("segmentation must be run lengths or a list of polygons [x1, y1, x2, y2, x3, y3 …]")
    scale = np.array(size_wh if box.is_normalised else (1, 1))
    points = [np.clip(np.reshape(outline, (-1, 2)) * scale, 0, size_wh) for outline in outlines]
    return from_polygons(points, (size_wh[1], size_wh[0]))


def _is_outline(outline: Any) -> bool:
    return (
        isinstance(outline, list)
        and len(outline) >= 6
        and len(outline) % 2 == 0
        and all(isinstance(value, int | float) and abs(value) < 1e9 for value in outline)
    )
