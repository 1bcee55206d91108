"""Teach: the most uncertain rows first, nothing alike in a row."""

import numpy as np
from learning_helpers import NO_ROWS, clustered, labels_of, space_of

from winnow.learning.labels import Labels
from winnow.learning.replay import replay
from winnow.learning.teach import ALIKE, LOOK_AHEAD, teach_order

VECTORS, TRUTH = clustered()
SPACE = space_of(VECTORS)
PRIORITY = np.linspace(1, 0, SPACE.n, dtype=np.float32)
NO_LABELS = Labels(NO_ROWS, np.empty(0, np.int8), NO_ROWS, NO_ROWS)


def likeness_of(space, one, other):
    return float(space.cosines(np.array([one]), space.directions(np.array([other])))[0, 0])


def test_the_least_sure_come_first_and_only_open_ones():
    probability = np.linspace(0, 1, SPACE.n, dtype=np.float32)
    is_open = np.ones(SPACE.n, bool)
    is_open[150] = False
    order = teach_order(SPACE, probability, is_open, NO_LABELS, PRIORITY, 3)
    assert order.tolist() == [149, 148, 151]


def twins() -> tuple[np.ndarray, np.ndarray]:
    """Six rows in pairs of near-duplicates among forty others, all of them least sure in the order of rows."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((43, 16)).astype(np.float32)
    rows = np.concatenate([np.repeat(rows[:3], 2, axis=0) + 1e-3 * rng.standard_normal((6, 16)), rows[3:]])
    probability = np.full(len(rows), 0.99, np.float32)
    probability[:6] = [0.5, 0.51, 0.52, 0.53, 0.54, 0.55]
    return rows.astype(np.float32), probability


def test_near_duplicates_do_not_come_in_a_row():
    rows, probability = twins()
    space = space_of(rows)
    order = teach_order(space, probability, np.ones(46, bool), NO_LABELS, np.ones(46, np.float32), 6)
    assert order.tolist() == [0, 2, 1, 3, 4, 5]
    assert likeness_of(space, 4, 5) > ALIKE  # nothing else was left to come between


def test_a_near_duplicate_of_the_item_just_judged_waits():
    rows, probability = twins()
    space = space_of(rows)
    labels = Labels(np.array([20, 0]), np.array([0, 1], np.int8), NO_ROWS, NO_ROWS)
    is_open = np.ones(46, bool)
    is_open[[0, 20]] = False
    order = teach_order(space, probability, is_open, labels, np.ones(46, np.float32), 3)
    assert order.tolist() == [2, 1, 3]


def test_every_row_comes_once_beyond_those_kept_apart():
    probability = np.full(SPACE.n, 0.5, np.float32)
    labels = labels_of([3], TRUTH)
    order = teach_order(SPACE, probability, np.ones(SPACE.n, bool), labels, PRIORITY, LOOK_AHEAD + 40)
    assert sorted(order.tolist()) == list(range(LOOK_AHEAD + 40))
    assert order[LOOK_AHEAD:].tolist() == list(range(LOOK_AHEAD, LOOK_AHEAD + 40))


def test_teach_covers_first_and_then_asks_what_it_is_least_sure_of():
    replayed = replay(SPACE, TRUTH, plan="teach", budget=40, seed=0)
    n_cover = replayed.ways.index("entropy")
    assert set(replayed.ways[:n_cover]) == {"cover"}
    assert set(replayed.ways[n_cover:]) == {"entropy"}
    assert len(set(replayed.labels[:n_cover].tolist())) == 2
