"""Model versions in the formats that other runtimes read, by ultralytics' exporter."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from winnow.errors import ModelError
from winnow.training.failures import told
from winnow.training.models import ModelVersion
from winnow.training.quiet import quiet_ultralytics


@dataclass(frozen=True)
class Format:
    """An export format: what ultralytics calls it is its key; `packages` must be installed, `needs` says what else."""

    label: str
    packages: tuple[str, ...]
    needs: str = ""


FORMATS: dict[str, Format] = {
    "onnx": Format("ONNX, for onnxruntime and most others", ("onnx", "onnxslim", "onnxruntime")),
    "torchscript": Format("TorchScript, for PyTorch without Python", ()),
    "openvino": Format("OpenVINO, for Intel processors", ("openvino",)),
    "engine": Format("TensorRT, for NVIDIA GPUs", ("tensorrt", "onnx"), "an NVIDIA GPU"),
    "coreml": Format("Core ML, for Apple devices", ("coremltools",), "macOS or Linux"),
    "tflite": Format("TensorFlow Lite, for phones", ("tensorflow", "onnx2tf")),
}


def missing_packages(format_name: str) -> list[str]:
    """What has to be installed before this format can be written."""
    return [name for name in FORMATS[format_name].packages if importlib.util.find_spec(name) is None]


def export_model(version: ModelVersion, format_name: str, imgsz: int | None = None) -> Path:
    """Write a version in another format into its own folder, whole or not at all; answers the file or folder.

    `imgsz` is the side of the square input in pixels, None = what the version was trained at.
    Raises ModelError for an unknown format or missing packages, TrainingError where the exporter breaks off.
    """
    _check(format_name)
    size = imgsz or version.metrics.imgsz
    scratch = version.folder.parent / f"writing-export-{uuid4().hex[:8]}"
    try:
        with told(1, size):
            scratch.mkdir()
            quiet = quiet_ultralytics(scratch)
            shutil.copyfile(version.weights, scratch / "weights.pt")
            written = Path(quiet.YOLO(scratch / "weights.pt").export(format=format_name, imgsz=size, verbose=False))
            return _take(written, version.folder / written.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check(format_name: str) -> None:
    if format_name not in FORMATS:
        raise ModelError(f"There is no export format {format_name!r}; there are {', '.join(FORMATS)}.")
    missing = missing_packages(format_name)
    if missing:
        needs = FORMATS[format_name].needs
        raise ModelError(
            f"Export as {format_name} needs packages that are not installed{f', and {needs}' if needs else ''}. "
            f"Install them: pip install {' '.join(missing)}"
        )


def _take(written: Path, target: Path) -> Path:
    """Put the export in place of an earlier one of the same format."""
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(written, target)
    return target
