"""Training on masks with the real trainer, on drawn shapes: figures of boxes and masks, tasks that do not fit."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from dataset_helpers import Person
from mask_helpers import Masked, draw_masked, refs_with_masks, tiny_segmenter_yaml
from PIL import Image
from tiny_models import tiny_yaml
from train_helpers import QUICK, Silent

from winnow.__main__ import main
from winnow.errors import ModelError, UnknownVersion
from winnow.masks.rle import iou
from winnow.proposals.detector import DetectorOptions, YoloDetector
from winnow.training.base import find_base
from winnow.training.dataset import DatasetOptions, DatasetVersion, build_dataset
from winnow.training.measuring import dataset_to_measure, measure_again
from winnow.training.metrics import MaskMetrics
from winnow.training.models import ModelVersion, list_models, newest_of_task
from winnow.training.trainer import Trained, train
from winnow.training.workspace import Workspace


@dataclass(frozen=True)
class Segmented:
    """A project whose masks a model has learnt; tests leave it as it is."""

    folder: Path
    workspace: Workspace
    shapes: Masked
    dataset: DatasetVersion
    boxes: DatasetVersion
    trained: Trained
    events: list[dict[str, object]]


@pytest.fixture(scope="module")
def learnt_masks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Segmented]:
    folder = tmp_path_factory.mktemp("masks")
    shapes = draw_masked(folder, 26)
    pool, person, workspace = refs_with_masks(folder, shapes), Person(folder), Workspace(folder / "workspace")
    for name, (box, kind, _) in shapes.items():
        person.judge(name, 1, box, proposed=kind)
    built = [
        build_dataset(
            person.truth(pool), workspace, DatasetOptions(holdout_share=0.4, task=task),  # type: ignore[arg-type]
            base_folder=folder, image_root=None,
        )
        for task in ("detect", "segment")
    ]  # fmt: skip
    report, options = Silent(), replace(QUICK, base=tiny_segmenter_yaml(folder), epochs=40, batch=4)
    trained = train(built[1], options, workspace, report, scratch=folder / "scratch", weights_folder=folder)
    yield Segmented(folder, workspace, shapes, built[1], built[0], trained, report.events)
    person.log.close()


def test_a_model_that_learnt_masks_finds_those_it_never_saw(learnt_masks: Segmented) -> None:
    version = learnt_masks.trained.version
    assert (version.task, version.dataset, version.classes) == ("segment", 2, ("disc", "square"))
    assert version.metrics.masks is not None
    assert version.metrics.map50 > 0.7
    assert version.metrics.masks.map50 > 0.7
    assert [one.name for one in version.metrics.per_class if one.masks] == ["disc", "square"]
    assert version.metrics.loss is not None
    assert {"box", "seg", "cls", "dfl", "sum"} <= version.metrics.loss.keys()


def test_epochs_tell_of_masks(learnt_masks: Segmented) -> None:
    last = [event for event in learnt_masks.events if event["kind"] == "epoch"][-1]
    assert {"seg_loss", "mask_map50", "mask_map50_95", "mask_precision", "mask_recall", "map50"} <= last.keys()


def test_a_version_that_segments_is_read_as_it_was_written(learnt_masks: Segmented) -> None:
    version = learnt_masks.trained.version
    assert ModelVersion.read(version.folder) == version
    written = json.loads((version.folder / "model.json").read_bytes())
    assert (written["schema"], written["task"]) == (2, "segment")
    assert written["metrics"]["masks"].keys() == {"map50", "map50_95", "precision", "recall"}


def test_its_masks_are_proposed_where_the_shapes_are(learnt_masks: Segmented) -> None:
    detector = YoloDetector(learnt_masks.trained.version.weights, DetectorOptions(conf=0.25, imgsz=64, device="cpu"))
    overlaps = []
    for entry in learnt_masks.dataset.entries("holdout"):
        with Image.open(learnt_masks.folder / entry.path) as image:
            (found,) = detector.detect([np.asarray(image.convert("RGB"))])
        overlaps.append(iou(found.masks or [], [learnt_masks.shapes[entry.path][2]]).max(initial=0.0))
    assert np.median(overlaps) > 0.6


def test_measuring_again_measures_masks_on_the_newest_version_of_the_task(
    learnt_masks: Segmented, tmp_path: Path
) -> None:
    version = learnt_masks.trained.version
    assert dataset_to_measure(learnt_masks.workspace, version).number == 2
    other = replace(version, metrics=replace(version.metrics, holdout="another"))
    Workspace(tmp_path).models.mkdir()
    again = measure_again(
        Workspace(tmp_path), other, learnt_masks.dataset, device="cpu", scratch=tmp_path / "s", report=Silent()
    )
    assert (again.masks, again.map50) == (version.metrics.masks, version.metrics.map50)
    with pytest.raises(UnknownVersion, match="no data set version of it to measure on"):
        dataset_to_measure(Workspace(tmp_path), version)


@pytest.mark.parametrize(
    ("base", "task", "reason"),
    [
        ("v1", "detect", "v1 is a model of the task 'segment'; boxes train 'detect' models"),
        ("yolo11n.yaml", "segment", "yolo11n.yaml is a model of the task 'detect'; masks train 'segment' models"),
        ("yolo11n-seg.yaml", "detect", r"Give another, such as yolo11n\.yaml, or use a data set of the task segment"),
        ("weights.pt", "detect", "weights.pt is a model of the task 'segment'"),
        ("yolo11n-cls.yaml", "segment", r"'classify'; masks train 'segment' models. Give another, such as yolo11n-seg"),
    ],
)
def test_a_base_of_another_task_is_refused_with_what_to_do(
    learnt_masks: Segmented, base: str, task: str, reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        find_base(base, learnt_masks.workspace, learnt_masks.trained.version.folder, task)  # type: ignore[arg-type]


def test_a_version_goes_on_and_is_compared_with_the_one_of_its_task(
    learnt_masks: Segmented, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command: a detector, then masks from v1; each is compared with the newest of its task."""
    monkeypatch.setenv("WINNOW_REFS", str(learnt_masks.folder / "proposals.csv"))
    monkeypatch.setattr(sys, "argv", ["winnow"])
    quick = ["--epochs", "1", "--batch", "8", "--imgsz", "64", "--device", "cpu", "--again"]
    assert main(["train", "--base", tiny_yaml(tmp_path), "--task", "segment", *quick]) == 2
    assert "masks train 'segment' models" in capsys.readouterr().err
    assert main(["train", "--task", "segment", "--dataset", "1", *quick]) == 2
    assert "Data set version 1 is of the task detect, not segment" in capsys.readouterr().err
    assert main(["train", "--base", tiny_yaml(tmp_path), *quick]) == 0
    assert main(["train", "--base", "v1", "--dataset", "2", *quick]) == 0
    capsys.readouterr()
    found = [(model.number, model.task, model.before, model.base) for model in list_models(learnt_masks.workspace)]
    assert found[1:] == [(2, "detect", None, tiny_yaml(tmp_path)), (3, "segment", 1, "v1")]
    newest = newest_of_task(learnt_masks.workspace, "segment")
    assert newest is not None
    assert newest.metrics_before == learnt_masks.trained.version.metrics
    assert isinstance(newest.metrics.masks, MaskMetrics)
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["v1", "segment"], ["v2", "detect"], ["v3", "segment"]]
    assert ["masks" in line for line in lines] == [True, False, True]
    assert main(["models", "--compare", "1", "2"]) == 0
    assert "masks map50" in capsys.readouterr().out
