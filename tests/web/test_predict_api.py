"""Predict over HTTP: folders below the root, what can propose, real runs of small detectors, what they found."""

import shutil
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_pool import Client
from tiny_models import metrics, save_model, write_version

from winnow.jobs.jobs import Jobs, Patience
from winnow.jobs.locks import Lock
from winnow.settings import Settings
from winnow.training.workspace import Workspace
from winnow.web.app import create_app

QUICK = {"conf": 0.3, "iou": 0.3, "imgsz": 96, "max_det": 5}
CSV = "path,x1,y1,x2,y2,class,score,source\n"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a detector, a segmenter and a classifier, none of them trained."""
    folder = tmp_path_factory.mktemp("weights")
    for task in ("detect", "segment", "classify"):
        save_model(folder / f"{task}.pt", task)
    return folder


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """The small pool's, with three images in photos/ and an empty folder beside."""
    rng = np.random.default_rng(0)
    (tmp_path / "photos" / "inner").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for name in ("a.jpg", "b.png", "inner/c.png"):
        Image.fromarray(rng.integers(0, 255, (80, 120, 3), np.uint8)).save(tmp_path / "photos" / name)
    return settings


@pytest.fixture
def client(settings: Settings, weights: Path) -> Iterator[Client]:
    shutil.copytree(weights, settings.weights_path, ignore=shutil.ignore_patterns("Ultralytics"))
    with Client(create_app(settings), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def failing(settings: Settings) -> Iterator[Client]:
    """The app whose weights are nothing but names, and whose jobs end at once."""
    settings.weights_path.mkdir(parents=True)
    for name in ("yolo.pt", "sam_vit_b_01ec64.pth", "sam_vit_h.pth", "yolo.onnx", "other.pth", "notes.txt"):
        (settings.weights_path / name).write_bytes(b"x")
    app = create_app(settings)
    app.state.jobs = Jobs(
        app.state.workspace.jobs, {}, patience=Patience(0.02), program=[sys.executable, "-c", "raise SystemExit(3)"]
    )
    with Client(app, base_url="http://localhost") as client:
        yield client


def folders(client: Client, under: str = "") -> Any:
    answer = client.get("/api/folders", params={"under": under}).json()
    return answer["here"]["n_images"], {folder["path"]: folder["n_images"] for folder in answer["folders"]}


def propose(client: Client, model: str, folder: str = "photos", **more: Any) -> Any:
    return client.post("/api/proposals", json={"folder": folder, "model": model, "encoder": "classic", **more})


def test_folders_are_listed_with_the_images_below_them(failing: Client, tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "refs.txt.winnow").mkdir(exist_ok=True)
    assert folders(failing) == (43, {"empty": 0, "photos": 3})
    assert folders(failing, "photos") == (3, {"photos/inner": 1})


def test_a_link_that_leads_outside_is_not_listed(failing: Client, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (tmp_path / "photos" / "out").symlink_to(outside)
    (tmp_path / "photos" / "in").symlink_to(tmp_path / "photos" / "inner")
    assert folders(failing, "photos")[1] == {"photos/in": 1, "photos/inner": 1}
    assert failing.get("/api/folders", params={"under": "photos/out"}).status_code == 422
    assert failing.get("/api/folders", params={"under": "photos/in"}).json()["here"]["path"] == "photos/inner"


@pytest.mark.parametrize("under", ["..", "photos/../..", "/etc", "photos/\0", "nowhere", "0.png", "~", "0" * 4000])
def test_nothing_outside_the_root_is_browsed(failing: Client, under: str) -> None:
    answer = failing.get("/api/folders", params={"under": under})
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_proposals")


def test_models_are_versions_and_what_lies_in_the_weights_folder(failing: Client, settings: Settings) -> None:
    workspace = Workspace(settings.workspace_path)
    for number in (1, 2):
        write_version(workspace, number, settings.weights_path / "yolo.pt", metrics(0.5, 0.3))
    choices = failing.get("/api/predict").json()
    assert [(model["id"], model["kind"], model["is_active"], model["runs_code"]) for model in choices["models"]] == [
        ("version:1", "version", True, True),
        ("version:2", "version", False, True),
        ("file:sam_vit_b_01ec64.pth", "segmenter", False, False),
        ("file:sam_vit_h.pth", "segmenter", False, False),
        ("file:yolo.onnx", "detector", False, False),
        ("file:yolo.pt", "detector", False, True),
    ]
    assert choices["encoders"] == ["classic"]
    assert choices["detector"] == {"conf": 0.05, "iou": 0.7, "imgsz": 640, "batch": 8, "max_det": 300}
    assert choices["segmenter"]["points_per_side"] == 32


def test_a_run_is_the_command_that_its_form_says(failing: Client, tmp_path: Path) -> None:
    answer = propose(failing, "file:yolo.pt", detector={"conf": 0.5, "batch": 2})
    assert answer.status_code == 201
    assert answer.json()["name"] == "proposals-0001.csv"
    assert answer.json()["job"]["arguments"] == [
        *("propose", "--images", str(tmp_path / "photos")),
        *("--detector", str(tmp_path / "workspace" / "weights" / "yolo.pt")),
        *("--conf", "0.5", "--iou", "0.7", "--imgsz", "640", "--batch", "2", "--max-det", "300"),
        *("--out", str(tmp_path / "proposals-0001.csv"), "--features", "classic"),
    ]


def test_a_segmenter_is_given_all_its_settings(failing: Client, tmp_path: Path) -> None:
    arguments = propose(failing, "file:sam_vit_h.pth", segmenter={"points_per_side": 16}).json()["job"]["arguments"]
    assert arguments[3:9] == [
        *("--segmenter", "vit_h", "--checkpoint", str(tmp_path / "workspace" / "weights" / "sam_vit_h.pth")),
        *("--points-per-side", "16"),
    ]
    from winnow.__main__ import _parser

    options = _parser().parse_args(arguments)
    assert (options.points_per_side, options.stability_score_thresh, options.min_mask_region_area) == (16, 0.95, 0)


def test_no_two_runs_get_one_file(failing: Client, tmp_path: Path) -> None:
    (tmp_path / "proposals-0003.csv").write_text(CSV)
    names = [propose(failing, "file:yolo.pt").json()["name"] for _ in range(3)]
    assert names == ["proposals-0004.csv", "proposals-0005.csv", "proposals-0006.csv"]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"model": "file:nowhere.pt"}, "Pages take weights only from"),
        ({"model": "file:../../0.png"}, "Pages take weights only from"),
        ({"model": "file:other.pth"}, "Pages take weights only from"),
        ({"folder": "empty"}, "holds no images"),
        ({"folder": "../.."}, "does not lie below"),
        ({"detector": {"conf": 2}}, "less than or equal to 1"),
        ({"detector": {"device": "cuda"}}, "Extra inputs"),
        ({"encoder": "--overwrite"}, "is none of"),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_takes_no_number(
    failing: Client, tmp_path: Path, form: dict[str, Any], told: str
) -> None:
    body = {"folder": "photos", "model": "file:yolo.pt", "encoder": "classic", **form}
    answer = failing.post("/api/proposals", json=body)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert list(tmp_path.glob("proposals-*")) == []
    assert failing.get("/api/jobs").json()["jobs"] == []


