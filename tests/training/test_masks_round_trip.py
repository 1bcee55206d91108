"""Corrections, boxes and masks, out as COCO and as YOLO polygons, and into a fresh project: the same truth."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mask_helpers import SIDE, disc, draw_masked, refs_with_masks, tight

from winnow.errors import LabelledSetError
from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract
from winnow.image_review import Drawn, ImageReview
from winnow.masks.rle import Rle, encode, iou
from winnow.pool import open_pool
from winnow.pool.boxes import Box
from winnow.pool.identity import item_id_of
from winnow.session import Session
from winnow.settings import Settings
from winnow.training.conversion import export_coco, export_yolo
from winnow.training.dataset import DatasetOptions, DatasetVersion, build_dataset
from winnow.training.holdout import Holdout
from winnow.training.labelled_sets import import_labelled_set, read_labelled_set
from winnow.training.reading import read_truth
from winnow.training.truth import Truth
from winnow.training.workspace import Workspace
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import VerdictLog

Objects = dict[str, dict[Box, tuple[str, Rle]]]


def two_parts() -> np.ndarray:
    return disc(20, 24, 11) | disc(60, 70, 17)


def ragged() -> np.ndarray:
    """A disc with noise for an edge: single pixels, holes, parts that touch at a corner."""
    mask = disc(48, 44, 30)
    return mask & (np.random.default_rng(5).random(mask.shape) < 0.8)


CORRECTIONS = {
    "masked-00.png": (disc(30, 30, 20), disc(70, 66, 15, hole=7)),
    "masked-01.png": (two_parts(),),
    "masked-02.png": (ragged(),),
    "masked-03.png": (np.ones((SIDE, SIDE), bool),),
    "masked-04.png": (disc(50, 50, 3), disc(20, 70, 0)),
    "masked-05.png": (disc(0, 0, 30), disc(95, 95, 12)),
}


@dataclass(frozen=True)
class Corrected:
    folder: Path
    version: DatasetVersion
    objects: Objects


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Corrected:
    """Six images, each with its predicted object replaced and maybe another one drawn; and the version of it."""
    folder = tmp_path_factory.mktemp("first")
    shapes = draw_masked(folder, 6)
    settings = Settings(refs=refs_with_masks(folder, shapes).refs_path, annotator="ana")
    extract(open_pool(settings.refs), settings.features_path, EncoderOptions("classic"))
    session = Session(settings)
    objects: Objects = {}
    try:
        for name, masks in CORRECTIONS.items():
            predicted = shapes[name][0]
            item_id = item_id_of(name, predicted)
            drawn = [Drawn(tight(mask), "disc", encode(mask)) for mask in masks]
            drawn[0] = Drawn(drawn[0].box_xyxy, "square", drawn[0].mask, replaces=item_id)
            session.review_image(item_id, ImageReview(drawn=tuple(drawn)), key=name, annotator="ana")
            objects[name] = {one.box_xyxy: (one.class_name, one.mask) for one in drawn if one.mask}
    finally:
        session.close()
    workspace = Workspace(settings.workspace_path)
    parts = {name: "holdout" if name > "masked-03" else "train" for name in shapes}
    Holdout().assigned(parts, {}).write(workspace.holdout)  # type: ignore[arg-type]
    truth = read_truth(settings).truth
    wanted = DatasetOptions(task="segment")
    return Corrected(folder, build_dataset(truth, workspace, wanted, base_folder=folder, image_root=None), objects)


def imported(labels: Path, folder: Path, images: Path | None = None) -> Objects:
    """What a fresh project's log says of the set, by image, box, class and mask."""
    url = f"sqlite:///{folder / 'winnow.db'}"
    labelled = read_labelled_set(labels, folder, images=images)
    done = import_labelled_set(labelled, url, Workspace(folder / "workspace"), annotator="bo")
    assert import_labelled_set(labelled, url, Workspace(folder / "workspace"), annotator="bo").recorded == 0
    assert done.known == 0
    log = VerdictLog(url, is_writer=False)
    try:
        records = list(Truth(None, Ledger(log.replay())).records())
    finally:
        log.close()
    assert [record.state for record in records] == ["complete"] * 6
    return {
        Path(record.path).stem[:9] + ".png": {r.box_xyxy: (r.class_name, r.mask) for r in record.accepted if r.mask}
        for record in records
    }


