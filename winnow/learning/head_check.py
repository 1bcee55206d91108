"""How often a head is wrong, from items that were drawn at random: what it says was tested on nobody's choice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

EDGES = (0.0, 0.05, 0.2, 0.5, 0.8, 1.0)  # of the probability: where positives are rare, most of it is near 0


@dataclass(frozen=True)
class Bin:
    """Items whose probability was in [low, high): what was promised on average and the share that came."""

    low: float
    high: float
    mean_probability: float
    share: float
    count: int


@dataclass(frozen=True)
class HeadCheck:
    """Errors are probabilities on the wrong side of 0.5; low and high bound their rate with 95 %."""

    looks: int
    errors: int
    error_rate: float
    low: float
    high: float
    brier: float
    bins: tuple[Bin, ...]


def check_head(tests: Sequence[tuple[float | None, bool]]) -> HeadCheck | None:
    """Probabilities shown, and whether the items were positive, of random looks; None without any probability."""
    told = [(probability, is_positive) for probability, is_positive in tests if probability is not None]
    if not told:
        return None
    probability = np.array([one for one, _ in told])
    label = np.array([float(one) for _, one in told])
    errors = int(((probability >= 0.5) != (label == 1)).sum())
    low, high = exact_interval(errors, len(told))
    place = np.clip(np.searchsorted(EDGES, probability, "right") - 1, 0, len(EDGES) - 2)
    bins = [
        Bin(EDGES[i], EDGES[i + 1], float(probability[here].mean()), float(label[here].mean()), int(here.sum()))
        for i in range(len(EDGES) - 1)
        if (here := place == i).any()
    ]
    brier = float(((probability - label) ** 2).mean())
    return HeadCheck(len(told), errors, errors / len(told), low, high, brier, tuple(bins))


def exact_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a share from `hits` in n draws (Clopper & Pearson, 1934)."""
    from scipy.special import betaincinv

    half = (1 - confidence) / 2
    low = float(betaincinv(hits, n - hits + 1, half)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - half)) if hits < n else 1.0
    return low, high
