"""Does the recall meter tell the truth, and how long does it go on after it could have stopped?

    OMP_NUM_THREADS=1 nice python benchmarks/recall_meter.py --seeds 30   # every task, 30 runs of each

Every run is the goal Find all through winnow.learning.replay on a pool with known truth, up to the meter's stop; bounds
are looked at after every verdict. Runs that are in the CSV already are not done again. Beside it stand two certificates
by plain random samples, both with an order that is given to them for nothing. Needs ../shared/data/features.
"""

import argparse
import csv
import math
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from label_tasks import Task, all_tasks
from numpy.typing import NDArray
from scipy.stats import hypergeom
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.learning.recall import CONFIDENCE, RecallBound
from winnow.learning.replay import verdicts_of
from winnow.learning.space import FeatureSpace
from winnow.meter.work import RANKED_WAYS

TARGET = 0.95
SAMPLE = 59  # positives drawn at random, all of which the order must have found: 0.95 ** 59 < 0.05 (Lewis et al., 2021)
MOST_POSITIVE = 0.1


@dataclass(frozen=True)
class Run:
    """One run; `truly`: verdicts when the target was reached in truth. The other counts are verdicts at each stop."""

    task: str
    seed: int
    items: int
    positives: int
    truly: int
    meter: int
    quantile: int
    sample: int
    was_wrong: int  # the bound in force, at any verdict up to the stop
    stopped_wrong: int
    random_wrong: int  # the bound by random looks alone, at any verdict up to the stop
    contradictions: int
    recall: float  # at the stop


def thinned(task: Task, most: int, seed: int) -> Task:
    """At most so many items of a task, drawn at random, with all positives as far as these are a tenth of them."""
    rng = np.random.default_rng([seed, 2])
    positives, others = (rng.permutation(np.flatnonzero(task.truth == value)) for value in (1, 0))
    n = min(most, len(task.truth))
    kept = positives[: int(MOST_POSITIVE * n)] if n < len(task.truth) else positives
    rows = np.sort(np.concatenate([kept, others[: n - len(kept)]]))
    return Task(task.name, task.vectors[rows], task.truth[rows])


def run(task: Task, seed: int, patience: float) -> Run:
    task = task.shuffled(seed)
    n, positives = len(task.truth), int(task.truth.sum())
    space = FeatureSpace.build(task.vectors, np.ones(n, bool), np.random.default_rng(seed))
    bound, found, labels = RecallBound(n), 0, []
    was_wrong = random_wrong = False
    for shown in verdicts_of(space, task.truth, plan="find_all", seed=seed, patience=patience):
        kind = "random" if shown.way == "random" else "ranked" if shown.way in RANKED_WAYS else None
        if kind:
            bound.take(kind, shown.label == 1, found=found, n_open=n - len(labels))
        found += shown.label
        labels.append(shown.label)
        left = n - len(labels)
        at_most_random = bound.random.at_most(found=found, n_open=left)
        in_force = at_most_random if bound.is_contradicted else bound.ranked.at_most(found=found, n_open=left)
        was_wrong |= in_force < positives
        random_wrong |= at_most_random < positives
        if found and found / in_force >= TARGET:
            break
    truly = int(np.searchsorted(np.cumsum(labels), math.ceil(TARGET * positives)) + 1)
    order = np.array(labels, np.int8)
    rng = np.random.default_rng([seed, 3])
    return Run(
        task.name,
        seed,
        n,
        positives,
        truly,
        len(labels),
        quantile_stop(order, n, positives, rng),
        sample_stop(order, truly, n, positives, rng),
        int(was_wrong),
        int(found < TARGET * positives),
        int(random_wrong),
        bound.n_contradictions,
        found / positives,
    )


def quantile_stop(order: NDArray[np.int8], n: int, positives: int, rng: np.random.Generator) -> int:
    """Verdicts of a one-phase certificate: random ones up to SAMPLE positives, then the order up to the last of these.

    The whole pool where there are not so many. What the order has not come to is taken to be at its end.
    """
    if positives < SAMPLE:
        return n
    at = np.flatnonzero(order)  # places of the positives in the order
    at = np.concatenate([at, np.full(positives - len(at), len(order))])
    places = rng.choice(n, positives, replace=False)  # of the positives in the sample's order, the rest being negatives
    chosen = np.argsort(places)[:SAMPLE]
    size, last = int(places[chosen].max()) + 1, int(at[chosen].max()) + 1
    return min(n, size + round(last * (1 - size / n)))  # what is in both is judged once


