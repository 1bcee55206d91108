"""The workspace: one folder with everything that training makes."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from winnow.errors import WinnowError
from winnow.files import sync


@dataclass(frozen=True)
class Workspace:
    """Where what is kept; folders are made when something is first written to them."""

    folder: Path

    @property
    def holdout(self) -> Path:
        return self.folder / "holdout.json"

    @property
    def datasets(self) -> Path:
        return self.folder / "datasets"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def jobs(self) -> Path:
        return self.folder / "jobs"

    @property
    def sessions(self) -> Path:
        return self.folder / "sessions"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A folder to fill that becomes `folder` at the end: readers see all of it or nothing, whatever is killed.

    Raises:
        WinnowError: it cannot be written (a full disk, no permission), or `folder` is there already.
    """
    unfinished = folder.with_name(f"writing-{folder.name}-{uuid4().hex[:8]}")
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        for path in [*unfinished.rglob("*"), unfinished]:
            if not path.is_symlink():
                sync(path)
        os.rename(unfinished, folder)
        sync(folder.parent)
    except OSError as error:
        raise WinnowError(
            f"{folder} cannot be written: {error}. Check the disk's space and the folder's permissions."
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def numbered(folder: Path, prefix: str = "v", suffix: str = "") -> dict[int, Path]:
    """Number -> path of a folder's entries `v0001`, `v0002`, …, ascending; other names, as `v0001.bak`, are none."""
    if not folder.is_dir():
        return {}
    name = re.compile(rf"{re.escape(prefix)}(\d{{4}}|[1-9]\d{{4,}}){re.escape(suffix)}", re.ASCII)
    found = ((path, match) for path in folder.iterdir() if (match := name.fullmatch(path.name)))
    return dict(sorted((int(match[1]), path) for path, match in found))
