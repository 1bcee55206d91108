"""`python -m winnow train`: a data set version from the verdicts, a model trained on it, measured, and its mistakes."""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from winnow.errors import EncoderError, FeaturesError, TrainingError, WinnowError
from winnow.jobs.reporter import JobReporter, long_work
from winnow.round_files import mistakes_path
from winnow.settings import Settings, read_settings
from winnow.training.base import SUGGESTED
from winnow.training.dataset import DatasetOptions, DatasetVersion, build_dataset, get_dataset
from winnow.training.manifest import TASKS
from winnow.training.mistakes import Mistake, write_mistakes
from winnow.training.models import ModelVersion, newest_of_task
from winnow.training.sessions import get_session
from winnow.training.trainer import (
    CONTINUED_EPOCHS,
    CONTINUED_LEARNING_RATE,
    EPOCHS,
    LEARNING_RATE,
    TrainOptions,
    train,
)
from winnow.training.workspace import Workspace

_RUN = "run"  # a job's folder for what ultralytics writes
_WARNING = "Loading a .pt file runs the code in it: take weights only from who you trust."


def add(commands: Any) -> None:
    """Registers the command."""
    default = TrainOptions("yolo11n.pt")
    command = commands.add_parser("train", help="train a detector on the verdicts", description=_WARNING)
    command.add_argument(
        "--base",
        help="weights, a .yaml for nothing, or a version: v3, active (yolo11n.pt, for masks yolo11n-seg.pt)",
    )
    command.add_argument("--epochs", type=int, help=f"({EPOCHS}; {CONTINUED_EPOCHS} where it goes on from a version)")
    command.add_argument("--batch", type=int, help=f"images a batch ({default.batch})")
    command.add_argument("--imgsz", type=int, help=f"longer side of the model's input in pixels ({default.imgsz})")
    command.add_argument(
        "--lr", type=float, help=f"learning rate ({LEARNING_RATE}; {CONTINUED_LEARNING_RATE} where it goes on)"
    )
    command.add_argument("--device", help="auto, cpu, 0, mps … (auto)")
    command.add_argument("--seed", type=int, default=default.seed, help="(%(default)s)")
    command.add_argument("--workers", type=int, default=default.workers, help="readers for a GPU (%(default)s)")
    command.add_argument("--freeze", type=int, help=f"first layers to keep ({default.freeze})")
    command.add_argument("--session", type=int, metavar="N", help="the training session this is an iteration of")
    command.add_argument("--again", action="store_true", help="also when nothing is new since the last version")
    command.add_argument("--anyway", action="store_true", help="also when all that is new was accepted as predicted")
    data = command.add_argument_group("data set (a new version is built where the verdicts changed)")
    data.add_argument("--task", choices=TASKS, help="detect (boxes) or segment (masks); (detect)")
    data.add_argument("--dataset", type=int, metavar="N", help="train on this version instead")
    data.add_argument(
        "--refs", type=Path, metavar="FILE", help="refs whose open proposals count (default: WINNOW_REFS)"
    )
    data.add_argument("--partial", action="store_true", help="take images with open proposals, these painted over")
    data.add_argument("--rejects", choices=["background", "ignore"], help="what rejected regions are (background)")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    settings = read_settings()
    workspace = Workspace(settings.workspace_path)
    _take_from_session(options, workspace)
    title = f"Train {Path(options.base).name if options.base else 'a model'}"
    with long_work(workspace.jobs, "train", title, sys.argv[1:], options.session) as report:
        chosen = get_dataset(workspace, options.dataset) if options.dataset is not None else None
        _settle_task(options, chosen)
        asked = _asked(options)
        if asked.base.endswith(".pt"):
            print(_WARNING, file=sys.stderr)
        _clear_killed_runs(workspace)
        dataset = chosen or _dataset(options, settings, workspace, report)
        _refuse_nothing_new(dataset, workspace, is_again=options.again or options.anyway)
        report.result(dataset=dataset.number)
        report.progress(0, 0, "Loading the trainer")
        trained = train(
            dataset, asked, workspace, report, scratch=report.folder / _RUN,
            weights_folder=settings.weights_path, session=options.session,
        )  # fmt: skip
        version = trained.version
        report.result(model=version.number, map50=version.metrics.map50, map50_95=version.metrics.map50_95)
        print(describe(version))
        _write_mistakes(version, trained.mistakes, settings, report)
        _write_report(version, settings, report)


def _take_from_session(options: argparse.Namespace, workspace: Workspace) -> None:
    """What the command line does not say, the session does."""
    if options.session is None:
        return
    session = get_session(workspace, options.session)
    options.base = options.base or session.base
    options.partial = options.partial or session.settings.partial
    for name in ("epochs", "batch", "imgsz", "lr", "device", "freeze", "rejects", "task"):
        if getattr(options, name) is None:
            setattr(options, name, getattr(session.settings, name))


