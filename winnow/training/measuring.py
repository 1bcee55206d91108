"""Measuring a listed version again, on a hold-out that has grown since its training."""

import shutil
from pathlib import Path

from winnow.errors import UnknownVersion
from winnow.jobs.reporter import Reporter
from winnow.training.dataset import DatasetVersion, newest_of_task
from winnow.training.evaluation import measure
from winnow.training.metrics import Metrics, holdout_hash
from winnow.training.models import ModelVersion, keep_measured, measured_on
from winnow.training.workspace import Workspace

_BATCH = 16


def dataset_to_measure(workspace: Workspace, model: ModelVersion) -> DatasetVersion:
    """The newest data set version of a model's task; raises UnknownVersion without one."""
    dataset = newest_of_task(workspace, model.task)
    if dataset is None:
        raise UnknownVersion(
            f"{model.name} is a model of the task {model.task}, and there is no data set version of it to measure on. "
            f"Build one: python -m winnow dataset --task {model.task}"
        )
    return dataset


def measure_again(
    workspace: Workspace, model: ModelVersion, dataset: DatasetVersion, *, device: str, scratch: Path, report: Reporter
) -> Metrics:
    """The version's metrics on the data set's hold-out, at the image size it was trained at; kept for comparisons.

    What is known already is not measured twice. Raises TrainingError with the cause, Stopped when told to stop.
    """
    known = measured_on(workspace, model, holdout_hash(dataset))
    if known:
        return known
    try:
        measured = measure(
            model.weights, dataset, imgsz=model.metrics.imgsz, batch=_BATCH, device=device, scratch=scratch,
            report=report,
        )  # fmt: skip
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    keep_measured(workspace, model, measured.metrics)
    return measured.metrics
