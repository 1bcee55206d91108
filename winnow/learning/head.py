"""The head: a logistic model of a kernel expansion on frozen features."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.learning.calibration import sigmoid
from winnow.learning.space import FeatureSpace, Fold

ARRAYS = ("mean", "axes", "gain", "directions", "coefficients", "rows")
NUMBERS = ("gamma", "slope", "offset")
GAMMA = 2.0  # of the kernel exp(-gamma |a - b|^2) on rows of unit length; docs/head.md compares
RIDGE = 0.3
SCAN_ROWS = 4096


@dataclass(frozen=True)
class Head:
    """P(label = 1) = sigmoid(slope * f + offset), f = sum_j coefficients[j] * exp(2 gamma (cosine_j - 1)).

    cosine_j is the likeness of x to the j-th labelled row that the head rests on, see FeatureSpace. mean (d,), axes
    (d, r), gain (r,) are the space's, directions (m, d) stand for the rows; all float32. rows (m,) int64 are the rows.
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    gain: NDArray[np.float32]
    directions: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    rows: NDArray[np.int64]
    gamma: float = GAMMA
    slope: float = 1.0
    offset: float = 0.0

    def fold(self, coefficients: NDArray[np.float32]) -> Fold:
        """What FeatureSpace.scan needs to sum `coefficients` times the kernel."""
        scale = np.float32(2 * self.gamma)

        def kernel_sum(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
            cosines -= 1
            cosines *= scale
            return np.exp(cosines, out=cosines) @ coefficients

        return kernel_sum

    def decision(self, space: FeatureSpace, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """f of all rows (n,) or of `rows` (k,), float32; NaN for rows without finite features."""
        fold = self.fold(self.coefficients)
        if rows is None:
            return space.scan(self.directions, fold)
        parts = [rows[i : i + SCAN_ROWS] for i in range(0, len(rows), SCAN_ROWS)]
        decisions = [fold(space.cosines(part, self.directions)) for part in parts]
        return np.concatenate([np.empty(0, np.float32), *decisions])

    def probability(self, space: FeatureSpace, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """P(label = 1) of all rows (n,) or of `rows` (k,), float32; NaN for rows without finite features."""
        return self.probability_of(self.decision(space, rows))

    def probability_of(self, decision: NDArray[np.float32]) -> NDArray[np.float32]:
        """Decision values as probabilities, float32, NaN staying NaN."""
        return sigmoid(np.float32(self.slope) * decision + np.float32(self.offset))

    def calibrated(self, slope: float, offset: float) -> "Head":
        return replace(self, slope=slope, offset=offset)

    def save(self, path: Path) -> None:
        """Writes the `.npz` that docs/head.md explains."""
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with open(unfinished, "wb") as file:
            np.savez(file, **{name: getattr(self, name) for name in ARRAYS + NUMBERS})
        os.replace(unfinished, path)

    @classmethod
    def load(cls, path: Path) -> "Head":
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ARRAYS}
            numbers = {name: float(stored[name]) for name in NUMBERS}
        return cls(**arrays, **numbers)  # type: ignore[arg-type]


def fit_head(
    space: FeatureSpace,
    rows: NDArray[np.int64],
    values: NDArray[np.int8],
    *,
    gamma: float = GAMMA,
    ridge: float = RIDGE,
) -> tuple[Head, NDArray[np.float32]]:
    """The head that rests on `rows` (m,) of both classes, not yet calibrated, and its leave-one-out decisions (m,).

    Kernel ridge regression on targets -1 and +1 has the decision that each label would get from a fit without it in
    closed form: t - a / diag((K + ridge I)^-1) (Wahba, 1975; for classifiers Cawley & Talbot, 2004).
    """
    directions = space.directions(rows)
    gram = np.exp(2 * gamma * (space.cosines(rows, directions) - 1))
    # Single precision is enough: the ridge keeps the condition number under m / ridge.
    inverse = np.linalg.inv(gram + ridge * np.eye(len(rows), dtype=np.float32))
    target = np.where(values == 1, np.float32(1), np.float32(-1))
    coefficients: NDArray[np.float32] = inverse @ target
    head = Head(space.mean, space.axes, space.gain, directions, coefficients, rows, gamma)
    left_out: NDArray[np.float32] = target - coefficients / np.diag(inverse)
    return head, left_out
