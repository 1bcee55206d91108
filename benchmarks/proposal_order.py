"""How many verdicts it takes to find the true ones among a detector's proposals: Winnow against the detector's score.

    python benchmarks/proposal_order.py --seeds 3      # some minutes on two cores
    python benchmarks/proposal_order.py --classes 0    # all classes together only

Winnow's figures come from winnow.learning.replay through the step that the app runs: a step after every verdict up to
200, then after every hundredth part of those there are. Per class the pool is that class's proposals. Needs
../shared/data/coco128/proposals.csv and its features (WINNOW_SHARED names another place).
"""

import argparse
import csv
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.learning.attributes import Attributes, build_attributes, logit_scores
from winnow.learning.overlaps import find_overlaps
from winnow.learning.replay import replay
from winnow.learning.space import FeatureSpace

DATA = Path(os.environ.get("WINNOW_SHARED", Path(__file__).parents[2] / "shared")) / "data"
SHARES = (0.5, 0.8, 0.9, 0.95)  # of the true proposals
PATIENCE = 0.01


@dataclass(frozen=True)
class Proposals:
    """One task: scores (n,), boxes (n, 4), images (n,) and classes (n,) codes, vectors (n, d), truth (n,) int8."""

    name: str
    scores: NDArray[np.float64]
    boxes_xyxy: NDArray[np.float64]
    images: NDArray[np.int64]
    classes: NDArray[np.int64]
    vectors: NDArray[np.floating]
    truth: NDArray[np.int8]

    def part(self, name: str, rows: NDArray[np.int64]) -> "Proposals":
        columns = (self.scores, self.boxes_xyxy, self.images, self.classes, self.vectors, self.truth)
        return Proposals(name, *(column[rows] for column in columns))

    @property
    def attributes(self) -> Attributes:
        overlaps = find_overlaps(self.boxes_xyxy, self.images, np.arange(len(self.scores)))
        return build_attributes(logit_scores(self.scores), self.classes + 1, int(self.classes.max()) + 2, overlaps)


def all_proposals(features: Path) -> tuple[Proposals, list[str]]:
    """Every proposal as one task, and the names of the classes."""
    with open(DATA / "coco128" / "proposals.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    with np.load(features) as stored:
        vectors = stored["X"]
    names, classes = np.unique([line["class"] for line in lines], return_inverse=True)
    numbers = np.array([[float(line[side]) for side in ("score", "x1", "y1", "x2", "y2")] for line in lines])
    _, images = np.unique([line["path"] for line in lines], return_inverse=True)
    truth = np.array([int(line["truth"]) for line in lines], dtype=np.int8)
    return Proposals("all", numbers[:, 0], numbers[:, 1:], images, classes, vectors, truth), names.tolist()


def tasks_of(whole: Proposals, names: list[str], n_classes: int) -> list[Proposals]:
    """All proposals, then each of the classes with the most proposals."""
    frequent = np.argsort(-np.bincount(whole.classes), kind="stable")[:n_classes]
    return [whole, *(whole.part(names[number], np.flatnonzero(whole.classes == number)) for number in frequent)]


def marks(labels: NDArray[np.int8], total: int) -> NDArray[np.float64]:
    """Verdicts to SHARES of `total` true ones, for labels in the order in which they were given."""
    goals = [math.ceil(share * total) for share in SHARES]
    return np.searchsorted(np.cumsum(labels, dtype=np.int64), goals) + 1.0


def score_marks(task: Proposals) -> NDArray[np.float64]:
    return marks(task.truth[np.argsort(-task.scores, kind="stable")], int(task.truth.sum()))


def overlap_marks(task: Proposals) -> NDArray[np.float64]:
    """By score × (1 − the largest IoU with a better-scored one of its class), as in Soft-NMS (Bodla et al., 2017)."""
    lowered = task.scores * (1 - task.attributes.fixed[:, 1])
    return marks(task.truth[np.argsort(-lowered, kind="stable")], int(task.truth.sum()))


def random_marks(task: Proposals) -> NDArray[np.float64]:
    """The expected marks of random order."""
    n, total = len(task.truth), int(task.truth.sum())
    return np.array([math.ceil(share * total) * (n + 1) / (total + 1) for share in SHARES])


def winnow_marks(task: Proposals, seed: int) -> NDArray[np.float64]:
    total = int(task.truth.sum())
    space = FeatureSpace.build(task.vectors, np.ones(len(task.truth), bool), np.random.default_rng(seed))
    replayed = replay(
        space,
        task.truth,
        plan="max_probability",
        budget=len(task.truth),
        seed=seed,
        positives=math.ceil(SHARES[-1] * total),
        attributes=task.attributes,
        patience=PATIENCE,
    )
    return marks(replayed.labels, total)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--classes", type=int, default=10, help="how many, those with the most proposals first")
    parser.add_argument("--features", type=Path, default=DATA / "features" / "coco128.npz")
    options = parser.parse_args()
    whole, names = all_proposals(options.features)
    print("| task | true of | Winnow: 50 / 80 / 90 / 95 % | score | score and overlap | random | ratio to score |")
    print("|---|---|---|---|---|---|---|")
    ratios = []
    for task in tasks_of(whole, names, options.classes):
        ours = np.mean([winnow_marks(task, seed) for seed in range(options.seeds)], axis=0)
        orders = np.stack([ours, score_marks(task), overlap_marks(task), random_marks(task)])
        ratios.append(orders / orders[1])
        size = f"{task.truth.sum()} of {len(task.truth)}"
        print(f"| {task.name} | {size} | {' | '.join(map(_row, orders))} | {_ratios(ratios[-1][0])} |", flush=True)
    if len(ratios) > 1:
        means = np.mean(ratios[1:], axis=0)
        print(f"| mean of the classes' ratios | | {' | '.join(map(_ratios, means))} | {_ratios(means[0])} |")


def _row(verdicts: NDArray[np.float64]) -> str:
    return " / ".join(f"{count:.0f}" for count in verdicts)


def _ratios(ratios: NDArray[np.float64]) -> str:
    return " / ".join(f"{ratio:.2f}" for ratio in ratios)


if __name__ == "__main__":
    main()
