import dataclasses

import numpy as np
import pytest
from learning_helpers import NO_ROWS, clustered, labels_of, space_of

from winnow.learning import fitting, scores
from winnow.learning.head import Head
from winnow.learning.step import Labels, ModelState, Snapshot, next_snapshot, reorder

VECTORS, TRUTH = clustered(400)
SPACE = space_of(VECTORS)
TWO_CLASSES = [0, 1, 2, 3, 10, 20]


def _next(labels: Labels, previous: Snapshot | None = None, strategy: str = "max_probability", **more) -> Snapshot:
    rng = np.random.default_rng(0)
    return next_snapshot(SPACE, labels, strategy, previous=previous, rng=rng, **more)


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([], ModelState.COLD),
        ([1], ModelState.ONE_CLASS),
        ([0, 10], ModelState.ONE_CLASS),
        ([0, 1], ModelState.READY),
        (list(range(400)), ModelState.EXHAUSTED),
    ],
)
def test_state_says_what_is_known(rows: list[int], state: ModelState):
    snapshot = _next(labels_of(rows, TRUTH))
    assert (snapshot.state, snapshot.n_labels) == (state, len(rows))


def test_a_few_labels_put_the_positives_first():
    queue = _next(labels_of(TWO_CLASSES, TRUTH)).queue
    assert TRUTH[queue[:37]].sum() >= 35
    assert TRUTH.sum() - TRUTH[TWO_CLASSES].sum() == 37


def test_probability_is_of_every_row_and_above_a_half_for_the_positives():
    probability = _next(labels_of(TWO_CLASSES, TRUTH)).probability
    assert probability.shape == (400,)
    assert probability.dtype == np.float32
    assert np.median(probability[TRUTH == 1]) > 0.5 > np.median(probability[TRUTH == 0])


def test_rows_that_must_not_be_shown_are_never_queued():
    vectors = VECTORS.copy()
    vectors[30] = np.nan
    space = space_of(vectors)
    is_hidden = np.arange(400) == 40
    labels = Labels(np.array([0, 1]), np.array([1, 0], np.int8), np.array([50]), np.array([60]))
    for strategy in ("max_probability", "random"):
        for known in (labels, dataclasses.replace(labels, rows=NO_ROWS, values=np.empty(0, np.int8))):
            rng = np.random.default_rng(0)
            snapshot = next_snapshot(space, known, strategy, previous=None, rng=rng, is_hidden=is_hidden)
            expected = set(range(400)) - {30, 40, 50, 60} - set(known.rows.tolist())
            assert set(snapshot.queue.tolist()) == expected


def test_skipped_rows_are_not_trained_on():
    with_skip = _next(labels_of(TWO_CLASSES, TRUTH, skipped=[33]))
    without = _next(labels_of(TWO_CLASSES, TRUTH))
    np.testing.assert_array_equal(with_skip.probability, without.probability)


def test_labels_without_features_are_left_out_of_the_fit():
    vectors = VECTORS.copy()
    vectors[7] = np.nan
    space = space_of(vectors)
    rng = np.random.default_rng(0)
    labels = Labels(np.array([7, 0, 1]), np.array([1, 1, 0], np.int8), NO_ROWS, NO_ROWS)
    snapshot = next_snapshot(space, labels, "entropy", previous=None, rng=rng)
    assert snapshot.n_labels == 3
    assert snapshot.head.landmarks.tolist() == [0, 1]
    assert np.isnan(snapshot.checked_probability).tolist() == [True, False, False]
    assert np.flatnonzero(np.isnan(snapshot.probability)).tolist() == [7]


def test_the_queue_is_no_longer_than_asked_for():
    snapshot = _next(labels_of(TWO_CLASSES, TRUTH), queue_length=5)
    whole = _next(labels_of(TWO_CLASSES, TRUTH))
    assert snapshot.queue.tolist() == whole.queue[:5].tolist()
    assert snapshot.selection_probability.tolist() == [1.0] * 5


def test_versions_count_up_and_earlier_snapshots_stay_as_they_were():
    first = _next(labels_of(TWO_CLASSES, TRUTH))
    before = first.probability.copy()
    second = _next(labels_of([*TWO_CLASSES, 50], TRUTH), previous=first)
    assert (first.version, second.version) == (1, 2)
    np.testing.assert_array_equal(first.probability, before)
    assert (second.probability != before).any()


