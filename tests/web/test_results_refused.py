"""Reviews over HTTP that cannot be: refused whole, with the cause, and nothing is written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from proposal_pool import draw_proposals
from results_calls import FIRST, SECOND, events, ids, image, moved_object, review
from small_pool import Client

from winnow.masks.rle import encode
from winnow.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_proposals(tmp_path, 3), annotator="ana")


@pytest.fixture
def nothing_is_written(client: Client, settings: Settings) -> Iterator[None]:
    """The log is as it was, whatever the test sent."""
    before = events(settings)
    yield
    assert events(settings) == before


def test_who_saves_over_anothers_review_is_told_and_nothing_is_written(client: Client, settings: Settings) -> None:
    seen = image(client)["seq"]
    review(client, kept=[], by="ben")
    before = events(settings)
    response = review(client, outcome="reject", based_on=seen)
    assert (response.status_code, response.json()["error"]) == (409, "image_changed")
    assert response.json()["detail"].startswith("ben changed photos/00.png")
    assert events(settings) == before


@pytest.mark.parametrize(
    ("more", "status", "code", "part"),
    [
        ({"drawn": [{"box_xyxy": [10, 10, 321, 20], "class_name": "cat"}]}, 422, "bad_box", "320 × 240"),
        ({"drawn": [{"box_xyxy": [-1, 10, 20, 20], "class_name": "cat"}]}, 422, "bad_box", "(-1.0, 10.0, 20.0, 20.0)"),
        ({"drawn": [{"box_xyxy": [10, 10, 10, 20], "class_name": "cat"}]}, 422, "bad_box", "(10.0, 10.0, 10.0, 20.0)"),
        ({"drawn": [{"box_xyxy": [20, 10, 10, 20], "class_name": "cat"}]}, 422, "bad_box", "x1 < x2"),
        ({"drawn": [{"box_xyxy": [1, 2, 3, 4], "class_name": " "}]}, 422, "bad_request", "class_name"),
        ({"drawn": [{"box_xyxy": [1, 2, 3], "class_name": "cat"}]}, 422, "bad_request", "box_xyxy"),
        ({"drawn": [{"box_xyxy": [1, 2, 3, 4], "class_name": "cat"}] * 10_001}, 422, "bad_request", "10000"),
        ({"drawn": [{"box_xyxy": [1, 2, 3, 4], "class_name": "cat"}] * 2}, 422, "bad_box", "same box"),
        ({"kept": ["0123456789abcdef"]}, 404, "unknown_item", "0123456789abcdef"),
        ({"deleted": ["no id"]}, 404, "unknown_item", "no id"),
        ({"outcome": "accept", "deleted": []}, 201, "", ""),
        ({"outcome": "accept", "drawn": [{"box_xyxy": [1, 2, 3, 4], "class_name": "c"}]}, 422, "bad_request", "drawn"),
        ({"outcome": "reject", "kept": ["0123456789abcdef"]}, 422, "bad_request", "kept"),
        ({"outcome": "perhaps"}, 422, "bad_request", "outcome"),
        ({"elapsed_ms": -1}, 422, "bad_request", "elapsed_ms"),
    ],
)  # fmt: skip
def test_a_review_that_cannot_be_is_refused_whole(
    client: Client, settings: Settings, more: dict[str, Any], status: int, code: str, part: str
) -> None:
    good = {"box_xyxy": [50, 50, 60, 60], "class_name": "cat"}
    if "drawn" in more and "outcome" not in more and len(more["drawn"]) < 3:
        more = {**more, "drawn": [good, *more["drawn"]]}
    response = review(client, **{"outcome": "correct", **more})
    assert response.status_code == status, response.text
    if status != 201:
        assert (response.json()["error"], part in response.json()["detail"]) == (code, True), response.text
        assert events(settings) == []


def masks(size_hw: tuple[int, int]) -> dict[str, Any]:
    return encode(np.ones(size_hw, bool)).as_json()


@pytest.mark.usefixtures("nothing_is_written")
@pytest.mark.parametrize(
    ("mask", "code", "part"),
    [
        (masks((240, 319)), "bad_segmenter", "319 × 240"),
        ({"size": [240, 320], "counts": "0"}, "bad_segmenter", "(1.0, 2.0, 30.0, 40.0)"),
        ({"size": [240, 320], "counts": [76_801]}, "bad_segmenter", "76,801"),
        ({"size": [0, 320], "counts": ""}, "bad_segmenter", "size"),
        ({"size": [240], "counts": ""}, "bad_request", "size"),
        ({"size": [2**30, 2**30], "counts": [2**60]}, "bad_segmenter", "run lengths"),
    ],
)
def test_a_mask_that_does_not_fit_the_image_is_refused(
    client: Client, mask: dict[str, Any], code: str, part: str
) -> None:
    response = review(
        client, outcome="correct", drawn=[{"box_xyxy": [1, 2, 30, 40], "class_name": "cat", "mask": mask}]
    )
    assert (response.status_code, response.json()["error"]) == (422, code)
    assert part in response.json()["detail"]


@pytest.mark.usefixtures("nothing_is_written")
def test_an_item_of_another_image_is_refused(client: Client) -> None:
    other = image(client, SECOND)["objects"][0]["item_id"]
    for more in ({"kept": [other]}, {"deleted": [other]}, {"drawn": [moved_object(other)]}):
        response = review(client, outcome="correct", **more)
        assert (response.status_code, response.json()["error"]) == (404, "unknown_item"), more
        assert FIRST in response.json()["detail"]
    assert review(client, kept=[other]).status_code == 404


@pytest.mark.usefixtures("nothing_is_written")
def test_an_unknown_image_is_refused(client: Client) -> None:
    for call in (client.get, lambda url: client.post(url, json={"key": "k", "outcome": "accept"})):
        assert call("/api/results/0123456789abcdef").status_code == 404
    assert client.post("/api/results/0123456789abcdef/presence", json={"page": "results"}).status_code == 404


@pytest.mark.parametrize("content", [b"no image", None])
def test_a_review_that_was_recorded_is_answered_again_whatever_became_of_the_file(
    client: Client, settings: Settings, content: bytes | None
) -> None:
    kept = ids(image(client)["objects"])
    assert review(client, kept=kept).status_code == 201
    if content is None:
        Image.new("RGB", (200, 150)).save(settings.refs.parent / FIRST)
    else:
        (settings.refs.parent / FIRST).write_bytes(content)
    again = review(client, kept=kept)
    assert (again.status_code, again.json()["status"], len(events(settings))) == (200, "ok", 7)


def test_the_prediction_of_an_image_that_cannot_be_read_can_be_rejected(client: Client, settings: Settings) -> None:
    (settings.refs.parent / FIRST).write_bytes(b"no image")
    assert review(client, outcome="reject").status_code == 201
    assert image(client)["status"] == "rejected"


@pytest.mark.usefixtures("nothing_is_written")
def test_an_image_that_was_replaced_says_so_and_is_not_accepted(client: Client, settings: Settings) -> None:
    Image.new("RGB", (200, 150)).save(settings.refs.parent / FIRST)
    answer = image(client)
    assert "200 × 150 pixels now, so it was replaced since it was predicted" in answer["problem"]
    objects = answer["objects"]
    response = review(client, kept=ids(objects))
    assert (response.status_code, response.json()["error"]) == (422, "bad_proposals")
    assert "Nothing was recorded" in response.json()["detail"]
    assert review(client, outcome="correct", kept=ids(objects)).status_code == 422


def test_of_a_replaced_image_what_still_fits_can_be_kept(client: Client, settings: Settings) -> None:
    Image.new("RGB", (200, 150)).save(settings.refs.parent / FIRST)
    objects = image(client)["objects"]
    fitting = ids([one for one in objects if one["box_xyxy"][2] <= 200 and one["box_xyxy"][3] <= 150])
    gone = [item_id for item_id in ids(objects) if item_id not in fitting]
    assert review(client, outcome="correct", kept=fitting, deleted=gone).status_code == 201


@pytest.mark.usefixtures("nothing_is_written")
def test_an_image_that_cannot_be_read_is_shown_with_the_cause_and_not_reviewed(
    client: Client, settings: Settings
) -> None:
    kept = ids(image(client)["objects"])
    (settings.refs.parent / FIRST).write_bytes(b"no image")
    answer = image(client)
    assert (answer["width"], answer["metrics"]["covered_share"]) == (None, None)
    assert "not an image" in answer["problem"]
    assert review(client, kept=kept).json()["error"] == "unreadable_image"
