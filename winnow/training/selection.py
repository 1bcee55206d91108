"""Which images enter a data set version, and what each of their boxes becomes in it."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Literal, Protocol

from winnow.errors import DatasetError, UnreadableImage
from winnow.pool.boxes import clip_box, share_inside
from winnow.training.holdout import Holdout
from winnow.training.manifest import ImageEntry, Mark, Part, Task
from winnow.training.masks_of import MasksOf
from winnow.training.sources import inspect_source
from winnow.training.truth import ImageRecord, Region, Truth

HIDDEN_SHARE = 0.5  # of an unreviewed region's area, on an accepted box

Rejects = Literal["background", "ignore"]

# Why an image is left out -> in words
LEFT_OUT = {
    "untouched": "nothing on them is judged",
    "rejected": "their prediction was rejected as a whole, and nobody has said since what is on them",
    "in_progress": "some proposals are not judged yet",
    "unlisted": "no refs at hand say what else was proposed on them",
    "open_misses": "an object is reported that nobody has boxed",
    "nothing_certain": "nothing on them is accepted or rejected",
    "hidden": "a proposal that nobody judged lies on an accepted box of another class and cannot be painted over",
    "in_holdout": "the same file is a hold-out image under another name",
    "only_rejects": "they have rejected regions only, and rejects are ignored",
    "without_mask": "an accepted object has no mask, which a data set of the task segment needs",
    "off_image": "an accepted box lies outside the image",
    "unreadable": "the image cannot be read, or trainers would refuse it",
}


class Report(Protocol):
    """Where long work tells how far it is and hears that it shall stop; winnow.jobs.reporter has them."""

    def progress(self, done: int, total: int, text: str = ...) -> None: ...
    def check_stop(self) -> None: ...


@dataclass(frozen=True)
class DatasetOptions:
    """What enters a version.

    partial: also images with open proposals, these painted over in the training copy. rejects: "background" trains
    rejected regions as such, "ignore" paints them over and leaves out images with nothing else. classes: the class
    list, None = the last version's and whatever is new. holdout_share and seed are of draws yet to come. task: "detect"
    has boxes, "segment" masks, and only images whose accepted objects all have one.
    """

    partial: bool = False
    rejects: Rejects = "background"
    classes: tuple[str, ...] | None = None
    holdout_share: float = 0.2
    seed: int = 0
    task: Task = "detect"


@dataclass(frozen=True)
class _Source:
    """Where images are read, and where masks come from (None where no masks are wanted)."""

    base_folder: Path
    image_root: Path | None
    masks: MasksOf | None


@dataclass
class Selection:
    """The images of a version by part and name, and what was left out: reason -> images, path -> what is wrong."""

    images: list[ImageEntry] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)


def select(
    truth: Truth,
    holdout: Holdout,
    options: DatasetOptions,
    *,
    base_folder: Path,
    image_root: Path | None,
    report: Report,
) -> Selection:
    """Look at every image that has verdicts. Each must be in a part of the hold-out split."""
    selection = Selection()
    source = _Source(base_folder, image_root, masks_for(truth, options))
    paths, states = truth.paths, truth.states()
    touched = [path for path, state in zip(paths, states.tolist(), strict=True) if state]
    selection.left_out["untouched"] = len(paths) - len(touched)
    for done, path in enumerate(touched):
        report.check_stop()
        report.progress(done, len(touched), "Reading images")
        part = holdout.part_of(path)
        if part is None:
            raise DatasetError(f"{path} is in no part of the hold-out split. Build the data set again.")
        _add(selection, truth.record(path), part, options, source)
    _leave_out_copies(selection)
    selection.images.sort(key=lambda entry: (entry.part, entry.name))
    return selection


def masks_for(truth: Truth, options: DatasetOptions) -> MasksOf | None:
    """The masks that a version with these options asks for; None where it has boxes alone."""
    return truth.masks if options.task == "segment" else None


def _leave_out_copies(selection: Selection) -> None:
    """No file that measures may train, whatever it is called."""
    measuring = {entry.blake2b for entry in selection.images if entry.part == "holdout"}
    copies = [entry for entry in selection.images if entry.part == "train" and entry.blake2b in measuring]
    selection.images = [entry for entry in selection.images if entry not in copies]
    selection.left_out["in_holdout"] += len(copies)


def _add(selection: Selection, record: ImageRecord, part: Part, options: DatasetOptions, source: _Source) -> None:
    reason = reason_to_leave_out(record, part, options, source.masks)
    if reason is None:
        try:
            entry = _entry(record, part, options, source)
        except UnreadableImage as error:
            selection.unreadable[record.path] = str(error)
            reason = "unreadable"
        else:
            if all(clip_box(mark.box_xyxy, entry.size_wh) for mark in entry.accepted):
                selection.images.append(entry)
                return
            reason = "off_image"
    selection.left_out[reason] += 1


def reason_to_leave_out(record: ImageRecord, part: Part, options: DatasetOptions, masks: MasksOf | None) -> str | None:
    """A key of LEFT_OUT; None where the image enters, as far as verdicts tell without reading its file.

    `masks` are those of `masks_for` these options.
    """
    if record.is_rejected:
        return "rejected"
    if record.open_misses:
        return "open_misses"
    if record.state != "complete" and not (options.partial and part == "train"):
        return "in_progress"
    if record.state != "complete" and not record.is_listed:
        return "unlisted"
    if record.state != "complete" and not (record.accepted or record.rejected):
        return "nothing_certain"
    if record.state != "complete" and _has_hidden(record):
        return "hidden"
    if options.rejects == "ignore" and part == "train" and record.rejected and not record.accepted:
        return "only_rejects"
    if masks and any(masks.mask_of(region) is None for region in record.accepted):
        return "without_mask"
    return None


def _has_hidden(record: ImageRecord) -> bool:
    return any(
        one.class_name != kept.class_name and share_inside(one.box_xyxy, kept.box_xyxy) >= HIDDEN_SHARE
        for one in record.unreviewed
        for kept in record.accepted
    )


def _entry(record: ImageRecord, part: Part, options: DatasetOptions, source: _Source) -> ImageEntry:
    file = source.base_folder / record.path
    image = inspect_source(file, source.image_root)
    # The hold-out is never painted: what measures must not change with how one trains.
    ignored = record.rejected if options.rejects == "ignore" else ()
    painted = _marks((*record.unreviewed, *ignored)) if part == "train" else ()
    is_copy = bool(painted) or image.link_suffix is None
    return ImageEntry(
        path=record.path,
        name=_name(record.path, ".png" if is_copy else image.link_suffix or ""),
        part=part,
        state=record.state,
        group=record.group,
        size_wh=image.size_wh,
        blake2b=image.blake2b,
        n_bytes=image.n_bytes,
        is_copy=is_copy,
        accepted=_with_masks(record, source.masks, file, image.size_wh),
        rejected=_marks(record.rejected),
        painted=painted,
    )


def _name(path: str, suffix: str) -> str:
    """A flat file name: the stem, made plain, and ten hex digits of the whole path, which make it the image's own."""
    stem = re.sub(r"[^\w.-]+", "_", Path(path).stem)[:60]
    return f"{stem}-{blake2b(path.encode(), digest_size=5).hexdigest()}{suffix}"


def _marks(regions: tuple[Region, ...]) -> tuple[Mark, ...]:
    return tuple(Mark(region.item_id, region.box_xyxy, region.class_name, region.seq) for region in regions)


def _with_masks(record: ImageRecord, masks: MasksOf | None, file: Path, size_wh: tuple[int, int]) -> tuple[Mark, ...]:
    """The accepted marks; raises UnreadableImage where a mask was made on an image of another size."""
    if masks is None:
        return _marks(record.accepted)
    marks = []
    for mark, region in zip(_marks(record.accepted), record.accepted, strict=True):
        mask = masks.mask_of(region)
        assert mask is not None, "images without a mask were left out"
        if mask.size_hw != size_wh[::-1]:
            height, width = mask.size_hw
            raise UnreadableImage(
                f"{file}: the mask of the object at {mark.box_xyxy} is one of an image of {width} × {height} pixels, "
                f"this one has {size_wh[0]} × {size_wh[1]}. Correct its mask again."
            )
        marks.append(replace(mark, mask=mask))
    return tuple(marks)
