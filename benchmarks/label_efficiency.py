"""How many verdicts it takes to find the rare ones: Winnow against the tool before it and against random order.

    python benchmarks/label_efficiency.py --seeds 5                       # all tasks, some minutes on two cores
    python benchmarks/label_efficiency.py --tasks magnetic coco128 --strategies max_probability --demo demo

Winnow's figures come from winnow.learning.replay, one verdict at a time through the step that the app runs; random
order is its expected value. Needs ../shared/data/features (WINNOW_SHARED names another place).
"""

import argparse
import math
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from label_tasks import Task, all_tasks
from numpy.typing import NDArray
from peer_rule import peer_order
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.learning.replay import replay
from winnow.learning.space import FeatureSpace

AFTER = (50, 100, 200, 400)  # verdicts
SHARES = (0.5, 0.9, 0.95)  # of the positives
LIMIT = {"max_probability": 1_000_000, "entropy": 1000}  # entropy looks at borders: the last positives are not its aim


@dataclass(frozen=True)
class Curve:
    """Share of the positives found after AFTER verdicts, and verdicts to SHARES of them (inf: not within the limit)."""

    found: NDArray[np.float64]
    verdicts: NDArray[np.float64]


def curve_of(labels: NDArray[np.int8], positives: int) -> Curve:
    """The curve of one run: labels (k,) in the order in which they were given."""
    total = np.cumsum(labels)
    found = [total[min(k, len(total)) - 1] / positives for k in AFTER]
    verdicts = [_first_reach(total, math.ceil(share * positives)) for share in SHARES]
    return Curve(np.array(found), np.array(verdicts))


def _first_reach(total: NDArray[np.int64], goal: int) -> float:
    return float(np.searchsorted(total, goal) + 1) if total[-1] >= goal else math.inf


def random_curve(task: Task) -> Curve:
    """The expected curve of random order."""
    n, positives = len(task.truth), int(task.truth.sum())
    found = [min(k / n, 1) for k in AFTER]
    verdicts = [math.ceil(share * positives) * (n + 1) / (positives + 1) for share in SHARES]
    return Curve(np.array(found), np.array(verdicts))


def run(task: Task, who: str, strategy: str, seed: int) -> Curve:
    task = task.shuffled(seed)
    positives = int(task.truth.sum())
    goal = math.ceil(SHARES[-1] * positives)
    if who == "peer":
        vectors = task.vectors.astype(np.float32)
        order = peer_order(vectors, task.truth, strategy=strategy, positives=goal, seed=seed)
        return curve_of(task.truth[order], positives)
    space = FeatureSpace.build(task.vectors, np.ones(len(task.truth), bool), np.random.default_rng(seed))
    budget = min(len(task.truth), LIMIT[strategy])
    replayed = replay(space, task.truth, plan=strategy, budget=budget, positives=goal, seed=seed)
    return curve_of(replayed.labels, positives)


def mean_curve(curves: list[Curve]) -> Curve:
    return Curve(np.mean([c.found for c in curves], axis=0), np.mean([c.verdicts for c in curves], axis=0))


def print_table(strategy: str, tasks: list[Task], winnow: list[Curve], peer: list[Curve]) -> None:
    found = " | ".join(f"found after {k}" for k in AFTER)
    print(f"\n### {strategy}\n")
    print(f"| task | positives of | who | {found} | verdicts to 50 % | to 90 % | to 95 % | to 90 %, ratio to peer |")
    print("|---|---|---|" + "---|" * (len(AFTER) + 4))
    for task, ours, theirs in zip(tasks, winnow, peer, strict=True):
        size = f"{task.truth.sum()} of {len(task.truth)}"
        _print_row(task.name, size, "Winnow", ours, theirs)
        _print_row("", "", "peer's rule", theirs, theirs)
        _print_row("", "", "random", random_curve(task), theirs)
    _print_summary(np.array([c.verdicts[1] for c in winnow]), np.array([c.verdicts[1] for c in peer]))


def _print_row(name: str, size: str, who: str, curve: Curve, peer: Curve) -> None:
    found = " | ".join(f"{100 * share:.0f} %" for share in curve.found)
    verdicts = " | ".join("–" if math.isinf(v) else f"{v:.0f}" for v in curve.verdicts)
    ratio = curve.verdicts[1] / peer.verdicts[1]
    print(f"| {name} | {size} | {who} | {found} | {verdicts} | {'–' if math.isinf(ratio) else f'{ratio:.2f}'} |")


def _print_summary(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> None:
    if not np.isfinite(ours).all():
        return
    ratio = ours / theirs
    print(f"\nVerdicts to 90 %: mean of the tasks' ratios {ratio.mean():.2f}, ratio of the totals", end=" ")
    print(f"{ours.sum() / theirs.sum():.2f}, worst task {ratio.max():.2f}.", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tasks", nargs="*", default=[], help="beginnings of task names; all by default")
    parser.add_argument("--strategies", nargs="*", default=list(LIMIT), choices=list(LIMIT))
    parser.add_argument("--demo", type=Path, help="folder of a demo pool with its features.npy")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    tasks = all_tasks(options.tasks, options.demo)
    with ProcessPoolExecutor(options.jobs, initializer=threadpool_limits, initargs=(1,)) as processes:
        for strategy in options.strategies:
            jobs = {
                (task.name, who): [processes.submit(run, task, who, strategy, seed) for seed in range(options.seeds)]
                for task in reversed(tasks)  # the longest first
                for who in ("winnow", "peer")
            }
            curves = {key: mean_curve([job.result() for job in runs]) for key, runs in jobs.items()}
            winnow = [curves[task.name, "winnow"] for task in tasks]
            print_table(strategy, tasks, winnow, [curves[task.name, "peer"] for task in tasks])


if __name__ == "__main__":
    main()
