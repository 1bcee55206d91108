"""The HTTP contract, call by call, with what it leaves in the log."""

import uuid
from typing import Any

import pytest
from small_pool import Client, is_red

from winnow.errors import DatabaseError
from winnow.settings import Settings


def test_the_queue_answers_whole_items(client: Client) -> None:
    queue = client.queue(8)
    assert len({item["id"] for item in queue["items"]}) == 8
    assert queue["progress"] == {
        "labeled": 0,
        "positive": 0,
        "negative": 0,
        "skipped": 0,
        "total": 40,
        "unreadable": 0,
        "invalid": 0,
        "auto_positive": 0,
        "auto_negative": 0,
    }
    assert queue["model"] == {"version": 0, "labels": 0, "state": "cold"}
    boxed = next(item for item in queue["items"] if item["index"] % 2 == 0)
    assert boxed["box_xyxy"] == [4, 6, 40, 28]
    assert boxed["crop_url"] != boxed["image_url"]
    whole = next(item for item in queue["items"] if item["index"] % 2)
    assert (whole["box_xyxy"], whole["view_xyxy"], whole["crop_url"]) == (None, None, whole["image_url"])


@pytest.mark.parametrize("n", [0, -1, 1_000_000, "x"])
def test_the_length_of_the_queue_is_bounded(client: Client, n: Any) -> None:
    response = client.get("/api/queue", params={"n": n})
    assert (response.status_code, response.json()["error"]) == (422, "bad_request")


def test_a_verdict_is_recorded_once_however_often_it_is_sent(client: Client) -> None:
    item = client.queue(1)["items"][0]
    body = {"item_id": item["id"], "label": 1, "key": "press-1", "elapsed_ms": 350}
    first, second = client.post("/api/verdicts", json=body), client.post("/api/verdicts", json=body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["verdict"] == second.json()["verdict"]
    assert second.json()["progress"]["labeled"] == 1
    assert item["id"] not in [other["id"] for other in second.json()["queue"]["items"]]


def test_a_skip_is_not_a_label(client: Client) -> None:
    judged = client.judge(client.queue(1)["items"][0]["id"], None)
    assert (judged["progress"]["labeled"], judged["progress"]["skipped"]) == (0, 1)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"item_id": "nobody"}, 404),
        ({"item_id": "ffffffffffffffff"}, 404),
        ({"label": 2}, 422),
        ({"label": -1}, 422),
        ({"label": "yes"}, 422),
        ({"label": True}, 422),
        ({"key": None}, 422),
        ({"key": ""}, 422),
        ({"elapsed_ms": -1}, 422),
        ({"elapsed_ms": 10**30}, 422),
        ({"reason": "x" * 201}, 422),
    ],
)
def test_a_bad_verdict_is_refused_and_not_recorded(client: Client, change: dict[str, Any], status: int) -> None:
    good = {"item_id": client.queue(1)["items"][0]["id"], "label": 1, "key": str(uuid.uuid4())}
    response = client.post("/api/verdicts", json={**good, **change})
    assert response.status_code == status
    assert set(response.json()) == {"error", "detail"}
    assert client.queue(1)["progress"]["labeled"] == 0


def test_undo_goes_back_to_the_first_verdict_and_then_says_so(client: Client) -> None:
    items = client.queue(3)["items"]
    for item in items:
        client.judge(item["id"], 1)
    assert [client.undo()["item"]["id"] for _ in items] == [item["id"] for item in reversed(items)]
    response = client.post("/api/undo", json={})
    assert (response.status_code, response.json()["error"]) == (409, "nothing_to_undo")


def test_an_undo_sent_twice_takes_back_one_verdict(client: Client) -> None:
    for item in client.queue(2)["items"]:
        client.judge(item["id"], 1)
    answers = [client.post("/api/undo", json={"key": "undo-press"}).json() for _ in range(2)]
    assert answers[0]["verdict"] == answers[1]["verdict"]
    assert client.queue(1)["progress"]["labeled"] == 1


def test_undo_restores_the_queue(client: Client) -> None:
    client.learn(6)
    before = [item["id"] for item in client.queue(8)["items"]]
    client.judge(before[0], 1)
    client.undo()
    client.wait_until(lambda c: c.queue(1)["model"]["state"] == "ready")
    assert [item["id"] for item in client.queue(8)["items"]] == before


def test_a_returned_item_is_asked_for_again(client: Client) -> None:
    item = client.queue(1)["items"][0]
    client.judge(item["id"], None)
    assert client.post("/api/skipped/return", json={"key": "r1"}).json()["returned"] == 1
    assert client.post("/api/skipped/return", json={"key": "r1"}).json()["returned"] == 0
    assert client.queue(1)["progress"]["skipped"] == 0
    assert client.wait_until(lambda c: item["id"] in [other["id"] for other in c.queue(40)["items"]])


def test_the_head_learns_what_red_is(client: Client) -> None:
    client.put("/api/strategy", json={"name": "max_probability"})
    client.learn(14)
    metrics = client.get("/api/metrics").json()["points"]
    assert metrics[-1]["count"] == len(metrics) > 0
    assert client.queue(1)["progress"]["positive"] >= 9


