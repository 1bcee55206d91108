"""Rounds and time: by round and annotator, as it stood at each round's end; as CSV; from a real log and workspace."""

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from corrections_helpers import Reviewed, corrected, moved, review, said, undo, write_model

from winnow.corrections.tally import Span, as_csv, read_tally, spans_of, tally_of
from winnow.errors import DatabaseError
from winnow.settings import Settings
from winnow.training.regions import Region
from winnow.verdicts.log import Undo, Verdict

ROUNDS = [Span(1, 0, 4), Span(2, 4, 4), Span(None, 4, None)]


def no_masks(region: Region) -> None:
    return None


def rows(*events: Verdict | Undo) -> list[tuple[int | None, str | None, int, int, int]]:
    """Round, annotator, accepted, refined, rejected."""
    tally = tally_of(events, ROUNDS, no_masks)
    counts = [(row.figures.accepted, row.figures.refined, row.figures.rejected) for row in tally.rows]
    return [(row.round, row.annotator, *count) for row, count in zip(tally.rows, counts, strict=True)]


def test_cases_count_in_their_round_for_all_and_for_each_annotator() -> None:
    assert rows(
        review(1, "a.png", "accepted"), review(2, "b.png", "refined", annotator="ben"),
        review(5, "a.png", "rejected", annotator="ben"), review(6, "c.png", "accepted", annotator="ben"),
    ) == [(1, None, 1, 1, 0), (1, "ana", 1, 0, 0), (1, "ben", 0, 1, 0),
          (None, None, 1, 0, 1), (None, "ben", 1, 0, 1)]  # fmt: skip


def test_an_image_reviewed_by_two_counts_for_each_and_once_for_all() -> None:
    events = review(1, "a.png", "accepted", 10), review(2, "a.png", "rejected", 20, annotator="ben")
    assert rows(*events) == [(1, None, 0, 0, 1), (1, "ana", 1, 0, 0), (1, "ben", 0, 0, 1)]
    assert [row.figures.seconds_total for row in tally_of(events, ROUNDS, no_masks).rows] == [30.0, 10.0, 20.0]


def test_what_was_taken_back_by_the_end_of_its_round_does_not_count() -> None:
    assert rows(review(1, "a.png", "accepted"), undo(2, 1)) == []
    events = [review(1, "a.png", "accepted"), review(4, "b.png", "refined"), undo(5, 1)]
    assert rows(*events) == [(1, None, 1, 1, 0), (1, "ana", 1, 1, 0)]


def test_the_total_counts_an_image_once_a_round() -> None:
    total = tally_of([review(1, "a.png", "accepted", 40), review(5, "a.png", "refined", 20)], ROUNDS, no_masks).total
    assert (total.cases, total.accepted, total.refined, total.seconds_mean) == (2, 1, 1, 30.0)


def test_a_correction_is_measured_against_a_prediction_of_an_earlier_round() -> None:
    tally = tally_of(
        [
            said(1, "x", 0, reason="bad_box"), corrected(2, "y", (50.0, 50.0, 60.0, 60.0), "x"),
            review(3, "a.png", "refined"),
            corrected(5, "z", (0.0, 0.0, 5.0, 10.0), "y", annotator="ben"), review(6, "a.png", "refined", None, "ben"),
        ],
        ROUNDS, no_masks,
    )  # fmt: skip
    assert [(row.annotator, row.figures.box_iou) for row in tally.rows] == [
        (None, 0.0), ("ana", 0.0), (None, 0.5), ("ben", 0.5),
    ]  # fmt: skip


def test_the_csv_has_a_line_a_row_and_is_empty_where_nothing_is_known() -> None:
    tally = tally_of([review(1, "a.png", "accepted", None), review(5, "b.png", "rejected", 30)], ROUNDS, no_masks)
    lines = list(csv.DictReader(io.StringIO(as_csv(tally).decode())))
    assert lines[0] == {
        "round": "1", "annotator": "", "first_event": "1", "last_event": "1", "cases": "1", "accepted": "1",
        "refined": "0", "rejected": "0", "acceptance_rate": "1.0", "timed": "0", "untimed": "1",
        "seconds_total": "0", "seconds_median": "", "seconds_mean": "", "hours_saved": "", "box_iou": "",
        "box_pairs": "0", "mask_iou": "", "mask_pairs": "0", "manual_minutes": "5.0",
    }  # fmt: skip
    assert (lines[3]["round"], lines[3]["annotator"], lines[3]["hours_saved"]) == ("", "ana", "0.075")


@pytest.fixture
def reviewed(tmp_path: Path) -> Iterator[Reviewed]:
    project = Reviewed(tmp_path)
    yield project
    project.close()


def test_rounds_end_where_the_data_set_of_their_model_version_was_built(reviewed: Reviewed) -> None:
    assert spans_of(reviewed.workspace) == ([Span(None, 0, None)], [])
    reviewed.review(0, kept=reviewed.item_ids(0)[:2])
    reviewed.review(1, kept=reviewed.item_ids(1)[:1])
    reviewed.end_round(1)
    reviewed.review(2, kept=reviewed.item_ids(2)[:1])
    reviewed.end_round(2)
    write_model(reviewed.workspace, 3, 2)
    assert spans_of(reviewed.workspace) == (
        [Span(1, 0, 5), Span(2, 5, 7), Span(3, 7, 7), Span(None, 7, None)], [],
    )  # fmt: skip
    shutil.rmtree(reviewed.workspace.datasets / "v0001")
    spans, problems = spans_of(reviewed.workspace)
    assert spans == [Span(2, 0, 7), Span(3, 7, 7), Span(None, 7, None)]
    assert problems == ["v1: its data set version 1 is gone; its cases are in the next round."]


def test_a_tally_is_read_from_the_log_beside_its_writer(reviewed: Reviewed) -> None:
    first, *_ = reviewed.item_ids(0)
    reviewed.review(0, drawn=[moved((40, 40, 120, 80), "dog", first)], seconds=90)
    reviewed.review(1, is_rejected=True, seconds=None, annotator="ben")
    tally = read_tally(reviewed.settings, manual_minutes=2)
    counts = [(row.annotator, row.figures.refined, row.figures.rejected) for row in tally.rows]
    assert counts == [(None, 1, 1), ("ana", 1, 0), ("ben", 0, 1)]
    assert (tally.total.box_iou, tally.total.box_pairs) == (0.5, 1)
    assert tally.total.hours_saved == pytest.approx(30 / 3600)
    reviewed.undo("ana")
    assert [row.annotator for row in read_tally(reviewed.settings).rows] == [None, "ben"]


def test_without_a_log_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="Judge something first"):
        read_tally(Settings(refs=tmp_path / "refs.csv"))
