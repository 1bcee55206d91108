"""How the label page looks and feels: the frame, the phone, the dark, the states."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from browser_helpers import Person, Server, draw_pool, wait_until
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


def test_nothing_moves_between_images_and_the_frame_owns_the_screen(
    server: Server, open_person: Callable[..., Person]
) -> None:
    server.learn(8)
    ana = open_person(server).open_label_page()
    ana.page.evaluate(
        """() => {
          document.body.dataset.moved = "";
          const name = ({ node }) => node?.id || node?.className || node?.parentElement?.id || node?.nodeName;
          const note = (shift) => (document.body.dataset.moved += `${shift.value} ${shift.sources.map(name)}; `);
          new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type: "layout-shift" });
        }"""
    )
    before = ana.frame.bounding_box()
    for key in "adadsadd":
        ana.press(key)
    ana.page.keyboard.press("p")
    wait_until(lambda: ana.server.progress()["labeled"] == 15, "all are judged")
    expect(ana.page.locator("#recall-found")).to_contain_text("found")
    assert ana.frame.bounding_box() == before
    assert before["height"] >= 0.7 * 768
    assert ana.page.locator("body").get_attribute("data-moved") == ""
    assert ana.page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_counts_model_state_and_paint_time_are_shown(ana: Person) -> None:
    expect(ana.page.get_by_text("No labels yet")).to_be_visible()
    ana.press("a")
    expect(ana.page.get_by_text("Need both classes")).to_be_visible()
    for key in "dds":
        ana.press(key)
    expect(ana.page.get_by_text("3 of 40 labelled")).to_be_visible()
    expect(ana.page.locator("#model-state")).to_have_text("Model v4 · 3 labels")
    for name, count in {"positive": "2", "negative": "1", "skipped": "1", "open": "36"}.items():
        expect(ana.page.locator(f"#count-{name}")).to_have_text(count)
    expect(ana.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "4")
    expect(ana.page.locator("#status-paint")).to_contain_text("key to paint")
    assert ana.page.evaluate("performance.getEntriesByName('key-to-paint').length") == 4


def test_the_frame_lights_up_in_the_verdicts_colour_with_its_sign(ana: Person) -> None:
    for key, light, sign in [
        ("a", "negative", "−"),
        ("d", "positive", "+"),
        ("s", "skip", "◇"),
        ("Backspace", "undo", "↶"),
    ]:
        seen = ana.page.evaluate(
            """(key) => {
              document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
              const glow = document.getElementById("glow");
              const sign = (side) => getComputedStyle(glow, side).content.replaceAll('"', "").replace("none", "");
              return [glow.dataset.light, sign("::before") + sign("::after"), getComputedStyle(glow).visibility];
            }""",
            key,
        )
        assert seen == [light, sign, "visible"]
        wait_until(ana.item, "an item is on screen")
    expect(ana.page.locator("#glow")).to_have_css("visibility", "hidden")


def test_a_screen_reader_hears_the_verdict_and_what_comes(ana: Person) -> None:
    ana.press("d")
    live = ana.page.locator("[aria-live=polite]#live")
    expect(live).to_contain_text("Positive. Next: tiles/")
    shown = ana.page.get_by_role("img", name="tiles/")
    expect(shown).to_have_count(1)
    ana.page.keyboard.press("Backspace")
    expect(live).to_contain_text("Taken back. Next: tiles/")


def test_a_claimed_class_and_score_stand_beside_the_image(ana: Person) -> None:
    while not ana.page.locator(".box").is_visible():
        shown = ana.press("s")
        wait_until(lambda before=shown: ana.item() not in ("", before), "the next item is on screen")
    expect(ana.page.locator("#item-claim")).to_have_text("car 0.83")
    expect(ana.frame).to_have_attribute("aria-label", re.compile(r"^tiles/\d+\.png, class car 0\.83$"))


def test_unreadable_images_are_left_out_and_counted(
    tmp_path: Path, start_server: Callable[..., Server], open_person: Callable[..., Person]
) -> None:
    server = start_server(draw_pool(tmp_path, 12, broken=(2, 5)))
    ana = open_person(server, expected="422").open_label_page()
    while ana.page.get_by_text("All judged", exact=True).is_hidden():
        if ana.item():
            ana.page.keyboard.press("a")
    expect(ana.page.get_by_text("2 unreadable")).to_be_visible()
    wait_until(lambda: server.progress()["negative"] == 10, "the others are judged")
    ana.page.get_by_role("link", name="Export them").click()
    expect(ana.page.get_by_role("heading", name="Export")).to_be_visible()


@pytest.mark.parametrize(("dx", "dy", "label"), [(-150, 10, 0), (150, -10, 1), (5, 150, None)])
def test_a_swipe_judges(
    server: Server, open_person: Callable[..., Person], dx: int, dy: int, label: int | None
) -> None:
    ana = open_person(server, **PHONE).open_label_page()
    shown = ana.item()
    ana.swipe(dx // 5, dy // 5)  # too short to mean anything
    ana.swipe(dx, dy)
    wait_until(lambda: server.labels() == {shown: label}, "one verdict")


def test_a_phone_has_large_buttons_within_reach(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, **PHONE).open_label_page()
    judged = ana.item()
    for name in ("Negative", "Skip", "Positive", "Take back"):
        box = ana.page.get_by_role("group", name="Verdict").get_by_role("button", name=name).bounding_box()
        assert min(box["width"], box["height"]) >= 48
        assert box["y"] + box["height"] <= 844
    assert ana.page.evaluate("document.documentElement.scrollWidth") == 390
    ana.page.get_by_role("button", name="Positive").tap()
    wait_until(lambda: server.labels() == {judged: 1}, "the tap judges")
    ana.page.get_by_role("button", name="Take back").tap()
    wait_until(lambda: server.labels() == {}, "the tap takes back")


def brightness(person: Person) -> float:
    colour = person.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


def test_light_and_dark_follow_the_system_and_the_switch(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, color_scheme="dark").open_label_page()
    assert brightness(ana) < 150
    switch = ana.page.get_by_role("button", name="Theme: auto")
    switch.click()
    expect(ana.page.get_by_role("button", name="Theme: light")).to_be_visible()
    assert brightness(ana) > 600
    ana.open_label_page()
    assert brightness(ana) > 600
    ana.page.get_by_role("button", name="Theme: light").click()
    ana.page.emulate_media(color_scheme="light")
    assert brightness(ana) < 150


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_controls_have_names_and_text_has_contrast(
    server: Server, open_person: Callable[..., Person], scheme: str
) -> None:
    server.learn(8)
    ana = open_person(server, color_scheme=scheme)
    for path in ("/", "/review", "/export"):
        ana.open(path)
        expect(ana.page.locator("#model-state")).to_contain_text("Model v8")
        assert ana.page.evaluate(NAMELESS) == []
        assert ana.page.evaluate(FAINT) == []


NAMELESS = """() => [...document.querySelectorAll("button, a, input, select, [role]")]
  .filter((part) => part.checkVisibility())
  .filter((part) => part.matches("button, a, input, select"))
  .filter((part) => !(part.getAttribute("aria-label") || part.labels?.length || part.innerText?.trim()))
  .map((part) => part.outerHTML.slice(0, 90))"""

# Text whose contrast with what lies under it is less than WCAG's AA, 4.5 : 1.
FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const ground = (part) => {
    for (; part; part = part.parentElement) {
      const colour = rgba(getComputedStyle(part).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ratio = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const hasText = (part) => [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.body.querySelectorAll("*")]
    .filter((part) => part.checkVisibility() && hasText(part))
    .filter((part) => !part.closest("[aria-disabled], :disabled, svg, .visually-hidden"))
    .filter((part) => ratio(rgba(getComputedStyle(part).color), ground(part)) < 4.5)
    .map((part) => part.outerHTML.slice(0, 120));
}"""


def test_without_features_the_page_says_what_to_run_and_goes_on_by_itself(
    tmp_path: Path, start_server: Callable[..., Server], open_person: Callable[..., Person]
) -> None:
    refs = draw_pool(tmp_path)
    features = tmp_path / "features.npy"
    shutil.move(features, tmp_path / "away.npy")
    server = start_server(refs, is_ready=False)
    wait_until(lambda: "features.npy" in server.printed(), "the server says what is missing")
    ana = open_person(server).open("/")
    expect(ana.page.get_by_text("python compute_features.py").first).to_be_visible()
    expect(ana.page.get_by_role("button", name="Copy")).to_be_visible()
    shutil.move(tmp_path / "away.npy", features)
    expect(ana.page.get_by_role("button", name="Positive")).to_be_visible()
    wait_until(ana.item, "an item is on screen")


def test_an_unknown_page_is_an_error_page(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected="404").open("/nowhere")
    expect(ana.page.get_by_text("404", exact=True)).to_be_visible()
    expect(ana.page.locator("#model-state")).to_have_text("No labels yet")
    ana.page.get_by_role("link", name="To the label page").click()
    wait_until(ana.item, "an item is on screen")
