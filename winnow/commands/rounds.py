"""`python -m winnow rounds`: what the reviews of each round came to, and the time they took."""

import argparse
from pathlib import Path

from winnow.errors import WinnowError
from winnow.settings import read_settings


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the sub-command."""
    command = commands.add_parser("rounds", help="cases, acceptance, time and hours saved by round and annotator")
    command.add_argument(
        "--manual-minutes", type=float, default=5.0, metavar="M", help="what an image takes by hand (default: 5)"
    )
    command.add_argument("--out", type=Path, metavar="FILE.csv", help="write the table to a file")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from winnow.corrections.tally import as_csv, as_text, read_tally
    from winnow.files import write_atomically

    out: Path | None = options.out
    if out is not None and out.suffix != ".csv":
        raise WinnowError(f"{out} ends in {out.suffix!r}; rounds are written as .csv.")
    if not 0 <= options.manual_minutes <= 10_000:
        raise WinnowError(f"--manual-minutes is {options.manual_minutes}; it takes 0 to 10,000 minutes.")
    tally = read_tally(read_settings(), manual_minutes=options.manual_minutes)
    print(as_text(tally))
    if out is not None:
        write_atomically(out, as_csv(tally))
        print(f"Wrote {out}")