def test_a_failed_run_goes_on_under_its_number(failing: Client, tmp_path: Path) -> None:
    first = propose(failing, "file:yolo.pt").json()
    failing.ended_job(first["job"]["number"])
    again = failing.post("/api/proposals/again", json={"job": first["job"]["number"]}).json()
    assert again["name"] == first["name"]
    assert again["job"]["arguments"] == first["job"]["arguments"]
    assert again["job"]["number"] == 2
    failing.ended_job(2)
    (tmp_path / "proposals-0001.csv").write_text(CSV)
    refused = failing.post("/api/proposals/again", json={"job": 2})
    assert (refused.status_code, refused.json()["error"]) == (409, "bad_job")
    assert "is there already" in refused.json()["detail"]


def test_a_run_goes_on_once_however_often_it_is_asked(failing: Client, settings: Settings) -> None:
    first = propose(failing, "file:yolo.pt").json()["job"]["number"]
    failing.ended_job(first)
    busy = Lock.take(settings.workspace_path / "jobs" / "running.lock")
    assert busy is not None
    assert failing.post("/api/proposals/again", json={"job": first}).json()["job"]["state"] == "queued"
    refused = failing.post("/api/proposals/again", json={"job": first})
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "Job 2 goes on with proposals-0001.csv already.",
    )
    busy.release()
    assert failing.ended_job(2)["state"] == "failed"


