"""The train page's calls: what there is, what is refused and why, and the jobs they queue."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from four_proposals import draw_four
from small_pool import Client
from tiny_models import metrics, write_version

from winnow.image_review import ImageReview
from winnow.masks.rle import encode
from winnow.masks.sidecar import mask_line, sidecar_path
from winnow.session import Session
from winnow.settings import Settings
from winnow.training.dataset import DatasetOptions, build_dataset
from winnow.training.holdout import Holdout
from winnow.training.reading import read_truth
from winnow.training.workspace import Workspace


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_four(tmp_path), annotator="ana")


@pytest.fixture
def session(client: Client) -> int:
    return client.post("/api/sessions", json={"name": "cells", "base": "yolo11n.yaml"}).json()["number"]


def judge_all(client: Client) -> None:
    for item in client.queue(20)["items"]:
        client.judge(item["id"], 1)


def paused(client: Client) -> Client:
    """Jobs stay in the queue: nothing is trained here."""
    client.app.state.jobs.close()  # type: ignore[attr-defined]
    return client


def test_what_there_is_to_learn_from_is_counted(client: Client) -> None:
    (item,) = [item for item in client.queue(20)["items"] if item["path"] == "0.png"]
    client.judge(item["id"], 1)
    answer = client.get("/api/train").json()
    assert answer["problem"] is None
    assert answer["stock"]["images"] == {"untouched": 3, "in_progress": 0, "complete": 1}
    assert (answer["stock"]["accepted"], answer["stock"]["rejected"]) == (1, 0)
    assert sum(part["drawn"] for part in answer["stock"]["parts"].values()) == 4
    assert answer["refs"] == "refs.csv"


def test_without_a_pool_it_says_what_is_missing(tmp_path: Path, open_client: Any) -> None:
    client = open_client(Settings(refs=tmp_path / "refs.csv"), is_ready=False)
    answer = client.get("/api/train").json()
    assert answer["stock"] is None
    assert "refs.csv" in answer["problem"]
    assert client.get("/train").status_code == 200


def test_bases_are_weights_of_the_one_folder_and_models_that_know_nothing(client: Client, settings: Settings) -> None:
    folder = settings.weights_path
    folder.mkdir(parents=True)
    (folder / "mine.pt").write_bytes(b"")
    (folder / "notes.txt").write_text("")
    bases = client.get("/api/train").json()["bases"]
    assert [base["name"] for base in bases if base["kind"] == "weights"] == ["mine.pt"]
    assert "yolo11n.yaml" in [base["name"] for base in bases if base["kind"] == "nothing"]
    assert client.get("/api/train").json()["weights_folder"] == str(folder)


def test_the_check_says_why_a_training_would_be_refused(client: Client, session: int) -> None:
    check = client.get("/api/train/check", params={"session": session}).json()
    assert check["is_ready"] is False
    assert "no accepted box" in check["reason"]
    judge_all(client)
    assert client.get("/api/train/check", params={"session": session}).json() == {
        "is_ready": True, "reason": None, "can_train_anyway": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("base", "status", "error"),
    [
        ("../../etc/weights.pt", 422, "bad_request"),
        ("/tmp/other.pt", 422, "bad_request"),
        ("C:\\other.pt", 422, "bad_request"),
        ("yolo11n.pt", 409, "cannot_train"),
        ("v7", 409, "cannot_train"),
    ],
)
def test_a_base_that_is_not_listed_is_refused(client: Client, session: int, base: str, status: int, error: str) -> None:
    judge_all(client)
    answer = paused(client).post("/api/train", json={"session": session, "base": base})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert client.get("/api/jobs").json()["jobs"] == []


def test_a_refused_training_queues_nothing(client: Client, session: int) -> None:
    answer = paused(client).post("/api/train", json={"session": session})
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_dataset")
    assert client.get("/api/jobs").json()["jobs"] == []


def test_a_training_is_queued_with_the_sessions_settings(client: Client, session: int, settings: Settings) -> None:
    judge_all(client)
    given = client.get(f"/api/sessions/{session}").json()["settings"]
    chosen = {**given, "epochs": 3, "batch": 4, "imgsz": 64, "lr": 0.02, "partial": True, "rejects": "ignore"}
    client.patch(f"/api/sessions/{session}", json={"settings": chosen})
    answer = paused(client).post("/api/train", json={"session": session, "is_again": True})
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["state"], job["session"]) == ("train", "queued", session)
    assert job["arguments"] == [
        "train", "--base", "yolo11n.yaml", "--epochs", "3", "--batch", "4", "--imgsz", "64", "--lr", "0.02",
        "--device", "auto", "--freeze", "0", "--session", str(session),
        "--refs", str(settings.refs.absolute()), "--partial", "--rejects", "ignore", "--again",
    ]  # fmt: skip


def test_weights_are_given_by_their_place_in_the_folder(client: Client, session: int, settings: Settings) -> None:
    folder = settings.weights_path
    folder.mkdir(parents=True)
    (folder / "mine.pt").write_bytes(b"")
    judge_all(client)
    job = paused(client).post("/api/train", json={"session": session, "base": "mine.pt"}).json()
    assert job["arguments"][:3] == ["train", "--base", str(folder / "mine.pt")]


def test_the_commands_take_the_arguments_that_the_page_gives(
    client: Client, session: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from winnow.__main__ import _parser

    judge_all(client)
    jobs = [paused(client).post("/api/train", json={"session": session, "is_again": True}).json()]
    jobs.append(client.post("/api/datasets", json={"partial": True}).json())
    for job in jobs:
        assert _parser().parse_args(job["arguments"]).command == job["kind"]


def test_a_training_is_of_the_pool_that_is_shown(client: Client, session: int, tmp_path: Path) -> None:
    judge_all(client)
    (tmp_path / "proposals-0002.csv").write_text("path,x1,y1,x2,y2,class,score\n4.png,1,1,9,9,cell,0.5\n")
    client.post("/api/pools/open", json={"name": "proposals-0002.csv"})
    answer = client.get("/api/train").json()
    assert answer["refs"] == "proposals-0002.csv"
    assert answer["stock"]["images"] == {"untouched": 1, "in_progress": 0, "complete": 4}
    job = paused(client).post("/api/datasets", json={}).json()
    assert job["arguments"] == ["dataset", "--refs", str(tmp_path / "proposals-0002.csv"), "--rejects", "background"]


def test_bases_say_what_they_learn(client: Client, settings: Settings) -> None:
    settings.weights_path.mkdir(parents=True)
    (settings.weights_path / "mine.pt").write_bytes(b"")
    tasks = {base["name"]: base["task"] for base in client.get("/api/train").json()["bases"]}
    assert (tasks["mine.pt"], tasks["yolo11n.yaml"], tasks["yolo11n-seg.yaml"]) == (None, "detect", "segment")


def test_a_session_that_learns_masks_is_told_what_lacks_a_mask(client: Client, session: int) -> None:
    judge_all(client)
    given = client.get(f"/api/sessions/{session}").json()["settings"]
    assert given["task"] == "detect"
    client.patch(f"/api/sessions/{session}", json={"settings": {**given, "task": "segment"}})
    reason = client.get("/api/train/check", params={"session": session}).json()["reason"]
    assert "yolo11n.yaml is a model of the task 'detect'; masks train 'segment' models" in reason
    check = client.get("/api/train/check", params={"session": session, "base": "yolo11n-seg.yaml"}).json()
    assert "left out: 4 images, an accepted object has no mask" in check["reason"]
    parts = client.get("/api/train", params={"task": "segment"}).json()["stock"]["parts"]
    assert sum(part["without_mask"] for part in parts.values()) == 4
    assert sum(part["without_mask"] for part in client.get("/api/train").json()["stock"]["parts"].values()) == 0


def test_a_training_of_masks_is_queued_with_its_task(client: Client, session: int, tmp_path: Path) -> None:
    judge_all(client)
    pool = client.app.state.loader.session.pool  # type: ignore[attr-defined]
    square = np.zeros((48, 64), bool)
    square[10:20, 10:20] = True
    sidecar_path(pool.refs_path).write_text("".join(mask_line(row, encode(square)) for row in range(pool.n_rows)))
    given = client.get(f"/api/sessions/{session}").json()["settings"]
    settings = {**given, "task": "segment"}
    client.patch(f"/api/sessions/{session}", json={"settings": settings, "base": "yolo11n-seg.yaml"})
    answer = paused(client).post("/api/train", json={"session": session, "is_anyway": True})
    assert answer.status_code == 202, answer.json()
    arguments = answer.json()["arguments"]
    assert arguments[:3] == ["train", "--base", "yolo11n-seg.yaml"]
    assert arguments[-5:] == ["--rejects", "background", "--task", "segment", "--anyway"]
    job = client.post("/api/datasets", json={"task": "segment"}).json()
    assert job["arguments"][-4:] == ["--rejects", "background", "--task", "segment"]


def test_where_all_was_accepted_as_predicted_only_a_second_press_trains(
    client: Client, session: int, settings: Settings
) -> None:
    items = {item["path"]: item["id"] for item in client.queue(20)["items"]}
    for path in ("0.png", "1.png", "2.png"):
        client.judge(items[path], 1)
    write_learnt_model(settings)
    params = {"session": session}
    check = client.get("/api/train/check", params=params).json()
    assert (check["is_ready"], check["can_train_anyway"]) == (False, False)
    shown: Session = client.app.state.loader.session  # type: ignore[attr-defined]
    shown.review_image(items["3.png"], ImageReview(kept=(items["3.png"],)), key="review", annotator="ana")
    check = client.get("/api/train/check", params=params).json()
    assert (check["is_ready"], check["can_train_anyway"]) == (False, True)
    assert check["reason"].startswith("No change, no retrain: since v1 1 image was reviewed")
    refused = paused(client).post("/api/train", json=params)
    assert (refused.status_code, refused.json()["error"]) == (409, "cannot_train")
    assert client.post("/api/train", json={**params, "is_anyway": True}).status_code == 202


def write_learnt_model(settings: Settings) -> None:
    """A version that learnt what the verdicts say now; 2.png measures."""
    workspace = Workspace(settings.workspace_path)
    Holdout().assigned({f"{i}.png": "holdout" if i == 2 else "train" for i in range(4)}, {}).write(workspace.holdout)
    truth = read_truth(settings).truth
    dataset = build_dataset(truth, workspace, DatasetOptions(), base_folder=settings.base_folder, image_root=None)
    weights = settings.base_folder / "none.pt"
    weights.write_bytes(b"none")
    model = write_version(workspace, 1, weights, metrics(0.5, 0.4))
    learnt = replace(model, dataset_hash=dataset.manifest.content_hash)
    (model.folder / "model.json").write_bytes(learnt.to_json())
