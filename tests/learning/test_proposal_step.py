"""The step on a pool of proposals: what scores, classes and overlaps change."""

from pathlib import Path

import numpy as np
import pytest
from learning_helpers import labels_of, space_of
from proposals_helpers import scored

from winnow.learning.head import Head
from winnow.learning.step import ModelState, Snapshot, next_snapshot
from winnow.learning.strategies import STRATEGIES

N = 200
ATTRIBUTES, TRUTH = scored(N, n_classes=3)
SPACE = space_of(np.random.default_rng(2).standard_normal((N, 12)).astype(np.float32))
LOGITS = ATTRIBUTES.fixed[:, 0]
BOTH = [int(np.argmax(TRUTH)), int(np.argmin(TRUTH))]
every_strategy = pytest.mark.parametrize("name", STRATEGIES)


def _step(name: str, rows: list[int], truth: np.ndarray = TRUTH, previous: Snapshot | None = None) -> Snapshot:
    rng = np.random.default_rng(0)
    return next_snapshot(SPACE, labels_of(rows, truth), name, previous=previous, rng=rng, attributes=ATTRIBUTES)


def test_before_the_first_verdict_the_most_likely_order_is_that_of_the_score():
    snapshot = _step("max_probability", [])
    assert snapshot.queue.tolist() == np.argsort(-LOGITS, kind="stable").tolist()
    assert (snapshot.state, snapshot.probability) == (ModelState.COLD, None)


def test_before_the_first_verdict_the_most_uncertain_are_those_with_a_score_near_a_half():
    assert _step("entropy", []).queue.tolist() == np.argsort(np.abs(LOGITS), kind="stable").tolist()


def test_verdicts_of_one_class_move_the_order_before_there_is_a_head():
    best = np.argsort(-LOGITS)[:20].tolist()
    snapshot = _step("max_probability", best, truth=np.zeros(N, np.int8))
    assert snapshot.head is None
    assert sorted(snapshot.queue.tolist()) == sorted(set(range(N)) - set(best))
    by_score = [row for row in np.argsort(-LOGITS).tolist() if row not in best]
    assert snapshot.queue.tolist() != by_score
    assert snapshot.expected.mean() < ATTRIBUTES.prior.mean() - 0.1


def test_two_verdicts_leave_the_score_in_charge():
    queue = _step("max_probability", BOTH).queue
    found = TRUTH[queue[:50]].sum()
    assert found >= TRUTH[np.argsort(-LOGITS)[:50]].sum() - 3


def test_a_score_that_misleads_is_turned_round():
    wrong = 1 - TRUTH
    snapshot = _step("max_probability", list(range(0, N, 2)), truth=wrong)
    assert wrong[snapshot.queue[:30]].mean() > 0.7


@every_strategy
@pytest.mark.parametrize("rows", [[], [0], BOTH, list(range(40))], ids=["none", "one", "two", "forty"])
def test_every_open_row_is_queued_once_and_the_same_again(name: str, rows: list[int]):
    queue = _step(name, rows).queue
    assert sorted(queue.tolist()) == sorted(set(range(N)) - set(rows))
    np.testing.assert_array_equal(_step(name, rows).queue, queue)


@every_strategy
def test_a_judged_pool_is_exhausted(name: str):
    snapshot = _step(name, list(range(N)))
    assert (snapshot.state, snapshot.queue.tolist()) == (ModelState.EXHAUSTED, [])


def test_head_and_queue_follow_from_the_labels_whatever_came_before():
    snapshot = None
    for n in range(0, 60, 4):
        snapshot = _step("max_probability", list(range(n)), previous=snapshot)
        anew = _step("max_probability", list(range(n)))
        np.testing.assert_array_equal(snapshot.queue, anew.queue)
        if anew.probability is not None:
            np.testing.assert_array_equal(snapshot.probability, anew.probability)


def test_the_head_alone_says_what_the_snapshot_says(tmp_path: Path):
    snapshot = _step("max_probability", list(range(60)))
    assert snapshot.head is not None
    np.testing.assert_allclose(snapshot.head.probability(SPACE), snapshot.probability, atol=1e-6)
    some = np.array([5, 199, 0])
    np.testing.assert_allclose(snapshot.head.probability(SPACE, some), snapshot.probability[some], atol=1e-5)
    snapshot.head.save(tmp_path / "head.npz")
    loaded = Head.load(tmp_path / "head.npz")
    np.testing.assert_array_equal(loaded.probability(SPACE), snapshot.head.probability(SPACE))


def test_checked_probabilities_do_not_know_their_own_label():
    rows = list(range(100))
    for row in (3, 40, 77):
        turned = TRUTH.copy()
        turned[row] = 1 - turned[row]
        checked = [_step("max_probability", rows, truth).checked_probability[row] for truth in (TRUTH, turned)]
        assert checked[0] == pytest.approx(checked[1], abs=0.1)


def test_checked_probabilities_are_close_to_the_shares_they_promise():
    checked = _step("random", list(range(N))).checked_probability
    bins = np.digitize(checked, [1 / 3, 2 / 3])
    for number in range(3):
        assert checked[bins == number].mean() == pytest.approx(TRUTH[bins == number].mean(), abs=0.12)


def test_rows_without_features_stay_out():
    vectors = np.random.default_rng(2).standard_normal((N, 12)).astype(np.float32)
    vectors[7] = np.nan
    space, rng = space_of(vectors), np.random.default_rng(0)
    for rows in ([], [7, 1], [7, *BOTH]):
        labels = labels_of(rows, TRUTH)
        snapshot = next_snapshot(space, labels, "entropy", previous=None, rng=rng, attributes=ATTRIBUTES)
        assert 7 not in snapshot.queue
        if snapshot.probability is not None:
            assert np.flatnonzero(np.isnan(snapshot.probability)).tolist() == [7]
