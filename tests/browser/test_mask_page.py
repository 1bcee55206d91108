"""Masks on the correct page itself, by the segmenter that Winnow ships: drawn, seen, saved."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_helpers import Person, Server, wait_until
from mask_bench import ellipse
from PIL import Image
from playwright.sync_api import Page, expect

from winnow.masks.rle import box_of, decode, from_json
from winnow.masks.tiny import WEIGHTS

Open = Callable[..., Person]
Start = Callable[..., Server]
SPOT = [120, 90, 260, 200]
MEASURED = "performance.getEntriesByName('winnow.mask').length"
pytestmark = pytest.mark.skipif(not WEIGHTS.exists(), reason=f"{WEIGHTS.name} is not there")


def draw_spots(folder: Path, n: int = 3) -> Path:
    """n images, 400 × 300, of one bright spot on grey, which a detector saw in the wrong corner. Answers the refs."""
    rng = np.random.default_rng(5)
    lines = ["path,x1,y1,x2,y2,class,score,source"]
    for i in range(n):
        grey = rng.integers(60, 90, (300, 400, 1)) + 110 * ellipse(SPOT)[..., None]
        Image.fromarray(np.repeat(grey, 3, axis=2).astype(np.uint8)).save(folder / f"spot{i}.png")
        lines.append(f"spot{i}.png,10,10,60,50,spot,0.8,detector")
    (folder / "refs.csv").write_text("\n".join(lines) + "\n")
    np.save(folder / "features.npy", rng.normal(size=(n, 4)).astype(np.float32))
    return folder / "refs.csv"


@pytest.fixture
def ana(tmp_path: Path, start_server: Start, open_person: Open) -> Person:
    """The correct page, its first image read by the segmenter."""
    server = start_server(draw_spots(tmp_path), WINNOW_SEGMENTER="tiny")
    item = server.get("/api/results?limit=1")["images"][0]["item_id"]
    person = open_person(server).open(f"/correct?image={item}")
    expect(person.page.locator("#mask-state")).to_have_text("Tiny SAM is ready for this image.", timeout=90_000)
    return person


def draw_box(page: Page, box: list[int]) -> None:
    """With the mouse, on the whole image as the page fits it."""
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    scale = min((stage["width"] - 24) / 400, (stage["height"] - 24) / 300)
    left, top = stage["x"] + (stage["width"] - 400 * scale) / 2, stage["y"] + (stage["height"] - 300 * scale) / 2
    page.locator("#stage").focus()
    page.keyboard.press("b")
    page.mouse.move(left + scale * box[0], top + scale * box[1])
    page.mouse.down()
    page.mouse.move(left + scale * box[2], top + scale * box[3], steps=6)
    page.mouse.up()


def saved(folder: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(f"file:{folder / 'winnow.db'}?mode=ro", uri=True) as database:
        rows = database.execute("select mask, class_name, strategy from verdicts where mask is not null")
        return [{"mask": json.loads(mask), "class_name": name, "strategy": strategy} for mask, name, strategy in rows]


def test_a_drawn_box_becomes_a_mask_that_is_saved_with_its_object(ana: Person) -> None:
    draw_box(ana.page, SPOT)
    wait_until(lambda: ana.page.evaluate(MEASURED), "the mask is painted")
    ana.page.keyboard.press("a")
    (event,) = wait_until(lambda: saved(ana.server.folder), "the correction is in the log")
    assert (event["class_name"], event["strategy"]) == ("spot", "correction")
    mask, truth = decode(from_json(event["mask"])), ellipse(SPOT)
    assert (mask & truth).sum() / (mask | truth).sum() >= 0.7
    assert box_of(from_json(event["mask"])) is not None


def test_how_long_the_mask_took_is_in_view_without_scrolling(ana: Person) -> None:
    draw_box(ana.page, SPOT)
    expect(ana.page.locator("#mask-figures")).to_contain_text("Mask in ")
    for part in ("#mask-figures", "#mask-state"):
        expect(ana.page.locator(part)).to_be_in_viewport(ratio=1)


def test_the_next_images_are_read_ahead(ana: Person) -> None:
    ana.page.keyboard.press("a")
    expect(ana.page.locator("#path")).to_have_text("spot1.png")
    expect(ana.page.locator("#mask-state")).to_have_text("Tiny SAM is ready for this image.")
    cached = list((ana.server.folder / "workspace" / "embeddings").rglob("*.npz"))
    wait_until(lambda: len(list(cached[0].parent.glob("*.npz"))) == 3, "all three are in the cache")


def test_the_page_without_a_segmenter_says_how_to_get_one(
    tmp_path: Path, start_server: Start, open_person: Open
) -> None:
    server = start_server(draw_spots(tmp_path), WINNOW_SEGMENTER="none")
    item = server.get("/api/results?limit=1")["images"][0]["item_id"]
    page = open_person(server).open(f"/correct?image={item}").page
    expect(page.locator("#mask-state")).to_have_text("No segmenter: boxes, brush and eraser work without one.")
    expect(page.locator("#mask-how-to")).to_contain_text("mobile_sam.pt")
    page.get_by_label("Segmenter").select_option("tiny")
    expect(page.locator("#mask-state")).to_have_text("Tiny SAM is ready for this image.", timeout=90_000)
