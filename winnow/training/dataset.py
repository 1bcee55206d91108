"""Data set versions: what the verdicts say at one moment, as immutable numbered folders that ultralytics trains on."""

import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock

from winnow.errors import DatasetError, UnknownVersion, WinnowError
from winnow.training.holdout import Holdout
from winnow.training.manifest import (
    PARTS,
    SCHEMA,
    SCHEMA_OF_BOXES,
    ImageEntry,
    Manifest,
    Part,
    Task,
    content_hash,
    count,
    read_images,
)
from winnow.training.models import list_models
from winnow.training.selection import LEFT_OUT, DatasetOptions, Report, Selection, select
from winnow.training.truth import Truth
from winnow.training.version_files import check_sources, differences, image_path, write_version
from winnow.training.workspace import Workspace, appearing, numbered

__all__ = ["DatasetOptions", "DatasetVersion", "build_dataset", "get_dataset", "grow_holdout", "list_datasets"]


@dataclass(frozen=True)
class DatasetVersion:
    """A version on disk; `is_new` is False when a build found nothing new and answers the newest version."""

    folder: Path
    manifest: Manifest
    is_new: bool = False

    @property
    def number(self) -> int:
        return self.manifest.number

    @property
    def classes(self) -> tuple[str, ...]:
        return self.manifest.classes

    @property
    def task(self) -> Task:
        return self.manifest.task

    @property
    def counts(self) -> dict[str, dict[str, Any]]:
        """Part ("train", "holdout") -> images, negatives, painted, rejected and boxes by class."""
        return self.manifest.counts

    @property
    def data_yaml(self) -> Path:
        return self.folder / "data.yaml"

    @cached_property
    def images(self) -> tuple[ImageEntry, ...]:
        """Every image with its boxes, by part and name; read when first asked for, raises DatasetError."""
        return read_images(self.folder / "images.jsonl")

    def entries(self, part: Part) -> list[ImageEntry]:
        """The images of a part, by name."""
        return [entry for entry in self.images if entry.part == part]

    def image_file(self, entry: ImageEntry) -> Path:
        return image_path(self.folder, entry)


class _Silent:
    def progress(self, done: int, total: int, text: str = "") -> None: ...
    def check_stop(self) -> None: ...


def list_datasets(workspace: Workspace) -> list[DatasetVersion]:
    """Every whole version, oldest first; raises DatasetError for one whose manifest is damaged."""
    return [_read(folder) for folder in numbered(workspace.datasets).values()]


def get_dataset(workspace: Workspace, number: int | None = None) -> DatasetVersion:
    """One version, the newest for None; raises UnknownVersion."""
    folders = numbered(workspace.datasets)
    if not folders:
        raise UnknownVersion("There is no data set version yet. Build one: python -m winnow dataset")
    folder = folders.get(max(folders) if number is None else number)
    if folder is None:
        raise UnknownVersion(f"There is no data set version {number}; there are {', '.join(map(str, folders))}.")
    return _read(folder)


def newest_of_task(workspace: Workspace, task: Task) -> DatasetVersion | None:
    """The newest version of a task; None without one."""
    newest_first = (_read(folder) for folder in reversed(numbered(workspace.datasets).values()))
    return next((version for version in newest_first if version.task == task), None)


def next_number(workspace: Workspace) -> int:
    """Never one that was given before, as far as folders and model versions remember; raises ModelError."""
    named = [model.dataset for model in list_models(workspace)]
    return max([0, *numbered(workspace.datasets), *named]) + 1


def drawn_holdout(truth: Truth, workspace: Workspace, *, share: float = 0.2, seed: int = 0) -> Holdout:
    """The split as `grow_holdout` would write it now; nothing is written."""
    holdout = Holdout.read(workspace.holdout)
    new = {path: truth.group_of(path) for path in truth.paths if holdout.part_of(path) is None}
    return holdout.drawn(new, share=share, seed=seed)


def grow_holdout(truth: Truth, workspace: Workspace, *, share: float = 0.2, seed: int = 0) -> Holdout:
    """The split with every image that is known by now in a part; written when any is new."""
    with locked(workspace):
        return _grow_holdout(truth, workspace, share, seed)


def build_dataset(
    truth: Truth,
    workspace: Workspace,
    options: DatasetOptions,
    *,
    base_folder: Path,
    image_root: Path | None,
    report: Report | None = None,
) -> DatasetVersion:
    """Write the next version, or answer the newest one where it would be the same.

    Args:
        base_folder: what image paths are relative to.
        image_root: images that resolve outside it are left out; None = no limit.

    Raises:
        DatasetError: no accepted box, no hold-out image, a class outside `options.classes`; nothing was written.
        WinnowError: the disk is full or not writable; nothing is listed.
    """
    report = report or _Silent()
    with locked(workspace):
        holdout = _grow_holdout(truth, workspace, options.holdout_share, options.seed)
        selection = select(truth, holdout, options, base_folder=base_folder, image_root=image_root, report=report)
        previous, same_task = _newest(workspace), newest_of_task(workspace, options.task)
        number = next_number(workspace)
        manifest = _manifest(number, selection, options, previous, base_folder, last_seq=truth.last_seq)
        if same_task and same_task.manifest.content_hash == manifest.content_hash:
            return same_task
        folder = workspace.datasets / f"v{manifest.number:04d}"
        with appearing(folder) as unfinished:
            write_version(unfinished, manifest, tuple(selection.images), base_folder=base_folder, report=report)
    return DatasetVersion(folder, manifest, is_new=True)


