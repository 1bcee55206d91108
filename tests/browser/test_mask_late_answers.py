"""Masks that come late: what was asked for is not lost, and lands on nothing else."""

from collections.abc import Iterator

import numpy as np
import pytest
from mask_bench import Open, disc, ellipse, known, opened
from playwright.sync_api import Browser, expect

A, B = [40, 50, 100, 110], [150, 50, 210, 110]


@pytest.fixture
def open_bench(chromium: Browser) -> Iterator[Open]:
    yield from opened(chromium)


def test_boxes_drawn_before_the_first_answer_all_get_their_masks(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("box")
    bench.hold()
    for x in (40, 150, 260):
        bench.drag((x, 50), (x + 60, 110))
    bench.let_go()
    bench.settle()
    found = bench.page.evaluate("model.objects.map(({ id }) => id)")
    masks = [bench.object(id_)["mask"] for id_ in found]
    for mask, x in zip(masks, (40, 150, 260), strict=True):
        assert np.array_equal(mask, ellipse([x, 50, x + 60, 110]))


def test_another_class_given_meanwhile_keeps_the_mask(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("box")
    bench.hold()
    bench.drag((40, 50), (100, 110))
    bench.page.evaluate("model.apply({ kind: 'change', changes: [{ id: model.selected, class_name: 'dent' }] })")
    bench.let_go()
    bench.settle()
    assert np.array_equal(bench.object()["mask"], ellipse(A))
    assert bench.page.evaluate("model.objects[0].class_name") == "dent"


def test_a_box_moved_meanwhile_says_that_it_has_no_mask(open_bench: Open) -> None:
    bench = open_bench([known("a", A)])
    bench.select("a")
    bench.hold()
    bench.page.evaluate("tools.find()")
    bench.page.evaluate("(box) => model.apply({ kind: 'change', changes: [{ id: 'a', box }] })", B)
    bench.let_go()
    expect(bench.page.locator("#mask-problem")).to_contain_text("the box was changed while its mask was on the way")
    assert bench.object("a") == {"id": "a", "box": B, "mask": None}


def test_a_point_set_before_the_boxs_mask_is_there_counts(open_bench: Open) -> None:
    bench = open_bench([known("a", A)])
    bench.select("a")
    bench.hold()
    bench.page.evaluate("tools.find()")
    bench.tool_now("point")
    bench.drag((105, 80), (105, 80))
    bench.let_go()
    bench.settle()
    assert bench.prompts[-1]["points"] == [[105, 80, 1]]
    assert bench.object("a")["mask"][80, 80]
    assert bench.object("a")["mask"][80, 104]


def test_a_point_without_an_answer_is_taken_back_and_the_box_gets_its_mask(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("box")
    bench.hold()
    bench.drag((40, 50), (100, 110))
    bench.tool_now("point")
    bench.drag((105, 80), (105, 80))
    assert bench.page.evaluate("tools.prompter.undoPoint()")
    assert not bench.page.evaluate("tools.prompter.undoPoint()")
    bench.let_go()
    bench.settle()
    assert np.array_equal(bench.object()["mask"], ellipse(A))


def test_of_two_points_without_an_answer_the_last_is_taken_back(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("point")
    bench.hold()
    for x in (100, 160):
        bench.drag((x, 100), (x, 100))
    assert bench.page.evaluate("tools.prompter.undoPoint()")
    bench.let_go()
    bench.settle()
    assert np.array_equal(bench.object()["mask"], disc(100, 100, 30))
    assert bench.page.evaluate("model.objects.length") == 1


def test_a_point_for_a_new_object_is_not_set_on_what_is_opened_meanwhile(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("point")
    bench.hold()
    bench.drag((100, 100), (100, 100))
    bench.page.evaluate("go(0, [])")  # the same image again, as when a draft is forgotten
    bench.let_go()
    bench.settle()
    assert bench.page.evaluate("model.objects.length") == 0


def test_the_same_box_is_asked_for_anew_on_the_next_image(open_bench: Open) -> None:
    bench = open_bench([known("a", A)])
    bench.select("a")
    bench.hold()
    bench.page.evaluate("tools.find()")
    bench.page.evaluate("(found) => go(1, found)", [known("b", A)])
    bench.select("b")
    bench.page.evaluate("tools.find()")
    bench.let_go()
    bench.settle()
    assert np.array_equal(bench.object("b")["mask"], ellipse(A))
    assert [prompt["item_id"] for prompt in bench.prompts] == ["first", "second"]


def test_a_box_that_is_left_off_takes_no_other_boxs_mask_away(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("box")
    bench.hold()
    bench.drag((40, 50), (100, 110))
    bench.press(150, 50)
    bench.move(210, 110)
    assert not bench.page.evaluate("tools.cancel()")  # Esc is for the canvas while a box is drawn
    bench.page.evaluate("view.stage.dispatchEvent(new PointerEvent('pointercancel', { pointerId: 1 }))")
    bench.page.mouse.up()
    bench.let_go()
    bench.settle()
    assert bench.page.evaluate("model.objects.length") == 1
    assert np.array_equal(bench.object()["mask"], ellipse(A))


def test_a_box_that_is_drawn_while_another_image_comes_is_left_off(open_bench: Open) -> None:
    bench = open_bench()
    bench.tool("box")
    bench.press(40, 50)
    bench.move(100, 110)
    bench.page.evaluate("go(1, [])")
    bench.page.mouse.up()
    bench.settle()
    assert bench.page.evaluate("model.objects.length") == 0


def test_a_slider_that_was_let_go_counts_also_when_another_object_is_chosen(open_bench: Open) -> None:
    rough = disc(70, 80, 30) & ~disc(70, 80, 3)
    bench = open_bench([known("a", A, rough), known("b", B, ellipse(B))])
    bench.select("a")
    bench.hold()
    bench.page.get_by_label("Fill holes to").fill("60")
    assert bench.page.evaluate("tools.isBusy")
    bench.select("b")
    bench.let_go()
    bench.page.wait_for_function("!tools.isBusy")
    assert np.array_equal(bench.object("a")["mask"], disc(70, 80, 30))
    expect(bench.page.locator("#mask-outline")).to_have_text("")


def test_what_was_asked_before_another_segmenter_was_chosen_does_not_undo_the_choice(open_bench: Open) -> None:
    bench = open_bench()
    bench.holds = ""
    bench.hold()
    with bench.page.expect_request("**/api/masks"):
        bench.page.evaluate("void tools.segmenter.load()")
    bench.page.get_by_label("Segmenter").select_option("mobile_sam.pt")
    expect(bench.page.locator("#mask-state")).to_have_text("MobileSAM is ready for this image.")
    bench.late = {"model": "tiny"}
    with bench.page.expect_response("**/api/masks"):
        bench.let_go()
    bench.settle()
    expect(bench.page.get_by_label("Segmenter")).to_have_value("mobile_sam.pt")
