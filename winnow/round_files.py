"""The refs files that rounds write beside the first one: what a detector proposed, and what a model got wrong."""

import re
from pathlib import Path

from winnow.filters import CORRECTIONS, MISTAKES, PROPOSALS

_ANY_OF_PROPOSALS = re.compile(rf"{PROPOSALS}(\d+)\.", re.ASCII)


def proposals_path(base_folder: Path, number: int) -> Path:
    """Where a Predict run writes; its number is no model version's."""
    return base_folder / f"{PROPOSALS}{number:04d}.csv"


def mistakes_path(base_folder: Path, version: int) -> Path:
    """Where the training of a model version writes its mistakes on the hold-out."""
    return base_folder / f"{MISTAKES}{version:04d}.csv"


def corrections_path(base_folder: Path) -> Path:
    """Where the corrected boxes are listed, once there are some."""
    return base_folder / CORRECTIONS


def proposals_files(base_folder: Path) -> list[Path]:
    """Those that are there, newest number first."""
    return sorted(base_folder.glob(f"{PROPOSALS}*.csv"), key=lambda path: path.name, reverse=True)


def mistakes_files(base_folder: Path) -> list[Path]:
    """Those that are there, newest version first."""
    return sorted(base_folder.glob(f"{MISTAKES}*.csv"), key=lambda path: path.name, reverse=True)


def next_proposals_number(base_folder: Path) -> int:
    """One more than any file of a run has, finished or not."""
    found = (_ANY_OF_PROPOSALS.match(path.name) for path in base_folder.glob(f"{PROPOSALS}*"))
    return max((int(match[1]) for match in found if match), default=0) + 1