def sample_stop(order: NDArray[np.int8], truly: int, n: int, positives: int, rng: np.random.Generator) -> int:
    """Verdicts of a two-phase certificate: the order until the target is reached in truth, then the rest at random.

    It stops as soon as the exact (hypergeometric) bound is at the target, looking after every verdict, which is more
    than such a bound allows.
    """
    found, rest = int(order[:truly].sum()), n - truly
    labels = np.zeros(rest, np.int64)
    labels[: positives - found] = 1
    hits = np.cumsum(rng.permutation(labels))
    looks = np.arange(1, rest + 1)
    too_many = (
        np.floor((found + hits) / TARGET + 1e-9).astype(np.int64) + 1 - found
    )  # so many in the rest, and it fails
    is_sure = (too_many > rest) | (hypergeom.cdf(hits, rest, np.minimum(too_many, rest), looks) <= 1 - CONFIDENCE)
    return truly + int(np.argmax(is_sure)) + 1 if is_sure.any() else n


def summary(runs: list[Run]) -> None:
    print(
        "| task | items | positives | runs | verdicts to 95 % in truth | at the meter's stop | two-phase sample | ",
        end="",
    )
    print("quantile certificate | recall at the stop, mean (least) | ever wrong | wrong at the stop | contradicted |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in dict.fromkeys(run.task for run in runs):
        _row(name, [run for run in runs if run.task == name])
    _row("all", runs)
    over = [np.mean([getattr(run, who) - run.truly for run in runs]) for who in ("meter", "sample", "quantile")]
    print(f"\n{len(runs)} runs. Overshoot, mean: meter {over[0]:.0f}, two-phase {over[1]:.0f}, quantile {over[2]:.0f}.")
    held = [1 - np.mean([getattr(run, who) for run in runs]) for who in ("was_wrong", "stopped_wrong", "random_wrong")]
    print(f"Held at every verdict {held[0]:.3f}, at the stop {held[1]:.3f}; by random looks alone {held[2]:.3f}.")


def _row(name: str, runs: list[Run]) -> None:
    def mean(field: str) -> str:
        return f"{np.mean([getattr(run, field) for run in runs]):.0f}"

    recall = [run.recall for run in runs]
    counts = [str(sum(getattr(run, field) for run in runs)) for field in ("was_wrong", "stopped_wrong")]
    cells = [name, mean("items"), mean("positives"), str(len(runs)), mean("truly"), mean("meter"), mean("sample")]
    cells += [mean("quantile"), f"{100 * np.mean(recall):.1f} % ({100 * min(recall):.1f} %)", *counts]
    print(f"| {' | '.join(cells)} | {sum(run.contradictions > 0 for run in runs)} |")


def read(path: Path) -> list[Run]:
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = {field.name: field.type for field in fields(Run)}
    return [Run(**{name: kinds[name](value) for name, value in row.items()}) for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--tasks", nargs="*", default=[], help="beginnings of task names; all by default")
    parser.add_argument("--items", type=int, default=1344, help="a pool's size at most")
    parser.add_argument(
        "--patience", type=float, default=0.2, help="new verdicts, as a share, before the head is fitted again"
    )
    parser.add_argument("--out", type=Path, default=Path("recall_meter.csv"))
    options = parser.parse_args()
    threadpool_limits(1)
    runs = read(options.out)
    done = {(run.task, run.seed) for run in runs}
    tasks = all_tasks(options.tasks)
    for seed in range(options.seeds):
        for task in tasks:
            if (task.name, seed) not in done:
                runs.append(run(thinned(task, options.items, seed), seed, options.patience))
                _write(options.out, runs[-1])
    summary(runs)


def _write(path: Path, new: Run) -> None:
    is_first = not path.is_file()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Run)])
        if is_first:
            writer.writeheader()
        writer.writerow(asdict(new))


if __name__ == "__main__":
    main()
