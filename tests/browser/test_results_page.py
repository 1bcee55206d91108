"""Results in a real browser: by keys alone, recorded as it was said, delivered after an outage, told at the end."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_helpers import Person, Server, wait_until
from PIL import Image
from playwright.sync_api import Page, expect
from proposal_pool import HEIGHT, WIDTH, draw_proposals

from winnow.masks.rle import encode
from winnow.masks.sidecar import mask_line

Open = Callable[..., Person]
Start = Callable[..., Server]


@pytest.fixture
def refs(tmp_path: Path) -> Path:
    """Three images with six proposals each; the first one's dog has a mask."""
    refs = draw_proposals(tmp_path, 3)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[50:110, 50:110] = True
    refs.with_suffix(".masks.jsonl").write_text(mask_line(0, encode(mask)))
    return refs


@pytest.fixture
def ana(refs: Path, start_server: Start, open_person: Open) -> Person:
    person = open_person(start_server(refs)).open("/results")
    shows(person.page, 1)
    return person


def shows(page: Page, number: int, n: int = 3) -> None:
    """Until this image is on screen with its objects, so that a key is for it."""
    expect(page.locator("#place")).to_have_text(f"Image {number} of {n}")
    expect(page.locator("#path")).to_have_text(f"photos/{number - 1:02d}.png")
    expect(page.locator("#now svg g").first).to_be_visible()
    wait_until(lambda: page.locator("#now img").evaluate("image => image.complete && image.naturalWidth > 0"), "drawn")


def status_of(server: Server, place: int) -> str:
    return str(server.get("/api/results?score_min=0")["images"][place]["status"])


def image_events(server: Server) -> list[tuple[str, str, int]]:
    """Kind, reason and milliseconds of every event on an image, from the log's file."""
    with sqlite3.connect(f"file:{server.folder / 'winnow.db'}?mode=ro", uri=True) as database:
        found = "select kind, reason, elapsed_ms from verdicts where kind in ('complete', 'reject') order by seq"
        return list(database.execute(found))


def test_going_on_accepts_an_open_image_as_it_is_and_says_so(ana: Person) -> None:
    page = ana.page
    expect(page.get_by_role("option", name="dog 0.91")).to_contain_text("3,600 px, 4.7 % · mask")
    expect(page.get_by_role("option", name="bird 0.08")).to_contain_text("below the score")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#live")).to_have_text(
        "Accepted as it is: 4 objects; 2 below score 0.25 count as background. U takes it back"
    )
    shows(page, 2)
    wait_until(lambda: status_of(ana.server, 0) == "ok", "the first image is recorded")
    page.keyboard.press("ArrowLeft")
    shows(page, 1)
    expect(page.locator("#status")).to_contain_text("Accepted as it is")
    page.keyboard.press("Space")  # a reviewed image is passed by, and nothing is recorded
    shows(page, 2)
    assert [(kind, reason) for kind, reason, _ in image_events(ana.server)] == [("complete", "accepted")]
    assert ana.server.events().count("verdict") == 4


def test_a_held_key_accepts_nothing_more(ana: Person) -> None:
    held = "new KeyboardEvent('keydown', {key: 'ArrowRight', repeat: true, bubbles: true})"
    ana.page.evaluate(f"() => {{ for (let i = 0; i < 9; i++) document.body.dispatchEvent({held}); }}")
    shows(ana.page, 1)
    assert ana.server.events() == []


def test_the_score_says_what_is_accepted(ana: Person) -> None:
    page = ana.page
    for _ in range(8):
        page.keyboard.press("]")
    expect(page.locator("#threshold-value")).to_have_text("0.65")
    expect(page.locator("#now svg g")).to_have_count(2)
    page.keyboard.press("a")
    expect(page.locator("#live")).to_contain_text(
        "Accepted as it is: 2 objects; 4 below score 0.65 count as background"
    )
    shows(page, 2)
    wait_until(lambda: len(image_events(ana.server)) == 1, "it is recorded")
    assert ana.server.events().count("verdict") == 2


