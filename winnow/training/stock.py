"""What there is to learn from now, and whether a training could begin: told by the verdicts alone, in a moment."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from winnow.errors import TrainingError, UnknownVersion, UnreadableImage
from winnow.pool.images import image_size
from winnow.training.dataset import DatasetVersion, drawn_holdout, get_dataset, refuse_useless
from winnow.training.manifest import PARTS, Part
from winnow.training.models import ModelVersion, newest_of_task
from winnow.training.selection import DatasetOptions, Selection, masks_for, reason_to_leave_out
from winnow.training.suggestions import DatasetFacts
from winnow.training.truth import STATES, ImageRecord, State, Truth
from winnow.training.workspace import Workspace
from winnow.verdicts.log import Verdict

SAMPLE = 60  # images whose size is looked at
REVIEW = "review"  # the strategy of events that a review of an image's predictions makes


@dataclass(frozen=True)
class Stock:
    """Images by state; regions by what is known of them; `parts` is what a data set version would take now."""

    images: dict[State, int]
    accepted: int
    rejected: int
    to_correct: int
    misses: int
    parts: dict[Part, "PartStock"]


@dataclass(frozen=True)
class PartStock:
    """images: those that enter; waiting: judged in part, so that they do not; boxes: accepted, by class.

    without_mask: those that the task segment leaves out, since an accepted object on them has no mask.
    """

    drawn: int
    images: int
    waiting: int
    boxes: dict[str, int]
    without_mask: int = 0


@dataclass(frozen=True)
class _Judged:
    """The images with verdicts, each with its part and why a data set version would leave it out (None = it enters)."""

    entries: list[tuple[ImageRecord, Part, str | None]]
    drawn: dict[Part, int]
    n_images: int


def stock_of(truth: Truth, workspace: Workspace, options: DatasetOptions) -> Stock:
    """Raises DatasetError where the hold-out's file is damaged."""
    judged = _look(truth, workspace, options)
    records = [record for record, _, _ in judged.entries]
    states = Counter(record.state for record in records)
    states["untouched"] += judged.n_images - len(records)
    return Stock(
        images={state: states[state] for state in STATES},
        accepted=sum(len(record.accepted) for record in records),
        rejected=sum(len(record.rejected) for record in records),
        to_correct=sum(len(record.to_correct) for record in records),
        misses=sum(record.open_misses for record in records),
        parts={part: _part(judged, part) for part in PARTS},
    )


