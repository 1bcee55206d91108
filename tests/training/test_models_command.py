"""The models command, on a project with a trained version and its twin."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from train_helpers import Project

from winnow.__main__ import _parser, main
from winnow.jobs.job import JobFolder
from winnow.training.models import active_model, list_models, publishing
from winnow.training.workspace import Workspace

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs/training.md"


@pytest.fixture
def workspace(learnt: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Version 1 as it was trained, and version 2, its twin that says it was measured on another hold-out."""
    workspace = Workspace(tmp_path / "workspace")
    shutil.copytree(learnt.workspace.folder, workspace.folder, symlinks=True)
    first = learnt.trained.version
    with publishing(workspace, 2) as folder:
        shutil.copyfile(first.weights, folder / "weights.pt")
        twin = replace(first, number=2, metrics=replace(first.metrics, map50_95=0.1, holdout="an older one"))
        (folder / "model.json").write_bytes(twin.to_json())
    monkeypatch.setenv("WINNOW_REFS", str(learnt.folder / "proposals.csv"))
    monkeypatch.setenv("WINNOW_WORKSPACE", str(workspace.folder))
    return workspace


def test_a_damaged_version_is_told_beside_the_others(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace.models / "v0001" / "model.json").write_text("{")
    assert main(["models"]) == 0
    printed = capsys.readouterr()
    assert re.findall(r"^v(\d)", printed.out, re.MULTILINE) == ["2"]
    assert "v0001/model.json cannot be read" in printed.err
    assert "No version is active" in printed.err


def test_models_are_listed_compared_activated_and_deleted(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models"]) == 0
    assert re.findall(r"^v(\d) .*?(\[.*\])?$", capsys.readouterr().out, re.MULTILINE) == [
        ("1", "[active]"),
        ("2", "[best]"),
    ]
    assert main(["models", "--compare", "1", "2"]) == 0
    assert "were measured on different hold-outs" in capsys.readouterr().out
    assert main(["models", "--activate", "2"]) == 0
    assert main(["models", "--delete", "2", "--yes"]) == 2
    assert main(["models", "--delete", "1"]) == 2
    said = capsys.readouterr().err
    assert "v2 is the active version" in said
    assert "Give --yes to delete it" in said
    assert main(["models", "--delete", "1", "--yes"]) == 0
    assert [model.number for model in list_models(workspace)] == [2]
    active = active_model(workspace)
    assert active is not None
    assert active.number == 2


def test_measuring_again_makes_versions_comparable(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--measure", "1", "2", "--device", "cpu"]) == 0
    capsys.readouterr()
    assert main(["models", "--compare", "1", "2"]) == 0
    rows = dict(re.findall(r"^(map50_95) +(.*)$", capsys.readouterr().out, re.MULTILINE))
    first, second = rows["map50_95"].split()
    assert first == second
    assert JobFolder(workspace.jobs / "0001").read().state == "completed"


def test_a_version_is_exported_by_a_process_that_never_met_ultralytics(workspace: Workspace) -> None:
    command = [sys.executable, "-m", "winnow", "models", "--export", "1", "--format", "torchscript", "--imgsz", "64"]
    environment = {name: value for name, value in os.environ.items() if name != "YOLO_CONFIG_DIR"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("winnow models:")) == (0, 0), done.stderr
    written = workspace.models / "v0001" / "weights.torchscript"
    assert f"Wrote {written}" in done.stdout
    assert sorted(path.name for path in workspace.models.iterdir()) == ["v0001", "v0002"]
    assert written.stat().st_size > 0


def test_the_docs_name_every_option_of_train_and_models() -> None:
    (commands,) = [action.choices for action in _parser()._actions if isinstance(action.choices, dict)]
    text = DOCS.read_text()
    for name in ("train", "models"):
        options = {option for action in commands[name]._actions for option in action.option_strings if len(option) > 2}
        assert {option for option in options - {"--help"} if option not in text} == set()
