"""How many verdicts it takes to meet the first positive, by each way to begin without any.

    OMP_NUM_THREADS=1 nice python benchmarks/cold_start.py --seeds 15           # every task: some minutes on one core
    OMP_NUM_THREADS=1 nice python benchmarks/cold_start.py --seeds 15 --fifth   # also to the fifth positive: longer

The first positive's place in each order; "random" is its expected value. "example": a random positive is given as an
example; it is not in the pool and not counted, and the last column says how many of the 20 rows most like it are
positive. The fifth positive comes by winnow.learning.replay with the goal "find all": from the first on, the head
chooses. Runs that are in the CSV already are not done again. Needs ../shared/data/features (WINNOW_SHARED names
another place).
"""

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from label_tasks import Task, all_tasks
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.atlas import example_order, tour_order, unusual_order
from winnow.atlas.clusters import make_clusters
from winnow.atlas.neighbours import exact_table
from winnow.learning.cover import cover_order
from winnow.learning.replay import verdicts_of
from winnow.learning.space import FeatureSpace
from winnow.learning.step import QUEUE_LENGTH, Start

WAYS = ("random", "cover", "unusual", "tour", "example")
LIKE = 20
FIFTH = 5
Found = dict[tuple[str, str], tuple[float, float]]  # by task and way: verdicts to the first and to the fifth positive


def run(tasks: list[Task], seed: int, has_fifth: bool) -> Found:
    """One run of every way; the tasks are of one pool. The way "like" holds the positives among the 20 most alike."""
    tasks = [task.shuffled(seed) for task in tasks]
    rng = np.random.default_rng([seed, 2])
    n = len(tasks[0].truth)
    rows, nothing = np.arange(n), np.empty(0, np.int64)
    space = FeatureSpace.build(tasks[0].vectors, np.ones(n, bool), np.random.default_rng(seed))
    orders = {
        "random": rng.permutation(n),
        "cover": cover_order(space, np.ones(n, bool), nothing, QUEUE_LENGTH, rng),
        "unusual": unusual_order(exact_table(space, rows)[1], n),
        "tour": tour_order(make_clusters(space, rows, rng), n, rng),
    }
    found: Found = {}
    for task in tasks:
        example = int(rng.choice(np.flatnonzero(task.truth)))
        is_hidden = rows == example
        like = example_order(space, space.directions(np.array([example])), ~is_hidden, n)
        for way, order in {**orders, "example": like}.items():
            hidden = is_hidden if way == "example" else None
            fifth = to_fifth(space, task.truth, Start(way, order), seed, hidden) if has_fifth else np.nan
            found[task.name, way] = to_first(task.truth, order), fifth
        expected = (n + 1) / (task.truth.sum() + 1)
        found[task.name, "random"] = expected, found[task.name, "random"][1]
        found[task.name, "like"] = float(task.truth[like[:LIKE]].sum()), np.nan
    return found


def to_first(truth: NDArray[np.int8], order: NDArray[np.int64]) -> float:
    """Verdicts to the first positive; where the order ends before it, the rest follows at random: its expectation."""
    hits = np.flatnonzero(truth[order])
    if len(hits):
        return float(hits[0] + 1)
    return len(order) + (len(truth) - len(order) + 1) / (truth.sum() + 1)


def to_fifth(
    space: FeatureSpace, truth: NDArray[np.int8], start: Start, seed: int, is_hidden: NDArray[np.bool_] | None
) -> float:
    start = Start(start.way if start.way in ("cover", "unusual", "tour", "example") else "cover", start.rows)
    positives = 0
    replayed = verdicts_of(space, truth, plan="find_all", seed=seed, start=start, is_hidden=is_hidden)
    for verdicts, shown in enumerate(replayed, 1):
        positives += shown.label
        if positives == FIFTH:
            return verdicts
    return len(truth)


def by_pool(tasks: list[Task]) -> Iterator[list[Task]]:
    """The tasks with the same vectors, together."""
    for name in dict.fromkeys(task.name.split("/")[0] for task in tasks):
        yield [task for task in tasks if task.name.split("/")[0] == name]


def print_table(tasks: list[Task], runs: list[Found]) -> None:
    print(f"\n| task | positives of | {' | '.join(WAYS)} | of the {LIKE} most like the example |")
    print("|---|---|" + "---|" * (len(WAYS) + 1))
    means = np.array(
        [[np.mean([run[task.name, way] for run in runs], axis=0) for way in (*WAYS, "like")] for task in tasks]
    )
    for task, of_task in zip(tasks, means, strict=True):
        cells = " | ".join(_cell(*pair) for pair in of_task)
        print(f"| {task.name} | {task.truth.sum()} of {len(task.truth)} | {cells} |")
    print(f"| geometric mean | | {' | '.join(_cell(*pair) for pair in np.exp(np.log(means[:, :-1]).mean(axis=0)))} | |")


def _cell(first: float, fifth: float) -> str:
    return f"{first:.1f}" if np.isnan(fifth) else f"{first:.1f} / {fifth:.1f}"


def read(path: Path, has_fifth: bool) -> dict[int, Found]:
    """The runs that are done, by seed; those without a fifth positive only where nobody asks for it."""
    runs: dict[int, Found] = {}
    if path.is_file():
        with path.open(newline="") as file:
            for task, way, seed, first, fifth in csv.reader(file):
                if way == "like" or not (has_fifth and np.isnan(float(fifth))):
                    runs.setdefault(int(seed), {})[task, way] = float(first), float(fifth)
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=15)
    parser.add_argument("--tasks", nargs="*", default=[], help="beginnings of task names; all by default")
    parser.add_argument("--demo", type=Path, help="folder of a demo pool with its features.npy")
    parser.add_argument("--fifth", action="store_true", help="also replay to the fifth positive")
    parser.add_argument("--out", type=Path, default=Path("cold_start.csv"))
    options = parser.parse_args()
    threadpool_limits(1)
    tasks = all_tasks(options.tasks, options.demo)
    runs = read(options.out, options.fifth)
    for seed in range(options.seeds):
        done = runs.setdefault(seed, {})
        for pool in by_pool(tasks):
            missing = [task for task in pool if (task.name, WAYS[-1]) not in done]
            if missing:
                new = run(missing, seed, options.fifth)
                done.update(new)
                with options.out.open("a", newline="") as file:
                    csv.writer(file).writerows((*key, seed, *figures) for key, figures in new.items())
    print_table(tasks, [runs[seed] for seed in range(options.seeds)])


if __name__ == "__main__":
    main()
