"""Model versions over HTTP: the list and its marks, comparison, the active one, downloads, export, deletion."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_pool import Client
from tiny_models import metrics, write_version

from winnow.jobs.jobs import Jobs
from winnow.settings import Settings
from winnow.training.workspace import Workspace
from winnow.web.app import create_app

OLD_HOLDOUT = "b" * 32


@pytest.fixture
def client(settings: Settings, tmp_path: Path) -> Iterator[Client]:
    """Three versions, the first on an older hold-out; jobs fail at once."""
    weights = tmp_path / "weights.pt"
    weights.write_bytes(b"weights of a detector")
    workspace = Workspace(settings.workspace_path)
    for number, figures in enumerate(
        [metrics(0.4, 0.2, holdout=OLD_HOLDOUT), metrics(0.6, 0.3), metrics(0.5, 0.25)], 1
    ):
        write_version(workspace, number, weights, figures)
    app = create_app(settings)
    app.state.jobs = Jobs(workspace.jobs, {}, program=[sys.executable, "-c", "raise SystemExit(3)"])
    with Client(app, base_url="http://localhost") as client:
        yield client


def versions(client: Client) -> list[dict[str, Any]]:
    return client.get("/api/models").json()["models"]


def marks(client: Client) -> list[tuple[str, bool, bool]]:
    return [(model["name"], model["is_active"], model["is_best"]) for model in versions(client)]


def test_versions_are_listed_newest_first_with_their_marks(client: Client) -> None:
    assert marks(client) == [("v3", False, False), ("v2", False, True), ("v1", True, False)]
    newest = versions(client)[0]
    assert (newest["metrics"]["map50"], newest["metrics"]["per_class"][0]["name"]) == (0.5, "cell")
    assert newest["classes"] == ["cell", "plate"]
    assert newest["size_bytes"] == 21
    assert [file["url"] for file in newest["files"]] == ["/media/models/3/weights.pt"]
    assert (newest["errors_pool"], newest["has_report"]) == (None, False)


def test_errors_of_a_version_are_named_where_they_are_there(client: Client, tmp_path: Path) -> None:
    (tmp_path / "errors-0002.csv").write_text("path\n0.png\n")
    assert [model["errors_pool"] for model in versions(client)] == [None, "errors-0002.csv", None]


def test_a_damaged_version_is_told_beside_the_others(client: Client, settings: Settings) -> None:
    (settings.workspace_path / "models" / "v0001" / "model.json").write_text("{")
    answer = client.get("/api/models").json()
    assert [(model["name"], model["is_active"], model["is_best"]) for model in answer["models"]] == [
        ("v3", False, False), ("v2", False, True),
    ]  # fmt: skip
    assert len(answer["problems"]) == 1
    assert "v0001/model.json cannot be read" in answer["problems"][0]
    choices = client.get("/api/predict").json()
    assert [model["id"] for model in choices["models"]] == ["version:3", "version:2"]
    assert "v0001/model.json" in choices["problem"]
    assert client.get("/api/sessions").json() == {"sessions": []}
    assert [base["name"] for base in client.get("/api/train").json()["bases"][:2]] == ["v3", "v2"]
    activated = client.post("/api/models/2/activate").json()
    assert [model["is_active"] for model in activated["models"]] == [False, True]


def test_without_versions_the_list_is_empty(settings: Settings, open_client: Any) -> None:
    assert open_client(settings).get("/api/models").json()["models"] == []


def test_a_version_whose_weights_were_taken_away_is_listed_but_cannot_propose(
    client: Client, settings: Settings
) -> None:
    (settings.workspace_path / "models" / "v0002" / "weights.pt").unlink()
    assert [(model["size_bytes"], len(model["files"])) for model in versions(client)] == [(21, 1), (0, 0), (21, 1)]
    assert [model["id"] for model in client.get("/api/predict").json()["models"]] == ["version:1", "version:3"]


def test_an_active_version_whose_folder_was_removed_gives_way_to_the_best(client: Client, settings: Settings) -> None:
    client.post("/api/models/3/activate")
    shutil.rmtree(settings.workspace_path / "models" / "v0003")
    assert marks(client) == [("v2", True, True), ("v1", False, False)]
    models = client.get("/api/predict").json()["models"]
    assert [(model["id"], model["is_active"]) for model in models] == [("version:2", True), ("version:1", False)]


def test_formats_say_which_packages_they_need(client: Client) -> None:
    formats = {one["name"]: one["missing"] for one in client.get("/api/models").json()["formats"]}
    assert formats["onnx"] == []
    assert formats["torchscript"] == []


def test_two_versions_are_compared_on_one_holdout(client: Client) -> None:
    pair = client.get("/api/models/compare", params={"first": 2, "second": 3}).json()
    assert pair["is_same_holdout"]
    assert (pair["first_metrics"]["map50"], pair["second_metrics"]["map50"]) == (0.6, 0.5)


def test_versions_of_different_holdouts_are_told_apart(client: Client) -> None:
    assert not client.get("/api/models/compare", params={"first": 1, "second": 3}).json()["is_same_holdout"]


def test_an_unknown_version_is_told(client: Client) -> None:
    for answer in (
        client.get("/api/models/compare", params={"first": 2, "second": 9}),
        client.post("/api/models/9/activate"),
        client.post("/api/models/9/export", json={}),
        client.post("/api/models/measure", json={"numbers": [9]}),
        client.delete("/api/models/9"),
        client.get("/media/models/9/weights.pt"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "unknown_version")


def test_another_version_is_made_active(client: Client) -> None:
    answer = client.post("/api/models/3/activate").json()
    assert [model["is_active"] for model in answer["models"]] == [True, False, False]
    assert marks(client)[0] == ("v3", True, False)


def test_the_active_version_is_never_deleted(client: Client) -> None:
    answer = client.delete("/api/models/1")
    assert (answer.status_code, answer.json()["error"]) == (409, "bad_model")
    assert len(versions(client)) == 3


def test_a_deleted_version_is_gone(client: Client, settings: Settings) -> None:
    answer = client.delete("/api/models/2")
    assert [model["number"] for model in answer.json()["models"]] == [3, 1]
    assert marks(client) == [("v3", False, True), ("v1", True, False)]
    assert not (settings.workspace_path / "models" / "v0002").exists()


def test_weights_and_exports_are_downloaded_by_their_listed_names(client: Client, settings: Settings) -> None:
    (settings.workspace_path / "models" / "v0003" / "weights.onnx").write_bytes(b"onnx")
    assert [file["name"] for file in versions(client)[0]["files"]] == ["weights.pt", "weights.onnx"]
    answer = client.get("/media/models/3/weights.onnx")
    assert (answer.content, answer.headers["content-disposition"]) == (
        b"onnx",
        'attachment; filename="v0003-weights.onnx"',
    )
    assert client.get("/media/models/3/weights.pt").content == b"weights of a detector"


@pytest.mark.parametrize(
    "file", ["model.json", "..%2Fv0001%2Fweights.pt", "..", "%2Fetc%2Fpasswd", "weights.pt%00", "weights"]
)
def test_no_other_file_is_handed_out(client: Client, file: str) -> None:
    assert client.get(f"/media/models/3/{file}").status_code == 404


def test_an_export_is_a_job(client: Client) -> None:
    job = client.post("/api/models/2/export", json={"format": "onnx", "imgsz": 96}).json()["job"]
    assert (job["kind"], job["title"]) == ("export", "Export v2 as onnx")
    assert job["arguments"] == ["models", "--export", "2", "--format", "onnx", "--imgsz", "96"]


def test_an_unknown_format_is_refused(client: Client) -> None:
    answer = client.post("/api/models/2/export", json={"format": "--yes"})
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_request")


def test_measuring_again_is_a_job(client: Client) -> None:
    job = client.post("/api/models/measure", json={"numbers": [1, 3]}).json()["job"]
    assert job["arguments"] == ["models", "--measure", "1", "3"]
    assert client.get("/api/jobs").json()["jobs"][0]["number"] == job["number"]
