"""What a data set version leaves out, and what it cannot be made of."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from dataset_helpers import Person, draw_images, row, write_refs
from dataset_world import World, paths

from winnow.errors import DatasetError
from winnow.training.dataset import (
    DatasetOptions,
    build_dataset,
    list_datasets,
)
from winnow.training.holdout import Holdout
from winnow.training.workspace import Workspace


def test_a_class_outside_the_fixed_list_is_named(world: World) -> None:
    world.judge_minimum()
    with pytest.raises(DatasetError, match=r"does not have: cell\."):
        world.build(classes=("nucleus",))
    assert world.build(classes=("nucleus", "cell")).classes == ("nucleus", "cell")


def test_no_accepted_box_is_refused(world: World) -> None:
    world.judge_both("img00.png", 0, 0)
    world.judge_both("img05.png", 0, 0)
    with pytest.raises(DatasetError, match="no accepted box to train on"):
        world.build()
    assert list_datasets(world.workspace) == []


def test_nothing_judged_is_refused(world: World) -> None:
    with pytest.raises(DatasetError, match="6 images, nothing on them is judged"):
        world.build()


def test_a_holdout_that_swallowed_all_positives_is_refused(world: World) -> None:
    world.judge_both("img00.png", 0, 0)
    world.judge_both("img05.png", 1, 1)
    with pytest.raises(DatasetError, match="All 2 accepted boxes lie on hold-out images"):
        world.build()


def test_no_complete_holdout_image_is_refused(world: World) -> None:
    world.judge_both("img00.png", 1, 1)
    world.person.judge("img05.png", 1)
    with pytest.raises(DatasetError, match="No hold-out image is complete"):
        world.build()


def test_a_holdout_without_objects_is_refused(world: World) -> None:
    world.judge_both("img00.png", 1, 1)
    world.judge_both("img05.png", 0, 0)
    with pytest.raises(DatasetError, match="hold-out images: 1; accepted boxes on them: 0"):
        world.build()


def test_unreadable_images_are_left_out_and_named(world: World) -> None:
    world.judge_minimum()
    world.judge_both("img01.png", 1, 1)
    world.judge_both("img02.png", 1, 1)
    (world.folder / "img01.png").write_bytes(b"no image")
    (world.folder / "img02.png").unlink()
    version = world.build()
    assert version.manifest.left_out == {"untouched": 2, "unreadable": 2}
    assert sorted(version.manifest.unreadable) == ["img01.png", "img02.png"]
    assert "no such file" in version.manifest.unreadable["img02.png"]


def test_images_outside_the_root_are_left_out(world: World) -> None:
    world.judge_minimum()
    (world.folder / "inside").mkdir()
    with pytest.raises(DatasetError, match="cannot be read"):
        build_dataset(
            world.truth(),
            world.workspace,
            DatasetOptions(),
            base_folder=world.folder,
            image_root=world.folder / "inside",
        )


def test_an_image_with_an_accepted_box_off_it_is_left_out(world: World) -> None:
    world.judge_minimum()
    world.person.judge("img01.png", 1, (500.0, 500.0, 520.0, 520.0))
    world.judge_both("img01.png", 1, 1)
    assert world.build().manifest.left_out == {"untouched": 3, "off_image": 1}


def test_a_file_that_measures_does_not_train_under_another_name(world: World) -> None:
    world.judge_minimum()
    shutil.copyfile(world.folder / "img05.png", world.folder / "img01.png")
    world.judge_both("img01.png", 1, 0)
    version = world.build()
    assert (paths(version), version.manifest.left_out["in_holdout"]) == (["img00.png", "img05.png"], 1)


def test_the_split_is_drawn_over_all_images_once(tmp_path: Path) -> None:
    names = draw_images(tmp_path, 10)
    pool = write_refs(tmp_path, [row(name) for name in names])
    person, workspace = Person(tmp_path), Workspace(tmp_path / "workspace")
    options = DatasetOptions(holdout_share=0.3, seed=1)
    with pytest.raises(DatasetError):  # nothing is judged yet, but the split is drawn
        build_dataset(person.truth(pool), workspace, options, base_folder=tmp_path, image_root=None)
    drawn = Holdout.read(workspace.holdout)
    assert len(drawn.paths("holdout")) == 3
    for name in names:
        person.judge(name, 1)
    other = replace(options, seed=9, holdout_share=0.9)
    version = build_dataset(person.truth(pool), workspace, other, base_folder=tmp_path, image_root=None)
    assert sorted(entry.path for entry in version.entries("holdout")) == drawn.paths("holdout")
    assert Holdout.read(workspace.holdout).draws == drawn.draws
    person.log.close()
