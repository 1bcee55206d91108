"""Data set versions of masks: which images enter, what their files say, and what stays as it was without masks."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dataset_helpers import Person
from mask_helpers import SIDE, Masked, disc, draw_masked, refs_with_masks, tight

from winnow.errors import DatasetError
from winnow.masks.rle import Rle, decode, encode, from_polygons, iou
from winnow.masks.sidecar import sidecar_path
from winnow.pool import Pool
from winnow.training.dataset import DatasetOptions, DatasetVersion, build_dataset, get_dataset, rebuild_dataset
from winnow.training.holdout import Holdout
from winnow.training.labelled_yolo import read_yolo_set
from winnow.training.manifest import Mark
from winnow.training.workspace import Workspace
from winnow.verdicts.log import NewVerdict

SEGMENT = DatasetOptions(task="segment")
NAMES = tuple(f"masked-{i:02}.png" for i in range(6))


class World:
    """Six shapes; the last two measure. Nobody proposed a mask on the third."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shapes: Masked = draw_masked(folder, 6)
        self.pool: Pool = refs_with_masks(folder, self.shapes, without=(NAMES[2],))
        self.person, self.workspace = Person(folder), Workspace(folder / "workspace")
        parts: Any = {name: "holdout" if name in NAMES[4:] else "train" for name in NAMES}
        Holdout().assigned(parts, {}).write(self.workspace.holdout)

    def accept(self, *names: str) -> None:
        for name in names:
            box, kind, _ = self.shapes[name]
            self.person.judge(name, 1, box, proposed=kind)

    def draw(self, name: str, mask: Rle) -> None:
        """A person gives the shape another mask."""
        box, kind, _ = self.shapes[name]
        verdict = self.person.judge(name, 1, box, proposed=kind)
        values = {f: getattr(verdict, f) for f in NewVerdict.__dataclass_fields__}
        given = NewVerdict(**{**values, "key": f"mask {name} {verdict.seq}", "mask": json.dumps(mask.as_json())})
        self.person.log.append([given])

    def build(self, options: DatasetOptions = SEGMENT) -> DatasetVersion:
        truth = self.person.truth(self.pool)
        return build_dataset(truth, self.workspace, options, base_folder=self.folder, image_root=None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.person.log.close()


def mask_of(version: DatasetVersion, name: str) -> Rle | None:
    ((mark,),) = [entry.accepted for entry in version.images if entry.path == name]
    return mark.mask


def test_an_untouched_proposal_brings_the_mask_beside_its_refs(world: World) -> None:
    world.accept(NAMES[0], NAMES[4])
    version = world.build()
    assert (version.task, version.manifest.schema) == ("segment", 2)
    assert mask_of(version, NAMES[0]) == world.shapes[NAMES[0]][2]


def test_the_mask_that_a_person_gave_counts(world: World) -> None:
    world.accept(NAMES[4])
    mask = encode(disc(40, 40, 12))
    world.draw(NAMES[0], mask)
    assert mask_of(world.build(), NAMES[0]) == mask


@pytest.mark.parametrize("partial", [False, True])
def test_an_accepted_object_without_a_mask_keeps_its_image_out(world: World, partial: bool) -> None:
    world.accept(NAMES[0], NAMES[2], NAMES[4])
    version = world.build(replace(SEGMENT, partial=partial))
    assert [entry.path for entry in version.images] == [NAMES[4], NAMES[0]]
    assert version.manifest.left_out["without_mask"] == 1
    assert len(world.build(DatasetOptions()).images) == 3


def test_an_empty_mask_is_none(world: World) -> None:
    world.accept(NAMES[0], NAMES[4])
    world.draw(NAMES[1], encode(np.zeros((SIDE, SIDE), bool)))
    world.draw(NAMES[3], encode(np.zeros((SIDE, SIDE), bool)))
    # Behind an empty mask that a person gave no proposed one comes back.
    assert world.build().manifest.left_out == {"without_mask": 2, "untouched": 2}


@pytest.mark.parametrize("task", ["detect", "segment"])
def test_an_image_whose_prediction_was_rejected_stays_out(world: World, task: Any) -> None:
    world.accept(NAMES[0], NAMES[1], NAMES[4])
    world.person.judge(NAMES[1], None, None, kind="reject", proposed=None)
    for partial in (False, True):
        version = world.build(DatasetOptions(task=task, partial=partial))
        assert NAMES[1] not in [entry.path for entry in version.images]
        assert version.manifest.left_out["rejected"] == 1


def test_a_mask_of_another_size_is_told_and_its_image_left_out(world: World) -> None:
    world.accept(NAMES[0], NAMES[4])
    world.draw(NAMES[1], encode(disc(40, 40, 12, side=120)))
    version = world.build()
    assert list(version.manifest.unreadable) == [NAMES[1]]
    assert "120 × 120 pixels, this one has 96 × 96" in version.manifest.unreadable[NAMES[1]]


def test_a_label_line_is_the_whole_mask_with_its_hole(world: World) -> None:
    world.accept(NAMES[4])
    ring = encode(disc(40, 40, 20, hole=9))
    world.draw(NAMES[0], ring)
    version = world.build()
    (entry,) = version.entries("train")
    (line,) = entry.label_text(version.classes).splitlines()
    assert line.startswith("0 ")
    points = np.array(line.split()[1:], float).reshape(-1, 2) * SIDE
    assert iou([from_polygons([points], (SIDE, SIDE))], [ring])[0, 0] == 1.0
    assert (version.folder / f"labels/train/{Path(entry.name).stem}.txt").read_text() == f"{line}\n"


def test_a_version_of_masks_is_read_back_and_rebuilt_byte_for_byte(world: World) -> None:
    world.accept(*NAMES[:2], *NAMES[3:])
    version = world.build()
    again = get_dataset(world.workspace, 1)
    assert (again.task, again.images, again.manifest) == ("segment", version.images, version.manifest)
    assert rebuild_dataset(world.workspace, 1, world.folder / "again", base_folder=world.folder) == []


def test_nothing_new_is_asked_of_the_newest_version_of_the_task(world: World) -> None:
    world.accept(NAMES[0], NAMES[4])
    built = [world.build(options) for options in (DatasetOptions(), SEGMENT, DatasetOptions(), SEGMENT)]
    assert [(version.number, version.task, version.is_new) for version in built] == [
        (1, "detect", True),
        (2, "segment", True),
        (1, "detect", False),
        (2, "segment", False),
    ]


def test_a_version_of_boxes_does_not_speak_of_masks(world: World) -> None:
    world.accept(NAMES[0], NAMES[4])
    version = world.build(DatasetOptions())
    written = (version.folder / "manifest.json").read_text() + (version.folder / "images.jsonl").read_text()
    assert "mask" not in written.replace("masked-", "")
    assert sorted(json.loads((version.folder / "manifest.json").read_bytes())["settings"]) == [
        "classes", "holdout_share", "partial", "rejects", "seed",
    ]  # fmt: skip
    assert json.loads((version.folder / "manifest.json").read_bytes())["schema"] == 1


def test_without_any_mask_there_is_nothing_to_train_on_and_the_reason_says_so(world: World) -> None:
    sidecar_path(world.pool.refs_path).unlink()
    world.accept(*NAMES)
    with pytest.raises(DatasetError, match="6 images, an accepted object has no mask"):
        world.build()


def test_every_line_is_read_back_as_a_mask(world: World) -> None:
    world.accept(*NAMES[:2], *NAMES[3:])
    version = world.build()
    files = read_yolo_set(version.data_yaml, None)
    assert [len(file.masks) for file in files] == [len(file.boxes) for file in files] == [1] * 5


def test_marks_without_a_mask_have_lines_of_boxes() -> None:
    box = tight(disc(40, 40, 12))
    assert Mark("a", box, "cell", 1).label_line(0, (SIDE, SIDE)) == "0 0.421875 0.421875 0.260417 0.260417"
    assert decode(encode(disc(40, 40, 12))).sum() == 441
