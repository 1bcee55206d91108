"""Answers that come late, presses that come twice: what is newer stays, and nothing is done that nobody asked for."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser_helpers import Person, Server, draw_pool, wait_until
from late_answers import Late
from playwright.sync_api import Page, Route, expect
from proposal_pool import draw_proposals
from shapes_pool import draw_shapes, judge_images
from test_predict_page import hide, write_proposals
from tiny_models import metrics, write_version

from winnow.files import write_atomically
from winnow.jobs.job import new_job_folder, publish
from winnow.training.workspace import Workspace

Start = Callable[..., Server]
Open = Callable[..., Person]


def hand_over(late: Late, page: Page, path: str) -> None:
    """What was kept back arrives."""
    with page.expect_response(path):
        late.release()


def end_job(server: Server, kind: str) -> None:
    """A job of another window has just ended."""
    folder = new_job_folder(server.folder / "workspace" / "jobs", kind, "Elsewhere", ["models"], None)
    now = time.time()
    state = {"schema": 1, "state": "completed", "started_at": now, "ended_at": now, "result": {}}
    write_atomically(folder / "state.json", json.dumps(state).encode())
    publish(folder)


def make_session(server: Server, name: str, task: str = "detect") -> None:
    base = "yolo11n.yaml" if task == "detect" else "yolo11n-seg.yaml"
    made = server.send("POST", "/api/sessions", {"name": name, "base": base})
    server.send("PATCH", f"/api/sessions/{made['number']}", {"settings": {**made["settings"], "task": task}})


@pytest.fixture
def shapes(start_server: Start, tmp_path: Path) -> Server:
    """Two sessions, for boxes and for masks; the newest, Masks, is shown first."""
    server = start_server(draw_shapes(tmp_path))
    judge_images(server, 14)
    make_session(server, "Boxes")
    make_session(server, "Masks", "segment")
    return server


def test_what_there_is_to_learn_from_is_that_of_the_session_that_is_chosen(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    note, sessions = page.locator("#stock-note"), page.locator("#sessions")
    expect(note).to_contain_text("14 stay out because an accepted object has no mask")
    sessions.select_option("1: Boxes")
    expect(note).not_to_contain_text("stay out")
    late = Late(page, "**/api/train?task=segment")
    sessions.select_option("2: Masks")
    late.wait()
    sessions.select_option("1: Boxes")
    expect(page.locator("#check")).to_contain_text("Ready")
    hand_over(late, page, "**/api/train?task=segment")
    expect(note).not_to_contain_text("stay out")


def test_one_sessions_suggestions_are_not_taken_in_another(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    sessions = page.locator("#sessions")
    suggested = page.locator("#suggestions button")
    expect(suggested.first).to_be_visible()
    before = shapes.get("/api/sessions")
    late = Late(page, "**/api/sessions/1/suggestions")
    sessions.select_option("1: Boxes")
    late.wait()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("1")
    expect(suggested).to_have_count(0)
    hand_over(late, page, "**/api/sessions/1/suggestions")
    expect(page.get_by_role("button", name="Take Image size: 64")).to_be_visible()
    assert shapes.get("/api/sessions") == before


def test_a_training_waits_for_its_settings_and_a_double_click_is_one_press(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes, expected="500|409").open("/train").page
    page.locator("#sessions").select_option("1: Boxes")
    expect(page.locator("#check")).to_contain_text("Ready")
    started: list[dict[str, int]] = []

    def refuse(route: Route) -> None:
        started.append(shapes.get("/api/sessions/1")["settings"])
        route.fulfill(status=409, json={"error": "TrainingError", "detail": "not now"})

    page.route("**/api/train", refuse)
    page.route("**/api/sessions/1", lambda route: route.fulfill(status=500, body="broken"))
    with page.expect_response("**/api/sessions/1"):
        page.get_by_label("Epochs", exact=True).fill("7")
        page.keyboard.press("Tab")
    with page.expect_response("**/api/sessions/1"):
        page.get_by_role("button", name="Start training").press("Enter")
    expect(page.locator("#session-problem")).to_contain_text("The server answered 500")
    assert started == []
    page.unroute("**/api/sessions/1")
    with page.expect_response("**/api/train"):
        page.get_by_role("button", name="Start training").dblclick()
    expect(page.locator("#session-problem")).to_contain_text("not now")
    assert [settings["epochs"] for settings in started] == [7]
    page.get_by_role("button", name="New session").dblclick()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Session 3")
    assert len(shapes.get("/api/sessions")["sessions"]) == 3


def test_a_session_that_was_deleted_does_not_come_back_with_a_late_list(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    expect(page.locator("#check")).to_contain_text("no mask")
    late = Late(page, "**/api/sessions", only=1)
    end_job(shapes, "train")
    late.wait()
    page.get_by_role("button", name="Delete this session").press("Enter")
    page.get_by_role("button", name="Delete", exact=True).press("Enter")
    expect(page.locator("#sessions option")).to_have_text(["1: Boxes"])
    hand_over(late, page, "**/api/sessions")
    expect(page.locator("#check")).to_contain_text("Ready")
    expect(page.locator("#sessions option")).to_have_text(["1: Boxes"])


def test_a_page_hears_of_a_job_that_began_and_ended_while_it_was_hidden(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes).open("/train").page
    expect(page.locator("#check")).to_contain_text("no mask")
    hide(page, True)
    make_session(shapes, "Meanwhile")
    end_job(shapes, "train")
    hide(page, False)
    expect(page.locator("#sessions option")).to_have_count(3)


def test_what_was_typed_while_the_server_was_away_is_saved_once_it_is_back(shapes: Server, open_person: Open) -> None:
    page = open_person(shapes, expected="ERR_|503|Failed to fetch").open("/train").page
    page.locator("#sessions").select_option("1: Boxes")
    expect(page.locator("#check")).to_contain_text("Ready")
    shapes.kill()
    page.get_by_label("Epochs", exact=True).fill("7")
    page.keyboard.press("Tab")
    expect(page.locator("#session-problem")).to_contain_text("cannot be reached")
    shapes.start()
    expect(page.locator("#session-problem")).to_be_hidden()
    wait_until(lambda: shapes.get("/api/sessions/1")["settings"]["epochs"] == 7, "it is saved")
    expect(page.locator("#check")).to_contain_text("Ready")
    expect(page.locator("#next-images li")).to_have_count(5)


@pytest.fixture
def models(start_server: Start, tmp_path: Path) -> Server:
    """Three versions, of which the first is active."""
    refs = draw_pool(tmp_path)
    weights = tmp_path / "none.pt"
    weights.write_bytes(b"none")
    for number in (1, 2, 3):
        write_version(Workspace(tmp_path / "workspace"), number, weights, metrics(0.5, 0.1 * number))
    return start_server(refs)


def test_a_list_that_comes_late_does_not_take_back_which_version_is_active(models: Server, open_person: Open) -> None:
    page = open_person(models).open("/models").page
    expect(page.get_by_role("row", name="v1")).to_contain_text("active")
    late = Late(page, "**/api/models")
    end_job(models, "measure")
    late.wait()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("a")
    hand_over(late, page, "**/api/models")
    expect(page.locator("#live")).to_have_text("v2 is active: it proposes next.")
    expect(page.get_by_role("row", name="v2").locator("th")).to_have_text("v2 ● active")


def test_only_the_version_that_was_asked_about_is_deleted(models: Server, open_person: Open) -> None:
    page = open_person(models, expected="404").open("/models").page
    expect(page.get_by_role("row", name="v3")).to_be_visible()
    page.keyboard.press("Delete")
    expect(page.get_by_role("dialog", name="Delete v3?")).to_be_visible()
    models.send("DELETE", "/api/models/3", {})
    end_job(models, "measure")
    expect(page.get_by_label("Model versions").locator("tbody tr")).to_have_count(2)
    page.keyboard.press("y")
    expect(page.get_by_role("alert")).to_contain_text("There is no model version 3")
    assert [model["number"] for model in models.get("/api/models")["models"]] == [2, 1]


def test_the_label_page_opens_when_it_will_show_what_was_chosen(
    start_server: Start, open_person: Open, tmp_path: Path
) -> None:
    ana = open_person(start_server(draw_proposals(tmp_path, 4))).open("/triage")
    page = ana.page
    expect(page.get_by_role("button", name="Near-duplicates, 4")).to_be_visible()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)
        if len(held) > 1:
            route.continue_()

    page.route("**/api/filter", hold)
    with page.expect_request("**/api/filter"):
        page.keyboard.press("5")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    held[0].continue_()
    expect(page).to_have_url(ana.server.url + "/")
    assert sorted(ana.server.get("/api/filter")["set_aside"]) == ["near_duplicate", "tiny"]


@pytest.fixture
def predict(start_server: Start, tmp_path: Path) -> Server:
    """A file of proposals, and weights that are none."""
    refs = draw_pool(tmp_path)
    write_proposals(tmp_path)
    (tmp_path / "bare").mkdir()
    (tmp_path / "workspace" / "weights").mkdir(parents=True)
    (tmp_path / "workspace" / "weights" / "junk.pt").write_bytes(b"x")
    return start_server(refs)


def test_how_a_run_ended_is_told_also_when_the_answer_to_its_start_comes_later(
    predict: Server, open_person: Open
) -> None:
    page = open_person(predict).open("/predict").page
    late = Late(page, "**/api/proposals", "POST")
    page.get_by_role("button", name="Start", exact=True).dblclick()
    late.wait()
    job = page.get_by_role("listitem", name="Job 1")
    expect(job).to_have_attribute("data-state", "failed")
    hand_over(late, page, "**/api/proposals")
    expect(page.locator("#model-problem")).to_contain_text("junk.pt")
    expect(job).to_have_attribute("data-state", "failed")
    assert len(predict.get("/api/jobs")["jobs"]) == 1


def test_features_that_came_while_a_file_is_shown_are_known(predict: Server, open_person: Open) -> None:
    page = open_person(predict).open("/predict").page
    expect(page.locator("#place")).to_contain_text("Image 1 of 2")
    expect(page.locator("#pool option")).to_have_count(2)
    np.save(predict.folder / "proposals-0001.npy", np.random.default_rng(0).random((3, 8), np.float32))
    with page.expect_response("**/api/pools"):
        end_job(predict, "propose")
    page.get_by_role("button", name="Judge these").press("Enter")
    expect(page).to_have_url(predict.url + "/triage")


def test_a_folder_on_its_way_and_a_choice_made_are_kept_in_mind(predict: Server, open_person: Open) -> None:
    page = open_person(predict).open("/predict").page

    def offer_more(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "encoders": ["own", "classic"]})

    page.route("**/api/predict", offer_more)
    with page.expect_response("**/api/predict"):
        page.evaluate("dispatchEvent(new Event('focus'))")
    page.get_by_label("Features by").select_option("classic")
    with page.expect_response("**/api/predict"):
        page.evaluate("dispatchEvent(new Event('focus'))")
    start = page.get_by_role("button", name="Start", exact=True)
    expect(start).to_be_enabled()
    expect(page.get_by_label("Features by")).to_have_value("classic")
    late = Late(page, "**/api/folders?under=tiles")
    page.get_by_role("button", name="tiles 40 images").press("Enter")
    late.wait()
    expect(start).to_be_disabled()
    hand_over(late, page, "**/api/folders?under=tiles")
    expect(start).to_be_enabled()


def test_a_folder_that_was_written_is_told_also_when_the_answer_to_its_start_comes_later(
    shapes: Server, open_person: Open
) -> None:
    page = open_person(shapes).open("/results").page
    late = Late(page, "**/api/results-folder", "POST")
    page.get_by_text("Batch and results folder").click()
    page.get_by_role("button", name="Write the results folder").click()
    late.wait()
    expect(page.get_by_role("listitem", name="Job 1")).to_have_attribute("data-state", "completed")
    hand_over(late, page, "**/api/results-folder")
    expect(page.locator("#folder-done")).to_contain_text("Written")
