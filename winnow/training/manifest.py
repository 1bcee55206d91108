"""What a data set version says of itself: every image, every box with the verdict behind it, and the hash of it all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np

from winnow.errors import DatasetError, ProposalError
from winnow.masks.rle import Rle, decode, from_json
from winnow.masks.tidy import single_polygon
from winnow.pool.boxes import Box
from winnow.training.yolo_labels import label_line, polygon_line

SCHEMA = 2  # of versions with masks; those with boxes alone are as they ever were
SCHEMA_OF_BOXES = 1
Task = Literal["detect", "segment"]
TASKS: tuple[Task, ...] = ("detect", "segment")
Part = Literal["train", "holdout"]
PARTS: tuple[Part, ...] = ("train", "holdout")


@dataclass(frozen=True)
class Mark:
    """A box on an image: its class (of a rejected or painted one: the claim) and the verdict behind it, 0 = none.

    `mask` is of accepted marks in versions of the task segment.
    """

    item_id: str
    box_xyxy: Box
    class_name: str
    seq: int
    mask: Rle | None = None

    @cached_property
    def polygon_xy(self) -> np.ndarray:
        """(k, 2) float64, the whole mask as one polygon in pixels."""
        assert self.mask is not None, "asked of marks with a mask only"
        return single_polygon(decode(self.mask))

    def label_line(self, class_index: int, size_wh: tuple[int, int]) -> str:
        """Its line of a YOLO label file: a polygon where it has a mask."""
        if self.mask is None:
            return label_line(class_index, self.box_xyxy, size_wh)
        return polygon_line(class_index, self.polygon_xy, size_wh)


@dataclass(frozen=True)
class ImageEntry:
    """An image of a version. `path` is relative to the base folder, `name` the file's in the version."""

    path: str
    name: str
    part: Part
    state: str
    group: str | None
    size_wh: tuple[int, int]
    blake2b: str  # of the source file
    n_bytes: int
    is_copy: bool  # a PNG copy (painted, or of a kind that trainers read otherwise); else a link
    accepted: tuple[Mark, ...]
    rejected: tuple[Mark, ...]
    painted: tuple[Mark, ...]

    def label_text(self, classes: tuple[str, ...]) -> str:
        """The content of the image's label file; empty where nothing is on it."""
        lines = [mark.label_line(classes.index(mark.class_name), self.size_wh) for mark in self.accepted]
        return "".join(f"{line}\n" for line in dict.fromkeys(lines))


@dataclass(frozen=True)
class Manifest:
    """What a version was built from and with; beside it, images.jsonl has an ImageEntry a line.

    With the two and the source images the version can be made again byte for byte.
    """

    number: int
    created_at: float  # seconds since 1970, UTC
    settings: dict[str, Any]
    classes: tuple[str, ...]
    base_folder: str
    last_seq: int  # the log's newest event at the time
    previous: int | None
    content_hash: str
    left_out: dict[str, int]  # reason -> images
    unreadable: dict[str, str]  # path -> why
    counts: dict[str, dict[str, Any]]
    schema: int = field(default=SCHEMA_OF_BOXES)

    @property
    def task(self) -> Task:
        """What it trains: detectors, or models that segment. Versions that do not say so have boxes alone."""
        return self.settings.get("task", "detect")

    def to_json(self) -> bytes:
        return (json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n").encode()

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Raises DatasetError where the file is missing, damaged or of a newer Winnow."""
        with _explained(path):
            values = json.loads(path.read_bytes())
            if values["schema"] > SCHEMA:
                raise DatasetError(f"{path} has schema {values['schema']}; this Winnow knows {SCHEMA}. Update Winnow.")
            return cls(**{**values, "classes": tuple(values["classes"])})


def images_jsonl(images: tuple[ImageEntry, ...]) -> bytes:
    return "".join(f"{json.dumps(_values(entry), ensure_ascii=False)}\n" for entry in images).encode()


def _values(entry: ImageEntry) -> dict[str, Any]:
    """As JSON has it; marks without a mask do not speak of one."""
    values = asdict(entry)
    for kind in ("accepted", "rejected", "painted"):
        for mark, written in zip(getattr(entry, kind), values[kind], strict=True):
            if mark.mask is None:
                del written["mask"]
            else:
                written["mask"] = mark.mask.as_json()
    return values


def read_images(path: Path) -> tuple[ImageEntry, ...]:
    """What `images_jsonl` wrote; raises DatasetError where the file is missing or damaged."""
    with _explained(path):
        return tuple(_entry(json.loads(line)) for line in path.read_bytes().splitlines())


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, TypeError, LookupError, ProposalError) as error:
        raise DatasetError(f"{path} cannot be read: {error!r}. Restore the file, or build a new version.") from error


def content_hash(classes: tuple[str, ...], images: tuple[ImageEntry, ...]) -> str:
    """blake2b over the class list and, an image, its part, name, source hash, label file and painted boxes."""
    digest = blake2b(json.dumps(classes).encode(), digest_size=16)
    for entry in images:
        painted = [mark.box_xyxy for mark in entry.painted]
        values = [entry.part, entry.name, entry.is_copy, entry.blake2b, entry.label_text(classes), painted]
        digest.update(json.dumps(values).encode())
    return digest.hexdigest()


def count(classes: tuple[str, ...], images: tuple[ImageEntry, ...]) -> dict[str, dict[str, Any]]:
    """Part -> images, negatives (without a box), painted, and boxes by class in the order of the classes."""
    counts: dict[str, dict[str, Any]] = {}
    for part in PARTS:
        entries = [entry for entry in images if entry.part == part]
        boxes = dict.fromkeys(classes, 0)
        for entry in entries:
            for mark in entry.accepted:
                boxes[mark.class_name] += 1
        counts[part] = {
            "images": len(entries),
            "negatives": sum(not entry.accepted for entry in entries),
            "painted": sum(bool(entry.painted) for entry in entries),
            "rejected": sum(len(entry.rejected) for entry in entries),
            "boxes": boxes,
        }
    return counts


def _entry(values: dict[str, Any]) -> ImageEntry:
    marks = {kind: tuple(map(_mark, values[kind])) for kind in ("accepted", "rejected", "painted")}
    width, height = values["size_wh"]
    return ImageEntry(**{**values, **marks, "size_wh": (width, height)})


def _mark(values: dict[str, Any]) -> Mark:
    x1, y1, x2, y2 = values["box_xyxy"]
    mask = from_json(values["mask"]) if "mask" in values else None
    return Mark(values["item_id"], (x1, y1, x2, y2), values["class_name"], values["seq"], mask)
