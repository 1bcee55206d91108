"""Goals on the label page: asked for, changed by key, strategies by hand, and what a blind goal hides."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser_helpers import Person, Server, draw_pool, wait_until
from late_answers import Late
from playwright.sync_api import expect
from test_label_page import FAINT, NAMELESS

GOALS = ["find_all", "teach", "audit", "clean"]


def goal(server: Server) -> str | None:
    return server.get("/api/goal")["name"]


def asking(person: Person) -> bool:
    return person.page.get_by_text("What are you after?").is_visible()


def choose(person: Person, name: str) -> None:
    """As a person would, with the mouse."""
    person.page.get_by_role("radiogroup").locator("label").filter(has_text=name).first.click()


def test_the_page_asks_for_a_goal_until_one_is_chosen(ana: Person) -> None:
    offered = ana.server.get("/api/goal")["available"]
    assert [choice["name"] for choice in offered] == GOALS
    for choice in offered:
        expect(ana.page.get_by_role("radio", name=f"{choice['label']} {choice['help']}")).not_to_be_checked()
    assert asking(ana)
    ana.page.keyboard.press("g")
    expect(ana.page.get_by_role("radio", name="Find all")).to_be_checked()
    wait_until(lambda: goal(ana.server) == "find_all", "the server pursues it")
    ana.open_label_page()
    assert not asking(ana)
    expect(ana.page.get_by_role("radio", name="Find all")).to_be_checked()
    expect(ana.page.locator("#goal-help")).to_have_text(offered[0]["help"])


def test_the_goal_key_goes_through_all_goals_and_the_last_choice_stands(ana: Person) -> None:
    for _ in GOALS:
        ana.page.keyboard.press("g")
    wait_until(lambda: goal(ana.server) == "clean", "the last choice stands")
    ana.page.keyboard.press("g")
    wait_until(lambda: goal(ana.server) == "find_all", "they begin again")
    expect(ana.page.get_by_role("radio", name="Find all")).to_be_checked()


def newest(server: Server) -> dict[str, object]:
    verdict: dict[str, object] = server.get("/api/review?limit=1")["rows"][0]["verdict"]
    return verdict


def test_the_log_keeps_the_goal_that_was_pursued_when_the_item_was_shown(ana: Person) -> None:
    with ana.page.expect_response("**/api/queue*"):
        ana.page.keyboard.press("g")
    shown_before = ana.press("d")
    wait_until(lambda: ana.server.labels() == {shown_before: 1}, "it is judged")
    assert newest(ana.server)["goal"] is None
    wait_until(lambda: ana.item() not in ("", shown_before), "the next item is on screen")
    shown_for_it = ana.press("a")
    wait_until(lambda: ana.server.labels() == {shown_before: 1, shown_for_it: 0}, "it is judged")
    assert newest(ana.server)["goal"] == "find_all"


def test_strategies_stay_by_hand_and_end_the_asking_for_everybody(
    ana: Person, open_person: Callable[..., Person]
) -> None:
    choose(ana, "By hand")
    expect(ana.page.get_by_label("Next")).to_be_visible()
    assert not asking(ana)
    ana.page.keyboard.press("g")
    expect(ana.page.get_by_label("Next")).to_be_hidden()
    wait_until(lambda: goal(ana.server) == "find_all", "a goal is pursued")
    ana.page.keyboard.press("q")
    expect(ana.page.get_by_role("radio", name="By hand")).to_be_checked()
    wait_until(lambda: goal(ana.server) is None, "the strategy is in its place")
    ben = open_person(ana.server).open_label_page()
    assert not asking(ben)
    expect(ben.page.get_by_label("Next")).to_have_value(ana.server.get("/api/strategy")["name"])


def test_a_key_works_after_a_goal_was_clicked(ana: Person) -> None:
    choose(ana, "Teach")
    wait_until(lambda: goal(ana.server) == "teach", "the server pursues it")
    judged = ana.press("ArrowRight")
    wait_until(lambda: ana.server.labels() == {judged: 1}, "the arrow judges")


def test_arrows_within_the_goals_judge_nothing_and_enter_gives_the_keys_back(ana: Person) -> None:
    choose(ana, "Find all")
    ana.page.get_by_role("radio", name="Find all").focus()
    ana.page.keyboard.press("ArrowRight")
    wait_until(lambda: goal(ana.server) == "teach", "the arrow chooses")
    ana.page.keyboard.press("ArrowLeft")
    wait_until(lambda: goal(ana.server) == "find_all", "and back")
    assert ana.server.labels() == {}
    ana.page.keyboard.press("Enter")
    judged = ana.press("ArrowRight")
    wait_until(lambda: ana.server.labels() == {judged: 1}, "the arrow judges")


def test_a_blind_goal_hides_what_the_model_and_the_detector_think(
    server: Server, open_person: Callable[..., Person]
) -> None:
    server.learn(8)
    ana = open_person(server).open_label_page()
    while not ana.page.locator(".box").is_visible():
        shown = ana.press("s")
        wait_until(lambda before=shown: ana.item() not in ("", before), "the next item is on screen")
    ana.page.keyboard.press("p")
    expect(ana.page.locator("#item-probability")).to_contain_text("P(positive)")
    expect(ana.page.locator("#item-claim")).to_have_text("car 0.83")
    choose(ana, "Audit")
    expect(ana.page.locator("#item-probability")).to_have_text("blind")
    expect(ana.page.locator("#item-claim")).to_be_hidden()
    expect(ana.frame).to_have_attribute("aria-label", re.compile(r"^tiles/\d+\.png$"))
    expect(ana.page.locator(".box")).to_be_visible()
    for key in "pe":
        ana.page.keyboard.press(key)
        expect(ana.page.get_by_text("Blind:")).to_be_visible()
    expect(ana.page.locator("#exemplars")).to_be_hidden()
    wait_until(lambda: goal(server) == "audit", "the server pursues it")
    with ana.page.expect_response(lambda answer: "/api/queue" in answer.url and '"find_all"' in answer.text()):
        choose(ana, "Find all")
    for _ in range(3):  # the next items may have come before the page heard of the new goal
        shown = ana.press("s")
        wait_until(lambda before=shown: before in server.labels(), "it is recorded")
        wait_until(lambda before=shown: ana.item() not in ("", before), "the next item is on screen")
    expect(ana.page.locator("#item-probability")).to_contain_text("P(positive)")


def test_a_refused_choice_says_so_and_the_old_goal_stands(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected="503").open_label_page()
    with ana.page.expect_response("**/api/goal"):
        choose(ana, "Find all")
    refusal = {"error": "not_ready", "detail": "The pool is being opened."}
    ana.page.route(
        "**/api/goal",
        lambda route: route.fulfill(status=503, json=refusal) if route.request.method == "PUT" else route.continue_(),
    )
    ana.page.keyboard.press("g")
    expect(ana.page.get_by_text("The goal was not changed")).to_be_visible()
    expect(ana.page.get_by_role("radio", name="Find all")).to_be_checked()


def twins(folder: Path) -> Path:
    """The usual tiles as whole images, each of the first ten with a near-duplicate among the next ten."""
    draw_pool(folder)
    features = np.load(folder / "features.npy")
    features[10:20] = features[:10]
    np.save(folder / "features.npy", features)
    (folder / "refs.txt").write_text("".join(f"tiles/{i:03d}.png\n" for i in range(40)))
    return folder / "refs.txt"


def test_near_duplicates_of_labelled_items_are_set_aside_and_come_back_by_key(
    tmp_path: Path, start_server: Callable[..., Server], open_person: Callable[..., Person]
) -> None:
    server = start_server(twins(tmp_path), WINNOW_ATLAS="true", WINNOW_GOAL="teach")
    wait_until(lambda: server.get("/api/near-duplicates")["state"] == "ready", "they are known", 300)
    ids = {item["index"]: item["id"] for item in server.get("/api/queue?n=40")["items"]}
    server.judge(ids[3], 0, "one")
    wait_until(lambda: server.get("/api/near-duplicates")["set_aside"] == 1, "its twin is set aside")
    ana = open_person(server).open_label_page()
    button = ana.page.get_by_role("button", name="Near-duplicates")
    expect(button).to_contain_text("1 aside")
    ana.page.keyboard.press("n")
    expect(button).to_contain_text("shown")
    expect(button).to_have_attribute("aria-pressed", "true")
    assert server.get("/api/near-duplicates")["is_shown"]
    ana.page.keyboard.press("n")
    expect(button).to_contain_text("1 aside")
    late = Late(ana.page, "**/api/near-duplicates", "PUT", only=1)
    ana.page.keyboard.press("n")
    ana.page.keyboard.press("n")
    late.wait()
    with ana.page.expect_response(
        lambda answer: answer.request.method == "PUT" and '"is_shown":false' in answer.text()
    ):
        late.release()  # the second press goes after the first
    expect(button).to_contain_text("1 aside")


def test_without_an_atlas_the_key_says_why_there_are_no_near_duplicates(ana: Person) -> None:
    ana.page.keyboard.press("g")
    expect(ana.page.get_by_role("button", name="Near-duplicates")).to_contain_text("off")
    ana.page.keyboard.press("n")
    expect(ana.page.get_by_text("Near-duplicates are not looked for")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_fits_beside_the_image_in_each_of_its_views(
    server: Server, open_person: Callable[..., Person], scheme: str
) -> None:
    """At 1366 x 768; the details of the meter are longer and scroll by themselves."""
    server.learn(8)
    ana = open_person(server, color_scheme=scheme).open_label_page()
    panel = ana.page.locator("#panel")
    frame = ana.frame.bounding_box()
    for name in ("asks", "goal", "by hand"):
        if name != "asks":
            ana.page.keyboard.press("g" if name == "goal" else "q")
            expect(panel).to_have_attribute("data-goal", name.replace(" ", "-"))
        assert panel.evaluate("(part) => part.scrollHeight - part.clientHeight") <= 0, name
        assert ana.page.evaluate(NAMELESS) == []
        assert ana.page.evaluate(FAINT) == []
    assert ana.frame.bounding_box() == frame
    assert frame["height"] >= 0.7 * 768
