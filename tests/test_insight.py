"""The map's points and states, and how labelling went, from literal events."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from winnow.board import SKIPPED, UNJUDGED
from winnow.insight import NO_PROBABILITY, PLANE, Kind, course_of, kinds_of, map_points, probability_bytes
from winnow.pool import Pool, open_pool
from winnow.verdicts.ledger import MetricsPoint
from winnow.verdicts.log import Verdict


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """Six lines, the fifth being the second once more."""
    (tmp_path / "refs.txt").write_text("a.png\nb.png\nc.png\nd.png\nb.png\ne.png\n")
    return open_pool(tmp_path / "refs.txt")


NAN = float("nan")
LAYOUT = np.array([[-1, 0], [1, 0], [0, 0.5], [NAN, NAN], [1, 0], [0, -0.5]], np.float32)


def test_every_item_with_a_place_is_a_point_once(pool: Pool) -> None:
    points = map_points(pool, LAYOUT, np.array([2, 0, 1, -1, 0, 1], np.int16))
    assert points.rows.tolist() == [0, 1, 2, 5]
    assert points.ids.tolist() == pool.ids[[0, 1, 2, 5]].tolist()
    assert points.clusters.tolist() == [2, 0, 1, 1]
    assert points.n_clusters == 3


def test_the_longer_side_fills_the_plane_and_the_shorter_stays_in_the_middle(pool: Pool) -> None:
    points = map_points(pool, LAYOUT, None)
    middle = round(PLANE / 2)
    assert points.xy[:2].tolist() == [[0, middle], [PLANE, middle]]
    assert points.xy[2:, 1].tolist() == [round(PLANE * 0.75), round(PLANE * 0.25)]
    assert points.clusters.tolist() == [-1] * 4
    assert points.n_clusters == 0


def test_points_in_one_place_and_no_points_have_a_map(pool: Pool) -> None:
    assert map_points(pool, np.zeros((6, 2), np.float32), None).xy.tolist() == [[round(PLANE / 2)] * 2] * 5
    assert len(map_points(pool, np.full((6, 2), NAN, np.float32), None).rows) == 0


def test_the_key_is_another_one_when_places_or_clusters_are(pool: Pool) -> None:
    moved = LAYOUT.copy()
    moved[2, 1] = 0.1
    keys = [
        map_points(pool, LAYOUT, None).key,
        map_points(pool, LAYOUT, np.zeros(6, np.int16)).key,
        map_points(pool, moved, None).key,
    ]
    assert len(set(keys)) == 3
    assert map_points(pool, LAYOUT, None).key == keys[0]


@settings(max_examples=50, deadline=None)
@given(arrays.arrays(np.float32, (6, 2), elements=st.floats(-1e6, 1e6, width=32)))
def test_all_places_lie_on_the_plane_and_keep_their_order(
    tmp_path_factory: pytest.TempPathFactory, layout: np.ndarray
) -> None:
    folder = tmp_path_factory.mktemp("pool")
    (folder / "refs.txt").write_text("".join(f"{i}.png\n" for i in range(6)))
    points = map_points(open_pool(folder / "refs.txt"), layout, None)
    for axis in range(2):
        order = np.argsort(layout[:, axis], kind="stable")
        assert (np.diff(points.xy[order, axis].astype(np.int64)) >= 0).all()


def test_what_a_person_said_goes_before_what_the_model_gave() -> None:
    labels = np.array([0, 1, SKIPPED, UNJUDGED, UNJUDGED, UNJUDGED, UNJUDGED, 1], np.int16)
    is_shown = np.array([True, False, True, True, False, False, True, True])
    auto = np.array([-1, -1, 1, -1, -1, 0, 1, 0], np.int8)
    assert kinds_of(labels, is_shown, auto).tolist() == [
        Kind.NEGATIVE,
        Kind.POSITIVE,
        Kind.SKIPPED,
        Kind.OPEN,
        Kind.HIDDEN,
        Kind.AUTO_NEGATIVE,
        Kind.AUTO_POSITIVE,
        Kind.POSITIVE,
    ]


def test_probabilities_become_bytes() -> None:
    probability = np.array([0, 1, 0.5, NAN, 0.25], np.float32)
    assert probability_bytes(probability, np.array([1, 3, 0, 2])).tolist() == [254, NO_PROBABILITY, 0, 127]
    assert probability_bytes(None, np.array([1, 3])).tolist() == [NO_PROBABILITY] * 2


def said(
    seq: int, item: str, label: int | None, *, at: float, way: str = "entropy", by: str = "ana", ms: int | None = 1000
) -> Verdict:
    """A verdict of the log."""
    path = f"{item}.png"
    return Verdict(f"k{seq}", item, label, by, path, strategy=way, elapsed_ms=ms, seq=seq, created_at=at)


def test_work_is_counted_without_pauses() -> None:
    histories = [
        [said(1, "a", 1, at=100)],
        [said(2, "b", 0, at=130)],
        [said(3, "c", 1, at=4000)],
        [said(4, "d", None, at=4030)],
    ]
    course = course_of(histories, [])
    assert course.judged_minutes == [0, 0.5, 0.5, 1]
    assert course.judged == [1, 2, 3, 4]
    assert course.positive == [1, 1, 2, 2]


def test_an_item_that_is_judged_again_is_one_positive_or_none() -> None:
    histories = [
        [said(1, "a", 1, at=0), said(3, "a", 1, at=2), said(4, "a", 0, at=3)],
        [said(2, "b", 0, at=1), said(5, "b", 1, at=4)],
    ]
    assert course_of(histories, []).positive == [1, 1, 1, 0, 1]


def test_imported_labels_and_the_models_own_are_no_work() -> None:
    histories = [[said(1, "a", 1, at=0, way="import")], [said(2, "b", 0, at=1, way="auto")], [said(3, "c", 0, at=2)]]
    assert course_of(histories, []).judged == [1]


def test_speed_is_the_median_of_verdicts_given_one_at_a_time() -> None:
    one_by_one = [[said(i, f"a{i}", 0, at=i, ms=1000 if i <= 20 else 500)] for i in range(1, 41)]
    together = [[said(41, "b", 0, at=41, way="lasso", ms=9)], [said(42, "c", 0, at=42, ms=None)]]
    course = course_of(one_by_one + together, [])
    assert (course.speed_at, course.speed_s) == ([20, 40], [1.0, 0.5])


def test_agreement_is_told_apart_by_who_looked_again() -> None:
    histories = [
        [said(1, "a", 1, at=1), said(4, "a", 1, at=4, way="repeat")],
        [said(2, "b", 0, at=2), said(5, "b", 1, at=5, way="repeat")],
        [said(3, "c", 0, at=3), said(6, "c", 0, at=6, by="ben")],
    ]
    course = course_of(histories, [])
    assert course.agreement_at == [4, 5, 6]
    assert course.with_oneself == [1, 0.5, 0.5]
    assert course.between_people == [None, None, 1]


def test_a_review_a_skip_and_a_label_in_doubt_are_no_second_looks() -> None:
    histories = [
        [said(1, "a", 1, at=1), said(2, "a", 0, at=2, way="review")],
        [said(3, "b", None, at=3), said(4, "b", 0, at=4, way="repeat")],
        [said(5, "c", 1, at=5, way="import"), said(6, "c", 0, at=6, by="ben")],
        [said(7, "d", 1, at=7), said(8, "d", 0, at=8, way="disagreement", by="ben")],
    ]
    assert course_of(histories, []).agreement_at == []


def test_long_courses_are_thinned_and_keep_the_newest() -> None:
    test = MetricsPoint(1, "a", 1, 0.5, 0.25, 0.25, 0.0, 1)
    course = course_of(
        [[said(i, f"a{i}", 0, at=i)] for i in range(1, 1002)], [replace(test, count=i) for i in range(1, 1002)]
    )
    assert course.judged[-1] == 1001
    assert course.error_at[-1] == 1001
    assert len(course.judged) == len(course.error_at) == 334


def test_nothing_said_is_an_empty_course() -> None:
    course = course_of([], [])
    assert all(values == [] for values in vars(course).values())
