"""What enters a data set version, and as what."""

import os

import numpy as np
import pytest
from dataset_helpers import BOX, BOX_2, row, write_refs
from dataset_world import World, label_of, paths
from PIL import Image

from winnow.errors import DatasetError
from winnow.training.dataset import (
    DatasetOptions,
    build_dataset,
)
from winnow.training.holdout import Holdout
from winnow.training.listing import Listing
from winnow.training.truth import Truth
from winnow.verdicts.ledger import Ledger


def test_accepted_boxes_are_written_and_rejected_ones_are_background(world: World) -> None:
    world.judge_minimum()
    version = world.build()
    assert version.number == 1
    assert version.is_new
    assert version.folder == world.workspace.datasets / "v0001"
    assert label_of(version, "img00.png") == "0 0.250000 0.281250 0.250000 0.312500\n"
    assert label_of(version, "img05.png") == (
        "0 0.250000 0.281250 0.250000 0.312500\n0 0.625000 0.500000 0.250000 0.375000\n"
    )
    assert version.counts == {
        "train": {"images": 1, "negatives": 0, "painted": 0, "rejected": 1, "boxes": {"cell": 1}},
        "holdout": {"images": 1, "negatives": 0, "painted": 0, "rejected": 0, "boxes": {"cell": 2}},
    }
    assert version.manifest.left_out == {"untouched": 4}
    assert version.manifest.last_seq == 4
    assert [mark.seq for mark in version.entries("train")[0].accepted] == [1]
    assert [mark.seq for mark in version.entries("train")[0].rejected] == [2]


def test_images_are_absolute_links_to_the_originals(world: World) -> None:
    world.judge_minimum()
    (entry,) = world.build().entries("train")
    link = world.workspace.datasets / "v0001/images/train" / entry.name
    assert os.readlink(link) == str(world.folder / "img00.png")
    assert entry.name.startswith("img00-")
    assert entry.name.endswith(".png")


def test_an_image_with_only_rejects_is_a_negative(world: World) -> None:
    world.judge_minimum()
    world.judge_both("img01.png", 0, 0)
    version = world.build()
    assert label_of(version, "img01.png") == ""
    assert version.counts["train"]["negatives"] == 1


def test_an_unfinished_image_stays_out(world: World) -> None:
    world.judge_minimum()
    world.person.judge("img01.png", 1)
    version = world.build()
    assert paths(version) == ["img00.png", "img05.png"]
    assert version.manifest.left_out == {"untouched": 3, "in_progress": 1}


def test_partial_paints_open_regions_but_no_accepted_pixel(world: World) -> None:
    world.judge_minimum()
    overlapping = (20.0, 20.0, 60.0, 44.0)
    world.pool = write_refs(
        world.folder, [row(n, b) for n in world.names for b in (BOX, BOX_2)] + [row("img01.png", overlapping)]
    )
    world.person.judge("img01.png", 1)
    world.person.judge("img01.png", 0, BOX_2)
    version = world.build(partial=True)
    (entry,) = (entry for entry in version.entries("train") if entry.path == "img01.png")
    pixels = np.array(Image.open(version.image_file(entry)))
    original = np.array(Image.open(world.folder / "img01.png"))
    expected = original.copy()
    expected[20:44, 20:60] = 114
    expected[8:28, 10:30] = original[8:28, 10:30]
    np.testing.assert_array_equal(pixels, expected)
    assert not version.image_file(entry).is_symlink()
    assert [mark.box_xyxy for mark in entry.painted] == [overlapping]
    assert label_of(version, "img01.png") == "0 0.250000 0.281250 0.250000 0.312500\n"


def test_partial_leaves_out_the_holdouts_open_images_and_those_without_a_certain_box(world: World) -> None:
    world.judge_minimum()
    parts = {"img04.png": "holdout"}
    Holdout().assigned({**dict.fromkeys(world.names, "train"), "img05.png": "holdout", **parts}, {}).write(
        world.workspace.holdout
    )
    world.person.judge("img04.png", 1)
    world.person.judge("img03.png", None)
    version = world.build(partial=True)
    assert paths(version) == ["img00.png", "img05.png"]
    assert version.manifest.left_out == {"untouched": 2, "in_progress": 1, "nothing_certain": 1}


