"""Do the probabilities mean what they say? Predicted against true shares among the rows without a label.

    python benchmarks/reliability.py --seeds 3

After 100, 200 and 400 verdicts of each strategy: the expected calibration error (ten bins of equal width), the Brier
score beside that of always answering the true share, and the number of positives that the probabilities add up to
beside the true one. Then the reliability curve over all tasks.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from label_tasks import Task, all_tasks
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.learning.replay import replay
from winnow.learning.space import FeatureSpace
from winnow.learning.step import Labels, next_snapshot
from winnow.learning.strategies import STRATEGIES

AFTER = (100, 200, 400)
BINS = 10

Bins = NDArray[np.float64]  # (3, BINS): rows in the bin, sum of their probabilities, positives among them


def bins_after(task: Task, strategy: str, seed: int) -> list[tuple[Bins, float] | None]:
    """For each of AFTER the bins and the Brier score of the open rows; None before both classes are known."""
    task = task.shuffled(seed)
    space = FeatureSpace.build(task.vectors, np.ones(len(task.truth), bool), np.random.default_rng(seed))
    replayed = replay(space, task.truth, plan=strategy, budget=AFTER[-1], seed=seed)
    return [_bins(space, task.truth, replayed.rows[:k], replayed.labels[:k]) for k in AFTER]


def _bins(
    space: FeatureSpace, truth: NDArray[np.int8], rows: NDArray[np.int64], values: NDArray[np.int8]
) -> tuple[Bins, float] | None:
    nothing = np.empty(0, np.int64)
    labels = Labels(rows, values, nothing, nothing)
    snapshot = next_snapshot(space, labels, "random", previous=None, rng=np.random.default_rng(0))
    if snapshot.probability is None:
        return None
    probability, positive = np.delete(snapshot.probability, rows).astype(np.float64), np.delete(truth, rows)
    number = np.minimum((probability * BINS).astype(int), BINS - 1)
    weights = (None, probability, positive)
    bins = np.stack([np.bincount(number, weight, BINS) for weight in weights])
    return bins, float(((probability - positive) ** 2).mean())


def expected_error(bins: Bins) -> float:
    return float(np.abs(bins[1] - bins[2]).sum() / bins[0].sum())


def print_strategy(strategy: str, runs: list[list[tuple[Bins, float] | None]]) -> None:
    for i, k in enumerate(AFTER):
        known = [run[i] for run in runs if run[i] is not None]
        errors = [expected_error(bins) for bins, _ in known]
        shares = np.array([bins[2].sum() / bins[0].sum() for bins, _ in known])
        promised = sum(bins[1].sum() for bins, _ in known)
        there = sum(bins[2].sum() for bins, _ in known)
        brier = np.mean([score for _, score in known])
        print(
            f"| {strategy} | {k} | {np.mean(errors):.3f} | {brier:.4f} | {np.mean(shares * (1 - shares)):.4f} "
            f"| {promised / len(known):.0f} | {there / len(known):.0f} |"
        )


def print_curve(strategy: str, runs: list[list[tuple[Bins, float] | None]]) -> None:
    total = sum(run[-1][0] for run in runs if run[-1] is not None)
    print(f"\nReliability after {AFTER[-1]} verdicts, {strategy}, all tasks together:\n")
    print("| probability | rows | mean probability | share of positives |\n|---|---|---|---|")
    for i, (rows, promised, positives) in enumerate(total.T):
        if rows:
            stretch = f"{i / BINS:.1f} to {(i + 1) / BINS:.1f}"
            print(f"| {stretch} | {rows:.0f} | {promised / rows:.3f} | {positives / rows:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tasks", nargs="*", default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    tasks = all_tasks(options.tasks)
    print("| strategy | verdicts | calibration error | Brier | Brier of the true share | positives promised | there |")
    print("|---|---|---|---|---|---|---|")
    curves = {}
    with ProcessPoolExecutor(options.jobs, initializer=threadpool_limits, initargs=(1,)) as processes:
        for strategy in STRATEGIES:
            jobs = [processes.submit(bins_after, task, strategy, s) for task in tasks for s in range(options.seeds)]
            curves[strategy] = [job.result() for job in jobs]
            print_strategy(strategy, curves[strategy])
    for strategy, runs in curves.items():
        print_curve(strategy, runs)


if __name__ == "__main__":
    main()
