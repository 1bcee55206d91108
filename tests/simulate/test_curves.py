"""Figures of a run, by hand on short ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.simulate.curves import accuracy, found_after, stopped_at, verdicts_to, work_saved

TRUTH = np.array([1, 0, 0, 1, 1], np.int8)


def test_found_counts_each_positive_once():
    assert found_after(np.array([1, 0, 3, 0, 2]), TRUTH).tolist() == [0, 0, 1, 2, 2, 2]
    assert found_after(np.array([], np.int64), TRUTH).tolist() == [0]


@pytest.mark.parametrize(
    ("positives", "share", "verdicts"), [(4, 0.5, 3), (4, 0.75, 4), (4, 0.76, None), (3, 0.95, 4), (2, 0.5, 2)]
)
def test_verdicts_to_a_share_are_the_fewest_that_reach_it(positives: int, share: float, verdicts: int | None):
    assert verdicts_to(np.array([0, 0, 1, 2, 3]), positives, share) == verdicts


@given(st.integers(1, 5000), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_a_share_is_reached_by_the_least_whole_number_of_positives(positives: int, share: float):
    found = np.arange(positives + 1)
    hundredths = round(100 * share)
    assert verdicts_to(found, positives, share) == -(-hundredths * positives // 100)


def test_work_saved_is_cohens_figure():
    assert work_saved(300, 1000) == pytest.approx(0.65)  # (1000 - 300) / 1000 - 0.05
    assert work_saved(950, 1000) == pytest.approx(0)  # what random order takes


def test_accuracy_takes_verdicts_as_right_and_asks_the_head_for_the_rest():
    probability = np.array([0.1, 0.9, 0.5, 0.9, 0.4], np.float32)  # right on row 3 alone; 0.5 says positive
    assert accuracy(probability, TRUTH, np.array([True, False, False, False, False])) == (pytest.approx(2 / 5), 1 / 4)


def test_without_a_head_the_rest_counts_as_negative():
    everything, of_head = accuracy(None, TRUTH, np.array([True, False, False, False, False]))
    assert everything == pytest.approx(3 / 5)
    assert math.isnan(of_head)


def test_once_all_is_known_accuracy_is_one_and_the_heads_is_none():
    everything, of_head = accuracy(np.zeros(5, np.float32), TRUTH, np.ones(5, bool))
    assert everything == 1
    assert math.isnan(of_head)


def test_the_stop_is_where_the_bound_first_reaches_the_target():
    assert stopped_at(np.array([np.nan, 0.2, 0.95, 0.9]), 0.95) == 2
    assert stopped_at(np.array([np.nan, 0.2, 0.94]), 0.95) is None
