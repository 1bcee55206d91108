"""Data set versions over HTTP: made as a job, listed with what changed."""

from pathlib import Path
from typing import Any

import pytest
from four_proposals import draw_four
from small_pool import Client

from winnow.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_four(tmp_path), annotator="ana")


def judge(client: Client, *paths: str, label: int = 1) -> None:
    for item in client.queue(20)["items"]:
        if item["path"] in paths:
            client.judge(item["id"], label)


def make(client: Client, **body: Any) -> dict[str, Any]:
    return client.ended_job(client.post("/api/datasets", json=body).json()["number"])


def test_versions_are_made_by_a_job_and_listed_with_their_differences(client: Client) -> None:
    assert client.get("/api/datasets").json() == {"datasets": []}
    judge(client, "0.png", "1.png", "2.png")
    job = make(client)
    assert (job["state"], job["error"], job["result"]) == ("completed", None, {"dataset": 1, "is_new": True})
    judge(client, "3.png")
    make(client)
    second, first = client.get("/api/datasets").json()["datasets"]
    assert (first["number"], first["differences"], first["classes"]) == (1, None, ["cell"])
    changes = second["differences"]
    assert {name: changes["train"][name] + changes["holdout"][name] for name in ("images", "negatives", "boxes")} == {
        "images": 1, "negatives": 0, "boxes": 1,
    }  # fmt: skip
    assert client.get("/api/datasets/2").json() == second
    missing = client.get("/api/datasets/9")
    assert (missing.status_code, missing.json()["error"]) == (404, "unknown_version")


def test_a_data_set_that_cannot_be_made_fails_with_the_cause(client: Client) -> None:
    job = make(client)
    assert job["state"] == "failed"
    assert "judge" in job["error"].lower()
    assert client.get("/api/datasets").json() == {"datasets": []}
