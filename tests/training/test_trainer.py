"""Training on drawn shapes with the real trainer."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_yaml
from train_helpers import QUICK, Project, Silent, build

from winnow.errors import ModelError, TrainingError, UnknownVersion
from winnow.jobs.reporter import Stopped
from winnow.training.base import check_classes, find_base
from winnow.training.dataset import DatasetVersion
from winnow.training.failures import told
from winnow.training.fitting import FitSettings, fit
from winnow.training.models import hash_file, list_models
from winnow.training.trainer import Trained, TrainOptions, train
from winnow.training.workspace import Workspace


def run(project: Project, folder: Path, options: TrainOptions, report: Silent, **changes: Any) -> Trained:
    """Train into a workspace of the test's own."""
    dataset = changes.get("dataset", project.dataset)
    return train(dataset, options, Workspace(folder), report, scratch=folder / "scratch", weights_folder=folder)


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_model_that_learnt_the_shapes_finds_those_it_never_saw(learnt: Project) -> None:
    version = learnt.trained.version
    assert version.metrics.map50 > 0.9
    assert (version.number, version.dataset, version.classes) == (1, 1, ("disc", "square"))
    assert version.dataset_hash == learnt.dataset.manifest.content_hash
    assert (version.before, version.metrics_before, version.base_version) == (None, None, None)
    assert version.weights_blake2b == hash_file(version.weights)


def test_each_epoch_tells_losses_and_every_tenth_of_the_run_the_metrics(learnt: Project) -> None:
    epochs = [event for event in learnt.events if event["kind"] == "epoch"]
    assert [event["epoch"] for event in epochs] == list(range(1, 41))
    assert [event["epoch"] for event in epochs if "map50" in event] == list(range(4, 41, 4))
    assert epochs[-1].keys() == {
        "kind", "epoch", "epochs", "seconds", "lr", "box_loss", "cls_loss", "dfl_loss",
        "map50", "map50_95", "precision", "recall",
    }  # fmt: skip
    assert float(str(epochs[-1]["cls_loss"])) < float(str(epochs[0]["cls_loss"]))


def weights_after(project: Project, folder: Path, seed: int) -> list[Any]:
    from ultralytics.nn.tasks import load_checkpoint

    options = replace(QUICK, base=tiny_yaml(project.folder), seed=seed, epochs=2)
    version = run(project, folder, options, Silent()).version
    return [values.tolist() for values in load_checkpoint(version.weights)[0].state_dict().values()]


def test_the_same_seed_gives_the_same_weights(learnt: Project, tmp_path: Path) -> None:
    first = weights_after(learnt, tmp_path / "a", seed=3)
    assert weights_after(learnt, tmp_path / "b", seed=3) == first
    assert weights_after(learnt, tmp_path / "c", seed=4) != first


def test_the_holdout_chooses_no_weights(learnt: Project, tmp_path: Path) -> None:
    settings = FitSettings(
        tiny_yaml(tmp_path), epochs=3, batch=8, imgsz=64, lr=0.01, device="cpu", seed=0, workers=0, freeze=0
    )
    fitted = fit(learnt.dataset, settings, tmp_path / "scratch", Silent())
    assert [path.name for path in fitted.weights.parent.iterdir()] == ["last.pt"]