def test_reject_and_take_back(ana: Person) -> None:
    page = ana.page
    page.keyboard.press("r")
    shows(page, 2)
    wait_until(lambda: status_of(ana.server, 0) == "rejected", "the rejection is recorded")
    page.keyboard.press("u")
    shows(page, 1)
    expect(page.locator("#status")).to_contain_text("Open")
    assert status_of(ana.server, 0) == "open"


def test_the_time_an_image_was_looked_at_is_recorded(ana: Person) -> None:
    page = ana.page
    page.clock.install()
    page.reload()
    shows(page, 1)
    page.clock.run_for(3000)
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    page.clock.run_for(60_000)
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { value: false, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    page.clock.run_for(1000)
    page.keyboard.press("r")
    page.clock.run_for(1000)
    ((_, _, elapsed_ms),) = wait_until(lambda: image_events(ana.server), "it is recorded")
    assert 4000 <= elapsed_ms < 40_000


def test_presses_made_without_the_server_are_delivered_in_order_after_a_reload(
    refs: Path, start_server: Start, open_person: Open
) -> None:
    ana = open_person(start_server(refs), expected="ERR_INTERNET_DISCONNECTED").open("/results")
    page, server = ana.page, ana.server
    shows(page, 1)
    urls = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    for part in ("/media/items/", "/api/results/"):  # the neighbours, read ahead
        read = f"new Set({urls}.filter((url) => url.includes('{part}')).map((url) => url.split('/')[5])).size >= 3"
        wait_until(lambda read=read: page.evaluate(read), "the neighbours are there")
    page.context.set_offline(True)
    page.keyboard.press("r")
    shows(page, 2)
    page.keyboard.press("ArrowRight")
    shows(page, 3)
    expect(page.locator("#banner-text")).to_contain_text("kept, will be sent")
    assert server.events() == []
    page.context.set_offline(False)
    page.reload()
    wait_until(lambda: len(image_events(server)) == 2, "both presses have arrived")
    assert [(kind, reason) for kind, reason, _ in image_events(server)] == [
        ("reject", "rejected"), ("complete", "accepted"),
    ]  # fmt: skip
    expect(page.locator('[data-show="open"] b')).to_have_text("1")


def correct(server: Server, place: int) -> None:
    """Another person moves the best object of an image and deletes the rest."""
    row = server.get("/api/results?score_min=0")["images"][place]
    best, *rest = server.get(f"/api/results/{row['item_id']}")["objects"]
    drawn = {"box_xyxy": [30, 30, 130, 130], "class_name": "cat", "replaces": best["item_id"]}
    body = {"key": f"c-{place}", "outcome": "correct", "drawn": [drawn], "deleted": [one["item_id"] for one in rest]}
    server.send("POST", f"/api/results/{row['item_id']}", body)


def test_prediction_and_correction_side_by_side(ana: Person) -> None:
    page = ana.page
    page.keyboard.press("s")
    expect(page.locator("#live")).to_contain_text("nothing was corrected")
    expect(page.locator("#before")).to_be_hidden()
    correct(ana.server, 0)
    page.reload()
    page.keyboard.press("Home")
    shows(page, 1)
    page.keyboard.press("s")
    expect(page.locator("#before svg g")).to_have_count(6)
    expect(page.locator("#now svg g")).to_have_count(1)
    expect(page.get_by_role("option", name="cat by hand")).to_contain_text("corrected box")
    page.keyboard.press("ArrowRight")  # corrected already: nothing is recorded
    shows(page, 2)
    assert len(image_events(ana.server)) == 1


def test_who_saved_meanwhile_is_told_and_theirs_counts(refs: Path, start_server: Start, open_person: Open) -> None:
    ana = open_person(start_server(refs, WINNOW_ANNOTATOR="ana"), expected="409").open("/results")
    shows(ana.page, 1)
    ana.page.locator("#annotator").fill("ben")
    ana.page.keyboard.press("Enter")
    correct(ana.server, 0)
    ana.page.keyboard.press("r")
    expect(ana.page.locator("#banner-text")).to_contain_text("ana changed photos/00.png")
    shows(ana.page, 1)
    expect(ana.page.locator("#status")).to_contain_text("Corrected")
    assert status_of(ana.server, 0) == "corrected"


def test_others_on_the_image_are_named(ana: Person, open_person: Open) -> None:
    expect(ana.page.locator("#others")).to_be_hidden()
    ben = open_person(ana.server).open("/results")
    expect(ben.page.locator("#others")).to_contain_text("Also on this image just now: ana (results page)")


def test_an_image_that_was_replaced_cannot_be_accepted(ana: Person, refs: Path) -> None:
    Image.new("RGB", (200, 150)).save(refs.parent / "photos" / "00.png")
    page = ana.page
    page.reload()
    shows(page, 1)
    expect(page.get_by_role("alert").filter(has_text="200 × 150 pixels now")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("#live")).to_contain_text("Not accepted")
    page.keyboard.press("ArrowRight")
    shows(page, 2)
    assert ana.server.events() == []


def test_the_end_says_that_nothing_changed(ana: Person) -> None:
    page = ana.page
    for number in (1, 2, 3):
        shows(page, number)
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="No change, no retrain")).to_be_visible()
    expect(page.locator("#end-message")).to_contain_text("Nothing was corrected: 3 images were accepted as predicted")
    page.keyboard.press("ArrowLeft")
    shows(page, 3)
    correct(ana.server, 2)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Every image is reviewed")).to_be_visible()


