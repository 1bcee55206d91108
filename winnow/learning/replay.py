"""Replay: the learner run against known truth, one verdict at a time, through the same step as the app."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.learning.attributes import Attributes
from winnow.learning.labels import Labels
from winnow.learning.space import FeatureSpace
from winnow.learning.step import Snapshot, Start, next_snapshot
from winnow.learning.strategies import WAYS


@dataclass(frozen=True)
class Shown:
    """One verdict of a replay: the row that the snapshot showed, why, and its true label."""

    snapshot: Snapshot
    row: int
    way: str
    label: int


@dataclass(frozen=True)
class Replay:
    """rows (k,) int64 in the order in which they were shown, labels (k,) int8, and why each was shown."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int8]
    ways: tuple[str, ...]


def verdicts_of(
    space: FeatureSpace,
    truth: NDArray[np.int8],
    *,
    plan: str,
    seed: int,
    attributes: Attributes | None = None,
    start: Start | None = None,
    is_hidden: NDArray[np.bool_] | None = None,
    patience: float = 0.0,
) -> Iterator[Shown]:
    """Every verdict in its turn, until the pool ends; truth (n,) int8, 0 or 1. The same seed gives the same order.

    With patience the next step is taken only after so large a share of the verdicts there are, which saves time.
    """
    rng = np.random.default_rng(seed)
    nothing = np.empty(0, np.int64)
    rows: list[int] = []
    snapshot: Snapshot | None = None
    while True:
        shown = np.array(rows, dtype=np.int64)
        labels = Labels(shown, truth[shown].astype(np.int8), nothing, nothing)
        snapshot = next_snapshot(
            space, labels, plan, previous=snapshot, rng=rng, attributes=attributes, start=start, is_hidden=is_hidden
        )
        taken = slice(max(1, int(patience * len(rows))))
        chosen, ways = snapshot.queue[taken].tolist(), snapshot.ways[taken].tolist()
        if not chosen:
            return
        for row, way in zip(chosen, ways, strict=True):
            yield Shown(snapshot, row, WAYS[way], int(truth[row]))
        rows += chosen


def replay(
    space: FeatureSpace,
    truth: NDArray[np.int8],
    *,
    plan: str,
    budget: int,
    seed: int,
    positives: int | None = None,
    attributes: Attributes | None = None,
    patience: float = 0.0,
) -> Replay:
    """The first `budget` verdicts by a goal or strategy; stops early once `positives` of them were found."""
    rows: list[int] = []
    ways: list[str] = []
    found = 0
    if positives != 0:
        for shown in verdicts_of(space, truth, plan=plan, seed=seed, attributes=attributes, patience=patience):
            rows.append(shown.row)
            ways.append(shown.way)
            found += shown.label
            if len(rows) >= budget or found == positives:
                break
    order = np.array(rows, dtype=np.int64)
    return Replay(order, truth[order].astype(np.int8), tuple(ways))
