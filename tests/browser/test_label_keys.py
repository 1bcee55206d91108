"""Every key of the label page, and what the server knows after it."""

import json
from collections.abc import Callable

import pytest
from browser_helpers import Person, Server, wait_until
from playwright.sync_api import expect


@pytest.mark.parametrize(
    ("key", "label"),
    [("a", 0), ("A", 0), ("ArrowLeft", 0), ("d", 1), ("ArrowRight", 1), ("s", None), ("ArrowDown", None), (" ", None)],
)
def test_a_verdict_key_judges_the_item_on_screen(ana: Person, key: str, label: int | None) -> None:
    judged = ana.press(key)
    wait_until(lambda: ana.item() not in ("", judged), "the next item is on screen")
    wait_until(lambda: ana.server.labels() == {judged: label}, "the server has the verdict")


def test_undo_goes_back_through_all_verdicts(ana: Person) -> None:
    judged = [ana.press(key) for key in "adsad"]
    for item_id in reversed(judged):
        ana.page.keyboard.press("Backspace")
        wait_until(lambda wanted=item_id: ana.item() == wanted, "the undone item is back on screen")
    wait_until(lambda: ana.server.labels() == {}, "nothing is judged")
    assert ana.server.events() == ["verdict"] * 5 + ["undo"] * 5


def test_undo_after_a_reload_brings_the_item_that_the_server_names(ana: Person) -> None:
    judged = [ana.press(key) for key in "ad"]
    wait_until(lambda: len(ana.server.labels()) == 2, "both are judged")
    ana.open_label_page()
    for item_id in reversed(judged):
        ana.page.keyboard.press("Backspace")
        wait_until(lambda wanted=item_id: ana.item() == wanted, "the undone item is back on screen")
    assert ana.server.labels() == {}


def test_undo_of_nothing_says_so(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected="409").open_label_page()
    shown = ana.item()
    ana.page.keyboard.press("Backspace")
    expect(ana.page.get_by_text("There is nothing to take back.")).to_be_visible()
    assert ana.item() == shown


def test_an_item_can_be_judged_anew_after_undo(ana: Person) -> None:
    judged = ana.press("a")
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: ana.item() == judged, "the undone item is back")
    ana.page.keyboard.press("d")
    wait_until(lambda: ana.server.labels() == {judged: 1}, "the new verdict stands")


def test_a_held_key_judges_one_item(ana: Person) -> None:
    ana.page.keyboard.down("a")
    for _ in range(5):
        ana.page.keyboard.down("a")
    ana.page.keyboard.up("a")
    wait_until(lambda: ana.server.progress()["negative"] == 1, "one verdict")
    assert ana.server.events() == ["verdict"]


def test_keys_typed_into_the_name_are_no_verdicts(ana: Person) -> None:
    name = ana.page.get_by_label("Your name")
    name.fill("")
    name.press_sequentially("ada ś")
    name.press("Enter")
    ana.press("d")
    wait_until(lambda: ana.server.get("/api/review")["annotators"] == ["ada ś"], "the verdict has the name")
    assert ana.server.events() == ["verdict"]


def test_shortcuts_of_the_browser_are_no_verdicts(ana: Person) -> None:
    ana.page.keyboard.press("Control+d")
    judged = ana.press("a")
    wait_until(lambda: ana.server.labels() == {judged: 0}, "only the plain key counts")


def test_keys_can_be_remapped(start_server: Callable[..., Server], open_person: Callable[..., Person]) -> None:
    keys = {"negative": ["j"], "positive": ["k"], "skip": ["i"]}
    bea = open_person(start_server(WINNOW_KEYS=json.dumps(keys))).open_label_page()
    expect(bea.page.get_by_role("button", name="Negative J")).to_be_visible()
    bea.page.keyboard.press("a")
    judged = {bea.press("j"): 0, bea.press("k"): 1, bea.press("i"): None}
    wait_until(lambda: bea.server.labels() == judged, "the new keys judge, the old ones do not")


def test_help_shows_every_key_and_takes_the_keyboard(ana: Person) -> None:
    ana.page.keyboard.press("?")
    dialog = ana.page.get_by_role("dialog", name="Keys")
    expect(dialog.get_by_role("row", name="A ← Negative")).to_be_visible()
    expect(dialog.get_by_role("row")).to_have_count(28)
    ana.page.keyboard.press("a")
    ana.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    ana.page.keyboard.press("h")
    expect(dialog).to_be_visible()
    ana.page.keyboard.press("h")
    expect(dialog).to_be_hidden()
    judged = ana.press("d")
    wait_until(lambda: ana.server.labels() == {judged: 1}, "only the key after the help counts")


def test_probability_is_hidden_at_first_and_the_choice_is_kept(ana: Person) -> None:
    ana.server.learn(8)
    ana.open_label_page()
    probability = ana.page.get_by_text("P(positive) 0.")
    expect(probability).to_be_hidden()
    ana.page.keyboard.press("p")
    expect(probability).to_be_visible()
    ana.open_label_page()
    expect(probability).to_be_visible()
    ana.page.keyboard.press("p")
    expect(probability).to_be_hidden()


