"""Masks by hand: brush, eraser, sliders and keys, with and without a segmenter."""

from collections.abc import Iterator

import numpy as np
import pytest
from mask_bench import Open, disc, ellipse, known, opened
from playwright.sync_api import Browser, expect

from winnow.masks.rle import encode
from winnow.masks.tidy import filled, outlines


@pytest.fixture
def open_bench(chromium: Browser) -> Iterator[Open]:
    yield from opened(chromium)


def test_brush_and_eraser_change_the_very_pixels_one_step_to_undo_each(open_bench: Open) -> None:
    start = disc(140, 120, 30)
    bench = open_bench([known("a", [110, 90, 170, 150], start)])
    bench.select("a")
    bench.page.evaluate("tools.brush.step(-1)")
    while bench.page.evaluate("tools.brush.size_px") > 5:
        bench.page.keyboard.press("[")
    assert bench.page.evaluate("tools.brush.size_px") == 5
    bench.tool("brush")
    bench.drag((140.5, 60.5), (190.5, 60.5))
    dabs = np.zeros_like(start)
    y, x = np.ogrid[: start.shape[0], : start.shape[1]]
    dabs |= (np.maximum(0, np.maximum(140 - x, x - 190)) ** 2 + (y - 60) ** 2) <= 2.5**2
    painted = bench.object("a")
    assert np.array_equal(painted["mask"], start | dabs)
    assert painted["box"] == [110, 58, 193, 150]
    bench.tool("eraser")
    bench.drag((140.5, 60.5), (190.5, 60.5))
    erased = bench.object("a")
    assert np.array_equal(erased["mask"], start)
    assert erased["box"] == [110, 90, 170, 150]
    bench.page.evaluate("model.undo()")
    assert np.array_equal(bench.object("a")["mask"], start | dabs)
    bench.page.evaluate("model.undo()")
    assert np.array_equal(bench.object("a")["mask"], start)
    assert not bench.page.evaluate("model.canUndo")


def test_the_brush_makes_a_new_object_and_paints_at_the_edge_of_the_image(open_bench: Open) -> None:
    bench = open_bench(model=None, state="none", models=[])
    bench.tool("brush")
    bench.drag((398, 298), (398, 298))
    made = bench.object()
    assert made["mask"].sum() > 0
    assert made["box"][2:] == [400, 300]


def test_a_mask_erased_to_nothing_leaves_the_box(open_bench: Open) -> None:
    bench = open_bench([known("a", [140, 120, 143, 122], ellipse([140, 120, 143, 122]))])
    bench.select("a")
    bench.tool("eraser")
    bench.drag((135, 121), (150, 121))
    assert bench.object("a") == {"id": "a", "box": [140, 120, 143, 122], "mask": None}
    assert bench.page.locator("#mask-live").text_content() == "Nothing of the mask is left; the box stays."


def test_the_brush_paints_with_the_keyboard_in_one_step(open_bench: Open) -> None:
    bench = open_bench()
    while bench.page.evaluate("tools.brush.size_px") > 1:
        bench.page.keyboard.press("[")
    bench.tool("brush")
    bench.page.locator("#stage").focus()
    bench.page.keyboard.down("Space")
    for _ in range(3):
        bench.page.keyboard.press("ArrowRight")
    bench.page.keyboard.up("Space")
    made = bench.object()
    assert made["box"] == [200, 150, 204, 151]
    assert made["mask"].sum() == 4
    bench.page.evaluate("model.undo()")
    assert bench.page.evaluate("model.objects.length") == 0


