"""rle.js and mask_canvas.js against pycocotools, in the browser that will run them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from winnow.masks.rle import Rle, box_of, encode

MODULES = """async () => {
  const rle = await import("/static/js/rle.js");
  const canvas = await import("/static/js/mask_canvas.js");
  const pixelsOf = (bitmap) => {
    const { width, height } = bitmap.canvas;
    return [...bitmap.canvas.getContext("2d").getImageData(0, 0, width, height).data];
  };
  globalThis.modules = { ...rle, ...canvas, pixelsOf };
}"""


@pytest.fixture(scope="module")
def page(modules_page: Page) -> Page:
    """An empty page with the modules loaded."""
    modules_page.evaluate(MODULES)
    return modules_page


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray:
    """(h, w) bool of all sides from 1 to 20, from empty over a few runs and noise to full."""
    height, width = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    mask = np.zeros(height * width, bool)
    for start, stop in draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=8)):
        mask[start:stop] ^= True
    return mask.reshape((height, width), order=draw(st.sampled_from("CF")))


READ = """(rle) => {
  const runs = modules.runsOf(rle);
  const whole = modules.regionOf(rle, [0, 0, rle.size[1], rle.size[0]]);
  return {
    area: modules.areaOf(runs), box: modules.boxOf(runs, rle.size[0]), bits: [...whole.bits],
    text: modules.countsOf(runs), again: modules.rleOf(whole, rle.size).counts,
    tight: modules.rleOf(modules.regionOf(rle), rle.size).counts,
  };
}"""


@settings(max_examples=150, deadline=None)
@given(masks())
def test_masks_are_read_and_written_as_pycocotools_does(page: Page, mask: np.ndarray) -> None:
    rle = encode(mask)
    box = box_of(rle)
    assert page.evaluate(READ, rle.as_json()) == {
        "area": int(mask.sum()),
        "box": None if box is None else list(box),
        "bits": mask.astype(int).ravel().tolist(),
        "text": rle.counts,
        "again": rle.counts,
        "tight": rle.counts,
    }


@settings(max_examples=60, deadline=None)
@given(masks(), st.data())
def test_a_part_of_a_mask_is_decoded_alone(page: Page, mask: np.ndarray, data: st.DataObject) -> None:
    height, width = mask.shape
    x1, y1 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x2, y2 = data.draw(st.integers(x1 + 1, width)), data.draw(st.integers(y1 + 1, height))
    read = "([rle, box]) => { const part = modules.regionOf(rle, box); return { ...part, bits: [...part.bits] }; }"
    part = mask[y1:y2, x1:x2]
    assert page.evaluate(read, [encode(mask).as_json(), [x1, y1, x2, y2]]) == {
        "x": x1,
        "y": y1,
        "width": x2 - x1,
        "height": y2 - y1,
        "bits": part.astype(int).ravel().tolist(),
    }


def large_mask(kind: str) -> np.ndarray:
    rng = np.random.default_rng(1)
    mask = np.zeros((3000, 4000), bool)
    if kind == "full":
        mask[:] = True
    elif kind == "pixel":
        mask[2999, 3999] = True
    elif kind == "wide":
        mask[1500:1502] = True
    elif kind == "disc":
        y, x = np.ogrid[:3000, :4000]
        mask = (y - 1400) ** 2 + (x - 2100) ** 2 < 1200**2
    elif kind == "noise":
        mask[:400, :300] = rng.random((400, 300)) < 0.5
    return mask


@pytest.mark.parametrize("kind", ["empty", "full", "pixel", "wide", "disc", "noise"])
def test_masks_of_large_images_come_back_as_they_were(page: Page, kind: str) -> None:
    mask = large_mask(kind)
    rle = encode(mask)
    read = """(rle) => {
      const runs = modules.runsOf(rle);
      return [modules.areaOf(runs), modules.boxOf(runs, rle.size[0]), modules.rleOf(modules.regionOf(rle), rle.size)];
    }"""
    box = box_of(rle)
    area, found, again = page.evaluate(read, rle.as_json())
    assert (area, found) == (int(mask.sum()), None if box is None else list(box))
    assert again == rle.as_json()


@pytest.mark.parametrize(
    ("counts", "problem"),
    [("52203", "cover"), ("\x00", "not COCO"), ("P", "cut short"), ("ooooooooooo1", "not COCO"), ("O1", "negative")],
)
def test_run_lengths_that_are_none_are_refused(page: Page, counts: str, problem: str) -> None:
    read = (
        "(rle) => { try { return modules.runsOf(rle); } catch (error) { return `${error.name}: ${error.message}`; } }"
    )
    told = page.evaluate(read, {"size": [9, 9], "counts": counts})
    assert isinstance(told, str)
    assert told.startswith("RangeError")
    assert problem in told


def bitmap_of(page: Page, rle: Rle, most_pixels: int = 10**6) -> Any:
    draw = """([rle, most]) => {
      const bitmap = modules.maskBitmap(rle, [10, 20, 30, 255], most);
      if (!bitmap) return null;
      const { width, height } = bitmap.canvas;
      return { ...bitmap, canvas: [width, height], pixels: modules.pixelsOf(bitmap) };
    }"""
    return page.evaluate(draw, [rle.as_json(), most_pixels])


def test_a_bitmap_has_the_masks_pixels_in_its_colour(page: Page) -> None:
    mask = np.zeros((12, 16), bool)
    mask[3:8, 5:14] = True
    mask[5, 9] = False
    bitmap = bitmap_of(page, encode(mask))
    assert [bitmap[name] for name in ("x", "y", "width", "height", "canvas")] == [5, 3, 9, 5, [9, 5]]
    pixels = np.array(bitmap["pixels"]).reshape(5, 9, 4)
    assert np.array_equal(pixels[..., 3] > 0, mask[3:8, 5:14])
    assert np.abs(pixels[mask[3:8, 5:14]][:, :3] - [10, 20, 30]).max() <= 1  # a canvas keeps colours times alpha
    assert pixels[0, 4, 3] == 230  # the edge
    assert pixels[2, 1, 3] == 255  # the inside
    assert pixels[2, 3, 3] == 230  # beside the hole


def test_an_empty_mask_has_no_bitmap(page: Page) -> None:
    assert bitmap_of(page, encode(np.zeros((5, 4), bool))) is None


def test_a_very_large_mask_is_drawn_with_fewer_pixels_at_its_size(page: Page) -> None:
    mask = np.zeros((100, 100), bool)
    mask[10:91, 20:100] = True
    bitmap = bitmap_of(page, encode(mask), 2000)
    assert [bitmap[name] for name in ("x", "y", "width", "height", "canvas")] == [20, 10, 80, 82, [40, 41]]


def test_only_the_changed_mask_is_drawn_again(page: Page) -> None:
    masks = [np.zeros((30, 30), bool) for _ in range(3)]
    for i, mask in enumerate(masks):
        mask[i : i + 9, 4:20] = True
    count = """([first, second, third]) => {
      const bitmaps = new modules.MaskBitmaps(90);
      const one = bitmaps.of("a", first, "#f00"), two = bitmaps.of("b", second, "#f00");
      const kept = [bitmaps.of("a", first, "#f00") === one, bitmaps.of("b", third, "#f00") === two];
      kept.push(bitmaps.of("a", first, "#00f") === one, bitmaps.size);
      bitmaps.keep(new Set(["b"]));
      return [...kept, bitmaps.size];
    }"""
    assert page.evaluate(count, [encode(mask).as_json() for mask in masks]) == [True, False, False, 2, 1]
