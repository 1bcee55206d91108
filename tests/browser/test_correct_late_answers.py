"""The correct page while something is on its way: what is done meanwhile is kept, and lands on its own image."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_helpers import Server
from correct_helpers import Open, Start, become, drag, item_on, on_screen, opened, result, wait_for_image
from playwright.sync_api import Page, Route, expect
from proposal_pool import draw_proposals

SEGMENTER = {"model": "tiny", "state": "ready", "problem": None, "models": [], "how_to": ""}


@pytest.fixture
def server(tmp_path: Path, start_server: Start) -> Server:
    return start_server(draw_proposals(tmp_path, 4), WINNOW_SEGMENTER="none")


@pytest.fixture
def ana(server: Server, open_person: Open) -> Iterator[Page]:
    """The page over a segmenter that says it is ready and answers no prompt."""
    person = open_person(server, expected="422")  # a prompt that is let go at the end meets the real segmenter: none
    person.page.route("**/api/masks", lambda route: route.fulfill(json=SEGMENTER))
    person.page.route("**/api/masks/prepare", prepared)
    person.page.route("**/api/masks/predict", lambda _: None)
    page = opened(person)
    expect(page.locator("#mask-state")).to_have_text(re.compile("ready for this image"))
    yield page
    page.unroute_all(behavior="ignoreErrors")


def prepared(route: Route) -> None:
    route.fulfill(status=202, json={"states": dict.fromkeys(route.request.post_data_json["item_ids"], "ready")})


def begin_box(page: Page) -> None:
    """Draw a box with the mouse and do not let go."""
    page.keyboard.press("b")
    page.mouse.move(*on_screen(page, 140, 180))
    page.mouse.down()
    with page.expect_request("**/api/masks/predict"):
        page.mouse.move(*on_screen(page, 190, 220), steps=3)


@pytest.mark.parametrize("key", ["a", "r", "ArrowRight", "ArrowLeft"])
def test_no_other_image_comes_while_a_box_is_drawn(ana: Page, server: Server, key: str) -> None:
    begin_box(ana)
    ana.keyboard.press(key)
    expect(ana.locator("#toast")).to_contain_text("A box is being drawn: let go of it first")
    ana.mouse.up()
    expect(ana.locator("#objects li")).to_have_count(5)
    expect(ana.locator("#path")).to_have_text("photos/00.png")
    assert server.events() == []


def test_esc_leaves_off_a_box_whose_mask_is_on_its_way(ana: Page) -> None:
    begin_box(ana)
    ana.keyboard.press("Escape")
    ana.mouse.up()
    expect(ana.locator("#objects li")).to_have_count(4)


@pytest.mark.parametrize("key", ["a", "r", "PageDown", "PageUp"])
def test_a_mask_on_its_way_is_not_left_behind(ana: Page, server: Server, key: str) -> None:
    ana.keyboard.press("Tab")
    with ana.expect_request("**/api/masks/predict"):
        ana.keyboard.press("f")
    ana.keyboard.press(key)
    expect(ana.locator("#toast")).to_contain_text("A mask is on its way")
    ana.keyboard.press("Escape")
    ana.keyboard.press("a")
    wait_for_image(ana, "photos/01.png")


def test_undo_takes_a_point_back_that_has_no_answer_and_nothing_before_it(ana: Page) -> None:
    ana.keyboard.press("Tab")
    ana.keyboard.press("Delete")
    ana.keyboard.press("Escape")
    ana.keyboard.press("p")
    with ana.expect_request("**/api/masks/predict"):
        ana.mouse.click(*on_screen(ana, 160, 200))
    ana.keyboard.press("u")
    expect(ana.locator("#toast")).to_have_text("The newest point is taken back.")
    expect(ana.locator("#objects li")).to_have_count(3)
    ana.keyboard.press("u")
    expect(ana.locator("#objects li")).to_have_count(4)


def test_a_box_whose_draft_is_forgotten_while_it_is_drawn_is_left_off(ana: Page) -> None:
    ana.keyboard.press("Tab")
    ana.keyboard.press("Delete")
    ana.reload()
    wait_for_image(ana, "photos/00.png")
    begin_box(ana)
    ana.get_by_role("button", name="Forget it").dispatch_event("click")
    expect(ana.locator("#draft")).to_be_hidden()
    ana.mouse.up()
    expect(ana.locator("#objects li")).to_have_count(4)


def test_of_two_tabs_the_draft_is_that_of_the_last_one_and_whole(ana: Page, server: Server) -> None:
    ana.keyboard.press("Tab")
    for _ in range(3):
        ana.keyboard.press("ArrowRight")
    ana.keyboard.press("Delete")
    other = ana.context.new_page()
    other.goto(f"{server.url}/correct?image={item_on(server, 'photos/00.png')}")
    expect(other.locator("#draft-text")).to_contain_text("4 steps")
    for _ in range(4):
        other.keyboard.press("u")
    other.keyboard.press("b")
    drag(other, (140, 180), (190, 220))
    expect(ana.locator("#banner-text, #toast").filter(has_text="in another tab of yours too")).to_be_visible()
    ana.keyboard.press("Tab")
    ana.keyboard.press("Delete")
    expect(ana.locator("#objects li")).to_have_count(2)
    other.close()
    ana.reload()
    expect(ana.locator("#draft-text")).to_contain_text("5 steps")
    expect(ana.locator("#objects li")).to_contain_text(["cat", "dog"])


def test_mine_put_over_theirs_is_sent_once_however_often_it_is_pressed(server: Server, open_person: Open) -> None:
    page = become(opened(open_person(server, expected="409")), "bea")
    reject = {"key": "theirs", "outcome": "reject", "kept": [], "drawn": [], "deleted": [], "based_on": None}
    server.send("POST", f"/api/results/{item_on(server, 'photos/00.png')}", reject)
    page.keyboard.press("a")
    button = page.get_by_role("button", name="Put mine over it")
    expect(button).to_be_visible()
    held: list[Route] = []
    page.route(
        f"**/api/results/{item_on(server, 'photos/00.png')}",
        lambda route: held.append(route) if len(held) < 2 else route.continue_(),
    )
    with page.expect_request("**/api/results/*"):
        button.click()
    with page.expect_request("**/api/results/*"):
        button.click()
    for route in held:
        route.continue_()
    expect(page.locator(".conflict")).to_have_count(0)
    expect(page.locator("#banner")).to_be_hidden()
    assert result(server)["status"] == "ok"
    assert server.events().count("complete") == 1
