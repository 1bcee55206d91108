"""One step of learning: the current labels in, a new immutable snapshot out. No thread, no clock, no database."""

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from winnow.learning.cover import cover_order
from winnow.learning.head import Head, fit_head
from winnow.learning.space import FeatureSpace
from winnow.learning.strategies import strategy_named, top_rows

QUEUE_LENGTH = 512


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
    head, probability, checked = None, None, None
    trained = np.flatnonzero(space.is_usable[labels.rows])
    rows, values = labels.rows[trained], labels.values[trained]
    if len(np.unique(values)) == 2:
        head, left_out = fit_head(space, rows, values)
        probability = head.probability(space)
        probability[~space.is_usable] = np.nan
        checked = np.full(len(labels.rows), np.nan, np.float32)
        checked[trained] = left_out
    blank = Snapshot(
        version=previous.version + 1 if previous else 1,
        state=_state(head, labels),
        n_labels=len(labels.rows),
        strategy=strategy,
        head=head,
        probability=probability,
        queue=np.empty(0, np.int64),
        selection_probability=np.empty(0, np.float32),
        checked_probability=checked,
        priority=priority,
        cover=cover,
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
    state = _state(snapshot.head, labels) if len(candidates) else ModelState.EXHAUSTED
    return replace(
        snapshot,
        state=state,
        strategy=strategy,
        queue=queue,
        selection_probability=np.full(len(queue), chance, np.float32),
    )


def _state(head: Head | None, labels: Labels) -> ModelState:
    if head is not None:
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
