"""One step of learning: the current labels in, a new immutable snapshot out. No thread, no clock, no database."""

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from winnow.learning.attributes import Attributes
from winnow.learning.calibration import calibrate, sigmoid
from winnow.learning.cover import cover_order
from winnow.learning.evidence import fit_evidence
from winnow.learning.fitting import KernelChoice, choose_kernel, fit_labels
from winnow.learning.goals import strategy_of
from winnow.learning.head import Head
from winnow.learning.labels import Labels
from winnow.learning.queueing import Belief, open_rows_of, queue_of
from winnow.learning.scores import Scores, next_scores
from winnow.learning.space import FeatureSpace

QUEUE_LENGTH = 512
CALIBRATION_ROWS = 20_000  # open rows that calibration looks at


class ModelState(str, Enum):
    COLD = "cold"  # no labels yet
    ONE_CLASS = "one_class"  # labels of one class only
    READY = "ready"  # both classes: there is a head
    EXHAUSTED = "exhausted"  # nothing left to show


@dataclass(frozen=True)
class Start:
    """What is shown before there is a head, as somebody chose it: rows (c,) int64, best first, and the way's name."""

    way: str
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Snapshot:
    """What the learner knows at one moment; replaced whole, never changed.

    plan is the name of the goal or strategy that the queue follows. probability (n,) float32 is P(label = 1), NaN for
    rows without features, None before there are two classes. queue (q,) int64 holds the next rows, best first, ways
    (q,) uint8 why each is in it (places in WAYS), and selection_probability (q,) float32 the chance with which each
    was chosen: 1 for an order that follows from the labels. n_open counts the rows that may be shown.
    checked_probability (m,) float32 belongs to the labels' rows, each predicted without its own label. expected (n,)
    float32 is what the scores of a pool of proposals promise while there is no head, None in any other pool. priority
    (n,) and lot (n,) float32 are the pool's fixed random orders, for ties and for random looks; cover (c,) int64 is
    the order before there is a head: start's, or one that covers a pool without scores.
    """

    version: int
    state: ModelState
    n_labels: int
    plan: str
    head: Head | None
    probability: NDArray[np.float32] | None
    queue: NDArray[np.int64]
    ways: NDArray[np.uint8]
    n_open: int
    selection_probability: NDArray[np.float32]
    checked_probability: NDArray[np.float32] | None
    expected: NDArray[np.float32] | None
    priority: NDArray[np.float32]
    lot: NDArray[np.float32]
    cover: NDArray[np.int64]
    start: Start | None
    scores: Scores | None
    kernel: KernelChoice | None


def next_snapshot(
    space: FeatureSpace,
    labels: Labels,
    plan: str,
    *,
    previous: Snapshot | None,
    rng: np.random.Generator,
    is_hidden: NDArray[np.bool_] | None = None,
    attributes: Attributes | None = None,
    start: Start | None = None,
    queue_length: int = QUEUE_LENGTH,
    repeat_share: float = 0.0,
) -> Snapshot:
    """Fits the head on the current labels, scores the pool and builds the queue by a goal or strategy.

    Without a previous snapshot rng draws the fixed random orders, and once the cold-start order; is_hidden (n,) bool
    marks rows that are not shown (duplicates, what is filtered out): they change the queue, never the head. Of the
    items shown in a goal, repeat_share come back. Raises UnknownStrategy.
    """
    strategy_of(plan)
    no_rows = np.empty(0, np.int64)
    unlearnt = Snapshot(
        version=previous.version + 1 if previous else 1,
        state=ModelState.COLD,
        n_labels=len(labels.rows),
        plan=plan,
        head=None,
        probability=None,
        queue=no_rows,
        ways=np.empty(0, np.uint8),
        n_open=0,
        selection_probability=np.empty(0, np.float32),
        checked_probability=None,
        expected=None,
        priority=previous.priority if previous else rng.random(space.n, dtype=np.float32),
        lot=previous.lot if previous else rng.spawn(1)[0].random(space.n, dtype=np.float32),
        cover=previous.cover if previous and start is previous.start else no_rows,
        start=start,
        scores=None,
        kernel=None,
    )
    snapshot = _learn(unlearnt, space, labels, attributes, previous)
    if snapshot.head is None:
        snapshot = _begin(snapshot, space, labels, attributes, is_hidden, queue_length, rng)
    return reorder(snapshot, space, labels, plan, is_hidden, queue_length=queue_length, repeat_share=repeat_share)


