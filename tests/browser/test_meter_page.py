"""The recall meter of the label page: words that claim no more than the numbers, details, target, a phone's line."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from browser_helpers import Person, Server, is_red, wait_until
from playwright.sync_api import expect
from test_label_page import FAINT, NAMELESS, PHONE

READING: dict[str, Any] = {
    "population": 1200,
    "found": 61,
    "looked": 402,
    "open": 798,
    "set_aside": 0,
    "auto": 0,
    "at_most": 72,
    "bound": 0.8371,
    "bound_method": "ranked",
    "bound_random": 0.41,
    "confidence": 0.95,
    "target": 0.95,
    "is_reached": False,
    "looks_to_target": 1120,
    "refused": [],
    "prevalence": {"estimate": 0.052, "low": 0.021, "high": 0.104, "looks": 96},
    "head": None,
    "seq": 402,
}
SILENT = {
    "bound": None,
    "bound_method": None,
    "bound_random": None,
    "at_most": None,
    "looks_to_target": None,
    "refused": [{"method": "ranked", "why": "No ranked look."}, {"method": "random", "why": "No random look."}],
}
SAYS = """async (reading) => {
  const words = await import("/static/js/recall_words.js");
  return [words.foundWords(reading), words.boundWords(reading), words.nextWords(reading), words.shortWords(reading)]
    .map((text) => text.replaceAll("\\u00a0", " "));
}"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {},
            [
                "61 found.",
                "With 95 % confidence that is at least 83 % of all.",
                "1,120 more looks without a hit would make it 95 %.",
                "61 found, at least 83 %",
            ],
        ),
        (
            {"bound": 0.9549, "is_reached": True, "looks_to_target": 0},
            [
                "61 found.",
                "With 95 % confidence that is at least 95 % of all.",
                "The target of 95 % is reached: you may stop.",
                "61 found, at least 95 %",
            ],
        ),
        (SILENT, ["61 found.", "How much of all that is cannot be said yet.", "No random look.", "61 found"]),
        (
            {"found": 0, "bound": 0.0, "at_most": 31, "looks_to_target": 1},
            [
                "Nothing found yet.",
                "With 95 % confidence there are at most 31.",
                "1 more look without a hit would make it 95 %.",
                "",
            ],
        ),
        (
            {"bound": 0.99999, "target": 0.999},
            [
                "61 found.",
                "With 95 % confidence that is at least 99.9 % of all.",
                "1,120 more looks without a hit would make it 99.9 %.",
                "61 found, at least 99.9 %",
            ],
        ),
    ],
)
def test_the_words_claim_no_more_than_the_numbers(ana: Person, change: dict[str, Any], said: list[str]) -> None:
    assert ana.page.evaluate(SAYS, {**READING, **change}) == said


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        (1, "Between 2.1 % and 10 % (95 %), from 1 random look."),
        (10, "About 5.2 % (95 %: 2.1 % to 10 %), from 10 random looks."),
    ],
)
def test_a_prevalence_is_estimated_from_ten_looks_on(ana: Person, looks: int, said: str) -> None:
    prevalence = {"estimate": 0.052, "low": 0.021, "high": 0.104, "looks": looks}
    says = """async (prevalence) => {
      const words = await import("/static/js/recall_words.js");
      return words.prevalenceWords({prevalence}).replaceAll("\\u00a0", " ");
    }"""
    assert ana.page.evaluate(says, prevalence) == said


def find_most(server: Server) -> dict[str, Any]:
    """Judge 30 of the 40 tiles by their true colour, most likely first; answers the meter's reading."""
    server.send("PUT", "/api/goal", {"name": "find_all"})
    for i in range(30):
        item = server.get("/api/queue?n=1")["items"][0]
        server.judge(item["id"], is_red(item["index"]), f"find-{i}")
        wait_until(lambda: server.get("/api/queue?n=1")["model"]["state"] != "fitting", "the head knows it")
    reading: dict[str, Any] = wait_until(lambda: reading_after(server, 30), "the meter has read all verdicts")
    return reading


def reading_after(server: Server, looked: int) -> dict[str, Any] | None:
    """The meter answers in time rather than with the newest verdicts: None until it knows them."""
    reading: dict[str, Any] = server.get("/api/recall")
    return reading if reading["looked"] == looked else None


def test_the_meter_shows_what_is_found_and_opens_its_details_by_key(
    server: Server, open_person: Callable[..., Person]
) -> None:
    reading = find_most(server)
    ana = open_person(server).open_label_page()
    expect(ana.page.locator("#recall-found")).to_have_text(f"{reading['found']} found.")
    said = ana.page.evaluate(SAYS, reading)
    expect(ana.page.locator("#recall-bound")).to_have_text(said[1])
    expect(ana.page.locator("#recall-next")).to_have_text(said[2])
    frame, shown = ana.frame.bounding_box(), ana.item()
    ana.page.keyboard.press("r")
    details = ana.page.get_by_role("region", name="Found, and left")
    expect(details).to_contain_text("Ranked and random looks:")
    expect(details).to_contain_text("random item")
    expect(ana.page.locator("#chart")).to_have_attribute("data-points", re.compile("[1-9]"))
    assert (ana.frame.bounding_box(), ana.item()) == (frame, shown)
    for scheme in ("light", "dark"):
        ana.page.emulate_media(color_scheme=scheme)
        assert ana.page.evaluate(NAMELESS) == []
        assert ana.page.evaluate(FAINT) == []
    ana.page.get_by_label("Stop at").fill("80")
    ana.page.get_by_label("Stop at").press("Enter")
    wait_until(lambda: server.get("/api/recall")["target"] == 0.8, "the server works towards it")
    ana.page.keyboard.press("r")
    expect(details).to_be_hidden()
    ana.press("a")
    wait_until(lambda: server.progress()["labeled"] == 31, "keys judge again")


def test_a_verdict_is_in_the_meter_soon_and_undo_takes_it_out(ana: Person) -> None:
    ana.press("d")
    expect(ana.page.locator("#recall-found")).to_have_text("1 found.")
    ana.page.keyboard.press("Backspace")
    expect(ana.page.locator("#recall-found")).to_have_text("Nothing found yet.")


def test_on_a_phone_the_meter_is_one_line_under_the_buttons(server: Server, open_person: Callable[..., Person]) -> None:
    find_most(server)
    ana = open_person(server, **PHONE).open_label_page()
    line = ana.page.locator("#status-recall")
    expect(line).to_contain_text("found")
    box = line.bounding_box()
    assert box["height"] <= 24
    assert box["y"] + box["height"] <= 844
    assert ana.page.evaluate("document.documentElement.scrollWidth") == 390