def test_training_leaves_the_data_set_and_the_working_directory_alone(
    learnt: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_of(learnt.dataset.folder)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    run(learnt, tmp_path / "workspace", replace(QUICK, base=tiny_yaml(learnt.folder)), Silent())
    assert files_of(learnt.dataset.folder) == before
    assert files_of(tmp_path / "cwd") == []
    assert files_of(tmp_path / "workspace") == [
        "models",
        "models/v0001",
        "models/v0001/model.json",
        "models/v0001/weights.pt",
    ]


def test_a_training_that_goes_on_takes_fewer_epochs_a_lower_rate_and_is_held_against_the_version_before(
    learnt: Project, tmp_path: Path
) -> None:
    os.makedirs(tmp_path / "models")
    os.symlink(learnt.trained.version.folder, tmp_path / "models/v0001")
    version = run(learnt, tmp_path, replace(QUICK, base="v1", epochs=1), Silent()).version
    assert (version.number, version.base, version.base_version, version.before) == (2, "v1", 1, 1)
    assert version.options["lr"] == 0.005
    assert version.metrics_before == learnt.trained.version.metrics


def test_a_stopped_training_lists_nothing_and_leaves_nothing(learnt: Project, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(learnt, tmp_path, replace(QUICK, base=tiny_yaml(learnt.folder), epochs=50), Silent(stop_after=4))
    assert files_of(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 0}, "--epochs is 0; it takes 1 or more"),
        ({"batch": -1}, "--batch is -1; it takes 1 or more"),
        ({"imgsz": 8}, "--imgsz is 8; it takes 32 or more"),
        ({"lr": 0.0}, "--lr is 0; it takes a number above 0"),
        ({"device": "cuda:7"}, "CUDA"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    learnt: Project, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(TrainingError, match=said):
        run(learnt, tmp_path, replace(QUICK, base=tiny_yaml(learnt.folder), **change), Silent())


def without_boxes(dataset: DatasetVersion, part: str) -> DatasetVersion:
    counts = {**dataset.counts, part: {**dataset.counts[part], "boxes": {"disc": 0, "square": 0}}}
    return replace(dataset, manifest=replace(dataset.manifest, counts=counts))


@pytest.mark.parametrize(("part", "said"), [("train", "no box to train on"), ("holdout", "no box in its hold-out")])
def test_a_data_set_without_boxes_is_refused(learnt: Project, tmp_path: Path, part: str, said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        run(learnt, tmp_path, QUICK, Silent(), dataset=without_boxes(learnt.dataset, part))


def test_classes_may_be_added_but_not_reordered_or_dropped(learnt: Project) -> None:
    version = learnt.trained.version
    assert check_classes(None, ("anything",)) == ()
    assert check_classes(version, ("disc", "square")) == ()
    assert check_classes(version, ("disc", "square", "cross")) == ("cross",)
    with pytest.raises(ModelError, match="has them in another order: square, disc"):
        check_classes(version, ("square", "disc"))
    with pytest.raises(ModelError, match="has not all of them: disc, cross"):
        check_classes(version, ("disc", "cross"))


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("v9", UnknownVersion, "There is no model version 9; there are v1"),
        ("nothing.yaml", ModelError, "neither a file nor an architecture"),
        ("yolo11n-seg.yaml", ModelError, "of the task 'segment'; boxes train 'detect' models"),
        ("damaged.pt", ModelError, "damaged.pt is no detector"),
        ("model.onnx", ModelError, "only .pt weights can"),
    ],
)
def test_a_base_that_cannot_be_trained_is_refused(
    learnt: Project, tmp_path: Path, name: str, error: type[Exception], said: str
) -> None:
    for file in ("damaged.pt", "model.onnx"):
        (tmp_path / file).write_bytes(b"no weights")
    with pytest.raises(error, match=said):
        find_base(name, learnt.workspace, tmp_path)


def test_a_base_is_found_as_version_architecture_or_file(learnt: Project) -> None:
    weights = learnt.trained.version.weights
    assert find_base("v1", learnt.workspace, learnt.folder).model == str(weights)
    assert find_base("1", learnt.workspace, learnt.folder).version == learnt.trained.version
    assert find_base("yolo11n.yaml", learnt.workspace, learnt.folder).model == "yolo11n.yaml"
    assert find_base("weights.pt", learnt.workspace, weights.parent).model == str(weights)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "Memory ran out at batch 16, image size 640. Try --batch 8."),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "Try --batch 8"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "Try --batch 8"),
        (OSError(28, "No space left on device", "/x/last.pt"), "No space left on device: '/x/last.pt'. Check the disk"),
        (ValueError("first line\nsecond"), "The training broke off: ValueError: first line"),
    ],
)
def test_every_failure_is_told_with_its_cause(error: Exception, said: str) -> None:
    with pytest.raises(TrainingError) as caught, told(16, 640):
        raise error
    assert said in str(caught.value)


def test_a_batch_of_one_that_is_too_large_is_told_to_take_smaller_images() -> None:
    with pytest.raises(TrainingError, match="Try --imgsz 320"), told(1, 640):
        raise MemoryError


def test_a_training_that_cannot_write_lists_nothing(learnt: Project, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder belongs")
    with pytest.raises(Exception, match="cannot be written"):
        run(learnt, tmp_path, replace(QUICK, base=tiny_yaml(learnt.folder)), Silent())
    assert list_models(Workspace(tmp_path)) == []


def test_a_class_that_is_new_is_learnt_beside_those_of_the_version_before(learnt: Project, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.models.mkdir()
    os.symlink(learnt.trained.version.folder, workspace.models / "v0001")
    workspace.holdout.write_bytes(learnt.workspace.holdout.read_bytes())
    dataset = build(learnt.person, learnt.pool, workspace, classes=("disc", "square", "cross"))
    report = Silent()
    version = run(learnt, tmp_path, replace(QUICK, base="v1", epochs=1), report, dataset=dataset).version
    assert version.classes == ("disc", "square", "cross")
    assert report.events[0] == {"kind": "note", "text": "New to v1, learnt from nothing: cross."}
    assert version.metrics_before is not None
    assert version.metrics_before.map50 == learnt.trained.version.metrics.map50


@pytest.mark.parametrize("weights", [None, b"no weights"])
def test_a_version_before_that_cannot_be_measured_costs_no_training(
    learnt: Project, tmp_path: Path, weights: bytes | None
) -> None:
    before = learnt.trained.version
    folder = tmp_path / "models/v0001"
    folder.mkdir(parents=True)
    other = replace(before, metrics=replace(before.metrics, holdout="another"))
    (folder / "model.json").write_bytes(other.to_json())
    if weights is not None:
        (folder / "weights.pt").write_bytes(weights)
    report = Silent()
    version = run(learnt, tmp_path, replace(QUICK, base=tiny_yaml(learnt.folder)), report).version
    assert (version.number, version.before, version.metrics_before) == (2, None, None)
    assert version in list_models(Workspace(tmp_path))
    (note,) = [str(event["text"]) for event in report.events if event["kind"] == "note"]
    assert note.startswith("v1 could not be measured on this hold-out: ")