def reorder(
    snapshot: Snapshot,
    space: FeatureSpace,
    labels: Labels,
    plan: str,
    is_hidden: NDArray[np.bool_] | None = None,
    *,
    queue_length: int = QUEUE_LENGTH,
    repeat_share: float = 0.0,
) -> Snapshot:
    """The same snapshot with a new queue, without fitting: after a change of plan or a skip."""
    belief = Belief(
        probability=snapshot.probability,
        expected=snapshot.expected,
        checked_probability=snapshot.checked_probability,
        cover=snapshot.cover,
        start_way=snapshot.start.way if snapshot.start else "cover",
        is_start_chosen=snapshot.start is not None,
        priority=snapshot.priority,
        lot=snapshot.lot,
    )
    is_open = open_rows_of(space, labels, is_hidden)
    queue = queue_of(belief, space, labels, plan, is_open, queue_length, repeat_share=repeat_share)
    return replace(
        snapshot,
        state=_state(snapshot, queue.n_open),
        plan=plan,
        queue=queue.rows,
        ways=queue.ways,
        n_open=queue.n_open,
        selection_probability=queue.chance,
    )


def _begin(
    snapshot: Snapshot,
    space: FeatureSpace,
    labels: Labels,
    attributes: Attributes | None,
    is_hidden: NDArray[np.bool_] | None,
    queue_length: int,
    rng: np.random.Generator,
) -> Snapshot:
    """The snapshot with what is shown before there is a head: what somebody chose, the scores' order, or a cover."""
    if attributes is not None:
        snapshot = replace(snapshot, expected=_expected(space, labels, attributes))
    if snapshot.start is not None:
        return replace(snapshot, cover=snapshot.start.rows)
    if attributes is not None or len(snapshot.cover):
        return snapshot
    known = np.concatenate([labels.rows, labels.skipped])[-queue_length:]
    is_open = open_rows_of(space, labels, is_hidden)
    return replace(snapshot, cover=cover_order(space, is_open, known, queue_length, rng))


def _learn(
    snapshot: Snapshot, space: FeatureSpace, labels: Labels, attributes: Attributes | None, previous: Snapshot | None
) -> Snapshot:
    """The snapshot with a calibrated head and what it says of the pool; as it was while there is one class only."""
    usable = np.flatnonzero(space.is_usable[labels.rows])
    values = labels.values[usable]
    if len(np.unique(values)) < 2:  # boxes drawn by hand alone say nothing of what the pool's positives look like
        return snapshot
    rank = snapshot.priority[labels.rows[usable]]
    kernel = choose_kernel(space, labels.rows[usable], values, rank, previous.kernel if previous else None)
    head, fitted, left_out = fit_labels(space, labels, usable, rank, kernel.gamma)
    scores = next_scores(space, head, previous.scores if previous else None)
    decision, checked = scores.decision, scores.decision[labels.rows]
    checked[fitted] = left_out  # labels that the head was not fitted on were left out anyway
    if attributes is not None:
        head, decision, checked = _with_evidence(head, decision, checked, labels, usable, attributes)
    open_rows = np.flatnonzero(
        open_rows_of(space, labels, None, with_set_aside=True)
    )  # hidden ones too: the head is the same whatever is shown
    sample = open_rows[:: max(1, len(open_rows) // CALIBRATION_ROWS)]
    head = head.calibrated(*calibrate(checked[usable], values, decision[sample]))
    return replace(
        snapshot,
        head=head,
        probability=np.where(space.is_usable, head.probability_of(decision), np.float32(np.nan)),
        checked_probability=np.where(space.is_usable[labels.rows], head.probability_of(checked), np.float32(np.nan)),
        scores=scores,
        kernel=kernel,
    )


def _with_evidence(
    head: Head,
    decision: NDArray[np.float32],
    checked: NDArray[np.float32],
    labels: Labels,
    usable: NDArray[np.int64],
    attributes: Attributes,
) -> tuple[Head, NDArray[np.float32], NDArray[np.float32]]:
    """The head, the pool's decisions (n,) and the labels' left-out ones (m,), now also by what the proposals say."""
    told = attributes.told(labels.rows, labels.values)
    rows, values = labels.rows[usable], labels.values[usable]
    evidence, left_out = fit_evidence(attributes, told, rows, values, checked[usable])
    weight = np.float32(evidence.kernel_weight)
    head = replace(
        head,
        coefficients=weight * head.coefficients,
        attributes=evidence.table(attributes, told),
        weights=evidence.table_weights,
    )
    checked[usable] = left_out
    return head, head.with_attributes(weight * decision), checked


def _expected(space: FeatureSpace, labels: Labels, attributes: Attributes) -> NDArray[np.float32]:
    """(n,) P(label = 1) by the proposals' attributes and the labels of one class, or none."""
    told = attributes.told(labels.rows, labels.values)
    rows = space.is_usable[labels.rows]
    evidence, _ = fit_evidence(attributes, told, labels.rows[rows], labels.values[rows])
    return sigmoid(evidence.table(attributes, told) @ evidence.table_weights)


def _state(snapshot: Snapshot, n_open: int) -> ModelState:
    if n_open == 0:
        return ModelState.EXHAUSTED
    if snapshot.head is not None:
        return ModelState.READY
    return ModelState.ONE_CLASS if snapshot.n_labels else ModelState.COLD
