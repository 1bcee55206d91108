"""The recall meter over HTTP: it follows verdicts, takes a target, and says what it cannot say."""

from pathlib import Path
from typing import Any

import pytest
from small_pool import Client, draw_pool, is_red

from winnow.filters import Filter
from winnow.settings import Settings


@pytest.fixture(autouse=True)
def newest_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer of a moment ago, however slow the machine."""
    monkeypatch.setattr("winnow.web.recall.WAIT_S", 60.0)


def judge_next(client: Client, n: int) -> None:
    for _ in range(n):
        item = client.queue(1)["items"][0]
        client.judge(item["id"], is_red(item["index"]), strategy=item["strategy"])


def recall(client: Client) -> dict[str, Any]:
    response = client.get("/api/recall")
    assert response.status_code == 200, response.text
    return response.json()


def test_nothing_judged_says_nothing_and_why(client: Client) -> None:
    answer = recall(client)
    assert (answer["population"], answer["found"], answer["looked"], answer["open"]) == (40, 0, 0, 40)
    assert [answer[name] for name in ("bound", "bound_method", "at_most", "prevalence")] == [None] * 4
    assert [one["method"] for one in answer["refused"]] == ["ranked", "random"]
    assert answer["target"] == 0.95


def test_judging_all_at_random_ends_at_certainty(client: Client) -> None:
    assert client.put("/api/goal", json={"name": "audit"}).status_code == 200
    judge_next(client, 40)
    answer = recall(client)
    assert (answer["found"], answer["open"], answer["at_most"], answer["bound"]) == (10, 0, 10, 1.0)
    assert (answer["bound_method"], answer["is_reached"], answer["looks_to_target"]) == ("random", True, 0)
    assert answer["prevalence"]["low"] == answer["prevalence"]["high"] == 0.25
    assert answer["prevalence"]["looks"] == 40
    assert [one["method"] for one in answer["refused"]] == ["ranked"]


def test_find_all_counts_ranked_and_random_looks(client: Client) -> None:
    assert client.put("/api/goal", json={"name": "find_all"}).status_code == 200
    judge_next(client, 36)
    answer = recall(client)
    assert (answer["found"], answer["looked"], answer["open"], answer["bound_method"]) == (10, 36, 4, "ranked")
    assert 10 <= answer["at_most"] <= 14
    assert answer["bound"] == 10 / answer["at_most"]


def test_an_undo_is_followed(client: Client) -> None:
    client.put("/api/goal", json={"name": "audit"})
    judge_next(client, 8)
    before = recall(client)
    judge_next(client, 1)
    client.undo()
    after = recall(client)
    assert after["seq"] == before["seq"] + 2
    assert {**after, "seq": 0} == {**before, "seq": 0}


def test_looks_by_doubt_alone_are_refused(client: Client) -> None:
    client.put("/api/strategy", json={"name": "entropy"})
    judge_next(client, 20)
    answer = recall(client)
    assert (answer["looked"], answer["bound"], answer["is_reached"]) == (20, None, False)
    assert "order of the ranking" in answer["refused"][0]["why"]


def test_a_target_is_kept_over_a_restart(settings: Settings, open_client: Any) -> None:
    client = open_client(settings)
    assert client.put("/api/recall", json={"target": 0.8}).json()["target"] == 0.8
    client.put("/api/goal", json={"name": "audit"})
    judge_next(client, 20)
    before = recall(client)
    client.__exit__(None, None, None)
    assert recall(open_client(settings)) == before


def test_a_target_out_of_reach_is_refused(client: Client) -> None:
    assert client.put("/api/recall", json={"target": 1.0}).status_code == 422
    assert recall(client)["target"] == 0.95


def test_a_wider_filter_begins_anew(tmp_path: Path, open_client: Any) -> None:
    client = open_client(Settings(refs=draw_pool(tmp_path), annotator="ana"))
    client.put("/api/goal", json={"name": "audit"})
    images = [f"{i}.png" for i in range(20)]
    session = client.app.state.loader.session
    session.set_filter(Filter(images=tuple(images)), {})
    judge_next(client, 10)
    narrow = recall(client)
    assert (narrow["population"], narrow["prevalence"]["looks"]) == (20, 10)
    session.set_filter(Filter(), {})
    wide = recall(client)
    assert (wide["population"], wide["looked"], wide["prevalence"], wide["bound"]) == (40, 10, None, None)
