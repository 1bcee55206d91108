"""`python -m winnow models`: list, compare, measure again, activate, export and delete model versions."""

import argparse
import sys
from typing import Any

from winnow.errors import ModelError
from winnow.jobs.reporter import long_work
from winnow.settings import read_settings
from winnow.training.exporter import FORMATS, export_model
from winnow.training.measuring import dataset_to_measure, measure_again
from winnow.training.models import (
    ModelVersion,
    active_model,
    best_model,
    compare_models,
    delete_model,
    get_model,
    look_at_models,
    set_active,
)
from winnow.training.workspace import Workspace


def add(commands: Any) -> None:
    """Registers the command."""
    command = commands.add_parser("models", help="list, compare, activate, export or delete model versions")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--compare", type=int, nargs=2, metavar="N", help="two versions side by side")
    what.add_argument("--measure", type=int, nargs="+", metavar="N", help="measure on today's hold-out")
    what.add_argument("--activate", type=int, metavar="N", help="make a version the one that proposes next")
    what.add_argument("--export", type=int, metavar="N", help="write a version in another format")
    what.add_argument("--delete", type=int, metavar="N", help="delete a version for good; needs --yes")
    command.add_argument("--format", choices=FORMATS, default="onnx", help="of --export (%(default)s)")
    command.add_argument("--imgsz", type=int, help="of --export: input size in pixels (as trained)")
    command.add_argument("--device", default="auto", help="of --measure (%(default)s)")
    command.add_argument("--yes", action="store_true", help="delete without asking")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    workspace = Workspace(read_settings().workspace_path)
    if options.compare:
        _compare(workspace, *options.compare)
    elif options.measure:
        _measure(workspace, options.measure, options.device)
    elif options.activate is not None:
        print(f"{set_active(workspace, options.activate).name} proposes next.")
    elif options.export is not None:
        _export(workspace, options)
    elif options.delete is not None:
        _delete(workspace, options.delete, is_sure=options.yes)
    else:
        _list(workspace)


def _list(workspace: Workspace) -> None:
    there = look_at_models(workspace)
    for problem in there.problems.values():
        print(problem, file=sys.stderr)
    if not there.models and not there.problems:
        print("There is no model version yet. Train one: python -m winnow train")
    best = best_model(workspace)
    try:
        active = active_model(workspace)
    except ModelError as error:
        print(f"No version is active: {error}", file=sys.stderr)
        active = None
    for model in there.models:
        marks = [name for name, one in (("active", active), ("best", best)) if one and one.number == model.number]
        print(_line(model) + (f"  [{', '.join(marks)}]" if marks else ""))


def _line(model: ModelVersion) -> str:
    metrics = model.metrics
    masks = f"masks {metrics.masks.map50:.3f}, {metrics.masks.map50_95:.3f}  " if metrics.masks else ""
    return (
        f"{model.name}  {model.task}  data set {model.dataset}  from {model.base}  mAP50 {metrics.map50:.3f}  mAP50-95 "
        f"{metrics.map50_95:.3f}  {masks}{model.size_bytes / 1e6:.1f} MB  {metrics.speed_ms:.1f} ms an image"
    )


def _compare(workspace: Workspace, first: int, second: int) -> None:
    comparison = compare_models(workspace, first, second)
    print(f"{'':20}{comparison.first.name:>10}{comparison.second.name:>10}")
    pair = (comparison.first_metrics, comparison.second_metrics)
    for name in ("map50", "map50_95", "precision", "recall", "false_positives_per_image", "speed_ms"):
        print(f"{name[:19]:20}" + "".join(f"{getattr(metrics, name):10.3f}" for metrics in pair))
    for name in ("map50", "map50_95") if any(metrics.masks for metrics in pair) else ():
        of_masks = (f"{getattr(metrics.masks, name):10.3f}" if metrics.masks else f"{'–':>10}" for metrics in pair)
        print(f"{'masks ' + name:20}" + "".join(of_masks))
    if comparison.note:
        print(comparison.note)


def _measure(workspace: Workspace, numbers: list[int], device: str) -> None:
    models = [get_model(workspace, number) for number in numbers]
    names = " and ".join(model.name for model in models)
    with long_work(workspace.jobs, "measure", f"Measure {names}", sys.argv[1:]) as report:
        scratch = report.folder / "run"
        for model in models:
            dataset = dataset_to_measure(workspace, model)
            metrics = measure_again(workspace, model, dataset, device=device, scratch=scratch, report=report)
            reached = f"mAP50 {metrics.map50:.3f}, mAP50-95 {metrics.map50_95:.3f}"
            reached += f", masks {metrics.masks.map50:.3f} and {metrics.masks.map50_95:.3f}" if metrics.masks else ""
            print(f"{model.name}: {reached} on {metrics.images} images")


def _export(workspace: Workspace, options: argparse.Namespace) -> None:
    model = get_model(workspace, options.export)
    title = f"Export {model.name} as {options.format}"
    with long_work(workspace.jobs, "export", title, sys.argv[1:]) as report:
        report.progress(0, 0, title)
        written = export_model(model, options.format, options.imgsz)
        report.result(model=model.number, file=written.name)
        print(f"Wrote {written}")


def _delete(workspace: Workspace, number: int, *, is_sure: bool) -> None:
    model = get_model(workspace, number)
    if not is_sure:
        raise ModelError(f"{model.name} would be gone for good ({model.folder}). Give --yes to delete it.")
    delete_model(workspace, number)
    print(f"{model.name} is deleted.")
