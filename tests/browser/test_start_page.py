"""Where to start without a positive: ways, the bar of the tour, examples from the screen, files, paste and drop."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_helpers import Person, Server, draw_pool, wait_until
from PIL import Image
from playwright.sync_api import Page, expect
from test_label_page import FAINT, NAMELESS

from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract
from winnow.pool import open_pool

BOXES = """async () => {
  const { spanned, middle, moved, resized } = await import("/static/js/start_box.js");
  const size = { width: 100, height: 60 };
  return [
    spanned([80.4, -5], [20.6, 30], size), spanned([1, 1], [5, 50], size), middle(size),
    moved([10, 10, 40, 40], 100, -100, size), resized([10, 10, 40, 40], 1000, -1000, size),
  ];
}"""
# As the browser does it when a file is dropped or pasted; its bytes come in base 64.
CARRY = """([kind, bytes]) => {
  const file = new File([Uint8Array.from(atob(bytes), (sign) => sign.charCodeAt(0))], "red.png", { type: "image/png" });
  const carried = new DataTransfer();
  carried.items.add(file);
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


def png(size: tuple[int, int] = (200, 100)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (190, 60, 50)).save(out, "PNG")
    return out.getvalue()


def start(server: Server) -> dict[str, Any]:
    answer: dict[str, Any] = server.get("/api/start")
    return answer


def note_examples(page: Page) -> list[dict[str, Any]]:
    """What the page sends as examples, from now on."""
    sent: list[dict[str, Any]] = []
    page.on("request", lambda call: sent.append(call.post_data_json) if call.url.endswith("/examples") else None)
    return sent


@pytest.fixture
def encoded(tmp_path: Path, start_server: Callable[..., Server]) -> Server:
    """A pool whose features an encoder of Winnow's own made, so that pictures can be compared with it."""
    refs = draw_pool(tmp_path)
    (tmp_path / "features.npy").unlink()
    extract(open_pool(refs), tmp_path / "features.npy", EncoderOptions("classic"), num_workers=0)
    return start_server(refs)


def test_a_box_is_kept_inside_the_picture_and_never_turned_over(ana: Person) -> None:
    assert ana.page.evaluate(BOXES) == [[21, 0, 80, 30], None, [25, 15, 75, 45], [70, 0, 100, 30], [10, 10, 100, 18]]


def test_the_item_on_screen_becomes_an_example_and_goes_again(ana: Person) -> None:
    shown = ana.item()
    ana.page.keyboard.press("x")
    expect(ana.page.get_by_role("radio", name="A bit of everything")).to_be_focused()
    assert ana.page.evaluate(NAMELESS) == []
    assert ana.page.evaluate(FAINT) == []
    ana.page.get_by_role("button", name="Take the image on screen").click()
    expect(ana.page.get_by_role("radio", name="Like my examples")).to_be_checked()
    assert [example["kind"] for example in start(ana.server)["examples"]] == ["item"]
    wait_until(lambda: start(ana.server)["way"] == "example", "it is the way to start")
    ana.page.get_by_role("button", name="Remove: Example 1, an item of the pool").click()
    expect(ana.page.get_by_role("radio", name="A bit of everything")).to_be_checked()
    assert start(ana.server)["examples"] == []
    ana.page.keyboard.press("Escape")
    expect(ana.page.get_by_role("region", name="Where to start")).to_be_hidden()
    assert ana.press("d") == shown
    wait_until(lambda: ana.server.labels() == {shown: 1}, "the keys judge again")


def test_a_way_that_cannot_be_says_why_and_the_old_one_stands(
    server: Server, open_person: Callable[..., Person]
) -> None:
    ana = open_person(server, expected="422").open_label_page()
    ana.page.keyboard.press("x")
    expect(ana.page.get_by_role("radio", name="A bit of everything")).to_be_focused()
    ana.page.get_by_role("radio", name="Like my examples").click()
    expect(ana.page.get_by_text("There is no example yet")).to_be_visible()
    expect(ana.page.get_by_role("radio", name="A bit of everything")).to_be_checked()
    ana.page.set_input_files("#start-file", {"name": "a.txt.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(ana.page.get_by_text("a.txt.png cannot be read as a picture")).to_be_visible()
    assert start(server)["way"] == "cover"


def test_a_picture_is_cut_by_keys_alone_and_its_likes_come_first(
    encoded: Server, open_person: Callable[..., Person]
) -> None:
    ana = open_person(encoded).open_label_page()
    sent = note_examples(ana.page)
    ana.page.keyboard.press("x")
    ana.page.set_input_files("#start-file", {"name": "red.png", "mimeType": "image/png", "buffer": png()})
    dialog = ana.page.get_by_role("dialog", name="Which part is the example?")
    expect(dialog).to_contain_text("The whole picture, 200 × 100 pixels")
    ana.page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("100 × 50 pixels from 50, 25")
    ana.page.keyboard.press("ArrowRight")
    ana.page.keyboard.press("Shift+ArrowDown")
    expect(dialog).to_contain_text("100 × 58 pixels from 58, 25")
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_alt_text("Example 1, a picture")).to_be_visible()
    assert [(one["name"], one["box_xyxy"]) for one in sent] == [("red.png", [58, 25, 158, 83])]
    assert base64.b64decode(sent[0]["picture"]) == png()
    wait_until(lambda: start(encoded)["state"] == "ready", "the picture is read", 300)
    reds = [item["index"] % 4 == 0 for item in encoded.get("/api/queue?n=4")["items"]]
    assert reds == [True] * 4


def test_pictures_come_by_paste_and_by_drop_and_are_cut_by_drag(
    server: Server, open_person: Callable[..., Person]
) -> None:
    """The features of this pool were made elsewhere: the server says so, and the page shows it in its place."""
    ana = open_person(server, expected="422").open_label_page()
    sent = note_examples(ana.page)
    picture = base64.b64encode(png()).decode()
    ana.page.evaluate(CARRY, ["paste", picture])
    box = ana.page.locator("#crop-picture").bounding_box()
    ana.page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.75 * box["height"])
    ana.page.mouse.down()
    ana.page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"])
    ana.page.mouse.up()
    ana.page.get_by_role("button", name="Use this part").click()
    expect(ana.page.get_by_text("features were made elsewhere")).to_be_visible()
    ana.page.evaluate(CARRY, ["drop", picture])
    with ana.page.expect_request("**/api/start/examples"):
        ana.page.get_by_role("button", name="Use the whole picture").click()
    assert len(sent) == 2
    assert sent[0]["box_xyxy"] == pytest.approx([50, 25, 150, 75], abs=1)
    assert "box_xyxy" not in sent[1]
    ana.page.evaluate(CARRY, ["drop", picture])
    ana.page.evaluate(CARRY, ["paste", picture])  # asked for once the first is decided on
    expect(ana.page.get_by_role("dialog")).to_be_visible()
    with ana.page.expect_request("**/api/start/examples"):
        ana.page.get_by_role("button", name="Use the whole picture").click()
    expect(ana.page.get_by_role("dialog")).to_be_visible()
    ana.page.keyboard.press("Escape")
    expect(ana.page.get_by_role("dialog")).to_be_hidden()
    assert len(sent) == 3


def test_a_tour_shows_how_many_groups_are_seen(
    tmp_path: Path, start_server: Callable[..., Server], open_person: Callable[..., Person]
) -> None:
    server = start_server(draw_pool(tmp_path), WINNOW_ATLAS="true")
    wait_until(lambda: start(server)["coverage"], "the groups are known", 300)
    ana = open_person(server).open_label_page()
    ana.page.keyboard.press("x")
    ana.page.get_by_role("radio", name="Tour of the groups").check()
    wait_until(lambda: start(server)["way"] == "tour", "it is the way to start")
    bar = ana.page.get_by_role("progressbar", name="Groups seen")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    ana.page.get_by_role("radio", name="Tour of the groups").press("Escape")
    ana.press("s")
    ana.page.keyboard.press("x")
    expect(bar).to_have_attribute("aria-valuenow", str(start(server)["coverage"]["seen"]))
