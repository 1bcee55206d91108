"""Decision values of the whole pool, kept up to date in a time that does not grow with the number of labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.learning.head import Head
from winnow.learning.space import FeatureSpace

STEP_PRODUCTS = 1_000_000_000  # multiply-adds a step may spend on old labels' columns: some 20 ms on two cores
START_PRODUCTS = 120_000_000_000  # or at first, after an import or with another kernel: two to three seconds


@dataclass(frozen=True)
class Scores:
    """decision (n,) float32 = the kernel columns of `rows` (l,) int64 times `coefficients` (l,) float32.

    NaN for rows without finite features. In a small pool they are the head's own; in a large one some columns still
    stand with the coefficient of an earlier head.
    """

    decision: NDArray[np.float32]
    rows: NDArray[np.int64]
    coefficients: NDArray[np.float32]
    gamma: float


def next_scores(space: FeatureSpace, head: Head, previous: Scores | None) -> Scores:
    """Scores of the head: exact where the columns of all its landmarks can be afforded.

    Otherwise the columns whose coefficient is off by most are brought up to date, among them as a rule the new
    label's: coordinate descent in the order of Gauss and Southwell, one pass over the matrix for all of them.
    """
    cell = space.n * space.d
    if len(head.landmarks) * cell <= STEP_PRODUCTS:
        return Scores(head.decision(space), head.landmarks, head.coefficients, head.gamma)
    nothing = Scores(np.zeros(space.n, np.float32), np.empty(0, np.int64), np.empty(0, np.float32), head.gamma)
    before = previous if previous and previous.gamma == head.gamma else nothing
    rows = np.union1d(before.rows, head.landmarks)
    wanted, stands = np.zeros((2, len(rows)), np.float32)
    wanted[np.searchsorted(rows, head.landmarks)] = head.coefficients
    stands[np.searchsorted(rows, before.rows)] = before.coefficients
    n_new = np.setxor1d(before.rows, head.landmarks, assume_unique=True).size
    n_columns = min(max(n_new + 1, STEP_PRODUCTS // cell), max(2, START_PRODUCTS // cell))
    off = wanted - stands
    worst = np.argsort(-np.abs(off), kind="stable")[:n_columns]
    decision = before.decision + space.scan(space.directions(rows[worst]), head.fold(off[worst]))
    stands[worst] = wanted[worst]
    kept = stands != 0
    return Scores(decision, rows[kept], stands[kept], head.gamma)
