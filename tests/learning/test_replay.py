from pathlib import Path

import numpy as np
import pytest
from learning_helpers import clustered, space_of

from winnow.learning.cover import cover_order
from winnow.learning.replay import replay

VECTORS, TRUTH = clustered(300)
SPACE = space_of(VECTORS)


def test_the_same_seed_replays_the_same_order():
    first = replay(SPACE, TRUTH, plan="max_probability", budget=40, seed=3)
    second = replay(SPACE, TRUTH, plan="max_probability", budget=40, seed=3)
    np.testing.assert_array_equal(first.rows, second.rows)
    np.testing.assert_array_equal(first.labels, TRUTH[first.rows])


def test_another_seed_replays_another_order():
    first = replay(SPACE, TRUTH, plan="random", budget=40, seed=3)
    second = replay(SPACE, TRUTH, plan="random", budget=40, seed=4)
    assert first.rows.tolist() != second.rows.tolist()


def test_no_row_is_shown_twice_and_the_pool_ends():
    replayed = replay(SPACE, TRUTH, plan="entropy", budget=1000, seed=0)
    assert sorted(replayed.rows.tolist()) == list(range(300))
    assert replayed.labels.sum() == TRUTH.sum()


def test_replay_stops_at_the_positives_asked_for():
    labels = replay(SPACE, TRUTH, plan="max_probability", budget=300, seed=0, positives=20).labels
    assert (labels.sum(), labels[-1]) == (20, 1)
    assert len(labels) < 60


def test_max_probability_finds_the_rare_ones_long_before_random_order():
    found = {
        plan: replay(SPACE, TRUTH, plan=plan, budget=60, seed=0).labels.sum() for plan in ("max_probability", "random")
    }
    assert found["max_probability"] >= 27
    assert found["random"] <= 12


def test_cover_goes_to_every_cluster_before_it_comes_back():
    rng = np.random.default_rng(0)
    centres = 10 * np.eye(8, 16)
    clusters = np.repeat(np.arange(8), [100, 50, 20, 10, 10, 5, 5, 5])
    space = space_of((centres[clusters] + 0.1 * rng.standard_normal((len(clusters), 16))).astype(np.float32))
    nothing = np.empty(0, np.int64)
    order = cover_order(space, space.is_usable, nothing, 8, np.random.default_rng(1))
    assert sorted(clusters[order].tolist()) == list(range(8))
    known = np.array([0, len(clusters) - 1])
    order = cover_order(space, space.is_usable, known, 6, np.random.default_rng(1))
    assert sorted(clusters[order].tolist()) == list(range(1, 7))


def test_cover_goes_to_a_kind_with_members_before_an_oddity_that_is_little_farther():
    rng = np.random.default_rng(2)
    centres = rng.standard_normal((4, 16))
    centres[2] += centres[1]
    clusters = np.repeat(np.arange(4), [40, 20, 20, 1])
    space = space_of((centres[clusters] + 0.1 * rng.standard_normal((81, 16))).astype(np.float32))
    known = np.array([0, 41])
    assert space.cosines(np.array([68]), space.directions(known)).max() > (
        space.cosines(np.array([80]), space.directions(known)).max()
    )
    order = cover_order(space, space.is_usable, known, 1, np.random.default_rng(0))
    assert clusters[order].tolist() == [2]


def test_cover_holds_each_row_once_and_only_those_shown():
    is_shown = np.arange(300) % 3 == 0
    order = cover_order(SPACE, is_shown, np.array([1, 2]), 1000, np.random.default_rng(0))
    assert sorted(order.tolist()) == np.flatnonzero(is_shown).tolist()


def test_blowholes_of_real_tiles_are_found_early(shared: Path):
    with np.load(shared / "data" / "features" / "magnetic.npz") as stored:
        vectors, truth = stored["X"], (stored["y"] == "blowhole").astype(np.int8)
    labels = replay(space_of(vectors), truth, plan="max_probability", budget=150, seed=0).labels
    assert labels.sum() == pytest.approx(75, abs=25)  # random order finds 13
