"""Masks beside a refs file, read a line at a time: a pool of a million masks is not taken into memory for one image."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from winnow.errors import ProposalError
from winnow.masks.rle import Rle, from_json
from winnow.masks.sidecar import sidecar_path

_BEGIN = re.compile(rb'\{"row": (\d+),')  # as mask_line writes it; anything else is parsed


@dataclass(frozen=True)
class ProposedMask:
    """A proposal's mask; `stability` is SAM's stability score where the segmenter wrote it down."""

    rle: Rle
    stability: float | None


class MaskLines:
    """Where each row's line begins in a refs file's masks; the lines themselves are read when they are asked for.

    Raises:
        ProposalError: the file cannot be read, or a line names no row of the refs.
    """

    def __init__(self, refs_path: Path, n_rows: int) -> None:
        self._path = sidecar_path(refs_path)
        self._starts = np.full(n_rows, -1, np.int64)
        self.fingerprint = fingerprint_of_masks(refs_path)
        if self.fingerprint is None:
            return
        start = 0
        try:
            with self._path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    self._starts[self._row(line, number)] = start
                    start += len(line)
        except OSError as error:
            raise ProposalError(f"{self._path} cannot be read: {error}. Delete it to go on without masks.") from error

    def of(self, row: int) -> ProposedMask | None:
        """The mask of a row, None where it has none; raises ProposalError for a damaged line."""
        start = int(self._starts[row])
        if start < 0:
            return None
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                entry = json.loads(file.readline())
            stability = entry.get("stability") if isinstance(entry, dict) else None
            return ProposedMask(from_json(entry), float(stability) if isinstance(stability, int | float) else None)
        except (OSError, ValueError, RecursionError, ProposalError) as error:
            raise ProposalError(
                f"{self._path}, the mask of row {row}: {error} Delete the file to go on without masks."
            ) from error

    def _row(self, line: bytes, number: int) -> int:
        try:
            match = _BEGIN.match(line)
            row = int(match[1]) if match else json.loads(line)["row"]
            if type(row) is not int or not 0 <= row < len(self._starts):
                raise ValueError(f"row {row!r} is not one of the refs' {len(self._starts):,}")
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise ProposalError(
                f"{self._path}, line {number}: {error}. Delete the file to go on without masks."
            ) from error
        return row


def fingerprint_of_masks(refs_path: Path) -> tuple[int, int] | None:
    """Another one for each state of the masks' file; None where there is none."""
    try:
        state = sidecar_path(refs_path).stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns
