"""The learner's thread: what it is told between two fits."""

from collections.abc import Iterator

import numpy as np
import pytest
from learning_helpers import clustered, labels_of, space_of

from winnow.learning.learner import Learner
from winnow.learning.step import Labels

VECTORS, TRUTH = clustered(200)
SPACE = space_of(VECTORS)
NOBODY = np.zeros(200, bool)


@pytest.fixture
def shelf() -> list[Labels]:
    return [labels_of([], TRUTH)]


@pytest.fixture
def learner(shelf: list[Labels]) -> Iterator[Learner]:
    """Learns what the last on the shelf says; the shelf's length is the number of the newest event."""
    learner = Learner(
        SPACE,
        lambda: (shelf[-1], len(shelf)),
        plan="max_probability",
        rng=np.random.default_rng(0),
        is_hidden=NOBODY,
    )
    yield learner
    learner.close()


def _hide_all_but(*rows: int) -> np.ndarray:
    return ~np.isin(np.arange(200), rows)


def test_hidden_rows_leave_the_queue_and_come_back_without_a_fit(learner: Learner, shelf: list[Labels]):
    shelf.append(labels_of([0, 1, 2, 3, 10], TRUTH))
    learner.wake()
    before = learner.wait_for(2, timeout_s=60).snapshot
    learner.set_hidden(_hide_all_but(3, 50, 51, 52))
    filtered = learner.learnt.snapshot
    assert sorted(filtered.queue.tolist()) == [50, 51, 52]
    assert (filtered.head, filtered.version) == (before.head, 2)
    learner.set_hidden(NOBODY)
    assert learner.learnt.snapshot.queue.tolist() == before.queue.tolist()


def test_rows_shown_before_the_first_verdict_get_a_cover_of_their_own(learner: Learner):
    few = [row for row in range(200) if row % 4 == 1]
    learner.set_hidden(_hide_all_but(*few))
    snapshot = learner.learnt.snapshot
    assert sorted(snapshot.queue.tolist()) == few
    assert snapshot.cover.tolist() == snapshot.queue.tolist()


def test_the_head_does_not_depend_on_what_is_hidden(learner: Learner, shelf: list[Labels]):
    shelf.append(labels_of([0, 1, 2, 3, 10], TRUTH))
    learner.wake()
    whole = learner.wait_for(2, timeout_s=60).snapshot
    learner.set_hidden(_hide_all_but(50, 51))
    shelf.append(shelf[-1])
    learner.wake()
    filtered = learner.wait_for(3, timeout_s=60).snapshot
    np.testing.assert_array_equal(filtered.probability, whole.probability)
    assert sorted(filtered.queue.tolist()) == [50, 51]


def test_a_change_of_order_while_rows_are_hidden_keeps_them_hidden(learner: Learner, shelf: list[Labels]):
    shelf.append(labels_of([0, 1], TRUTH))
    learner.wake()
    learner.wait_for(2, timeout_s=60)
    learner.set_hidden(_hide_all_but(7, 8, 9))
    learner.set_plan("random")
    assert learner.learnt.snapshot.plan == "random"
    assert sorted(learner.learnt.snapshot.queue.tolist()) == [7, 8, 9]
