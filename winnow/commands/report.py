"""`python -m winnow report`: make and save the report of a round."""

import argparse
from pathlib import Path

from winnow.errors import UnknownVersion, WinnowError
from winnow.files import write_atomically
from winnow.settings import read_settings


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the sub-command."""
    command = commands.add_parser("report", help="what a round's verdicts made of the model, as one printable page")
    command.add_argument("--round", type=int, metavar="N", help="the model version that ended it (default: the newest)")
    command.add_argument("--out", type=Path, metavar="FILE", help="also write it here: .html or .json")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from winnow.training.models import list_models
    from winnow.training.report import write_report
    from winnow.training.workspace import Workspace

    out: Path | None = options.out
    if out is not None and out.suffix not in (".html", ".json"):
        raise WinnowError(f"{out} ends in {out.suffix!r}; a report is written as .html or .json.")
    settings = read_settings()
    number = options.round
    if number is None:
        models = list_models(Workspace(settings.workspace_path))
        if not models:
            raise UnknownVersion("There is no model version yet, so no round has ended. Train: python -m winnow train")
        number = models[-1].number
    page = write_report(settings, number)
    if out is not None:
        write_atomically(out, page.with_suffix(out.suffix).read_bytes())
    print(f"Round {number}: {page} and {page.with_suffix('.json').name}")
