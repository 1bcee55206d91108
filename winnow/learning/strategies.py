"""Strategies: probabilities in, one score per row out; higher = show sooner."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from winnow.errors import UnknownStrategy

# Why an item was shown: a strategy's name, what stands in for it while there is no head, or what a goal mixes in.
WAYS = (
    "entropy",
    "max_probability",
    "random",
    "cover",
    "score",
    "example",
    "unusual",
    "tour",
    "disagreement",
    "repeat",
)
Score = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class Strategy:
    """One way of choosing what to show next.

    score(probability, priority) takes two (k,) float32 arrays, P(label = 1) and a fixed random number per row, both in
    [0, 1], and returns (k,) finite float32. is_random says that the order does not depend on the labels; it goes by a
    random number of its own.
    """

    name: str
    label: str
    help: str
    score: Score
    is_random: bool = False


def _entropy(probability: NDArray[np.float32], priority: NDArray[np.float32]) -> NDArray[np.float32]:
    # The same order as the entropy of two classes, and it keeps its digits near 0 and 1.
    return 0.5 - np.abs(probability - 0.5)


def _max_probability(probability: NDArray[np.float32], priority: NDArray[np.float32]) -> NDArray[np.float32]:
    return probability


def _random(probability: NDArray[np.float32], priority: NDArray[np.float32]) -> NDArray[np.float32]:
    return priority


STRATEGIES: dict[str, Strategy] = {
    "entropy": Strategy(
        "entropy",
        "Most uncertain first",
        "Shows what the model is least sure about: teaches it fastest.",
        _entropy,
    ),
    "max_probability": Strategy(
        "max_probability",
        "Most likely positive first",
        "Shows what the model believes to be positive: finds the rare ones with the fewest verdicts.",
        _max_probability,
    ),
    "random": Strategy(
        "random",
        "Random order",
        "Shows a fair sample of the pool: for honest estimates of how many there are.",
        _random,
        is_random=True,
    ),
}


def strategy_named(name: str) -> Strategy:
    """The strategy of that name; raises UnknownStrategy naming those there are."""
    if name not in STRATEGIES:
        raise UnknownStrategy(f"There is no strategy {name!r}; choose one of {', '.join(STRATEGIES)}.")
    return STRATEGIES[name]


def top_rows(
    score: NDArray[np.float32], priority: NDArray[np.float32], candidates: NDArray[np.int64], k: int
) -> NDArray[np.int64]:
    """The k best of the candidates, best first; score and priority are (n,), ties go by priority, then by row."""
    if k == 0:
        return candidates[:0]
    scores = score[candidates]
    if k < len(candidates):
        # Everything that ties with the k-th best stays in, so that priority decides and not the partition's order.
        kth_best = np.partition(scores, len(scores) - k)[len(scores) - k]
        is_kept = scores >= kth_best
        candidates, scores = candidates[is_kept], scores[is_kept]
    order = np.lexsort((candidates, -priority[candidates], -scores))
    return candidates[order[:k]]
