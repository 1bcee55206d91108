"""A build that is killed with no chance to clean up: no version is listed in parts, and the next build is whole."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from dataset_helpers import Person, draw_images, row, write_refs

from winnow.training.dataset import DatasetOptions, build_dataset, list_datasets, rebuild_dataset
from winnow.training.holdout import Holdout
from winnow.training.workspace import Workspace

ROOT = Path(__file__).parents[2]
BUILD = """
import os, signal, sys
from pathlib import Path
from winnow.pool import open_pool
from winnow.training.dataset import DatasetOptions, build_dataset
from winnow.training.truth import Truth
from winnow.training.workspace import Workspace
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import VerdictLog

folder, at, at_done = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

class Killing:
    def progress(self, done, total, text=""):
        if text == at and done == at_done:
            os.kill(os.getpid(), signal.SIGKILL)

    def check_stop(self): ...

log = VerdictLog(f"sqlite:///{folder / 'winnow.db'}", is_writer=False)
truth = Truth(open_pool(folder / "proposals.csv"), Ledger(log.replay()))
build_dataset(
    truth, Workspace(folder / "workspace"), DatasetOptions(), base_folder=folder, image_root=None, report=Killing()
)
"""


@pytest.mark.parametrize(
    ("at", "done"), [("Reading images", 1), ("Writing the data set", 2), ("Writing the data set", 3)]
)
def test_a_killed_build_leaves_no_version_and_the_next_one_is_whole(tmp_path: Path, at: str, done: int) -> None:
    names = draw_images(tmp_path, 3)
    pool = write_refs(tmp_path, [row(name) for name in names])
    person, workspace = Person(tmp_path), Workspace(tmp_path / "workspace")
    for name in names:
        person.judge(name, 1)
    command = [sys.executable, "-c", BUILD, str(tmp_path), at, str(done)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list_datasets(workspace) == []
    holdout = Holdout.read(workspace.holdout)

    build_dataset(person.truth(pool), workspace, DatasetOptions(), base_folder=tmp_path, image_root=None)
    person.log.close()
    assert [version.number for version in list_datasets(workspace)] == [1]
    assert rebuild_dataset(workspace, 1, tmp_path / "again", base_folder=tmp_path) == []
    assert Holdout.read(workspace.holdout).draws == holdout.draws
    assert not list(workspace.datasets.glob("writing-*"))
