"""The review page's second looks: hasty verdicts, items judged differently, a selection made elsewhere."""

import sqlite3
from typing import Any

import pytest
from browser_helpers import Server, is_red, wait_until
from playwright.sync_api import expect


@pytest.fixture
def hasty(server: Server) -> dict[str, Any]:
    """24 items judged in a second each, and a red one called blue in a tenth of it."""
    items = server.get("/api/queue?n=40")["items"]
    last = next(item for item in items[24:] if is_red(item["index"]))
    for i, item in enumerate([*items[:24], last]):
        label, elapsed_ms = (0, 100) if item is last else (is_red(item["index"]), 1000)
        body = {"item_id": item["id"], "label": label, "key": f"judged-{i}", "elapsed_ms": elapsed_ms}
        server.send("POST", "/api/verdicts", body)
    wait_until(lambda: server.get("/api/self-check")["hasty"] == 1, "the head doubts the hasty verdict")
    return last


def test_a_hasty_verdict_is_confirmed_by_its_own_key(server: Server, hasty: dict[str, Any], open_person: Any) -> None:
    ana = open_person(server).open("/review")
    ana.page.get_by_role("button", name="Hasty").click()
    expect(ana.page.get_by_text("1 verdict", exact=True)).to_be_visible()
    expect(ana.page.get_by_role("gridcell", name=hasty["path"])).to_be_visible()
    ana.page.keyboard.press("a")  # negative, as before: looked at, and meant
    wait_until(lambda: server.get("/api/self-check")["hasty"] == 0, "the verdict was looked at again")
    assert server.labels()[hasty["id"]] == 0
    expect(ana.page.get_by_role("gridcell", name=f"{hasty['path']}, negative, by ana, looked at")).to_be_visible()
    expect(ana.page.get_by_text("✓ looked at")).to_be_visible()
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: server.get("/api/self-check")["hasty"] == 1, "it is taken back")
    expect(ana.page.get_by_text("✓ looked at")).to_have_count(0)
    ana.page.keyboard.press("a")
    wait_until(lambda: server.get("/api/self-check")["hasty"] == 0, "and said again")
    ana.page.reload()
    expect(ana.page.get_by_text("No hasty verdicts")).to_be_visible()
    expect(ana.page.get_by_role("button", name="Hasty")).to_have_attribute("aria-pressed", "true")


def test_an_item_judged_differently_says_how_it_was_judged_before(
    server: Server, hasty: dict[str, Any], open_person: Any
) -> None:
    server.kill()
    with sqlite3.connect(server.folder / "winnow.db") as database:  # as a repeat would have written it
        columns = "annotator, created_at, strategy, path, item_id, kind"
        database.execute(
            f"insert into verdicts (key, label, {columns}) select 'again', 1, annotator, created_at, 'repeat', path, "
            "item_id, kind from verdicts where item_id = ?",
            [hasty["id"]],
        )
    server.start()
    ana = open_person(server).open("/review?order=disagreed")
    expect(ana.page.get_by_text("was negative")).to_be_visible()
    ana.page.keyboard.press("d")
    wait_until(lambda: server.get("/api/review?order=disagreed")["total"] == 0, "the disagreement is settled")
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: server.get("/api/review?order=disagreed")["total"] == 1, "it is open again")


def test_a_selection_is_shown_alone_and_given_up_by_a_click(
    server: Server, hasty: dict[str, Any], open_person: Any
) -> None:
    chosen = server.send("POST", "/api/selections", {"item_ids": [hasty["id"]]})["id"]
    ana = open_person(server).open(f"/review?selection={chosen}")
    expect(ana.page.get_by_text("1 verdict", exact=True)).to_be_visible()
    ana.page.get_by_role("button", name="Only the selection").click()
    expect(ana.page.get_by_text("25 verdicts")).to_be_visible()
    expect(ana.page.get_by_role("button", name="Only the selection")).to_be_hidden()


def test_a_selection_that_is_gone_is_said_so_and_all_verdicts_are_shown(
    server: Server, hasty: dict[str, Any], open_person: Any
) -> None:
    ana = open_person(server, expected="404").open("/review?selection=feedfeedfeedfeed")
    expect(ana.page.get_by_text("no longer kept")).to_be_visible()
    expect(ana.page.get_by_text("25 verdicts")).to_be_visible()
