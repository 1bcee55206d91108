"""The rounds page: figures, charts and table of reviewed images, and the hours that a manual time makes of them."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_helpers import READY_S, Person, Server, wait_until
from playwright.sync_api import expect
from proposal_pool import draw_proposals

Start = Callable[..., Server]
Open = Callable[..., Person]


def review(server: Server, path: str, outcome: str, *, elapsed_ms: int | None, **said: Any) -> None:
    """As the pages send it."""
    item_id = item_on(server, path)
    body = {"key": str(uuid.uuid4()), "outcome": outcome, "kept": [], "drawn": [], "deleted": [], "based_on": None}
    server.send("POST", f"/api/results/{item_id}", {**body, **said, "elapsed_ms": elapsed_ms})


def item_on(server: Server, path: str) -> str:
    images = server.get("/api/results?limit=50")["images"]
    (item_id,) = [image["item_id"] for image in images if image["path"] == path]
    return str(item_id)


@pytest.fixture
def reviewed(start_server: Start, tmp_path: Path) -> Server:
    """Two images accepted, one refined, one rejected; 25 s a case."""
    server = start_server(draw_proposals(tmp_path, 5))
    for path, seconds in [("photos/00.png", 10), ("photos/01.png", 20)]:
        review(server, path, "accept", elapsed_ms=1000 * seconds)
    objects = server.get(f"/api/results/{item_on(server, 'photos/02.png')}")["objects"]
    (predicted,) = [one["item_id"] for one in objects if one["score"] == 0.91]
    dog = {"box_xyxy": [42, 40, 122, 80], "class_name": "dog", "mask": None, "replaces": predicted}
    review(server, "photos/02.png", "correct", elapsed_ms=60_000, drawn=[dog])
    review(server, "photos/03.png", "reject", elapsed_ms=10_000)
    return server


def test_the_page_tells_what_came_of_the_cases(reviewed: Server, open_person: Open) -> None:
    page = open_person(reviewed).open("/rounds").page
    figures = page.locator("#total div")
    expect(figures.filter(has_text="cases").first).to_contain_text("4")
    expect(figures.filter(has_text="stood as it was")).to_contain_text("50 %")
    expect(figures.filter(has_text="median a case")).to_contain_text("15.0 s")
    expect(figures.filter(has_text="saved")).to_contain_text("18.3 min")
    expect(figures.filter(has_text="IoU, changed boxes: 1")).to_contain_text("0.500")
    expect(page.locator("#assumption")).to_contain_text("4 cases at 5 min by hand, 20.0 min, less 1.7 min")
    expect(page.locator("#rows tr")).to_have_count(2)
    expect(page.locator("#rows tr").nth(0)).to_contain_text(re.compile("This round.*all.*421", re.DOTALL))
    expect(page.locator("#rows tr").nth(1)).to_contain_text("ana")
    expect(page.locator("#plot-shares")).to_have_attribute(
        "aria-label", "This round: accepted 50 percent, refined 25 percent, rejected 25 percent"
    )
    assert page.locator("#plot-seconds canvas").count() == 1


def test_hours_follow_the_minutes_that_are_typed_and_are_remembered(reviewed: Server, open_person: Open) -> None:
    page = open_person(reviewed).open("/rounds").page
    field = page.get_by_label("Minutes an image takes by hand")
    expect(page.locator("#assumption")).to_contain_text("5 min by hand")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("0.25")
    expect(page.locator("#total div").filter(has_text="saved")).to_contain_text("−0.7 min")
    expect(page.locator("#rows .below").first).to_contain_text("−0.7 min")
    expect(page.locator("#csv")).to_have_attribute("href", "/export/rounds.csv?manual_minutes=0.25")
    page.reload()
    expect(field).to_have_value("0.25")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert (len(lines), lines[1].split(",")[4]) == (3, "4")


def test_without_reviews_the_page_says_what_to_do(server: Server, open_person: Open) -> None:
    page = open_person(server).open("/rounds").page
    expect(page.locator("#empty")).to_contain_text("Go through the predictions on the Results page")
    expect(page.locator("#rows-section")).to_be_hidden()


def test_without_a_pool_the_page_says_what_is_missing(start_server: Start, open_person: Open, tmp_path: Path) -> None:
    server = start_server(tmp_path / "refs.csv", is_ready=False)
    wait_until(server.answers, "the server answers", READY_S)
    page = open_person(server, expected="50").open("/rounds").page
    expect(page.locator("#problem")).to_contain_text("There is no database")
