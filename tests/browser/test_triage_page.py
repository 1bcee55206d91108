"""The triage page by keyboard alone: groups, classes, scores, and what the label page takes then."""

from collections.abc import Callable
from pathlib import Path

import pytest
from browser_helpers import Person, Server, wait_until
from playwright.sync_api import expect
from proposal_pool import draw_proposals
from test_label_page import FAINT, NAMELESS

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture
def server(tmp_path: Path, start_server: Callable[..., Server]) -> Server:
    return start_server(draw_proposals(tmp_path, 4))


def open_triage(person: Person) -> Person:
    person.open("/triage")
    expect(person.page.get_by_role("button", name="Near-duplicates, 4")).to_be_visible()
    return person


def test_a_number_sets_a_group_aside_and_brings_it_back(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_triage(open_person(server))
    shown = ana.page.locator("#shown")
    expect(shown).to_have_text("24 shown · 0 set aside")
    ana.page.keyboard.press("5")
    expect(shown).to_have_text("20 shown · 4 set aside")
    expect(ana.page.get_by_role("button", name="Near-duplicates, 4")).to_have_attribute("aria-pressed", "true")
    ana.page.keyboard.press("3")
    expect(shown).to_have_text("16 shown · 8 set aside")
    ana.page.keyboard.press("5")
    expect(shown).to_have_text("20 shown · 4 set aside")
    assert server.get("/api/filter")["set_aside"] == ["tiny"]
    open_triage(ana)
    expect(shown).to_have_text("20 shown · 4 set aside")


def test_arrows_and_space_reach_everything_and_enter_labels(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_triage(open_person(server))
    for _ in range(6):
        ana.page.keyboard.press("ArrowDown")
    expect(ana.page.get_by_role("button", name="At the edge, 4")).to_be_focused()
    ana.page.keyboard.press("Space")
    expect(ana.page.locator("#shown")).to_have_text("20 shown · 4 set aside")
    ana.page.keyboard.press("ArrowDown")
    expect(ana.page.get_by_role("button", name="Judged before, 0")).to_be_focused()
    ana.page.keyboard.press("ArrowDown")
    expect(ana.page.get_by_role("button", name="dog 8")).to_be_focused()
    ana.page.keyboard.press("o")
    expect(ana.page.locator("#shown")).to_have_text("8 shown · 16 set aside")
    ana.page.keyboard.press("Enter")
    wait_until(ana.item, "the label page has an item")
    expect(ana.page.locator("#status-filter")).to_have_text("dog only · 16 set aside")


def test_classes_toggle_and_the_last_one_stays(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_triage(open_person(server))
    ana.page.get_by_role("button", name="dog 8").click()
    expect(ana.page.locator("#shown")).to_have_text("16 shown · 8 set aside")
    ana.page.get_by_role("button", name="bird 8").click()
    ana.page.get_by_role("button", name="cat 8").click()
    expect(ana.page.get_by_text("One class at least stays")).to_be_visible()
    wait_until(lambda: server.get("/api/filter")["classes"] == ["cat"], "the last one stays")
    ana.page.get_by_role("button", name="All", exact=True).click()
    expect(ana.page.locator("#shown")).to_have_text("24 shown · 0 set aside")


def test_scores_are_typed_and_the_other_end_gives_way(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_triage(open_person(server))
    ana.page.get_by_role("spinbutton", name="from").fill("0.5")
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("#shown")).to_have_text("12 shown · 12 set aside")
    assert ana.page.locator("#histogram rect[data-out]").count() == 10
    ana.page.get_by_role("spinbutton", name="to").fill("0.1")
    ana.page.keyboard.press("Enter")
    wait_until(lambda: server.get("/api/filter")["score_min"] == 0.1, "the range is never empty")
    ana.page.get_by_role("spinbutton", name="to").fill("7")
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_text("A score is a number from 0 to 1.")).to_be_visible()


def test_a_phone_shows_it_within_its_width(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_triage(open_person(server, **PHONE))
    ana.page.get_by_role("button", name="Nested, 4").tap()
    expect(ana.page.locator("#shown")).to_have_text("20 shown · 4 set aside")
    assert ana.page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_controls_have_names_and_text_has_contrast(
    server: Server, open_person: Callable[..., Person], scheme: str
) -> None:
    ana = open_triage(open_person(server, color_scheme=scheme))
    ana.page.keyboard.press("1")
    expect(ana.page.locator("#shown")).to_have_text("20 shown · 4 set aside")
    assert ana.page.evaluate(NAMELESS) == []
    assert ana.page.evaluate(FAINT) == []
