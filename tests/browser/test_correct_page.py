"""The correct page in a real browser: only what is wrong is touched, and nothing that was done is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_helpers import Person, Server, wait_until
from playwright.sync_api import Page, expect
from proposal_pool import HEIGHT, WIDTH, draw_proposals

Open = Callable[..., Person]
Start = Callable[..., Server]
MARGIN_PX = 12  # around a fitted image, as canvas_view.js has it
OFFLINE = "net::ERR|Failed to load resource"
# the dog of 0.91, the cat of 0.77, the bird of 0.55, the dog of 0.42; two more are below the score of 0.25
BOXES = [(40, 40, 120, 120), (180, 60, 260, 150), (0, 180, 60, 240), (42, 41, 121, 122)]


@pytest.fixture
def server(tmp_path: Path, start_server: Start) -> Server:
    return start_server(draw_proposals(tmp_path, 4), WINNOW_SEGMENTER="none")


@pytest.fixture
def ana(server: Server, open_person: Open) -> Page:
    return opened(open_person(server))


def opened(person: Person, path: str = "photos/00.png") -> Page:
    """The correct page with an image on it."""
    person.open(f"/correct?image={item_on(person.server, path)}")
    wait_for_image(person.page, path)
    return person.page


def become(page: Page, name: str) -> Page:
    """Another person than the server's own, on the same image."""
    page.locator("#annotator").fill(name)
    page.locator("#annotator").press("Enter")
    path = page.locator("#path").inner_text()
    page.reload()
    wait_for_image(page, path)
    return page


def wait_for_image(page: Page, path: str) -> None:
    expect(page.locator("#path")).to_have_text(path, timeout=40_000)  # a page and two requests on a busy machine
    expect(page.locator("#objects li").first).to_be_visible()


def item_on(server: Server, path: str) -> str:
    rows = server.get("/api/results?score_min=0&limit=200")["images"]
    return next(row["item_id"] for row in rows if row["path"] == path)


def result(server: Server, path: str = "photos/00.png") -> Any:
    return server.get(f"/api/results/{item_on(server, path)}")


def objects(server: Server, path: str = "photos/00.png") -> list[tuple[str, tuple[float, ...]]]:
    """Class and box of what stands on an image, from the server."""
    return sorted((one["class_name"], tuple(one["box_xyxy"])) for one in result(server, path)["objects"])