def test_taking_back_a_label_gives_the_same_model_as_never_having_it():
    first = _next(labels_of(TWO_CLASSES, TRUTH))
    more = _next(labels_of([*TWO_CLASSES, 50], TRUTH), previous=first)
    back = _next(labels_of(TWO_CLASSES, TRUTH), previous=more)
    np.testing.assert_array_equal(back.queue, first.queue)


def test_back_to_one_class_means_no_head():
    first = _next(labels_of([0, 1], TRUTH))
    back = _next(labels_of([1], TRUTH), previous=first)
    assert (back.state, back.head, back.probability) == (ModelState.ONE_CLASS, None, None)


def test_reorder_keeps_the_model_and_equals_a_step_with_that_strategy():
    labels = labels_of(TWO_CLASSES, TRUTH)
    first = _next(labels)
    reordered = reorder(first, SPACE, labels, "entropy")
    assert reordered.head is first.head
    assert reordered.plan == "entropy"
    np.testing.assert_array_equal(reordered.queue, _next(labels, strategy="entropy").queue)


def test_a_skip_taken_back_opens_an_exhausted_pool():
    rows = list(range(399))
    exhausted = _next(labels_of(rows, TRUTH, skipped=[399]))
    assert exhausted.state is ModelState.EXHAUSTED
    opened = reorder(exhausted, SPACE, labels_of(rows, TRUTH), "entropy")
    assert (opened.state, opened.queue.tolist()) == (ModelState.READY, [399])


def test_a_wrong_label_is_the_most_suspicious():
    values = TRUTH[:100].copy()
    values[55] = 1 - values[55]
    labels = Labels(np.arange(100), values, NO_ROWS, NO_ROWS)
    checked = _next(labels).checked_probability
    assert np.abs(values - checked).argmax() == 55


def test_a_large_pool_is_scored_column_by_column_towards_the_head(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scores, "STEP_PRODUCTS", 3 * VECTORS.size)
    monkeypatch.setattr(scores, "START_PRODUCTS", 10 * VECTORS.size)
    snapshot = _next(labels_of(list(range(40)), TRUTH))
    assert len(snapshot.scores.rows) == 10
    off = []
    for _ in range(15):
        snapshot = _next(labels_of(list(range(40)), TRUTH), previous=snapshot)
        off.append(np.abs(snapshot.scores.decision - snapshot.head.decision(SPACE)).max())
    assert off[0] > 0.01
    assert off[-1] < 1e-4


def test_a_large_pool_takes_back_the_column_of_a_label_that_is_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scores, "STEP_PRODUCTS", 5 * VECTORS.size)
    first = _next(labels_of(TWO_CLASSES, TRUTH))
    second = _next(labels_of([*TWO_CLASSES, 50], TRUTH), previous=first)
    third = _next(labels_of(TWO_CLASSES, TRUTH), previous=second)
    assert sorted(third.scores.rows.tolist()) == sorted(TWO_CLASSES)
    np.testing.assert_allclose(third.probability, first.probability, atol=0.05)


def test_with_many_labels_the_head_rests_on_some_and_all_are_checked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fitting, "MAX_LANDMARKS", 60)
    monkeypatch.setattr(fitting, "MAX_FITTED", 200)
    snapshot = _next(labels_of(list(range(300)), TRUTH))
    assert TRUTH[snapshot.head.landmarks].tolist().count(1) == 30
    assert len(snapshot.head.landmarks) == 60
    assert snapshot.checked_probability.shape == (300,)
    assert ((snapshot.checked_probability > 0.5) == TRUTH[:300]).mean() > 0.97


def test_the_head_alone_gives_the_snapshots_probability():
    snapshot = _next(labels_of(TWO_CLASSES, TRUTH))
    assert isinstance(snapshot.head, Head)
    np.testing.assert_allclose(snapshot.head.probability(SPACE), snapshot.probability, atol=1e-6)
    some = np.array([5, 399, 0])
    np.testing.assert_allclose(snapshot.head.probability(SPACE, some), snapshot.probability[some], atol=1e-5)


def test_the_head_and_the_queue_follow_from_the_labels_whatever_came_before():
    snapshot = None
    for n in range(2, 45, 3):
        labels = labels_of(list(range(n)), TRUTH)
        snapshot = _next(labels, previous=snapshot)
        anew = _next(labels)
        np.testing.assert_array_equal(snapshot.queue, anew.queue)
        if anew.probability is not None:
            np.testing.assert_array_equal(snapshot.probability, anew.probability)
