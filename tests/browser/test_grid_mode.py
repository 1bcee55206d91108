"""Sweep and grid: many items labelled by one press, bound to what was on screen, by keyboard and by touch."""

import re
from collections.abc import Callable
from typing import Any

from browser_helpers import Person, Server, is_red, wait_until
from late_answers import Late
from playwright.sync_api import Route, expect

GONE = "net::ERR|503"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
LABELS = {"positive": 1, "negative": 0}
MARKS = """() => Object.fromEntries([...document.querySelectorAll("#many-cells [data-item]")]
  .filter((cell) => cell.dataset.item).map((cell) => [cell.dataset.item, cell.dataset.mark]))"""

AT_ONCE = """(keys) => {
  for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""


def marks(person: Person) -> dict[str, str]:
    """What is on screen: the item of each picture and what it is marked as."""
    return dict(person.page.evaluate(MARKS))


def labels_of(marked: dict[str, str]) -> dict[str, int | None]:
    return {item: LABELS[mark] for item, mark in marked.items() if mark != "out"}


def wait_for_pictures(person: Person, n: int = 24) -> dict[str, str]:
    """Until n pictures are there and were long enough on screen to be looked at."""
    wait_until(lambda: len(marks(person)) == n, f"{n} pictures are on screen")
    since = person.page.evaluate("performance.now()")
    wait_until(lambda: person.page.evaluate("performance.now()") > since + 400, "they were looked at")
    return marks(person)


def sweep(person: Person, key: str = "d") -> str:
    """Judge the item on screen and open its look-alikes; answers the item."""
    judged = person.press(key)
    person.page.keyboard.press("l")
    return judged


def press(person: Person, *keys: str) -> None:
    for key in keys:
        person.page.keyboard.press(key)


def index_of(server: Server) -> dict[str, int]:
    items = server.get("/api/queue?n=100")["items"]
    return {item["id"]: item["index"] for item in items}


def test_a_sweep_labels_what_is_marked_on_screen_and_nothing_else(ana: Person) -> None:
    judged = sweep(ana)
    expect(ana.page.get_by_role("dialog")).to_be_visible()
    first = wait_for_pictures(ana)
    assert set(first.values()) == {"positive"}
    press(ana, "3", "ArrowDown", "ArrowLeft", "Space", "s", "a")
    marked = marks(ana)
    place = list(marked)
    columns = ana.page.locator(".many-row").first.locator("[role=gridcell]").count()
    below = columns + 1  # down from the third, then left
    turned = {place[2]: "negative", place[below]: "out", place[below + 1]: "negative"}
    assert marked == {**first, **turned}
    expect(ana.page.locator("#many-apply")).to_contain_text("Label 23")
    press(ana, "Enter")
    expect(ana.page.get_by_role("dialog")).to_be_hidden()
    expected = {judged: 1, **labels_of(marked)}
    wait_until(lambda: ana.server.labels() == expected, "exactly these are labelled")
    assert ana.item() not in expected
    assert ana.server.exported() == expected


def test_one_backspace_takes_back_a_sweep_and_brings_its_items_back_to_the_line(ana: Person) -> None:
    judged = sweep(ana)
    swept = wait_for_pictures(ana)
    press(ana, "Enter")
    wait_until(lambda: len(ana.server.labels()) == 25, "all are labelled")
    press(ana, "Backspace")
    wait_until(lambda: ana.server.labels() == {judged: 1}, "all of it is taken back")
    expect(ana.page.get_by_text("Taken back: all that was labelled together.")).to_be_visible()
    seen = set()
    while len(seen) < 39:
        before = ana.press("s")
        seen.add(before)
        wait_until(lambda before=before: ana.item() != before, "another item is on screen")
    assert set(swept) <= seen
    press(ana, "Backspace")
    wait_until(lambda: len(ana.server.labels()) == 39, "the next one takes back a single verdict")


def test_the_nearest_come_first_and_the_label_is_that_of_the_one_before(ana: Person) -> None:
    index = index_of(ana.server)
    judged = sweep(ana, "a")
    marked = wait_for_pictures(ana)
    assert set(marked.values()) == {"negative"}
    alike = [is_red(index[item]) == is_red(index[judged]) for item in list(marked)[:6]]
    assert alike == [True] * 6
    press(ana, "Escape")
    expect(ana.page.get_by_role("dialog")).to_be_hidden()
    assert ana.server.labels() == {judged: 0}


def test_a_sweep_after_a_reload_is_of_the_last_verdict_in_the_log(ana: Person) -> None:
    judged = ana.press("d")
    ana.press("s")
    wait_until(lambda: len(ana.server.labels()) == 2, "both are there")
    path = next(row["item"]["path"] for row in ana.server.get("/api/review")["rows"] if row["item"]["id"] == judged)
    ana.open_label_page()
    press(ana, "l")
    expect(ana.page.get_by_role("heading", name=f"Look-alikes of {path.rsplit('/', 1)[-1]}")).to_be_visible()
    assert set(wait_for_pictures(ana).values()) == {"positive"}


def test_a_sweep_before_any_verdict_says_what_to_do(ana: Person) -> None:
    press(ana, "l")
    expect(ana.page.get_by_text("Say yes or no to an item first")).to_be_visible()
    expect(ana.page.get_by_role("dialog")).to_be_hidden()


def test_a_grid_is_marked_as_the_model_thinks_and_the_next_one_follows(
    server: Server, open_person: Callable[..., Person]
) -> None:
    server.learn(8)
    probability = {item["id"]: item["probability"] for item in server.get("/api/queue?n=100")["items"]}
    ana = open_person(server).open_label_page()
    press(ana, "b", "-")
    first = wait_for_pictures(ana, 12)
    assert first == {item: "positive" if probability[item] >= 0.5 else "negative" for item in first}
    known = server.labels()
    press(ana, "Enter")
    wait_until(lambda: marks(ana).keys() - first.keys() and not marks(ana).keys() & first.keys(), "others have come")
    assert server.labels() == {**known, **labels_of(first)}
    wait_for_pictures(ana, 12)
    press(ana, "Backspace")
    wait_until(lambda: server.labels() == known, "the first twelve are taken back")
    wait_until(lambda: len(marks(ana)) == 12, "the grid goes on")
    press(ana, "Backspace")
    expect(ana.page.get_by_text("Nothing was labelled here yet")).to_be_visible()
    press(ana, "Escape")
    assert server.labels() == known


def test_without_a_model_nothing_is_marked_and_nothing_is_labelled(ana: Person) -> None:
    press(ana, "b")
    assert set(wait_for_pictures(ana).values()) == {"out"}
    expect(ana.page.get_by_text("No model yet: nothing is marked")).to_be_visible()
    press(ana, "Enter")
    expect(ana.page.get_by_role("dialog")).to_be_visible()
    press(ana, "Shift+A", "Home", "d")
    marked = marks(ana)
    assert list(marked.values()) == ["positive"] + ["negative"] * 23
    press(ana, "Enter")
    wait_until(lambda: ana.server.labels() == labels_of(marked), "these are labelled")


def test_enter_labels_no_picture_that_has_not_been_seen(ana: Person) -> None:
    held: list[Route] = []
    released: list[bool] = []
    ana.page.route(re.compile("size=320"), lambda route: route.continue_() if released else held.append(route))
    sweep(ana)
    wait_until(lambda: held, "pictures are asked for")
    press(ana, "Enter", "Enter")
    expect(ana.page.locator("#many-apply")).to_contain_text("Label 0")
    released.append(True)
    for route in held:
        route.continue_()
    wait_for_pictures(ana)
    assert len(ana.server.labels()) == 1
    press(ana, "Enter")
    wait_until(lambda: len(ana.server.labels()) == 25, "now they are labelled")


def test_a_picture_that_cannot_be_shown_is_not_labelled(
    tmp_path: Any, start_server: Callable[..., Server], open_person: Callable[..., Person]
) -> None:
    server = start_server()
    ana = open_person(server, expected="422").open_label_page()
    index = index_of(server)
    judged = ana.press("d")
    near = server.get(f"/api/items/{judged}/neighbours?n=1")["items"][0]["id"]
    (tmp_path / "tiles" / f"{index[near]:03d}.png").write_bytes(b"no image")
    press(ana, "l")
    wait_for_pictures(ana, 23)
    expect(ana.page.locator("[data-broken]")).to_have_count(1)
    press(ana, "Enter")
    wait_until(lambda: len(server.labels()) == 24, "the others are labelled")
    assert near not in server.labels()


def test_a_sweep_is_kept_while_the_server_is_gone_and_arrives_once(
    server: Server, open_person: Callable[..., Person]
) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    judged = sweep(ana)
    marked = wait_for_pictures(ana)
    server.kill()
    press(ana, "Enter")
    expect(ana.page.get_by_role("alert")).to_contain_text("1 answer kept")
    ana.page.goto("about:blank")
    server.start()
    ana.open_label_page()
    wait_until(lambda: server.labels() == {judged: 1, **labels_of(marked)}, "it has arrived")
    assert server.events() == ["verdict"] * 25
    assert ana.item() not in server.labels()


def test_an_answer_lost_on_the_way_back_labels_once(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected=GONE).open_label_page()
    lost: list[Any] = []

    def lose_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch())
        route.abort()

    ana.page.route("**/api/verdicts/batch", lose_first)
    sweep(ana)
    wait_for_pictures(ana)
    press(ana, "Enter")
    expect(ana.page.get_by_text("25 of 40 labelled")).to_be_visible()
    expect(ana.page.get_by_role("alert")).to_be_hidden()
    assert server.events() == ["verdict"] * 25


def test_what_somebody_labelled_meanwhile_stands(ana: Person) -> None:
    sweep(ana)
    marked = wait_for_pictures(ana)
    other = next(iter(marked))
    ana.server.send("POST", "/api/verdicts", {"item_id": other, "label": 0, "key": "other-1"})
    press(ana, "Enter")
    expect(ana.page.get_by_text("1 had a verdict already: it stands.")).to_be_visible()
    assert ana.server.labels()[other] == 0


def test_taking_back_a_sweep_that_recorded_nothing_takes_back_no_older_verdict(ana: Person) -> None:
    judged = sweep(ana)
    marked = wait_for_pictures(ana)
    for i, item in enumerate(marked):
        ana.server.judge(item, 0, f"other-{i}")
    before = ana.server.labels()
    assert set(before) == {judged, *marked}
    late = Late(ana.page, "**/api/verdicts/batch", "POST")
    press(ana, "Enter")
    late.wait()
    press(ana, "Backspace")
    late.release()
    expect(ana.page.get_by_text("There is nothing to take back.")).to_be_visible()
    shown = ana.press("s")
    wait_until(lambda: ana.server.labels() == {**before, shown: None}, "nothing was taken back before this skip")


def test_a_grid_that_recorded_nothing_leaves_nothing_to_take_back(ana: Person) -> None:
    press(ana, "b")
    wait_for_pictures(ana)
    press(ana, "Shift+A")
    marked = marks(ana)
    for i, item in enumerate(marked):
        ana.server.judge(item, 1, f"other-{i}")
    press(ana, "Enter")
    expect(ana.page.get_by_text("24 had a verdict already: it stands.")).to_be_visible()
    press(ana, "Backspace")
    expect(ana.page.get_by_text("Nothing was labelled here yet")).to_be_visible()
    assert ana.server.labels() == dict.fromkeys(marked, 1)


def test_a_sweep_asked_for_before_its_verdict_is_known_is_of_the_newest(ana: Person) -> None:
    ana.press("d")
    wait_until(lambda: len(ana.server.labels()) == 1, "it is judged")
    ana.open_label_page()
    late = Late(ana.page, "**/api/review*")
    for n in (1, 2):
        press(ana, "l")
        late.wait(n)
    path = ana.page.locator("#item-path").inner_text()
    press(ana, "a")
    late.release()
    expect(ana.page.get_by_role("heading", name=f"Look-alikes of {path.rsplit('/', 1)[-1]}")).to_be_visible()
    assert set(wait_for_pictures(ana).values()) == {"negative"}


def test_a_grid_opened_in_the_moment_a_sweep_is_left_shows_its_pictures(ana: Person) -> None:
    sweep(ana)
    wait_for_pictures(ana)
    ana.page.evaluate(AT_ONCE, ["Escape", "b"])
    expect(ana.page.get_by_role("heading", name="The next pictures")).to_be_visible()
    assert set(wait_for_pictures(ana).values()) == {"out"}


def test_more_and_fewer_are_shown_and_only_those_on_screen_are_labelled(ana: Person) -> None:
    sweep(ana)
    twenty_four = wait_for_pictures(ana)
    press(ana, "Space", "-")
    twelve = wait_for_pictures(ana, 12)
    assert list(twelve.items())[1:] == list(twenty_four.items())[1:12]
    assert next(iter(twelve.values())) == "negative"  # a change of number keeps the marks
    press(ana, "Enter")
    wait_until(lambda: len(ana.server.labels()) == 13, "twelve are labelled")
    assert labels_of(twelve).items() <= ana.server.labels().items()


def test_the_grid_is_one_for_screen_readers_and_gives_the_focus_back(ana: Person) -> None:
    sweep(ana)
    wait_for_pictures(ana)
    grid = ana.page.get_by_role("grid", name="Pictures")
    expect(grid).to_be_focused()
    expect(grid).to_have_attribute("aria-activedescendant", "many-cell-0")
    cells = grid.get_by_role("gridcell")
    assert cells.count() == 24
    expect(cells.first).to_have_attribute("aria-selected", "true")
    expect(cells.first).to_have_attribute("aria-label", re.compile(r"^tiles/\d+\.png, positive$"))
    press(ana, "Space")
    expect(cells.first).to_have_attribute("aria-selected", "false")
    expect(ana.page.locator("#many-live")).to_have_text(re.compile(r"^tiles/\d+\.png, negative$"))
    press(ana, "Tab")
    expect(ana.page.get_by_role("button", name="Label 24")).to_be_focused()
    press(ana, "Escape")
    expect(ana.page.get_by_role("dialog")).to_be_hidden()
    shown = ana.press("a")
    wait_until(lambda: ana.server.labels().get(shown) == 0, "the keys are the label page's again")


def test_the_table_of_keys_shows_the_keys_of_the_settings(
    start_server: Callable[..., Server], open_person: Callable[..., Person]
) -> None:
    server = start_server(WINNOW_KEYS='{"positive": ["j"], "negative": ["f"], "grid": ["i"]}')
    ana = open_person(server).open_label_page()
    press(ana, "i")
    wait_for_pictures(ana)
    expect(ana.page.locator("#many-keys tr", has_text="Negative, positive").locator("kbd")).to_have_text(["F", "J"])
    press(ana, "j", "f", "d")
    assert list(marks(ana).values()) == ["positive", "negative"] + ["out"] * 22


def test_nothing_moves_while_pictures_come_and_marks_change(ana: Person) -> None:
    ana.page.evaluate(
        """() => {
          document.body.dataset.moved = "";
          const name = ({ node }) => node?.id || node?.className || node?.parentElement?.id || node?.nodeName;
          const note = (shift) => (document.body.dataset.moved += `${shift.value} ${shift.sources.map(name)}; `);
          new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type: "layout-shift" });
        }"""
    )
    sweep(ana)
    expect(ana.page.get_by_role("dialog")).to_be_visible()
    before = ana.page.locator("#many-cell-23").bounding_box()
    wait_for_pictures(ana)
    press(ana, "Space", "ArrowRight", "s", "5", "Shift+D", "End")
    assert ana.page.locator("#many-cell-23").bounding_box() == before
    assert ana.page.locator("body").get_attribute("data-moved") == ""
    assert ana.page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_a_finger_turns_pictures_and_labels_the_rest(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, **PHONE).open_label_page()
    judged = sweep(ana)
    wait_for_pictures(ana, 12)
    dialog = ana.page.get_by_role("dialog")
    cells = dialog.get_by_role("gridcell")
    cells.nth(4).tap()
    cells.nth(7).tap()
    dialog.get_by_role("button", name="Leave out").tap()
    dialog.get_by_role("button", name="Closer").tap()
    large = dialog.locator("#many-large")
    expect(large.get_by_role("img")).to_be_visible()
    expect(dialog.get_by_role("button", name="Closer")).to_have_attribute("aria-pressed", "true")
    large.tap()
    expect(large).to_be_hidden()
    marked = marks(ana)
    assert [mark for mark in marked.values() if mark != "positive"] == ["negative", "out"]
    for button in ("Label 11", "Leave out", "Closer", "Fewer", "More", "Take back", "Leave"):
        box = dialog.get_by_role("button", name=button, exact=button == "Leave").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["height"] >= 44
    dialog.get_by_role("button", name="Label 11").tap()
    wait_until(lambda: server.labels() == {judged: 1, **labels_of(marked)}, "these are labelled")
