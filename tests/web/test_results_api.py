"""Results over HTTP: the list and its statuses, one image, reviews that are recorded whole or not at all, presence."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from proposal_pool import HEIGHT, PROPOSALS, WIDTH, draw_proposals
from small_pool import Client

from winnow.masks.rle import encode
from winnow.masks.sidecar import mask_line
from winnow.settings import Settings
from winnow.verdicts.log import VerdictLog
from winnow.web.presence import Presence

FIRST, SECOND = "photos/00.png", "photos/01.png"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_proposals(tmp_path, 3), annotator="ana")


def results(client: Client, **query: Any) -> dict[str, Any]:
    response = client.get("/api/results", params={"score_min": 0, **query})
    assert response.status_code == 200, response.text
    return response.json()


def item_on(client: Client, path: str) -> str:
    return next(row["item_id"] for row in results(client)["images"] if row["path"] == path)


def image(client: Client, path: str = FIRST) -> dict[str, Any]:
    response = client.get(f"/api/results/{item_on(client, path)}")
    assert response.status_code == 200, response.text
    return response.json()


def review(client: Client, path: str = FIRST, outcome: str = "accept", *, by: str = "ana", **more: Any) -> Any:
    body = {"key": f"k:{path[7:9]}:{outcome}", "outcome": outcome, **more}
    return client.post(f"/api/results/{item_on(client, path)}", json=body, headers={"X-Winnow-Annotator": by})


def ids(objects: list[dict[str, Any]]) -> list[str]:
    return [one["item_id"] for one in objects]


def events(settings: Settings) -> list[tuple[str, int | None, str, str | None]]:
    """Kind, label, strategy and reason of every event, oldest first, from the log itself."""
    log = VerdictLog(settings.database_url, is_writer=False)
    try:
        return [
            (event.kind, event.label, event.strategy, event.reason)
            if hasattr(event, "kind")
            else ("undo", None, "", None)
            for event in log.replay()
        ]
    finally:
        log.close()


@pytest.fixture
def nothing_is_written(client: Client, settings: Settings) -> Iterator[None]:
    """The log is as it was, whatever the test sent."""
    before = events(settings)
    yield
    assert events(settings) == before


def test_every_image_with_a_proposal_is_listed_open(client: Client) -> None:
    answer = results(client)
    assert (answer["total"], answer["classes"]) == (3, ["bird", "cat", "dog"])
    assert answer["counts"] == {"all": 3, "open": 3, "ok": 0, "corrected": 0, "rejected": 0}
    first = answer["images"][0]
    assert (first["path"], first["status"], first["n_objects"], first["score_min"]) == (FIRST, "open", 6, 0.08)
    assert first["score_mean"] == pytest.approx(sum(score for _, score, _ in PROPOSALS) / 6)


def test_class_and_score_say_which_images_are_listed_and_what_is_counted(client: Client) -> None:
    assert results(client, class_name="bird", score_min=0.3)["images"][0]["n_objects"] == 1
    assert results(client, class_name="bird", score_min=0.6)["total"] == 0
    assert results(client, class_name="fish")["total"] == 0
    assert client.get("/api/results").json()["images"][0]["n_objects"] == 4  # those of 0.25 and more


def test_a_window_is_a_window_and_says_where_an_image_is(client: Client) -> None:
    answer = results(client, offset=1, limit=1, item_id=item_on(client, "photos/02.png"))
    assert (answer["total"], answer["place"], [row["path"] for row in answer["images"]]) == (3, 2, [SECOND])


def test_one_image_shows_its_prediction_with_figures(client: Client) -> None:
    answer = image(client)
    assert (answer["path"], answer["width"], answer["height"], answer["size_px"]) == (FIRST, 320, 240, 76_800)
    assert (answer["status"], answer["seq"], answer["problem"], answer["removed"]) == ("open", 0, None, [])
    best = answer["objects"][0]
    assert best == {
        "item_id": best["item_id"], "box_xyxy": [40, 40, 120, 120], "class_name": "dog", "claimed": "dog",
        "score": 0.91, "source": "drawn", "mask": None, "area_px": 6400, "share": pytest.approx(6400 / 76_800),
        "stability": None, "place": "unreviewed", "replaces": None,
    }  # fmt: skip
    assert answer["prediction"] == answer["objects"]
    metrics = answer["metrics"]
    assert (metrics["n_objects"], metrics["n_by_class"]) == (6, {"bird": 2, "cat": 2, "dog": 2})
    assert metrics["covered_share"] == pytest.approx(_covered() / 76_800)
    assert 0 < metrics["uncertainty"] < 1
    assert client.get(answer["image_url"]).headers["content-type"] == "image/png"


def _covered() -> int:
    grid = np.zeros((HEIGHT, WIDTH), bool)
    for _, _, (x1, y1, x2, y2) in PROPOSALS:
        grid[y1:y2, x1:x2] = True
    return int(grid.sum())


def test_an_accepted_image_is_ok_and_what_was_not_kept_is_background(client: Client, settings: Settings) -> None:
    kept = ids([one for one in image(client)["objects"] if one["score"] >= 0.3])
    response = review(client, kept=kept, elapsed_ms=4200, based_on=0)
    assert response.status_code == 201, response.text
    assert response.json() == {
        "outcome": "accepted", "status": "ok", "seq": 5, "n_events": 5, "message": "Accepted as it is: 4 objects.",
    }  # fmt: skip
    assert events(settings) == [*[("verdict", 1, "review", None)] * 4, ("complete", None, "review", "accepted")]
    answer = image(client)
    assert (answer["status"], answer["seq"], ids(answer["objects"])) == ("ok", 5, kept)
    assert {one["place"] for one in answer["objects"]} == {"accepted"}
    assert [one["score"] for one in answer["removed"]] == [0.17, 0.08]
    assert results(client)["counts"] == {"all": 3, "open": 2, "ok": 1, "corrected": 0, "rejected": 0}


def test_the_same_key_again_is_recorded_once(client: Client, settings: Settings) -> None:
    kept = ids(image(client)["objects"])
    first, again = review(client, kept=kept), review(client, kept=kept)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(events(settings)) == 7


def test_an_undo_takes_the_whole_review_back(client: Client) -> None:
    review(client, kept=ids(image(client)["objects"]))
    client.undo()
    assert results(client)["counts"]["open"] == 3
    assert {one["place"] for one in image(client)["objects"]} == {"unreviewed"}


def test_a_corrected_image_shows_prediction_and_correction(client: Client) -> None:
    objects = image(client)["objects"]
    dog, again, cat = objects[0]["item_id"], objects[3]["item_id"], objects[1]["item_id"]
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[40:118, 38:119] = True
    drawn = [
        {"box_xyxy": [38, 40, 119, 118], "class_name": "dog", "mask": encode(mask).as_json(), "replaces": dog},
        {"box_xyxy": [1, 2, 30, 40], "class_name": "fish"},
    ]
    response = review(client, outcome="correct", kept=[cat], drawn=drawn, deleted=[again])
    assert response.json()["message"] == "Corrected: 2 objects drawn or changed, 1 deleted, 1 kept."
    assert (response.json()["outcome"], response.json()["status"]) == ("refined", "corrected")
    answer = image(client)
    by_box = {tuple(one["box_xyxy"]): one for one in answer["objects"]}
    assert by_box.keys() == {(38, 40, 119, 118), (1, 2, 30, 40), (180, 60, 260, 150)}
    moved = by_box[38, 40, 119, 118]
    assert (moved["replaces"], moved["area_px"], moved["mask"]) == (dog, 78 * 81, encode(mask).as_json())
    assert by_box[1, 2, 30, 40]["source"] == "correction"
    assert len(answer["prediction"]) == 6
    assert {dog, again} <= set(ids(answer["removed"]))


def test_a_rejected_prediction_can_be_accepted_after_all(client: Client) -> None:
    assert review(client, outcome="reject").json()["status"] == "rejected"
    assert results(client, status="rejected")["images"][0]["path"] == FIRST
    kept = ids(image(client)["objects"])
    assert len(kept) == 6
    assert review(client, kept=kept).json()["status"] == "ok"
    client.undo()
    assert image(client)["status"] == "rejected"
    assert client.undo()["verdict"]["kind"] == "reject"
    assert image(client)["status"] == "open"


def test_a_correction_after_the_review_makes_the_image_a_corrected_one(client: Client) -> None:
    review(client, kept=ids(image(client)["objects"]))
    body = {"item_id": item_on(client, FIRST), "box_xyxy": [1, 2, 30, 40], "class_name": "cat", "is_replaced": False}
    client.post("/api/corrections", json={**body, "key": "c-1"})
    assert image(client)["status"] == "corrected"
    client.post(f"/api/images/{item_on(client, FIRST)}/miss", json={"key": "m-1"})
    assert image(client)["status"] == "open"


def test_a_list_can_be_kept_as_it_was_while_its_images_are_reviewed(client: Client) -> None:
    begun = results(client, status="open")
    review(client, kept=[])
    assert [row["path"] for row in results(client, status="open")["images"]] == [SECOND, "photos/02.png"]
    kept = results(client, status="open", since=begun["seq"])
    assert [(row["path"], row["status"]) for row in kept["images"]] == [
        (FIRST, "ok"), (SECOND, "open"), ("photos/02.png", "open"),
    ]  # fmt: skip


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
    for more in ({"kept": [other]}, {"deleted": [other]}, {"drawn": [_moved(other)]}):
        response = review(client, outcome="correct", **more)
        assert (response.status_code, response.json()["error"]) == (404, "unknown_item"), more
        assert FIRST in response.json()["detail"]
    assert review(client, kept=[other]).status_code == 404


def _moved(item_id: str) -> dict[str, Any]:
    return {"box_xyxy": [1, 2, 30, 40], "class_name": "cat", "replaces": item_id}


@pytest.mark.usefixtures("nothing_is_written")
def test_an_unknown_image_is_refused(client: Client) -> None:
    for call in (client.get, lambda url: client.post(url, json={"key": "k", "outcome": "accept"})):
        assert call("/api/results/0123456789abcdef").status_code == 404
    assert client.post("/api/results/0123456789abcdef/presence", json={"page": "results"}).status_code == 404


def test_ten_thousand_boxes_are_taken(client: Client, settings: Settings) -> None:
    boxes = [[x, y, x + 1, y + 1] for x in range(100) for y in range(100)]
    response = review(client, outcome="correct", drawn=[{"box_xyxy": box, "class_name": "cell"} for box in boxes])
    assert (response.status_code, response.json()["n_events"]) == (201, 10_001)
    assert len(image(client)["objects"]) == 10_000
    client.undo()
    assert image(client)["status"] == "open"


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


def test_masks_are_read_from_beside_the_refs_with_their_stability(client: Client, settings: Settings) -> None:
    path = settings.refs.with_suffix(".masks.jsonl")
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[50:110, 50:110] = True
    path.write_text(mask_line(0, encode(mask), 0.97) + mask_line(2, encode(mask)))
    dog, cat = image(client)["objects"][:2]
    assert (dog["mask"], dog["area_px"], dog["stability"]) == (encode(mask).as_json(), 3600, 0.97)
    assert (cat["class_name"], cat["area_px"], cat["stability"]) == ("cat", 3600, None)
    wrong = encode(np.ones((10, 10), bool))
    path.write_text(mask_line(0, wrong))
    assert "A mask of its prediction was made on 10 × 10 pixels" in image(client)["problem"]
    path.write_text('{"row": 6}\n{"row": 99}\n')
    response = client.get(f"/api/results/{item_on(client, FIRST)}")
    assert (response.status_code, "line 2" in response.json()["detail"]) == (422, True)


def test_a_batch_without_a_change_says_that_training_would_teach_nothing(client: Client) -> None:
    assert client.get("/api/results/batch").json()["message"] == "Nothing was reviewed so far."
    review(client, kept=ids(image(client)["objects"]))
    batch = client.get("/api/results/batch").json()
    assert (batch["accepted"], batch["is_changed"], batch["open"]) == (1, False, 2)
    assert batch["message"].startswith("Nothing was corrected: 1 image was accepted as predicted.")
    moved, deleted = (one["item_id"] for one in image(client, SECOND)["objects"][:2])
    review(client, SECOND, "correct", drawn=[_moved(moved)], deleted=[deleted])
    review(client, "photos/02.png", "reject")
    batch = client.get("/api/results/batch").json()
    assert (batch["accepted"], batch["refined"], batch["rejected"], batch["changed_objects"]) == (1, 1, 1, 2)
    assert (batch["is_changed"], batch["open"]) == (True, 0)


def test_verdicts_of_the_label_page_are_a_reason_to_train_as_the_train_page_says(client: Client) -> None:
    review(client, kept=ids(image(client)["objects"]))
    client.judge(image(client, SECOND)["objects"][0]["item_id"], 1)
    batch = client.get("/api/results/batch").json()
    assert (batch["accepted"], batch["changed_objects"], batch["is_changed"]) == (1, 0, True)
    assert batch["message"].startswith("No prediction was corrected so far, but other verdicts were given")


def test_two_people_on_one_image_are_told(client: Client) -> None:
    url = f"/api/results/{item_on(client, FIRST)}/presence"
    assert client.post(url, json={"page": "results"}, headers={"X-Winnow-Annotator": "ben"}).json() == {"others": []}
    (other,) = client.post(url, json={"page": "correct"}).json()["others"]
    assert (other["annotator"], other["page"]) == ("ben", "results")
    elsewhere = f"/api/results/{item_on(client, SECOND)}/presence"
    assert client.post(elsewhere, json={"page": "correct"}).json() == {"others": []}


def test_presence_is_forgotten_after_twenty_seconds() -> None:
    now = [0.0]
    presence = Presence(lambda: now[0])
    presence.say("a.png", "ben", "results")
    now[0] = 19.0
    assert [(one.annotator, seconds) for one, seconds in presence.say("a.png", "ana", "results")] == [("ben", 19.0)]
    now[0] = 21.0
    assert presence.say("a.png", "ana", "results") == []


def test_one_name_in_two_windows_is_told_only_where_both_say_so() -> None:
    presence = Presence()
    presence.say("a.png", "ana", "results", "tab-1")
    assert presence.say("a.png", "ana", "correct") == []
    assert [one.tab for one, _ in presence.say("a.png", "ana", "results", "tab-2")] == ["tab-1"]
