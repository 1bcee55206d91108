"""Images over HTTP: their states, regions and counts after every kind of event, and corrections."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from proposal_pool import PROPOSALS, draw_proposals
from small_pool import Client

from winnow.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_proposals(tmp_path, 3), annotator="ana")


def images(client: Client, **query: Any) -> dict[str, Any]:
    response = client.get("/api/images", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def correct(client: Client, item_id: str, box: list[float], **more: Any) -> Any:
    body = {"item_id": item_id, "box_xyxy": box, "class_name": "fish", "is_replaced": True, "key": "c-1", **more}
    return client.post("/api/corrections", json=body)


def test_an_untouched_image_shows_all_its_proposals(client: Client) -> None:
    answer = images(client)
    assert (answer["total"], answer["classes"]) == (3, ["bird", "cat", "dog"])
    assert answer["counts"] == {"all": 3, "untouched": 3, "in_progress": 0, "complete": 0, "to_correct": 0, "missed": 0}
    first = answer["images"][0]
    assert (first["path"], first["state"], first["proposals"], first["unreviewed"]) == (
        "photos/00.png", "untouched", 6, 6,
    )  # fmt: skip
    assert (first["width"], first["height"]) == (320, 240)
    assert {region["place"] for region in first["regions"]} == {"unreviewed"}
    assert client.get(first["image_url"]).headers["content-type"] == "image/png"


def test_the_states_follow_the_verdicts(client: Client) -> None:
    whole, some = client.items_of("photos/00.png"), client.items_of("photos/01.png")
    for item, reason in zip(whole, [None, "duplicate", None, "background", None, "wrong_class"], strict=True):
        more = {"class_name": "fish"} if reason == "wrong_class" else {}
        client.judge(item["id"], 0 if reason else 1, reason=reason, **more)
    client.judge(some[0]["id"], 0, reason="bad_box")
    answer = images(client)
    assert [image["state"] for image in answer["images"]] == ["complete", "in_progress", "untouched"]
    assert answer["counts"] == {"all": 3, "untouched": 1, "in_progress": 1, "complete": 1, "to_correct": 1, "missed": 0}
    first, second, _ = answer["images"]
    assert (first["accepted"], first["rejected"], first["to_correct"]) == (4, 1, 0)
    assert (second["accepted"], second["to_correct"], second["unreviewed"]) == (0, 1, 5)
    assert [image["path"] for image in images(client, state="to_correct")["images"]] == ["photos/01.png"]
    assert [image["path"] for image in images(client, class_name="fish")["images"]] == ["photos/00.png"]
    assert images(client, class_name="fish", state="untouched")["total"] == 0


def test_a_window_is_a_window(client: Client) -> None:
    answer = images(client, offset=1, limit=1)
    assert (answer["total"], [image["path"] for image in answer["images"]]) == (3, ["photos/01.png"])


def test_a_miss_keeps_an_image_open_until_it_is_completed(client: Client) -> None:
    item = client.items_of("photos/02.png")[0]
    client.post(f"/api/images/{item['id']}/miss", json={"key": "m-1"})
    assert [image["path"] for image in images(client, state="missed")["images"]] == ["photos/02.png"]
    client.post(f"/api/images/{item['id']}/complete", json={"key": "c-1"})
    image = images(client, state="complete")["images"][0]
    assert (image["path"], image["open_misses"], image["unreviewed"]) == ("photos/02.png", 0, 0)
    client.undo()
    assert images(client)["counts"]["missed"] == 1


def test_a_corrected_box_takes_the_place_of_the_bad_one(client: Client) -> None:
    item = client.items_of("photos/00.png")[0]
    client.judge(item["id"], 0, reason="bad_box")
    assert images(client)["counts"]["to_correct"] == 1
    response = correct(client, item["id"], [38, 38, 122, 121])
    assert response.status_code == 201, response.text
    assert response.json()["verdict"]["replaces"] == item["id"]
    image = client.get(f"/api/images/{item['id']}").json()
    assert (image["to_correct"], image["accepted"]) == (0, 1)
    (drawn,) = [region for region in image["regions"] if region["place"] == "accepted"]
    assert (drawn["box_xyxy"], drawn["class_name"]) == ([38, 38, 122, 121], "fish")
    assert item["id"] not in [region["item_id"] for region in image["regions"]]
    undone = client.undo()
    assert (undone["item"], undone["verdict"]["strategy"]) == (None, "correction")
    assert client.get(f"/api/images/{item['id']}").json()["to_correct"] == 1


def test_a_correction_of_the_class_alone_keeps_the_item(client: Client) -> None:
    item = client.items_of("photos/00.png")[0]
    client.judge(item["id"], 0, reason="wrong_class")
    response = correct(client, item["id"], item["box_xyxy"])
    assert (response.status_code, response.json()["verdict"]["replaces"]) == (201, None)
    (region,) = [r for r in client.get(f"/api/images/{item['id']}").json()["regions"] if r["place"] == "accepted"]
    assert (region["item_id"], region["class_name"], region["claimed"]) == (item["id"], "fish", "dog")


def test_a_box_that_was_missed_is_added_beside_the_others(client: Client) -> None:
    item = client.items_of("photos/00.png")[0]
    assert correct(client, item["id"], [1, 2, 30, 40], is_replaced=False).status_code == 201
    image = client.get(f"/api/images/{item['id']}").json()
    assert (image["accepted"], image["unreviewed"], image["state"]) == (1, len(PROPOSALS), "in_progress")


@pytest.mark.parametrize(
    ("box", "code"),
    [
        ([10, 10, 10, 20], "bad_box"),
        ([20, 10, 10, 20], "bad_box"),
        ([10, 10, 321, 20], "bad_box"),
        ([-1, 10, 20, 20], "bad_request"),
        ([10, 10, 20], "bad_request"),
    ],
)
def test_a_box_that_cannot_be_is_refused_and_not_recorded(client: Client, box: list[float], code: str) -> None:
    item = client.items_of("photos/00.png")[0]
    response = correct(client, item["id"], box)
    assert (response.status_code, response.json()["error"]) == (422, code)
    assert images(client)["counts"]["untouched"] == 3


def test_a_correction_is_recorded_once_however_often_it_is_sent(client: Client) -> None:
    item = client.items_of("photos/00.png")[0]
    assert [correct(client, item["id"], [1, 2, 30, 40]).status_code for _ in range(2)] == [201, 200]


def test_an_image_that_cannot_be_read_is_still_listed(client: Client, settings: Settings) -> None:
    (settings.refs.parent / "photos" / "01.png").write_bytes(b"no image")
    assert [image["width"] for image in images(client)["images"]] == [320, None, 320]


def test_images_of_earlier_pools_come_after_the_pools_own(settings: Settings, open_client: Any) -> None:
    client = open_client(settings)
    client.judge(client.items_of("photos/02.png")[0]["id"], 1)
    client.__exit__(None, None, None)
    lines = settings.refs.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "photos/02" not in line]
    other = settings.refs.with_name("later.csv")
    other.write_text("".join(kept))
    features = settings.refs.with_name("later.npy")
    features.write_bytes(first_rows(settings.features_path, len(kept) - 1))
    later = open_client(settings.model_copy(update={"refs": other, "features": features}))
    last = images(later)["images"][-1]
    assert (last["path"], last["item_id"], last["image_url"], last["accepted"]) == ("photos/02.png", None, None, 1)
    assert images(later, state="in_progress")["total"] == 1


def first_rows(path: Path, n: int) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.load(path)[:n])
    return buffer.getvalue()
