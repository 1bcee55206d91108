"""Why Teach asks what it asks: the same replays with another order once there is a head.

    python benchmarks/teach_choice.py --seeds 3

Prints the average precision of the head on the held-out half (label_tasks.Task.halves), mean over tasks and seeds.
"""

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import numpy as np
from label_tasks import Task, all_tasks
from numpy.typing import NDArray
from peer_replay import average_precision
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.learning import queueing
from winnow.learning.labels import Labels
from winnow.learning.replay import verdicts_of
from winnow.learning.space import FeatureSpace
from winnow.learning.strategies import top_rows
from winnow.learning.teach import teach_order

AFTER = (50, 80, 100, 130, 160, 200)  # labels
Order = Callable[
    [FeatureSpace, NDArray[np.float32], NDArray[np.bool_], Labels, NDArray[np.float32], int], NDArray[np.int64]
]


def _novelty(space: FeatureSpace, labels: Labels) -> NDArray[np.float32]:
    """(n,) 1 - the likeness to the nearest labelled row."""
    return 1 - space.scan(space.directions(labels.rows), lambda cosines: cosines.max(axis=1))


def uncertain_alone(space, probability, is_open, labels, priority, k):
    return top_rows(0.5 - np.abs(probability - 0.5), priority, np.flatnonzero(is_open), k)


def positives_first(space, probability, is_open, labels, priority, k):
    if labels.values.sum() >= 10:
        return teach_order(space, probability, is_open, labels, priority, k)
    return top_rows(probability, priority, np.flatnonzero(is_open), k)


def positive_side_of_border(space, probability, is_open, labels, priority, k):
    """The likely positives nearest to the border first, then the most probable of the others."""
    score = np.where(probability >= 0.5, 2 - probability, probability).astype(np.float32)
    return top_rows(score, priority, np.flatnonzero(is_open), k)


def uncertain_and_new(space, probability, is_open, labels, priority, k):
    score = np.sqrt(probability * (1 - probability)) * _novelty(space, labels)
    return top_rows(score, priority, np.flatnonzero(is_open), k)


def every_fourth_new(space, probability, is_open, labels, priority, k):
    if len(labels.rows) % 4:
        return teach_order(space, probability, is_open, labels, priority, k)
    return top_rows(_novelty(space, labels), priority, np.flatnonzero(is_open), k)


ORDERS: dict[str, Order] = {
    "as it is: most uncertain, nothing alike in a row": teach_order,
    "most uncertain": uncertain_alone,
    "ten positives first": positives_first,
    "positive side of the border": positive_side_of_border,
    "uncertain × unlike what is labelled": uncertain_and_new,
    "every fourth: unlike what is labelled": every_fourth_new,
}


def precisions(task: Task, name: str, seed: int) -> list[float]:
    """After AFTER labels, by an order; the prevalence while there is no head."""
    pool, held_out = task.halves(seed)
    n = len(pool.truth)
    space = FeatureSpace.build(pool.vectors, np.ones(n, bool), np.random.default_rng(seed))
    both, outside = space.with_outside(held_out.vectors), np.arange(n, n + len(held_out.truth))
    found = []
    with patch.object(queueing, "teach_order", ORDERS[name]):
        for k, shown in enumerate(islice(verdicts_of(space, pool.truth, plan="teach", seed=seed), AFTER[-1] + 1)):
            head = shown.snapshot.head
            if k in AFTER and head is None:
                found.append(float(held_out.truth.mean()))
            elif k in AFTER and head is not None:
                found.append(average_precision(head.decision(both, outside), held_out.truth))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tasks", nargs="*", default=["magnetic", "bccd", "caltech101"])
    parser.add_argument("--orders", nargs="*", default=list(ORDERS), choices=list(ORDERS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    tasks = all_tasks(options.tasks)
    print("| order | " + " | ".join(f"{k} labels" for k in AFTER) + " |\n|---|" + "---|" * len(AFTER))
    with ProcessPoolExecutor(options.jobs, initializer=threadpool_limits, initargs=(1,)) as processes:
        for name in options.orders:
            runs = [processes.submit(precisions, task, name, s) for task in tasks for s in range(options.seeds)]
            means = np.mean([run.result() for run in runs], axis=0)
            print(f"| {name} | " + " | ".join(f"{100 * mean:.1f}" for mean in means) + " |", flush=True)


if __name__ == "__main__":
    main()
