"""The label page: rejecting with a reason, the class a wrong one should be, missed objects, one class at a time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser_helpers import Person, Server, wait_until
from playwright.sync_api import expect
from proposal_pool import draw_proposals

GONE = "net::ERR|503"


@pytest.fixture
def server(tmp_path: Path, start_server: Callable[..., Server]) -> Server:
    return start_server(draw_proposals(tmp_path, 4))


def why(server: Server) -> dict[str, tuple[int | None, str | None, str | None]]:
    """Item id -> its label, reason and class as they stand."""
    rows = server.get("/api/review?limit=500")["rows"]
    verdicts = [row["verdict"] for row in rows]
    return {verdict["item_id"]: (verdict["label"], verdict["reason"], verdict["class_name"]) for verdict in verdicts}


def next_after(ana: Person, judged: str) -> str:
    return str(wait_until(lambda: (item := ana.item()) not in ("", judged) and item, "the next item is on screen"))


def test_a_reason_key_or_button_rejects_with_it(ana: Person) -> None:
    expected = {}
    for key, reason in [("1", "background"), ("3", "duplicate"), ("4", "bad_box")]:
        judged = ana.press(key)
        expected[judged] = (0, reason, None)
        next_after(ana, judged)
    row = ana.page.get_by_role("group", name="Reject because")
    judged = ana.item()
    row.get_by_role("button", name="Duplicate").click()
    expected[judged] = (0, "duplicate", None)
    wait_until(lambda: why(ana.server) == expected, "the reasons are on the server")
    expect(ana.page.locator("#live")).to_contain_text("Negative, duplicate. Next:")
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: ana.item() == judged, "the undone item is back")
    ana.open("/review")
    expect(ana.page.get_by_text("bad box").first).to_be_visible()


def test_a_wrong_class_asks_for_the_class_and_takes_number_name_or_a_new_one(ana: Person) -> None:
    expected = {}
    for keys, name in [(["1"], None), ([*"CAT", "Enter"], "cat"), ([*"fish", "Enter"], "fish")]:
        judged = ana.press("2")
        dialog = ana.page.get_by_role("dialog", name="Which class is it?")
        first = dialog.get_by_role("option").first.inner_text().split("\n")[-1]
        for key in keys:
            ana.page.keyboard.press(key)
        expect(dialog).to_be_hidden()
        expected[judged] = (0, "wrong_class", name or first)
        next_after(ana, judged)
    judged = ana.press("2")
    ana.page.keyboard.press("0")
    expected[judged] = (0, "wrong_class", None)
    wait_until(lambda: why(ana.server) == expected, "all four are on the server")
    next_after(ana, judged)
    ana.page.keyboard.press("2")
    expect(ana.page.get_by_role("option", name="fish")).to_be_visible()


def test_escape_leaves_the_item_without_a_verdict_and_the_keys_with_the_page(ana: Person) -> None:
    shown = ana.press("2")
    claimed = ana.page.locator("#item-claim").inner_text().split()[0]
    names = ana.page.get_by_role("listbox", name="Classes").get_by_role("option").all_inner_texts()
    assert len(names) == 2
    assert claimed not in [name.split("\n")[-1] for name in names]
    ana.page.keyboard.type("ad")
    ana.page.keyboard.press("Escape")
    expect(ana.page.get_by_role("dialog", name="Which class is it?")).to_be_hidden()
    assert ana.item() == shown
    ana.page.keyboard.press("d")
    wait_until(lambda: why(ana.server) == {shown: (1, None, None)}, "only the last key judged")


def test_a_missed_object_is_marked_and_taken_back_in_its_turn(ana: Person) -> None:
    first = ana.press("d")
    second = next_after(ana, first)
    ana.page.keyboard.press("m")
    expect(ana.page.locator("#toast")).to_have_text("Marked: an object is missed on this image")
    assert ana.item() == second
    third = next_after(ana, ana.press("a"))
    wait_until(lambda: ana.server.events() == ["verdict", "miss", "verdict"], "they are in order")
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: ana.item() == second, "the last verdict's item is back")
    ana.page.keyboard.press("Backspace")
    expect(ana.page.get_by_text("Taken back: the mark that an object is missed")).to_be_visible()
    assert ana.item() == second
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: ana.item() == first, "then the first")
    wait_until(lambda: why(ana.server) == {}, "nothing stands")
    assert third != ""


def test_marks_and_reasons_are_kept_while_the_server_is_gone(
    server: Server, open_person: Callable[..., Person]
) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    expect(ana.page.locator("#status-filter")).to_be_visible()
    ana.wait_for_images()
    server.kill()
    rejected = ana.press("3")
    next_after(ana, rejected)
    ana.page.keyboard.press("m")
    named = ana.press("2")
    ana.page.keyboard.type("bee")
    ana.page.keyboard.press("Enter")
    ana.page.goto("about:blank")
    server.start()
    ana.open_label_page()
    expected = {rejected: (0, "duplicate", None), named: (0, "wrong_class", "bee")}
    wait_until(lambda: why(server) == expected, "what was kept is delivered")
    assert server.events() == ["verdict", "miss", "verdict"]


def test_one_class_at_a_time_by_key_and_by_list(ana: Person) -> None:
    line = ana.page.locator("#status-filter")
    expect(line).to_have_text("All proposals")
    ana.page.keyboard.press("c")
    expect(line).to_have_text("dog only · 16 set aside")
    expect(ana.page.locator("#item-claim")).to_contain_text("dog")
    expect(ana.page.locator("#count-open")).to_have_text("8")
    for left in range(7, -1, -1):
        judged = ana.press("d")
        if left:
            next_after(ana, judged)
        expect(ana.page.locator("#count-open")).to_have_text(str(left))
    expect(ana.page.get_by_text("All judged", exact=True)).to_be_visible()
    expect(ana.page.get_by_text("Some are set aside")).to_be_visible()
    ana.page.get_by_label("Class").first.select_option("cat")
    wait_until(ana.item, "the cats come")
    expect(ana.page.locator("#item-claim")).to_contain_text("cat")
    assert {name for name, *_ in [ana.page.locator("#item-claim").inner_text().split()]} == {"cat"}
    line.click()
    expect(ana.page.get_by_role("heading", name="Triage")).to_be_visible()


def test_the_image_keeps_its_room_and_nothing_moves_for_the_question(ana: Person) -> None:
    before = ana.frame.bounding_box()
    assert before["height"] >= 0.7 * 768
    ana.press("2")
    expect(ana.page.get_by_role("dialog", name="Which class is it?")).to_be_visible()
    assert ana.frame.bounding_box() == before
    assert ana.page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_a_pool_of_whole_images_has_no_reason_buttons(
    tmp_path: Path, start_server: Callable[..., Server], open_person: Callable[..., Person]
) -> None:
    refs = draw_proposals(tmp_path, 2)
    refs.write_text("path\n" + "".join(f"photos/{i:02d}.png\n" for i in (0, 1)))
    np.save(tmp_path / "features.npy", np.eye(2, 8, dtype=np.float32))
    ana = open_person(start_server(refs)).open_label_page()
    expect(ana.page.get_by_role("group", name="Reject because")).to_have_count(0)
    shown = ana.press("4")
    expect(ana.page.get_by_text("it has no box that could be wrong")).to_be_visible()
    ana.page.keyboard.press("1")
    wait_until(lambda: why(ana.server) == {shown: (0, "background", None)}, "background is a reason for images too")
