"""Import of labelled YOLO and COCO sets: accepted boxes and completed images, all or none, once."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from dataset_helpers import BOX, BOX_2, SIZE_WH, draw_images
from labelled_import import import_, truth_of
from PIL import Image

from winnow.errors import DatabaseError, LabelledSetError
from winnow.training.holdout import Holdout
from winnow.training.labelled_sets import (
    LabelledImage,
    assign_parts,
    events_of,
    is_labelled_set,
    read_labelled_set,
)
from winnow.training.workspace import Workspace
from winnow.training.yolo_labels import label_line
from winnow.verdicts.log import VerdictLog


def write_yolo(folder: Path, *, n_train: int = 2, n_val: int = 1, **description: Any) -> Path:
    """set/images/{train,val}, labels of the first box of each but the last train image; answers data.yaml."""
    for part, n in (("train", n_train), ("val", n_val)):
        images, labels = folder / "set/images" / part, folder / "set/labels" / part
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for i, name in enumerate(draw_images(images, n)):
            if part == "val" or i < n - 1:
                (labels / name).with_suffix(".txt").write_text(label_line(1, BOX, SIZE_WH) + "\n")
    values = {"train": "images/train", "val": "images/val", "names": ["cell", "nucleus"], **description}
    (folder / "set/data.yaml").write_text(yaml.safe_dump({k: v for k, v in values.items() if v is not None}))
    return folder / "set/data.yaml"


def write_coco(folder: Path, **changes: Any) -> Path:
    """set.json of two images in images/, with a box of each class on the first; `changes` replace its lists."""
    (folder / "images").mkdir()
    names = draw_images(folder / "images", 2)
    content = {
        "images": [
            {"id": 7 + i, "file_name": name, "width": SIZE_WH[0], "height": SIZE_WH[1]} for i, name in enumerate(names)
        ],
        "categories": [{"id": 1, "name": "cell"}, {"id": 4, "name": "nucleus"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 8, 20, 20]},
            {"id": 2, "image_id": 7, "category_id": 4, "bbox": [40, 20, 20, 24]},
        ],
        **changes,
    }
    (folder / "set.json").write_text(json.dumps(content))
    return folder / "set.json"


def test_a_yolo_set_becomes_accepted_boxes_and_complete_images(tmp_path: Path) -> None:
    done = import_(tmp_path, read_labelled_set(write_yolo(tmp_path), tmp_path))
    assert (done.recorded, done.known, done.images) == (5, 0, 3)
    truth = truth_of(tmp_path)
    assert truth.paths == ["set/images/train/img00.png", "set/images/train/img01.png", "set/images/val/img00.png"]
    records = list(truth.records())
    assert [record.state for record in records] == ["complete"] * 3
    assert [[(r.class_name, r.box_xyxy) for r in record.accepted] for record in records] == [
        [("nucleus", BOX)],
        [],
        [("nucleus", BOX)],
    ]


def test_the_sets_own_split_is_kept(tmp_path: Path) -> None:
    done = import_(tmp_path, read_labelled_set(write_yolo(tmp_path), tmp_path))
    holdout = Holdout.read(tmp_path / "workspace/holdout.json")
    assert holdout.paths("holdout") == ["set/images/val/img00.png"]
    assert done.parts == {"train": 2, "holdout": 1}


def test_a_set_that_only_trains_is_drawn_where_nothing_measures_yet(tmp_path: Path) -> None:
    labelled = read_labelled_set(write_yolo(tmp_path), tmp_path)
    training = [image for image in labelled if image.part == "train"]
    assert import_(tmp_path, training).parts == {None: 2}
    import_(tmp_path, labelled)
    assert import_(tmp_path, training).parts == {"train": 2}


@pytest.mark.parametrize(
    ("split", "parts"), [("draw", {None: 3}), ("holdout", {"holdout": 3}), ("train", {"train": 3})]
)
def test_a_wanted_split_wins_over_the_sets_own(tmp_path: Path, split: str, parts: dict[str | None, int]) -> None:
    assert import_(tmp_path, read_labelled_set(write_yolo(tmp_path), tmp_path), split=split).parts == parts


def test_an_image_that_is_in_a_part_already_stays_there(tmp_path: Path) -> None:
    labelled = read_labelled_set(write_yolo(tmp_path), tmp_path)
    import_(tmp_path, labelled, split="train")
    workspace = Workspace(tmp_path / "workspace")
    assert assign_parts(labelled, workspace, split="holdout", groups={}).paths("holdout") == []


def test_importing_twice_records_nothing_new(tmp_path: Path) -> None:
    labelled = read_labelled_set(write_yolo(tmp_path), tmp_path)
    import_(tmp_path, labelled)
    again = import_(tmp_path, labelled)
    assert (again.recorded, again.known) == (0, 5)


def test_a_server_that_has_the_log_open_keeps_the_import_out(tmp_path: Path) -> None:
    labelled = read_labelled_set(write_yolo(tmp_path), tmp_path)
    log = VerdictLog(f"sqlite:///{tmp_path / 'winnow.db'}")
    with pytest.raises(DatabaseError, match="Another Winnow server"):
        import_(tmp_path, labelled)
    assert list(log.replay()) == []
    assert not (tmp_path / "workspace/holdout.json").exists()
    log.close()


def test_names_may_be_a_table_and_folders_relative_to_path(tmp_path: Path) -> None:
    description = write_yolo(tmp_path, path="../set", names={0: "cell", 1: "nucleus"}, nc=2)
    assert [len(image.boxes) for image in read_labelled_set(description, tmp_path)] == [1, 0, 1]


def test_folders_of_exporters_that_write_one_level_too_high_are_found(tmp_path: Path) -> None:
    description = write_yolo(tmp_path, train="../images/train", val="../images/val")
    assert len(read_labelled_set(description, tmp_path)) == 3


def test_a_split_may_be_a_list_of_files(tmp_path: Path) -> None:
    description = write_yolo(tmp_path, train="some.txt", val=None)
    (tmp_path / "set/some.txt").write_text("./images/train/img00.png\n")
    assert [image.path for image in read_labelled_set(description, tmp_path)] == ["set/images/train/img00.png"]


def test_a_folder_with_names_is_enough(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    draw_images(tmp_path / "set", 2)
    (tmp_path / "set/img00.txt").write_text(label_line(0, BOX, SIZE_WH))
    (tmp_path / "set/classes.txt").write_text("cell\n")
    assert read_labelled_set(tmp_path / "set", tmp_path) == [
        LabelledImage("set/img00.png", (("cell", BOX),), None, True),
        LabelledImage("set/img01.png", (), None, True),
    ]


def test_a_link_to_an_image_of_the_project_is_that_image(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (name,) = draw_images(tmp_path, 1)
    (tmp_path / "set/other.png").symlink_to(tmp_path / name)
    (tmp_path / "set/other.txt").write_text(label_line(0, BOX, SIZE_WH))
    (tmp_path / "set/classes.txt").write_text("cell\n")
    assert [image.path for image in read_labelled_set(tmp_path / "set", tmp_path)] == ["img00.png"]


def test_a_coco_set_is_read_with_its_categories(tmp_path: Path) -> None:
    assert read_labelled_set(write_coco(tmp_path), tmp_path, images=tmp_path / "images") == [
        LabelledImage("images/img00.png", (("cell", BOX), ("nucleus", BOX_2)), None, True),
        LabelledImage("images/img01.png", (), None, True),
    ]


def test_an_image_with_a_crowd_is_not_complete(tmp_path: Path) -> None:
    annotations = [
        {"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 8, 20, 20]},
        {"id": 2, "image_id": 7, "category_id": 1, "bbox": [0, 0, 80, 64], "iscrowd": 1},
    ]
    labelled = read_labelled_set(write_coco(tmp_path, annotations=annotations), tmp_path, images=tmp_path / "images")
    import_(tmp_path, labelled)
    crowded, other = truth_of(tmp_path).records()
    assert (crowded.state, crowded.open_misses, len(crowded.accepted)) == ("in_progress", 1, 1)
    assert other.state == "complete"


def test_a_set_becomes_a_verdict_a_box_and_a_completion_an_image(tmp_path: Path) -> None:
    labelled = read_labelled_set(write_coco(tmp_path), tmp_path, images=tmp_path / "images")
    events = events_of(labelled, annotator="ana")
    assert [(e.kind, e.path, e.label, e.class_name, e.strategy) for e in events] == [
        ("verdict", "images/img00.png", 1, "cell", "import"),
        ("verdict", "images/img00.png", 1, "nucleus", "import"),
        ("complete", "images/img00.png", None, None, "import"),
        ("complete", "images/img01.png", None, None, "import"),
    ]
    assert len({event.key for event in events}) == 4
    assert all(len(event.key) <= 64 for event in events)


def test_tables_of_labels_are_no_labelled_sets(tmp_path: Path) -> None:
    assert [is_labelled_set(Path(name)) for name in ("a.csv", "a.txt", "a.yaml", "a.yml", "a.json")] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert is_labelled_set(tmp_path)


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ({"names": None}, "`names` must list the classes"),
        ({"names": []}, "`names` must list the classes"),
        ({"names": {0: "cell", 2: "nucleus"}}, "without a gap"),
        ({"names": ["cell"]}, r"img00\.txt:1: '1 0\.25.*class 1 is not among the 1 names"),
        ({"nc": 3}, "`nc` says 3 classes, `names` has 2"),
        ({"train": "nowhere"}, "labels without images: `train: nowhere`"),
        ({"train": None, "val": None}, "names no images"),
        ({"val": "images/train"}, "stands more than once"),
    ],
)
def test_a_bad_description_is_refused_with_its_reason(tmp_path: Path, description: Any, reason: str) -> None:
    with pytest.raises(LabelledSetError, match=reason):
        read_labelled_set(write_yolo(tmp_path, **description), tmp_path)


def test_every_bad_line_is_named_with_its_place(tmp_path: Path) -> None:
    description = write_yolo(tmp_path)
    labels = tmp_path / "set/labels"
    (labels / "train/img00.txt").write_text("0 0.5 0.5 0.2 0.2\n\n1 50 50 10 10\n")
    (labels / "val/img00.txt").write_text("1 0.5 0.5 0 0.2\n")
    (labels / "val/gone.txt").write_text("")
    with pytest.raises(LabelledSetError) as caught:
        read_labelled_set(description, tmp_path)
    assert str(caught.value) == "\n".join(
        [
            f"{description}: nothing was imported. Mend these first:",
            f"  {labels}/val/gone.txt: there is no image of this name",
            f"  {labels}/train/img00.txt:3: '1 50 50 10 10': the box leaves the image: "
            "sides are shares of the image's, 0 to 1, not pixels",
            f"  {labels}/val/img00.txt:1: '1 0.5 0.5 0 0.2': the box has no area",
        ]
    )


def test_a_set_without_labels_or_without_images_or_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(LabelledSetError, match="names of the classes are missing"):
        read_labelled_set(tmp_path / "set", tmp_path)
    (tmp_path / "set/classes.txt").write_text("cell\n")
    with pytest.raises(LabelledSetError, match="labels without images"):
        read_labelled_set(tmp_path / "set", tmp_path)
    draw_images(tmp_path / "set", 1)
    with pytest.raises(LabelledSetError, match=r"images without labels: none of 1 images.*img00\.txt"):
        read_labelled_set(tmp_path / "set", tmp_path)


def test_images_outside_the_project_are_refused(tmp_path: Path) -> None:
    description = write_yolo(tmp_path)
    (tmp_path / "project").mkdir()
    with pytest.raises(LabelledSetError, match=r"img00\.png: the image is not below the project's folder"):
        read_labelled_set(description, tmp_path / "project")


def test_a_box_of_two_classes_is_refused(tmp_path: Path) -> None:
    description = write_yolo(tmp_path)
    lines = [label_line(index, BOX, SIZE_WH) for index in (0, 1)]
    (tmp_path / "set/labels/val/img00.txt").write_text("\n".join(lines))
    with pytest.raises(LabelledSetError, match="is of two classes"):
        read_labelled_set(description, tmp_path)


def test_a_line_that_stands_twice_is_one_box(tmp_path: Path) -> None:
    description = write_yolo(tmp_path)
    (tmp_path / "set/labels/val/img00.txt").write_text(f"{label_line(1, BOX, SIZE_WH)}\n" * 2)
    assert read_labelled_set(description, tmp_path)[2].boxes == (("nucleus", BOX),)


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    description = write_yolo(tmp_path)
    (tmp_path / "set/images/val/img00.png").write_bytes(b"no image")
    with pytest.raises(LabelledSetError, match=r"\n  .*set/images/val/img00\.png: "):
        read_labelled_set(description, tmp_path)


def _one(**changes: Any) -> list[dict[str, Any]]:
    return [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 8, 20, 20], **changes}]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"images": None}, "no COCO annotation file: it needs a list `images`"),
        ({"categories": [{"id": 1}]}, "whose entries have id and name"),
        ({"categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}, "ids of `categories`"),
        ({"categories": [{"id": [], "name": "a"}]}, "ids of `categories`"),
        ({"images": []}, "image_id 7 is not among the file's images"),
        ({"images": [], "annotations": []}, "no images in it"),
        ({"annotations": _one(category_id=2)}, "category_id 2 is not among"),
        ({"annotations": _one(category_id=[])}, "category_id .. is not among"),
        ({"annotations": _one(image_id=9)}, "image_id 9 is not among"),
        ({"annotations": _one(image_id={}, iscrowd=1)}, "image_id {} is not among"),
        ({"annotations": _one(bbox=[10, 8, 0, 20])}, r"annotation 1 on img00\.png: the box has no area"),
        ({"annotations": _one(bbox=[10, 8, -5, 20])}, "no area"),
        ({"annotations": _one(bbox=[70, 8, 20, 20])}, "leaves the image of 80 × 64"),
        ({"annotations": _one(bbox=[10, 8])}, "bbox must be"),
        ({"annotations": _one(bbox=None)}, "bbox must be"),
        ({"images": [{"id": 7, "file_name": "img00.png", "width": 64, "height": 80}]}, "80 × 64 pixels when upright"),
        ({"images": [{"id": 7, "file_name": "gone.png"}]}, r"gone\.png: there is no such file"),
    ],
)
def test_a_bad_coco_file_is_refused_with_its_reason(tmp_path: Path, changes: Any, reason: str) -> None:
    with pytest.raises(LabelledSetError, match=reason):
        read_labelled_set(write_coco(tmp_path, **changes), tmp_path, images=tmp_path / "images")


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", "{"), ("a.json", "[]"), ("a.yaml", "- 1"), ("a.yaml", "a: [")]
)
def test_files_that_are_no_sets_are_refused(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(LabelledSetError, match=name):
        read_labelled_set(tmp_path / name, tmp_path)


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelledSetError, match=r"gone\.yaml cannot be read"):
        read_labelled_set(tmp_path / "gone.yaml", tmp_path)


def test_boxes_of_a_turned_photo_are_on_the_upright_image(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (64, 80)).save(tmp_path / "set/photo.jpg", exif=exif)
    (tmp_path / "set/photo.txt").write_text(label_line(0, BOX, (80, 64)))
    (tmp_path / "set/classes.txt").write_text("cell\n")
    assert read_labelled_set(tmp_path / "set", tmp_path)[0].boxes == (("cell", BOX),)
