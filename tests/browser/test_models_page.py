"""Models in a real browser: look, compare two, make one active, export, delete, by keys alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_helpers import Person, Server, draw_pool, wait_until
from playwright.sync_api import Page, expect
from tiny_models import metrics, save_model, write_version

from winnow.training.workspace import Workspace

Open = Callable[..., Person]
Start = Callable[..., Server]
RUN_MS = 90_000
OLD_HOLDOUT = "b" * 32


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("weights") / "cells.pt")


@pytest.fixture
def project(tmp_path: Path, weights: Path) -> Path:
    """The refs of 40 tiles; three versions of which the first, the active one, was measured on an older hold-out."""
    refs = draw_pool(tmp_path)
    workspace = Workspace(tmp_path / "workspace")
    figures = [metrics(0.4, 0.2, holdout=OLD_HOLDOUT), metrics(0.6, 0.3), metrics(0.5, 0.35)]
    for number, one in enumerate(figures, 1):
        write_version(workspace, number, weights, one)
    return refs


@pytest.fixture
def page(project: Path, start_server: Start, open_person: Open) -> Page:
    page = open_person(start_server(project)).open("/models").page
    expect(page.get_by_role("row", name="v3")).to_be_visible()
    return page


def chosen(page: Page) -> str:
    return page.get_by_label("Chosen version").get_by_role("heading").inner_text()


def numbers(server: Any) -> list[int]:
    return [model["number"] for model in server.get("/api/models")["models"]]


def test_versions_are_shown_with_their_figures_and_marks(page: Page) -> None:
    rows = page.get_by_label("Model versions").locator("tbody tr")
    assert [row.locator("th").inner_text() for row in rows.all()] == ["v3 ★ best", "v2", "v1 ● active"]
    assert rows.nth(0).locator("td").nth(3).inner_text() == "0.500"
    assert rows.nth(0).locator("td").nth(4).inner_text() == "0.350"
    expect(page.get_by_role("link", name="weights.pt")).to_have_attribute("href", "/media/models/3/weights.pt")


def test_two_versions_are_compared_by_keys_alone(page: Page) -> None:
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    comparison = page.get_by_label("Comparison")
    expect(comparison.get_by_role("heading", name="v2 against v3")).to_be_visible()
    expect(comparison).to_contain_text("Measured on the same hold-out: 10 images, 40 boxes")
    cells = comparison.get_by_role("row", name="cell").locator("td").all_inner_texts()
    assert cells[:7] == ["20", "0.650", "0.550", "−0.100", "0.350", "0.400", "+0.050"]
    trends = comparison.get_by_role("row", name="cell").locator("[data-trend]")
    assert [cell.get_attribute("data-trend") for cell in trends.all()][:3] == ["worse", "better", "same"]


def test_a_third_choice_takes_the_place_of_the_oldest(page: Page) -> None:
    for key in ("Space", "ArrowDown", "Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    expect(page.get_by_label("Comparison").get_by_role("heading", name="v1 against v2")).to_be_visible()
    assert [page.get_by_label(f"Compare v{n}").is_checked() for n in (1, 2, 3)] == [True, True, False]


def test_figures_of_different_holdouts_are_not_set_against_each_other(page: Page) -> None:
    for key in ("Space", "End", "Space"):
        page.keyboard.press(key)
    comparison = page.get_by_label("Comparison")
    expect(comparison).to_contain_text("the figures must not be compared")
    expect(comparison.locator("[data-trend]")).to_have_count(0)
    comparison.get_by_role("button", name="Measure v1 and v3 on today's hold-out").click()
    expect(page.get_by_role("listitem", name="Job 1: Measure v1 and v3")).to_be_visible()


def test_a_version_is_made_active_by_key(page: Page) -> None:
    page.keyboard.press("ArrowDown")
    page.keyboard.press("a")
    expect(page.get_by_role("row", name="v2").locator("th")).to_have_text("v2 ● active")
    expect(page.get_by_role("row", name="v1").locator("th")).to_have_text("v1")
    expect(page.get_by_role("row", name="v2")).to_be_focused()


def test_deleting_asks_and_escape_keeps_it(project: Path, start_server: Start, open_person: Open) -> None:
    ana = open_person(start_server(project)).open("/models")
    page = ana.page
    expect(page.get_by_role("row", name="v3")).to_be_visible()
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog", name="Delete v3?")
    expect(dialog).to_contain_text("It is the best one so far.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert numbers(ana.server) == [3, 2, 1]
    page.keyboard.press("Delete")
    page.keyboard.press("y")
    expect(page.get_by_role("row", name="v3")).to_have_count(0)
    assert numbers(ana.server) == [2, 1]
    assert not (project.parent / "workspace" / "models" / "v0003").exists()


def test_the_active_version_cannot_be_deleted(page: Page) -> None:
    page.keyboard.press("End")
    wait_until(lambda: chosen(page) == "v1", "the active one is chosen")
    page.keyboard.press("Delete")
    expect(page.get_by_role("alert")).to_contain_text("v1 is the active version, which is never deleted.")
    expect(page.get_by_role("button", name="Delete")).to_be_disabled()


def test_an_export_is_written_and_can_be_downloaded(page: Page) -> None:
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Export v3")
    expect(dialog.get_by_label("Format")).to_have_value("onnx")
    expect(dialog.get_by_label("Image size, px")).to_have_value("96")
    dialog.get_by_label("Image size, px").press("Enter")
    job = page.get_by_role("listitem", name="Job 1: Export v3 as onnx")
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=RUN_MS)
    link = page.get_by_role("link", name="weights.onnx")
    expect(link).to_have_attribute("href", "/media/models/3/weights.onnx")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "v0003-weights.onnx"


def test_what_it_got_wrong_opens_as_a_pool(project: Path, start_server: Start, open_person: Open) -> None:
    (project.parent / "errors-0003.csv").write_text("path,x1,y1,x2,y2,class,score\ntiles/000.png,1,2,40,50,cell,0.9\n")
    ana = open_person(start_server(project), expected="503").open("/models")
    ana.page.get_by_role("button", name="Look at 6 false positives, 10 false negatives").click()
    ana.page.wait_for_url(f"{ana.server.url}/")
    pools = {pool["name"]: pool["is_open"] for pool in ana.server.get("/api/pools")["pools"]}
    assert pools == {"refs.csv": False, "errors-0003.csv": True}


def test_without_versions_the_page_says_how_to_get_one(server: Server, open_person: Open) -> None:
    page = open_person(server).open("/models").page
    expect(page.get_by_role("heading", name="No model version yet")).to_be_visible()
    expect(page.get_by_text("python -m winnow train --base yolo11n.pt")).to_be_visible()
    expect(page.get_by_label("Model versions")).to_be_hidden()
