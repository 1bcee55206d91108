"""The results and images pages while answers are on their way: a late one changes nothing that was done since."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser_helpers import Person, Server
from late_answers import Late
from playwright.sync_api import expect
from proposal_pool import draw_proposals
from test_results_page import shows

Open = Callable[..., Person]
COUNT = re.compile(r"/api/results\?.*limit=1(&|$)")


@pytest.fixture
def server(tmp_path: Path, start_server: Callable[..., Server]) -> Server:
    return start_server(draw_proposals(tmp_path, 3))


def test_e_edits_the_image_whose_turn_it_is_while_that_is_on_its_way(server: Server, open_person: Open) -> None:
    ana = open_person(server)
    second = server.get("/api/results?score_min=0")["images"][1]["item_id"]
    Late(ana.page, f"**/api/results/{second}")
    ana.open("/results")
    shows(ana.page, 1)
    ana.page.keyboard.press("ArrowRight")
    ana.page.keyboard.press("e")
    ana.page.wait_for_url(f"**/correct?image={second}*")


def test_a_late_count_is_not_taken_for_the_list_that_was_chosen_since(server: Server, open_person: Open) -> None:
    page = open_person(server).open("/results").page
    shows(page, 1)
    count = Late(page, COUNT)
    page.keyboard.press("r")
    count.wait()
    page.get_by_role("button", name="Rejected").click()
    expect(page.locator("#place")).to_have_text("Image 1 of 1")
    with page.expect_response(COUNT):
        count.release()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="The end of this list")).to_be_visible()


def test_an_image_is_brought_up_to_date_also_when_another_one_is_in_focus(server: Server, open_person: Open) -> None:
    page = open_person(server).open("/images").page
    expect(page.locator("#grid")).to_be_focused()
    answer = Late(page, "**/complete", "POST")
    for key in ["c", "c", "ArrowRight"]:
        page.keyboard.press(key)
    answer.wait()
    answer.release()
    expect(page.locator("#cell-0")).to_have_attribute("data-state", "complete")
    expect(page.locator("#cell-1")).to_have_attribute("data-focus", "")


def test_who_goes_on_while_the_images_are_read_again_is_not_taken_back(server: Server, open_person: Open) -> None:
    page = open_person(server).open("/images").page
    expect(page.locator("#grid")).to_be_focused()
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Missed 1")).to_be_visible()
    again = Late(page, re.compile(r"/api/images\?.*limit=48"))
    page.keyboard.press("u")
    again.wait()
    page.keyboard.press("ArrowRight")
    again.release()
    expect(page.get_by_role("button", name="Missed 0")).to_be_visible()
    expect(page.locator("#cell-1")).to_have_attribute("data-focus", "")
