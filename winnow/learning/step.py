"""One step of learning: the current labels in, a new immutable snapshot out. No thread, no clock, no database."""

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from winnow.learning.calibration import calibrate
from winnow.learning.cover import cover_order
from winnow.learning.head import Head, fit_head
from winnow.learning.scores import Scores, next_scores
from winnow.learning.space import FeatureSpace
from winnow.learning.strategies import strategy_named, top_rows

QUEUE_LENGTH = 512
MAX_LANDMARKS = 300  # labels whose likeness to a row makes its decision
CALIBRATION_ROWS = 20_000  # open rows that calibration looks at
MAX_FITTED = 2000  # labels that the head is fitted on; all others are used for calibration


class ModelState(str, Enum):
    COLD = "cold"  # no labels yet
    ONE_CLASS = "one_class"  # labels of one class only
    READY = "ready"  # both classes: there is a head
    EXHAUSTED = "exhausted"  # nothing left to show


@dataclass(frozen=True)
class Labels:
    """What is known of the pool.

    rows (m,) int64 with the current label in values (m,) int8, 0 or 1, oldest verdict first; skipped (k,) int64:
    neither trained on nor shown; unreadable (u,) int64: not shown.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.int8]
    skipped: NDArray[np.int64]
    unreadable: NDArray[np.int64]


@dataclass(frozen=True)
class Snapshot:
    """What the learner knows at one moment; replaced whole, never changed.

    probability (n,) float32 is P(label = 1), NaN for rows without features, None before there are two classes. queue
    (q,) int64 holds the next rows, best first; selection_probability (q,) float32 the chance with which each was
    chosen: 1 for an order that follows from the labels. checked_probability (m,) float32 belongs to the labels' rows,
    each predicted without its own label. priority (n,) float32 is the pool's fixed random order, cover (c,) int64 its
    cold-start order.
    """

    version: int
    state: ModelState
    n_labels: int
    strategy: str
    head: Head | None
    probability: NDArray[np.float32] | None
    queue: NDArray[np.int64]
    selection_probability: NDArray[np.float32]
    checked_probability: NDArray[np.float32] | None
    priority: NDArray[np.float32]
    cover: NDArray[np.int64]
    scores: Scores | None


@dataclass(frozen=True)
class _Fitted:
    head: Head
    scores: Scores
    probability: NDArray[np.float32]
    checked_probability: NDArray[np.float32]


def next_snapshot(
    space: FeatureSpace,
    labels: Labels,
    strategy: str,
    *,
    previous: Snapshot | None,
    rng: np.random.Generator,
    is_hidden: NDArray[np.bool_] | None = None,
    queue_length: int = QUEUE_LENGTH,
) -> Snapshot:
    """Fits the head on the current labels, scores the pool and builds the queue.

    rng is drawn from only where there is no previous snapshot; is_hidden (n,) bool marks rows that are never shown
    (duplicates). Raises UnknownStrategy.
    """
    strategy_named(strategy)
    is_candidate = _candidates(space, labels, is_hidden)
    if previous is None:
        priority = rng.random(space.n, dtype=np.float32)
        cover = cover_order(space, is_candidate, queue_length, rng)
    else:
        priority, cover = previous.priority, previous.cover
    open_rows: NDArray[np.int64] = np.flatnonzero(is_candidate)
    sample = open_rows[:: max(1, len(open_rows) // CALIBRATION_ROWS)]
    fitted = _fit(space, labels, priority, sample, previous.scores if previous else None)
    blank = Snapshot(
        version=previous.version + 1 if previous else 1,
        state=_state(fitted is not None, labels),
        n_labels=len(labels.rows),
        strategy=strategy,
        head=fitted.head if fitted else None,
        probability=fitted.probability if fitted else None,
        queue=np.empty(0, np.int64),
        selection_probability=np.empty(0, np.float32),
        checked_probability=fitted.checked_probability if fitted else None,
        priority=priority,
        cover=cover,
        scores=fitted.scores if fitted else None,
    )
    return reorder(blank, space, labels, strategy, is_hidden=is_hidden, queue_length=queue_length)


def reorder(
    snapshot: Snapshot,
    space: FeatureSpace,
    labels: Labels,
    strategy: str,
    is_hidden: NDArray[np.bool_] | None = None,
    *,
    queue_length: int = QUEUE_LENGTH,
) -> Snapshot:
    """The same snapshot with a new queue, without fitting: after a change of strategy or a skip."""
    chosen = strategy_named(strategy)
    is_candidate = _candidates(space, labels, is_hidden)
    candidates = np.flatnonzero(is_candidate)
    if snapshot.probability is None and not chosen.is_random:
        cover = snapshot.cover[is_candidate[snapshot.cover]]
        is_candidate[cover] = False
        rest = top_rows(snapshot.priority, snapshot.priority, np.flatnonzero(is_candidate), queue_length)
        queue = np.concatenate([cover, rest])[:queue_length]
    else:
        probability = snapshot.priority if snapshot.probability is None else snapshot.probability
        score = chosen.score(probability, snapshot.priority)
        queue = top_rows(score, snapshot.priority, candidates, queue_length)
    chance = 1 / len(candidates) if chosen.is_random and len(candidates) else 1
    state = _state(snapshot.head is not None, labels) if len(candidates) else ModelState.EXHAUSTED
    return replace(
        snapshot,
        state=state,
        strategy=strategy,
        queue=queue,
        selection_probability=np.full(len(queue), chance, np.float32),
    )


def _fit(
    space: FeatureSpace,
    labels: Labels,
    priority: NDArray[np.float32],
    open_rows: NDArray[np.int64],
    previous: Scores | None,
) -> _Fitted | None:
    """The calibrated head and what it says of the pool; None while the usable labels are of one class."""
    usable = np.flatnonzero(space.is_usable[labels.rows])
    values = labels.values[usable]
    if len(np.unique(values)) < 2:
        return None
    rank = priority[labels.rows[usable]]
    is_new = np.arange(len(rank)) >= len(rank) - MAX_FITTED // 2
    chosen = _choose(values, rank + is_new, MAX_FITTED)
    landmarks = _choose(values[chosen], rank[chosen], MAX_LANDMARKS)
    fitted = usable[chosen]
    head, left_out = fit_head(space, labels.rows[fitted], labels.values[fitted], landmarks)
    scores = next_scores(space, head, previous)
    checked = scores.decision[labels.rows]  # labels that the head was not fitted on were left out anyway
    checked[fitted] = left_out
    head = head.calibrated(*calibrate(checked[usable], values, scores.decision[open_rows]))
    probability = head.probability_of(scores.decision)
    probability[~space.is_usable] = np.nan
    checked_probability = head.probability_of(checked)
    checked_probability[~space.is_usable[labels.rows]] = np.nan
    return _Fitted(head, scores, probability, checked_probability)


def _choose(values: NDArray[np.int8], rank: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Positions, ascending, of at most k labels, the highest ranks of each class; the rarer class gets up to half."""
    rare, common = sorted((np.flatnonzero(values == value) for value in (0, 1)), key=len)
    n_rare = max(min(len(rare), k // 2), k - len(common))
    chosen = [of_class[np.argsort(-rank[of_class], kind="stable")] for of_class in (rare, common)]
    return np.sort(np.concatenate([chosen[0][:n_rare], chosen[1][: k - min(n_rare, len(rare))]]))


def _state(has_head: bool, labels: Labels) -> ModelState:
    if has_head:
        return ModelState.READY
    return ModelState.ONE_CLASS if len(labels.rows) else ModelState.COLD


def _candidates(space: FeatureSpace, labels: Labels, is_hidden: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """(n,) bool: rows that may be shown."""
    is_candidate = space.is_usable.copy()
    if is_hidden is not None:
        is_candidate &= ~is_hidden
    for rows in (labels.rows, labels.skipped, labels.unreadable):
        is_candidate[rows] = False
    return is_candidate
