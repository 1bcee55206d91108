"""Which images to review next: how unsure the detector's own boxes are, how unlike each other the images."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from winnow.errors import ProposalError
from winnow.pool import Pool

_CHUNK_ROWS = 1 << 15  # of the features in memory at a time
_STRATA = 4  # parts of the candidates by uncertainty
_BALANCED_OF = 4  # classes are balanced among so many times the images wanted, so that the surest stay out
_DECIMALS = 9  # beyond them, rounding would decide between equals
_LEAST = 1e-9  # keeps log(0) and division by 0 out
_GREATEST_VARIANCE = 0.25  # of numbers in 0 … 1


@dataclass(frozen=True)
class RankingOptions:
    """How images are ranked.

    The weights are of 1 − max confidence, of the confidences' variance and of their mean entropy; they need not sum
    to 1. `min_uncertainty` leaves out surer images, `max_samples` is the most that are answered. `diversity` is a name
    of DIVERSITY; `balance_classes` prefers images whose classes are rarest in `class_counts` so far. Raises
    ProposalError for what makes no sense.
    """

    weight_confidence: float = 0.4
    weight_variance: float = 0.3
    weight_entropy: float = 0.3
    min_uncertainty: float = 0.0
    max_samples: int = 20
    diversity: str = "none"
    balance_classes: bool = False
    class_counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weights = (self.weight_confidence, self.weight_variance, self.weight_entropy)
        if not (min(weights) >= 0 and 0 < sum(weights) < np.inf):
            raise ProposalError(f"The weights of uncertainty must be 0 or more and not all 0, got {weights}.")
        if not 0 <= self.min_uncertainty <= 1:
            raise ProposalError(f"The least uncertainty must lie in 0 … 1, got {self.min_uncertainty}.")
        if self.max_samples < 1:
            raise ProposalError(f"At least 1 image must be asked for, got {self.max_samples}.")
        if self.diversity not in DIVERSITY:
            raise ProposalError(f"There is no diversity {self.diversity!r}; there are {', '.join(DIVERSITY)}.")


@dataclass(frozen=True)
class RankedImage:
    """An image to review; uncertainty and its parts lie in 0 … 1, higher = review sooner."""

    path: str
    uncertainty: float
    parts: dict[str, float]  # confidence, variance, entropy
    n_boxes: int


@dataclass(frozen=True)
class ImageUncertainty:
    """Arrays (k,) over `pool.paths`: the three parts in 0 … 1, and the number of boxes with a score."""

    confidence: np.ndarray
    variance: np.ndarray
    entropy: np.ndarray
    n_boxes: np.ndarray

    def total(self, options: RankingOptions) -> np.ndarray:
        """(k,) float64 in 0 … 1: the weighted mean of the parts; 1 for an image without boxes.

        That nothing was found is no evidence that nothing is there: a detector that misses whole images would
        otherwise never be shown them.
        """
        weights = np.array([options.weight_confidence, options.weight_variance, options.weight_entropy])
        parts = np.stack([self.confidence, self.variance, self.entropy])
        return np.where(self.n_boxes == 0, 1.0, weights @ parts / weights.sum())


def image_uncertainty(pool: Pool) -> ImageUncertainty:
    """How unsure the scores of each image's boxes are.

    confidence: 1 − the highest score. variance: of the scores, over its greatest possible value ¼. entropy: mean binary
    entropy of the scores in bits. All 1 where an image has no box with a score.
    """
    rows = np.flatnonzero(~np.isnan(pool.boxes_xyxy[:, 0]) & ~pool.is_duplicate & ~np.isnan(pool.scores))
    images, scores = pool.path_codes[rows], np.clip(pool.scores[rows], 0.0, 1.0)
    n_boxes = np.bincount(images, minlength=len(pool.paths))
    highest = np.zeros(len(pool.paths))
    np.maximum.at(highest, images, scores)
    mean = _mean(scores, images, n_boxes)
    variance = _mean((scores - mean[images]) ** 2, images, n_boxes) / _GREATEST_VARIANCE
    likely = np.clip(scores, _LEAST, 1 - _LEAST)
    entropy = _mean(-likely * np.log2(likely) - (1 - likely) * np.log2(1 - likely), images, n_boxes)
    is_empty = n_boxes == 0
    confidence, variance, entropy = (np.where(is_empty, 1.0, part) for part in (1 - highest, variance, entropy))
    return ImageUncertainty(confidence, variance, entropy, n_boxes)


def rank_images(
    pool: Pool,
    options: RankingOptions,
    candidates: Sequence[str] | None = None,
    features: np.ndarray | None = None,
    *,
    rng: np.random.Generator,
) -> list[RankedImage]:
    """At most `max_samples` images to review, first things first; the same seed gives the same list.

    candidates: paths of the pool, None = all; unknown ones are left out. features: (n, d), a row an item of the pool,
    needed for the diversity `kmeans`: an image's are the mean of its items' that are finite. Ties are broken by chance.
    """
    parts = image_uncertainty(pool)
    total = parts.total(options)
    codes = _codes(pool, candidates)
    codes = codes[total[codes] >= options.min_uncertainty]
    codes = codes[np.lexsort((rng.permutation(len(codes)), -total[codes]))]
    order = DIVERSITY[options.diversity](Choice(pool, codes, total[codes], options.max_samples, features, rng))
    codes = codes[order]
    if options.balance_classes:
        codes = _balanced(pool, codes, options)
    return [_ranked(pool, parts, total, code) for code in codes[: options.max_samples].tolist()]


@dataclass(frozen=True)
class Choice:
    """What a diversity chooses from: image codes (c,), most uncertain first, with their uncertainty (c,)."""

    pool: Pool
    codes: np.ndarray
    uncertainty: np.ndarray
    n_wanted: int
    features: np.ndarray | None
    rng: np.random.Generator


def _by_uncertainty(choice: Choice) -> np.ndarray:
    return np.arange(len(choice.codes))


def _by_cluster(choice: Choice) -> np.ndarray:
    """The most uncertain of each cluster of like images in turn (k-means, Lloyd 1982, on normalised features)."""
    if choice.features is None:
        raise ProposalError("k-means needs the pool's features. Compute them first, or choose another diversity.")
    if len(choice.codes) <= 1:
        return _by_uncertainty(choice)
    from sklearn.cluster import KMeans

    vectors = _image_vectors(choice.pool, choice.codes, choice.features)
    n_clusters = min(choice.n_wanted, len(np.unique(vectors, axis=0)))
    seed = int(choice.rng.integers(2**31))
    return _in_turn(KMeans(n_clusters, n_init=3, random_state=seed).fit_predict(vectors))


def _by_stratum(choice: Choice) -> np.ndarray:
    """The next of each quarter of the candidates by uncertainty in turn: sure images stay in the sample."""
    quantiles = np.arange(len(choice.codes)) * _STRATA // max(1, len(choice.codes))
    return _in_turn(quantiles)


# name -> the order (c,) of the candidates' places
DIVERSITY: dict[str, Callable[[Choice], np.ndarray]] = {
    "none": _by_uncertainty,
    "kmeans": _by_cluster,
    "stratified": _by_stratum,
}


def _in_turn(groups: np.ndarray) -> np.ndarray:
    """Places (c,) so that the first of every group comes first, then the second ones; within a turn by place."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], groups[order])
    turn = np.empty(len(groups), np.int64)
    turn[order] = np.arange(len(groups)) - starts
    return np.lexsort((np.arange(len(groups)), turn))


