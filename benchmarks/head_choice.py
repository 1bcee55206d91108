"""Why the head is as it is: the same replays with one choice changed at a time.

    python benchmarks/head_choice.py --seeds 3 --tasks magnetic caltech101

Prints the verdicts to 90 % of the positives, most probable first: per task, and the mean of the tasks' ratios to the
head as it is.
"""

import argparse
import math
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from label_tasks import Task, all_tasks
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.learning import fitting, head, scores, space, step
from winnow.learning.replay import replay

Changes = list[tuple[Any, str, Any]]


def random_order(
    pool: space.FeatureSpace, is_open: np.ndarray, known: np.ndarray, k: int, rng: np.random.Generator
) -> np.ndarray:
    return rng.permutation(np.flatnonzero(is_open))[:k]


def k_means_seeds(
    pool: space.FeatureSpace, is_open: np.ndarray, known: np.ndarray, k: int, rng: np.random.Generator
) -> np.ndarray:
    """Each row drawn with a chance that grows with its squared distance from those before (k-means++, 2007)."""
    rows = np.flatnonzero(is_open)
    unit, directions = pool.unit_rows(rows), pool.directions(rows)
    distance = np.ones(len(rows))
    order = []
    for _ in range(min(k, len(rows))):
        reach = distance.cumsum()
        order.append(min(int(np.searchsorted(reach, rng.random() * reach[-1])), len(rows) - 1))
        np.minimum(distance, np.maximum(1 - unit @ directions[order[-1]], 1e-6), out=distance)
        distance[order[-1]] = 0
    return rows[order]


def gamma(*gammas: float) -> Changes:
    return [(head, "GAMMAS", gammas), (fitting, "GAMMAS", gammas)]


def ridge(value: float) -> Changes:
    return [(head.fit_head, "__kwdefaults__", {"ridge": value})]


VARIANTS: dict[str, Callable[[Task], Changes]] = {
    "as it is": lambda task: [],
    "gamma 2 only": lambda task: gamma(2.0),
    "gamma 0.5 only": lambda task: gamma(0.5),
    "gamma 0.05 only (nearly linear)": lambda task: gamma(0.05),
    "gamma 2, 1 or 0.5": lambda task: gamma(2.0, 1.0, 0.5),
    "gamma 4, 2 or 0.5": lambda task: gamma(4.0, 2.0, 0.5),
    "ridge 0.3": lambda task: ridge(0.3),
    "ridge 1": lambda task: ridge(1.0),
    "ridge 10": lambda task: ridge(10.0),
    "no whitening": lambda task: [(space, "EVENNESS", 0.0)],
    "full whitening": lambda task: [(space, "EVENNESS", 1.0)],
    "16 axes whitened": lambda task: [(space, "AXES", 16)],
    "100 landmarks": lambda task: [(fitting, "MAX_LANDMARKS", 100)],
    "two columns a step": lambda task: [(scores, "STEP_PRODUCTS", 2 * task.vectors.size)],
    "cold start: random": lambda task: [(step, "cover_order", random_order)],
    "cold start: k-means++": lambda task: [(step, "cover_order", k_means_seeds)],
}


def verdicts_to_90(task: Task, variant: str, seed: int) -> int:
    task = task.shuffled(seed)
    with ExitStack() as changed:
        for target, name, value in VARIANTS[variant](task):
            changed.enter_context(patch.object(target, name, value))
        is_valid = np.ones(len(task.truth), bool)
        pool = space.FeatureSpace.build(task.vectors, is_valid, np.random.default_rng(seed))
        goal = math.ceil(0.9 * task.truth.sum())
        budget = len(task.truth)
        replayed = replay(pool, task.truth, plan="max_probability", budget=budget, positives=goal, seed=seed)
    return len(replayed.rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tasks", nargs="*", default=["magnetic", "caltech101"])
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    tasks = all_tasks(options.tasks)
    print("| head | " + " | ".join(task.name.split("/")[-1] for task in tasks) + " | mean ratio |")
    print("|---|" + "---|" * (len(tasks) + 1))
    reference: np.ndarray | None = None
    with ProcessPoolExecutor(options.jobs, initializer=threadpool_limits, initargs=(1,)) as processes:
        for variant in options.variants:
            jobs = [
                [processes.submit(verdicts_to_90, t, variant, seed) for seed in range(options.seeds)] for t in tasks
            ]
            verdicts = np.array([np.mean([job.result() for job in runs]) for runs in jobs])
            reference = verdicts if reference is None else reference
            cells = " | ".join(f"{v:.0f}" for v in verdicts)
            print(f"| {variant} | {cells} | {(verdicts / reference).mean():.2f} |", flush=True)


if __name__ == "__main__":
    main()
