"""`python -m winnow dataset`: the verdicts as a numbered data set version, the list of versions, and rebuilding one."""

import argparse
import sys
from pathlib import Path

from winnow.errors import DatasetError
from winnow.jobs.reporter import long_work
from winnow.settings import Settings, read_settings
from winnow.training.dataset import (
    DatasetOptions,
    DatasetVersion,
    build_dataset,
    describe_left_out,
    list_datasets,
    rebuild_dataset,
)
from winnow.training.manifest import TASKS
from winnow.training.workspace import Workspace

SHOWN = 20


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the sub-command."""
    command = commands.add_parser(
        "dataset", help="build a data set version from the verdicts, list or rebuild versions"
    )
    command.add_argument(
        "--refs", type=Path, metavar="FILE", help="refs whose open proposals count (default: WINNOW_REFS)"
    )
    command.add_argument("--task", choices=TASKS, default="detect", help="boxes, or masks (default: detect)")
    command.add_argument("--partial", action="store_true", help="take images with open proposals, these painted over")
    command.add_argument(
        "--rejects", choices=["background", "ignore"], default="background", help="what rejected regions are"
    )
    command.add_argument(
        "--classes", metavar="A,B", help="the class list (default: the last version's, new ones after)"
    )
    command.add_argument("--holdout-share", type=float, default=0.2, help="of images not yet drawn (default: 0.2)")
    command.add_argument("--seed", type=int, default=0, help="of the hold-out's draw (default: 0)")
    command.add_argument("--list", action="store_true", help="list the versions and build nothing")
    command.add_argument("--rebuild", type=int, metavar="N", help="make version N again from its manifest, and compare")
    command.add_argument("--out", type=Path, metavar="FOLDER", help="where --rebuild writes; must not exist")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    settings = read_settings()
    workspace = Workspace(settings.workspace_path)
    if options.list:
        versions = list_datasets(workspace)
        print("\n".join(map(describe, versions)) or "No data set version yet. Build one: python -m winnow dataset")
    elif options.rebuild is not None:
        _rebuild(workspace, settings, options)
    else:
        _build(workspace, settings, options)


def describe(version: DatasetVersion) -> str:
    """A version in a few lines: images, negatives and boxes by class of each part."""
    task = "" if version.task == "detect" else f" ({version.task})"
    lines = [f"Data set version {version.number}{task}: {version.folder}"]
    for part, counts in version.counts.items():
        boxes = ", ".join(f"{name} {n:,}" for name, n in counts["boxes"].items() if n)
        n_without = sum(not n for n in counts["boxes"].values())
        boxes += f"; no box of {n_without} classes" if n_without else ""
        painted = f", {counts['painted']:,} painted" if counts["painted"] else ""
        lines.append(
            f"  {part}: {counts['images']:,} images ({counts['negatives']:,} without objects{painted}); {boxes}"
        )
    return "\n".join(lines)


def _build(workspace: Workspace, settings: Settings, options: argparse.Namespace) -> None:
    from winnow.training.reading import read_truth

    classes = None
    if options.classes is not None:
        classes = tuple(name.strip() for name in options.classes.split(",") if name.strip())
    share, seed = options.holdout_share, options.seed
    wanted = DatasetOptions(options.partial, options.rejects, classes, share, seed, options.task)
    with long_work(workspace.jobs, "dataset", "Data set version", sys.argv[1:]) as report:
        version = build_dataset(
            read_truth(settings, options.refs).truth,
            workspace,
            wanted,
            base_folder=settings.base_folder,
            image_root=settings.image_root,
            report=report,
        )
        report.result(dataset=version.number, is_new=version.is_new)
        _tell(version)


def _tell(version: DatasetVersion) -> None:
    print(describe(version) + describe_left_out(version.manifest.left_out))
    for reason in list(version.manifest.unreadable.values())[:SHOWN]:
        print(f"    {reason}")
    if not version.is_new:
        print("Nothing has changed since that version, so no new one was made.")


def _rebuild(workspace: Workspace, settings: Settings, options: argparse.Namespace) -> None:
    if options.out is None:
        raise DatasetError("--rebuild needs --out FOLDER, a folder that does not exist yet.")
    different = rebuild_dataset(workspace, options.rebuild, options.out, base_folder=settings.base_folder)
    if different:
        more = f"\n  and {len(different) - SHOWN} more" if len(different) > SHOWN else ""
        raise DatasetError(
            f"{options.out} is version {options.rebuild} as its manifest makes it; in the version's own folder these "
            "files are not so any more:\n  " + "\n  ".join(different[:SHOWN]) + more
        )
    print(f"{options.out} is version {options.rebuild}, byte for byte.")
