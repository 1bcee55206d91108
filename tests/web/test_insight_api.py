"""The Insight page's calls, on a real atlas of the small pool."""

import struct
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_pool import Client, draw_pool, is_red

from winnow.settings import Settings

OPEN, NO_PROBABILITY = 3, 255


class MapClient(Client):
    """Reads what the map's calls pack."""

    def points(self) -> dict[str, Any]:
        bytes_ = self.get("/api/map").content
        magic, key, n, clusters, *_ = struct.unpack("<4s5I", bytes_[:24])
        assert magic == b"WMAP"
        assert len(bytes_) == 24 + 14 * n
        ids = [f"{id_:016x}" for id_ in np.frombuffer(bytes_, "<u8", n, 24).tolist()]
        x, y = (np.frombuffer(bytes_, "<u2", n, 24 + 8 * n + 2 * n * i) for i in range(2))
        return {
            "key": key,
            "clusters": clusters,
            "ids": ids,
            "x": x,
            "y": y,
            "cluster": np.frombuffer(bytes_, "<i2", n, 24 + 12 * n),
        }

    def states(self) -> dict[str, Any]:
        bytes_ = self.get("/api/map/state").content
        magic, key, n, seq, version, _ = struct.unpack("<4s5I", bytes_[:24])
        assert magic == b"WMST"
        assert len(bytes_) == 24 + 2 * n
        kinds, probability = np.frombuffer(bytes_, np.uint8, offset=24).reshape(2, n)
        return {
            "key": key,
            "seq": seq,
            "version": version,
            "kinds": kinds.tolist(),
            "probability": probability.tolist(),
        }

    def status(self) -> dict[str, Any]:
        return self.get("/api/map/status").json()

    def lasso(self, ids: list[str], label: int) -> dict[str, Any]:
        items = [{"item_id": id_, "label": label} for id_ in ids]
        answer = self.post("/api/verdicts/batch", json={"key": str(uuid.uuid4()), "way": "lasso", "items": items})
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pool whose atlas is made, for tests to copy."""
    from winnow.web.app import create_app

    folder = tmp_path_factory.mktemp("mapped")
    settings = Settings(refs=draw_pool(folder), annotator="ana", atlas=True)
    with MapClient(create_app(settings), base_url="http://localhost") as client:
        client.wait_until(lambda c: c.get("/healthz").json()["ready"], 60)
        client.wait_until(lambda c: c.status()["state"] != "building", 300)
        assert client.status()["state"] == "ready"
    for path in folder.glob("winnow.db*"):
        path.unlink()
    return folder


@pytest.fixture
def client(mapped: Path, tmp_path: Path, open_map: Callable[[Settings], MapClient]) -> MapClient:
    database = f"sqlite:///{tmp_path / 'winnow.db'}"
    return open_map(Settings(refs=mapped / "refs.txt", annotator="ana", atlas=True, database=database))


@pytest.fixture
def open_map() -> Any:
    from winnow.web.app import create_app

    opened: list[MapClient] = []

    def open_(settings: Settings) -> MapClient:
        opened.append(MapClient(create_app(settings), base_url="http://localhost"))
        opened[-1].__enter__()
        opened[-1].wait_until(lambda c: c.get("/healthz").json()["ready"], 60)
        return opened[-1]

    yield open_
    for client in reversed(opened):
        client.__exit__(None, None, None)


def test_every_item_is_a_point(client: MapClient) -> None:
    status, points = client.status(), client.points()
    assert (status["state"], status["progress"]) == ("ready", "")
    assert (status["points"], status["key"], status["clusters"]) == (40, points["key"], points["clusters"])
    assert set(points["ids"]) == {item["id"] for item in client.queue(40)["items"]}
    assert max(points["x"].max() - points["x"].min(), points["y"].max() - points["y"].min()) == 65535
    assert set(points["cluster"].tolist()) == set(range(points["clusters"]))


def test_like_items_lie_together(client: MapClient) -> None:
    points = client.points()
    red = np.array(
        [is_red(item["index"]) for item in client.get("/api/map/items", params={"id": points["ids"]}).json()["items"]],
        bool,
    )
    places = np.stack([points["x"], points["y"]], axis=1).astype(float)
    middles = [places[is_one].mean(axis=0) for is_one in (red, ~red)]
    away = [np.linalg.norm(places - middle, axis=1) for middle in middles]
    assert ((away[0] < away[1]) == red).all()


def test_states_follow_the_verdicts(client: MapClient) -> None:
    points, before = client.points(), client.states()
    assert before == {
        "key": points["key"],
        "seq": 0,
        "version": 0,
        "kinds": [OPEN] * 40,
        "probability": [NO_PROBABILITY] * 40,
    }
    for place, label in ((3, 1), (5, 0), (7, None)):
        client.judge(points["ids"][place], label)
    kinds = client.states()["kinds"]
    assert [kinds[place] for place in (3, 5, 7)] == [1, 0, 2]
    assert kinds.count(OPEN) == 37
    assert client.states()["seq"] == client.status()["seq"] == 3


def test_probabilities_are_the_heads(client: MapClient) -> None:
    client.learn(12)
    client.wait_until(lambda c: c.status()["model"]["state"] == "ready")
    points, states = client.points(), client.states()
    shown = {item["id"]: item["probability"] for item in client.queue(40)["items"]}
    at = {id_: place for place, id_ in enumerate(points["ids"])}
    assert states["version"] == client.status()["model"]["version"]
    assert shown
    assert [states["probability"][at[id_]] for id_ in shown] == [round(254 * p) for p in shown.values()]


def test_a_lasso_is_taken_back_as_one(client: MapClient) -> None:
    ids = client.points()["ids"]
    client.judge(ids[0], 0)
    answer = client.lasso(ids[:10], 1)
    assert (answer["verdicts"], answer["left_out"]) == (9, 1)
    assert client.states()["kinds"][:11] == [0] + [1] * 9 + [OPEN]
    client.undo()
    assert client.states()["kinds"] == [0] + [OPEN] * 39


def test_what_the_filter_leaves_out_is_faint(client: MapClient) -> None:
    scored = client.get("/api/filter").json()
    images = [client.get("/api/map/items", params={"id": client.points()["ids"][:1]}).json()["items"][0]["path"]]
    answer = client.put(
        "/api/filter", json={"classes": [], "score_min": 0, "score_max": 1, "set_aside": [], "images": images}
    )
    assert answer.status_code == 200, (answer.text, scored)
    kinds = client.states()["kinds"]
    assert kinds[0] == OPEN
    assert kinds.count(4) == 39


def test_items_come_in_the_order_asked_for(client: MapClient) -> None:
    ids = client.points()["ids"]
    asked = [ids[4], "00000000000000ff", ids[2]]
    items = client.get("/api/map/items", params={"id": asked}).json()["items"]
    assert [item["id"] for item in items] == [ids[4], ids[2]]


@pytest.mark.parametrize("ids", [[], ["../../etc"], ["0" * 17], ["zzzzzzzzzzzzzzzz"], ["0" * 16] * 61])
def test_ids_that_are_none_are_refused(client: MapClient, ids: list[str]) -> None:
    assert client.get("/api/map/items", params={"id": ids}).status_code == 422


def test_a_selection_opens_on_the_review_page(client: MapClient) -> None:
    ids = client.points()["ids"]
    for id_ in ids[:6]:
        client.judge(id_, 1)
    kept = client.post("/api/selections", json={"item_ids": [ids[1], ids[4], ids[4], ids[9]]})
    assert kept.status_code == 201
    assert kept.json()["items"] == 3
    window = client.get("/api/review", params={"selection": kept.json()["id"]}).json()
    assert {row["item"]["id"] for row in window["rows"]} == {ids[1], ids[4]}
    assert window["total"] == 2


def test_a_selection_that_is_not_kept_is_said_so(client: MapClient) -> None:
    answer = client.get("/api/review", params={"selection": "0123456789abcdef"})
    assert answer.status_code == 404
    assert "Insight" in answer.json()["detail"]


@pytest.mark.parametrize("ids", [[], ["x"], ["0" * 16] * 40_001])
def test_selections_that_are_none_are_refused(client: MapClient, ids: list[str]) -> None:
    assert client.post("/api/selections", json={"item_ids": ids}).status_code == 422


def test_without_an_atlas_it_says_so(tmp_path: Path, open_map: Callable[[Settings], MapClient]) -> None:
    client = open_map(Settings(refs=draw_pool(tmp_path), annotator="ana", atlas=False))
    status = client.status()
    assert (status["state"], status["points"], status["key"]) == ("off", 0, None)
    for path in ("/api/map", "/api/map/state"):
        assert client.get(path).status_code == 409


def test_the_course_tells_what_was_done(client: MapClient) -> None:
    ids = client.points()["ids"]
    assert client.get("/api/course").json()["judged"] == []
    for place in range(3):
        client.judge(ids[place], place % 2, elapsed_ms=800)
    client.lasso(ids[10:14], 1)
    course = client.get("/api/course").json()
    assert (course["judged"], course["positive"]) == ([1, 2, 3, 4, 5, 6, 7], [0, 1, 1, 2, 3, 4, 5])
    assert (course["speed_at"], course["speed_s"]) == ([3], [0.8])
    assert course["agreement_at"] == []
