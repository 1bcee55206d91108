"""From decision values to probabilities that mean something."""

import numpy as np
from numpy.typing import NDArray

PRIOR_SLOPE = 3.0  # a decision of -1 or +1 is 5 % or 95 % before the labels say otherwise
PRIOR_WEIGHT = 2.0
LEAST_SLOPE = 0.3  # a higher decision never means a lower probability
STEPS = 20


def calibrate(decision: NDArray[np.floating], values: NDArray[np.int8]) -> tuple[float, float]:
    """slope and offset such that P(label = 1) = sigmoid(slope * decision + offset).

    decision (m,) must come from fits that did not see the label in question; values (m,) 0 or 1. A penalised logistic
    fit with softened targets (Platt, 1999; Newton's method as in Lin, Lin & Weng, 2007).
    """
    is_positive = values == 1
    positives = int(is_positive.sum())
    negatives = len(values) - positives
    target = np.where(is_positive, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    x = np.stack([decision.astype(np.float64), np.ones(len(values))])
    prior = np.array([PRIOR_SLOPE, 0.0])
    weight = np.array([PRIOR_WEIGHT, 1e-3])
    theta = prior.copy()
    for _ in range(STEPS):
        probability = sigmoid(theta @ x)
        gradient = x @ (probability - target) + weight * (theta - prior)
        curvature = np.maximum(probability * (1 - probability), 1e-6)
        step = np.linalg.solve((x * curvature) @ x.T + np.diag(weight), gradient)
        theta -= step / max(1.0, float(np.abs(step).max()))
        theta[0] = max(theta[0], LEAST_SLOPE)
        if np.abs(step).max() < 1e-6:
            break
    return float(theta[0]), float(theta[1])


def sigmoid(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """1 / (1 + exp(-x)) without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))
