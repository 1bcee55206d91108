"""Reasons for a rejection, the class an item has instead, and marks on images, over HTTP and back by undo."""

from pathlib import Path
from typing import Any

import pytest
from proposal_pool import draw_proposals
from small_pool import Client

from winnow.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_proposals(tmp_path, 3), annotator="ana")


def verdicts_of(client: Client) -> list[tuple[str | None, str | None]]:
    rows = client.get("/api/review").json()["rows"]
    return [(row["verdict"]["reason"], row["verdict"]["class_name"]) for row in rows]


@pytest.mark.parametrize("reason", ["background", "wrong_class", "duplicate", "bad_box", "words of my own"])
def test_a_rejection_keeps_its_reason(client: Client, reason: str) -> None:
    judged = client.judge(client.queue(1)["items"][0]["id"], 0, reason=reason)
    assert (judged["verdict"]["reason"], judged["verdict"]["class_name"]) == (reason, None)
    assert verdicts_of(client) == [(reason, None)]


def test_a_wrong_class_keeps_the_class_it_should_be(client: Client) -> None:
    client.judge(client.queue(1)["items"][0]["id"], 0, reason="wrong_class", class_name="  fish ")
    assert verdicts_of(client) == [("wrong_class", "fish")]
    assert client.get("/api/filter").json()["named"] == ["fish"]


@pytest.mark.parametrize(
    "change",
    [
        {"label": 1, "reason": "wrong_class", "class_name": "fish"},
        {"label": None, "reason": "wrong_class", "class_name": "fish"},
        {"label": 0, "reason": "bad_box", "class_name": "fish"},
        {"label": 0, "class_name": "fish"},
        {"label": 0, "reason": "wrong_class", "class_name": "x" * 201},
        {"label": 0, "reason": "wrong_class", "class_name": " "},
        {"label": 0, "reason": "wrong_class", "class_name": "two\nlines"},
    ],
)
def test_a_class_goes_with_a_wrong_class_only(client: Client, change: dict[str, Any]) -> None:
    body = {"item_id": client.queue(1)["items"][0]["id"], "key": "k", **change}
    response = client.post("/api/verdicts", json=body)
    assert (response.status_code, response.json()["error"]) == (422, "bad_request")
    assert client.queue(1)["progress"]["labeled"] == 0


def test_a_missed_object_is_marked_once_and_taken_back(client: Client) -> None:
    item = client.items_of("photos/01.png")[0]
    first = client.post(f"/api/images/{item['id']}/miss", json={"key": "m-1"})
    again = client.post(f"/api/images/{item['id']}/miss", json={"key": "m-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["verdict"] == again.json()["verdict"]
    assert (first.json()["verdict"]["kind"], first.json()["progress"]["labeled"]) == ("miss", 0)
    assert len(client.queue(100)["items"]) == 18
    assert client.get(f"/api/images/{item['id']}").json()["open_misses"] == 1
    undone = client.undo()
    assert (undone["verdict"]["kind"], undone["item"]) == ("miss", None)
    assert client.get(f"/api/images/{item['id']}").json()["open_misses"] == 0


def test_undo_goes_through_marks_and_verdicts_newest_first(client: Client) -> None:
    item, other = client.items_of("photos/00.png")[:2]
    client.judge(item["id"], 1)
    client.post(f"/api/images/{item['id']}/miss", json={"key": "m-1"})
    client.judge(other["id"], 0, reason="duplicate")
    undone = [client.undo() for _ in range(3)]
    assert [each["verdict"]["kind"] for each in undone] == ["verdict", "miss", "verdict"]
    assert [each["item"] and each["item"]["id"] for each in undone] == [other["id"], None, item["id"]]


@pytest.mark.parametrize("call", ["miss", "complete"])
def test_a_mark_on_an_unknown_item_is_refused(client: Client, call: str) -> None:
    response = client.post(f"/api/images/{'f' * 16}/{call}", json={"key": "k"})
    assert (response.status_code, response.json()["error"]) == (404, "unknown_item")


def test_a_marks_key_stands_for_one_press(client: Client) -> None:
    one, other = client.items_of("photos/00.png")[0], client.items_of("photos/01.png")[0]
    client.post(f"/api/images/{one['id']}/miss", json={"key": "k"})
    response = client.post(f"/api/images/{other['id']}/miss", json={"key": "k"})
    assert (response.status_code, response.json()["error"]) == (409, "key_taken")
