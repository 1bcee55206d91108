"""Rare-class tasks with known truth, for measuring how few labels do."""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FEATURES = Path(os.environ.get("WINNOW_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "features"
FEW_IMAGES = 80  # a caltech101 class with fewer is rare
N_CALTECH = 10


@dataclass(frozen=True)
class Task:
    """One class to find: vectors (n, d) float16 or float32, truth (n,) int8, 1 = positive."""

    name: str
    vectors: NDArray[np.floating]
    truth: NDArray[np.int8]

    def shuffled(self, seed: int) -> "Task":
        """The same pool in another order: the files are sorted by class, and ties would tell."""
        order = np.random.default_rng([seed, 1]).permutation(len(self.truth))
        return Task(self.name, self.vectors[order], self.truth[order])

    def halves(self, seed: int) -> tuple["Task", "Task"]:
        """The pool to label and a held-out half, each with half of the positives, both in random order."""
        shuffled = self.shuffled(seed)
        place = np.empty(len(self.truth), np.int64)  # of each row among those of its class
        for value in (0, 1):
            rows = np.flatnonzero(shuffled.truth == value)
            place[rows] = np.arange(len(rows))
        pool, held_out = (
            Task(self.name, shuffled.vectors[place % 2 == half], shuffled.truth[place % 2 == half]) for half in (0, 1)
        )
        return pool, held_out


def all_tasks(names: list[str], demo: Path | None = None) -> list[Task]:
    """The tasks whose name begins with one of `names` (all of them for none)."""
    tasks = [*_pool_tasks("magnetic", ["blowhole", "break", "crack", "fray", "uneven"])]
    tasks += _pool_tasks("bccd", ["Platelets"])
    tasks += _pool_tasks("caltech101", _rare_caltech_classes())
    tasks += _pool_tasks("coco128", [1])
    if demo:
        tasks.append(_demo_task(demo))
    return [task for task in tasks if not names or task.name.startswith(tuple(names))]


def _pool_tasks(pool: str, classes: list) -> list[Task]:
    with np.load(FEATURES / f"{pool}.npz") as stored:
        vectors, y = stored["X"], stored["y"]
    return [Task(pool if c == 1 else f"{pool}/{c}", vectors, (y == c).astype(np.int8)) for c in classes]


def _rare_caltech_classes() -> list[str]:
    """Ten of the classes with under 80 images, evenly spaced in the alphabet: nobody picked them."""
    with np.load(FEATURES / "caltech101.npz") as stored:
        names, counts = np.unique(stored["y"], return_counts=True)
    rare = names[counts < FEW_IMAGES]
    return list(rare[np.linspace(0, len(rare) - 1, N_CALTECH).round().astype(int)])


def _demo_task(folder: Path) -> Task:
    with open(folder / "truth.csv", newline="") as file:
        labels = [int(row["label"]) for row in csv.DictReader(file)]
    return Task("demo", np.load(folder / "features.npy"), np.array(labels, dtype=np.int8))
