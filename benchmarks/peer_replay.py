"""Other active-learning libraries on the tasks, one verdict at a time; runs in the library's own environment.

Needs numpy and the library alone: peer_modal.py and peer_skactiveml.py bring the library, label_efficiency.py reads
what is left in the cache: one `.npz` a run, so that a table can be printed again in a second.
"""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from label_tasks import Task, all_tasks
from numpy.typing import NDArray

AFTER = (50, 100, 200, 400)  # verdicts
GOALS = ("find_all", "teach")
LAST_SHARE = 0.95  # of the positives: where a run of find_all ends


class Peer(Protocol):
    """A library with its own classifier and its own way to choose the next row of vectors (n, d) float32."""

    def tell(self, rows: NDArray[np.int64], values: NDArray[np.int8]) -> None: ...

    def next_rows(self, open_rows: NDArray[np.int64], k: int) -> NDArray[np.int64]: ...

    def probability(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]: ...


# makes a peer of the vectors, the first rows and their values (of both classes), the goal and a seed
MakePeer = Callable[[NDArray[np.float32], NDArray[np.int64], NDArray[np.int8], str, int], Peer]


def result_path(cache: Path, goal: str, who: str, task: str, seed: int) -> Path:
    return cache / f"{goal}.{who}.{task.replace('/', '_')}.{seed}.npz"


def save_result(path: Path, labels: NDArray[np.int8], precision: list[float], start: int) -> None:
    """labels (k,) in the order given; precision on the held-out half; start: random verdicts before both classes."""
    unfinished = path.with_suffix(".tmp")
    with open(unfinished, "wb") as file:
        np.savez_compressed(file, labels=labels, precision=np.array(precision), start=start)
    unfinished.replace(path)


def average_precision(score: NDArray[np.floating], truth: NDArray[np.int8]) -> float:
    """The mean, over the positives, of the share of positives down to each in order of score."""
    found = truth[np.argsort(-score, kind="stable")] == 1
    return float((np.cumsum(found) / np.arange(1, len(found) + 1))[found].mean())


def random_start(truth: NDArray[np.int8], seed: int) -> NDArray[np.int64]:
    """Rows at random until both classes are there."""
    order = np.random.default_rng([seed, 3]).permutation(len(truth))
    return order[: max(int((truth[order] == value).argmax()) for value in (0, 1)) + 1]


def run_peer(task: Task, make: MakePeer, goal: str, seed: int, is_standardised: bool, path: Path) -> None:
    pool, held_out = (task.shuffled(seed), None) if goal == "find_all" else task.halves(seed)
    scale = _standardise if is_standardised else _raw
    vectors, truth = scale(pool.vectors, pool.vectors), pool.truth
    start = random_start(truth, seed)
    peer = make(vectors, start, truth[start], goal, seed)
    order = start.tolist()
    aim = math.ceil(LAST_SHARE * truth.sum()) if held_out is None else len(truth) + 1
    precision: list[float] = []
    while len(order) < len(truth) and truth[order].sum() < aim and len(precision) < len(AFTER):
        if held_out is not None and len(order) >= AFTER[len(precision)]:
            is_late = len(start) > AFTER[len(precision)]  # there was no model yet: by chance
            probability = peer.probability(scale(held_out.vectors, pool.vectors))
            by_model = average_precision(probability, held_out.truth)
            precision.append(float(held_out.truth.mean()) if is_late else by_model)
            continue
        rows = peer.next_rows(np.setdiff1d(np.arange(len(truth)), order), at_once(task, len(order)))
        order += rows.tolist()
        peer.tell(rows, truth[rows])
    save_result(path, truth[order], precision, len(start))


def at_once(task: Task, n_verdicts: int) -> int:
    """Verdicts to the next step: one; in the largest task a hundredth of those there are, which saves hours."""
    return max(1, n_verdicts // 100) if task.name == "coco128" else 1


def _raw(vectors: NDArray[np.floating], pool: NDArray[np.floating]) -> NDArray[np.float32]:
    return vectors.astype(np.float32)


def _standardise(vectors: NDArray[np.floating], pool: NDArray[np.floating]) -> NDArray[np.float32]:
    reference = pool.astype(np.float32)
    return (vectors.astype(np.float32) - reference.mean(axis=0)) / (reference.std(axis=0) + np.float32(1e-9))


def main(name: str, make: MakePeer) -> None:
    """Runs what the cache does not hold yet."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--goals", nargs="*", default=list(GOALS), choices=GOALS)
    parser.add_argument("--tasks", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--standardised", action="store_true", help="each column to mean 0 and spread 1 first")
    parser.add_argument("--demo", type=Path)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    who = f"{name}-standardised" if options.standardised else name
    tasks = all_tasks(options.tasks, options.demo)
    for seed in range(options.seeds):
        for goal in options.goals:
            for task in tasks:
                path = result_path(options.cache, goal, who, task.name, seed)
                if not path.exists():
                    run_peer(task, make, goal, seed, options.standardised, path)
                    print(path.name, flush=True)
