"""Many labels by one press: all or none, recorded once, taken back by one undo."""

from typing import Any

import pytest
from small_pool import Client


def batch(client: Client, labels: dict[str, int], key: str = "many-1", **more: Any) -> Any:
    items = [{"item_id": item_id, "label": label} for item_id, label in labels.items()]
    return client.post("/api/verdicts/batch", json={"key": key, "way": "grid", "items": items, **more})


def next_ids(client: Client, n: int) -> list[str]:
    return [item["id"] for item in client.queue(n)["items"]]


def standing(client: Client) -> dict[str, tuple[int | None, str]]:
    rows = client.get("/api/review?limit=500").json()["rows"]
    return {row["item"]["id"]: (row["verdict"]["label"], row["verdict"]["strategy"]) for row in rows}


def test_a_batch_labels_its_items_and_no_others(client: Client) -> None:
    one, two, three, other = next_ids(client, 4)
    answer = batch(client, {one: 1, two: 0, three: 1}, way="sweep", elapsed_ms=2500)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["verdicts"], body["left_out"], body["verdict"]["elapsed_ms"]) == (3, 0, 2500)
    assert (body["progress"]["positive"], body["progress"]["negative"]) == (2, 1)
    queued = [item["id"] for item in body["queue"]["items"]]
    assert other in queued
    assert not {one, two, three} & set(queued)
    assert standing(client) == {one: (1, "sweep"), two: (0, "sweep"), three: (1, "sweep")}


def test_one_undo_takes_back_the_whole_batch(client: Client) -> None:
    single, *many = next_ids(client, 4)
    client.judge(single, 0)
    batch(client, dict.fromkeys(many, 1))
    taken = client.undo()
    assert taken["verdict"]["strategy"] == "grid"
    assert taken["progress"]["labeled"] == 1
    assert standing(client).keys() == {single}
    assert client.undo()["verdict"]["item_id"] == single


def test_the_same_key_is_recorded_once(client: Client) -> None:
    labels = dict.fromkeys(next_ids(client, 3), 1)
    first, second = batch(client, labels), batch(client, labels)
    assert (first.status_code, second.status_code) == (201, 200)
    assert (second.json()["verdicts"], second.json()["left_out"]) == (3, 0)
    assert second.json()["verdict"] == first.json()["verdict"]
    client.undo()
    assert client.queue(1)["progress"]["labeled"] == 0


def test_what_has_a_verdict_keeps_it_and_is_counted(client: Client) -> None:
    judged, skipped, fresh = next_ids(client, 3)
    client.judge(judged, 0)
    client.judge(skipped, None)
    body = batch(client, {judged: 1, skipped: 1, fresh: 1}).json()
    assert (body["verdicts"], body["left_out"]) == (1, 2)
    assert {item: label for item, (label, _) in standing(client).items()} == {judged: 0, skipped: None, fresh: 1}


def test_a_batch_of_judged_items_records_nothing(client: Client) -> None:
    (judged,) = next_ids(client, 1)
    client.judge(judged, 0)
    body = batch(client, {judged: 1}).json()
    assert (body["verdict"], body["verdicts"], body["left_out"]) == (None, 0, 1)


def test_an_unknown_item_refuses_the_whole_batch(client: Client) -> None:
    (known,) = next_ids(client, 1)
    answer = batch(client, {known: 1, "ffffffffffffffff": 1})
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_item")
    assert standing(client) == {}


def test_the_key_of_another_press_is_refused(client: Client) -> None:
    one, two = next_ids(client, 2)
    client.judge(one, 1, key="taken")
    answer = batch(client, {two: 1}, key="taken")
    assert (answer.status_code, answer.json()["error"]) == (409, "key_taken")


@pytest.mark.parametrize(
    "change",
    [
        {"items": []},
        {"items": [{"item_id": "a", "label": 1}] * 501},
        {"items": [{"item_id": "a", "label": 1}] * 2},
        {"items": [{"item_id": "a", "label": None}]},
        {"items": [{"item_id": "a", "label": 2}]},
        {"way": "auto"},
        {"key": ""},
        {"elapsed_ms": -1},
    ],
)
def test_a_malformed_batch_is_refused(client: Client, change: dict[str, Any]) -> None:
    body = {"key": "k", "way": "grid", "items": [{"item_id": "a", "label": 1}], **change}
    assert client.post("/api/verdicts/batch", json=body).status_code == 422


def test_bulk_labels_are_no_test_of_the_model(client: Client) -> None:
    client.learn(6)
    before = client.get("/api/metrics").json()["points"]
    batch(client, dict.fromkeys(next_ids(client, 3), 1))
    assert client.get("/api/metrics").json()["points"] == before
