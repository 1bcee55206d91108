"""From a data set version to a model version: train, measure against the version before, publish whole."""

import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from winnow.errors import ModelError, TrainingError, WinnowError
from winnow.jobs.reporter import Reporter
from winnow.training.base import Base, check_classes, find_base
from winnow.training.dataset import DatasetVersion
from winnow.training.evaluation import Measured, measure
from winnow.training.fitting import FitSettings, Fitted, fit
from winnow.training.metrics import Metrics, holdout_hash
from winnow.training.mistakes import Mistake
from winnow.training.models import (
    ModelVersion,
    hash_file,
    keep_measured,
    measured_on,
    newest_of_task,
    next_number,
    publishing,
)
from winnow.training.quiet import quiet_ultralytics
from winnow.training.workspace import Workspace

EPOCHS, LEARNING_RATE = 100, 0.01  # from nothing, or from weights that others trained
CONTINUED_EPOCHS, CONTINUED_LEARNING_RATE = 40, 0.005  # from a version that knows most of the images


@dataclass(frozen=True)
class TrainOptions:
    """What a training is asked for; `epochs` and `lr` None = by whether it goes on from a model version.

    base: a .pt file or name, a .yaml to start from nothing, or a version as `v3`. device: auto, cpu, 0, mps.
    workers: processes that read images for a GPU; a CPU reads them itself. freeze: the first so many layers stay.
    """

    base: str
    epochs: int | None = None
    batch: int = 16
    imgsz: int = 640
    lr: float | None = None
    device: str = "auto"
    seed: int = 0
    workers: int = 4
    freeze: int = 0


@dataclass(frozen=True)
class Trained:
    version: ModelVersion
    mistakes: list[Mistake]


def train(
    dataset: DatasetVersion,
    options: TrainOptions,
    workspace: Workspace,
    report: Reporter,
    *,
    scratch: Path,
    weights_folder: Path,
    session: int | None = None,
) -> Trained:
    """Train on a data set version and list the result as the next model version, measured on the frozen hold-out.

    `scratch` is a folder of this run's own; it is gone afterwards, whatever happens. At no time is half a version
    listed. Weights are those of the last epoch (moving average): the hold-out chooses nothing.

    Raises:
        TrainingError: options, data or memory; with the cause and what to change.
        ModelError, UnknownVersion: the base is of another task than the data set, does not fit the classes, or is not
            there.
        Stopped: told to stop; nothing is listed.
    """
    began = time.monotonic()
    _check(options, dataset)
    try:
        quiet_ultralytics(scratch)
        base = find_base(options.base, workspace, weights_folder, dataset.task)
        new_classes = check_classes(base.version, dataset.classes)
        if new_classes:
            report.event("note", text=f"New to {base.name}, learnt from nothing: {', '.join(new_classes)}.")
        run = _Run(dataset, base, _settings(options, base), scratch, report)
        fitted = fit(dataset, run.settings, scratch, report)
        measured, before = run.measure(fitted.weights), run.measure_before(workspace)
        version = run.version(next_number(workspace), fitted, measured.metrics, before, session, began)
        return Trained(_publish(version, fitted.weights, workspace), measured.mistakes)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check(options: TrainOptions, dataset: DatasetVersion) -> None:
    lowest = {"epochs": 1, "batch": 1, "imgsz": 32, "workers": 0, "freeze": 0, "seed": 0}
    for name, least in lowest.items():
        value = getattr(options, name)
        if value is not None and value < least:
            raise TrainingError(f"--{name} is {value}; it takes {least} or more.")
    if options.lr is not None and not 0 < options.lr <= 1:
        raise TrainingError(f"--lr is {options.lr:g}; it takes a number above 0 and up to 1, such as {LEARNING_RATE}.")
    if not sum(dataset.counts["train"]["boxes"].values()):
        raise TrainingError(f"Data set version {dataset.number} has no box to train on. Accept some proposals first.")
    if not sum(dataset.counts["holdout"]["boxes"].values()):
        raise TrainingError(f"Data set version {dataset.number} has no box in its hold-out; nothing could be measured.")


def _settings(options: TrainOptions, base: Base) -> FitSettings:
    goes_on = base.version is not None
    values: dict[str, Any] = asdict(options) | {"model": base.model}
    del values["base"]
    values["epochs"] = options.epochs or (CONTINUED_EPOCHS if goes_on else EPOCHS)
    values["lr"] = options.lr or (CONTINUED_LEARNING_RATE if goes_on else LEARNING_RATE)
    return FitSettings(**values)


@dataclass(frozen=True)
class _Run:
    dataset: DatasetVersion
    base: Base
    settings: FitSettings
    scratch: Path
    report: Reporter

    def measure(self, weights: Path, imgsz: int | None = None) -> Measured:
        return measure(
            weights, self.dataset, imgsz=imgsz or self.settings.imgsz, batch=self.settings.batch,
            device=self.settings.device, scratch=self.scratch, report=self.report,
        )  # fmt: skip

    def measure_before(self, workspace: Workspace) -> tuple[ModelVersion, Metrics] | None:
        """The version of this task before on this hold-out: as it is known, else measured now, at its own image size.

        None without one, and where it cannot be measured: hours of training must not be lost for that.
        """
        before = newest_of_task(workspace, self.dataset.task)
        if before is None:
            return None
        try:
            return before, self._known(before, workspace)
        except WinnowError as error:
            self.report.event("note", text=f"{before.name} could not be measured on this hold-out: {error}")
            return None

    def _known(self, model: ModelVersion, workspace: Workspace) -> Metrics:
        known = measured_on(workspace, model, holdout_hash(self.dataset))
        if known is not None:
            return known
        if not model.weights.is_file():
            raise ModelError(f"{model.weights} is not there (any more).")
        measured = self.measure(model.weights, model.metrics.imgsz).metrics
        keep_measured(workspace, model, measured)
        return measured

    def version(
        self, number: int, fitted: Fitted, metrics: Metrics, before: tuple[ModelVersion, Metrics] | None,
        session: int | None, began: float,
    ) -> ModelVersion:  # fmt: skip
        base = self.base.version
        return ModelVersion(
            number=number, base=self.base.name, base_version=base.number if base else None,
            dataset=self.dataset.number, dataset_hash=self.dataset.manifest.content_hash, session=session,
            classes=self.dataset.classes,
            options={**asdict(self.settings), "model": self.base.name, "batch": fitted.batch},
            metrics=metrics, before=before[0].number if before else None,
            metrics_before=before[1] if before else None, seconds=round(time.monotonic() - began, 1),
            weights_blake2b=hash_file(fitted.weights), task=self.dataset.task,
        )  # fmt: skip


def _publish(version: ModelVersion, weights: Path, workspace: Workspace) -> ModelVersion:
    with publishing(workspace, version.number) as folder:
        shutil.copyfile(weights, folder / "weights.pt")
        (folder / "model.json").write_bytes(version.to_json())
    return ModelVersion.read(workspace.models / f"v{version.number:04d}")
