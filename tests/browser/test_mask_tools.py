"""Boxes and points become masks, over a segmenter that answers with an ellipse."""

from collections.abc import Iterator

import numpy as np
import pytest
from mask_bench import Open, disc, ellipse, known, opened
from playwright.sync_api import Browser, expect

from winnow.masks.rle import encode


@pytest.fixture
def open_bench(chromium: Browser) -> Iterator[Open]:
    yield from opened(chromium)


def test_a_drawn_box_becomes_a_mask_and_its_box_the_masks_box(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("box")
    bench.drag((40, 50), (121, 131))
    bench.settle()
    drawn = bench.object()
    assert np.array_equal(drawn["mask"], ellipse([40, 50, 121, 131]))
    assert drawn["box"] == [40, 50, 121, 131]
    expect(bench.page.locator("#mask-figures")).to_contain_text("(segmenter 13 ms): 5,169 px")
    (entry,) = bench.page.evaluate(
        "performance.getEntriesByName('winnow.mask').map(({ duration, detail }) => [duration, detail])"
    )
    assert entry[0] > 0
    assert entry[1]["server_ms"] == 12.5


def test_a_mask_is_shown_while_the_box_is_dragged(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("box")
    bench.press(40, 50)
    bench.move(100, 110)
    bench.page.wait_for_function("tools.prompter.live?.mask")
    assert bench.page.evaluate("model.objects.length") == 0
    bench.page.mouse.up()
    bench.settle()
    assert np.array_equal(bench.object()["mask"], ellipse([40, 50, 100, 110]))


def test_one_prompt_is_in_flight_and_only_the_newest_of_the_others_is_sent(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("box")
    bench.hold()
    bench.press(40, 50)
    bench.move(140, 150, steps=30)
    bench.page.wait_for_function("tools.prompter.isBusy")
    bench.page.mouse.up()
    bench.page.wait_for_function("model.objects.length === 1")
    bench.let_go()
    bench.settle()
    assert len(bench.prompts) == 2
    assert bench.prompts[1]["box_xyxy"] == [40, 50, 140, 150]
    assert np.array_equal(bench.object()["mask"], ellipse([40, 50, 140, 150]))


def test_a_mask_asked_for_on_the_way_is_not_asked_for_again(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("box")
    bench.press(40, 50)
    bench.move(100, 110)
    bench.page.wait_for_function("tools.prompter.live?.mask && !tools.prompter.isBusy")
    n_asked = len(bench.prompts)
    bench.page.mouse.up()
    bench.settle()
    assert len(bench.prompts) == n_asked
    assert bench.object()["mask"] is not None


def test_an_answer_for_an_object_that_changed_meanwhile_is_dropped(open_bench: Open) -> None:
    bench = open_bench([known("a", [40, 50, 100, 110])])
    bench.select("a")
    bench.hold()
    bench.page.evaluate("tools.find()")
    bench.page.evaluate("model.apply({ kind: 'change', changes: [{ id: 'a', box: [10, 10, 30, 30] }] })")
    bench.let_go()
    bench.settle()
    assert bench.object("a") == {"id": "a", "box": [10, 10, 30, 30], "mask": None}


def test_an_answer_for_another_image_is_dropped(open_bench: Open) -> None:
    bench = open_bench([known("a", [40, 50, 100, 110])])
    bench.select("a")
    bench.hold()
    bench.page.evaluate("tools.find()")
    bench.page.evaluate("(found) => go(1, found)", [known("a", [40, 50, 100, 110])])
    bench.let_go()
    bench.settle()
    assert bench.object("a")["mask"] is None


def test_points_refine_the_mask_which_goes_along_and_undo_takes_the_last_one_back(open_bench: Open) -> None:
    bench = open_bench([known("a", [100, 80, 180, 160])])
    bench.select("a")
    bench.page.keyboard.press("f")
    bench.settle()
    first = bench.object("a")["mask"]
    bench.tool("point")
    bench.drag((195, 120), (195, 120))
    bench.settle()
    second = bench.object("a")
    assert np.array_equal(second["mask"], first | disc(195, 120, 10))
    assert second["box"] == [100, 80, 205, 160]
    bench.move(120, 120)
    bench.page.keyboard.down("Alt")
    bench.drag((120, 120), (120, 120))
    bench.page.keyboard.up("Alt")
    bench.settle()
    assert bench.prompts[-1]["points"] == [[195, 120, 1], [120, 120, 0]]
    assert bench.prompts[-1]["box_xyxy"] == [100, 80, 180, 160]
    assert bench.prompts[-1]["mask"] == encode(second["mask"]).as_json()
    bench.page.evaluate("model.undo()")
    assert np.array_equal(bench.object("a")["mask"], second["mask"])
    assert bench.page.evaluate("tools.prompter.pointsOf(model.get('a'))") == [[195, 120, 1]]


def test_a_right_click_is_a_point_outside(open_bench: Open) -> None:
    bench = open_bench([known("a", [100, 80, 180, 160], disc(140, 120, 40))])
    bench.select("a")
    bench.tool("point")
    bench.move(140, 120)
    bench.page.mouse.down(button="right")
    bench.page.mouse.up(button="right")
    bench.settle()
    assert bench.prompts[-1]["points"] == [[140, 120, 0]]
    assert np.array_equal(bench.object("a")["mask"], disc(140, 120, 40) & ~disc(140, 120, 10))


def test_a_finger_that_stays_is_a_point_outside(open_bench: Open) -> None:
    bench = open_bench([known("a", [100, 80, 180, 160], disc(140, 120, 40))])
    bench.select("a")
    bench.tool("point")
    touch = """(stays_ms) => {
      const { x, y } = view.stage.getBoundingClientRect();
      view.stage.setPointerCapture = () => {};
      for (const [kind, timeStamp] of [["pointerdown", 0], ["pointerup", stays_ms]]) {
        const at = { pointerId: 7, pointerType: "touch", clientX: x + 280, clientY: y + 240, bubbles: true };
        const event = Object.defineProperty(new PointerEvent(kind, at), "timeStamp", { value: timeStamp });
        view.stage.dispatchEvent(event);
      }
    }"""
    for stays_ms, label in [(100, 1), (700, 0)]:
        bench.page.evaluate(touch, stays_ms)
        bench.settle()
        assert bench.prompts[-1]["points"][-1] == [140, 120, label]


def test_two_quick_points_become_one_mask_of_both(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("point")
    bench.hold()
    bench.drag((100, 100), (100, 100))
    bench.drag((160, 100), (160, 100))
    bench.let_go()
    bench.settle()
    assert np.array_equal(bench.object()["mask"], disc(100, 100, 30) | disc(160, 100, 10))
    assert bench.page.evaluate("model.objects.length") == 1


def test_a_point_inside_with_nothing_chosen_makes_a_new_object_and_one_outside_is_explained(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("point")
    bench.move(200, 150)
    bench.page.keyboard.press("Alt+Enter")
    expect(bench.page.locator("#mask-problem")).to_contain_text("A point outside needs an object to take from")
    bench.drag((200, 150), (200, 150))
    bench.settle()
    made = bench.object()
    assert np.array_equal(made["mask"], disc(200, 150, 30))
    assert made["box"] == [170, 120, 230, 180]
    assert bench.page.evaluate("model.selected") == made["id"]
    assert bench.prompts == [{"item_id": "first", "box_xyxy": None, "points": [[200, 150, 1]], "mask": None, "seq": 1}]


def test_points_are_set_with_the_keyboard_at_a_cross(open_bench: Open) -> None:
    bench = open_bench([known("a", [100, 80, 180, 160])])
    bench.select("a")
    bench.tool("point")
    bench.page.locator("#stage").focus()
    for key in ["ArrowRight", "Shift+ArrowRight", "ArrowUp", "Enter"]:
        bench.page.keyboard.press(key)
    bench.settle()
    bench.page.keyboard.press("Alt+Enter")
    bench.settle()
    assert bench.prompts[0]["points"] == [[151.5, 119.5, 1]]
    assert bench.prompts[1]["points"] == [[151.5, 119.5, 1], [151.5, 119.5, 0]]


def test_nothing_found_leaves_the_box_and_says_so(open_bench: Open) -> None:
    bench = open_bench()
    bench.finds = "nothing"
    bench.tool("box")
    bench.drag((40, 50), (120, 130))
    bench.settle()
    assert bench.object() == {**bench.object(), "box": [40, 50, 120, 130], "mask": None}
    expect(bench.page.locator("#mask-problem")).to_contain_text("No mask was found here: the box stays as it is.")


def test_a_mask_that_fills_little_of_the_box_is_pointed_out_and_undo_brings_the_box_back(open_bench: Open) -> None:
    bench = open_bench()
    bench.finds = "little"
    bench.tool("box")
    bench.drag((40, 50), (120, 130))
    bench.settle()
    assert bench.object()["box"] == [40, 50, 46, 56]
    expect(bench.page.locator("#mask-problem")).to_contain_text(
        "The mask fills little of the box: U brings the box back"
    )
    bench.page.evaluate("model.undo()")
    assert bench.object() == {**bench.object(), "box": [40, 50, 120, 130], "mask": None}


def test_what_is_found_far_outside_the_drawn_box_is_left_out_unless_a_point_asked_for_it(open_bench: Open) -> None:
    bench = open_bench()
    bench.finds = "everything"
    bench.tool("box")
    bench.drag((100, 100), (200, 150))
    bench.settle()
    assert bench.object()["box"] == [90, 95, 210, 155]
    assert bench.object()["mask"].sum() == 120 * 60
    expect(bench.page.locator("#mask-figures")).to_contain_text(": 7,200 px")
    bench.tool("point")
    bench.drag((300, 100), (300, 100))
    bench.settle()
    assert bench.object()["box"] == [0, 0, 400, 300]


def test_a_refused_prompt_is_said_with_its_reason(open_bench: Open) -> None:
    bench = open_bench()
    bench.refusal = {"error": "bad_segmenter", "detail": "The segmenter ended: killed."}
    bench.tool("box")
    bench.drag((40, 50), (120, 130))
    expect(bench.page.locator("#mask-problem")).to_contain_text("The segmenter ended: killed.")
    assert bench.object()["mask"] is None


def test_this_image_and_the_next_two_are_prepared_and_asked_for_until_the_first_is_there(open_bench: Open) -> None:
    bench = open_bench()
    bench.states = ["working", "working", "ready"]
    bench.page.evaluate("go(1, [])")
    expect(bench.page.locator("#mask-state")).to_have_text("Tiny SAM is reading this image …")
    expect(bench.page.locator("#mask-state")).to_have_text("Tiny SAM is ready for this image.")
    assert bench.prepared == [["first", "second", "third"], *[["second", "third", "fourth"]] * 3]


def test_without_a_segmenter_the_page_says_how_to_get_masks_and_boxes_work(open_bench: Open) -> None:
    bench = open_bench(model=None, state="none")
    expect(bench.page.locator("#mask-state")).to_have_text("No segmenter: boxes, brush and eraser work without one.")
    expect(bench.page.locator("#mask-how-to")).to_be_visible()
    expect(bench.page.get_by_role("button", name="Find mask")).to_be_disabled()
    bench.tool("box")
    bench.drag((40, 50), (120, 130))
    assert bench.object()["box"] == [40, 50, 120, 130]
    bench.tool("point")
    bench.drag((80, 80), (80, 80))
    expect(bench.page.locator("#mask-problem")).to_have_text(
        "Points need a segmenter; brush and eraser work without one."
    )
    assert bench.prompts == []


def test_a_segmenter_that_failed_says_why_and_can_be_tried_again(open_bench: Open) -> None:
    bench = open_bench(state="failed", problem="mobile_sam.pt holds another model.")
    expect(bench.page.get_by_role("alert")).to_have_text("mobile_sam.pt holds another model.")
    bench.page.get_by_role("button", name="Try again").click()
    expect(bench.page.locator("#mask-state")).to_have_text("Tiny SAM is ready for this image.")
    expect(bench.page.get_by_role("alert")).to_have_count(0)


def test_another_segmenter_is_chosen(open_bench: Open) -> None:
    bench = open_bench()
    bench.page.get_by_label("Segmenter").select_option("mobile_sam.pt")
    expect(bench.page.locator("#mask-state")).to_have_text("MobileSAM is ready for this image.")
    assert bench.choices["model"] == "mobile_sam.pt"


def test_a_server_that_is_gone_is_said_until_it_is_back_and_the_box_stays(open_bench: Open) -> None:
    bench = open_bench()
    bench.is_down = True
    bench.tool("box")
    bench.drag((40, 50), (120, 130))
    expect(bench.page.locator("#mask-problem")).to_contain_text("the server cannot be reached")
    assert bench.object()["box"] == [40, 50, 120, 130]
    bench.is_down = False
    expect(bench.page.locator("#mask-problem")).not_to_contain_text("the server cannot be reached")
    bench.page.keyboard.press("f")
    bench.settle()
    assert np.array_equal(bench.object()["mask"], ellipse([40, 50, 120, 130]))