@pytest.mark.parametrize("partial", [False, True])
def test_an_image_with_an_open_miss_never_enters(world: World, partial: bool) -> None:
    world.judge_minimum()
    world.judge_both("img01.png", 1, 1)
    world.person.miss("img01.png")
    version = world.build(partial=partial)
    assert paths(version) == ["img00.png", "img05.png"]
    assert version.manifest.left_out == {"untouched": 3, "open_misses": 1}
    world.person.complete("img01.png")
    assert "img01.png" in paths(world.build(partial=partial))


def test_regions_to_correct_are_painted_and_corrections_replace_them(world: World) -> None:
    world.judge_minimum()
    bad = world.person.judge("img01.png", 0, reason="bad_box")
    world.person.judge("img01.png", 0, BOX_2, reason="wrong_class", class_name="nucleus")
    before = world.build(partial=True)
    (entry,) = (entry for entry in before.entries("train") if entry.path == "img01.png")
    assert [mark.box_xyxy for mark in entry.painted] == [BOX]
    assert before.classes == ("cell", "nucleus")
    assert label_of(before, "img01.png") == "1 0.625000 0.500000 0.250000 0.375000\n"
    better = (12.0, 8.0, 32.0, 28.0)
    world.person.judge("img01.png", 1, better, class_name="cell", replaces=bad.item_id)
    assert label_of(world.build(), "img01.png") == (
        "0 0.275000 0.281250 0.250000 0.312500\n1 0.625000 0.500000 0.250000 0.375000\n"
    )


def test_ignored_rejects_are_painted_in_training_and_left_alone_in_the_holdout(world: World) -> None:
    world.judge_both("img00.png", 1, 0)
    world.judge_both("img01.png", 0, 0)
    world.judge_both("img05.png", 1, 0)
    version = world.build(rejects="ignore")
    assert paths(version) == ["img00.png", "img05.png"]
    (train,), (held_out,) = version.entries("train"), version.entries("holdout")
    assert [mark.box_xyxy for mark in train.painted] == [BOX_2]
    assert held_out.painted == ()
    assert version.image_file(held_out).is_symlink()
    assert version.manifest.left_out == {"untouched": 3, "only_rejects": 1}


def test_classes_keep_their_numbers_and_new_ones_come_after(world: World) -> None:
    world.judge_minimum()
    assert world.build().classes == ("cell",)
    world.person.judge("img01.png", 1, class_name="zebra")
    world.person.judge("img01.png", 1, BOX_2, class_name="ape")
    assert world.build().classes == ("cell", "ape", "zebra")


def test_without_the_refs_only_images_that_somebody_completed_enter(world: World) -> None:
    world.judge_minimum()
    world.pool = None
    with pytest.raises(DatasetError):
        world.build(partial=True)
    for path in ("img00.png", "img05.png"):
        world.person.complete(path)
    assert paths(world.build()) == ["img00.png", "img05.png"]


def test_an_open_proposal_of_another_class_on_an_accepted_box_keeps_the_image_out(world: World) -> None:
    x1, y1, x2, y2 = BOX
    tie = (x1 + 1, y1 + 1, x2 - 1, y2 - 1)
    lines = [row(n, b) for n in world.names for b in (BOX, BOX_2)]
    world.pool = write_refs(world.folder, [*lines, row("img01.png", tie, "tie")])
    world.judge_minimum()
    world.judge_both("img01.png", 1, 0)
    version = world.build(partial=True)
    assert (paths(version), version.manifest.left_out["hidden"]) == (["img00.png", "img05.png"], 1)


def test_what_a_later_round_proposes_on_a_complete_image_is_painted(world: World) -> None:
    world.judge_minimum()
    assert world.pool
    new = (1.0, 1.0, 6.0, 6.0)
    later = write_refs(world.folder, [row("img00.png", new)])
    truth = Truth(later, Ledger(world.person.log.replay()), others=[Listing(world.pool)])
    version = build_dataset(truth, world.workspace, DatasetOptions(), base_folder=world.folder, image_root=None)
    (entry,) = version.entries("train")
    assert (entry.state, [mark.box_xyxy for mark in entry.painted], entry.is_copy) == ("complete", [new], True)
