"""Looking again, and taking the results along."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from small_pool import Client, is_red

from winnow.__main__ import main
from winnow.settings import Settings


def labelled(client: Client, n: int = 12) -> dict[str, int | None]:
    """Judge n items truthfully, but for one lie and one skip; answers id -> label."""
    labels: dict[str, int | None] = {}
    for turn in range(n):
        item = client.queue(1)["items"][0]
        truth = is_red(item["index"])
        labels[item["id"]] = None if turn == 3 else 1 - truth if turn == n - 1 else truth
        client.judge(item["id"], labels[item["id"]])
    client.wait_until(lambda c: c.queue(1)["model"]["state"] == "ready")
    return labels


def test_review_shows_the_newest_first(client: Client) -> None:
    labels = labelled(client)
    review = client.get("/api/review").json()
    assert [row["item"]["id"] for row in review["rows"]] == list(reversed(labels))
    assert (review["total"], review["annotators"]) == (12, ["ana"])


@pytest.mark.parametrize(("name", "label"), [("1", 1), ("0", 0), ("skip", None)])
def test_review_filters_by_label(client: Client, name: str, label: int | None) -> None:
    labels = labelled(client)
    rows = client.get("/api/review", params={"label": name}).json()["rows"]
    assert {row["item"]["id"] for row in rows} == {item_id for item_id, given in labels.items() if given == label}


def test_review_filters_by_annotator(client: Client) -> None:
    labelled(client)
    assert client.get("/api/review", params={"annotator": "ana"}).json()["total"] == 12
    assert client.get("/api/review", params={"annotator": "ben"}).json()["total"] == 0


def test_review_goes_by_windows(client: Client) -> None:
    whole = list(labelled(client))[::-1]
    window = client.get("/api/review", params={"offset": 5, "limit": 4}).json()
    assert ([row["item"]["id"] for row in window["rows"]], window["total"]) == (whole[5:9], 12)


def test_the_lie_is_the_most_suspicious(client: Client) -> None:
    lie = list(labelled(client, 20))[-1]
    row = client.get("/api/review", params={"order": "suspicious"}).json()["rows"][0]
    assert row["item"]["id"] == lie
    assert row["disagreement"] > 0.5


def test_a_changed_verdict_replaces_and_its_undo_restores(client: Client) -> None:
    item_id, label = next(iter(labelled(client).items()))
    changed = client.judge(item_id, 1 - label)
    assert changed["verdict"]["strategy"] == "review"
    assert changed["metrics"] is None
    assert client.get("/api/review").json()["rows"][0]["verdict"]["label"] == 1 - label
    client.undo()
    rows = client.get("/api/review").json()["rows"]
    assert next(row for row in rows if row["item"]["id"] == item_id)["verdict"]["label"] == label


def test_annotations_are_the_same_in_every_format(client: Client) -> None:
    labels = {item_id: label for item_id, label in labelled(client).items() if label is not None}
    rows = {
        "csv": list(csv.DictReader(io.StringIO(client.get("/export/annotations.csv").text))),
        "jsonl": [json.loads(line) for line in client.get("/export/annotations.jsonl").text.splitlines()],
        "parquet": pyarrow.parquet.read_table(
            io.BytesIO(client.get("/export/annotations.parquet").content)
        ).to_pylist(),
    }
    for found in rows.values():
        assert {row["id"]: int(row["label"]) for row in found} == labels
    assert rows["jsonl"] == rows["parquet"]
    boxed = next(row for row in rows["jsonl"] if row["index"] % 2 == 0)
    assert [boxed[side] for side in ("x1", "y1", "x2", "y2")] == [4, 6, 40, 28]
    assert boxed["annotator"] == "ana"
    assert boxed["created_at"].endswith("+00:00")


def test_probabilities_cover_the_pool_and_equal_the_queues(client: Client) -> None:
    labelled(client)
    rows = list(csv.DictReader(io.StringIO(client.get("/export/probabilities.csv").text)))
    assert [int(row["index"]) for row in rows] == list(range(40))
    by_id = {row["id"]: float(row["probability"]) for row in rows}
    for item in client.queue(8)["items"]:
        assert by_id[item["id"]] == pytest.approx(item["probability"])


@pytest.mark.parametrize("file", ["head.npz", "probabilities.csv", "probabilities.parquet"])
def test_without_a_head_the_export_says_what_is_missing(client: Client, file: str) -> None:
    response = client.get(f"/export/{file}")
    assert (response.status_code, response.json()["error"]) == (409, "no_head")


def test_the_head_is_plain_arrays(client: Client) -> None:
    labelled(client)
    with np.load(io.BytesIO(client.get("/export/head.npz").content), allow_pickle=False) as head:
        assert head.files


@pytest.fixture
def configured(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WINNOW_REFS", str(settings.refs))
    monkeypatch.setenv("WINNOW_ANNOTATOR", "ana")
    return settings


def test_the_command_writes_what_the_page_downloads(
    configured: Settings, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled(client)
    names = ["annotations.csv", "annotations.jsonl", "annotations.parquet", "probabilities.csv", "head.npz"]
    downloads = {name: client.get(f"/export/{name}").content for name in names}
    client.__exit__(None, None, None)
    for name, content in downloads.items():
        assert main(["export", name.split(".")[0], str(tmp_path / f"out-{name}")]) == 0
        if not name.endswith("npz"):  # a zip holds the time it was made
            assert (tmp_path / f"out-{name}").read_bytes() == content
    assert main(["export", "head", str(tmp_path / "head.csv")]) == 2
    assert "npz" in capsys.readouterr().err


def test_an_old_tools_annotations_are_imported_once(
    configured: Settings, tmp_path: Path, open_client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "annotations.csv"
    old.write_text("0,1\n1,0\n5,0\n8,1\n")
    assert main(["import", str(old)]) == 0
    assert "Recorded 4 of 4" in capsys.readouterr().out
    assert main(["import", str(old)]) == 0
    assert "Recorded 0 of 4" in capsys.readouterr().out
    client = open_client(configured)
    rows = [json.loads(line) for line in client.get("/export/annotations.jsonl").text.splitlines()]
    assert [(row["index"], row["label"], row["strategy"]) for row in rows] == [
        (0, 1, "import"),
        (1, 0, "import"),
        (5, 0, "import"),
        (8, 1, "import"),
    ]
    assert client.get("/api/metrics").json()["points"] == []


def test_our_own_export_comes_back(configured: Settings, client: Client, tmp_path: Path, open_client: Any) -> None:
    labels = {item_id: label for item_id, label in labelled(client).items() if label is not None}
    (tmp_path / "mine.csv").write_bytes(client.get("/export/annotations.csv").content)
    client.__exit__(None, None, None)
    (tmp_path / "winnow.db").unlink()
    assert main(["import", str(tmp_path / "mine.csv")]) == 0
    again = open_client(configured).get("/api/review", params={"limit": 500}).json()["rows"]
    assert {row["item"]["id"]: row["verdict"]["label"] for row in again} == labels


def test_a_bad_import_names_every_row_and_records_nothing(
    configured: Settings, tmp_path: Path, open_client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "annotations.csv"
    old.write_text("0,1\n1,2\n99,0\nx,1\n3,0\n")
    assert main(["import", str(old)]) == 2
    said = capsys.readouterr().err
    assert [f"annotations.csv:{line}:" in said for line in (1, 2, 3, 4, 5)] == [False, True, True, True, False]
    assert open_client(configured).queue(1)["progress"]["labeled"] == 0