def _settle_task(options: argparse.Namespace, dataset: DatasetVersion | None) -> None:
    """The task that is asked for, else that of the data set version; raises TrainingError where the two differ."""
    if dataset is None:
        options.task = options.task or "detect"
    elif options.task not in (None, dataset.task):
        raise TrainingError(
            f"Data set version {dataset.number} is of the task {dataset.task}, not {options.task}. Give --task "
            f"{dataset.task}, or leave --dataset out: then one of the task {options.task} is built."
        )
    else:
        options.task = dataset.task


def _clear_killed_runs(workspace: Workspace) -> None:
    """What killed trainings left in their jobs; none runs now, since this one holds the lock of long work."""
    for run in workspace.jobs.glob(f"*/{_RUN}"):
        shutil.rmtree(run, ignore_errors=True)


def _asked(options: argparse.Namespace) -> TrainOptions:
    values = {name: getattr(options, name) for name in TrainOptions.__dataclass_fields__}
    given = {name: value for name, value in values.items() if value is not None}
    return TrainOptions(**{"base": f"{SUGGESTED[options.task or 'detect']}.pt", **given})


def _dataset(
    options: argparse.Namespace, settings: Settings, workspace: Workspace, report: JobReporter
) -> DatasetVersion:
    from winnow.training.reading import read_truth
    from winnow.training.stock import check_ready

    truth = read_truth(settings, options.refs).truth
    wanted = DatasetOptions(options.partial, options.rejects or "background", task=options.task)
    # in a moment, before images are read
    check_ready(truth, workspace, wanted, is_again=options.again, is_anyway=options.anyway)
    return build_dataset(
        truth, workspace, wanted,
        base_folder=settings.base_folder, image_root=settings.image_root, report=report,
    )  # fmt: skip


def _refuse_nothing_new(dataset: DatasetVersion, workspace: Workspace, *, is_again: bool) -> None:
    before = newest_of_task(workspace, dataset.task)
    if before and not is_again and before.dataset_hash == dataset.manifest.content_hash:
        raise TrainingError(
            f"Nothing is new: {before.name} was trained on the same images and boxes (data set version "
            f"{before.dataset}). Judge more proposals, or give --again to train on the same once more."
        )


def describe(version: ModelVersion) -> str:
    """The result in a few lines: the measures on the hold-out, and what the version before reached there."""
    lines = [f"Model version {version.number}: {version.folder}", f"  hold-out: {_measures(version)}"]
    if version.metrics_before:
        before = version.metrics_before
        lines.append(f"  v{version.before} there: mAP50 {before.map50:.3f}, mAP50-95 {before.map50_95:.3f}")
    return "\n".join(lines)


def _measures(version: ModelVersion) -> str:
    metrics = version.metrics
    masks = f"masks mAP50 {metrics.masks.map50:.3f}, mAP50-95 {metrics.masks.map50_95:.3f}; " if metrics.masks else ""
    return (
        f"mAP50 {metrics.map50:.3f}, mAP50-95 {metrics.map50_95:.3f}, precision {metrics.precision:.3f}, recall "
        f"{metrics.recall:.3f}; {masks}{metrics.false_positives} false positives, {metrics.false_negatives} missed, on "
        f"{metrics.images} images with {metrics.boxes} boxes; {metrics.speed_ms:.1f} ms an image"
    )


def _write_mistakes(version: ModelVersion, mistakes: list[Mistake], settings: Settings, report: JobReporter) -> None:
    """The mistakes as a pool that the label page opens: refs and features."""
    if not mistakes:
        print("It made no mistake on the hold-out.")
        return
    refs = mistakes_path(settings.base_folder, version.number)
    report.progress(0, 0, f"Writing {refs.name}")
    write_mistakes(refs, mistakes, version.number)
    encoder = _compute_features(refs, settings)
    report.result(errors=refs.name, n_errors=len(mistakes))
    print(f"{refs}: its {len(mistakes)} mistakes, with features by {encoder}. Open it on the label page.")


def _write_report(version: ModelVersion, settings: Settings, report: JobReporter) -> None:
    """The round's page; where it cannot be made the version stands all the same."""
    from winnow.training.report import write_report

    try:
        page = write_report(settings, version.number)
    except WinnowError as error:
        print(f"No report was written: {error}", file=sys.stderr)
        return
    report.result(report=version.number)
    print(f"Report of the round: {page}")


def _compute_features(refs: Path, settings: Settings) -> str:
    """With the encoder of the pool at hand, so that likeness means the same; `classic` where it cannot be had."""
    from winnow.features.encoders import EncoderOptions
    from winnow.features.extraction import extract
    from winnow.features.manifest import read_manifest
    from winnow.pool import open_pool

    pool, out = open_pool(refs), refs.with_suffix(".npy")
    classic = EncoderOptions("classic")
    try:
        manifest = read_manifest(settings.features_path)
        if manifest is None:
            return extract(pool, out, classic).encoder
        taken = {name: manifest.recipe[name] for name in ("pool", "context") if name in manifest.recipe}
        return extract(pool, out, EncoderOptions(manifest.encoder, **taken)).encoder
    except (EncoderError, FeaturesError) as error:
        print(f"{error} Taking classic features.", file=sys.stderr)
        return extract(pool, out, classic).encoder
