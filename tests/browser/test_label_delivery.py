"""No press is lost, doubled or given to the wrong item, however fast the hands and however bad the connection."""

import re
from collections.abc import Callable
from typing import Any

from browser_helpers import Person, Server, wait_until
from playwright.sync_api import Route, expect

LABELS = {"a": 0, "d": 1, "s": None}
GONE = "net::ERR|503"  # while it is away, and while it opens the pool again


def press_fast(person: Person, keys: str) -> dict[str, int | None]:
    """Press keys without waiting for anything; answers what they must have led to."""
    person.watch_presses()
    for key in keys:
        person.page.keyboard.press(key)
    return {item: LABELS[key] for key, item in person.presses() if item}


def test_rapid_presses_hit_the_items_on_screen(ana: Person) -> None:
    expected = press_fast(ana, "adasdaddasadsadadaadsdadaasdad")
    assert len(expected) > 5
    wait_until(lambda: len(ana.server.labels()) == len(expected), "all presses arrived")
    assert ana.server.labels() == expected
    assert ana.server.exported() == {item: label for item, label in expected.items() if label is not None}


def test_presses_on_a_slow_line_arrive_in_order(ana: Person) -> None:
    line = ana.page.context.new_cdp_session(ana.page)
    slow = {"offline": False, "latency": 120, "downloadThroughput": -1, "uploadThroughput": -1}
    line.send("Network.emulateNetworkConditions", slow)
    ana.watch_presses()
    for key in "adads":
        ana.press(key)
    pressed = [(item, LABELS[key]) for key, item in ana.presses()]
    wait_until(lambda: len(ana.server.labels()) == 5, "all presses arrived")
    rows = ana.server.get("/api/review?order=newest")["rows"]
    assert [(row["item"]["id"], row["verdict"]["label"]) for row in reversed(rows)] == pressed


def test_presses_are_kept_while_the_server_is_gone(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    ana.wait_for_images()
    server.kill()
    expected = {ana.press("a"): 0, ana.press("d"): 1, ana.press("s"): None}
    banner = ana.page.get_by_role("alert")
    expect(banner).to_contain_text("Server not reachable — 3 answers kept, will be sent")
    shown = ana.press("d")
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: ana.item() == shown, "undo works without the server")
    expect(banner).to_contain_text("5 answers kept")
    server.start()
    wait_until(lambda: len(server.events()) == 5, "everything is delivered")
    expect(banner).to_be_hidden()
    assert server.labels() == expected
    assert server.events() == ["verdict"] * 4 + ["undo"]


