"""The correct page: the canvas by wheel, fingers and keys, and what it shows."""

from pathlib import Path

import pytest
from browser_helpers import Server, wait_until
from correct_helpers import Open, Start, drag, inked, on_screen, opened
from playwright.sync_api import Page, expect
from proposal_pool import draw_proposals


@pytest.fixture
def server(tmp_path: Path, start_server: Start) -> Server:
    return start_server(draw_proposals(tmp_path, 4), WINNOW_SEGMENTER="none")


@pytest.fixture
def ana(server: Server, open_person: Open) -> Page:
    return opened(open_person(server))


def test_the_list_and_the_canvas_choose_the_same_object(ana: Page) -> None:
    ana.locator("#objects").get_by_role("option", name="bird").click()
    expect(ana.locator("#chosen")).to_have_text("3 of 4: bird 0.55, 60 × 60 px at 0, 180")
    ana.mouse.click(*on_screen(ana, 220, 100))
    expect(ana.locator("#objects li[aria-selected=true]")).to_contain_text("cat")
    ana.mouse.click(*on_screen(ana, 300, 220))
    expect(ana.locator("#objects li[aria-selected=true]")).to_have_count(0)


def test_tab_leaves_the_canvas_after_the_last_object(ana: Page) -> None:
    for _ in range(5):
        ana.keyboard.press("Tab")
    expect(ana.locator("#stage")).not_to_be_focused()


def test_wheel_and_keys_zoom_around_what_is_looked_at(ana: Page) -> None:
    ana.mouse.move(*on_screen(ana, 220, 100))
    ana.mouse.wheel(0, -800)
    ana.mouse.click(*on_screen(ana, 220, 100))  # what was under the pointer still is
    expect(ana.locator("#objects li[aria-selected=true]")).to_contain_text("cat")
    ana.keyboard.press("0")
    ana.keyboard.press("Escape")
    ana.mouse.click(*on_screen(ana, 30, 210))
    expect(ana.locator("#objects li[aria-selected=true]")).to_contain_text("bird")


def test_the_hand_moves_the_image_and_no_box(ana: Page) -> None:
    ana.keyboard.down("Space")
    drag(ana, (220, 100), (260, 100))
    ana.keyboard.up("Space")
    ana.mouse.click(*on_screen(ana, 280, 140))  # the cat was there before, and 40 pixels to the left
    expect(ana.locator("#objects li[aria-selected=true]")).to_contain_text("cat")
    expect(ana.locator("#status")).to_have_text("Open")


def test_prediction_and_correction_stand_side_by_side(ana: Page) -> None:
    ana.keyboard.press("Tab")
    ana.keyboard.press("Delete")
    ana.keyboard.press("s")
    expect(ana.locator("#stage-before")).to_be_visible()
    wait_until(lambda: inked(ana, "#stage-before") > inked(ana, "#stage") > 0, "only the prediction has the box")
    ana.keyboard.press("e")
    expect(ana.locator("#stage-before")).to_be_hidden()


def test_a_finger_draws_and_two_fingers_zoom(server: Server, open_person: Open) -> None:
    page = opened(open_person(server, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True))
    page.locator("[data-value=box]").dispatch_event("click")  # a click would scroll the stage away
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    start, end = on_screen(page, 140, 180), on_screen(page, 190, 220)
    fingers("touchStart", start)
    fingers("touchMove", end)
    fingers("touchEnd")
    expect(page.locator("#objects li")).to_have_count(5)
    x, y = on_screen(page, 220, 100)
    fingers("touchStart", (x - 20, y))
    fingers("touchStart", (x - 20, y), (x + 20, y))
    for reach in (30, 60, 90):
        fingers("touchMove", (x - reach, y), (x + reach, y))
    fingers("touchEnd")
    expect(page.locator("#objects li")).to_have_count(5)
    page.locator("[data-value=select]").dispatch_event("click")
    page.touchscreen.tap(x, y)
    expect(page.locator("#objects li[aria-selected=true]")).to_contain_text("cat")
