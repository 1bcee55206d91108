"""Training sessions over HTTP."""

from pathlib import Path
from typing import Any

import pytest
from four_proposals import draw_four
from small_pool import Client

from winnow.settings import Settings
from winnow.training.holdout import Holdout
from winnow.training.manifest import Part


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Four images to train on."""
    assign(tmp_path, holdout=())
    return Settings(refs=draw_four(tmp_path), annotator="ana")


def assign(folder: Path, *, holdout: tuple[str, ...]) -> None:
    """Freeze the split."""
    (folder / "workspace").mkdir(exist_ok=True)
    parts: dict[str, Part] = {f"{i}.png": "train" for i in range(4)} | dict.fromkeys(holdout, "holdout")
    Holdout().assigned(parts, {}).write(folder / "workspace" / "holdout.json")


SETTINGS = {
    "epochs": None,
    "batch": 16,
    "imgsz": 640,
    "lr": None,
    "device": "auto",
    "freeze": 0,
    "partial": False,
    "rejects": "background",
    "ranking": {
        "weights": [0.4, 0.3, 0.3],
        "min_uncertainty": 0.0,
        "max_images": 50,
        "diversity": "none",
        "class_balance": False,
    },
    "task": "detect",
}


def make(client: Client, **more: Any) -> dict[str, Any]:
    response = client.post("/api/sessions", json={"name": "cells", "base": "yolo11n.yaml", **more})
    assert response.status_code == 201, response.text
    return response.json()


def test_a_session_is_made_listed_changed_and_deleted(client: Client) -> None:
    made = make(client)
    assert (made["number"], made["name"], made["base"], made["settings"]) == (1, "cells", "yolo11n.yaml", SETTINGS)
    assert made["iterations"] == []
    assert client.get("/api/sessions").json() == {"sessions": [made]}
    changed = client.patch("/api/sessions/1", json={"name": "blood", "settings": {**SETTINGS, "epochs": 3}}).json()
    assert changed == {**made, "name": "blood", "settings": {**SETTINGS, "epochs": 3}}
    assert client.get("/api/sessions/1").json() == changed
    assert client.delete("/api/sessions/1").json() == {"deleted": 1, "kept_models": []}
    assert client.get("/api/sessions").json() == {"sessions": []}
    assert make(client)["number"] == 2


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_session_that_is_not_there_is_said(client: Client, method: str) -> None:
    body = {"json": {"name": "x"}} if method == "patch" else {}
    answer = getattr(client, method)("/api/sessions/9", **body)
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_session")


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"imgsz": 100},
        {"lr": 0},
        {"device": "; rm"},
        {"epoch": 3},
        {"ranking": {**SETTINGS["ranking"], "weights": [0, 0, 0]}},  # type: ignore[dict-item]
        {"ranking": {**SETTINGS["ranking"], "diversity": "luck"}},  # type: ignore[dict-item]
    ],
)
def test_settings_that_make_no_sense_are_refused(client: Client, wrong: dict[str, Any]) -> None:
    make(client)
    assert client.patch("/api/sessions/1", json={"settings": {**SETTINGS, **wrong}}).status_code == 422
    assert client.get("/api/sessions/1").json()["settings"] == SETTINGS


def test_a_name_of_blanks_is_refused(client: Client) -> None:
    assert client.post("/api/sessions", json={"name": "  ", "base": "yolo11n.yaml"}).status_code == 422


def test_the_next_images_are_the_uncertain_ones_that_are_not_complete(client: Client) -> None:
    ranking = {**SETTINGS["ranking"], "weights": [1, 0, 0], "max_images": 2}  # type: ignore[dict-item]
    make(client, settings={**SETTINGS, "ranking": ranking})
    answer = client.get("/api/sessions/1/next-images").json()
    assert [image["path"] for image in answer["images"]] == ["3.png", "2.png"]
    assert (answer["considered"], answer["in_review"]) == (4, False)
    for item in client.queue(20)["items"]:
        if item["path"] == "3.png":
            client.judge(item["id"], 1)
    answer = client.get("/api/sessions/1/next-images").json()
    assert [image["path"] for image in answer["images"]] == ["2.png", "1.png"]
    assert answer["considered"] == 3


def test_reviewing_shows_the_next_images_on_the_label_page_and_nothing_else(client: Client) -> None:
    client.put("/api/filter", json={"score_min": 0.1})
    ranking = {**SETTINGS["ranking"], "weights": [1, 0, 0], "max_images": 2}  # type: ignore[dict-item]
    make(client, settings={**SETTINGS, "ranking": ranking})
    answer = client.post("/api/sessions/1/review").json()
    assert answer["in_review"] is True
    chosen = client.get("/api/filter").json()
    assert (sorted(chosen["images"]), chosen["score_min"]) == (["2.png", "3.png"], 0.1)
    assert {item["path"] for item in client.queue(20)["items"]} == {"2.png", "3.png"}


def test_images_that_measure_are_not_chosen_by_doubt_but_reviewed_on_their_own(client: Client, tmp_path: Path) -> None:
    assign(tmp_path, holdout=("3.png",))
    make(client)
    answer = client.get("/api/sessions/1/next-images").json()
    assert ("3.png" in {image["path"] for image in answer["images"]}, answer["considered"]) == (False, 3)
    answer = client.post("/api/sessions/1/review?part=holdout").json()
    assert ([image["path"] for image in answer["images"]], answer["considered"]) == (["3.png"], 1)
    assert {item["path"] for item in client.queue(20)["items"]} == {"3.png"}


def test_a_review_draws_what_measures_before_anybody_chooses(client: Client, tmp_path: Path) -> None:
    (tmp_path / "workspace" / "holdout.json").unlink()
    make(client)
    foretold = client.get("/api/sessions/1/next-images").json()["images"]
    assert not (tmp_path / "workspace" / "holdout.json").exists()
    assert client.post("/api/sessions/1/review").json()["images"] == foretold
    assert len(Holdout.read(tmp_path / "workspace" / "holdout.json").paths("holdout")) == 1
    assert len(foretold) == 3


def test_suggestions_come_with_their_reasons(client: Client) -> None:
    make(client)
    answer = client.get("/api/sessions/1/suggestions").json()
    assert answer["problem"] is None
    assert all(one.keys() == {"setting", "value", "reason"} for one in answer["suggestions"])


def test_sessions_work_without_a_pool_and_say_what_is_missing(tmp_path: Path, open_client: Any) -> None:
    client = open_client(Settings(refs=tmp_path / "refs.csv"), is_ready=False)
    make(client)
    assert client.get("/api/sessions").json()["sessions"][0]["name"] == "cells"
    assert "refs.csv" in client.get("/api/sessions/1/suggestions").json()["problem"]
    assert client.get("/api/sessions/1/next-images").status_code == 503