def test_presses_survive_a_reload_and_arrive_once(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    ana.wait_for_images()
    server.kill()
    expected = {ana.press("a"): 0, ana.press("d"): 1}
    ana.page.goto("about:blank")
    server.start()
    assert server.labels() == {}
    ana.open_label_page()
    wait_until(lambda: server.labels() == expected, "what was kept is delivered")
    ana.open_label_page()
    assert ana.item() not in expected
    assert server.events() == ["verdict", "verdict"]


def test_a_reload_while_answers_are_on_their_way_loses_none(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    ana.wait_for_images()
    ana.page.route("**/api/verdicts", lambda route: route.abort())
    expected = {ana.press("a"): 0, ana.press("d"): 1, ana.press("s"): None}
    expect(ana.page.get_by_role("alert")).to_contain_text("3 answers kept")
    ana.page.unroute("**/api/verdicts")
    ana.page.reload()
    expect(ana.page.get_by_text("2 of 40 labelled")).to_be_visible()
    assert server.labels() == expected
    rows = server.get("/api/review?order=newest")["rows"]
    assert [row["item"]["id"] for row in reversed(rows)] == list(expected)


def test_presses_of_a_closed_tab_are_sent_by_the_other(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    ana.wait_for_images()
    ana.page.route("**/api/verdicts", lambda route: route.abort())
    expected = {ana.press("a"): 0}
    expect(ana.page.get_by_role("alert")).to_contain_text("1 answer kept")
    other = Person(ana.page.context.new_page(), server).open_label_page()
    ana.page.close()
    expect(other.page.get_by_text("1 of 40 labelled")).to_be_visible()
    assert server.labels() == expected


def test_presses_left_by_the_label_page_are_sent_from_any_page(
    server: Server, open_person: Callable[..., Person]
) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    ana.wait_for_images()
    server.kill()
    expected = {ana.press("d"): 1}
    ana.page.goto("about:blank")
    server.start()
    ana.open("/export")
    wait_until(lambda: server.labels() == expected, "the export page has delivered it")
    expect(ana.page.locator("#positive")).to_have_text("1")


def test_an_answer_lost_on_the_way_back_counts_once(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    lost: list[Any] = []

    def lose_first(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch())  # the server has it …
        route.abort()  # … and the page does not know

    ana.page.route("**/api/verdicts", lose_first)
    expected = {ana.press("a"): 0, ana.press("d"): 1}
    expect(ana.page.get_by_text("2 of 40 labelled")).to_be_visible()
    expect(ana.page.get_by_role("alert")).to_be_hidden()
    assert server.labels() == expected
    assert server.events() == ["verdict", "verdict"]


def test_an_answer_that_the_server_cannot_store_now_is_kept(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected="503").open_label_page()
    full = {"error": "bad_database", "detail": "The disk is full."}
    ana.page.route("**/api/verdicts", lambda route: route.fulfill(status=503, json=full))
    expected = {ana.press("a"): 0}
    expect(ana.page.get_by_role("alert")).to_contain_text("The disk is full. — 1 answer kept, will be sent")
    ana.page.unroute("**/api/verdicts")
    expect(ana.page.get_by_role("alert")).to_be_hidden()
    assert server.labels() == expected


def test_a_refused_answer_is_dropped_and_said(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected="404").open_label_page()
    unknown = {"error": "unknown_item", "detail": "The pool has no such item."}
    ana.page.route("**/api/verdicts", lambda route: route.fulfill(status=404, json=unknown), times=1)
    ana.press("a")
    banner = ana.page.get_by_role("alert")
    expect(banner).to_contain_text("An answer was not accepted: The pool has no such item.")
    expected = {ana.press("d"): 1}
    wait_until(lambda: server.labels() == expected, "the answers after it go on")
    ana.page.get_by_role("button", name="Dismiss").click()
    expect(banner).to_be_hidden()


def test_a_second_tab_leaves_the_first_ones_presses_alone(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    other = Person(ana.page.context.new_page(), server).open_label_page()
    ana.wait_for_images()
    other.wait_for_images()
    server.kill()
    pressed = {ana.press("a"), other.press("d")}  # most often the same item: then one answer changes the other
    server.start()
    wait_until(lambda: len(server.events()) == 2, "each tab sends its own")
    assert server.events() == ["verdict", "verdict"]
    assert set(server.labels()) == pressed


def test_two_annotators_do_not_undo_each_other(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server).open_label_page()
    mine = ana.press("a")
    wait_until(lambda: server.labels() == {mine: 0}, "mine is there")
    bob = open_person(server, expected="409").open_label_page()
    bob.page.get_by_label("Your name").fill("bob")
    bob.page.get_by_label("Your name").press("Enter")
    bob.page.keyboard.press("Backspace")
    expect(bob.page.get_by_text("There is nothing to take back.")).to_be_visible()
    assert server.labels() == {mine: 0}


def test_a_queue_from_before_a_verdict_does_not_bring_its_item_back(ana: Person) -> None:
    verdicts: list[Route] = []
    queues: list[Route] = []
    ana.page.route("**/api/verdicts", lambda route: verdicts.append(route))
    ana.page.route(re.compile("/api/queue"), lambda route: queues.append(route))
    judged = ana.item()
    ana.page.keyboard.press("d")
    with ana.page.expect_response("**/api/strategy"):
        ana.page.keyboard.press("q")  # a reason to ask for the queue while the verdict is on its way
    ana.page.wait_for_timeout(200)
    early = [route.fetch() for route in queues]
    ana.page.unroute("**/api/verdicts")
    with ana.page.expect_response("**/api/verdicts"):
        verdicts[0].continue_()
    for route, answer in zip(queues, early, strict=True):
        route.fulfill(response=answer)
    ana.page.unroute(re.compile("/api/queue"))
    for _ in range(39):
        assert ana.press("a") != judged
    wait_until(lambda: len(ana.server.labels()) == 40, "every other item was shown")
    assert len(ana.server.events()) == 40
