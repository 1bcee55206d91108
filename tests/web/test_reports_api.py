"""Round reports over HTTP and as a page."""

import json
from pathlib import Path

from small_pool import Client

from winnow.settings import Settings
from winnow.training.report import report_html
from winnow.training.rounds import figures_of

REPORT = {
    "schema": 1, "number": 1, "base": "yolo11n.yaml", "before": None, "session": 1, "session_name": "<b>cells</b>",
    "dataset": 1, "dataset_before": None, "first_event": 1, "last_event": 9, "pools": [],
    "metrics": {
        "map50": 0.5, "map50_95": 0.25, "precision": 0.5, "recall": 0.5, "false_positives": 1, "false_negatives": 2,
        "loss": None,
    },
    "metrics_before": None, "holdout_images": 3, "holdout_boxes": 7, "per_class": [], "gain_per_100_verdicts": None,
    "counts": {"train": {"images": 3, "negatives": 0, "boxes": {"cell": 3}}}, "counts_before": None,
    "options": {"epochs": 3}, "seconds": 5.0, "created_at": 0.0,
}  # fmt: skip


def save(settings: Settings) -> Path:
    from dataclasses import asdict

    values = {**REPORT, "figures": asdict(figures_of([]))}
    folder = settings.workspace_path / "reports"
    folder.mkdir(parents=True)
    (folder / "round-0001.json").write_text(json.dumps(values))
    (folder / "round-0001.html").write_text(report_html(values))
    return folder


def test_reports_are_listed_and_answered_as_they_were_saved(settings: Settings, client: Client) -> None:
    assert client.get("/api/reports").json() == {"rounds": []}
    folder = save(settings)
    assert client.get("/api/reports").json() == {"rounds": [1]}
    assert client.get("/api/reports/1").json() == json.loads((folder / "round-0001.json").read_text())
    file = client.get("/api/reports/1/file")
    assert (file.content, file.headers["content-type"]) == (
        (folder / "round-0001.html").read_bytes(), "text/html; charset=utf-8",
    )  # fmt: skip
    assert "attachment" in file.headers["content-disposition"]


def test_a_report_is_a_page_of_the_app_that_escapes(settings: Settings, client: Client) -> None:
    save(settings)
    page = client.get("/reports/1", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "Round 1" in page.text
    assert "&lt;b&gt;cells" in page.text
    assert "1970-01-01 00:00 UTC" in page.text


def test_a_report_that_is_not_there_is_said(client: Client) -> None:
    for path in ("/api/reports/4", "/api/reports/4/file"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["error"]) == (404, "unknown_report")
    page = client.get("/reports/4", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert "python -m winnow report --round 4" in page.text
