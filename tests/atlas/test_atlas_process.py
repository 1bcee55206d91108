"""The atlas as the server has it: made by a process of its own, kept on disk, ended with whoever started it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from winnow.atlas import Atlas
from winnow.learning.space import FeatureSpace

N, D = 200, 16


def make_matrix(folder: Path) -> Path:
    rng = np.random.default_rng(3)
    vectors = (5 * rng.standard_normal((4, D))[np.arange(N) % 4] + rng.standard_normal((N, D))).astype(np.float32)
    vectors[10] = vectors[6]
    np.save(folder / "features.npy", vectors)
    return folder / "features.npy"


def open_atlas(matrix: Path, is_shown: np.ndarray | None = None) -> Atlas:
    vectors = np.load(matrix, mmap_mode="r")
    space = FeatureSpace.build(vectors, np.ones(N, bool), np.random.default_rng(0))
    return Atlas(matrix.parent / "atlas", matrix, space, np.ones(N, bool) if is_shown is None else is_shown)


def wait_for(holds: Callable[[], bool], timeout_s: float = 300) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    """The matrix of an atlas that was made to its end, and the progress at each change."""
    matrix = make_matrix(tmp_path_factory.mktemp("pool"))
    atlas = open_atlas(matrix)
    seen: list[float] = []
    atlas.on_change = lambda: seen.append(atlas.progress)
    assert (atlas.state, atlas.clusters, atlas.layout, atlas.unusual_order(5)) == ("building", None, None, None)
    atlas.start()
    wait_for(lambda: atlas.state != "building")
    assert (atlas.state, atlas.problem) == ("ready", None)
    return matrix, seen


@pytest.fixture
def atlas(made: tuple[Path, list[float]]) -> Atlas:
    atlas = open_atlas(made[0])
    atlas.start()
    assert atlas.state == "ready"  # read at once: nothing is made twice
    return atlas


def test_every_stage_is_told_as_it_comes(made: tuple[Path, list[float]]) -> None:
    _, seen = made
    assert len(seen) == 4  # clusters, neighbours, layout, the end
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)


def test_the_nearest_of_a_row_leave_itself_out_and_what_is_not_allowed(atlas: Atlas) -> None:
    rows, likeness = atlas.nearest(6, 3)
    assert rows[0] == 10
    assert likeness[0] == pytest.approx(1, abs=1e-5)
    assert rows.tolist() == atlas.neighbour_rows[6, :3].tolist()
    allowed = np.ones(N, bool)
    allowed[10] = False
    assert atlas.nearest(6, 2, allowed)[0].tolist() == rows[1:].tolist()
    assert len(atlas.nearest(6, 5, np.zeros(N, bool))[0]) == 0


def test_the_nearest_of_several_directions_are_like_any_of_them(atlas: Atlas) -> None:
    rows, _ = atlas.nearest(atlas.space.directions(np.array([0, 1])), 40)
    assert set((rows % 4).tolist()) == {0, 1}


def test_near_duplicates_are_the_pairs_above_the_threshold(atlas: Atlas) -> None:
    pairs = atlas.near_duplicates(0.999)
    assert pairs.n_pairs == 1
    assert pairs.of(np.array([10])).tolist() == [6]
    groups = np.arange(N)
    assert atlas.near_duplicates(0.999, groups).n_pairs == 0


def test_orders_and_map_cover_the_pool(atlas: Atlas) -> None:
    assert sorted(atlas.unusual_order(N).tolist()) == list(range(N))
    assert sorted(atlas.tour_order(N).tolist()) == list(range(N))
    assert atlas.tour_order(3).tolist() == atlas.representatives[:3].tolist()
    assert atlas.layout.shape == (N, 2)
    assert np.isfinite(atlas.layout).all()


def test_a_large_pool_is_asked_by_its_index(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch, made: tuple[Path, list[float]]
) -> None:
    from winnow.atlas.neighbours import build_index

    exact = atlas.nearest(5, 4)
    monkeypatch.setattr("winnow.atlas.atlas.SCAN_ROWS", N - 1)
    atlas._index = build_index(atlas.space, np.arange(N), np.random.default_rng(0))
    assert not atlas.is_exact
    rows, likeness = atlas.nearest(5, 4)
    assert rows.tolist() == exact[0].tolist()
    np.testing.assert_allclose(likeness, exact[1], atol=1e-5)
    few = np.zeros(N, bool)
    few[[1, 2]] = True  # fewer than asked for: all of them, found by the scan
    assert sorted(atlas.nearest(5, 4, few)[0].tolist()) == [1, 2]


def test_other_rows_shown_make_another_atlas_and_a_damaged_stage_is_made_again(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path)
    is_shown = np.ones(N, bool)
    is_shown[10] = False
    first = open_atlas(matrix, is_shown)
    first.start()
    wait_for(lambda: first.state != "building")
    assert first.clusters.labels[10] == -1
    assert 10 not in first.neighbour_rows
    second = open_atlas(matrix)
    folder = tmp_path / "atlas" / second._folder.name / "clusters"
    folder.mkdir(parents=True)
    (folder / "labels.npy").write_bytes(b"no array")
    second.start()
    wait_for(lambda: second.state != "building")
    assert second.state == "ready"
    assert (second.clusters.labels >= 0).all()
    assert [path.name for path in (tmp_path / "atlas").iterdir()] == [second._folder.name]


def test_closing_ends_the_process_and_keeps_what_was_made(tmp_path: Path) -> None:
    atlas = open_atlas(make_matrix(tmp_path))
    changes: list[str] = []
    atlas.on_change = lambda: changes.append(atlas.state)
    atlas.start()
    pid = atlas._process.pid
    atlas.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert "failed" not in changes


def test_a_process_that_dies_is_told_and_its_stages_stay(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path)
    atlas = open_atlas(matrix)
    atlas.start()
    wait_for(lambda: atlas.clusters is not None)
    os.kill(atlas._process.pid, 9)
    wait_for(lambda: atlas.state == "failed")
    assert "SIGKILL" in atlas.problem
    again = open_atlas(matrix)
    again.start()
    assert again.clusters is not None
    again.close()


def test_a_folder_that_cannot_be_written_is_a_problem_told(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path)
    (tmp_path / "atlas").write_text("in the way")
    atlas = open_atlas(matrix)
    atlas.start()
    assert atlas.state == "failed"
    assert "cannot be written" in atlas.problem


def test_the_process_ends_when_its_stdin_does(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path)
    atlas = open_atlas(matrix)
    from winnow.atlas import files

    files.write_request(atlas._folder, atlas.space, np.ones(N, bool))
    program = [sys.executable, "-m", "winnow.atlas.build", str(atlas._folder), str(matrix)]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdin.close()
    assert process.wait(timeout=60) == 1
    process.stdout.close()
