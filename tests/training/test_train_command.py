"""The train command: from verdicts to a listed version with its mistakes, refusals, stops, kills, a full disk."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dataset_helpers import Person
from tiny_models import tiny_yaml
from train_helpers import Shapes, accept, draw_shapes, refs_of

from winnow.__main__ import main
from winnow.commands.train import _asked, _compute_features, _take_from_session, add
from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract
from winnow.features.matrix import open_features
from winnow.jobs.job import Job, JobFolder, numbers
from winnow.jobs.jobs import Jobs, Patience
from winnow.pool import open_pool
from winnow.settings import Settings
from winnow.training.dataset import list_datasets
from winnow.training.models import list_models
from winnow.training.sessions import SessionSettings, create_session
from winnow.training.trainer import TrainOptions
from winnow.training.workspace import Workspace

ROOT = Path(__file__).parents[2]
KILLED = Path(__file__).with_name("killed_train.py")


@dataclass(frozen=True)
class Judged:
    folder: Path
    workspace: Workspace
    person: Person
    shapes: Shapes
    environment: dict[str, str]
    arguments: list[str]

    def job(self, number: int) -> Job:
        return JobFolder(self.workspace.jobs / f"{number:04d}").read()

    def writings(self) -> list[str]:
        """What is in the models folder besides whole versions."""
        models = self.workspace.models
        return [path.name for path in models.iterdir() if path.name.startswith("v")] if models.exists() else []


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Judged]:
    """Ten shapes with all boxes accepted, and the settings of a project in the environment."""
    folder = tmp_path / "project"
    folder.mkdir()
    shapes = draw_shapes(folder, 10)
    refs_of(folder, shapes)
    person = Person(folder)
    accept(person, shapes)
    environment = {"WINNOW_REFS": str(folder / "proposals.csv")}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    base = tiny_yaml(folder)
    arguments = ["train", "--base", base, "--epochs", "1", "--batch", "8", "--imgsz", "64", "--device", "cpu"]
    yield Judged(folder, Workspace(folder / "workspace"), person, shapes, environment, arguments)
    person.log.close()


def test_train_lists_a_version_and_its_mistakes_and_refuses_to_train_on_the_same_again(
    judged: Judged, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["winnow", *judged.arguments])
    assert main(judged.arguments) == 0
    (version,) = list_models(judged.workspace)
    job = judged.job(1)
    assert (job.state, job.kind, job.arguments) == ("completed", "train", tuple(judged.arguments))
    assert job.result == {
        "dataset": 1, "model": 1, "map50": version.metrics.map50, "map50_95": version.metrics.map50_95,
        "errors": "errors-0001.csv", "report": 1,
        "n_errors": version.metrics.false_negatives + version.metrics.false_positives,
    }  # fmt: skip
    mistakes = open_pool(judged.folder / "errors-0001.csv")
    assert mistakes.n_rows == job.result["n_errors"]
    assert open_features(judged.folder / "errors-0001.npy", mistakes).encoder == "classic"
    assert not (judged.workspace.jobs / "0001/run").exists()

    assert main(judged.arguments) == 2
    assert "no verdict since v1" in capsys.readouterr().err
    assert main([*judged.arguments, "--dataset", "1"]) == 2
    assert "Nothing is new: v1 was trained on the same images and boxes" in capsys.readouterr().err
    assert "Nothing is new" in str(judged.job(3).error)
    assert judged.job(3).state == "failed"
    (judged.workspace.jobs / "0001/run").mkdir()
    (judged.workspace.jobs / "0001/run/last.pt").write_bytes(b"what a killed training left")
    assert main([*judged.arguments[:2], "v1", *judged.arguments[3:], "--again"]) == 0
    assert [(model.number, model.base, model.before) for model in list_models(judged.workspace)][1:] == [(2, "v1", 1)]
    assert len(list_datasets(judged.workspace)) == 1
    assert not (judged.workspace.jobs / "0001/run/last.pt").exists()


def test_verdicts_that_train_nothing_are_refused_with_the_reason(
    judged: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (box, class_name) in judged.shapes.items():
        judged.person.judge(name, 0, box, proposed=class_name)
    assert main(judged.arguments) == 2
    assert "There is no accepted box to train on" in capsys.readouterr().err
    assert judged.job(1).state == "failed"
    assert list_models(judged.workspace) == []


def test_mistakes_get_classic_features_where_the_pools_encoder_cannot_be_loaded(
    judged: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    refs = judged.folder / "proposals.csv"
    extract(open_pool(refs), judged.folder / "features.npy", EncoderOptions("classic", context=0.5))
    manifest = judged.folder / "features.json"
    mistakes = judged.folder / "errors-0001.csv"
    mistakes.write_bytes(refs.read_bytes())
    assert _compute_features(mistakes, Settings(refs=refs)) == "classic"
    assert '"context": 0.5' in (judged.folder / "errors-0001.json").read_text()
    manifest.write_text(manifest.read_text().replace('"classic"', f'"{judged.folder / "no_encoder"}"', 1))
    mistakes.with_suffix(".npy").unlink()
    mistakes.with_suffix(".json").unlink()
    assert _compute_features(mistakes, Settings(refs=refs)) == "classic"
    assert "Taking classic features." in capsys.readouterr().err


def test_a_session_says_what_the_command_line_does_not(tmp_path: Path) -> None:
    parser, workspace = argparse.ArgumentParser(), Workspace(tmp_path)
    add(parser.add_subparsers())
    settings = SessionSettings(
        epochs=7, batch=3, imgsz=96, lr=0.25, device="cpu", freeze=10, partial=True, rejects="ignore"
    )
    create_session(workspace, "cells", "yolo11n.yaml", settings)
    for given, freeze in (([], 10), (["--freeze", "0"], 0)):
        options = parser.parse_args(["train", "--session", "1", *given])
        _take_from_session(options, workspace)
        assert _asked(options) == TrainOptions(
            "yolo11n.yaml", epochs=7, batch=3, imgsz=96, lr=0.25, device="cpu", freeze=freeze
        )
        assert (options.partial, options.rejects) == (True, "ignore")


def test_an_unknown_data_set_and_an_unknown_session_are_refused(
    judged: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*judged.arguments, "--dataset", "7"]) == 2
    assert main([*judged.arguments, "--session", "7"]) == 2
    said = capsys.readouterr().err
    assert "There is no data set version yet" in said
    assert "There is no training session 7" in said


@pytest.mark.parametrize("point", ["die_in_the_first_epoch", "die_while_measuring", "die_before_the_version_appears"])
def test_a_killed_training_leaves_no_half_version(judged: Judged, point: str) -> None:
    died = subprocess.run([sys.executable, KILLED, point, *judged.arguments], env=here(), capture_output=True)
    assert died.returncode == -9, died.stderr.decode()
    assert list_models(judged.workspace) == []
    assert judged.writings() == []
    assert judged.job(1).state == "failed"
    assert "ended without a word" in str(judged.job(1).error)
    assert [version.number for version in list_datasets(judged.workspace)] == [1]
    assert len(list(judged.person.log.replay())) == len(judged.shapes)


def test_a_full_disk_is_told_and_leaves_no_half_version(judged: Judged) -> None:
    ended = subprocess.run(
        [sys.executable, KILLED, "fill_the_disk", *judged.arguments], env=here(), capture_output=True, text=True
    )
    assert ended.returncode == 2, ended.stderr
    assert "File too large" in ended.stderr
    assert "File too large" in str(judged.job(1).error)
    assert list_models(judged.workspace) == []
    assert judged.writings() == []


def test_a_training_is_stopped_between_batches(judged: Judged) -> None:
    jobs = Jobs(judged.workspace.jobs, judged.environment, patience=Patience(look_every_s=0.05))
    arguments = [*judged.arguments[:3], "--epochs", "5000", *judged.arguments[5:]]
    jobs.start()
    job = jobs.submit("train", arguments, title="long")
    try:
        poll(lambda: jobs.events(job.number) or jobs.get(job.number).has_ended)
        assert jobs.stop(job.number).state == "stopping"
        poll(lambda: jobs.get(job.number).has_ended)
    finally:
        jobs.close()
    assert (jobs.get(1).state, jobs.get(1).error) == ("stopped", None), jobs.log(1)
    assert list_models(judged.workspace) == []
    assert not (judged.workspace.jobs / "0001/run").exists()
    assert numbers(judged.workspace.jobs) == [1]


def here() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def poll(is_so: object) -> None:
    deadline = time.monotonic() + 120
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)
