"""The correct page: nothing that was done is lost, by drafts, outages and other people."""

from pathlib import Path

import pytest
from browser_helpers import Server, wait_until
from correct_helpers import (
    BOXES,
    OFFLINE,
    Open,
    Start,
    become,
    item_on,
    listed,
    objects,
    opened,
    result,
    saved,
    wait_for_image,
)
from playwright.sync_api import Page, expect
from proposal_pool import draw_proposals


@pytest.fixture
def server(tmp_path: Path, start_server: Start) -> Server:
    return start_server(draw_proposals(tmp_path, 4), WINNOW_SEGMENTER="none")


@pytest.fixture
def ana(server: Server, open_person: Open) -> Page:
    return opened(open_person(server))


def test_undo_and_redo_have_no_limit_and_survive_a_reload(ana: Page, server: Server) -> None:
    before = listed(ana)
    ana.keyboard.press("Tab")
    for _ in range(30):
        ana.keyboard.press("ArrowRight")
    ana.keyboard.press("Delete")
    for _ in range(5):
        ana.keyboard.press("Control+z")
    expect(ana.locator("#objects li").first).to_contain_text("at 66, 40")
    ana.reload()
    expect(ana.locator("#draft-text")).to_have_text("Your draft is back: 26 steps, not saved yet.")
    expect(ana.locator("#objects li").first).to_contain_text("at 66, 40")
    for _ in range(5):
        ana.keyboard.press("Shift+U")
    expect(ana.locator("#objects li")).to_have_count(3)
    for _ in range(31):
        ana.keyboard.press("u")
    expect(ana.locator("#status")).to_have_text("Open")
    assert listed(ana) == before
    assert result(server)["status"] == "open"


def test_going_back_keeps_a_draft_and_records_nothing(ana: Page, server: Server, open_person: Open) -> None:
    page = opened(open_person(server), "photos/01.png")
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    page.keyboard.press("PageUp")
    wait_for_image(page, "photos/00.png")
    expect(page.locator("#drafts a")).to_have_text("photos/01.png")
    assert server.events() == []
    page.locator("#drafts a").click()
    wait_for_image(page, "photos/01.png")
    expect(page.locator("#objects li")).to_have_count(3)
    page.get_by_role("button", name="Forget it").click()
    expect(page.locator("#objects li")).to_have_count(4)
    page.reload()
    expect(page.locator("#status")).to_have_text("Open")


def test_what_could_not_be_delivered_is_kept_and_sent_once(server: Server, open_person: Open) -> None:
    page = opened(open_person(server, expected=OFFLINE))
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').filter(({name}) => name.includes('/media/')).length >= 3"
    )
    page.context.set_offline(True)
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    page.keyboard.press("a")
    expect(page.locator("#banner-text")).to_contain_text("1 answer kept, will be sent")
    wait_for_image(page, "photos/01.png")
    page.context.set_offline(False)
    assert len(saved(server, "corrected")["objects"]) == 3
    expect(page.locator("#banner")).to_be_hidden()
    assert server.events().count("complete") == 1
    expect(page.locator("#drafts")).to_be_hidden()


def test_a_save_survives_the_end_of_the_tab(server: Server, open_person: Open) -> None:
    person = open_person(server, expected=OFFLINE)
    page = opened(person)
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    server.kill()
    page.keyboard.press("a")
    expect(page.locator("#banner-text")).to_contain_text("1 answer kept")
    context = page.context
    page.close()
    server.start()
    other = context.new_page()
    other.goto(f"{server.url}/correct?image={item_on(server, 'photos/01.png')}")
    assert len(saved(server, "corrected")["objects"]) == 3
    assert server.events().count("complete") == 1


def test_two_people_on_one_image_are_told_and_the_second_decides(server: Server, open_person: Open) -> None:
    ana, bea = (opened(open_person(server, expected="409")) for _ in range(2))
    become(bea, "bea")
    expect(bea.locator("#presence")).to_contain_text("ana (correct page)")
    for page in (ana, bea):
        page.locator("#stage").focus()
        page.keyboard.press("Tab")
    ana.keyboard.press("Delete")
    ana.keyboard.press("a")
    saved(server, "corrected")
    bea.keyboard.press("ArrowDown")
    bea.keyboard.press("a")
    expect(bea.locator(".conflict")).to_contain_text("ana")
    assert len(objects(server)) == 3
    bea.get_by_role("button", name="Look at theirs").click()
    wait_for_image(bea, "photos/00.png")
    expect(bea.locator("#objects li")).to_have_count(3)
    bea.get_by_role("button", name="Put mine over it").click()
    wait_until(lambda: len(objects(server)) == 4, "bea's version counts")
    assert ("dog", (40, 41, 120, 121)) in objects(server)
    expect(bea.locator(".conflict")).to_have_count(0)
    expect(bea.locator("#objects li")).to_have_count(4)


def test_what_the_other_one_added_goes_when_mine_is_put_over_it(server: Server, open_person: Open) -> None:
    bea = become(opened(open_person(server, expected="409")), "bea")
    theirs = {"box_xyxy": [200, 200, 220, 220], "class_name": "dog", "mask": None, "replaces": None}
    kept = [one["item_id"] for one in result(server)["objects"] if one["score"] > 0.25]
    body = {"key": "theirs", "outcome": "correct", "kept": kept, "drawn": [theirs], "deleted": [], "based_on": None}
    server.send("POST", f"/api/results/{item_on(server, 'photos/00.png')}", body)
    bea.keyboard.press("a")
    bea.get_by_role("button", name="Put mine over it").click()
    wait_until(
        lambda: objects(server) == sorted(zip(["dog", "cat", "bird", "dog"], BOXES, strict=True)),
        "what bea accepted stands",
    )


def test_forgetting_mine_leaves_theirs(server: Server, open_person: Open) -> None:
    bea = become(opened(open_person(server, expected="409")), "bea")
    body = {"key": "theirs", "outcome": "reject", "kept": [], "drawn": [], "deleted": [], "based_on": None}
    server.send("POST", f"/api/results/{item_on(server, 'photos/00.png')}", body)
    bea.keyboard.press("a")
    bea.get_by_role("button", name="Forget mine").click()
    expect(bea.locator(".conflict")).to_have_count(0)
    assert result(server)["status"] == "rejected"
