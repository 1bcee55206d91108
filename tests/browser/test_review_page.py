"""The review page: look over, filter, change, take back, bring back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_helpers import Person, Server, is_red, wait_until
from PIL import Image
from playwright.sync_api import expect


@pytest.fixture
def judged(server: Server) -> list[dict[str, Any]]:
    """Twelve items judged by their colour, but for the fourth, which is wrong, and the last two, which are skipped."""
    items = server.get("/api/queue?n=12")["items"]
    for i, item in enumerate(items):
        truth = is_red(item["index"])
        server.judge(item["id"], None if i >= 10 else 1 - truth if i == 3 else truth, f"judged-{i}")
    wait_until(lambda: server.get("/api/queue?n=1")["model"]["state"] == "ready", "the head is ready")
    return items


@pytest.fixture
def ana(server: Server, judged: list[dict[str, Any]], open_person: Callable[..., Person]) -> Person:
    person = open_person(server).open("/review")
    expect(person.page.get_by_text("12 verdicts")).to_be_visible()
    return person


def cell(person: Person, item: dict[str, Any]) -> Any:
    return person.page.get_by_role("gridcell", name=item["path"])


def test_verdicts_are_shown_newest_first(ana: Person, judged: list[dict[str, Any]]) -> None:
    names = [part.get_attribute("aria-label") for part in ana.page.get_by_role("gridcell").all()]
    assert [name.split(",")[0] for name in names] == [item["path"] for item in reversed(judged)]
    assert names[0] == f"{judged[-1]['path']}, skipped, by ana"


def test_a_key_changes_the_focused_verdict_and_undo_takes_it_back(ana: Person, judged: list[dict[str, Any]]) -> None:
    before = ana.server.labels()
    ana.page.keyboard.press("ArrowRight")
    ana.page.keyboard.press("d")
    changed = judged[-2]
    expect(cell(ana, changed)).to_have_attribute("data-label", "positive")
    wait_until(lambda: ana.server.labels()[changed["id"]] == 1, "the server has the change")
    ana.page.keyboard.press("Backspace")
    expect(cell(ana, changed)).to_have_attribute("data-label", "skipped")
    wait_until(lambda: ana.server.labels() == before, "the server has the old verdict")
    expect(ana.page.get_by_text(f"Taken back: positive on {changed['path']}")).to_be_visible()


def test_a_click_changes_a_verdict(ana: Person, judged: list[dict[str, Any]]) -> None:
    cell(ana, judged[0]).get_by_role("button", name="Skip").click()
    wait_until(lambda: ana.server.labels()[judged[0]["id"]] is None, "the server has the change")
    expect(cell(ana, judged[0]).get_by_role("button", name="Skip")).to_have_attribute("aria-pressed", "true")


def test_arrow_keys_go_through_the_grid(ana: Person) -> None:
    grid = ana.page.get_by_role("grid")
    columns = int(grid.get_attribute("aria-colcount"))
    for key, place in [
        ("ArrowRight", 1),
        ("ArrowDown", min(11, 1 + columns)),
        ("End", 11),
        ("ArrowRight", 11),
        ("Home", 0),
    ]:
        ana.page.keyboard.press(key)
        expect(grid).to_have_attribute("aria-activedescendant", f"cell-{place}")
        expect(ana.page.locator(f"#cell-{place}[data-focus]")).to_have_count(1)


def test_filters_show_their_own(ana: Person, judged: list[dict[str, Any]]) -> None:
    labels = ana.server.labels()
    for name, label in [("Positive", 1), ("Negative", 0), ("Skipped", None)]:
        ana.page.get_by_role("group", name="Show").get_by_role("button", name=name).click()
        wanted = [item for item in judged if labels[item["id"]] == label]
        expect(ana.page.get_by_role("gridcell")).to_have_count(len(wanted))
        for item in wanted:
            expect(cell(ana, item)).to_be_visible()


def test_most_suspicious_first_shows_the_wrong_one_first(ana: Person, judged: list[dict[str, Any]]) -> None:
    ana.page.get_by_role("button", name="Most suspicious first").click()
    expect(ana.page.locator("#cell-0")).to_have_attribute("aria-label", named(ana, judged[3]))
    ana.page.reload()
    expect(ana.page.locator("#cell-0")).to_have_attribute("aria-label", named(ana, judged[3]))


def named(person: Person, item: dict[str, Any]) -> str:
    word = {1: "positive", 0: "negative", None: "skipped"}[person.server.labels()[item["id"]]]
    return f"{item['path']}, {word}, by ana"


def test_an_annotators_verdicts_can_be_shown_alone(ana: Person, judged: list[dict[str, Any]]) -> None:
    name = ana.page.get_by_label("Your name")
    name.fill("bob")
    name.press("Enter")
    cell(ana, judged[0]).get_by_role("button", name="Skip").click()
    wait_until(lambda: ana.server.get("/api/review")["annotators"] == ["ana", "bob"], "bob has a verdict")
    ana.page.reload()
    ana.page.get_by_role("combobox", name="By").select_option("bob")
    expect(ana.page.get_by_role("gridcell")).to_have_count(1)
    expect(cell(ana, judged[0])).to_be_visible()


def test_skipped_items_come_back_on_demand(ana: Person, judged: list[dict[str, Any]]) -> None:
    ana.page.get_by_role("button", name="Bring back 2 skipped").click()
    expect(ana.page.get_by_text("2 skipped images are back in the queue")).to_be_visible()
    expect(ana.page.get_by_role("button", name="Bring back 0 skipped")).to_be_disabled()
    assert ana.server.progress()["skipped"] == 0
    queue = {item["id"] for item in ana.server.get("/api/queue?n=40")["items"]}
    assert {item["id"] for item in judged[10:]} <= queue


def test_enter_opens_a_close_up_in_which_keys_work(ana: Person, judged: list[dict[str, Any]]) -> None:
    ana.page.keyboard.press("Enter")
    close_up = ana.page.get_by_role("dialog", name="One verdict")
    expect(close_up.get_by_role("heading", name=judged[-1]["path"])).to_be_visible()
    expect(close_up.get_by_role("img", name="What was judged")).to_be_visible()
    ana.page.keyboard.press("a")
    expect(close_up.get_by_text("negative by ana")).to_be_visible()
    wait_until(lambda: ana.server.labels()[judged[-1]["id"]] == 0, "the server has the change")
    ana.page.keyboard.press("ArrowRight")
    expect(close_up.get_by_role("heading", name=judged[-2]["path"])).to_be_visible()
    ana.page.keyboard.press("Escape")
    expect(close_up).to_be_hidden()


def test_without_verdicts_it_says_what_to_do(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server).open("/review")
    expect(ana.page.get_by_text("Nothing is judged yet.")).to_be_visible()
    ana.page.get_by_role("link", name="To the label page").click()
    wait_until(ana.item, "an item is on screen")


def test_changes_are_kept_while_the_server_is_gone(
    server: Server, judged: list[dict[str, Any]], open_person: Callable[..., Person]
) -> None:
    ana = open_person(server, expected="net::ERR|503").open("/review")
    expect(ana.page.get_by_text("12 verdicts")).to_be_visible()
    server.kill()
    ana.page.keyboard.press("a")
    expect(ana.page.get_by_role("alert")).to_contain_text("1 answer kept, will be sent")
    server.start()
    wait_until(lambda: server.labels()[judged[-1]["id"]] == 0, "the change is delivered")
    expect(ana.page.get_by_role("alert")).to_be_hidden()


def test_a_long_list_keeps_only_what_is_seen_in_the_document(
    tmp_path: Path, start_server: Callable[..., Server], open_person: Callable[..., Person]
) -> None:
    n = 800
    Image.new("RGB", (100, 100), "grey").save(tmp_path / "one.png")
    boxes = [f"one.png {i % 60} {i // 60} {i % 60 + 30} {i // 60 + 30}" for i in range(n)]
    (tmp_path / "refs.txt").write_text("\n".join(boxes))
    np.save(tmp_path / "features.npy", np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32))
    server = start_server(tmp_path / "refs.txt")
    for i in range(3):
        for item in server.get("/api/queue?n=200")["items"]:
            server.judge(item["id"], None, f"{i}-{item['id']}")
    ana = open_person(server).open("/review")
    expect(ana.page.get_by_text("600 verdicts")).to_be_visible()
    oldest = server.get("/api/review?offset=599")["rows"][0]["item"]
    ana.page.keyboard.press("End")
    shown = ana.page.locator(f"#cell-599 img[src*='{oldest['id']}']")
    expect(shown).to_be_visible()
    assert ana.page.get_by_role("gridcell").count() < 100
