"""Ultralytics detectors and segmenters as a source of proposals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import DetectorError
from winnow.masks.rle import Rle, encode
from winnow.pool.index import fingerprint_of
from winnow.proposals.detections import Detections, check_at_least, check_range
from winnow.proposals.weights import SUFFIXES, ultralytics

TASKS = ("detect", "segment")


@dataclass(frozen=True)
class DetectorOptions:
    """How a detector is asked: `classes` are names or numbers, none = all; `device` as torch names it, or auto."""

    conf: float = 0.05
    iou: float = 0.7
    imgsz: int = 640
    batch: int = 8
    max_det: int = 300
    classes: tuple[str, ...] = ()
    device: str = "auto"


@dataclass(frozen=True)
class DetectorFacts:
    """What a weights file is: its task and its classes, in the order of their numbers."""

    task: str
    names: tuple[str, ...]


def check_detector(path: Path) -> DetectorFacts:
    """Task and classes of a .pt or .onnx file that can propose; raises DetectorError for any other.

    Loading a .pt file runs the code in it.
    """
    return _load(path)[1]


class YoloDetector:
    """An ultralytics model that proposes boxes, and masks where it segments."""

    def __init__(self, path: Path, options: DetectorOptions, source: str | None = None) -> None:
        _check(options)
        self._model, facts, fixed = _load(path)
        self._names = facts.names
        self._options = options
        self.source = source or name_of(path)
        self.batch = fixed.get("batch", options.batch)
        self._imgsz = fixed.get("imgsz", options.imgsz)
        self._class_numbers = _class_numbers(options.classes, facts.names, path)
        settings = {name: value for name, value in asdict(options).items() if name != "device"}
        self.recipe: dict[str, Any] = {
            **settings, "weights": fingerprint_of(path), "batch": self.batch, "imgsz": self._imgsz
        }  # fmt: skip

    def detect(self, images_hwc: list[np.ndarray]) -> list[Detections]:
        """The proposals of each image (h, w, 3) uint8 RGB; raises DetectorError where the model breaks off."""
        options = self._options
        try:
            results = self._model.predict(
                [np.ascontiguousarray(image[..., ::-1]) for image in images_hwc],
                conf=options.conf, iou=options.iou, imgsz=self._imgsz, max_det=options.max_det,
                classes=self._class_numbers, device=None if options.device == "auto" else options.device,
                batch=self.batch, verbose=False, save=False,
            )  # fmt: skip
        except Exception as error:  # torch, onnxruntime and the checks of ultralytics each raise their own
            raise DetectorError(_why_broken_off(error, self.source, options, self.batch)) from error
        return [self._detections(result) for result in results]

    def _detections(self, result: Any) -> Detections:
        boxes = result.boxes.cpu().numpy()
        classes = [self._names[int(number)] for number in boxes.cls]
        masks = None if result.masks is None else _masks(result.masks.data, result.orig_shape)
        return Detections(boxes.xyxy.astype(float), boxes.conf.astype(float), classes, masks)


def name_of(path: Path) -> str:
    """The file's stem; of models/v0003/weights.pt the version's."""
    return path.parent.name if path.stem == "weights" else path.stem


def _check(options: DetectorOptions) -> None:
    check_range("conf", options.conf, 0, 1)
    check_range("iou", options.iou, 0, 1)
    check_at_least("imgsz", options.imgsz, 32)
    check_at_least("batch", options.batch, 1)
    check_at_least("max-det", options.max_det, 1)


def _load(path: Path) -> tuple[Any, DetectorFacts, dict[str, Any]]:
    """The model, what it is, and the `batch` and `imgsz` that an exported file is fixed to."""
    if path.suffix.lower() not in SUFFIXES:
        raise DetectorError(f"{path}: weights are {' or '.join(SUFFIXES)} files. Name one of those.")
    if not path.is_file():
        raise DetectorError(f"{path}: there is no such file. Check the path of the weights.")
    try:
        model, task, names, fixed = _load_onnx(path) if path.suffix.lower() == ".onnx" else _load_pt(path)
    except Exception as error:  # unpickling a file that is no model raises anything
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        reason = said.removeprefix("ERROR ❌️ ").replace(str(path), path.name)[:200].rstrip(".")
        raise DetectorError(
            f"{path} is no detector that ultralytics can load ({reason}). Copy it again, or give other weights."
        ) from error
    if task not in TASKS:
        raise DetectorError(
            f"{path} is a model of the task {task!r}; proposals come from {' and '.join(TASKS)} models. Give another."
        )
    return model, DetectorFacts(task, tuple(names)), fixed


def _load_pt(path: Path) -> tuple[Any, str, list[str], dict[str, Any]]:
    model = ultralytics().YOLO(path)
    return model, model.task, _in_order(model.names), {}


def _load_onnx(path: Path) -> tuple[Any, str, list[str], dict[str, Any]]:
    import ast

    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    if not {"task", "names", "stride"} <= facts.keys():
        raise DetectorError("the ONNX file does not say its task and classes, as exports of ultralytics do")
    batch, _, height, width = session.get_inputs()[0].shape
    fixed: dict[str, Any] = {}
    if isinstance(batch, int):
        fixed["batch"] = batch
    if isinstance(height, int) and isinstance(width, int):
        fixed["imgsz"] = [height, width] if height != width else height
    model = ultralytics().YOLO(path, task=facts["task"])
    return model, facts["task"], _in_order(ast.literal_eval(facts["names"])), fixed


def _in_order(names: dict[int, str]) -> list[str]:
    return [str(names[number]) for number in range(len(names))]


def _class_numbers(classes: Sequence[str], names: Sequence[str], path: Path) -> list[int] | None:
    numbers = [
        names.index(name) if name in names else int(name) if name.isdecimal() and int(name) < len(names) else -1
        for name in classes
    ]
    if -1 in numbers:
        unknown = [name for name, number in zip(classes, numbers, strict=True) if number < 0]
        raise DetectorError(f"{path} has no class {', '.join(unknown)}; it has {', '.join(names)[:1000]}.")
    return numbers or None


def _masks(masks_nhw: Any, size_hw: tuple[int, int]) -> list[Rle]:
    """The model's masks, drawn for its padded input, as masks of the image; one at a time, to spare memory."""
    from ultralytics.utils.ops import scale_masks

    return [encode((scale_masks(mask[None, None].float(), size_hw)[0, 0] > 0.5).cpu().numpy()) for mask in masks_nhw]


def _why_broken_off(error: Exception, source: str, options: DetectorOptions, batch: int) -> str:
    reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    if "out of memory" in str(error).lower() or isinstance(error, MemoryError):
        return (
            f"{source} ran out of memory with {batch} images a batch. Lower --batch or --imgsz; what is done is kept."
        )
    return f"{source} broke off ({reason}). Check --device {options.device} and --imgsz; what is done is kept."
