"""Images through a detector into a proposals file: every image decoded once, a killed run goes on where it was."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from winnow.errors import ProposalError, UnreadableImage
from winnow.jobs.reporter import Reporter
from winnow.pool import load_image, open_pool
from winnow.pool.refs_coco import IMAGE_SUFFIXES
from winnow.proposals.detections import Detector
from winnow.proposals.writing import Entry, Journal, ProposalSummary, disk_errors, entry_of


@dataclass(frozen=True)
class RunOptions:
    """How a run goes.

    `workers` decode images while the model works; `is_overwriting` replaces a file that is there; `keeps_journal`
    leaves `journal_path(out)` for the caller to remove when what comes after is done; until then a call goes on.
    """

    is_overwriting: bool = False
    workers: int = 2
    keeps_journal: bool = False


@dataclass(frozen=True)
class Sources:
    """Images to propose on, and the group of each that has one."""

    images: list[Path]
    groups: dict[Path, str]


def list_images(folder: Path, *, skip: Sequence[Path] = ()) -> list[Path]:
    """Every image file below the folder, in the order of their names; none in hidden folders or in those to skip.

    Raises ProposalError where there is none.
    """
    if not folder.is_dir():
        raise ProposalError(f"{folder} is no folder. Give --images a folder of images, or a refs file.")
    left_out = {path.absolute() for path in skip}
    found: list[Path] = []
    for parent, folders, names in os.walk(folder.absolute()):
        folders[:] = sorted(f for f in folders if f[0] != "." and Path(parent, f) not in left_out)
        found += [Path(parent, name) for name in sorted(names) if name.lower().endswith(IMAGE_SUFFIXES)]
    if not found:
        raise ProposalError(f"{folder} holds no images. Taken are {', '.join(IMAGE_SUFFIXES)}, in sub-folders too.")
    return found


def read_sources(images: Path, *, skip: Sequence[Path] = ()) -> Sources:
    """The images of a folder or of a refs file; raises ProposalError or RefsError."""
    if images.is_dir() or not images.exists():
        return Sources(list_images(images, skip=skip), {})
    pool = open_pool(images)
    codes, firsts = np.unique(pool.path_codes, return_index=True)
    paths = [pool.folder / pool.paths[code] for code in codes.tolist()]
    named = [pool.groups.get(int(pool.group_codes[row])) for row in firsts]
    return Sources(paths, {path: group for path, group in zip(paths, named, strict=True) if group})


def propose(
    images: Sequence[Path],
    detector: Detector,
    options: RunOptions,
    out: Path,
    report: Reporter,
    groups: Mapping[Path, str] | None = None,
) -> ProposalSummary:
    """Writes the proposals of the images to the CSV `out`, and masks beside it.

    Raises ProposalError where the file is there or in use, DetectorError where the model breaks off, and Stopped;
    what was finished by then is kept, and the same call goes on from there.
    """
    check_out(out)
    paths = [_relative(image, out) for image in images]
    plan = {"schema": 1, "recipe": detector.recipe, "source": detector.source, "images": _signs(images, paths)}
    with _alone(out):
        journal = Journal(out, plan, may_replace=options.is_overwriting)
        try:
            _detect(images, detector, options.workers, journal, report)
            by_path = {_relative(image, out): group for image, group in (groups or {}).items()}
            summary = journal.publish(out, paths, by_path, detector.source)
            if not options.keeps_journal:
                journal.drop()
            return summary
        finally:
            journal.close()


def write_entries(
    entries: Iterable[Entry], images: Sequence[Path], source: str, options: RunOptions, out: Path
) -> ProposalSummary:
    """Writes entries that are there already, as of another detector's file, to the CSV `out`."""
    check_out(out)
    with _alone(out):
        journal = Journal(out, {"schema": 1, "source": source, "taken": True}, may_replace=options.is_overwriting)
        try:
            journal.append(list(entries))
            return journal.publish(out, [_relative(image, out) for image in images], None, source)
        finally:
            journal.drop()


def check_out(out: Path) -> None:
    """Raises ProposalError for a file name that would not be read back as CSV."""
    if out.suffix.lower() != ".csv":
        raise ProposalError(f"--out must end in .csv, got {out}.")


def _detect(images: Sequence[Path], detector: Detector, workers: int, journal: Journal, report: Reporter) -> None:
    size = detector.batch
    starts = range(journal.n_done * size, len(images), size)
    done = min(journal.n_done * size, len(images))
    report.progress(done, len(images), f"{detector.source}: {done:,} images done")
    n_boxes = 0
    for start, decoded in zip(starts, _decoded(images, starts, size, workers), strict=True):
        report.check_stop()
        batch = _batch(start, decoded, detector)
        journal.append(batch)
        n_boxes += sum(len(entry.get("rows", [])) for entry in batch)
        done = start + len(batch)
        report.progress(done, len(images), f"{detector.source}: {done:,} of {len(images):,} images, {n_boxes:,} boxes")


def _batch(start: int, decoded: list[np.ndarray | UnreadableImage], detector: Detector) -> list[Entry]:
    readable = [image for image in decoded if isinstance(image, np.ndarray)]
    found = iter(detector.detect(readable) if readable else [])
    return [
        entry_of(number, (image.shape[1], image.shape[0]), next(found))
        if isinstance(image, np.ndarray)
        else {"image": number, "error": str(image)}
        for number, image in enumerate(decoded, start)
    ]


def _decoded(
    images: Sequence[Path], starts: range, size: int, workers: int
) -> Iterator[list[np.ndarray | UnreadableImage]]:
    """The batches' images (h, w, 3) uint8, or why one cannot be read; the next batch is decoded meanwhile."""
    with ThreadPoolExecutor(max(1, workers)) as threads:
        waiting: list[Future[np.ndarray | UnreadableImage]] = []
        for start in chain(starts, [None]):
            ahead = [] if start is None else [threads.submit(_decode, path) for path in images[start : start + size]]
            if waiting:
                yield [future.result() for future in waiting]
            waiting = ahead


def _decode(path: Path) -> np.ndarray | UnreadableImage:
    try:
        return np.asarray(load_image(path))
    except UnreadableImage as error:
        return error


def _relative(image: Path, out: Path) -> str:
    return os.path.relpath(image.absolute(), out.absolute().parent).replace(os.sep, "/")


def _signs(images: Sequence[Path], paths: Sequence[str]) -> str:
    """A hash of which images these are and of what state."""
    from hashlib import blake2b

    digest = blake2b(digest_size=16)
    for image, path in zip(images, paths, strict=True):
        try:
            status = image.stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        except OSError:  # missing: it will be listed as unreadable
            digest.update(f"{path}\0missing\n".encode())
    return digest.hexdigest()


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    lock = FileLock(out.with_name(f".{out.name}.lock"))
    with disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ProposalError(f"Another run is writing {out}. Wait for it, or give another --out.") from error
    try:
        yield
    finally:
        lock.release()
