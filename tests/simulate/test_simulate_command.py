"""`python -m winnow simulate`, as it is typed."""

import csv
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from winnow.__main__ import main

ROOT = Path(__file__).parents[2]
FILES = ["curves.csv", "curves.png", "table.csv", "table.md"]


@pytest.fixture
def refs(tmp_path: Path) -> Path:
    """100 items of which every tenth is a crack, 4 repeated lines, and features that tell them apart."""
    rng = np.random.default_rng(0)
    is_crack = np.arange(100) % 10 == 0
    vectors = (rng.normal(0, 0.3, (100, 6)) + 2 * np.eye(6)[is_crack.astype(int)]).astype(np.float32)
    lines = [f"{i}.png,{'crack' if crack else 'free'},{int(crack)}" for i, crack in enumerate(is_crack)]
    (tmp_path / "refs.csv").write_text("\n".join(["path,kind,label", *lines, *lines[:4]]) + "\n")
    np.save(tmp_path / "features.npy", np.concatenate([vectors, vectors[:4]]))
    return tmp_path / "refs.csv"


def simulated(refs: Path, *more: str) -> int:
    where = ["--refs", str(refs), "--out", str(refs.parent / "out")]
    return main(["simulate", *where, "--truth", "kind", "--positive", "crack", *more])


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_goals_stand_side_by_side_in_one_table_and_one_picture(refs: Path, capsys: pytest.CaptureFixture[str]):
    assert simulated(refs, "--goal", "find_all", "random", "--seeds", "2", "--budget", "40") == 0
    assert sorted(path.name for path in (refs.parent / "out").iterdir()) == FILES
    runs = table(refs.parent / "out" / "table.csv")
    assert [(run["plan"], run["seed"], run["verdicts"]) for run in runs] == [
        ("find_all", "0", "40"), ("find_all", "1", "40"), ("random", "0", "40"), ("random", "1", "40"),
    ]  # fmt: skip
    assert {(run["items"], run["positives"]) for run in runs} == {("100", "10")}  # repeated lines are not shown
    points = table(refs.parent / "out" / "curves.csv")
    assert len(points) == 4 * 41
    assert [point["found"] for point in points[40::41]] == [run["found"] for run in runs]
    assert (refs.parent / "out" / "curves.png").read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    assert "10 of 100 items are positive by kind" in said
    assert "| find_all | 2 | 40 | 10 of 10 |" in said


def test_the_same_simulation_writes_the_same_files(refs: Path):
    written = []
    for _ in range(2):
        assert simulated(refs, "--goal", "find_all", "--seeds", "1", "--budget", "20") == 0
        written.append([(refs.parent / "out" / name).read_bytes() for name in FILES])
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--seeds", "0"], "--seeds is 0; it takes 1 to"),
        (["--budget", "-3"], "--budget is -3"),
        (["--target-recall", "1.5"], "--target-recall is 1.5; it takes 0.5 to 0.999"),
        (["--features", "nowhere.npy"], "There are no features at nowhere.npy"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    refs: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
):
    assert simulated(refs, *more) == 2
    assert said in capsys.readouterr().err


def test_clean_is_no_goal_to_simulate(refs: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        simulated(refs, "--goal", "clean")
    assert "find_all" in capsys.readouterr().err


def test_ctrl_c_keeps_the_runs_that_were_finished(refs: Path):
    command = [sys.executable, "-m", "winnow", "simulate", "--refs", str(refs), "--truth", "label"]
    more = ["--seeds", "1000", "--budget", "20", "--out", str(refs.parent / "out")]
    process = subprocess.Popen([*command, *more], cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stderr is not None
    told = b""
    while b"find_all, seed 1" not in told:  # the first run is finished
        told += process.stderr.read1(1000)
        assert process.poll() is None, told
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    n_runs = len((refs.parent / "out" / "table.csv").read_text().splitlines()) - 1
    assert 1 <= n_runs < 1000
    assert f"stopped; {n_runs} of 1000 runs were finished, and are written." in err.decode()
    assert b"Wrote curves.png" in out