def test_sliders_tidy_the_mask_live_and_go_back_to_what_it_was(open_bench: Open) -> None:
    whole = disc(140, 120, 40)
    rough = whole & ~disc(130, 120, 3)
    rough[20:24, 300:304] = True
    bench = open_bench([known("a", [100, 20, 304, 160], rough)])
    bench.select("a")
    holes, islands = bench.page.get_by_label("Fill holes to"), bench.page.get_by_label("Drop islands to")
    holes.fill("40")
    expect(bench.page.locator("#mask-holes-value")).to_have_text("100 px")
    bench.page.wait_for_function("(counts) => model.get('a').mask.counts !== counts", arg=encode(rough).counts)
    assert np.array_equal(bench.object("a")["mask"], rough | whole)
    islands.fill("40")
    bench.page.wait_for_function("model.get('a').box[1] === 80")
    assert bench.object("a")["box"] == [100, 80, 180, 160]
    assert np.array_equal(bench.object("a")["mask"], whole)
    islands.fill("0")
    holes.fill("0")
    bench.page.wait_for_function("(counts) => model.get('a').mask.counts === counts", arg=encode(rough).counts)
    bench.page.evaluate("model.undo()")
    expect(holes).to_have_value("40")


def test_the_outline_within_a_tolerance_becomes_the_mask_and_is_drawn_and_counted(open_bench: Open) -> None:
    whole = disc(140, 120, 40)
    bench = open_bench([known("a", [100, 80, 180, 160], whole)])
    bench.select("a")
    bench.page.get_by_label("Outline within").fill("8")
    parts = outlines(whole, 2.0)
    corners = len(parts[0].outer_xy)
    expect(bench.page.locator("#mask-outline")).to_have_text(f"Outline: 1 ring, {corners} corners")
    assert bench.page.evaluate("tools.sliders.preview.outline.map((ring) => ring.length)") == [corners]
    counts = filled(parts, whole.shape).counts
    bench.page.wait_for_function("(counts) => model.get('a').mask.counts === counts", arg=counts)
    bench.page.get_by_label("Outline within").fill("0")
    bench.page.wait_for_function("(counts) => model.get('a').mask.counts === counts", arg=encode(whole).counts)


def test_masks_are_hidden_and_shown_again_by_a_key(open_bench: Open) -> None:
    bench = open_bench([known("a", [100, 80, 180, 160], disc(140, 120, 40))])
    count = """() => {
      const still = document.querySelector(".sheet-of-still");
      const scratch = new OffscreenCanvas(still.width, still.height);
      const copy = scratch.getContext("2d", { willReadFrequently: true });
      copy.drawImage(still, 0, 0);
      const { data } = copy.getImageData(0, 0, still.width, still.height);
      return data.filter((value, at) => at % 4 === 3 && value > 60).length;
    }"""
    with_mask = bench.page.evaluate(count)
    bench.page.keyboard.press("m")
    expect(bench.page.get_by_label("Show masks")).not_to_be_checked()
    bench.settle()
    without = bench.page.evaluate(count)
    bench.page.keyboard.press("m")
    bench.settle()
    assert without < 6000 < with_mask == bench.page.evaluate(count)


def test_a_mask_is_removed_by_a_key_and_the_box_stays(open_bench: Open) -> None:
    bench = open_bench([known("a", [100, 80, 180, 160], disc(140, 120, 40))])
    bench.select("a")
    bench.page.keyboard.press("k")
    assert bench.object("a") == {"id": "a", "box": [100, 80, 180, 160], "mask": None}


def test_a_drag_over_two_hundred_masks_draws_none_of_them_again(open_bench: Open) -> None:
    masks = [known(f"o{i}", [i, i, i + 40, i + 40], ellipse([i, i, i + 40, i + 40])) for i in range(200)]
    bench = open_bench(masks, model=None, state="none", models=[])
    bench.page.evaluate(
        """() => {
          globalThis.made = 0;
          const create = document.createElement.bind(document);
          document.createElement = (name) => ((made += name === "canvas"), create(name));
        }"""
    )
    bench.drag((20, 20), (90, 40), (60, 90), steps=10)
    bench.settle()
    assert bench.object("o0")["box"] != [0, 0, 40, 40]
    assert bench.page.evaluate("made") == 1
