"""A simulation's files: curves.csv, table.csv, table.md and curves.png in one folder."""

from collections.abc import Sequence
from pathlib import Path

from winnow.errors import WinnowError
from winnow.files import write_atomically
from winnow.simulate.outcomes import Size, outcome_of
from winnow.simulate.picture import curves_png
from winnow.simulate.runs import Run
from winnow.simulate.tables import curves_csv, runs_csv, summary_md


def make_folder(folder: Path) -> None:
    """Make the folder, so that a simulation of minutes does not end without a place to write to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WinnowError(f"{folder} cannot be made: {error.strerror}. Name another folder with --out.") from error


def write_results(folder: Path, runs: Sequence[Run], size: Size, *, target: float, title: str) -> str:
    """Write all four files, replacing older ones; answers the summary, as table.md has it."""
    outcomes = [outcome_of(run, size, target) for run in runs]
    summary = summary_md(outcomes, size, target)
    head = (
        f"# {title}\n\n{size.positives:,} of {size.items:,} items are positive; stop at {100 * target:g} % recall.\n\n"
    )
    write_atomically(folder / "curves.csv", curves_csv(runs, size))
    write_atomically(folder / "table.csv", runs_csv(outcomes, size))
    write_atomically(folder / "table.md", (head + summary).encode())
    write_atomically(folder / "curves.png", curves_png(runs, size, target=target, title=title))
    return summary
