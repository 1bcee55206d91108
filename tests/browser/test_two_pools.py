"""One server, two tabs: what is pressed on a pool that is not open is kept, and goes to no other pool."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser_helpers import Person, Server, wait_until
from playwright.sync_api import Route, expect

PROPOSALS = "proposals-0001.csv"
OTHER_POOL = "404|503"  # the images of the other pool's items, and the calls for it


@pytest.fixture
def ana(server: Server, open_person: Callable[..., Person]) -> Person:
    """On the label page of refs.csv; beside it lies a pool of proposals."""
    add_proposals(server.folder)
    person = open_person(server, expected=OTHER_POOL).open_label_page()
    person.wait_for_images()
    return person


def add_proposals(folder: Path, n: int = 20) -> None:
    lines = [f"tiles/{i:03d}.png,10,10,60,60,car,0.5" for i in range(n)]
    (folder / PROPOSALS).write_text("\n".join(["path,x1,y1,x2,y2,class,score", *lines]) + "\n")
    np.save((folder / PROPOSALS).with_suffix(".npy"), np.random.default_rng(0).random((n, 6), dtype=np.float32))


def open_pool(server: Server, name: str) -> None:
    server.send("POST", "/api/pools/open", {"name": name})
    wait_until(lambda: server.get("/api/pools")["is_ready"], f"{name} is open")


def second_tab(ana: Person) -> Person:
    """Another tab of the same browser, in which somebody goes on to the proposals."""
    tab = Person(ana.page.context.new_page(), ana.server).open("/predict")
    tab.page.locator("#pool").select_option(PROPOSALS)
    tab.page.wait_for_url(ana.server.url + "/")
    wait_until(tab.item, "a proposal is on screen")
    return tab


def test_presses_of_a_pool_that_is_not_open_are_kept_and_delivered_to_it(ana: Person) -> None:
    first = ana.press("d")
    wait_until(lambda: ana.server.events() == ["verdict"], "the first is delivered")
    tab = second_tab(ana)
    expected = {first: 1, ana.press("a"): 0, ana.press("d"): 1, ana.press("s"): None}
    ana.press("a")
    ana.page.keyboard.press("Backspace")
    banner = ana.page.get_by_role("alert")
    expect(banner).to_contain_text("The server now shows proposals-0001.csv, this page refs.csv.")
    expect(banner).to_contain_text("5 answers kept, will be sent")
    proposal = tab.press("d")
    wait_until(lambda: ana.server.labels() == {proposal: 1}, "the other tab's verdict is delivered")
    assert ana.server.events() == ["verdict", "verdict"]
    open_pool(ana.server, "refs.csv")
    wait_until(lambda: len(ana.server.events()) == 7, "everything is delivered")
    assert ana.server.labels() == expected
    assert ana.server.events() == ["verdict"] * 6 + ["undo"]
    expect(banner).to_be_hidden()
    assert wait_until(ana.item, "the next one is on screen") not in expected
    expect(ana.page.locator("#status-problems")).to_be_empty()


def test_presses_wait_in_the_browser_when_the_page_goes_on_with_the_other_pool(ana: Person) -> None:
    second_tab(ana).page.close()
    expected = {ana.press("a"): 0, ana.press("d"): 1}
    expect(ana.page.get_by_role("alert")).to_contain_text("2 answers kept")
    ana.page.reload()
    proposal = ana.press("d")
    wait_until(lambda: ana.server.labels() == {proposal: 1}, "the proposal is judged")
    open_pool(ana.server, "refs.csv")
    ana.page.reload()
    wait_until(lambda: ana.server.labels() == expected, "what was kept is delivered to its own pool")


def test_a_page_that_comes_back_into_view_says_that_another_pool_is_open(ana: Person) -> None:
    second_tab(ana)
    ana.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    banner = ana.page.get_by_role("alert")
    expect(banner).to_contain_text("Open refs.csv again on the Predict page, or reload this page")
    open_pool(ana.server, "refs.csv")
    expect(banner).to_be_hidden()


def test_taking_back_what_was_refused_takes_back_nothing_older(ana: Person) -> None:
    first = ana.press("d")
    wait_until(lambda: ana.server.labels() == {first: 1}, "the first is delivered")
    held: list[Route] = []
    ana.page.route("**/api/verdicts", lambda route: held.append(route))
    refused = ana.press("a")
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: ana.item() == refused and held, "it is taken back while it is on its way")
    held[0].fulfill(status=404, json={"error": "unknown_item", "detail": "no such item"})
    ana.page.unroute("**/api/verdicts")
    expect(ana.page.get_by_role("alert")).to_contain_text("An answer was not accepted: no such item")
    assert ana.press("s") == refused
    wait_until(lambda: ana.server.labels() == {first: 1, refused: None}, "the next is delivered")
    assert ana.server.events() == ["verdict", "verdict"]
