"""Masks beside a refs file: `proposals.masks.jsonl` holds a line for each row of `proposals.csv` that has one."""

import json
from pathlib import Path

from winnow.errors import ProposalError
from winnow.masks.rle import Rle, from_json


def sidecar_path(refs_path: Path) -> Path:
    """Where the masks of a refs file lie."""
    return refs_path.with_suffix(".masks.jsonl")


def mask_line(row: int, rle: Rle, stability: float | None = None) -> str:
    """The line of one row's mask, with its end; `stability` is SAM's stability score, 0 … 1, where it is known."""
    more = {} if stability is None else {"stability": stability}
    return json.dumps({"row": row, **rle.as_json(), **more}) + "\n"


def read_masks(refs_path: Path, n_rows: int) -> dict[int, Rle]:
    """Masks by row of the refs; none where there is no such file. Raises ProposalError naming the bad line."""
    path = sidecar_path(refs_path)
    if not path.is_file():
        return {}
    masks: dict[int, Rle] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ProposalError(f"{path} cannot be read: {error}. Delete it to go on without masks.") from error
    for number, line in enumerate(lines, 1):
        try:
            row, rle = _read_line(line, n_rows)
        except (ValueError, RecursionError, ProposalError) as error:
            raise ProposalError(f"{path}, line {number}: {error} Delete the file to go on without masks.") from error
        masks[row] = rle
    return masks


def _read_line(line: str, n_rows: int) -> tuple[int, Rle]:
    entry = json.loads(line)
    row = entry.get("row") if isinstance(entry, dict) else None
    if type(row) is not int or not 0 <= row < n_rows:
        raise ProposalError(f"row {row!r} is not one of the refs' {n_rows:,}.")
    return row, from_json(entry)