def test_filters_by_state_and_class(ana: Person) -> None:
    page = ana.page
    page.keyboard.press("r")
    shows(page, 2)
    page.get_by_role("button", name="Rejected").click()
    shows(page, 1, 1)
    page.get_by_role("button", name="Corrected").click()
    expect(page.get_by_role("heading", name="No image is like this")).to_be_visible()
    page.get_by_role("button", name="All").click()
    shows(page, 1)
    page.keyboard.press("/")
    page.keyboard.type("bird")
    expect(page.locator("#now [data-faint=true]").first).to_be_attached()
    expect(page.locator("#now [data-faint=false]")).to_have_count(1)


def test_a_click_or_an_arrow_points_an_object_out(ana: Person) -> None:
    page = ana.page
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_contain_text("cat 0.77")
    expect(page.locator("#now [data-chosen=true] text")).to_have_text("cat 0.77")
    page.get_by_role("option", name="bird 0.55").click()
    expect(page.locator("#now [data-chosen=true] text")).to_have_text("bird 0.55")
    page.get_by_role("option", name="cat 0.17").click()  # below the score
    expect(page.locator("#now [data-chosen=true] text")).to_have_text("cat 0.17")


def test_masks_are_drawn_and_hidden(ana: Person) -> None:
    page = ana.page
    canvas = page.locator("#now canvas")
    with_mask = canvas.evaluate("canvas => canvas.toDataURL()")
    page.keyboard.press("m")
    assert canvas.evaluate("canvas => canvas.toDataURL()") != with_mask
    page.keyboard.press("m")
    assert canvas.evaluate("canvas => canvas.toDataURL()") == with_mask


def test_edit_leads_to_the_correct_page(ana: Person) -> None:
    ana.page.keyboard.press("e")
    ana.page.wait_for_url("**/correct?image=*")


def test_the_results_folder_is_written_as_a_job(ana: Person) -> None:
    page = ana.page
    page.keyboard.press("r")
    shows(page, 2)
    wait_until(lambda: image_events(ana.server), "it is recorded")
    page.get_by_text("Batch and results folder").click()
    page.get_by_role("button", name="Write the results folder").click()
    expect(page.locator("#folder-done")).to_contain_text("Written", timeout=90_000)
    assert (ana.server.folder / "workspace" / "results" / "index.json").is_file()


def test_on_a_phone_nothing_is_cut_off(refs: Path, start_server: Start, open_person: Open) -> None:
    options: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = open_person(start_server(refs), **options).open("/results").page
    shows(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.get_by_role("button", name="Next image")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Next image").tap()
    shows(page, 2)
