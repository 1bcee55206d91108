"""The correct page in a real browser: only what is wrong is touched, by mouse and by keyboard."""

from pathlib import Path

import pytest
from browser_helpers import Server
from correct_helpers import BOXES, Open, Start, drag, item_on, objects, opened, result, saved, wait_for_image
from playwright.sync_api import Page, expect
from proposal_pool import draw_proposals


@pytest.fixture
def server(tmp_path: Path, start_server: Start) -> Server:
    return start_server(draw_proposals(tmp_path, 4), WINNOW_SEGMENTER="none")


@pytest.fixture
def ana(server: Server, open_person: Open) -> Page:
    return opened(open_person(server))


def test_a_box_that_is_dragged_replaces_its_prediction_and_nothing_else_changes(ana: Page, server: Server) -> None:
    drag(ana, (220, 100), (235, 110))
    expect(ana.locator("#status")).to_have_text("Open · 1 drawn or changed, kept as a draft")
    ana.keyboard.press("a")
    after = saved(server, "corrected")
    assert objects(server) == sorted(
        [("dog", BOXES[0]), ("dog", BOXES[3]), ("bird", BOXES[2]), ("cat", (195, 70, 275, 160))]
    )
    cat = next(one for one in after["objects"] if one["class_name"] == "cat")
    old = next(one for one in after["prediction"] if one["box_xyxy"] == list(BOXES[1]))
    assert cat["replaces"] == old["item_id"]
    wait_for_image(ana, "photos/01.png")


def test_everything_is_done_by_keyboard(ana: Page, server: Server) -> None:
    expect(ana.locator("#stage")).to_be_focused()
    ana.keyboard.press("Tab")  # the dog of 0.91
    for key in ["ArrowRight", "Shift+ArrowDown", "Control+ArrowRight", "Control+Alt+Shift+ArrowUp"]:
        ana.keyboard.press(key)
    ana.keyboard.press("Tab")  # the cat
    ana.keyboard.press("3")
    for _ in range(2):
        ana.keyboard.press("Tab")  # over the bird to the dog of 0.42
    ana.keyboard.press("Delete")
    ana.keyboard.press("Escape")
    ana.keyboard.press("t")
    ana.keyboard.press("ControlOrMeta+a")
    ana.keyboard.type("horse")
    ana.keyboard.press("Enter")
    ana.keyboard.press("n")
    expect(ana.locator("#chosen")).to_contain_text("4 of 4: horse")
    new = ana.locator("#objects li[aria-selected=true] .object-facts").inner_text()
    ana.keyboard.press("a")
    saved(server, "corrected")
    found = objects(server)
    assert [one for one in found if one[0] != "horse"] == sorted(
        [("dog", (41, 40, 122, 130)), ("dog", BOXES[1]), ("bird", BOXES[2])]
    )
    ((_, (x1, y1, x2, y2)),) = [one for one in found if one[0] == "horse"]
    assert new == f"{x2 - x1:.0f} × {y2 - y1:.0f} px at {x1:.0f}, {y1:.0f}"


def test_boxes_are_drawn_and_resized_by_their_handles(ana: Page, server: Server) -> None:
    ana.keyboard.press("b")
    ana.keyboard.press("2")
    drag(ana, (140, 180), (190, 220))
    drag(ana, (190, 220), (200, 230))
    drag(ana, (140, 205), (130, 205))
    ana.keyboard.press("a")
    saved(server, "corrected")
    assert ("cat", (130, 180, 200, 230)) in objects(server)


def test_going_on_accepts_what_is_unchanged_and_says_so(ana: Page, server: Server) -> None:
    expect(ana.locator("#objects-below")).to_have_text("2 predictions below the score: background when this is saved")
    ana.keyboard.press("ArrowRight")
    wait_for_image(ana, "photos/01.png")
    expect(ana.locator("#toast")).to_contain_text("Accepted as it is")
    assert [one["score"] for one in saved(server, "ok")["objects"]] == [0.91, 0.77, 0.55, 0.42]
    ana.keyboard.press("ArrowLeft")
    wait_for_image(ana, "photos/00.png")
    expect(ana.locator("#status")).to_have_text("Accepted as it was")
    assert server.events().count("complete") == 1
    ana.keyboard.press("ArrowRight")
    wait_for_image(ana, "photos/01.png")
    assert server.events().count("complete") == 1


def test_a_rejected_prediction_is_refused_as_a_whole_and_changes_are_not_dropped_unasked(
    ana: Page, server: Server
) -> None:
    ana.keyboard.press("Tab")
    ana.keyboard.press("Delete")
    ana.keyboard.press("r")
    expect(ana.locator("#warning")).to_contain_text("R again rejects")
    assert server.events() == []
    ana.keyboard.press("r")
    wait_for_image(ana, "photos/01.png")
    saved(server, "rejected")


def test_an_object_is_copied_to_the_next_image(ana: Page, server: Server) -> None:
    ana.keyboard.press("b")
    drag(ana, (140, 180), (190, 220))
    ana.keyboard.press("c")
    expect(ana.locator("#toast")).to_have_text("Copied to photos/01.png")
    ana.keyboard.press("a")
    wait_for_image(ana, "photos/01.png")
    expect(ana.locator("#draft-text")).to_contain_text("1 step")
    ana.keyboard.press("a")
    saved(server, "corrected", "photos/01.png")
    assert ("bird", (140, 180, 190, 220)) in objects(server, "photos/01.png")


def test_the_score_decides_what_is_shown_and_kept(ana: Page, server: Server) -> None:
    for _ in range(4):
        ana.keyboard.press(".")
    expect(ana.locator("#score-value")).to_have_text("0.45")
    expect(ana.locator("#objects li")).to_have_count(3)
    ana.keyboard.press("a")
    assert [one["score"] for one in saved(server, "ok")["objects"]] == [0.91, 0.77, 0.55]


def test_an_image_that_cannot_be_read_is_said_in_its_place(
    tmp_path: Path, start_server: Start, open_person: Open
) -> None:
    refs = draw_proposals(tmp_path, 2)
    (tmp_path / "photos" / "00.png").write_bytes(b"not an image")
    server = start_server(refs, WINNOW_SEGMENTER="none")
    page = open_person(server).open(f"/correct?image={item_on(server, 'photos/00.png')}").page
    expect(page.locator("#image-problem")).to_contain_text("photos/00.png")
    page.keyboard.press("a")
    page.keyboard.press("ArrowRight")
    wait_for_image(page, "photos/01.png")
    expect(page.locator("#image-problem")).to_be_hidden()
    assert server.events() == []


def test_an_object_without_a_class_or_twice_is_not_saved(ana: Page, server: Server) -> None:
    ana.keyboard.press("Tab")
    ana.keyboard.press("Tab")
    ana.keyboard.press("c")
    expect(ana.locator("#toast")).to_have_text("Copied to photos/01.png")
    ana.keyboard.press("PageDown")
    wait_for_image(ana, "photos/01.png")
    ana.keyboard.press("a")
    expect(ana.locator("#toast")).to_contain_text("very same box")
    assert result(server, "photos/01.png")["status"] == "open"


def test_the_help_lists_the_keys_and_the_page_keeps_still(ana: Page) -> None:
    ana.keyboard.press("h")
    expect(ana.get_by_role("dialog").get_by_text("Side by side", exact=True)).to_be_visible()
    ana.keyboard.press("a")
    ana.keyboard.press("Escape")
    expect(ana.locator("#place")).to_have_text("Image 1 of 4")
