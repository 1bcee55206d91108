import numpy as np
import pytest
from learning_helpers import NO_ROWS, clustered, labels_of, space_of

from winnow.errors import UnknownStrategy
from winnow.learning.step import Labels, ModelState, Snapshot, next_snapshot
from winnow.learning.strategies import STRATEGIES, strategy_named, top_rows

every_strategy = pytest.mark.parametrize("name", STRATEGIES)
VECTORS, TRUTH = clustered(120)
SPACE = space_of(VECTORS)


def _step(name: str, rows: list[int], seed: int = 0) -> Snapshot:
    labels = labels_of(rows, TRUTH)
    return next_snapshot(SPACE, labels, name, previous=None, rng=np.random.default_rng(seed))


@every_strategy
def test_strategy_describes_itself(name: str):
    strategy = STRATEGIES[name]
    assert strategy.name == name
    assert strategy.label
    assert strategy.help.endswith(".")


@every_strategy
def test_scores_are_finite(name: str):
    probability = np.array([0, 1e-30, 0.25, 0.5, 1 - 1e-7, 1], np.float32)
    priority = np.linspace(0, 1, 6, dtype=np.float32)
    score = STRATEGIES[name].score(probability, priority)
    assert score.shape == (6,)
    assert np.isfinite(score).all()


@every_strategy
def test_same_seed_same_queue(name: str):
    np.testing.assert_array_equal(_step(name, [0, 1, 10]).queue, _step(name, [0, 1, 10]).queue)


@every_strategy
def test_ties_are_broken_by_the_seed_and_not_by_the_row(name: str):
    probability = np.full(200, 0.5, np.float32)
    priority = np.random.default_rng(0).random(200, dtype=np.float32)
    score = STRATEGIES[name].score(probability, priority)
    assert top_rows(score, priority, np.arange(200), 5).tolist() == np.argsort(-priority)[:5].tolist()


@every_strategy
@pytest.mark.parametrize("rows", [[], [0, 10], [1, 2]], ids=["no labels", "only positives", "only negatives"])
def test_every_open_row_is_queued_once_before_there_are_two_classes(name: str, rows: list[int]):
    snapshot = _step(name, rows)
    assert snapshot.probability is None
    assert sorted(snapshot.queue.tolist()) == sorted(set(range(120)) - set(rows))


@every_strategy
def test_every_open_row_is_queued_once_with_a_head(name: str):
    assert sorted(_step(name, [0, 1, 10]).queue.tolist()) == sorted(set(range(120)) - {0, 1, 10})


@every_strategy
def test_an_empty_pool_is_exhausted(name: str):
    space = space_of(np.empty((0, 4), np.float32))
    labels = Labels(NO_ROWS, np.empty(0, np.int8), NO_ROWS, NO_ROWS)
    snapshot = next_snapshot(space, labels, name, previous=None, rng=np.random.default_rng(0))
    assert (snapshot.state, snapshot.queue.tolist()) == (ModelState.EXHAUSTED, [])


@every_strategy
def test_a_judged_pool_is_exhausted_and_keeps_its_head(name: str):
    snapshot = _step(name, list(range(120)))
    assert (snapshot.state, snapshot.queue.tolist()) == (ModelState.EXHAUSTED, [])
    assert snapshot.head is not None


def test_entropy_prefers_the_middle():
    score = STRATEGIES["entropy"].score(np.array([0.1, 0.52, 0.97], np.float32), np.zeros(3, np.float32))
    assert np.argsort(-score).tolist() == [1, 0, 2]


def test_max_probability_prefers_the_likely():
    score = STRATEGIES["max_probability"].score(np.array([0.1, 0.52, 0.97], np.float32), np.zeros(3, np.float32))
    assert np.argsort(-score).tolist() == [2, 1, 0]


def test_random_order_stays_while_labels_come():
    first = _step("random", [0, 1])
    labels = labels_of([0, 1, int(first.queue[0])], TRUTH)
    second = next_snapshot(SPACE, labels, "random", previous=first, rng=np.random.default_rng(5))
    assert second.queue.tolist() == first.queue[1:].tolist()


def test_random_order_tells_the_chance_of_each_row():
    snapshot = _step("random", [0, 1])
    np.testing.assert_allclose(snapshot.selection_probability, 1 / 118)
    np.testing.assert_array_equal(_step("entropy", [0, 1]).selection_probability, 1)


def test_an_unknown_strategy_is_named_with_those_there_are():
    with pytest.raises(UnknownStrategy, match="'margin'; choose one of entropy, max_probability, random"):
        strategy_named("margin")


def test_top_rows_keeps_to_the_candidates():
    score = np.array([0.9, 0.1, 0.5, 0.7], np.float32)
    assert top_rows(score, np.zeros(4, np.float32), np.array([1, 2, 3]), 2).tolist() == [3, 2]
