"""`python -m winnow results`: a folder with a record, masks and overlays of every reviewed image."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from winnow.jobs.reporter import long_work
from winnow.settings import read_settings

if TYPE_CHECKING:
    from winnow.corrections.results_folder import ResultsSummary

SHOWN = 20


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the sub-command."""
    command = commands.add_parser("results", help="write what became of each reviewed image: records, masks, overlays")
    command.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="a new or empty folder, or one of an earlier run (default: in the workspace)",
    )
    command.add_argument(
        "--masks", choices=["png", "npy", "rle"], default="png", help="as files, or as run lengths in the records"
    )
    command.add_argument(
        "--overlays", action=argparse.BooleanOptionalAction, default=True, help="pictures of before and after"
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from winnow.corrections.results_folder import ResultsOptions, write_results
    from winnow.training.reading import read_truth
    from winnow.training.workspace import Workspace

    settings = read_settings()
    folder: Path = (options.out or settings.workspace_path / "results").absolute()

    with long_work(Workspace(settings.workspace_path).jobs, "results", "Results folder", sys.argv[1:]) as report:
        summary = write_results(
            read_truth(settings),
            folder,
            ResultsOptions(options.masks, options.overlays),
            image_root=settings.image_root,
            report=report,
        )
        report.result(
            folder=str(folder), images=summary.n_images, written=summary.n_written, problems=len(summary.problems)
        )
        _tell(summary)


def _tell(summary: "ResultsSummary") -> None:
    counts = ", ".join(f"{n:,} {status}" for status, n in summary.counts.items()) or "nothing is reviewed yet"
    print(f"{summary.folder}: {summary.n_images:,} images ({counts}), {summary.n_written:,} written now")
    for path, problem in list(summary.problems.items())[:SHOWN]:
        print(f"  {path}: {problem}", file=sys.stderr)
    if len(summary.problems) > SHOWN:
        print(f"  and {len(summary.problems) - SHOWN:,} more, listed in index.json", file=sys.stderr)
