"""Detectors that nobody trained, which find something all the same, and model versions made of them."""

import os
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from winnow.training.metrics import ClassMetrics, Metrics
from winnow.training.models import ModelVersion, publishing
from winnow.training.workspace import Workspace

SIDE = 96
CLASSES = ("cell", "plate")


def save_model(path: Path, task: str = "detect") -> Path:
    """Real ultralytics weights of a task; a detector or segmenter of two classes finds a few boxes on any image."""
    os.environ.setdefault("YOLO_CONFIG_DIR", str(path.parent))
    import torch
    from ultralytics import YOLO

    suffix = {"detect": "", "segment": "-seg", "classify": "-cls"}[task]
    torch.manual_seed(0)
    model = YOLO(f"yolo11n{suffix}.yaml")
    if task != "classify":
        _make_it_find_something(model, f"yolo11n{suffix}.yaml", task)
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    return path


def _make_it_find_something(model: object, architecture: str, task: str) -> None:
    """Weights as drawn, but normalisation that fits their activations, and boxes two strides wide."""
    import torch
    from ultralytics.nn.tasks import DetectionModel, SegmentationModel

    kind = DetectionModel if task == "detect" else SegmentationModel
    net = kind(architecture, nc=len(CLASSES), verbose=False)
    net.args, net.task = model.model.args, task  # type: ignore[attr-defined]
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        net.train()(torch.rand(2, 3, SIDE, SIDE))
    net.eval()
    head = net.model[-1]
    for scores, boxes in zip(head.cv3, head.cv2, strict=True):
        scores[-1].weight.data.mul_(0.15)
        scores[-1].bias.data.fill_(-1.0)
        boxes[-1].weight.data.mul_(0.1)
        boxes[-1].bias.data.view(4, -1)[:, 1] = 9.0
    net.names = dict(enumerate(CLASSES))
    model.model = net  # type: ignore[attr-defined]


def metrics(map50: float, map50_95: float, *, holdout: str = "a" * 32) -> Metrics:
    """Figures of a model; cells are found a little better than plates."""
    classes = tuple(
        ClassMetrics(name, 20, map50 + better, map50_95 + better, 0.8, 0.7, 3, 5)
        for name, better in zip(CLASSES, (0.05, -0.05), strict=True)
    )
    loss = {"box": 1.0, "cls": 0.5, "dfl": 0.5, "loss": 2.0}
    return Metrics(map50, map50_95, 0.8, 0.7, loss, 12.5, 10, 40, 6, 10, 0.6, classes, holdout, SIDE)


def write_version(workspace: Workspace, number: int, weights: Path, figures: Metrics) -> ModelVersion:
    """A model version with these weights, as a training publishes it."""
    content = weights.read_bytes()
    model = ModelVersion(
        number, "yolo11n.yaml", None, 1, "d" * 32, None, CLASSES, {}, figures, None, None, 60.0,
        blake2b(content, digest_size=16).hexdigest(), created_at=1.7e9 + number,
    )  # fmt: skip
    with publishing(workspace, number) as folder:
        (folder / "weights.pt").write_bytes(content)
        (folder / "model.json").write_bytes(model.to_json())
    return replace(model, folder=workspace.models / f"v{number:04d}")


TINY = """\
backbone:
  - [-1, 1, Conv, [16, 3, 2]]
  - [-1, 1, Conv, [32, 3, 2]]
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 1, C2f, [64, True]]
  - [-1, 1, Conv, [96, 3, 2]]
  - [-1, 1, C2f, [96, True]]
head:
  - [[3, 5], 1, Detect, [nc]]
nc: 2
"""


def tiny_yaml(folder: Path) -> str:
    """An architecture so small that it learns the shapes within seconds."""
    path = folder / "tiny.yaml"
    path.write_text(TINY)
    return str(path)
