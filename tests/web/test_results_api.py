"""Results over HTTP: the list and its statuses, one image, reviews that are recorded, presence."""

from pathlib import Path

import numpy as np
import pytest
from proposal_pool import HEIGHT, PROPOSALS, WIDTH, draw_proposals
from results_calls import FIRST, SECOND, events, ids, image, item_on, moved_object, results, review
from small_pool import Client

from winnow.masks.rle import encode
from winnow.masks.sidecar import mask_line
from winnow.settings import Settings
from winnow.web.presence import Presence


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_proposals(tmp_path, 3), annotator="ana")


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


def test_ten_thousand_boxes_are_taken(client: Client, settings: Settings) -> None:
    boxes = [[x, y, x + 1, y + 1] for x in range(100) for y in range(100)]
    response = review(client, outcome="correct", drawn=[{"box_xyxy": box, "class_name": "cell"} for box in boxes])
    assert (response.status_code, response.json()["n_events"]) == (201, 10_001)
    assert len(image(client)["objects"]) == 10_000
    client.undo()
    assert image(client)["status"] == "open"


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
    review(client, SECOND, "correct", drawn=[moved_object(moved)], deleted=[deleted])
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
