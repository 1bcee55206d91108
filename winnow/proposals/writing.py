"""The proposals' file: batches go to a journal beside it, so that a kill loses one; then the whole CSV by rename."""

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from winnow.errors import ProposalError
from winnow.masks.rle import Rle
from winnow.masks.sidecar import mask_line, sidecar_path
from winnow.proposals.detections import Detections

COLUMNS = ("path", "x1", "y1", "x2", "y2", "class", "score", "source")
_BOX_DECIMALS, _SCORE_DECIMALS = 2, 5

Entry = dict[
    str, Any
]  # one image: {"image", "rows": [[x1, y1, x2, y2, class, score, counts | null]]} or {"image", "error"}


@dataclass
class ProposalSummary:
    """What a run proposed; `unreadable` are (path, reason), `n_empty` the images in which nothing was found."""

    n_images: int = 0
    n_boxes: int = 0
    n_empty: int = 0
    n_dropped: int = 0  # boxes without any area on their image
    classes: dict[str, int] = field(default_factory=dict)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    @property
    def n_unreadable(self) -> int:
        return len(self.unreadable)


def entry_of(number: int, size_wh: tuple[int, int], found: Detections) -> Entry:
    """The journal's entry of one image: boxes clipped to it, those without area left out."""
    corners = np.tile(size_wh, 2)
    boxes = np.round(np.clip(found.boxes_xyxy, 0, corners), _BOX_DECIMALS)
    has_area = (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])
    rows = [
        [*boxes[i].tolist(), found.classes[i], _score(found.scores[i]), *_mask(found, i)]
        for i in np.flatnonzero(has_area).tolist()
    ]
    return {"image": number, "size": list(size_wh), "rows": rows, "dropped": int((~has_area).sum())}


def _score(score: float) -> float | None:
    return None if np.isnan(score) else round(float(score), _SCORE_DECIMALS)


def _mask(found: Detections, i: int) -> list[Any]:
    """Run lengths, and the stability score where there is one."""
    mask = found.masks[i] if found.masks else None
    counts = mask.counts if mask else None
    return [counts, _score(found.stabilities[i])] if found.stabilities else [counts]


def journal_path(out: Path) -> Path:
    """Where an unfinished run keeps what it has."""
    return out.with_name(f"{out.name}.unfinished")


class Journal:
    """Finished batches in order, a line each; opened by who proposes the same things, it goes on where it stopped."""

    def __init__(self, out: Path, plan: Mapping[str, Any], *, may_replace: bool) -> None:
        self.path = journal_path(out)
        self._head = json.dumps(plan, sort_keys=True)
        with disk_errors(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            self.n_done = self._go_on(out, may_replace)
            self._file = self.path.open("ab")

    def _go_on(self, out: Path, may_replace: bool) -> int:
        """How many batches are there; a line that a kill cut short is dropped."""
        n_lines, n_bytes, head = self._whole_lines()
        if n_lines and head == self._head:
            os.truncate(self.path, n_bytes)
            return n_lines - 1
        if n_lines and not may_replace:
            raise ProposalError(
                f"{self.path} is an unfinished run with other settings or images. Run it again as it was to finish it, "
                "or give --overwrite to begin anew."
            )
        if out.exists() and not may_replace:
            raise ProposalError(f"{out} is there already. Give another --out, or --overwrite to replace it.")
        self.path.write_text(self._head + "\n", encoding="utf-8")
        return 0

    def _whole_lines(self) -> tuple[int, int, str]:
        """The number of lines that are whole, their bytes together, and the first of them."""
        n_lines, n_bytes, head = 0, 0, ""
        if self.path.exists():
            with self.path.open("rb") as file:
                for line in file:  # one at a time: masks make them long
                    if not line.endswith(b"\n"):
                        break
                    head = head if n_lines else line.decode("utf-8", "replace").rstrip("\n")
                    n_lines, n_bytes = n_lines + 1, n_bytes + len(line)
        return n_lines, n_bytes, head

    def append(self, batch: list[Entry]) -> None:
        """Add one batch; it is on disk when this returns."""
        with disk_errors(self.path):
            self._file.write(json.dumps(batch).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def entries(self) -> Iterator[Entry]:
        with self.path.open("rb") as file:
            next(file)
            for line in file:
                yield from json.loads(line)

    def close(self) -> None:
        with suppress(OSError):  # what a full disk did not take was told when it was appended
            self._file.close()

    def drop(self) -> None:
        """Forget the run: all of it is in the CSV."""
        self.close()
        self.path.unlink(missing_ok=True)

    def publish(self, out: Path, paths: list[str], groups: Mapping[str, str] | None, source: str) -> ProposalSummary:
        """Write the CSV and the masks from the journal; `paths` as they stand in the CSV."""
        summary, classes = ProposalSummary(n_images=len(paths)), Counter[str]()
        masks_path = sidecar_path(out)
        with disk_errors(out), _replacing(out) as table, _replacing(masks_path, keep_empty=False) as masks:
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow((*COLUMNS, "group") if groups else COLUMNS)
            for entry in self.entries():
                path = paths[entry["image"]]
                _count(summary, classes, path, entry)
                after = (source, groups.get(path, "")) if groups else (source,)
                for row in entry.get("rows", []):
                    _write_mask(masks, summary.n_boxes, entry["size"], *row[6:])
                    writer.writerow((path, *row[:6], *after))
                    summary.n_boxes += 1
        summary.classes = dict(classes.most_common())
        return summary


def _count(summary: ProposalSummary, classes: Counter[str], path: str, entry: Entry) -> None:
    if "error" in entry:
        summary.unreadable.append((path, entry["error"]))
        return
    summary.n_empty += not entry["rows"]
    summary.n_dropped += entry["dropped"]
    classes.update(row[4] or "(no class)" for row in entry["rows"])


def _write_mask(
    masks: TextIO, row: int, size_wh: list[int], counts: str | None, stability: float | None = None
) -> None:
    if counts is not None:
        masks.write(mask_line(row, Rle((size_wh[1], size_wh[0]), counts), stability))


@contextmanager
def _replacing(path: Path, keep_empty: bool = True) -> Iterator[TextIO]:
    """A file that stands in for `path` when the block ends well; without content it is removed where asked."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if keep_empty or unfinished.stat().st_size:
            os.replace(unfinished, path)
        else:
            path.unlink(missing_ok=True)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns the system's refusals to write into a ProposalError that says what was kept."""
    try:
        yield
    except OSError as error:
        raise ProposalError(
            f"{path} cannot be written: {error.strerror or error}. Free some space or mend the permissions and run the "
            "same command again; what was finished is kept."
        ) from error
