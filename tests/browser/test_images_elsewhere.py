"""The images page opens the pool that has an image which the open one has not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser_helpers import Person, Server, wait_until
from playwright.sync_api import expect
from proposal_pool import draw_proposals
from test_images_page import open_images, reject_first
from test_label_page import FAINT, NAMELESS
from test_two_pools import PROPOSALS, open_pool


@pytest.fixture
def server(tmp_path: Path, start_server: Callable[..., Server]) -> Server:
    """Shows proposals on the third image; the log has a verdict on the first, from before."""
    server = start_server(draw_proposals(tmp_path, 4))
    reject_first(server, "bad_box")
    add_third(tmp_path)
    open_pool(server, PROPOSALS)
    return server


def add_third(folder: Path) -> None:
    (folder / PROPOSALS).write_text("path,x1,y1,x2,y2,class,score\nphotos/02.png,5,5,60,60,dog,0.5\n")
    np.save((folder / PROPOSALS).with_suffix(".npy"), np.ones((1, 4), dtype=np.float32))


@pytest.mark.parametrize("way", ["key", "button"])
def test_an_image_of_another_pool_is_opened_there_and_put_right(
    server: Server, open_person: Callable[..., Person], way: str
) -> None:
    ana = open_images(open_person(server, expected="503"), "?state=in_progress")
    card = ana.page.get_by_role("gridcell", name="photos/00.png, In progress")
    expect(card).to_contain_text("Not in the open pool")
    ana.page.keyboard.press("c")
    expect(ana.page.locator("#toast")).to_contain_text("It is in refs.csv: O opens refs.csv.")
    if way == "key":
        ana.page.keyboard.press("o")
    else:
        card.get_by_role("button", name="Open refs.csv").click()
    expect(card.locator("img")).to_be_visible()
    expect(ana.page).to_have_url(f"{server.url}/images?state=in_progress&class_name=")
    ana.page.keyboard.press("c")
    ana.page.keyboard.press("c")
    wait_until(lambda: server.events() == ["verdict", "complete"], "it is complete")


def test_a_pool_that_cannot_be_opened_is_said(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_images(open_person(server, expected="404"), "?state=in_progress")
    refusal = {"error": "unknown_pool", "detail": "There is no pool 'refs.csv'."}
    ana.page.route("**/api/pools/open", lambda route: route.fulfill(status=404, json=refusal))
    ana.page.keyboard.press("o")
    expect(ana.page.get_by_role("alert")).to_contain_text("refs.csv was not opened: There is no pool 'refs.csv'.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_such_a_card_has_names_and_contrast(server: Server, open_person: Callable[..., Person], scheme: str) -> None:
    ana = open_images(open_person(server, color_scheme=scheme), "?state=in_progress")
    expect(ana.page.get_by_role("button", name="Open refs.csv")).to_be_visible()
    assert ana.page.evaluate(NAMELESS) == []
    assert ana.page.evaluate(FAINT) == []
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("#large-state")).to_contain_text("This image is not in the open pool.")
    ana.page.keyboard.press("b")
    expect(ana.page.locator("#editor")).to_be_hidden()
