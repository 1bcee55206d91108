"""Goals over HTTP: chosen, remembered, and written down with every verdict."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from small_pool import Client

from winnow.settings import Settings
from winnow.web.app import create_app


def logged(settings: Settings) -> list[tuple[Any, ...]]:
    columns = "strategy, goal, rank, selection_probability"
    with sqlite3.connect(settings.base_folder / "winnow.db") as connection:
        return connection.execute(f"SELECT {columns} FROM verdicts ORDER BY seq").fetchall()


def judge_next(client: Client, n: int) -> None:
    for _ in range(n):
        queue = client.queue(1)
        item = queue["items"][0]
        shown = {"model_version": queue["model"]["version"], "strategy": item["strategy"]}
        client.judge(item["id"], int(item["index"] % 4 == 0), **shown)


def test_no_goal_is_in_force_until_one_is_chosen(client: Client) -> None:
    answer = client.get("/api/goal").json()
    assert (answer["name"], [goal["name"] for goal in answer["available"]]) == (
        None,
        ["find_all", "teach", "audit", "clean"],
    )
    assert answer["random_share"] == 0.05
    assert client.queue()["goal"] is None


def test_a_chosen_goal_outlives_the_server(settings: Settings, open_client: Callable[..., Client]) -> None:
    with Client(create_app(settings), base_url="http://localhost") as first:
        first.wait_until(lambda client: client.get("/healthz").json()["ready"])
        assert first.put("/api/goal", json={"name": "audit"}).json()["name"] == "audit"
        queue = first.queue()
        assert (queue["goal"], queue["strategy"], queue["is_blind"]) == ("audit", "random", True)
    assert open_client(settings).get("/api/goal").json()["name"] == "audit"


def test_a_strategy_chosen_by_hand_ends_the_goal(client: Client) -> None:
    client.put("/api/goal", json={"name": "find_all"})
    assert client.get("/api/strategy").json()["name"] == "max_probability"
    client.put("/api/strategy", json={"name": "entropy"})
    assert client.get("/api/goal").json()["name"] is None
    client.put("/api/goal", json={"name": "teach"})
    assert client.put("/api/goal", json={"name": None}).json()["name"] is None
    assert client.get("/api/strategy").json()["name"] == "entropy"


def test_an_unknown_goal_is_refused_by_name(client: Client) -> None:
    refused = client.put("/api/goal", json={"name": "luck"})
    assert (refused.status_code, refused.json()["error"]) == (422, "unknown_goal")
    assert "find_all" in refused.json()["detail"]


def test_every_verdict_says_why_its_item_was_shown(client: Client, settings: Settings) -> None:
    client.put("/api/goal", json={"name": "find_all"})
    judge_next(client, 21)
    said = logged(settings)
    assert {goal for _, goal, _, _ in said} == {"find_all"}
    ways = [way for way, _, _, _ in said]
    assert ways[0] == "cover"
    assert ways[19] == "random"
    assert set(ways[20:]) == {"max_probability"}
    assert said[19][3] == pytest.approx(1 / 21)
    assert {chance for way, _, _, chance in said if way != "random"} == {1.0}


def test_a_label_that_the_head_doubts_is_confirmed_once(client: Client, settings: Settings) -> None:
    judge_next(client, 12)
    client.put("/api/goal", json={"name": "clean"})
    queue = client.wait_until(lambda client: (now := client.queue(40))["model"]["state"] == "ready" and now)
    assert len(queue["items"]) == 12
    item = queue["items"][0]
    shown = {"model_version": queue["model"]["version"], "strategy": item["strategy"]}
    before = client.queue()["progress"]
    client.judge(item["id"], int(item["index"] % 4 == 0), **shown)
    left = client.wait_until(lambda client: (now := client.queue(40))["model"]["state"] == "ready" and now)
    assert item["id"] not in [other["id"] for other in left["items"]]
    assert (len(left["items"]), left["progress"]) == (11, before)
    assert logged(settings)[-1][:2] == ("disagreement", "clean")
    client.undo()
    again = client.wait_until(lambda client: (now := client.queue(40))["model"]["state"] == "ready" and now)
    assert len(again["items"]) == 12