def test_a_detector_proposes_on_a_folder(client: Client, tmp_path: Path) -> None:
    started = propose(client, "file:detect.pt", detector=QUICK).json()
    job = client.ended_job(started["job"]["number"])
    assert (job["state"], job["error"]) == ("completed", None), client.get("/api/jobs/1/log").text
    (file,) = client.get("/api/proposals").json()["files"]
    assert (file["name"], file["n_images"], file["has_masks"], file["has_features"]) == (
        "proposals-0001.csv",
        3,
        False,
        True,
    )
    assert file["n_proposals"] == job["result"]["boxes"] == sum(file["classes"].values()) > 0
    assert set(file["classes"]) <= {"cell", "plate"}
    answer = client.get("/api/proposals/proposals-0001.csv/images", params={"offset": 1, "limit": 5}).json()
    assert (answer["total"], [image["path"] for image in answer["images"]]) == (
        3,
        ["photos/b.png", "photos/inner/c.png"],
    )
    image = answer["images"][0]
    assert (image["width"], image["height"], image["problem"]) == (120, 80, None)
    scores = [proposal["score"] for proposal in image["proposals"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0.3 <= score <= 1 for score in scores)
    picture = client.get(image["image_url"])
    assert Image.open(BytesIO(picture.content)).size == (120, 80)
    again = client.get(image["image_url"], headers={"If-None-Match": picture.headers["ETag"]})
    assert again.status_code == 304
    pools = {pool["name"]: pool["has_features"] for pool in client.get("/api/pools").json()["pools"]}
    assert pools == {"refs.txt": True, "proposals-0001.csv": True}


def test_a_segmenters_masks_come_as_outlines(client: Client) -> None:
    started = propose(client, "file:segment.pt", detector=QUICK).json()
    assert client.ended_job(started["job"]["number"])["state"] == "completed"
    (file,) = client.get("/api/proposals").json()["files"]
    assert file["has_masks"]
    images = client.get(f"/api/proposals/{file['name']}/images").json()["images"]
    outlines = [points for image in images for proposal in image["proposals"] for points in proposal["polygons"]]
    assert outlines
    assert all(len(points) >= 3 for points in outlines)
    assert all(0 <= x <= 120 and 0 <= y <= 80 for points in outlines for x, y in points)


def test_weights_of_another_task_are_named(client: Client) -> None:
    started = propose(client, "file:classify.pt").json()
    job = client.ended_job(started["job"]["number"])
    assert job["state"] == "failed"
    assert "is a model of the task 'classify'" in job["error"]


def test_a_file_that_is_no_detector_is_named(client: Client, settings: Settings) -> None:
    (settings.weights_path / "junk.pt").write_bytes(b"not a detector")
    started = propose(client, "file:junk.pt").json()
    job = client.ended_job(started["job"]["number"])
    assert job["state"] == "failed"
    assert "junk.pt is no detector that ultralytics can load" in job["error"]


def test_files_that_cannot_be_read_are_told_beside_the_others(failing: Client, tmp_path: Path) -> None:
    (tmp_path / "proposals-0001.csv").write_text(CSV + "0.png,1,2,30,20,cell,0.9,yolo\n0.png,1,2,30,20,cell,0.9,yolo\n")
    (tmp_path / "proposals-0002.csv").write_text("path,x1\nno,box\n")
    answer = failing.get("/api/proposals").json()
    assert [(file["name"], file["n_proposals"], file["classes"]) for file in answer["files"]] == [
        ("proposals-0001.csv", 1, {"cell": 1})
    ]
    assert len(answer["problems"]) == 1
    assert answer["problems"][0].startswith("proposals-0002.csv: ")


def test_an_image_that_is_missing_is_told_in_its_place(failing: Client, tmp_path: Path) -> None:
    (tmp_path / "proposals-0001.csv").write_text(CSV + "gone.png,1,2,30,20,cell,0.9,yolo\n")
    (image,) = failing.get("/api/proposals/proposals-0001.csv/images").json()["images"]
    assert (image["width"], image["height"]) == (None, None)
    assert "there is no such file" in image["problem"]
    assert failing.get(image["image_url"]).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/api/proposals/proposals-0009.csv/images",
        "/api/proposals/refs.txt/images",
        "/api/proposals/..%2Frefs.txt/images",
        "/media/proposals/refs.txt/0",
        "/media/proposals/proposals-0001.csv/1",
    ],
)
def test_only_listed_files_and_images_are_shown(failing: Client, tmp_path: Path, path: str) -> None:
    (tmp_path / "proposals-0001.csv").write_text(CSV + "0.png,1,2,30,20,cell,0.9,yolo\n")
    assert failing.get(path).status_code == 404


def test_images_outside_the_image_root_are_not_shown(settings: Settings, tmp_path: Path, open_client: Any) -> None:
    (tmp_path / "proposals-0001.csv").write_text(CSV + "0.png,1,2,30,20,cell,0.9,yolo\nphotos/a.jpg,1,2,9,9,cell,1,y\n")
    client = open_client(settings.model_copy(update={"image_root": tmp_path / "photos"}), is_ready=False)
    images = client.get("/api/proposals/proposals-0001.csv/images").json()["images"]
    assert ["WINNOW_IMAGE_ROOT" in (image["problem"] or "") for image in images] == [True, False]
    assert [client.get(image["image_url"]).status_code for image in images] == [422, 200]
