"""Cases and changes from literal events."""

import json
from typing import Any

import numpy as np
import pytest
from corrections_helpers import BOX, corrected, review, said

from winnow.corrections.cases import Case, cases_of, figures_of
from winnow.corrections.changes import Change, Lineage, changes_of
from winnow.masks.rle import encode
from winnow.verdicts.log import Verdict


def changes(*events: Verdict, predicted: dict[str, Any] | None = None) -> list[Change]:
    return changes_of(events, Lineage(events), lambda region: (predicted or {}).get(region.item_id))


def test_only_reviews_of_images_are_cases() -> None:
    complete = Verdict("k2", "image b", None, "ana", "b.png", kind="complete", strategy="complete", seq=2)
    miss = Verdict("k3", "image c", None, "ana", "c.png", kind="miss", strategy="miss", seq=3)
    assert cases_of([said(1, "x", 1), complete, miss, review(4, "a.png", "refined", 2.5)]) == [
        Case("a.png", "refined", 2.5)
    ]


def test_a_case_reviewed_again_counts_once_by_its_newest_outcome_and_all_its_seconds() -> None:
    again = [review(1, "a.png", "accepted", 4), review(2, "b.png", "accepted", 1), review(3, "a.png", "rejected", 6)]
    assert cases_of(again) == [Case("a.png", "rejected", 10.0), Case("b.png", "accepted", 1.0)]
    assert cases_of([review(1, "a.png", "rejected"), review(2, "a.png", "accepted")]) == [
        Case("a.png", "accepted", 20.0)
    ]


def test_what_was_refined_and_then_left_as_it_is_stays_refined() -> None:
    assert cases_of([review(1, "a.png", "refined"), review(2, "a.png", "accepted")])[0].outcome == "refined"


def test_a_case_with_one_unknown_time_has_no_time() -> None:
    assert cases_of([review(1, "a.png", "refined", 4), review(2, "a.png", "accepted", None)])[0].seconds is None


def test_figures_leave_cases_without_a_time_out_of_times_and_hours() -> None:
    cases = [Case("a", "accepted", 30.0), Case("b", "accepted", 60.0), Case("c", "refined", 120.0),
             Case("d", "rejected", None)]  # fmt: skip
    figures = figures_of(cases, [Change("z", "x", 0.5, None), Change("w", "v", 1.0, 0.25)], manual_minutes=5)
    assert (figures.cases, figures.accepted, figures.refined, figures.rejected) == (4, 2, 1, 1)
    assert (figures.acceptance_rate, figures.timed, figures.untimed) == (0.5, 3, 1)
    assert (figures.seconds_total, figures.seconds_median, figures.seconds_mean) == (210.0, 60.0, 70.0)
    assert figures.hours_saved == pytest.approx((3 * 300 - 210) / 3600)
    assert (figures.box_iou, figures.box_pairs, figures.mask_iou, figures.mask_pairs) == (0.75, 2, 0.25, 1)


def test_hours_saved_are_negative_where_reviewing_took_longer() -> None:
    assert figures_of([Case("a", "refined", 7200.0)], [], manual_minutes=30).hours_saved == -1.5


def test_nothing_has_figures_too() -> None:
    figures = figures_of([], [], manual_minutes=5)
    assert (figures.cases, figures.acceptance_rate, figures.hours_saved, figures.box_iou) == (0, None, None, None)


def test_a_changed_box_is_measured_against_its_prediction() -> None:
    found = changes(said(1, "x", 0, reason="bad_box", score=0.9), corrected(2, "y", (0.0, 0.0, 10.0, 5.0), "x"))
    assert found == [Change("y", "x", 0.5, None)]


def test_of_a_box_changed_twice_the_last_counts_against_the_prediction() -> None:
    found = changes(
        said(1, "x", 0, reason="bad_box"), corrected(2, "y", (50.0, 50.0, 60.0, 60.0), "x"),
        corrected(3, "z", (0.0, 0.0, 5.0, 10.0), "y"),
    )  # fmt: skip
    assert found == [Change("z", "x", 0.5, None)]


def test_a_box_drawn_back_is_the_prediction_itself() -> None:
    back = corrected(3, "x", BOX, "y", score=0.9)
    found = changes(said(1, "x", 0, reason="bad_box", score=0.9), corrected(2, "y", (0.0, 0.0, 9.0, 9.0), "x"), back)
    assert found == [Change("x", "x", 1.0, None)]


def test_new_deleted_and_renamed_objects_are_no_changes_of_place() -> None:
    new, moved = corrected(1, "n", BOX), corrected(2, "m", (1.0, 1.0, 9.0, 9.0), "n")
    renamed = corrected(3, "r", (20.0, 20.0, 30.0, 30.0), score=0.4)
    gone = [said(4, "x", 0, reason="bad_box"), corrected(5, "y", BOX, "x"), said(6, "y", 0, replaces="x")]
    assert changes(new, moved, renamed, *gone) == []


def test_a_correction_outside_of_a_review_is_no_change_of_a_case() -> None:
    assert changes(said(1, "x", 0), corrected(2, "y", BOX, "x", batch=None)) == []


def test_masks_are_compared_where_both_have_one() -> None:
    whole, left = np.ones((10, 10), bool), np.zeros((10, 10), bool)
    left[:, :4] = True
    mask = json.dumps(encode(left).as_json())
    painted = corrected(1, "x", BOX, score=0.8, mask=mask)  # the box of the prediction, another mask
    moved = [said(2, "v", 0, reason="bad_box"), corrected(3, "w", (0.0, 0.0, 4.0, 10.0), "v", mask=mask)]
    found = changes(painted, *moved, predicted={"x": encode(whole)})
    assert found == [Change("x", "x", 1.0, 0.4), Change("w", "v", 0.4, None)]
