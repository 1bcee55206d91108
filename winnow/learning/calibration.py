"""From decision values to probabilities that mean something."""

import numpy as np
from numpy.typing import NDArray

PRIOR_SLOPE = 3.0  # a decision of usual size is 5 % or 95 % before the labels say otherwise
PRIOR_WEIGHT = 2.0
LEAST_SLOPE = 0.3  # a higher decision never means a lower probability
STEPS = 20
LABELS_A_BIN = 10
MAX_BINS = 10
LEAST_SHARE = 0.01  # of the open rows, so that no label stops counting


def calibrate(
    decision: NDArray[np.float32], values: NDArray[np.int8], open_decision: NDArray[np.float32]
) -> tuple[float, float]:
    """slope and offset such that P(label = 1) = sigmoid(slope * decision + offset) for open rows.

    decision (m,) must come from fits that did not see the label in question; values (m,) 0 or 1; open_decision (k,) is
    that of rows without a label. A strategy chooses what is labelled, so the labels are weighted to spread as the open
    rows do (covariate shift: Shimodaira, 2000), in the one dimension that counts.
    """
    scale = float(np.sqrt(np.mean(np.square(decision, dtype=np.float64)))) or 1.0
    slope, offset = _platt(decision.astype(np.float64) / scale, values == 1, _importance(decision, open_decision))
    share = float((values.sum() + 1) / (len(values) + 2))
    return slope / scale, _bounded(slope / scale, offset, open_decision, share)


def _platt(
    x: NDArray[np.float64], is_positive: NDArray[np.bool_], importance: NDArray[np.float64]
) -> tuple[float, float]:
    """A penalised logistic fit with softened targets (Platt, 1999), by Newton's method (Lin, Lin & Weng, 2007)."""
    positives = int(is_positive.sum())
    target = np.where(is_positive, (positives + 1) / (positives + 2), 1 / (len(x) - positives + 2))
    design = np.stack([x, np.ones(len(x))])
    prior, weight = np.array([PRIOR_SLOPE, 0.0]), np.array([PRIOR_WEIGHT, 1e-3])
    theta = prior.copy()
    for _ in range(STEPS):
        probability = sigmoid(theta @ design)
        gradient = design @ (importance * (probability - target)) + weight * (theta - prior)
        curvature = importance * np.maximum(probability * (1 - probability), 1e-6)
        step = np.linalg.solve((design * curvature) @ design.T + np.diag(weight), gradient)
        theta -= step / max(1.0, float(np.abs(step).max()))
        theta[0] = max(theta[0], LEAST_SLOPE)
        if np.abs(step).max() < 1e-6:
            break
    return float(theta[0]), float(theta[1])


def _bounded(slope: float, offset: float, open_decision: NDArray[np.float32], share: float) -> float:
    """The offset, lowered until the rest of the pool promises no larger share of positives than the labels have.

    Every strategy but random order looks for positives; what it has left over is poorer than what it took.
    """
    for _ in range(STEPS if len(open_decision) else 0):
        promised = float(sigmoid(slope * open_decision + offset).mean())
        if promised <= share * 1.01:
            break
        offset += np.log(share / (1 - share)) - np.log(promised / (1 - promised))
    return float(offset)


def _importance(decision: NDArray[np.float32], open_decision: NDArray[np.float32]) -> NDArray[np.float64]:
    """(m,) weights of mean 1 that give each stretch of the labels' decisions the weight it has among the open rows."""
    if len(open_decision) == 0:
        return np.ones(len(decision))
    n_bins = int(np.clip(len(decision) // LABELS_A_BIN, 1, MAX_BINS))
    edges = np.quantile(decision, np.linspace(0, 1, n_bins + 1)[1:-1])
    label_bin = np.searchsorted(edges, decision)
    pool_bin = np.searchsorted(edges, open_decision)
    labels_in = np.bincount(label_bin, minlength=n_bins)
    pool_in = np.bincount(pool_bin, minlength=n_bins) / len(pool_bin)
    importance = np.maximum(pool_in[label_bin], LEAST_SHARE) / labels_in[label_bin]
    return importance / importance.mean()


def sigmoid(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """1 / (1 + exp(-x)) without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))
