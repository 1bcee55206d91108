"""The queue of a goal: its own order, with random looks and repeats in their places."""

import numpy as np
import pytest
from learning_helpers import clustered, labels_of, space_of

from winnow.learning.goals import GOALS
from winnow.learning.labels import BULK, BULK_CHECKED, GIVEN, RECHECKED, SINGLE, Labels
from winnow.learning.step import ModelState, Snapshot, Start, next_snapshot
from winnow.learning.strategies import STRATEGIES, WAYS

VECTORS, TRUTH = clustered(400)
SPACE = space_of(VECTORS)
NOTHING = np.empty(0, np.int64)


def snapshot_of(labels: Labels, plan: str, **more) -> Snapshot:
    return next_snapshot(SPACE, labels, plan, previous=None, rng=np.random.default_rng(0), **more)


def ways_of(snapshot: Snapshot) -> list[str]:
    return [WAYS[way] for way in snapshot.ways]


def labelled(rows: list[int], kinds: list[int], **more) -> Labels:
    at = np.array(rows, dtype=np.int64)
    return Labels(at, TRUTH[at].astype(np.int8), NOTHING, NOTHING, kinds=np.array(kinds, np.uint8), **more)


@pytest.mark.parametrize("plan", [*STRATEGIES, *GOALS])
@pytest.mark.parametrize("rows", [[], [0], list(range(60))], ids=["cold", "one class", "both"])
def test_every_plan_shows_rows_once_and_says_why(plan: str, rows: list[int]) -> None:
    snapshot = snapshot_of(labels_of(rows, TRUTH), plan, repeat_share=0.1)
    assert len(snapshot.queue) == len(set(snapshot.queue.tolist())) == len(snapshot.ways)
    assert len(snapshot.selection_probability) == len(snapshot.queue)
    if plan == "clean":
        assert set(ways_of(snapshot)) <= {"disagreement"}
        assert set(snapshot.queue) <= set(rows)
    else:
        again = np.isin(snapshot.queue, rows)
        assert [way == "repeat" for way in ways_of(snapshot)] == again.tolist()
        assert len(snapshot.queue) == 400 - len(rows)


def test_find_all_has_a_random_look_at_every_twentieth_verdict() -> None:
    labels = labels_of(list(range(33)), TRUTH)
    snapshot = snapshot_of(labels, "find_all")
    places = [place for place, way in enumerate(ways_of(snapshot)) if way == "random"]
    assert [33 + place + 1 for place in places][:4] == [40, 60, 80, 100]
    assert set(ways_of(snapshot)) == {"max_probability", "random"}
    np.testing.assert_allclose(snapshot.selection_probability[places], 1 / 367)
    open_rows = np.arange(33, 400)
    assert snapshot.queue[places[0]] == open_rows[snapshot.lot[open_rows].argmax()]


@pytest.mark.parametrize(("positives", "places"), [(10, [40, 60, 80, 100]), (11, [100, 200, 300])])
def test_random_looks_are_five_times_rarer_while_most_of_the_twenty_newest_labels_are_positive(
    positives: int, places: list[int]
) -> None:
    newest = [0] * (20 - positives) + [1] * positives
    labels = Labels(np.arange(33), np.array([0] * 13 + newest, np.int8), NOTHING, NOTHING)
    ways = ways_of(snapshot_of(labels, "find_all"))
    assert [33 + place + 1 for place, way in enumerate(ways) if way == "random"][: len(places)] == places


def test_random_looks_come_back_when_the_finds_are_twenty_labels_old() -> None:
    labels = Labels(np.arange(53), np.array([1] * 33 + [0] * 20, np.int8), NOTHING, NOTHING)
    ways = ways_of(snapshot_of(labels, "find_all"))
    assert 53 + ways.index("random") + 1 == 60


def test_all_but_the_random_looks_keep_the_strategys_order() -> None:
    labels = labels_of(list(range(33)), TRUTH)
    own, mixed = snapshot_of(labels, "max_probability"), snapshot_of(labels, "find_all")
    kept = mixed.queue[np.array(ways_of(mixed)) != "random"]
    drawn = set(mixed.queue.tolist()) - set(kept.tolist())
    assert kept.tolist() == [row for row in own.queue.tolist() if row not in drawn]