def assert_same(first: Objects, second: Objects) -> None:
    assert {name: {box: one[0] for box, one in objects.items()} for name, objects in first.items()} == {
        name: {box: one[0] for box, one in objects.items()} for name, objects in second.items()
    }
    for name, objects in first.items():
        for box, (_, mask) in objects.items():
            assert iou([mask], [second[name][box][1]])[0, 0] == 1.0, (name, box)


def test_coco_and_back_are_the_same_boxes_and_masks(corrected: Corrected, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    shutil.copytree(corrected.version.folder / "images", fresh / "images")
    export_coco(corrected.version, fresh / "set.json")
    assert_same(corrected.objects, imported(fresh / "set.json", fresh, fresh / "images"))


def test_yolo_polygons_and_back_are_the_same_boxes_and_masks(corrected: Corrected, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    export_yolo(corrected.version, fresh / "carried")
    assert_same(corrected.objects, imported(fresh / "carried/data.yaml", fresh))


def test_coco_has_polygons_but_where_there_are_holes(corrected: Corrected, tmp_path: Path) -> None:
    export_coco(corrected.version, tmp_path / "set.json")
    content = json.loads((tmp_path / "set.json").read_bytes())
    names = {image["id"]: image["file_name"] for image in content["images"]}
    kinds = {}
    for one in content["annotations"]:
        kinds.setdefault(names[one["image_id"]].split("/")[1][:9], []).append(type(one["segmentation"]).__name__)
    assert kinds == {
        "masked-00": ["list", "dict"],
        "masked-01": ["list"],
        "masked-02": ["dict"],
        "masked-03": ["list"],
        "masked-04": ["list", "list"],
        "masked-05": ["list", "list"],
    }


def test_pycocotools_reads_the_very_masks(corrected: Corrected, tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    export_coco(corrected.version, tmp_path / "set.json")
    read = coco.COCO(str(tmp_path / "set.json"))
    entries = {f"{entry.part}/{entry.name}": entry for entry in corrected.version.images}
    for one in read.anns.values():
        entry = entries[read.imgs[one["image_id"]]["file_name"]]
        x, y, width, height = one["bbox"]
        (mark,) = [mark for mark in entry.accepted if mark.box_xyxy == (x, y, x + width, y + height)]
        found = read.annToMask(one).astype(bool)
        assert mark.mask is not None
        assert iou([encode(found)], [mark.mask])[0, 0] == 1.0
        assert one["area"] == found.sum()


def test_a_mask_of_another_image_and_no_segmentation_at_all_are_refused(corrected: Corrected, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    shutil.copytree(corrected.version.folder / "images", fresh / "images")
    export_coco(corrected.version, fresh / "set.json")
    good = json.loads((fresh / "set.json").read_bytes())
    for segmentation, reason in (
        ({"size": [10, 10], "counts": [100]}, "its mask has 10 × 10 pixels, the image 96 × 96"),
        ({"size": [SIDE, SIDE], "counts": "é"}, "run lengths"),
        ([[1, 2, 3, 4]], "segmentation must be polygons"),
        ([[1, 2, 3, 4, 5, "a"]], "segmentation must be polygons"),
        (7, "mask has no size"),
    ):
        good["annotations"][0]["segmentation"] = segmentation
        (fresh / "set.json").write_text(json.dumps(good))
        with pytest.raises(LabelledSetError, match=reason):
            read_labelled_set(fresh / "set.json", fresh, images=fresh / "images")


def test_a_polygon_too_thin_for_a_pixel_is_a_box_without_a_mask(corrected: Corrected, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    export_fresh = fresh / "carried"
    fresh.mkdir()
    export_yolo(corrected.version, export_fresh)
    (label, *_) = sorted((export_fresh / "labels/train").iterdir())
    label.write_text("0 0.1 0.100001 0.2 0.100002 0.1 0.100004\n")
    image = next(one for one in read_labelled_set(export_fresh / "data.yaml", fresh) if label.stem in one.path)
    assert (len(image.boxes), image.masks) == (1, {})