def test_next_strategy_is_named_and_set(ana: Person) -> None:
    available = [choice["name"] for choice in ana.server.get("/api/strategy")["available"]]
    assert ana.server.get("/api/strategy")["name"] == available[0]
    ana.page.keyboard.press("q")
    expect(ana.page.get_by_text("Next shown: Most likely positive first")).to_be_visible()
    wait_until(lambda: ana.server.get("/api/strategy")["name"] == available[1], "the server uses it")
    expect(ana.page.get_by_label("Next")).to_have_value(available[1])
    for _ in available[1:]:
        ana.page.keyboard.press("q")
    wait_until(lambda: ana.server.get("/api/strategy")["name"] == available[0], "the last choice stands")


def test_a_key_works_after_a_choice_from_the_list(ana: Person) -> None:
    ana.page.get_by_label("Next").select_option("random")
    wait_until(lambda: ana.server.get("/api/strategy")["name"] == "random", "the server uses it")
    judged = ana.press("ArrowRight")
    wait_until(lambda: ana.server.labels() == {judged: 1}, "the arrow judges")


def test_zoom_goes_closer_then_shows_the_whole_image_of_a_crop(ana: Person) -> None:
    while not ana.page.locator(".box").is_visible():  # the first crop
        shown = ana.press("s")
        wait_until(lambda before=shown: ana.item() not in ("", before), "the next item is on screen")
    picture = ana.page.locator("#picture")
    image = picture.locator("img")
    assert "view=context" in image.get_attribute("src")
    ana.page.keyboard.press("z")
    expect(picture).to_have_css("transform", "matrix(2.5, 0, 0, 2.5, 0, 0)")
    ana.page.keyboard.press("z")
    expect(picture).to_have_css("transform", "none")
    assert "view=image" in image.get_attribute("src")
    ana.page.keyboard.press("z")
    assert "view=context" in image.get_attribute("src")


def test_the_box_is_drawn_where_it_is(ana: Person) -> None:
    while not ana.page.locator(".box").is_visible():
        shown = ana.press("s")
        wait_until(lambda before=shown: ana.item() not in ("", before), "the next item is on screen")
    # A 50 × 50 box with a margin of half its side is the middle half of a square view.
    stage = ana.page.locator("#picture").bounding_box()
    box = ana.page.locator(".box rect").last.bounding_box()
    side = min(stage["width"], stage["height"])
    assert box["width"] == pytest.approx(side / 2, abs=4)
    assert box["x"] + box["width"] / 2 == pytest.approx(stage["x"] + stage["width"] / 2, abs=2)
    assert box["y"] + box["height"] / 2 == pytest.approx(stage["y"] + stage["height"] / 2, abs=2)


def test_contrast_and_brightness_are_said_kept_and_reset(ana: Person) -> None:
    picture = ana.page.locator("#picture")
    ana.page.keyboard.press("]")
    expect(ana.page.get_by_text("Contrast 110 %")).to_be_visible()
    ana.page.keyboard.press("-")
    expect(ana.page.get_by_text("Brightness 90 %")).to_be_visible()
    expect(picture).to_have_css("filter", "contrast(1.1) brightness(0.9)")
    ana.press("a")
    expect(picture).to_have_css("filter", "contrast(1.1) brightness(0.9)")
    ana.page.keyboard.press("[")
    ana.page.keyboard.press("=")
    expect(picture).to_have_css("filter", "none")
    ana.page.keyboard.press("]")
    ana.page.keyboard.press("0")
    expect(picture).to_have_css("filter", "none")


@pytest.fixture
def hasty(start_server: Callable[..., Server], open_person: Callable[..., Person]) -> Person:
    """A person whose auto mode takes 0.3 seconds for a no."""
    return open_person(start_server(WINNOW_AUTO_SECONDS="0.3")).open_label_page()


@pytest.mark.parametrize("pause", ["p", "x", "hidden tab"])
def test_auto_mode_says_no_until_a_key_or_a_hidden_tab_pauses_it(hasty: Person, pause: str) -> None:
    hasty.page.keyboard.press("t")
    expect(hasty.page.get_by_text("auto: negative in")).to_be_visible()
    wait_until(lambda: hasty.server.progress()["negative"] >= 2, "time alone says no")
    if pause == "hidden tab":
        hasty.page.evaluate(
            """() => {
              Object.defineProperty(document, "hidden", { value: true, configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
    else:
        hasty.page.keyboard.press(pause)
    expect(hasty.page.get_by_text("auto mode paused")).to_be_visible()
    shown = hasty.item()
    hasty.page.wait_for_timeout(700)  # more than twice the time that would say no
    assert hasty.item() == shown


def test_auto_mode_goes_on_and_a_verdict_by_hand_pauses_it(hasty: Person) -> None:
    hasty.page.keyboard.press("t")
    wait_until(lambda: hasty.server.progress()["negative"] >= 1, "time alone says no")
    judged = hasty.press("d")
    expect(hasty.page.get_by_text("auto mode paused")).to_be_visible()
    wait_until(lambda: hasty.server.labels().get(judged) == 1, "the key counts")
    before = hasty.server.progress()["negative"]
    hasty.page.keyboard.press("t")
    wait_until(lambda: hasty.server.progress()["negative"] > before, "it goes on")
