"""Runs: the pool replayed through the learner's own step, once for each plan and seed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from winnow.features.matrix import FeatureMatrix
from winnow.learning.attributes import Attributes, attributes_of
from winnow.learning.goals import GOALS
from winnow.learning.replay import Shown, verdicts_of
from winnow.learning.space import FeatureSpace
from winnow.learning.step import Snapshot
from winnow.learning.strategies import STRATEGIES
from winnow.pool import Pool
from winnow.simulate.curves import accuracy, found_after
from winnow.simulate.stopping import Meter
from winnow.simulate.truth import UNKNOWN

PLANS = (*(name for name, goal in GOALS.items() if not goal.checks_labels), *STRATEGIES)


@dataclass(frozen=True)
class LabelledPool:
    """A pool of known truth (n,) int8; rows (m,) int64 are those that can be shown, the only ones usable in space."""

    space: FeatureSpace
    truth: NDArray[np.int8]
    rows: NDArray[np.int64]
    attributes: Attributes | None = None

    @classmethod
    def build(cls, pool: Pool, features: FeatureMatrix, truth: NDArray[np.int8], *, seed: int = 0) -> "LabelledPool":
        """The pool as the app sees it, without its repeated lines and the rows whose truth is not known."""
        is_shown = features.is_valid & ~pool.is_duplicate & (truth != UNKNOWN)
        space = FeatureSpace.build(features.vectors, is_shown, np.random.default_rng(seed))
        return cls(space, truth, np.flatnonzero(space.is_usable), attributes_of(pool))

    @property
    def positives(self) -> int:
        return int(self.truth[self.rows].sum())


@dataclass(frozen=True)
class Run:
    """One replay of k verdicts; element i of each (k + 1,) array is as of i verdicts.

    rows (k,) int64 as they were shown, ways (k,) why; found (k + 1,) int64 positives; accuracy and head_accuracy
    (k + 1,) float64, as `curves.accuracy` says, NaN where there is none; bound
    (k + 1,) float64 the recall that the meter promises, NaN while it is silent.
    """

    plan: str
    seed: int
    rows: NDArray[np.int64]
    ways: tuple[str, ...]
    found: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    head_accuracy: NDArray[np.float64]
    bound: NDArray[np.float64]


def runs_of(
    pool: LabelledPool, plans: Sequence[str], *, seeds: int, budget: int, tell: Callable[[str, int], None]
) -> Iterator[Run]:
    """Each run as it ends, all seeds of a plan before the next plan; `tell` hears plan and seed at every verdict."""
    for plan in plans:
        for seed in range(seeds):
            yield run_once(pool, plan, seed=seed, budget=budget, tell=tell)


def run_once(
    pool: LabelledPool, plan: str, *, seed: int, budget: int, tell: Callable[[str, int], None] = lambda plan, seed: None
) -> Run:
    """The first `budget` verdicts by a plan, fewer where the pool ends."""
    log = _RunLog(pool)
    verdicts = verdicts_of(pool.space, pool.truth, plan=plan, seed=seed, attributes=pool.attributes)
    for shown in islice(verdicts, budget):
        log.note_state(shown.snapshot)
        log.note_verdict(shown)
        tell(plan, seed)
    after = next(verdicts, None)  # the step after the last verdict; none where the pool has ended
    log.note_state(after.snapshot if after else None)
    return log.run(plan, seed)


class _RunLog:
    """Gathers what a replay shows."""

    def __init__(self, pool: LabelledPool) -> None:
        self._pool, self._truth = pool, pool.truth[pool.rows]
        self._is_known = np.zeros(pool.space.n, bool)
        self._meter = Meter(len(pool.rows))
        self._rows: list[int] = []
        self._ways: list[str] = []
        self._states: list[tuple[float, float, float]] = []  # accuracy, the head's, the meter's bound

    def note_state(self, snapshot: Snapshot | None) -> None:
        """What is known before the next verdict."""
        rows = self._pool.rows
        probability = None if snapshot is None or snapshot.probability is None else snapshot.probability[rows]
        right = accuracy(probability, self._truth, self._is_known[rows])
        self._states.append((*right, self._meter.recall))

    def note_verdict(self, shown: Shown) -> None:
        self._rows.append(shown.row)
        self._ways.append(shown.way)
        self._is_known[shown.row] = True
        self._meter.take(shown.way, shown.label == 1)

    def run(self, plan: str, seed: int) -> Run:
        rows, states = np.array(self._rows, np.int64), np.array(self._states, np.float64)
        return Run(plan, seed, rows, tuple(self._ways), found_after(rows, self._pool.truth), *states.T)
