"""Data set versions are whole, immutable, numbered and rebuildable."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from dataset_helpers import SIZE_WH
from dataset_world import World, files_of
from PIL import Image

from winnow.errors import DatasetError, UnknownVersion, WinnowError
from winnow.training import version_files
from winnow.training.dataset import (
    DatasetOptions,
    build_dataset,
    get_dataset,
    list_datasets,
    rebuild_dataset,
)


def test_the_same_content_is_the_same_version(world: World) -> None:
    world.judge_minimum()
    world.build()
    world.person.judge("img01.png", 1)  # in progress: changes nothing yet
    again = world.build()
    assert (again.number, again.is_new) == (1, False)
    assert [version.number for version in list_datasets(world.workspace)] == [1]


def test_a_new_verdict_makes_a_new_version_and_leaves_the_old_one(world: World) -> None:
    world.judge_minimum()
    before = files_of(world.build().folder)
    world.judge_both("img01.png", 1, 0)
    version = world.build()
    assert (version.number, version.manifest.previous) == (2, 1)
    assert files_of(world.workspace.datasets / "v0001") == before
    assert get_dataset(world.workspace).number == 2
    assert get_dataset(world.workspace, 1).manifest.previous is None


def test_a_rebuilt_version_is_the_same_byte_for_byte(world: World, tmp_path: Path) -> None:
    world.judge_minimum()
    world.person.judge("img01.png", 1)
    version = world.build(partial=True)
    out = tmp_path / "rebuilt"
    assert rebuild_dataset(world.workspace, 1, out, base_folder=world.folder) == []
    assert files_of(out) == files_of(version.folder)


def test_rebuilding_names_what_was_changed_in_the_version(world: World, tmp_path: Path) -> None:
    world.judge_minimum()
    version = world.build()
    (entry,), (held_out,) = version.entries("train"), version.entries("holdout")
    version_files.label_path(version.folder, entry).write_text("0 0.5 0.5 1 1\n")
    version.image_file(held_out).unlink()
    (version.folder / "labels/train/more.txt").write_text("")
    assert rebuild_dataset(world.workspace, 1, tmp_path / "out", base_folder=world.folder) == [
        f"images/holdout/{held_out.name}",
        f"labels/train/{Path(entry.name).stem}.txt",
        "labels/train/more.txt (not of this version)",
    ]


def test_rebuilding_names_changed_and_missing_source_images(world: World, tmp_path: Path) -> None:
    world.judge_minimum()
    world.build()
    Image.new("RGB", SIZE_WH).save(world.folder / "img00.png")
    (world.folder / "img05.png").unlink()
    with pytest.raises(DatasetError, match=r"(?s)img05\.png: No such file.*img00\.png: changed"):
        rebuild_dataset(world.workspace, 1, tmp_path / "out", base_folder=world.folder)
    assert not (tmp_path / "out").exists()


def test_rebuilding_from_a_changed_list_of_images_is_refused(world: World, tmp_path: Path) -> None:
    world.judge_minimum()
    listed = world.build().folder / "images.jsonl"
    listed.write_text(listed.read_text().replace("10.0, 8.0, 30.0, 28.0", "10.0, 8.0, 31.0, 28.0"))
    with pytest.raises(DatasetError, match=r"images\.jsonl is not what its manifest was written with"):
        rebuild_dataset(world.workspace, 1, tmp_path / "out", base_folder=world.folder)


def test_rebuilding_over_something_is_refused(world: World, tmp_path: Path) -> None:
    world.judge_minimum()
    world.build()
    (tmp_path / "out").mkdir()
    with pytest.raises(DatasetError, match="is there already"):
        rebuild_dataset(world.workspace, 1, tmp_path / "out", base_folder=world.folder)


class _Killed(BaseException):
    pass


def test_a_build_that_is_stopped_leaves_nothing_listed(world: World) -> None:
    world.judge_minimum()

    class Stopping:
        def progress(self, done: int, total: int, text: str = "") -> None:
            if text == "Writing the data set" and done == 1:
                raise _Killed

        def check_stop(self) -> None: ...

    with pytest.raises(_Killed):
        build_dataset(
            world.truth(),
            world.workspace,
            DatasetOptions(),
            base_folder=world.folder,
            image_root=None,
            report=Stopping(),
        )
    assert list_datasets(world.workspace) == []
    assert world.build().number == 1


def test_what_a_killed_build_left_is_not_listed_and_goes_at_the_next(world: World) -> None:
    world.judge_minimum()
    left = world.workspace.datasets / "writing-v0001-0badcafe"
    shutil.copytree(world.build().folder, left, symlinks=True)
    shutil.rmtree(world.workspace.datasets / "v0001")
    assert list_datasets(world.workspace) == []
    assert world.build().number == 1
    assert not left.exists()


def test_a_full_disk_is_told_and_nothing_is_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.judge_minimum()

    def full(self: Path, *_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(WinnowError, match=r"v0001 cannot be written: .*No space left"):
        world.build()
    assert [path.name for path in world.workspace.datasets.iterdir() if path.is_dir()] == []


def test_an_unknown_version_is_named(world: World) -> None:
    with pytest.raises(UnknownVersion, match="no data set version yet"):
        get_dataset(world.workspace)
    world.judge_minimum()
    world.build()
    with pytest.raises(UnknownVersion, match="no data set version 7; there are 1"):
        get_dataset(world.workspace, 7)


@pytest.mark.parametrize("content", ["", "{}", '{"schema": 2}', '{"schema": 1, "classes": []}', "[]"])
def test_a_damaged_manifest_is_named(world: World, content: str) -> None:
    world.judge_minimum()
    (world.build().folder / "manifest.json").write_text(content)
    with pytest.raises(DatasetError, match=r"manifest\.json"):
        list_datasets(world.workspace)


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"accepted": [{}]}'])
def test_a_damaged_list_of_images_is_named(world: World, content: str) -> None:
    world.judge_minimum()
    (world.build().folder / "images.jsonl").write_text(content)
    with pytest.raises(DatasetError, match=r"images\.jsonl"):
        _ = get_dataset(world.workspace).images


def test_the_manifest_is_read_as_it_was_written(world: World) -> None:
    world.judge_minimum()
    version = world.build()
    again = get_dataset(world.workspace)
    assert (again.manifest, again.images) == (version.manifest, version.images)
    assert len(again.images) == 2
    assert json.loads((version.folder / "manifest.json").read_bytes())["schema"] == 1
