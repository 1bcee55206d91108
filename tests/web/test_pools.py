"""Switching pools: one server, one log, several refs files."""

from pathlib import Path
from typing import Any

import numpy as np
from small_pool import Client

from winnow.settings import Settings


def add_pool(folder: Path, name: str) -> None:
    """Proposals on the small pool's images, as a later round writes them."""
    rows = ["path,x1,y1,x2,y2,class,score", "1.png,0,0,20,20,tile,0.5", "3.png,4,4,30,30,tile,0.7"]
    (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    np.save(folder / f"{name}.npy", np.eye(2, 4, dtype=np.float32))


def open_pool(client: Client, name: str) -> None:
    assert client.post("/api/pools/open", json={"name": name}).status_code == 200
    client.wait_until(lambda client: client.get("/api/pools").json()["is_ready"])


def test_pools_are_the_settings_own_and_what_rounds_wrote(client: Client, settings: Settings) -> None:
    add_pool(settings.base_folder, "proposals-0001")
    (settings.base_folder / "other.csv").write_text("path\n1.png\n")
    assert client.get("/api/pools").json() == {
        "pools": [
            {"name": "refs.txt", "is_open": True, "has_features": True},
            {"name": "proposals-0001.csv", "is_open": False, "has_features": True},
        ],
        "is_ready": True,
        "corrections": {"n_items": 0, "n_waiting": 0, "problem": None},
    }


def test_another_pool_is_shown_and_the_first_keeps_its_verdicts(client: Client, settings: Settings) -> None:
    add_pool(settings.base_folder, "proposals-0001")
    first = client.queue(1)["items"][0]
    client.judge(first["id"], 1)
    open_pool(client, "proposals-0001.csv")
    queue = client.queue()
    assert sorted(item["path"] for item in queue["items"]) == ["1.png", "3.png"]
    assert queue["progress"]["labeled"] == 0
    client.judge(queue["items"][0]["id"], 0)
    open_pool(client, "refs.txt")
    assert client.queue()["progress"]["labeled"] == 1


def test_a_verdict_on_an_item_of_another_pool_is_refused_and_said(client: Client, settings: Settings) -> None:
    add_pool(settings.base_folder, "proposals-0001")
    item = client.queue(1)["items"][0]
    open_pool(client, "proposals-0001.csv")
    refused: Any = client.post("/api/verdicts", json={"item_id": item["id"], "label": 1, "key": "k"})
    assert (refused.status_code, refused.json()["error"]) == (404, "unknown_item")


def test_undo_goes_back_over_pools(client: Client, settings: Settings) -> None:
    add_pool(settings.base_folder, "proposals-0001")
    client.judge(client.queue(1)["items"][0]["id"], 1)
    open_pool(client, "proposals-0001.csv")
    undone = client.undo()
    assert undone["item"] is None
    open_pool(client, "refs.txt")
    assert client.queue()["progress"]["labeled"] == 0


def test_a_pool_that_is_not_listed_is_not_opened(client: Client, settings: Settings) -> None:
    (settings.base_folder / "secret.csv").write_text("path\n1.png\n")
    for name in ("secret.csv", "../refs.txt", "/etc/passwd"):
        answer = client.post("/api/pools/open", json={"name": name})
        assert (answer.status_code, answer.json()["error"]) == (404, "unknown_pool")
    assert client.get("/healthz").json()["ready"]


def test_a_pool_without_features_says_what_to_run(client: Client, settings: Settings) -> None:
    add_pool(settings.base_folder, "proposals-0001")
    (settings.base_folder / "proposals-0001.npy").unlink()
    assert client.post("/api/pools/open", json={"name": "proposals-0001.csv"}).status_code == 200
    said = client.wait_until(lambda client: "compute_features" in client.get("/api/queue").text)
    assert said
    open_pool(client, "refs.txt")


def test_what_an_earlier_round_judged_is_set_aside_and_can_be_brought_back(client: Client, settings: Settings) -> None:
    add_pool(settings.base_folder, "proposals-0001")
    rows = ["path,x1,y1,x2,y2,class,score", "1.png,1,0,20,20,tile,0.5", "3.png,5,4,30,30,other,0.7"]
    (settings.base_folder / "proposals-0002.csv").write_text("\n".join(rows) + "\n")
    np.save(settings.base_folder / "proposals-0002.npy", np.eye(2, 4, dtype=np.float32))
    open_pool(client, "proposals-0001.csv")
    for item in client.queue()["items"]:
        client.judge(item["id"], 1)
    open_pool(client, "proposals-0002.csv")
    assert [item["box_xyxy"] for item in client.queue()["items"]] == [[5, 4, 30, 30]]
    assert client.get("/api/filter").json()["set_aside"] == ["judged_before"]
    client.put("/api/filter", json={"set_aside": []})
    assert len(client.queue()["items"]) == 2


def test_a_better_box_for_a_bad_one_is_not_set_aside(client: Client, settings: Settings) -> None:
    add_pool(settings.base_folder, "proposals-0001")
    rows = ["path,x1,y1,x2,y2,class,score", "1.png,1,0,20,20,tile,0.5"]
    (settings.base_folder / "proposals-0002.csv").write_text("\n".join(rows) + "\n")
    np.save(settings.base_folder / "proposals-0002.npy", np.eye(1, 4, dtype=np.float32))
    open_pool(client, "proposals-0001.csv")
    for item in client.queue()["items"]:
        client.judge(item["id"], 0, reason="bad_box")
    open_pool(client, "proposals-0002.csv")
    assert [item["box_xyxy"] for item in client.queue()["items"]] == [[1, 0, 20, 20]]
