"""A pool of proposals with known truth: four boxes an image, scores that tell much, some boxes twice."""

import numpy as np
from numpy.typing import NDArray

from winnow.learning.attributes import Attributes, build_attributes, logit_scores
from winnow.learning.overlaps import find_overlaps


def scored(n: int, *, n_classes: int = 1) -> tuple[Attributes, NDArray[np.int8]]:
    """The attributes of n proposals and the truth (n,), which the score foretells as it promises."""
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.02, 0.98, n)
    truth = (rng.random(n) < scores).astype(np.int8)
    corner = 30 * rng.integers(0, 2, (n, 2)) + rng.uniform(0, 8, (n, 2))
    classes = rng.integers(1, n_classes + 1, n)
    overlaps = find_overlaps(np.hstack([corner, corner + 20]), np.arange(n) // 4, np.arange(n))
    return build_attributes(logit_scores(scores), classes, n_classes + 1, overlaps), truth
