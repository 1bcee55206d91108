"""Triage and the filter over HTTP: what is counted, what is held back, and that it stays so."""

from pathlib import Path
from typing import Any

import pytest
from proposal_pool import draw_proposals
from small_pool import Client, draw_pool

from winnow.masks.sidecar import sidecar_path
from winnow.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_proposals(tmp_path, 3), annotator="ana")


def triaged(client: Client) -> dict[str, Any]:
    def ready(client: Client) -> Any:
        answer = client.get("/api/triage").json()
        return answer if answer["state"] == "ready" else None

    return client.wait_until(ready)


def put(client: Client, **chosen: Any) -> dict[str, Any]:
    response = client.put("/api/filter", json=chosen)
    assert response.status_code == 200, response.text
    return response.json()


def queued(client: Client) -> set[str]:
    return {item["class_name"] for item in client.queue(100)["items"]}


def test_groups_are_counted_and_shown(client: Client) -> None:
    answer = triaged(client)
    counts = {group["name"]: group["count"] for group in answer["groups"]}
    assert counts == {
        "nested": 3,
        "sliver": 0,
        "tiny": 3,
        "huge": 0,
        "near_duplicate": 3,
        "edge": 3,
        "judged_before": 0,
    }
    assert answer["total"] == 18
    thumbs = {group["name"]: {item["class_name"] for item in group["thumbs"]} for group in answer["groups"]}
    assert (thumbs["nested"], thumbs["near_duplicate"], thumbs["huge"]) == ({"cat"}, {"dog"}, set())


def test_the_histogram_counts_every_proposal(client: Client) -> None:
    answer = triaged(client)
    filled = {bin_: count for bin_, count in enumerate(answer["histogram"]) if count}
    assert (filled, answer["without_score"]) == ({1: 3, 3: 3, 8: 3, 11: 3, 15: 3, 18: 3}, 0)


def test_a_group_set_aside_leaves_the_queue_and_comes_back(client: Client) -> None:
    triaged(client)
    answer = put(client, set_aside=["near_duplicate", "tiny"])
    assert (answer["shown"], answer["hidden"], answer["open"]) == (12, 6, 12)
    assert len(client.queue(100)["items"]) == 12
    assert [group["name"] for group in triaged(client)["groups"] if group["is_set_aside"]] == ["tiny", "near_duplicate"]
    put(client)
    assert len(client.queue(100)["items"]) == 18


def test_classes_scores_and_images_narrow_what_is_shown(client: Client) -> None:
    assert put(client, classes=["dog"])["shown"] == 6
    assert queued(client) == {"dog"}
    assert put(client, classes=["dog", "cat"], score_min=0.4, score_max=0.8)["shown"] == 6
    assert queued(client) == {"dog", "cat"}
    assert put(client, images=["photos/01.png"])["shown"] == 6
    assert {item["path"] for item in client.queue(100)["items"]} == {"photos/01.png"}


def test_the_filter_is_remembered(settings: Settings, open_client: Any) -> None:
    client = open_client(settings)
    triaged(client)
    put(client, classes=["cat"], set_aside=["nested"])
    client.__exit__(None, None, None)
    answer = open_client(settings).get("/api/filter").json()
    assert (answer["classes"], answer["set_aside"], answer["shown"]) == (["cat"], ["nested"], 3)


def test_open_counts_what_is_shown_and_not_judged(client: Client) -> None:
    put(client, classes=["bird"])
    client.judge(client.queue(1)["items"][0]["id"], 1)
    answer = client.get("/api/filter").json()
    assert (answer["shown"], answer["open"], answer["judged"]) == (6, 5, 1)


def test_a_set_aside_duplicate_does_not_keep_an_image_open(client: Client) -> None:
    triaged(client)
    put(client, set_aside=["near_duplicate"])
    for item in [item for item in client.queue(100)["items"] if item["path"] == "photos/00.png"]:
        client.judge(item["id"], 1)
    assert client.get("/api/images").json()["counts"]["complete"] == 1
    put(client)
    assert client.get("/api/images").json()["counts"]["complete"] == 0


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({"set_aside": ["nonsense"]}, "unknown_group"),
        ({"score_min": 0.9, "score_max": 0.1}, "bad_request"),
        ({"score_min": -0.1}, "bad_request"),
        ({"classes": "dog"}, "bad_request"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(client: Client, chosen: dict[str, Any], code: str) -> None:
    triaged(client)
    response = client.put("/api/filter", json=chosen)
    assert (response.status_code, response.json()["error"]) == (422, code)
    assert client.get("/api/filter").json()["shown"] == 18


def test_classes_are_listed_by_their_number(client: Client) -> None:
    answer = client.get("/api/filter").json()
    assert answer["available"] == [{"name": name, "count": 6} for name in ("dog", "cat", "bird")]
    assert (answer["has_boxes"], answer["named"]) == (True, [])


def test_a_pool_of_whole_images_has_no_proposals(tmp_path: Path, open_client: Any) -> None:
    (tmp_path / "whole").mkdir()
    refs = draw_pool(tmp_path / "whole", 6)
    refs.write_text("".join(f"{i}.png\n" for i in range(6)))
    client = open_client(Settings(refs=refs, annotator="ana"))
    answer = triaged(client)
    assert (answer["total"], answer["filter"]["has_boxes"], answer["filter"]["shown"]) == (0, False, 6)


def test_a_failure_is_told_and_tried_again_by_the_next_ask(client: Client, settings: Settings) -> None:
    masks = sidecar_path(settings.refs)
    masks.write_text("no masks\n")

    def told(client: Client) -> Any:
        answer = client.get("/api/triage").json()
        return answer["problem"] if answer["state"] == "failed" else None

    assert masks.name in client.wait_until(told)
    response = client.put("/api/filter", json={"set_aside": ["tiny"]})
    assert (response.status_code, response.json()["error"]) == (503, "not_ready")
    masks.unlink()
    assert client.wait_until(lambda client: client.get("/api/triage").json()["state"] == "ready")
