"""Six drawn images with verdicts, and what a data set version made of them holds."""

import os
from pathlib import Path
from typing import Any

from dataset_helpers import BOX, BOX_2, Person, draw_images, row, write_refs

from winnow.pool import Pool
from winnow.training import version_files
from winnow.training.dataset import (
    DatasetOptions,
    DatasetVersion,
    build_dataset,
)
from winnow.training.holdout import Holdout
from winnow.training.truth import Truth
from winnow.training.workspace import Workspace


class World:
    """Six drawn images: img00 and img01 train, img05 is the hold-out; the others are assigned to train too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = draw_images(folder, 6)
        self.pool: Pool | None = write_refs(folder, [row(n, b) for n in self.names for b in (BOX, BOX_2)])
        self.person = Person(folder)
        self.workspace = Workspace(folder / "workspace")
        parts = {name: "holdout" if name == "img05.png" else "train" for name in self.names}
        Holdout().assigned(parts, {}).write(self.workspace.holdout)  # type: ignore[arg-type]

    def truth(self) -> Truth:
        return self.person.truth(self.pool)

    def build(self, **options: Any) -> DatasetVersion:
        return build_dataset(
            self.truth(), self.workspace, DatasetOptions(**options), base_folder=self.folder, image_root=None
        )

    def judge_both(self, name: str, first: int, second: int) -> None:
        self.person.judge(name, first)
        self.person.judge(name, second, BOX_2)

    def judge_minimum(self) -> None:
        """One complete image on either side of the split."""
        self.judge_both("img00.png", 1, 0)
        self.judge_both("img05.png", 1, 1)


def files_of(folder: Path) -> dict[str, bytes | str]:
    """Every file: its bytes, or of a link where it points."""
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if not path.is_dir()
    }


def label_of(version: DatasetVersion, path: str) -> str:
    (entry,) = (entry for entry in version.images if entry.path == path)
    return version_files.label_path(version.folder, entry).read_text()


def paths(version: DatasetVersion) -> list[str]:
    return sorted(entry.path for entry in version.images)