def _image_vectors(pool: Pool, codes: np.ndarray, features: np.ndarray) -> np.ndarray:
    """(c, d) float32 unit vectors: the mean of each image's items; zeros where an image has none that is finite."""
    place = np.full(len(pool.paths), -1, np.int64)
    place[codes] = np.arange(len(codes))
    rows = np.flatnonzero((place[pool.path_codes] >= 0) & ~pool.is_duplicate)
    sums = np.zeros((len(codes), features.shape[1]), np.float32)
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = rows[start : start + _CHUNK_ROWS]
        vectors = np.asarray(features[chunk], np.float32)
        is_finite = np.isfinite(vectors).all(axis=1)
        np.add.at(sums, place[pool.path_codes[chunk[is_finite]]], vectors[is_finite])
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)


def _balanced(pool: Pool, codes: np.ndarray, options: RankingOptions) -> np.ndarray:
    """Greedily the image whose classes are rarest so far, of the first few times as many as are wanted.

    Rarity is the mean of 1 / (1 + count) over the image's classes, weighted by how sure the detector is of each; a
    chosen image adds those weights to the counts. Of equal images the earlier comes first.
    """
    codes = codes[: _BALANCED_OF * options.max_samples]
    counts = np.array([options.class_counts.get(pool.classes[code], 0) for code in range(len(pool.classes))], float)
    holds = _holds_classes(pool, codes)
    shares = holds / np.maximum(holds.sum(axis=1, keepdims=True), _LEAST)
    is_left = np.ones(len(codes), bool)
    chosen: list[int] = []
    for _ in range(min(options.max_samples, len(codes))):
        rarity = np.round(shares @ (1 / (1 + counts)), _DECIMALS)
        best = int(np.where(is_left, rarity, -1.0).argmax())
        chosen.append(best)
        is_left[best] = False
        counts += holds[best]
    return codes[np.array(chosen, np.int64)]


def _holds_classes(pool: Pool, codes: np.ndarray) -> np.ndarray:
    """(c, classes) float64: the highest score of an image's proposals of the class, 0 without any."""
    place = np.full(len(pool.paths), -1, np.int64)
    place[codes] = np.arange(len(codes))
    rows = np.flatnonzero((place[pool.path_codes] >= 0) & (pool.class_codes >= 0) & ~pool.is_duplicate)
    holds = np.zeros((len(codes), len(pool.classes)))
    scores = np.clip(np.nan_to_num(pool.scores[rows], nan=1.0), 0, 1)
    np.maximum.at(holds, (place[pool.path_codes[rows]], pool.class_codes[rows]), scores)
    return holds


def _codes(pool: Pool, candidates: Sequence[str] | None) -> np.ndarray:
    if candidates is None:
        return np.arange(len(pool.paths))
    wanted = set(candidates)
    return np.array([code for code in range(len(pool.paths)) if pool.paths[code] in wanted], np.int64)


def _mean(values: np.ndarray, images: np.ndarray, n_boxes: np.ndarray) -> np.ndarray:
    return np.bincount(images, values, len(n_boxes)) / np.maximum(n_boxes, 1)


def _ranked(pool: Pool, parts: ImageUncertainty, total: np.ndarray, code: int) -> RankedImage:
    named = {name: float(getattr(parts, name)[code]) for name in ("confidence", "variance", "entropy")}
    return RankedImage(pool.paths[code], float(total[code]), named, int(parts.n_boxes[code]))
