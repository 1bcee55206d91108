"""How many verdicts it takes to meet the first positives, by each way to begin without any.

    python benchmarks/cold_start.py --seeds 15                  # all tasks, on one core
    python benchmarks/cold_start.py --tasks magnetic --demo demo

Every run goes through winnow.learning.replay with the goal "find all", so that from the first positive on the head
chooses. "example": a random positive is given as an example picture; it is not in the pool and not counted. Needs
../shared/data/features (WINNOW_SHARED names another place).
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from label_tasks import Task, all_tasks
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.atlas import example_order, tour_order, unusual_order
from winnow.atlas.clusters import make_clusters
from winnow.atlas.neighbours import exact_table
from winnow.learning.replay import verdicts_of
from winnow.learning.space import FeatureSpace
from winnow.learning.step import QUEUE_LENGTH, Start

WAYS = ("random", "cover", "unusual", "tour", "example")
TO = (1, 5)  # positives


def run(tasks: list[Task], seed: int) -> dict[tuple[str, str], list[int]]:
    """Verdicts to the first and the fifth positive, by task and way; the tasks are of one pool."""
    tasks = [task.shuffled(seed) for task in tasks]
    rng = np.random.default_rng([seed, 2])
    n = len(tasks[0].truth)
    space = FeatureSpace.build(tasks[0].vectors, np.ones(n, bool), np.random.default_rng(seed))
    rows = np.arange(n)
    starts = {
        "random": Start("cover", rng.permutation(n)[:QUEUE_LENGTH]),
        "cover": None,
        "unusual": Start("unusual", unusual_order(exact_table(space, rows)[1], QUEUE_LENGTH)),
        "tour": Start("tour", tour_order(make_clusters(space, rows, rng), QUEUE_LENGTH, rng)),
    }
    found: dict[tuple[str, str], list[int]] = {}
    for task in tasks:
        for way, start in starts.items():
            found[task.name, way] = verdicts_to(space, task.truth, start, seed)
        found[task.name, "example"] = with_example(space, task.truth, int(rng.choice(np.flatnonzero(task.truth))), seed)
    return found


def with_example(space: FeatureSpace, truth: NDArray[np.int8], example: int, seed: int) -> list[int]:
    is_hidden = np.arange(len(truth)) == example
    order = example_order(space, space.directions(np.array([example])), ~is_hidden, QUEUE_LENGTH)
    return verdicts_to(space, truth, Start("example", order), seed, is_hidden)


def verdicts_to(
    space: FeatureSpace,
    truth: NDArray[np.int8],
    start: Start | None,
    seed: int,
    is_hidden: NDArray[np.bool_] | None = None,
) -> list[int]:
    """Verdicts until as many positives as TO says were shown; the pool's size where there are not so many."""
    reached: list[int] = []
    positives = 0
    replayed = verdicts_of(space, truth, plan="find_all", seed=seed, start=start, is_hidden=is_hidden)
    for verdicts, shown in enumerate(replayed, 1):
        positives += shown.label
        if shown.label and positives in TO:
            reached.append(verdicts)
            if len(reached) == len(TO):
                break
    return reached + [len(truth)] * (len(TO) - len(reached))


def by_pool(tasks: list[Task]) -> Iterator[list[Task]]:
    """The tasks with the same vectors, together."""
    for name in dict.fromkeys(task.name.split("/")[0] for task in tasks):
        yield [task for task in tasks if task.name.split("/")[0] == name]


def print_table(tasks: list[Task], runs: list[dict[tuple[str, str], list[int]]]) -> None:
    print("\n| task | positives of | " + " | ".join(WAYS) + " |")
    print("|---|---|" + "---|" * len(WAYS))
    means = np.array([[np.mean([run[task.name, way] for run in runs], axis=0) for way in WAYS] for task in tasks])
    for task, of_task in zip(tasks, means, strict=True):
        cells = " | ".join(f"{first:.1f} / {fifth:.1f}" for first, fifth in of_task)
        print(f"| {task.name} | {task.truth.sum()} of {len(task.truth)} | {cells} |")
    cells = " | ".join(f"**{first:.1f} / {fifth:.1f}**" for first, fifth in means.mean(axis=0))
    print(f"| mean | | {cells} |")
    ratios = np.exp(np.log(means / means[:, :1]).mean(axis=0))
    print(f"| geometric mean of ratios to random | | {' | '.join(f'{a:.2f} / {b:.2f}' for a, b in ratios)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=15)
    parser.add_argument("--tasks", nargs="*", default=[], help="beginnings of task names; all by default")
    parser.add_argument("--demo", type=Path, help="folder of a demo pool with its features.npy")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    tasks = all_tasks(options.tasks, options.demo)
    with ProcessPoolExecutor(options.jobs, initializer=threadpool_limits, initargs=(1,)) as processes:
        jobs = [[processes.submit(run, pool, seed) for pool in by_pool(tasks)] for seed in range(options.seeds)]
        runs = [{key: value for job in of_seed for key, value in job.result().items()} for of_seed in jobs]
    print_table(tasks, runs)


if __name__ == "__main__":
    main()
