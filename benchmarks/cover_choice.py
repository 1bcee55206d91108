"""Why the cover is as it is: verdicts to the first positive of every rare class, by order of the pool.

    python benchmarks/cover_choice.py --seeds 8

Every class of caltech101 with under 80 images and the five of magnetic, on the whole pool and on a random half of it. A
class that LENGTH verdicts do not meet is given the expected place of its first one in a random rest.
"""

import argparse
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from label_tasks import FEATURES, FEW_IMAGES
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.learning import cover
from winnow.learning.space import FeatureSpace

LENGTH = 400
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {"GAMMA": cover.GAMMA},
    "every row worth the same": {"CROWD_POWER": 0.0},
    "worth by the third root of its crowd": {"CROWD_POWER": 1 / 3},
    "worth by the root of its crowd": {"CROWD_POWER": 0.5},
    "kernel's γ 3": {"GAMMA": 3.0},
    "kernel's γ 12": {"GAMMA": 12.0},
    "crowd by a sample of 1,000": {"CROWD_SAMPLE": 1000},
    "far enough is ten times farther": {"UNSEEN": cover.UNSEEN / 10},
}


def first_of(order: NDArray[np.int64], is_positive: NDArray[np.bool_]) -> float:
    met = is_positive[order]
    if met.any():
        return float(met.argmax()) + 1
    return len(order) + (len(is_positive) - len(order) + 1) / (is_positive.sum() + 1)


def farthest_first(space: FeatureSpace, rng: np.random.Generator) -> NDArray[np.int64]:
    """Each row the least like any before it (Gonzalez, 1985)."""
    unit, directions = space.unit_rows(np.arange(space.n)), space.directions(np.arange(space.n))
    likeness = np.full(space.n, -1, np.float32)
    order = [int(rng.integers(space.n))]
    while len(order) < LENGTH:
        np.maximum(likeness, unit @ directions[order[-1]], out=likeness)
        likeness[order[-1]] = np.inf
        order.append(int(likeness.argmin()))
    return np.array(order)


def orders_of(vectors: NDArray[np.floating], seed: int) -> dict[str, NDArray[np.int64]]:
    n = len(vectors)
    space = FeatureSpace.build(vectors, np.ones(n, bool), np.random.default_rng(seed))
    orders = {
        "random": np.random.default_rng([seed, 4]).permutation(n)[:LENGTH],
        "farthest-first": farthest_first(space, np.random.default_rng(seed)),
    }
    for name, change in CHANGES.items():
        with patch.multiple(cover, **change):
            chosen = cover.cover_order(
                space, space.is_usable, np.empty(0, np.int64), LENGTH, np.random.default_rng(seed)
            )
        orders[name] = chosen
    for name, every in (("every third at random", 3), ("every tenth at random", 10)):
        orders[name] = merged(orders["as it is"], orders["random"], every)
    orders["γ 3 and γ 12 in turn"] = merged(orders["kernel's γ 3"], orders["kernel's γ 12"], 2)
    return orders


def merged(order: NDArray[np.int64], other: NDArray[np.int64], every: int) -> NDArray[np.int64]:
    """The order, save that every so many-th place goes to the next row of another one; a row that comes twice, once."""
    places = np.arange(1, len(order) + 1)
    at = np.concatenate([places + (places - 1) // (every - 1), every * places])
    rows = np.concatenate([order, other])[np.argsort(at)]
    return rows[np.sort(np.unique(rows, return_index=True)[1])][:LENGTH]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    options = parser.parse_args()
    print("| pool | order | mean | geometric mean | 90 of 100 within |\n|---|---|---|---|---|")
    for pool in ("caltech101", "magnetic"):
        with np.load(FEATURES / f"{pool}.npz") as stored:
            vectors, y = stored["X"], stored["y"]
        names, counts = np.unique(y, return_counts=True)
        rare = names[(counts < FEW_IMAGES) if pool == "caltech101" else (names != "free")]
        for part in (1, 2):
            met: dict[str, list[float]] = {}
            for seed in range(options.seeds):
                rows = np.random.default_rng(seed).permutation(len(y))[: len(y) // part]
                for name, order in orders_of(vectors[rows], seed).items():
                    met.setdefault(name, []).extend(first_of(order, y[rows] == kind) for kind in rare)
            for name, verdicts in met.items():
                figures = np.mean(verdicts), np.exp(np.mean(np.log(verdicts))), np.quantile(verdicts, 0.9)
                size = f"{pool}{'' if part == 1 else ', a half'}"
                print(f"| {size} | {name} | {' | '.join(f'{figure:.0f}' for figure in figures)} |", flush=True)


if __name__ == "__main__":
    main()
