"""Data set versions: what enters them, as what, and that they are whole, immutable and rebuildable."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dataset_helpers import BOX, BOX_2, SIZE_WH, Person, draw_images, row, write_refs
from PIL import Image

from winnow.errors import DatasetError, UnknownVersion, WinnowError
from winnow.pool import Pool
from winnow.training import version_files
from winnow.training.dataset import (
    DatasetOptions,
    DatasetVersion,
    build_dataset,
    get_dataset,
    list_datasets,
    rebuild_dataset,
)
from winnow.training.holdout import Holdout
from winnow.training.listing import Listing
from winnow.training.truth import Truth
from winnow.training.workspace import Workspace
from winnow.verdicts.ledger import Ledger


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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.person.log.close()


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


def test_a_class_outside_the_fixed_list_is_named(world: World) -> None:
    world.judge_minimum()
    with pytest.raises(DatasetError, match=r"does not have: cell\."):
        world.build(classes=("nucleus",))
    assert world.build(classes=("nucleus", "cell")).classes == ("nucleus", "cell")


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
    with pytest.raises(DatasetError, match="have no accepted box"):
        world.build()


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


def test_without_the_refs_only_images_that_somebody_completed_enter(world: World) -> None:
    world.judge_minimum()
    world.pool = None
    with pytest.raises(DatasetError):
        world.build(partial=True)
    for path in ("img00.png", "img05.png"):
        world.person.complete(path)
    assert paths(world.build()) == ["img00.png", "img05.png"]


def test_a_file_that_measures_does_not_train_under_another_name(world: World) -> None:
    world.judge_minimum()
    shutil.copyfile(world.folder / "img05.png", world.folder / "img01.png")
    world.judge_both("img01.png", 1, 0)
    version = world.build()
    assert (paths(version), version.manifest.left_out["in_holdout"]) == (["img00.png", "img05.png"], 1)


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
