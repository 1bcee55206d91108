"""Rounds and time over HTTP: rows, totals, CSV, and what is asked for."""

import csv
import io
import uuid
from typing import Any

import pytest
from proposal_pool import draw_proposals
from small_pool import Client

from winnow.image_review import Drawn, ImageReview
from winnow.settings import Settings


@pytest.fixture
def reviewed(tmp_path: Any, open_client: Any) -> Client:
    """Three images: one accepted by ana, one refined by ana in 30 s, one rejected by ben in an unknown time."""
    client = open_client(Settings(refs=draw_proposals(tmp_path, 3), annotator="ana"))
    session = client.app.state.loader.session  # type: ignore[attr-defined]

    def review(image: int, said: ImageReview, annotator: str, elapsed_ms: int | None) -> None:
        item_id = session.pool.item(6 * image).id
        session.review_image(item_id, said, key=str(uuid.uuid4()), annotator=annotator, elapsed_ms=elapsed_ms)

    half = Drawn((41.0, 40.0, 121.0, 80.0), "dog", None, session.pool.item(6).id)
    review(0, ImageReview(kept=(session.pool.item(0).id,)), "ana", 10_000)
    review(1, ImageReview(drawn=(half,)), "ana", 30_000)
    review(2, ImageReview(is_rejected=True), "ben", None)
    return client


def test_rounds_are_answered_for_all_and_for_each(reviewed: Client) -> None:
    answer = reviewed.get("/api/rounds", params={"manual_minutes": 2}).json()
    everyone, ana, ben = answer["rows"]
    assert everyone == {
        "round": None, "annotator": None, "first_event": 1, "last_event": 6, "cases": 3, "accepted": 1, "refined": 1,
        "rejected": 1, "acceptance_rate": pytest.approx(1 / 3), "timed": 2, "untimed": 1, "seconds_total": 40.0,
        "seconds_median": 20.0, "seconds_mean": 20.0, "hours_saved": pytest.approx((2 * 120 - 40) / 3600),
        "box_iou": 0.5, "box_pairs": 1, "mask_iou": None, "mask_pairs": 0,
    }  # fmt: skip
    assert (ana["annotator"], ana["cases"], ana["acceptance_rate"]) == ("ana", 2, 0.5)
    assert (ben["annotator"], ben["rejected"], ben["untimed"], ben["hours_saved"]) == ("ben", 1, 1, None)
    assert answer["total"] == {name: everyone[name] for name in answer["total"]}
    assert (answer["manual_minutes"], answer["problems"]) == (2.0, [])


def test_the_csv_has_the_same_rows(reviewed: Client) -> None:
    answer = reviewed.get("/export/rounds.csv", params={"manual_minutes": 2})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="rounds.csv"' in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(line["annotator"], line["cases"], line["manual_minutes"]) for line in lines] == [
        ("", "3", "2.0"), ("ana", "2", "2.0"), ("ben", "1", "2.0"),
    ]  # fmt: skip


def test_what_was_taken_back_is_no_case(reviewed: Client) -> None:
    taken = reviewed.post("/api/undo", json={}, headers={"X-Winnow-Annotator": "ben"})
    assert taken.status_code == 200
    assert [row["annotator"] for row in reviewed.get("/api/rounds").json()["rows"]] == [None, "ana"]


def test_without_reviews_there_are_no_rows(client: Client) -> None:
    answer = client.get("/api/rounds").json()
    assert (answer["rows"], answer["total"]["cases"], answer["manual_minutes"]) == ([], 0, 5.0)


@pytest.mark.parametrize("minutes", ["-1", "nan", "10001", "soon"])
def test_minutes_that_make_no_sense_are_refused(client: Client, minutes: str) -> None:
    assert client.get("/api/rounds", params={"manual_minutes": minutes}).status_code == 422
