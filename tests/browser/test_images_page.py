"""The images page by keyboard: states, marks, completion, boxes corrected and added, and back by undo."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_helpers import Person, Server, wait_until
from playwright.sync_api import expect
from proposal_pool import draw_proposals
from test_label_page import FAINT, NAMELESS

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture
def server(tmp_path: Path, start_server: Callable[..., Server]) -> Server:
    return start_server(draw_proposals(tmp_path, 4))


@pytest.fixture
def ana(server: Server, open_person: Callable[..., Person]) -> Person:
    return open_images(open_person(server))


def open_images(person: Person, query: str = "") -> Person:
    person.open(f"/images{query}")
    expect(person.page.locator("#total")).to_contain_text("image")
    expect(person.page.locator("#grid")).to_be_focused()
    return person


def image(server: Server, place: int = 0) -> dict[str, Any]:
    return server.get("/api/images?limit=10")["images"][place]


def regions(person: Person) -> Any:
    return person.page.get_by_role("listbox", name="Regions").get_by_role("option")


def reject_first(server: Server, reason: str) -> str:
    """Reject the first region of the first image; answers its item."""
    item = next(item for item in server.get("/api/queue?n=100")["items"] if item["index"] == 0)
    body = {"item_id": item["id"], "label": 0, "reason": reason, "key": "reject-1"}
    server.send("POST", "/api/verdicts", body)
    return str(item["id"])


def test_a_missed_object_and_completion_with_its_warning(ana: Person) -> None:
    ana.page.keyboard.press("ArrowRight")
    ana.page.keyboard.press("m")
    wait_until(lambda: image(ana.server, 1)["open_misses"] == 1, "the miss is marked")
    expect(ana.page.get_by_role("button", name="Missed 1")).to_be_visible()
    ana.page.keyboard.press("c")
    warning = ana.page.get_by_text("Complete says that all objects on photos/01.png are boxed. 6 proposals without")
    expect(warning).to_be_visible()
    ana.page.keyboard.press("Escape")
    expect(warning).to_be_hidden()
    assert ana.server.events() == ["miss"]
    ana.page.keyboard.press("c")
    ana.page.keyboard.press("c")
    wait_until(lambda: image(ana.server, 1)["state"] == "complete", "it is complete")
    expect(ana.page.get_by_role("button", name="Complete 1")).to_be_visible()
    ana.page.keyboard.press("u")
    expect(ana.page.get_by_text("Taken back: the mark that an image is complete")).to_be_visible()
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: image(ana.server, 1)["state"] == "untouched", "both are taken back")


def test_the_states_filter_and_the_address_keeps_them(ana: Person) -> None:
    reject_first(ana.server, "bad_box")
    open_images(ana, "?state=to_correct")
    expect(ana.page.locator("#total")).to_have_text("1 image")
    expect(ana.page.get_by_role("gridcell", name="photos/00.png, In progress")).to_be_visible()
    ana.page.get_by_role("button", name="Complete 0").click()
    expect(ana.page.get_by_text("No image is complete yet")).to_be_visible()
    ana.page.get_by_role("button", name="All 4").click()
    ana.page.locator("#classes").select_option("dog")
    expect(ana.page.locator("#total")).to_have_text("4 images")
    expect(ana.page).to_have_url(re.compile(r"\?state=all&class_name=dog$"))


def test_a_bad_box_is_put_right_by_arrow_keys(ana: Person) -> None:
    bad = reject_first(ana.server, "bad_box")
    open_images(ana)
    ana.page.keyboard.press("Enter")
    expect(regions(ana).first).to_have_attribute("aria-selected", "true")
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_role("heading", name="Correct: dog")).to_be_visible()
    for key in ("ArrowRight", "Shift+ArrowDown"):
        ana.page.keyboard.press(key)
    ana.page.keyboard.press("Enter")
    wait_until(lambda: image(ana.server)["to_correct"] == 0, "nothing is to be corrected any more")
    drawn = [region for region in image(ana.server)["regions"] if region["place"] == "accepted"]
    assert [(region["box_xyxy"], region["class_name"]) for region in drawn] == [([41, 50, 121, 130], "dog")]
    assert bad not in [region["item_id"] for region in image(ana.server)["regions"]]
    ana.page.keyboard.press("Backspace")
    expect(ana.page.get_by_text("Taken back: a box drawn by hand")).to_be_visible()
    wait_until(lambda: image(ana.server)["to_correct"] == 1, "the bad box is to be corrected again")


def test_an_unreviewed_region_that_is_corrected_leaves_the_queue(ana: Person) -> None:
    ana.page.keyboard.press("Enter")
    ana.page.keyboard.press("e")
    ana.page.locator("#editor-x1").fill("5")
    ana.page.locator("#editor-class").fill("owl")
    ana.page.keyboard.press("Enter")
    wait_until(lambda: image(ana.server)["accepted"] == 1, "the new box is accepted")
    assert ana.server.events() == ["verdict", "verdict"]
    assert len(ana.server.get("/api/queue?n=100")["items"]) == 23
    assert image(ana.server)["regions"][-1]["class_name"] == "owl"


def test_a_missed_box_is_dragged_on_the_image(ana: Person) -> None:
    ana.page.keyboard.press("Enter")
    ana.page.keyboard.press("b")
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_text("Say what it is: the class is missing.")).to_be_visible()
    stage = ana.page.locator("#large-picture").bounding_box()
    scale = stage["width"] / 320
    ana.page.mouse.move(stage["x"] + 100 * scale, stage["y"] + 180 * scale)
    ana.page.mouse.down()
    ana.page.mouse.move(stage["x"] + 160 * scale, stage["y"] + 220 * scale)
    ana.page.mouse.up()
    ana.page.locator("#editor-class").fill("fish")
    ana.page.keyboard.press("Enter")
    wait_until(lambda: image(ana.server)["accepted"] == 1, "the box is added")
    (drawn,) = [region for region in image(ana.server)["regions"] if region["class_name"] == "fish"]
    assert drawn["box_xyxy"] == pytest.approx([100, 180, 160, 220], abs=1)
    assert image(ana.server)["unreviewed"] == 6
    expect(regions(ana).filter(has_text="fish")).to_be_visible()


def test_a_box_that_leaves_the_image_is_said_and_not_sent(ana: Person) -> None:
    ana.page.keyboard.press("Enter")
    ana.page.keyboard.press("e")
    ana.page.locator("#editor-x2").fill("400")
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_text("The box leaves the image of 320 × 240 pixels.")).to_be_visible()
    ana.page.keyboard.press("Escape")
    ana.page.keyboard.press("Escape")
    expect(ana.page.locator("#large")).to_be_hidden()
    expect(ana.page.locator("#grid")).to_be_focused()
    assert ana.server.events() == []


def test_label_these_takes_the_images_proposals_only(ana: Person) -> None:
    ana.page.keyboard.press("ArrowRight")
    ana.page.keyboard.press("l")
    wait_until(ana.item, "the label page has an item")
    expect(ana.page.locator("#status-filter")).to_have_text("only 01.png · 18 set aside")
    expect(ana.page.locator("#item-path")).to_have_text("photos/01.png")
    ana.open("/triage")
    ana.page.get_by_role("button", name="All images").click()
    expect(ana.page.locator("#shown")).to_have_text("24 shown · 0 set aside")


def test_a_phone_shows_it_within_its_width(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_images(open_person(server, **PHONE))
    assert ana.page.evaluate("document.documentElement.scrollWidth") == 390
    ana.page.get_by_role("gridcell", name="photos/00.png").tap()
    expect(ana.page.get_by_role("button", name="Missed object")).to_be_visible()
    ana.page.get_by_role("button", name="Missed object").tap()
    wait_until(lambda: image(server)["open_misses"] == 1, "the miss is marked")
    assert ana.page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_controls_have_names_and_text_has_contrast(
    server: Server, open_person: Callable[..., Person], scheme: str
) -> None:
    reject_first(server, "bad_box")
    ana = open_images(open_person(server, color_scheme=scheme))
    for keys in ([], ["Enter"], ["c"], ["Escape", "e"]):
        for key in keys:
            ana.page.keyboard.press(key)
        assert ana.page.evaluate(NAMELESS) == []
        assert ana.page.evaluate(FAINT) == []
