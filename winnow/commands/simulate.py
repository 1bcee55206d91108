"""`python -m winnow simulate`: a labelled pool replayed through the learner, by several goals side by side."""

import argparse
import sys
from pathlib import Path

from winnow.errors import WinnowError
from winnow.settings import Settings, read_settings
from winnow.simulate.runs import PLANS, LabelledPool, Run, runs_of

MOST_SEEDS = 1000


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the sub-command."""
    command = commands.add_parser("simulate", help="what labelling a pool would have taken, by its known labels")
    command.add_argument("--refs", type=Path, metavar="FILE", help="the pool (default: the setting's)")
    command.add_argument("--features", type=Path, metavar="FILE.npy", help="its features (default: the setting's)")
    command.add_argument(
        "--truth", required=True, metavar="COLUMN|FILE", help="a column of the refs, or a .csv with path and label"
    )
    command.add_argument("--positive", nargs="+", default=[], metavar="VALUE", help="what counts as positive (1)")
    command.add_argument(
        "--goal", nargs="+", default=["find_all"], choices=PLANS, metavar="NAME", help=f"any of {', '.join(PLANS)}"
    )
    command.add_argument("--seeds", type=int, default=5, metavar="N", help="runs of each (%(default)s)")
    command.add_argument("--budget", type=int, default=1000, metavar="N", help="verdicts of a run (%(default)s)")
    command.add_argument(
        "--target-recall", type=float, metavar="R", help="where the meter says stop, 0.5 to 0.999 (the setting's)"
    )
    command.add_argument(
        "--out", type=Path, default=Path("simulation"), metavar="FOLDER", help="for the four files (%(default)s)"
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from threadpoolctl import threadpool_limits

    from winnow.simulate.outcomes import Size
    from winnow.simulate.results import make_folder, write_results

    settings = _settings(options)
    pool = _labelled_pool(settings, options)
    make_folder(options.out)
    size = Size.of(pool)
    plans = list(dict.fromkeys(options.goal))
    print(f"{settings.refs}: {size.positives:,} of {size.items:,} items are positive by {options.truth}.", flush=True)
    with threadpool_limits(1, "blas"):  # as in the app; small products on many threads wait for one another
        runs, is_stopped = _simulate(pool, plans, options)
    if runs:
        title = f"{settings.refs.name}: {options.truth}" + (
            f" = {', '.join(options.positive)}" * bool(options.positive)
        )
        print(write_results(options.out, runs, size, target=settings.target_recall, title=title), end="")
        print(f"Wrote curves.png, curves.csv, table.csv and table.md to {options.out}")
    if is_stopped:
        done = f"{len(runs)} of {len(plans) * options.seeds} runs were finished" + (", and are written." * bool(runs))
        print(f"winnow simulate: stopped; {done}", file=sys.stderr)
        raise KeyboardInterrupt


def _settings(options: argparse.Namespace) -> Settings:
    for name, most in (("seeds", MOST_SEEDS), ("budget", sys.maxsize)):
        if not 1 <= getattr(options, name) <= most:
            raise WinnowError(f"--{name} is {getattr(options, name)}; it takes 1 to {most:,}.")
    settings = read_settings()
    target = settings.target_recall if options.target_recall is None else options.target_recall
    if not 0.5 <= target <= 0.999:
        raise WinnowError(f"--target-recall is {target}; it takes 0.5 to 0.999.")
    of_options = {"refs": options.refs, "features": options.features, "target_recall": target}
    if options.refs is not None and options.features is None:
        settings = settings.model_copy(update={"features": None})  # the setting's belong to the setting's refs
    return settings.model_copy(update={name: value for name, value in of_options.items() if value is not None})


def _labelled_pool(settings: Settings, options: argparse.Namespace) -> LabelledPool:
    from winnow.features.matrix import open_features
    from winnow.pool import open_pool
    from winnow.simulate.truth import read_truth

    pool = open_pool(settings.refs)
    truth = read_truth(pool, options.truth, options.positive)
    return LabelledPool.build(pool, open_features(settings.features_path, pool), truth)


def _simulate(pool: LabelledPool, plans: list[str], options: argparse.Namespace) -> tuple[list[Run], bool]:
    """The runs that were finished, and whether Ctrl-C ended it."""
    from tqdm import tqdm

    runs: list[Run] = []
    budget = min(options.budget, len(pool.rows))
    with tqdm(total=len(plans) * options.seeds * budget, unit="verdict", file=sys.stderr, smoothing=0.05) as bar:

        def tell(plan: str, seed: int) -> None:
            bar.set_description(f"{plan}, seed {seed}", refresh=False)
            bar.update()

        try:
            for run in runs_of(pool, plans, seeds=options.seeds, budget=budget, tell=tell):
                runs.append(run)
        except KeyboardInterrupt:
            return runs, True
    return runs, False
