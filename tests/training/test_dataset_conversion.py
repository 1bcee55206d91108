"""A data set version in other tools' forms, and ultralytics' own reading of it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from dataset_helpers import BOX, BOX_2, Person, draw_images, row, write_refs
from PIL import Image

from winnow.errors import DatasetError
from winnow.training.conversion import export_coco, export_voc, export_yolo
from winnow.training.dataset import DatasetOptions, DatasetVersion, build_dataset
from winnow.training.holdout import Holdout
from winnow.training.labelled_sets import read_labelled_set
from winnow.training.truth import Truth
from winnow.training.workspace import Workspace
from winnow.verdicts.ledger import Ledger

UNEVEN = (10.125, 8.3, 30.7, 27.9)
OVER = (60.25, 50.0, 90.0, 70.0)


@pytest.fixture
def version(tmp_path: Path) -> Iterator[DatasetVersion]:
    """Three images: two boxes; nothing but a reject; in the hold-out, one uneven and one over the edge."""
    names = draw_images(tmp_path, 3)
    pool = write_refs(tmp_path, [row(name) for name in names])
    person, workspace = Person(tmp_path), Workspace(tmp_path / "workspace")
    Holdout().assigned({names[0]: "train", names[1]: "train", names[2]: "holdout"}, {}).write(workspace.holdout)
    person.judge(names[0], 1)
    person.judge(names[0], 1, BOX_2, class_name="nucleus")
    person.judge(names[1], 0)
    person.judge(names[2], 0, reason="duplicate")
    person.judge(names[2], 1, UNEVEN)
    person.judge(names[2], 1, OVER, class_name="nucleus")
    yield build_dataset(person.truth(pool), workspace, DatasetOptions(), base_folder=tmp_path, image_root=None)
    person.log.close()


def test_coco_names_images_below_the_versions_folder_and_claims_no_licence(
    version: DatasetVersion, tmp_path: Path
) -> None:
    assert export_coco(version, tmp_path / "set.json") == 3
    content = json.loads((tmp_path / "set.json").read_bytes())
    assert sorted(content) == ["annotations", "categories", "images", "info"]
    assert content["info"] == {"description": "Winnow data set version 1"}
    assert [(category["id"], category["name"]) for category in content["categories"]] == [(1, "cell"), (2, "nucleus")]
    assert [sorted(image) for image in content["images"]] == [["file_name", "height", "id", "width"]] * 3
    assert all((version.folder / "images" / image["file_name"]).is_file() for image in content["images"])
    assert sorted(image["file_name"].split("/")[0] for image in content["images"]) == ["holdout", "train", "train"]


def test_coco_and_back_is_the_same_truth_on_the_same_images(version: DatasetVersion, tmp_path: Path) -> None:
    export_coco(version, tmp_path / "set.json")
    labelled = read_labelled_set(tmp_path / "set.json", tmp_path, images=version.folder / "images")
    cut = (60.25, 50.0, 80.0, 64.0)
    assert [image.path for image in labelled] == ["img00.png", "img01.png", "img02.png"]
    assert [image.is_whole for image in labelled] == [True] * 3
    assert [[name for name, _ in image.boxes] for image in labelled] == [["cell", "nucleus"], [], ["cell", "nucleus"]]
    assert [[box for _, box in image.boxes] for image in labelled] == [[BOX, BOX_2], [], [UNEVEN, cut]]


def test_yolo_and_back_is_the_same_truth_within_six_decimals(version: DatasetVersion, tmp_path: Path) -> None:
    assert export_yolo(version, tmp_path / "carried") == 3
    labelled = read_labelled_set(tmp_path / "carried/data.yaml", tmp_path)
    boxes = {Path(image.path).stem[:5]: [box for _, box in image.boxes] for image in labelled}
    assert boxes["img01"] == []
    np.testing.assert_allclose(boxes["img00"], [BOX, BOX_2], atol=1e-4)
    np.testing.assert_allclose(boxes["img02"], [UNEVEN, (60.25, 50.0, 80.0, 64.0)], atol=1e-4)
    assert [image.part for image in labelled] == ["holdout", "train", "train"]


def test_a_carried_yolo_set_has_real_files(version: DatasetVersion, tmp_path: Path) -> None:
    export_yolo(version, tmp_path / "carried")
    files = [path for path in (tmp_path / "carried").rglob("*") if path.is_file()]
    assert len(files) == 3 + 3 + 3
    assert not any(path.is_symlink() for path in files)


def test_voc_has_whole_pixels_counted_from_one_and_the_split(version: DatasetVersion, tmp_path: Path) -> None:
    assert export_voc(version, tmp_path / "voc") == 3
    (held_out,) = version.entries("holdout")
    tree = ElementTree.parse(tmp_path / "voc/Annotations" / f"{Path(held_out.name).stem}.xml")
    found = [
        (
            item.findtext("name"),
            *(int(item.findtext(f"bndbox/{side}") or 0) for side in ("xmin", "ymin", "xmax", "ymax")),
        )
        for item in tree.iter("object")
    ]
    assert found == [("cell", 11, 9, 31, 28), ("nucleus", 61, 51, 80, 64)]
    lists = tmp_path / "voc/ImageSets/Main"
    assert (lists / "val.txt").read_text().split() == [Path(held_out.name).stem]
    assert (lists / "train.txt").read_text().split() == [Path(entry.name).stem for entry in version.entries("train")]
    images = sorted((tmp_path / "voc/JPEGImages").iterdir())
    assert [image.name for image in images] == sorted(entry.name for entry in version.images)
    assert not any(image.is_symlink() for image in images)


@pytest.mark.parametrize("export", [export_voc, export_yolo])
def test_an_export_over_something_is_refused(version: DatasetVersion, tmp_path: Path, export: Any) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(DatasetError, match="is there already"):
        export(version, tmp_path / "out")


@pytest.fixture
def ultralytics_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path / "config"))
    return pytest.importorskip("ultralytics.data.utils")


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


def test_ultralytics_finds_the_version_from_any_folder(
    version: DatasetVersion, tmp_path: Path, ultralytics_data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(ultralytics_data, "check_font", lambda _: None)  # it would ask the network
    data = ultralytics_data.check_det_dataset(os.path.relpath(version.data_yaml), autodownload=False)
    assert data["names"] == {0: "cell", 1: "nucleus"}
    assert data["train"] == str(version.folder / "images/train")
    assert data["val"] == str(version.folder / "images/holdout")


def test_ultralytics_reads_every_image_and_label_as_they_are_meant(
    version: DatasetVersion, ultralytics_data: Any
) -> None:
    for entry in version.images:
        image = str(version.image_file(entry))
        (label,) = ultralytics_data.img2label_paths([image])
        _, boxes, shape, _, _, missing, found, empty, corrupt, message = ultralytics_data.verify_image_label(
            (image, label, "", False, 2, 0, 0, False)
        )
        assert (missing, found, empty, corrupt, message) == (0, 1, int(not entry.accepted), 0, "")
        assert shape == (64, 80)
        assert len(boxes) == len(entry.accepted)


@pytest.mark.parametrize(
    ("name", "is_copy"),
    [
        ("turned.jpg", False),
        ("plain.jpg", False),
        ("tail.jpg", True),
        ("clear.png", True),
        ("deep.png", True),
        ("turned.png", True),
        ("old.gif", True),
        ("plain.bmp", False),
        ("grey.png", False),
        ("plain.webp", False),
        ("turned.tif", True),
        ("wrong_suffix.png", False),
        ("palette.png", False),
        ("bits.png", False),
        ("inks.jpg", True),
        ("grey.jpg", False),
        ("grey_clear.png", True),
    ],
)
def test_ultralytics_sees_the_pixels_that_winnow_shows(
    tmp_path: Path, ultralytics_data: Any, name: str, is_copy: bool
) -> None:
    from ultralytics.utils.patches import imread

    from winnow.pool.images import load_image

    _draw_kind(tmp_path / name)
    _draw_kind(tmp_path / "grey.bmp")
    person, workspace = Person(tmp_path), Workspace(tmp_path / "workspace")
    Holdout().assigned({name: "train", "grey.bmp": "holdout"}, {}).write(workspace.holdout)
    person.judge(name, 1)
    person.judge("grey.bmp", 1)
    person.complete(name)
    person.complete("grey.bmp")
    truth = Truth(None, Ledger(person.log.replay()))
    person.log.close()
    before = (tmp_path / name).read_bytes()
    version = build_dataset(truth, workspace, DatasetOptions(), base_folder=tmp_path, image_root=None)
    (entry,) = version.entries("train")
    assert entry.is_copy is is_copy
    image = version.image_file(entry)
    assert ultralytics_data.check_image(str(image)) == ("", (entry.size_wh[1], entry.size_wh[0]))
    pixels = imread(str(image))[..., ::-1].astype(int)
    assert np.abs(pixels - np.asarray(load_image(tmp_path / name)).astype(int)).max() <= 3  # two JPEG decoders
    assert (tmp_path / name).read_bytes() == before


def _draw_kind(path: Path) -> None:
    """A smooth 60 × 40 image of the kind that the file's name says."""
    ramp = np.add.outer(np.arange(40) * 3, np.arange(60) * 2).astype(np.uint8)
    image = Image.fromarray(np.dstack([ramp, ramp[::-1], 255 - ramp]))
    exif = Image.Exif()
    exif[0x0112] = 6 if path.stem == "turned" else 1
    if path.stem == "clear":
        image.putalpha(Image.fromarray(ramp))
    modes = {"grey": "L", "grey_clear": "LA", "palette": "P", "bits": "1", "inks": "CMYK"}
    image = image.convert(modes.get(path.stem, image.mode))
    if path.stem == "deep":
        image = Image.fromarray(ramp.astype(np.uint16) * 16)
    kinds = {"wrong_suffix": {"format": "JPEG", "quality": 95}}
    options: dict[str, Any] = kinds.get(path.stem, {"quality": 95} if path.suffix in (".jpg", ".webp") else {})
    if path.suffix == ".webp":
        options = {"lossless": True}
    image.save(path, exif=exif, **options) if path.stem == "turned" else image.save(path, **options)
    if path.stem == "tail":
        path.write_bytes(path.read_bytes() + b"\0\0")
