"""Labelled sets made elsewhere, as a starting point: their boxes become accepted verdicts, their images complete."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import numpy as np

from winnow.errors import LabelledSetError
from winnow.masks.rle import Rle, from_json, iou
from winnow.pool.boxes import Box
from winnow.pool.identity import item_id_of, normalise_paths
from winnow.training.dataset import locked
from winnow.training.holdout import Holdout
from winnow.training.labelled_coco import read_coco_set
from winnow.training.labelled_files import LabelledFile, refuse
from winnow.training.labelled_yolo import read_yolo_set
from winnow.training.manifest import Part
from winnow.training.workspace import Workspace
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import NewVerdict, VerdictLog

Split = Literal["draw", "holdout", "train"]
SPLITS: tuple[Split, ...] = ("draw", "holdout", "train")
STRATEGY = "import"
SAME_BOX = 0.1  # pixels between sides: files round boxes, and what comes back rounded is no second object
SAME_MASK = 0.98  # IoU: an outline in a file follows a mask so nearly


@dataclass(frozen=True)
class LabelledImage:
    """An image of a set. `part` is the set's own split; `is_whole` False: it has objects that no box stands for.

    `masks` are of the boxes that have one; of two objects with the very same box the first counts.
    """

    path: str  # relative to the base folder
    boxes: tuple[tuple[str, Box], ...]
    part: Part | None
    is_whole: bool
    masks: Mapping[Box, Rle] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported:
    """What an import did: events written, images, and how many of these are (now or before) in each part."""

    recorded: int
    known: int
    images: int
    parts: dict[Part | None, int]


def is_labelled_set(path: Path) -> bool:
    """Whether a path names a YOLO set (folder, data.yaml) or a COCO file, and not a table of labels."""
    return path.is_dir() or path.suffix.lower() in (".yaml", ".yml", ".json")


def read_labelled_set(path: Path, base_folder: Path, *, images: Path | None = None) -> list[LabelledImage]:
    """Every image of a set in the order of its paths, all of it checked.

    Args:
        path: a data.yaml, a folder with one or with a file of names, or a COCO annotation file.
        base_folder: what image paths in the log are relative to; the images must lie below it.
        images: the folder that the set's image names are relative to, when it is not the obvious one.

    Raises:
        LabelledSetError: names what is wrong, every bad line (the first 20) with its place.
    """
    files = (read_coco_set if path.suffix.lower() == ".json" else read_yolo_set)(path, images)
    if not files:
        raise LabelledSetError(f"{path}: no images in it, so there is nothing to import.")
    names = _paths_below(files, base_folder)
    twice = [name for name, n in Counter(names).items() if n > 1]
    refuse(path, [f"{name}: the same image stands more than once in the set" for name in twice])
    by_name = dict(sorted(zip(names, files, strict=True), key=lambda named: named[0]))
    refuse(path, [f"{name}: {box} is of two classes" for name, file in by_name.items() for box in _doubled(file)])
    return [LabelledImage(n, tuple(dict.fromkeys(f.boxes)), f.part, f.is_whole, f.masks) for n, f in by_name.items()]


def events_of(labelled: list[LabelledImage], *, annotator: str) -> list[NewVerdict]:
    """An accepted verdict a box, and a completion an image (a miss where objects have no box).

    Keys follow from the content, so that a set that is imported twice is recorded once.
    """
    events = []
    for image in labelled:
        keys = []
        for class_name, box in image.boxes:
            events.append(_accepted(image, class_name, box, annotator))
            keys.append(events[-1].key)
        kind: Literal["complete", "miss"] = "complete" if image.is_whole else "miss"
        key, whole = _key(kind, image.path, *sorted(keys)), item_id_of(image.path, None)
        events.append(NewVerdict(key, whole, None, annotator, image.path, strategy=STRATEGY, kind=kind))
    return events


def _accepted(image: LabelledImage, class_name: str, box: Box, annotator: str) -> NewVerdict:
    mask = json.dumps(image.masks[box].as_json()) if box in image.masks else None
    key = _key("box", image.path, class_name, *map(repr, box), *([mask] if mask else []))
    item_id = item_id_of(image.path, box)
    return NewVerdict(key, item_id, 1, annotator, image.path, box, strategy=STRATEGY, class_name=class_name, mask=mask)


def import_labelled_set(
    labelled: list[LabelledImage],
    url: str,
    workspace: Workspace,
    *,
    annotator: str,
    split: Split | None = None,
    groups: Mapping[str, str | None] | None = None,
) -> Imported:
    """Record a set in the log of this URL, all or none, and assign its images to the hold-out split.

    Raises DatabaseError, with nothing changed, where a server has the log open.
    """
    log = VerdictLog(url)
    try:
        ledger = Ledger(log.replay())
        events = events_of(_on_accepted(labelled, ledger), annotator=annotator)
        fresh = [event for event in events if not _is_known(event, ledger)]
        # The split first: a data set that is built in between must not draw what is assigned here.
        holdout = assign_parts(labelled, workspace, split=split, groups=groups or {})
        log.append(fresh)
    finally:
        log.close()
    parts = Counter(holdout.part_of(image.path) for image in labelled)
    return Imported(len(fresh), len(events) - len(fresh), len(labelled), dict(parts))


def _on_accepted(labelled: list[LabelledImage], ledger: Ledger) -> list[LabelledImage]:
    """The set with every box that is an accepted one but for rounding as that very box, so that it is the same item."""
    accepted: dict[str, list[Box]] = {}
    for verdict in ledger.standing():
        if verdict.label == 1 and verdict.box_xyxy is not None:
            accepted.setdefault(verdict.path, []).append(verdict.box_xyxy)
    return [_moved(image, accepted[image.path]) if image.path in accepted else image for image in labelled]


def _moved(image: LabelledImage, accepted: list[Box]) -> LabelledImage:
    stand = np.array(accepted)
    onto: dict[Box, Box] = {}
    for _, box in image.boxes:
        distance = np.abs(stand - box).max(axis=1)
        nearest = int(distance.argmin())
        onto[box] = accepted[nearest] if distance[nearest] <= SAME_BOX else box
    if len(set(onto.values())) < len(onto):  # objects that lie so near to each other stay what they are
        return image
    boxes = tuple((class_name, onto[box]) for class_name, box in image.boxes)
    return replace(image, boxes=boxes, masks={onto[box]: mask for box, mask in image.masks.items()})


def _is_known(event: NewVerdict, ledger: Ledger) -> bool:
    """Whether the event was recorded before, or says of an object what stands."""
    if ledger.find(event.key) is not None:
        return True
    stands = ledger.current(event.item_id) if event.kind == "verdict" else None
    if stands is None or stands.label != 1 or event.class_name != (stands.class_name or stands.proposed_class):
        return False
    if event.mask is None or stands.mask is None:
        return event.mask is None
    ours, theirs = (from_json(json.loads(mask)) for mask in (stands.mask, event.mask))
    return bool(iou([ours], [theirs])[0, 0] >= SAME_MASK)


def assign_parts(
    labelled: list[LabelledImage], workspace: Workspace, *, split: Split | None, groups: Mapping[str, str | None]
) -> Holdout:
    """Put the set's images where `split` says, by default where the set's own split has them (val and test: hold-out).

    Images that are in a part already stay there; those that nobody assigns are drawn at the next build, as are those of
    a set that has training images alone, where nothing could be measured on yet.
    """
    with locked(workspace):
        holdout = Holdout.read(workspace.holdout)
        if split == "draw":
            return holdout
        measures = any(image.part == "holdout" for image in labelled) or holdout.paths("holdout")
        wanted = {image.path: part for image in labelled if (part := split or (image.part if measures else None))}
        grown = holdout.assigned(wanted, groups)
        if grown is not holdout:
            grown.write(workspace.holdout)
        return grown


def _paths_below(files: list[LabelledFile], base_folder: Path) -> list[str]:
    """Image paths relative to the base folder; a link to an image below it counts as that image.

    So the images of an exported data set version are the pool's own again.
    """
    paths = [_path_below(os.path.abspath(file.file), base_folder.absolute() / "refs") for file in files]
    outside = [path for path in paths if os.path.isabs(path)]
    refuse(base_folder, [f"{path}: the image is not below the project's folder" for path in outside])
    return paths


def _path_below(path: str, refs_path: Path) -> str:
    targets = [os.path.join(os.path.dirname(path), os.readlink(path))] if os.path.islink(path) else []
    names = [normalise_paths([candidate], refs_path)[0][0] for candidate in (*targets, path)]
    return next((name for name in names if not os.path.isabs(name)), names[-1])


def _doubled(file: LabelledFile) -> list[Box]:
    classes_of: dict[Box, set[str]] = {}
    for class_name, box in file.boxes:
        classes_of.setdefault(box, set()).add(class_name)
    return [box for box, classes in classes_of.items() if len(classes) > 1]


def _key(*parts: str) -> str:
    return f"labels-{blake2b(chr(0).join(parts).encode(), digest_size=16).hexdigest()}"
