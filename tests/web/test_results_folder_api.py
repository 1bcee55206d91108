"""The results folder over HTTP: a job that writes it beside the server."""

import json
from typing import Any

import pytest
from proposal_pool import draw_proposals
from small_pool import Client

from winnow.image_review import ImageReview
from winnow.settings import Settings


@pytest.fixture
def reviewed(tmp_path: Any, open_client: Any) -> Client:
    client = open_client(Settings(refs=draw_proposals(tmp_path, 2), annotator="ana"))
    session = client.app.state.loader.session  # type: ignore[attr-defined]
    item_id = session.pool.item(0).id
    session.review_image(item_id, ImageReview(kept=(item_id,)), key="one", annotator="ana")
    return client


def test_the_folder_is_written_by_a_job(reviewed: Client, tmp_path: Any) -> None:
    answer = reviewed.post("/api/results-folder", json={"masks": "rle"})
    assert answer.status_code == 201
    number = answer.json()["job"]["number"]
    ended = reviewed.ended_job(number)
    folder = tmp_path / "workspace" / "results"
    assert answer.json()["folder"] == str(folder)
    assert (ended["state"], ended["error"]) == ("completed", None)
    assert ended["result"] == {"folder": str(folder), "images": 1, "written": 1, "problems": 0}
    assert json.loads((folder / "index.json").read_text())["counts"] == {"ok": 1, "corrected": 0, "rejected": 0}


@pytest.mark.parametrize("body", [{"masks": "tiff"}, {"overlays": "maybe"}, []])
def test_options_that_make_no_sense_are_refused(client: Client, body: Any) -> None:
    assert client.post("/api/results-folder", json=body).status_code == 422
