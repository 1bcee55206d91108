"""The logistic model of proposals: score, class, overlaps and what the kernel sum makes of the picture, in one fit."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from winnow.learning.attributes import FIXED, TOLD, Attributes
from winnow.learning.calibration import sigmoid

# Normal priors (mean, 1 / variance), docs/head.md says how they were chosen. A score is taken at its word, as a
# probability, until verdicts say otherwise; what overlaps an accepted box is rarely another object.
OFFSET = (0.0, 0.25)
WEIGHTS = {
    "logit_score": (1.0, 10.0),
    **dict.fromkeys(FIXED[1:], (0.0, 0.4)),
    **dict.fromkeys(TOLD[:2], (-2.0, 2.0)),
    **dict.fromkeys(TOLD[2:], (0.0, 2.0)),
    "kernel": (0.0, 1.0),
}
CLASS_PRECISION = 4.0  # each class has an effect of its own around 0
STEPS = 25
LARGEST_STEP = 3.0
TOLERANCE = 1e-6
LEAST_CURVATURE = 1e-6


@dataclass(frozen=True)
class Evidence:
    """log-odds = attributes @ weights + class_effects[class] + kernel_weight * kernel sum.

    weights (7,) float32 of FIXED and TOLD; class_effects (c,) float32, the offset in them.
    """

    weights: NDArray[np.float32]
    class_effects: NDArray[np.float32]
    kernel_weight: float

    def table(self, attributes: Attributes, told: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 8) float32, every row's attributes.NAMES; its product with `table_weights` is the attributes' part."""
        effect = self.class_effects[attributes.classes]
        table = np.empty((len(effect), len(self.weights) + 1), np.float32, order="F")
        table[:, : len(FIXED)], table[:, len(FIXED) : -1], table[:, -1] = attributes.fixed, told, effect
        return table

    @property
    def table_weights(self) -> NDArray[np.float32]:
        return np.append(self.weights, np.float32(1))


def fit_evidence(
    attributes: Attributes,
    told: NDArray[np.float32],
    rows: NDArray[np.int64],
    values: NDArray[np.int8],
    kernel: NDArray[np.float32] | None = None,
) -> tuple[Evidence, NDArray[np.float32]]:
    """The most probable model given the labels values (m,) of rows (m,), and their left-out log-odds (m,); m may be 0.

    kernel (m,) holds kernel sums that did not see the label in question (stacking: Wolpert, 1992). The class effects
    are shrunk to 0 (random intercepts); Newton's method, their part of the curvature being diagonal. Leaving one label
    out is one Newton step from the fit (Pregibon, 1981).
    """
    columns = [np.ones(len(rows)), *attributes.fixed[rows].T, *told[rows].T]
    priors = [OFFSET, *(WEIGHTS[name] for name in (*FIXED, *TOLD))]
    if kernel is not None:
        columns.append(kernel)
        priors.append(WEIGHTS["kernel"])
    mean, precision = np.array(priors).T
    fit = _Fit(np.stack(columns, axis=1), attributes.classes[rows], attributes.n_classes, values == 1, mean, precision)
    theta, effects, left_out = fit.solve()
    n_weights = len(FIXED) + len(TOLD)
    evidence = Evidence(
        weights=theta[1 : n_weights + 1].astype(np.float32),
        class_effects=(theta[0] + effects).astype(np.float32),
        kernel_weight=0.0 if kernel is None else float(theta[-1]),
    )
    return evidence, left_out.astype(np.float32)


@dataclass(frozen=True)
class _Fit:
    """A penalised logistic regression on design (m, k) with an effect for each of (m,) classes."""

    design: NDArray[np.float64]
    classes: NDArray[np.int64]
    n_classes: int
    target: NDArray[np.bool_]
    mean: NDArray[np.float64]
    precision: NDArray[np.float64]

    def solve(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Coefficients (k,), effects (c,) and left-out log-odds (m,)."""
        theta, effects = self.mean.copy(), np.zeros(self.n_classes)
        for _ in range(STEPS):
            probability, by_class, cross, schur = self._curvature(theta, effects)
            error = probability - self.target
            gradient = self.design.T @ error + self.precision * (theta - self.mean)
            class_gradient = self._sums(error) + CLASS_PRECISION * effects
            step = np.linalg.solve(schur, gradient - cross @ (class_gradient / by_class))
            class_step = (class_gradient - step @ cross) / by_class
            largest = max(float(np.abs(step).max()), float(np.abs(class_step).max()))
            theta -= step / max(1.0, largest / LARGEST_STEP)
            effects -= class_step / max(1.0, largest / LARGEST_STEP)
            if largest < TOLERANCE:
                break
        return theta, effects, self._left_out(theta, effects)

    def _left_out(self, theta: NDArray[np.float64], effects: NDArray[np.float64]) -> NDArray[np.float64]:
        probability, by_class, cross, schur = self._curvature(theta, effects)
        centred = self.design - (cross / by_class).T[self.classes]
        spread = np.einsum("ij,ji->i", centred, np.linalg.solve(schur, centred.T)) + 1 / by_class[self.classes]
        curvature = np.maximum(probability * (1 - probability), LEAST_CURVATURE)
        decision = self.design @ theta + effects[self.classes]
        return decision + spread * (probability - self.target) / (1 - curvature * spread)

    def _curvature(self, theta: NDArray[np.float64], effects: NDArray[np.float64]) -> tuple[NDArray[Any], ...]:
        """Probabilities (m,), the classes' diagonal (c,), the mixed part (k, c) and the rest's Schur complement."""
        probability = sigmoid(self.design @ theta + effects[self.classes])
        weighted = self.design * np.maximum(probability * (1 - probability), LEAST_CURVATURE)[:, None]
        by_class = self._sums(weighted[:, 0]) + CLASS_PRECISION  # the first column is all ones
        cross = np.stack([self._sums(column) for column in weighted.T])
        schur = weighted.T @ self.design + np.diag(self.precision) - (cross / by_class) @ cross.T
        return probability, by_class, cross, schur

    def _sums(self, per_label: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(self.classes, weights=per_label, minlength=self.n_classes).astype(np.float64)
