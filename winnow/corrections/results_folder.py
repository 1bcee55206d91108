"""The results folder: a record of every reviewed image, its masks and overlays. docs/results.md has its form."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from winnow.corrections.image_files import ImageFiles, ImageWriter
from winnow.corrections.image_results import ImageResults
from winnow.corrections.overlays import colours_of
from winnow.errors import WinnowError
from winnow.files import write_atomically
from winnow.jobs.reporter import Reporter
from winnow.training.reading import Reading

SCHEMA = 1
MARKER = ".winnow-results"  # says that what is in the folder was written by Winnow, and may be removed by it
INDEX = "index.json"
MaskForm = Literal["png", "npy", "rle"]
_HEX = "[0-9a-f]{16}"
_OURS = re.compile(
    rf".+-{_HEX}\.json|masks/.+-{_HEX}-{_HEX}\.(png|npy)|overlays/.+-{_HEX}-(before|after)\.jpg|(.+/)?[^/]+\.\d+\.tmp"
)


@dataclass(frozen=True)
class ResultsOptions:
    """masks: files of their own (png, npy) or run lengths in the record; overlays: pictures of before and after."""

    masks: MaskForm = "png"
    overlays: bool = True


@dataclass(frozen=True)
class ResultsSummary:
    """What a run did: images by status, how many were written anew, files that it removed, path -> what is wrong."""

    folder: Path
    counts: dict[str, int]
    n_written: int
    n_removed: int
    problems: dict[str, str]

    @property
    def n_images(self) -> int:
        return sum(self.counts.values())


def write_results(
    reading: Reading, folder: Path, options: ResultsOptions, *, image_root: Path | None, report: Reporter
) -> ResultsSummary:
    """Bring the folder up to date with the log: only images of which something changed are written again.

    Every file is whole or not there, an image's record is written after its files, index.json last of all. Stopped at
    any point, the next run goes on.

    Raises:
        WinnowError: the folder holds what Winnow did not write, or cannot be written.
        ProposalError: a file of masks is damaged.
        Stopped: as the reporter says.
    """
    claim(folder)
    images = ImageResults(reading)
    paths = images.paths()
    colours = colours_of(images.classes) if options.overlays else None
    writer = ImageWriter(folder, options.masks, reading.pool.folder, image_root, colours=colours)
    written: list[ImageFiles] = []
    for done, path in enumerate(paths):
        report.check_stop()
        report.progress(done, len(paths), "Writing results")
        written.append(writer.write(images.result(path)))
    removed = _remove_stale(folder, {name for one in written for name in one.names})
    write_atomically(folder / INDEX, _index(written, images.last_seq, options))
    report.progress(len(paths), len(paths), "Writing results")
    counts = Counter(one.record["status"] for one in written)
    problems = {one.record["path"]: one.record["problem"] for one in written if one.record["problem"]}
    return ResultsSummary(folder, dict(sorted(counts.items())), sum(one.is_new for one in written), removed, problems)


def claim(folder: Path) -> None:
    """Make the folder Winnow's own; raises WinnowError where it holds something else."""
    marker = folder / MARKER
    try:
        if marker.is_file():
            schema = json.loads(marker.read_bytes())["schema"]
            if schema > SCHEMA:
                raise WinnowError(
                    f"{folder} has results of schema {schema}; this Winnow knows {SCHEMA}. Update Winnow."
                )
        elif folder.exists() and any(folder.iterdir()):
            raise WinnowError(f"{folder} is not empty, and Winnow did not write what is in it. Choose another folder.")
        for name in ("masks", "overlays"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if not marker.is_file():
            write_atomically(marker, json.dumps({"schema": SCHEMA}).encode())
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise WinnowError(f"{folder} cannot be used for results: {error}. Choose another folder.") from error


def read_index(folder: Path) -> dict[str, Any] | None:
    """What the last whole run wrote; None before one. Raises WinnowError where it is damaged."""
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise WinnowError(f"{folder / INDEX} cannot be read: {error}. Write the results again.") from error
    return index


def _index(written: list[ImageFiles], last_seq: int, options: ResultsOptions) -> bytes:
    images = [
        {
            "path": one.record["path"],
            "record": one.record_name,
            "status": one.record["status"],
            "objects": len(one.record["objects"]),
            "problem": one.record["problem"],
        }
        for one in written
    ]
    counts = Counter(one["status"] for one in images)
    values = {
        "schema": SCHEMA,
        "last_event": last_seq,
        "masks": options.masks,
        "overlays": options.overlays,
        "counts": {status: counts[status] for status in ("ok", "corrected", "rejected")},
        "images": images,
    }
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()


def _remove_stale(folder: Path, names: set[str]) -> int:
    """Remove what Winnow once wrote and no image has any more; other files stay. Answers how many."""
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    ours = {path: path.relative_to(folder).as_posix() for path in found}
    stale = [path for path, name in ours.items() if _OURS.fullmatch(name) and name not in names]
    try:
        for path in stale:
            path.unlink()
    except OSError as error:
        raise WinnowError(f"{folder} cannot be brought up to date: {error}. Check its permissions.") from error
    return len(stale)