def test_every_point_is_the_shown_probability_against_the_label(client: Client) -> None:
    client.learn(8)
    shown = client.queue(2)
    client.judge(shown["items"][0]["id"], is_red(shown["items"][0]["index"]))
    client.wait_until(lambda c: c.queue(1)["model"]["state"] == "ready")
    late = client.judge(shown["items"][1]["id"], 0, model_version=shown["model"]["version"])
    assert late["verdict"]["probability"] == pytest.approx(shown["items"][1]["probability"])
    assert late["metrics"]["brier"] == pytest.approx(shown["items"][1]["probability"] ** 2)


def test_a_strategy_is_in_force_at_once_and_after_a_restart(
    settings: Settings, client: Client, open_client: Any
) -> None:
    client.learn(8)
    for name in ("random", "max_probability", "entropy", "random"):
        answer = client.put("/api/strategy", json={"name": name})
        assert answer.json()["name"] == name
        queue = client.queue(1)
        assert (queue["strategy"], queue["items"][0]["strategy"]) == (name, name)
    client.__exit__(None, None, None)
    assert open_client(settings).get("/api/strategy").json()["name"] == "random"


def test_an_unknown_strategy_is_refused_by_name(client: Client) -> None:
    response = client.put("/api/strategy", json={"name": "luck"})
    assert (response.status_code, response.json()["error"]) == (422, "unknown_strategy")
    assert "max_probability" in response.json()["detail"]


def test_a_restart_resumes_labels_chart_queue_and_undo(settings: Settings, client: Client, open_client: Any) -> None:
    client.learn(10)
    last = client.judge(client.queue(1)["items"][0]["id"], 1)
    client.wait_until(lambda c: c.queue(1)["model"]["state"] == "ready")
    queue, metrics = client.queue(8), client.get("/api/metrics").json()
    client.__exit__(None, None, None)
    again = open_client(settings)
    assert again.queue(8)["progress"] == queue["progress"]
    assert again.queue(8)["model"] == queue["model"]
    assert [item["id"] for item in again.queue(8)["items"]] == [item["id"] for item in queue["items"]]
    assert again.get("/api/metrics").json() == metrics
    assert again.undo()["verdict"] == last["verdict"]


def test_a_finished_pool_says_so(client: Client) -> None:
    for _ in range(40):
        item = client.queue(1)["items"][0]
        client.judge(item["id"], is_red(item["index"]))
    end = client.queue(8)
    assert (end["items"], end["progress"]["labeled"], end["model"]["state"]) == ([], 40, "exhausted")


def test_annotators_undo_their_own(client: Client) -> None:
    first, second = client.queue(2)["items"]
    ben = {"X-Winnow-Annotator": "Ben%20%C3%9Cnal"}
    client.judge(first["id"], 1)
    body = {"item_id": second["id"], "label": 0, "key": "b1"}
    assert client.post("/api/verdicts", json=body, headers=ben).json()["verdict"]["annotator"] == "Ben Ünal"
    assert client.undo()["item"]["id"] == first["id"]
    assert client.post("/api/undo", json={}, headers=ben).json()["item"]["id"] == second["id"]


def test_a_key_stands_for_one_press(client: Client) -> None:
    first, second = client.queue(2)["items"]
    client.post("/api/verdicts", json={"item_id": first["id"], "label": 1, "key": "v1"})
    client.post("/api/undo", json={"key": "u1"})
    for key in ("v1", "u1"):
        response = client.post("/api/verdicts", json={"item_id": second["id"], "label": 0, "key": key})
        assert (response.status_code, response.json()["error"]) == (409, "key_taken")
    assert client.post("/api/undo", json={"key": "v1"}).status_code == 409
    assert client.post("/api/verdicts", json={"item_id": second["id"], "label": 0, "key": "~undo-1"}).status_code == 422


def test_an_item_skipped_twice_comes_back(client: Client) -> None:
    item = client.queue(1)["items"][0]
    client.judge(item["id"], None)
    client.judge(item["id"], None)
    assert client.post("/api/skipped/return", json={"key": "r1"}).json() == {
        "returned": 1,
        "progress": client.queue(1)["progress"],
    }
    assert client.queue(1)["progress"]["skipped"] == 0


def test_a_verdict_is_logged_with_the_strategy_it_was_shown_by(client: Client) -> None:
    client.learn(8)
    queue = client.queue(3)
    item = queue["items"][2]
    client.put("/api/strategy", json={"name": "random"})
    shown = {"model_version": queue["model"]["version"], "strategy": item["strategy"]}
    verdict = client.judge(item["id"], 0, **shown)["verdict"]
    assert (verdict["strategy"], verdict["rank"], verdict["selection_probability"]) == ("entropy", 2, 1.0)


def test_a_write_that_arrived_unanswered_is_found_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    log = client.app.state.loader.session._log
    append = log.append

    def append_and_lose_the_answer(verdicts: Any) -> Any:
        append(verdicts)
        raise DatabaseError("the connection broke after the commit")

    body = {"item_id": client.queue(1)["items"][0]["id"], "label": 1, "key": "k1"}
    monkeypatch.setattr(log, "append", append_and_lose_the_answer)
    assert client.post("/api/verdicts", json=body).status_code == 503
    monkeypatch.undo()
    assert client.post("/api/verdicts", json=body).status_code == 200
    assert client.queue(1)["progress"]["labeled"] == 1