def rebuild_dataset(
    workspace: Workspace, number: int, out: Path, *, base_folder: Path, report: Report | None = None
) -> list[str]:
    """Make a version again in the new folder `out` from its manifest alone; answers the version's files that differ.

    Raises:
        DatasetError: source images (each is named) or the list of images changed, or `out` is there already.
    """
    version = get_dataset(workspace, number)
    refuse_existing(out)
    if content_hash(version.classes, version.images) != version.manifest.content_hash:
        raise DatasetError(f"{version.folder / 'images.jsonl'} is not what its manifest was written with. Restore it.")
    check_sources(version.images, base_folder)
    with appearing(out.absolute()) as unfinished:
        write_version(unfinished, version.manifest, version.images, base_folder=base_folder, report=report or _Silent())
    return differences(version.folder, out, version.manifest, version.images, base_folder)


def refuse_existing(folder: Path) -> None:
    """Raises DatasetError where something is there already."""
    if folder.exists():
        raise DatasetError(f"{folder} is there already; name a folder that does not exist yet.")


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """One builder of a workspace at a time; what one that was killed left behind is removed."""
    try:
        workspace.datasets.mkdir(parents=True, exist_ok=True)
        lock = FileLock(workspace.datasets / "building.lock")
        lock.acquire()
    except OSError as error:
        raise WinnowError(f"{workspace.datasets} cannot be written: {error}. Make the folder writable.") from error
    try:
        for unfinished in workspace.datasets.glob("writing-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        yield
    finally:
        lock.release()


def _grow_holdout(truth: Truth, workspace: Workspace, share: float, seed: int) -> Holdout:
    grown = drawn_holdout(truth, workspace, share=share, seed=seed)
    if grown.draws != Holdout.read(workspace.holdout).draws:
        grown.write(workspace.holdout)
    return grown


def _manifest(
    number: int,
    selection: Selection,
    options: DatasetOptions,
    previous: DatasetVersion | None,
    base_folder: Path,
    *,
    last_seq: int,
) -> Manifest:
    images = tuple(selection.images)
    found = {mark.class_name for entry in images for mark in entry.accepted}
    classes = _class_list(found, options, previous.classes if previous else ())
    counts = count(classes, images)
    refuse_useless(counts, selection)
    settings = asdict(options)
    if options.task == "detect":
        del settings["task"]  # versions with boxes alone are written as they ever were
    return Manifest(
        number=number,
        created_at=time.time(),
        settings=settings,
        classes=classes,
        base_folder=str(base_folder),
        last_seq=last_seq,
        previous=previous.number if previous else None,
        content_hash=content_hash(classes, images),
        left_out={reason: n for reason, n in selection.left_out.items() if n},
        unreadable=selection.unreadable,
        counts=counts,
        schema=SCHEMA_OF_BOXES if options.task == "detect" else SCHEMA,
    )


def _class_list(found: Iterable[str], options: DatasetOptions, previous: tuple[str, ...]) -> tuple[str, ...]:
    """A class keeps its number from version to version; new ones come after, sorted."""
    if options.classes is None:
        return previous + tuple(sorted(set(found) - set(previous)))
    if len(set(options.classes)) < len(options.classes):
        raise DatasetError(f"The class list {', '.join(options.classes)} names a class twice.")
    unknown = sorted(set(found) - set(options.classes))
    if unknown:
        raise DatasetError(
            f"Accepted boxes are of classes that the list {', '.join(options.classes)} does not have: "
            f"{', '.join(unknown)}. Add them to the list, or change the class of these boxes."
        )
    return options.classes


def refuse_useless(counts: Mapping[str, Mapping[str, Any]], selection: Selection) -> None:
    """Raises DatasetError for a version that nothing could be learnt from or measured on."""
    left_out = describe_left_out(selection.left_out)
    n_train, n_holdout = (sum(counts[part]["boxes"].values()) for part in PARTS)
    if not n_train and n_holdout:
        raise DatasetError(
            f"All {n_holdout} accepted boxes lie on hold-out images, none on training images. "
            f"Judge images of the training part, or use --partial.{left_out}"
        )
    if not n_train:
        raise DatasetError(f"There is no accepted box to train on. Accept some proposals first.{left_out}")
    if not counts["holdout"]["images"]:
        raise DatasetError(
            "No hold-out image is complete, so nothing could be measured. Judge every proposal of some images of the "
            f"hold-out.{left_out}"
        )
    if not n_holdout:
        raise DatasetError(
            f"Complete hold-out images: {counts['holdout']['images']}; accepted boxes on them: 0. Nothing could be "
            f"measured. Complete some hold-out images that have objects.{left_out}"
        )


def describe_left_out(left_out: dict[str, int]) -> str:
    """A line a reason for the terminal and the page, beginning with a line break; empty where nothing was left out."""
    return "".join(f"\n  left out: {n:,} images, {LEFT_OUT[reason]}" for reason, n in left_out.items() if n)


def _newest(workspace: Workspace) -> DatasetVersion | None:
    return get_dataset(workspace) if numbered(workspace.datasets) else None


def _read(folder: Path) -> DatasetVersion:
    return DatasetVersion(folder, Manifest.read(folder / "manifest.json"))