def saved(server: Server, status: str, path: str = "photos/00.png") -> Any:
    wait_until(lambda: result(server, path)["status"] == status, f"{path} is {status}")
    return result(server, path)


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the fitted image is on the page."""
    box = page.locator("#stage").bounding_box()
    assert box
    scale = min((box["width"] - 2 * MARGIN_PX) / WIDTH, (box["height"] - 2 * MARGIN_PX) / HEIGHT)
    left, top = box["x"] + (box["width"] - WIDTH * scale) / 2, box["y"] + (box["height"] - HEIGHT * scale) / 2
    return left + x * scale, top + y * scale


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With the mouse, between two pixels of the image."""
    page.mouse.move(*on_screen(page, *start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, (start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    page.mouse.move(*on_screen(page, *end))
    page.mouse.up()


def listed(page: Page) -> list[str]:
    """The rows of the list of objects, as they are read."""
    return [" ".join(row.split()) for row in page.locator("#objects li").all_inner_texts()]


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


def test_undo_and_redo_have_no_limit_and_survive_a_reload(ana: Page, server: Server) -> None:
    before = listed(ana)
    ana.keyboard.press("Tab")
    for _ in range(30):
        ana.keyboard.press("ArrowRight")
    ana.keyboard.press("Delete")
    for _ in range(5):
        ana.keyboard.press("Control+z")
    expect(ana.locator("#objects li").first).to_contain_text("at 66, 40")
    ana.reload()
    expect(ana.locator("#draft-text")).to_have_text("Your draft is back: 26 steps, not saved yet.")
    expect(ana.locator("#objects li").first).to_contain_text("at 66, 40")
    for _ in range(5):
        ana.keyboard.press("Shift+U")
    expect(ana.locator("#objects li")).to_have_count(3)
    for _ in range(31):
        ana.keyboard.press("u")
    expect(ana.locator("#status")).to_have_text("Open")
    assert listed(ana) == before
    assert result(server)["status"] == "open"


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


def test_going_back_keeps_a_draft_and_records_nothing(ana: Page, server: Server, open_person: Open) -> None:
    page = opened(open_person(server), "photos/01.png")
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    page.keyboard.press("PageUp")
    wait_for_image(page, "photos/00.png")
    expect(page.locator("#drafts a")).to_have_text("photos/01.png")
    assert server.events() == []
    page.locator("#drafts a").click()
    wait_for_image(page, "photos/01.png")
    expect(page.locator("#objects li")).to_have_count(3)
    page.get_by_role("button", name="Forget it").click()
    expect(page.locator("#objects li")).to_have_count(4)
    page.reload()
    expect(page.locator("#status")).to_have_text("Open")


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


def test_what_could_not_be_delivered_is_kept_and_sent_once(server: Server, open_person: Open) -> None:
    page = opened(open_person(server, expected=OFFLINE))
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').filter(({name}) => name.includes('/media/')).length >= 3"
    )
    page.context.set_offline(True)
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    page.keyboard.press("a")
    expect(page.locator("#banner-text")).to_contain_text("1 answer kept, will be sent")
    wait_for_image(page, "photos/01.png")
    page.context.set_offline(False)
    assert len(saved(server, "corrected")["objects"]) == 3
    expect(page.locator("#banner")).to_be_hidden()
    assert server.events().count("complete") == 1
    expect(page.locator("#drafts")).to_be_hidden()


def test_a_save_survives_the_end_of_the_tab(server: Server, open_person: Open) -> None:
    person = open_person(server, expected=OFFLINE)
    page = opened(person)
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    server.kill()
    page.keyboard.press("a")
    expect(page.locator("#banner-text")).to_contain_text("1 answer kept")
    context = page.context
    page.close()
    server.start()
    other = context.new_page()
    other.goto(f"{server.url}/correct?image={item_on(server, 'photos/01.png')}")
    assert len(saved(server, "corrected")["objects"]) == 3
    assert server.events().count("complete") == 1


def test_two_people_on_one_image_are_told_and_the_second_decides(server: Server, open_person: Open) -> None:
    ana, bea = (opened(open_person(server, expected="409")) for _ in range(2))
    become(bea, "bea")
    expect(bea.locator("#presence")).to_contain_text("ana (correct page)")
    for page in (ana, bea):
        page.locator("#stage").focus()
        page.keyboard.press("Tab")
    ana.keyboard.press("Delete")
    ana.keyboard.press("a")
    saved(server, "corrected")
    bea.keyboard.press("ArrowDown")
    bea.keyboard.press("a")
    expect(bea.locator(".conflict")).to_contain_text("ana")
    assert len(objects(server)) == 3
    bea.get_by_role("button", name="Look at theirs").click()
    wait_for_image(bea, "photos/00.png")
    expect(bea.locator("#objects li")).to_have_count(3)
    bea.get_by_role("button", name="Put mine over it").click()
    wait_until(lambda: len(objects(server)) == 4, "bea's version counts")
    assert ("dog", (40, 41, 120, 121)) in objects(server)
    expect(bea.locator(".conflict")).to_have_count(0)
    expect(bea.locator("#objects li")).to_have_count(4)


def test_what_the_other_one_added_goes_when_mine_is_put_over_it(server: Server, open_person: Open) -> None:
    bea = become(opened(open_person(server, expected="409")), "bea")
    theirs = {"box_xyxy": [200, 200, 220, 220], "class_name": "dog", "mask": None, "replaces": None}
    kept = [one["item_id"] for one in result(server)["objects"] if one["score"] > 0.25]
    body = {"key": "theirs", "outcome": "correct", "kept": kept, "drawn": [theirs], "deleted": [], "based_on": None}
    server.send("POST", f"/api/results/{item_on(server, 'photos/00.png')}", body)
    bea.keyboard.press("a")
    bea.get_by_role("button", name="Put mine over it").click()
    wait_until(
        lambda: objects(server) == sorted(zip(["dog", "cat", "bird", "dog"], BOXES, strict=True)),
        "what bea accepted stands",
    )


def test_forgetting_mine_leaves_theirs(server: Server, open_person: Open) -> None:
    bea = become(opened(open_person(server, expected="409")), "bea")
    body = {"key": "theirs", "outcome": "reject", "kept": [], "drawn": [], "deleted": [], "based_on": None}
    server.send("POST", f"/api/results/{item_on(server, 'photos/00.png')}", body)
    bea.keyboard.press("a")
    bea.get_by_role("button", name="Forget mine").click()
    expect(bea.locator(".conflict")).to_have_count(0)
    assert result(server)["status"] == "rejected"


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


def test_the_score_decides_what_is_shown_and_kept(ana: Page, server: Server) -> None:
    for _ in range(4):
        ana.keyboard.press(".")
    expect(ana.locator("#score-value")).to_have_text("0.45")
    expect(ana.locator("#objects li")).to_have_count(3)
    ana.keyboard.press("a")
    assert [one["score"] for one in saved(server, "ok")["objects"]] == [0.91, 0.77, 0.55]


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


def inked(page: Page, stage: str) -> int:
    """Pixels of the boxes that a canvas shows."""
    return int(
        page.evaluate(
            """(stage) => {
              const canvas = document.querySelector(`${stage} .sheet-of-still`);
              const scratch = new OffscreenCanvas(canvas.width, canvas.height);
              const copy = scratch.getContext("2d", { willReadFrequently: true });
              copy.drawImage(canvas, 0, 0);
              const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
              return data.filter((value, i) => i % 4 === 3 && value > 0).length;
            }""",
            stage,
        )
    )


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
