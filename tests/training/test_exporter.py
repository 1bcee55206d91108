"""Exports that run: ONNX by onnxruntime against the weights it came from."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from train_helpers import Project

from winnow.errors import ModelError, TrainingError
from winnow.training.exporter import FORMATS, export_model
from winnow.training.models import ModelVersion

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Converting a tensor"),
    pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning"),
]


@pytest.fixture
def version(learnt: Project, tmp_path: Path) -> ModelVersion:
    """The learnt version in a folder of the test's own."""
    folder = tmp_path / "v0001"
    shutil.copytree(learnt.trained.version.folder, folder)
    return replace(learnt.trained.version, folder=folder)


def boxes_of(weights: Path, image: Path) -> Any:
    from ultralytics import YOLO

    (result,) = YOLO(weights, task="detect").predict(
        image, imgsz=64, conf=0.05, device="cpu", verbose=False, rect=False
    )
    return result.boxes.data.cpu().numpy()


def test_onnx_gives_the_boxes_of_the_weights(learnt: Project, version: ModelVersion) -> None:
    written = export_model(version, "onnx")
    assert written == version.folder / "weights.onnx"
    assert version.exports == [written]
    for entry in learnt.dataset.entries("holdout")[:3]:
        image = learnt.folder / entry.path
        expected = boxes_of(version.weights, image)
        assert len(expected) > 0
        np.testing.assert_allclose(boxes_of(written, image), expected, atol=0.01)
    assert sorted(path.name for path in version.folder.parent.iterdir()) == ["v0001"]


def test_a_second_export_takes_the_place_of_the_first(version: ModelVersion) -> None:
    (version.folder / "weights.torchscript").write_bytes(b"an earlier export")
    written = export_model(version, "torchscript", 96)
    assert version.exports == [written]
    assert written.stat().st_size > 1000


def test_an_export_that_breaks_off_leaves_the_earlier_one(version: ModelVersion) -> None:
    (version.folder / "weights.onnx").write_bytes(b"an earlier export")
    version.weights.write_bytes(b"no weights")
    with pytest.raises(TrainingError):
        export_model(version, "onnx")
    assert (version.folder / "weights.onnx").read_bytes() == b"an earlier export"
    assert sorted(path.name for path in version.folder.parent.iterdir()) == ["v0001"]


def test_a_format_that_is_none_or_lacks_its_packages_is_refused(
    version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="no export format 'docx'; there are onnx, torchscript"):
        export_model(version, "docx")
    monkeypatch.setitem(FORMATS, "engine", replace(FORMATS["engine"], packages=("no_such_package",)))
    with pytest.raises(ModelError, match=r"and an NVIDIA GPU\. Install them: pip install no_such_package"):
        export_model(version, "engine")
