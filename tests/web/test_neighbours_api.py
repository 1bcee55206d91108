"""Look-alikes, exemplars and near-duplicates over HTTP."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_pool import Client

from winnow.atlas.atlas import Atlas
from winnow.settings import Settings

ANGLES = [0, 10, 20, 30, 40, 50, 65, 80]  # degrees: the further on, the less alike the first


def draw_fan(folder: Path) -> Path:
    """Tiles whose features fan out from the first; far from the mean, so that likeness falls with the angle."""
    rows = [(np.cos(angle), np.sin(angle)) for angle in np.radians(ANGLES)]
    lines = []
    for i in range(len(rows)):
        Image.new("RGB", (8, 8), (20 * i, 0, 0)).save(folder / f"{i}.png")
        lines.append(f"{i}.png")
    opposite = [(-x, -y) for x, y in rows]  # brings the mean to the origin
    for i in range(len(opposite)):
        lines.append(f"{i}.png 0 0 4 4")
    (folder / "refs.txt").write_text("\n".join([*lines, "0.png"]) + "\n")
    np.save(folder / "features.npy", np.array([*rows, *opposite, rows[0]], dtype=np.float32))
    return folder / "refs.txt"


@pytest.fixture
def fan(tmp_path: Path, open_client: Any) -> Client:
    return open_client(Settings(refs=draw_fan(tmp_path), annotator="ana", atlas=False))


def ids(client: Client) -> list[str]:
    """The ids of all items, by row."""
    items = client.queue(100)["items"]
    return [item["id"] for item in sorted(items, key=lambda item: item["index"])]


def rows(found: list[dict[str, Any]]) -> list[int]:
    return [item["index"] for item in found]


def neighbours(client: Client, item_id: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/items/{item_id}/neighbours", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_the_nearest_open_items_come_first_without_the_item_and_its_repeats(fan: Client) -> None:
    first = ids(fan)[0]
    found = neighbours(fan, first, n=3)
    assert rows(found) == [1, 2, 3]
    likeness = [item["likeness"] for item in found]
    assert likeness == sorted(likeness, reverse=True)
    assert 0.9 < likeness[0] < 1
    assert len(neighbours(fan, first, n=200)) == 15


def test_the_answer_says_what_model_it_is_of_and_that_it_is_exact(fan: Client) -> None:
    first = ids(fan)[0]
    fan.judge(first, 1)
    fan.judge(neighbours(fan, first, n=1)[0]["id"], 0)
    fan.wait_until(lambda client: client.queue(1)["model"]["state"] == "ready")
    answer = fan.get(f"/api/items/{first}/neighbours").json()
    assert (answer["version"], answer["is_exact"]) == (2, True)
    assert all(0 <= item["probability"] <= 1 for item in answer["items"])


def test_what_was_judged_or_skipped_is_no_open_neighbour(fan: Client) -> None:
    everyone = ids(fan)
    fan.judge(everyone[1], 0)
    fan.judge(everyone[3], None)
    assert rows(neighbours(fan, everyone[0], n=3)) == [2, 4, 5]
    fan.undo()
    assert rows(neighbours(fan, everyone[0], n=3)) == [2, 3, 4]


def test_neighbours_can_be_asked_for_by_label(fan: Client) -> None:
    everyone = ids(fan)
    fan.judge(everyone[4], 1)
    fan.judge(everyone[2], 1)
    fan.judge(everyone[3], 0)
    assert rows(neighbours(fan, everyone[0], label="1")) == [2, 4]
    assert rows(neighbours(fan, everyone[0], label="0")) == [3]
    assert rows(neighbours(fan, everyone[0], label="any", n=4)) == [1, 2, 3, 4]


def test_what_the_filter_holds_back_is_no_neighbour(fan: Client) -> None:
    everyone = ids(fan)
    fan.put("/api/filter", json={"images": ["0.png", "2.png", "3.png"]})
    assert rows(neighbours(fan, everyone[0], n=2)) == [2, 3]


def test_an_item_whose_picture_cannot_be_read_is_no_neighbour(fan: Client, tmp_path: Path) -> None:
    everyone = ids(fan)
    (tmp_path / "1.png").unlink()
    assert fan.get(f"/media/items/{everyone[1]}").status_code == 422
    assert rows(neighbours(fan, everyone[0], n=2)) == [2, 3]


def test_an_item_without_features_is_like_none(tmp_path: Path, open_client: Any) -> None:
    refs = draw_fan(tmp_path)
    features = np.load(tmp_path / "features.npy")
    features[1] = np.nan
    np.save(tmp_path / "features.npy", features)
    client = open_client(Settings(refs=refs, annotator="ana", atlas=False))
    first = ids(client)[0]
    without = neighbours(client, first, label="any")
    assert 1 not in rows(without)
    blank = client.get("/api/review").json()["total"]
    assert blank == 0
    item_without = f"{int(client.app.state.loader.session.pool.ids[1]):016x}"
    client.judge(first, 1)
    assert neighbours(client, item_without) == []
    assert client.get(f"/api/items/{item_without}/exemplars").json() == {"accepted": [], "rejected": []}


def test_exemplars_are_the_nearest_of_each_label(fan: Client) -> None:
    everyone = ids(fan)
    for place, label in [(1, 0), (2, 1), (3, 0), (4, 1), (5, 1), (6, 1)]:
        fan.judge(everyone[place], label)
    answer = fan.get(f"/api/items/{everyone[0]}/exemplars", params={"n": 2}).json()
    assert (rows(answer["accepted"]), rows(answer["rejected"])) == ([2, 4], [1, 3])
    itself = fan.get(f"/api/items/{everyone[2]}/exemplars", params={"n": 1}).json()
    assert (rows(itself["accepted"]), rows(itself["rejected"])) == ([4], [1])


def test_exemplars_are_none_before_the_first_verdict(fan: Client) -> None:
    assert fan.get(f"/api/items/{ids(fan)[0]}/exemplars").json() == {"accepted": [], "rejected": []}


@pytest.mark.parametrize("call", ["neighbours", "exemplars"])
def test_an_unknown_item_has_no_look_alikes(fan: Client, call: str) -> None:
    answer = fan.get(f"/api/items/nobody/{call}")
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_item")


@pytest.mark.parametrize("query", ["n=0", "n=201", "label=2", "label=skip"])
def test_what_is_asked_for_is_bounded(fan: Client, query: str) -> None:
    assert fan.get(f"/api/items/{ids(fan)[0]}/neighbours?{query}").status_code == 422


def test_near_duplicates_are_off_without_an_atlas_and_the_choice_is_kept(fan: Client) -> None:
    off = {"is_shown": False, "set_aside": 0, "likeness": 0.95, "state": "off"}
    assert fan.get("/api/near-duplicates").json() == off
    assert fan.put("/api/near-duplicates", json={"is_shown": True}).json() == {**off, "is_shown": True}
    assert fan.get("/api/near-duplicates").json() == {**off, "is_shown": True}


def test_the_atlas_finds_the_same_neighbours(fan: Client, tmp_path: Path) -> None:
    first = ids(fan)[0]
    before = neighbours(fan, first, n=5)
    session = fan.app.state.loader.session
    session.guidance.atlas = Atlas(tmp_path / "atlas", session.features.path, session.space, ~session.pool.is_duplicate)
    after = neighbours(fan, first, n=5)
    assert rows(after) == rows(before) == [1, 2, 3, 4, 5]
    assert [item["likeness"] for item in after] == pytest.approx([item["likeness"] for item in before], abs=1e-6)
    assert fan.get("/api/near-duplicates").json()["state"] == "building"
