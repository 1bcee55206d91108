"""`python -m winnow propose`: what it writes, what it says, and that a kill loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import drawn
import numpy as np
import pytest
from tiny_models import metrics, write_version

from winnow.__main__ import main
from winnow.features import open_features
from winnow.pool import open_pool
from winnow.training.workspace import Workspace

ROOT = Path(__file__).parents[2]
SMALL = ("--imgsz", "96", "--batch", "2", "--max-det", "5")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WINNOW_REFS", str(tmp_path / "refs.txt"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def job(project: Path, number: int = 1) -> dict[str, object]:
    return json.loads((project / f"workspace/jobs/{number:04d}/state.json").read_text())


def test_a_detector_by_name_proposes_and_its_features_are_there(
    images: Path, detector_pt: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "workspace/weights").mkdir(parents=True)
    (project / "workspace/weights/mine.pt").symlink_to(detector_pt)
    (images / "00.png").write_bytes(b"")
    command = ["propose", "--images", "images", "--detector", "mine", *SMALL, "--features", "classic"]
    assert main(command) == 0
    pool = open_pool(project / "proposals.csv")
    assert {pool.item(row).source for row in range(pool.n_rows)} == {"mine"}
    assert np.isfinite(open_features(project / "proposals.npy", pool).vectors).all()
    said = capsys.readouterr()
    assert f"proposals.csv: {pool.n_rows} boxes in 7 images" in said.out
    assert "not read: images/00.png" in said.err
    assert "Loading a .pt file runs the code in it" in said.err
    result = job(project)["result"]
    assert isinstance(result, dict)
    assert (result["boxes"], result["n_unreadable"]) == (pool.n_rows, 1)
    assert not (project / "proposals.csv.unfinished").exists()


@pytest.mark.parametrize("name", ["v1", "active"])
def test_a_model_version_proposes_by_its_name(images: Path, detector_pt: Path, project: Path, name: str) -> None:
    write_version(Workspace(project / "workspace"), 1, detector_pt, metrics(0.5, 0.4))
    assert main(["propose", "--images", "images", "--detector", name, *SMALL]) == 0
    pool = open_pool(project / "proposals.csv")
    assert {pool.item(row).source for row in range(pool.n_rows)} == {"v0001"}


@pytest.mark.parametrize("name", ["v1", "active"])
def test_without_model_versions_none_proposes(
    images: Path, project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["propose", "--images", "images", "--detector", name]) == 2
    assert "Train one: python -m winnow train" in capsys.readouterr().err


def test_a_run_that_broke_off_at_the_features_goes_on(images: Path, detector_pt: Path, project: Path) -> None:
    command = ["propose", "--images", "images", "--detector", str(detector_pt), *SMALL]
    assert main([*command, "--features", "no/such-encoder"]) == 2
    proposed = (project / "proposals.csv").read_bytes()
    assert main([*command, "--features", "classic"]) == 0
    assert (project / "proposals.csv").read_bytes() == proposed
    assert (project / "proposals.npy").exists()
    assert main([*command, "--features", "classic"]) == 2  # it is done


def test_another_detectors_file_is_taken(images: Path, project: Path) -> None:
    (project / "results.json").write_text('[{"image_id": "03", "bbox": [1, 2, 3, 4], "score": 0.5}]')
    assert main(["propose", "--images", "images", "--from", "results.json", "--out", "taken/p.csv"]) == 0
    assert (project / "taken/p.csv").read_text() == (
        "path,x1,y1,x2,y2,class,score,source\n../images/03.png,1.0,2.0,4.0,6.0,,0.5,results\n"
    )


def test_a_killed_run_goes_on_where_it_was(detector_pt: Path, project: Path) -> None:
    drawn.draw_folder(project / "many", 24)
    arguments = ["propose", "--images", "many", "--detector", str(detector_pt), "--imgsz", "96", "--batch", "1"]
    assert main([*arguments, "--out", "whole.csv"]) == 0
    killed = subprocess.Popen(
        [sys.executable, "-m", "winnow", *arguments, "--out", "killed.csv"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    journal, deadline = project / "killed.csv.unfinished", time.monotonic() + 120
    while not (journal.exists() and journal.read_bytes().count(b"\n") > 2) and killed.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (project / "killed.csv").exists()
    assert main([*arguments, "--out", "killed.csv"]) == 0
    assert (project / "killed.csv").read_bytes() == (project / "whole.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--detector", "small.pt"], "Say which images"),
        (["--images", "empty", "--detector", "small.pt"], "holds no images"),
        (["--images", "images", "--detector", "images/00.png"], "weights are .pt or .onnx files"),
        (["--images", "images", "--detector", "bad.pt"], "is no detector that ultralytics can load"),
        (["--images", "images", "--detector", "small.pt", "--conf", "7"], "--conf must lie in 0 … 1"),
        (["--images", "images", "--detector", "small.pt", "--out", "p.txt"], "--out must end in .csv"),
        (["--images", "images", "--segmenter", "vit_b"], "--segmenter vit_b needs its weights"),
        (["--images", "images", "--segmenter", "vit_b", "--checkpoint", "sam.pth"], "no such file"),
        (["--images", "images", "--segmenter", "vit_b", "--checkpoint", "bad.pt"], "no checkpoint that can be loaded"),
        (["--images", "images", "--from", "bad.json"], "bad.json is not JSON"),
        (["--from", "bad.json"], "Add --images FOLDER"),
    ],
)
def test_bad_input_is_told_in_one_message(
    images: Path, detector_pt: Path, project: Path, arguments: list[str], message: str,
    capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    (project / "empty").mkdir()
    (project / "small.pt").symlink_to(detector_pt)
    (project / "bad.pt").write_bytes(b"no model")
    (project / "bad.json").write_text("{")
    assert main(["propose", *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert not list(project.glob("*.csv"))
