"""Imports a labelled set into a log in a folder, and reads the truth of that log."""

from pathlib import Path
from typing import Any

from winnow.training.labelled_sets import Imported, LabelledImage, import_labelled_set
from winnow.training.truth import Truth
from winnow.training.workspace import Workspace
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import VerdictLog


def truth_of(folder: Path) -> Truth:
    log = VerdictLog(f"sqlite:///{folder / 'winnow.db'}", is_writer=False)
    try:
        return Truth(None, Ledger(log.replay()))
    finally:
        log.close()


def import_(folder: Path, labelled: list[LabelledImage], **options: Any) -> Imported:
    url = f"sqlite:///{folder / 'winnow.db'}"
    return import_labelled_set(labelled, url, Workspace(folder / "workspace"), annotator="ana", **options)