def test_what_is_shown_by_probability_tells_nothing_of_the_lot() -> None:
    """Rows with equal probabilities go by another random number, else the lot's next draw would not be a fair one."""
    vectors = np.repeat(VECTORS[:2], 100, axis=0)
    space = space_of(vectors)
    labels = Labels(np.array([0, 100]), np.array([1, 0], np.int8), NOTHING, NOTHING)
    snapshot = next_snapshot(space, labels, "max_probability", previous=None, rng=np.random.default_rng(1))
    same = snapshot.queue[:99]
    assert np.all(np.diff(snapshot.priority[same]) <= 0)
    assert abs(np.corrcoef(snapshot.lot[same], np.arange(99))[0, 1]) < 0.3


def test_audit_is_random_with_the_chance_of_each() -> None:
    snapshot = snapshot_of(labels_of([0, 1], TRUTH), "audit")
    assert set(ways_of(snapshot)) == {"random"}
    np.testing.assert_allclose(snapshot.selection_probability, 1 / 398)
    np.testing.assert_array_equal(snapshot.queue, snapshot_of(labels_of([0, 1], TRUTH), "random").queue)


def test_an_older_label_comes_back_at_its_place_and_only_once() -> None:
    rows = list(range(120))
    snapshot = snapshot_of(labelled(rows, [SINGLE] * 120), "find_all", repeat_share=0.02)
    places = [place for place, way in enumerate(ways_of(snapshot)) if way == "repeat"]
    assert [120 + place + 1 for place in places][:2] == [125, 175]
    assert set(snapshot.queue[places]) <= set(range(70))  # of those before the last fifty
    checked = snapshot.queue[places[0]]
    kinds = [RECHECKED if row == checked else SINGLE for row in rows]
    after = snapshot_of(labelled(rows, kinds, n_verdicts=121), "find_all", repeat_share=0.02)
    assert checked not in after.queue


def test_nothing_comes_back_in_a_strategy_chosen_by_hand_or_with_a_share_of_zero() -> None:
    labels = labelled(list(range(120)), [SINGLE] * 120)
    assert "repeat" not in ways_of(snapshot_of(labels, "max_probability", repeat_share=0.1))
    assert "repeat" not in ways_of(snapshot_of(labels, "find_all", repeat_share=0.0))


def test_a_twentieth_of_the_labels_given_many_at_a_time_is_shown_again() -> None:
    rows = list(range(80))
    due = snapshot_of(labelled(rows, [BULK] * 80), "find_all", repeat_share=0.02)
    places = [place for place, way in enumerate(ways_of(due)) if way == "repeat"]
    assert [80 + place + 1 for place in places] == [85, 95, 105, 115]
    done = snapshot_of(labelled(rows, [BULK] * 76 + [BULK_CHECKED] * 4), "find_all", repeat_share=0.02)
    assert "repeat" not in ways_of(done)


def test_clean_begins_with_the_label_that_the_head_doubts_most() -> None:
    rows = np.arange(100)
    values = TRUTH[:100].copy().astype(np.int8)
    values[[55, 60]] = 1 - values[[55, 60]]
    kinds = np.full(100, GIVEN, np.uint8)
    snapshot = snapshot_of(Labels(rows, values, NOTHING, NOTHING, kinds=kinds), "clean")
    assert set(snapshot.queue[:2].tolist()) == {55, 60}
    kinds[55] = RECHECKED
    again = snapshot_of(Labels(rows, values, NOTHING, NOTHING, kinds=kinds), "clean")
    assert (again.queue[0], 55 in again.queue) == (60, False)


def test_clean_has_nothing_to_show_before_there_is_a_head() -> None:
    snapshot = snapshot_of(labels_of([0], TRUTH), "clean")
    assert (snapshot.state, len(snapshot.queue)) == (ModelState.EXHAUSTED, 0)


def test_what_is_set_aside_or_decided_by_a_head_is_not_shown() -> None:
    labels = labelled([0, 1], [SINGLE] * 2, set_aside=np.array([5, 6]), auto=np.array([7]))
    for plan in ("find_all", "teach", "audit", "entropy"):
        assert not {5, 6, 7} & set(snapshot_of(labels, plan).queue.tolist())


def test_a_chosen_start_comes_first_until_there_is_a_head() -> None:
    start = Start("example", np.array([9, 4, 7]))
    cold = snapshot_of(labels_of([4], TRUTH), "max_probability", start=start)
    assert (cold.queue[:2].tolist(), ways_of(cold)[:3]) == ([9, 7], ["example", "example", "cover"])
    both = snapshot_of(labels_of([0, 1], TRUTH), "max_probability", start=start)
    assert "example" not in ways_of(both)
