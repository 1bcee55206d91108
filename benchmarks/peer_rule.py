"""The rule of the tool that Winnow succeeds, for comparison: franchesoni/image-active-learning at commit 69ee47c.

A linear layer on the raw features, PyTorch's default initialisation, plain gradient descent on the binary cross-entropy
(rate 0.1, weight decay 0.01), ten steps on all labels after every fourth one. Eight random items come first; whenever
fewer than two are left in hand, the eight best of the unlabelled ones replace them. Numpy gives the same numbers as
PyTorch here (to 1e-6) and spares the benchmark an import.
"""

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 8
FIT_EVERY = 4
STEPS = 10
RATE = np.float32(0.1)
DECAY = np.float32(0.01)


class LinearLayer:
    """(d,) weights and a bias, float32."""

    def __init__(self, d: int, rng: np.random.Generator) -> None:
        bound = 1 / np.sqrt(d)
        self.weights = rng.uniform(-bound, bound, d).astype(np.float32)
        self.bias = np.float32(rng.uniform(-bound, bound))

    def probability(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-(vectors @ self.weights + self.bias)))

    def fit(self, vectors: NDArray[np.float32], values: NDArray[np.float32]) -> None:
        for _ in range(STEPS):
            probability = self.probability(vectors)
            # BCELoss divides by p (1 - p), but by no less than 1e-12: saturated outputs stop learning.
            spread = probability * (1 - probability)
            slope = (probability - values) * spread / np.maximum(spread, np.float32(1e-12)) / np.float32(len(values))
            self.weights -= RATE * (vectors.T @ slope + DECAY * self.weights)
            self.bias -= RATE * (slope.sum() + DECAY * self.bias)


def peer_order(
    vectors: NDArray[np.float32], truth: NDArray[np.int8], *, strategy: str, positives: int, seed: int
) -> NDArray[np.int64]:
    """The rows in the order in which the peer shows them, until `positives` of them are positive."""
    rng = np.random.default_rng(seed)
    layer = LinearLayer(vectors.shape[1], rng)
    is_open = np.ones(len(vectors), dtype=bool)
    in_hand = list(rng.choice(len(vectors), AT_ONCE, replace=False))
    order: list[int] = []
    found = 0
    current = in_hand.pop(0)
    while True:
        order.append(current)
        is_open[current] = False
        found += int(truth[current])
        if found >= positives or not is_open.any():
            return np.array(order, dtype=np.int64)
        current = None
        while current is None:
            in_hand = in_hand or _best(layer, vectors, is_open, strategy)
            # The item on screen can be among the next eight; showing it twice is not counted against the peer.
            row = in_hand.pop(0)
            current = row if is_open[row] else None
        if len(in_hand) < 2:
            in_hand = _best(layer, vectors, is_open, strategy)
        if len(order) % FIT_EVERY == 0:
            layer.fit(vectors[order], truth[order].astype(np.float32))


def _best(layer: LinearLayer, vectors: NDArray[np.float32], is_open: NDArray[np.bool_], strategy: str) -> list[int]:
    rows = np.flatnonzero(is_open)
    probability = layer.probability(vectors)[rows]
    cost = 1 - probability if strategy == "max_probability" else np.abs(probability - np.float32(0.5))
    return list(rows[np.argsort(cost)[:AT_ONCE]])
