"""The head: a logistic model of a kernel expansion on frozen features."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from winnow.learning.calibration import sigmoid
from winnow.learning.space import FeatureSpace, Fold

ARRAYS = ("mean", "axes", "gain", "directions", "coefficients", "landmarks", "attributes", "weights")
NUMBERS = ("gamma", "slope", "offset")
# Of the kernel exp(-gamma |a - b|^2) on rows of unit length, the first one at first. Narrow kernels find kinds that lie
# apart, wide ones suit kinds that overlap; docs/head.md compares.
GAMMAS = (2.0, 0.5)
BETTER_BY = 0.02  # average precision that another gamma must gain
RIDGE = 3.0
JITTER = 1e-4  # lets equal rows be landmarks
SCAN_ROWS = 4096


@dataclass(frozen=True)
class Head:
    """P(label = 1) = sigmoid(slope f + offset), f = sum_j coefficients[j] exp(2 gamma (cosine_j - 1)) + a @ weights.

    cosine_j is the likeness of x to the j-th landmark, a labelled row, see FeatureSpace. mean (d,), axes (d, r) and
    gain (r,) are the space's, directions (l, d) stand for the landmarks, all float32; landmarks (l,) int64 are their
    rows. a is the row's line of attributes (n, k) float32, see Evidence; a pool without scores has none: (1, 0).
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    gain: NDArray[np.float32]
    directions: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    landmarks: NDArray[np.int64]
    gamma: float
    slope: float = 1.0
    offset: float = 0.0
    attributes: NDArray[np.float32] = field(default_factory=lambda: np.empty((1, 0), np.float32))
    weights: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))

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
            return self.with_attributes(space.scan(self.directions, fold))
        parts = [rows[i : i + SCAN_ROWS] for i in range(0, len(rows), SCAN_ROWS)]
        decisions = [fold(space.cosines(part, self.directions)) for part in parts]
        return self.with_attributes(np.concatenate([np.empty(0, np.float32), *decisions]), rows)

    def with_attributes(
        self, kernel: NDArray[np.float32], rows: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """f of all rows (n,) or of `rows` (k,) from their kernel sums."""
        if len(self.weights) == 0:
            return kernel
        return kernel + (self.attributes if rows is None else self.attributes[rows]) @ self.weights

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


def best_gamma(
    space: FeatureSpace, rows: NDArray[np.int64], values: NDArray[np.int8], landmarks: NDArray[np.int64]
) -> float:
    """The first of GAMMAS, or the one that clearly ranks the left-out labels better; fit_head explains the arrays."""
    best, *others = GAMMAS
    to_beat = average_precision(fit_head(space, rows, values, landmarks, best)[1], values) + BETTER_BY
    for gamma in others:
        precision = average_precision(fit_head(space, rows, values, landmarks, gamma)[1], values)
        if precision > to_beat:
            best, to_beat = gamma, precision
    return best


def average_precision(decision: NDArray[np.float32], values: NDArray[np.int8]) -> float:
    """The mean, over the positives (one at least), of the share of positives down to each in order of decision."""
    found = values[np.argsort(-decision, kind="stable")] == 1
    share = np.cumsum(found) / np.arange(1, len(found) + 1)
    return float(share[found].mean())


def fit_head(
    space: FeatureSpace,
    rows: NDArray[np.int64],
    values: NDArray[np.int8],
    landmarks: NDArray[np.int64],
    gamma: float,
    *,
    ridge: float = RIDGE,
) -> tuple[Head, NDArray[np.float32]]:
    """The head, not yet calibrated, and each label's decision by a fit without it (m,) float32.

    Kernel ridge regression of targets -1 and +1 on all labels, rows (m,) with values of both classes, in the span of
    rows[landmarks] (Nyström method: Williams & Seeger, 2001; with all of them as landmarks it is exact). Leaving one
    out has a closed form: (f - h t) / (1 - h), h the label's own influence on f (PRESS: Allen, 1974).
    """
    directions = space.directions(rows[landmarks])
    kernel = np.exp(2 * gamma * (space.cosines(rows, directions) - 1))
    # Coordinates in which the penalty is the identity: single precision is enough for what follows.
    unit = np.eye(len(landmarks), dtype=np.float32)
    to_coordinates = np.linalg.inv(np.linalg.cholesky(kernel[landmarks] + JITTER * unit)).T
    coordinates = kernel @ to_coordinates
    inverse = np.linalg.inv(coordinates.T @ coordinates + ridge * unit)
    target = np.where(values == 1, np.float32(1), np.float32(-1))
    influence = coordinates @ inverse
    solution = target @ influence
    decision, own = coordinates @ solution, np.einsum("ij,ij->i", influence, coordinates)
    head = Head(space.mean, space.axes, space.gain, directions, to_coordinates @ solution, rows[landmarks], gamma)
    # A label that is a landmark is left out as one too, else its own kernel is free to fit the others against it.
    crossed = np.einsum("ij,ij->i", influence[landmarks], to_coordinates)
    spread = np.einsum("ij,ij->i", to_coordinates @ inverse, to_coordinates)
    decision[landmarks] -= crossed * head.coefficients / spread
    own[landmarks] -= crossed**2 / spread
    left_out: NDArray[np.float32] = (decision - own * target) / (1 - own)
    return head, left_out
