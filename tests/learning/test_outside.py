"""Boxes drawn by hand: positives that the head learns from, though the pool has no row of them."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from learning_helpers import clustered, labels_of, space_of

from winnow.learning import fitting, scores
from winnow.learning.learner import Learner
from winnow.learning.step import Labels, Snapshot, next_snapshot

VECTORS, TRUTH = clustered(200)
SPACE = space_of(VECTORS)
LABELS = labels_of([0, 1, 2, 3, 4, 10], TRUTH)
POSITIVES = np.flatnonzero(TRUTH)[5:9]


def _next(space, labels: Labels, previous: Snapshot | None = None) -> Snapshot:
    return next_snapshot(space, labels, "entropy", previous=previous, rng=np.random.default_rng(0))


def test_a_row_outside_has_the_likeness_that_its_vector_would_have_as_a_row():
    space = SPACE.with_outside(VECTORS[[7, 9]]).with_outside(VECTORS[[11]])
    rows, same = np.array([3, 200, 5, 201, 202]), np.array([3, 7, 5, 9, 11])
    np.testing.assert_allclose(space.unit_rows(rows), SPACE.unit_rows(same), atol=1e-6)
    np.testing.assert_allclose(space.directions(rows), SPACE.directions(same), atol=1e-6)


def test_an_example_outside_teaches_what_a_positive_row_would():
    space = SPACE.with_outside(VECTORS[POSITIVES])
    with_outside = _next(space, dataclasses.replace(LABELS, outside=np.arange(200, 204)))
    without = _next(space, LABELS)
    truth = TRUTH == 1
    assert with_outside.probability[truth].mean() > without.probability[truth].mean() + 0.05
    assert with_outside.head.landmarks.tolist() == [200, 201, 202, 203, 0, 1, 2, 3, 4, 10]
    assert with_outside.n_labels == 6
    assert len(with_outside.checked_probability) == 6
    assert not np.isin(with_outside.queue, np.arange(200, 204)).any()


def test_examples_outside_alone_make_no_head():
    space = SPACE.with_outside(VECTORS[POSITIVES])
    snapshot = _next(space, dataclasses.replace(labels_of([1, 2], TRUTH), outside=np.arange(200, 204)))
    assert snapshot.head is None


def test_checked_probabilities_stay_those_of_the_labels_when_few_are_fitted(monkeypatch):
    monkeypatch.setattr(fitting, "MAX_FITTED", 6)
    space = SPACE.with_outside(VECTORS[POSITIVES])
    labels = dataclasses.replace(labels_of(np.arange(0, 60), TRUTH), outside=np.arange(200, 204))
    checked = _next(space, labels).checked_probability
    assert checked.shape == (60,)
    assert checked[labels.values == 1].mean() > 0.5 > checked[labels.values == 0].mean()


def test_scores_brought_up_to_date_bit_by_bit_come_to_the_heads_own(monkeypatch):
    labels = dataclasses.replace(LABELS, outside=np.arange(200, 204))
    space = SPACE.with_outside(VECTORS[POSITIVES])
    exact = _next(space, labels)
    monkeypatch.setattr(scores, "STEP_PRODUCTS", 3 * space.n * space.d)
    snapshot = _next(SPACE, LABELS)
    for _ in range(6):
        snapshot = _next(space, labels, snapshot)
    np.testing.assert_allclose(snapshot.probability, exact.probability, atol=1e-5)


@pytest.fixture
def shelf() -> list[Labels]:
    return [LABELS]


@pytest.fixture
def learner(shelf: list[Labels]) -> Iterator[Learner]:
    learner = Learner(
        SPACE,
        lambda: (shelf[-1], len(shelf)),
        plan="entropy",
        rng=np.random.default_rng(0),
        is_hidden=np.zeros(200, bool),
    )
    yield learner
    learner.close()


def _learnt_next(learner: Learner, shelf: list[Labels]) -> list[int]:
    """The landmarks after one more event."""
    shelf.append(LABELS)
    learner.wake()
    head = learner.wait_for(len(shelf), timeout_s=60).snapshot.head
    assert head is not None
    return head.landmarks.tolist()


def test_examples_count_from_the_next_verdict_and_keep_their_rows(learner: Learner, shelf: list[Labels]):
    pool = [0, 1, 2, 3, 4, 10]
    shown = learner.learnt
    learner.set_outside(np.array([900, 800], np.uint64), VECTORS[POSITIVES[:2]])
    assert learner.learnt is shown
    assert _learnt_next(learner, shelf) == [200, 201, *pool]
    learner.set_outside(np.array([700, 800], np.uint64), VECTORS[POSITIVES[[2, 1]]])
    assert _learnt_next(learner, shelf) == [202, 201, *pool]
    learner.set_outside(np.empty(0, np.uint64), np.empty((0, 24), np.float32))
    assert _learnt_next(learner, shelf) == pool