def facts_of(
    truth: Truth, workspace: Workspace, options: DatasetOptions, file_of: Callable[[str], Path]
) -> DatasetFacts:
    """What suggestions go by; sizes are those of at most SAMPLE images, evenly taken."""
    judged = _look(truth, workspace, options)
    stock = _part(judged, "train")
    records = [record for record, part, reason in judged.entries if part == "train" and reason is None]
    sides, longer = [], []
    for record in records[:: max(1, len(records) // SAMPLE)]:
        try:
            width, height = image_size(file_of(record.path))
        except UnreadableImage:
            continue
        longer.append(max(width, height))
        for x1, y1, x2, y2 in (region.box_xyxy for region in record.accepted):
            sides.append(((x2 - x1) * (y2 - y1) / (width * height)) ** 0.5)
    return DatasetFacts(
        n_images=stock.images,
        n_waiting=stock.waiting,
        boxes=stock.boxes,
        median_side=median(sides) if sides else None,
        median_longer_px=round(median(longer)) if longer else None,
    )


class NothingChanged(TrainingError):
    """All that was said since the last model version is that its predictions are right; one may train all the same."""


def check_ready(
    truth: Truth, workspace: Workspace, options: DatasetOptions, *, is_again: bool = False, is_anyway: bool = False
) -> None:
    """Look, before anything is built, whether a training could begin.

    Raises:
        DatasetError: no accepted box to train on, or no hold-out image that could measure.
        TrainingError: no verdict since the data set of the newest model version of this task, unless `is_again`.
        NothingChanged: every review since was an acceptance as it is, unless `is_again` or `is_anyway`.
    """
    judged = _look(truth, workspace, options)
    left_out = Counter(reason for _, _, reason in judged.entries if reason)
    left_out["untouched"] = judged.n_images - len(judged.entries)
    parts = {part: _part(judged, part) for part in PARTS}
    counts: dict[str, dict[str, Any]] = {
        part: {"images": stock.images, "boxes": stock.boxes} for part, stock in parts.items()
    }
    refuse_useless(counts, Selection(left_out=left_out))
    model = newest_of_task(workspace, options.task)
    dataset = _trained_on(workspace, model) if model and not is_again else None
    if model is None or dataset is None:
        return
    settings = dataset.manifest.settings
    if settings["partial"] != options.partial or settings["rejects"] != options.rejects:
        return
    if dataset.manifest.last_seq == truth.last_seq:
        raise TrainingError(
            f"Nothing is new: there is no verdict since {model.name}, which was trained on data set version "
            f"{dataset.number}. Judge more proposals, or train once more on the same: tick “also when nothing is new”, "
            "or give --again."
        )
    said = [] if is_anyway else truth.events_since(dataset.manifest.last_seq)
    if said and all(map(accepts_as_it_is, said)) and _still_says(judged, dataset):
        raise NothingChanged(_no_change(model, said))


def _trained_on(workspace: Workspace, model: ModelVersion) -> DatasetVersion | None:
    """What a model learnt from; None where somebody removed it, and its content must be compared once it is built."""
    try:
        dataset = get_dataset(workspace, model.dataset)
    except UnknownVersion:
        return None
    return dataset if dataset.manifest.content_hash == model.dataset_hash else None


def accepts_as_it_is(event: Verdict) -> bool:
    """Whether an event is part of a review of an image's predictions that left all of them as they were.

    Where all events since a model's data are, a training would be told only what the model says already.
    """
    if event.kind != "verdict" or event.strategy != REVIEW:
        return event.kind == "complete" and event.strategy == REVIEW and event.reason == "accepted"
    is_same_class = event.class_name in (None, event.proposed_class)
    return event.label == 1 and is_same_class and not event.replaces and not event.mask


def _still_says(judged: _Judged, dataset: DatasetVersion) -> bool:
    """Whether what a data set has of its images is still accepted, and no more on them: an undo may have changed it."""
    records = {record.path: record for record, _, _ in judged.entries}
    for entry in dataset.images:
        now = records.get(entry.path)
        accepted = {(region.item_id, region.class_name) for region in now.accepted} if now else None
        if accepted != {(mark.item_id, mark.class_name) for mark in entry.accepted}:
            return False
    return True


def _no_change(model: ModelVersion, said: list[Verdict]) -> str:
    n = sum(event.kind == "complete" for event in said)
    return (
        f"No change, no retrain: since {model.name} {n} {'image was' if n == 1 else 'images were'} reviewed and all "
        "accepted as predicted. Nothing was corrected, deleted, rejected or added, so there is hardly anything to "
        "learn. Go on until something is wrong, or train all the same: press once more, or give --anyway."
    )


def _look(truth: Truth, workspace: Workspace, options: DatasetOptions) -> _Judged:
    """The split is drawn for images that no draw has seen, as the next data set version will, and not written."""
    holdout = drawn_holdout(truth, workspace, share=options.holdout_share, seed=options.seed)
    masks = masks_for(truth, options)
    entries: list[tuple[ImageRecord, Part, str | None]] = []
    drawn: dict[Part, int] = dict.fromkeys(PARTS, 0)
    for path in truth.paths:
        part = holdout.part_of(path)
        assert part is not None, "every path was drawn"
        drawn[part] += 1
        if truth.is_touched(path):
            record = truth.record(path)
            entries.append((record, part, reason_to_leave_out(record, part, options, masks)))
    return _Judged(entries, drawn, len(truth.paths))


def _part(judged: _Judged, part: Part) -> PartStock:
    mine = [(record, reason) for record, its_part, reason in judged.entries if its_part == part]
    boxes = Counter(region.class_name for record, reason in mine if reason is None for region in record.accepted)
    return PartStock(
        drawn=judged.drawn[part],
        images=sum(reason is None for _, reason in mine),
        waiting=sum(reason == "in_progress" and bool(record.accepted or record.rejected) for record, reason in mine),
        boxes=dict(sorted(boxes.items())),
        without_mask=sum(reason == "without_mask" for _, reason in mine),
    )
