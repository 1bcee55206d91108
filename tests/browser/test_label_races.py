"""The label page keeps what was chosen while older answers are still on their way to it."""

import re
from collections.abc import Callable
from typing import Any

from browser_helpers import Person, Server, wait_until
from late_answers import Late
from playwright.sync_api import Page, expect

# From now on, what the panel says of the goal: "asking", "by-hand" or "goal".
NOTE_GOALS = """() => {
  const panel = document.getElementById("panel");
  document.body.dataset.goals = "";
  const note = () => (document.body.dataset.goals += `${panel.dataset.goal} `);
  new MutationObserver(note).observe(panel, { attributes: true, attributeFilter: ["data-goal"] });
}"""


def look_again(page: Page) -> None:
    """As when the tab comes to the front: the page asks what is shown."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_goal_chosen_while_a_verdict_is_on_its_way_stays_on_the_page(ana: Person) -> None:
    late = Late(ana.page, "**/api/verdicts", "POST")
    ana.press("s")
    late.wait()
    with ana.page.expect_response("**/api/goal"):
        ana.page.keyboard.press("g")
    ana.page.evaluate(NOTE_GOALS)
    with ana.page.expect_response("**/api/queue*") as asked_again:
        late.release()
    assert asked_again.value.json()["goal"] == "find_all"
    expect(ana.page.locator("body")).to_have_attribute("data-goals", re.compile("^(goal )+$"))
    expect(ana.page.get_by_role("radio", name="Find all")).to_be_checked()


def test_a_queue_asked_for_before_a_goal_was_chosen_brings_neither_its_goal_nor_its_items(ana: Person) -> None:
    shown = ana.item()
    late = Late(ana.page, "**/api/queue*", only=1)
    look_again(ana.page)
    late.wait()
    with ana.page.expect_response("**/api/queue*"):
        ana.page.keyboard.press("g")
    expect(ana.page.get_by_role("radio", name="Find all")).to_be_checked()
    with ana.page.expect_response("**/api/queue*"):
        late.release()
    ana.page.keyboard.press("h")  # whatever the answer led to has happened by now
    ana.page.keyboard.press("h")
    expect(ana.page.get_by_role("radio", name="Find all")).to_be_checked()
    assert ana.item() == shown


def test_no_item_of_the_filter_before_is_shown_when_its_queue_comes_late(ana: Person) -> None:
    old = ana.server.get("/api/queue?n=32")["items"]
    assert old[0]["class_name"] is None
    late = Late(ana.page, "**/api/queue*", only=2)
    look_again(ana.page)
    late.wait()
    ana.page.keyboard.press("c")
    late.wait(2)
    late.release()
    cars = {item["id"] for item in old if item["class_name"] == "car"}
    assert wait_until(ana.item, "an item is on screen") in cars


def test_a_target_stands_though_an_older_reading_comes_late(ana: Person) -> None:
    ana.press("d")
    expect(ana.page.locator("#recall-found")).to_have_text("1 found.")
    late = Late(ana.page, "**/api/recall", only=1)
    ana.page.keyboard.press("r")
    late.wait()
    ana.page.get_by_label("Stop at").fill("80")
    ana.page.get_by_label("Stop at").press("Enter")
    wait_until(lambda: ana.server.get("/api/recall")["target"] == 0.8, "the server works towards it")
    expect(ana.page.locator("#recall-bar")).to_have_css("--target", "80%")
    with ana.page.expect_response(lambda answer: '"target":0.8' in answer.text()):
        late.release()  # it is asked again
    expect(ana.page.locator("#recall-bar")).to_have_css("--target", "80%")


def test_a_target_that_was_not_taken_leaves_the_field(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected="net::ERR|503").open_label_page()
    ana.page.keyboard.press("r")
    field = ana.page.get_by_label("Stop at")
    expect(field).to_have_value("95")
    server.kill()
    field.fill("80")
    field.press("Enter")
    expect(ana.page.get_by_text("The target was not changed")).to_be_visible()
    expect(field).to_have_value("95")


def start(server: Server) -> dict[str, Any]:
    answer: dict[str, Any] = server.get("/api/start")
    return answer


def test_the_last_start_chosen_stands_though_the_one_before_is_answered_late(ana: Person) -> None:
    ana.page.keyboard.press("x")
    expect(ana.page.get_by_role("radio", name="A bit of everything")).to_be_focused()
    ana.page.get_by_role("button", name="Take the image on screen").click()
    like = ana.page.get_by_role("radio", name="Like my examples")
    expect(like).to_be_checked()
    late = Late(ana.page, "**/api/start", "PUT", only=1)
    like.focus()
    ana.page.keyboard.press("ArrowUp")
    late.wait()
    ana.page.keyboard.press("ArrowDown")
    with ana.page.expect_response(lambda answer: '"way":"example"' in answer.text()):
        late.release()
    expect(like).to_be_checked()
    assert start(ana.server)["way"] == "example"


def test_like_my_examples_without_any_asks_for_one(ana: Person) -> None:
    ana.page.keyboard.press("x")
    expect(ana.page.get_by_role("radio", name="A bit of everything")).to_be_focused()
    ana.page.keyboard.press("ArrowDown")
    expect(ana.page.get_by_text("There is no example yet")).to_be_visible()
    expect(ana.page.get_by_role("radio", name="A bit of everything")).to_be_checked()
    assert start(ana.server)["way"] == "cover"


def test_exemplars_come_for_an_item_whose_picture_came_late(server: Server, open_person: Callable[..., Person]) -> None:
    server.learn(12)
    ana = open_person(server)
    late = Late(ana.page, "**/media/items/**")
    ana.open("/")
    late.wait()
    ana.page.keyboard.press("e")
    expect(ana.page.get_by_text("Waiting for the next image")).to_be_visible()
    late.release()
    expect(ana.page.locator("#exemplars").get_by_role("img").first).to_be_visible()


def test_open_exemplars_are_hidden_while_a_goal_is_blind(server: Server, open_person: Callable[..., Person]) -> None:
    server.learn(12)
    ana = open_person(server).open_label_page()
    ana.page.keyboard.press("e")
    strip = ana.page.locator("#exemplars")
    expect(strip.get_by_role("img").first).to_be_visible()
    ana.page.keyboard.press("g")
    ana.page.keyboard.press("g")
    expect(ana.page.get_by_role("radio", name="Teach")).to_be_checked()
    frame = ana.frame.bounding_box()
    ana.page.keyboard.press("g")
    expect(ana.page.get_by_role("radio", name="Audit")).to_be_checked()
    expect(strip).to_be_hidden()
    assert ana.frame.bounding_box() == frame
