"""The insight page as a whole: look around, choose, label, take back, review, by keys, mouse and touch."""

import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from browser_helpers import Person, Server, draw_pool, is_red, wait_until
from late_answers import Late
from playwright.sync_api import Route, expect

N = 120
FIT = 0.92  # of the map's shorter side


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a pool whose atlas is made."""
    server = Server(draw_pool(tmp_path_factory.mktemp("mapped"), N), WINNOW_ATLAS="true")
    try:
        server.start()
        wait_until(lambda: server.get("/api/map/status")["state"] == "ready", "the atlas is made", 300)
        yield server
    finally:
        server.kill()


@pytest.fixture
def server(mapped: Server) -> Server:
    """The server, without verdicts."""
    while mapped.labels():
        mapped.send("POST", "/api/undo", {})
    return mapped


@pytest.fixture
def ana(server: Server, open_person: Callable[..., Person]) -> Person:
    return opened(open_person(server))


def opened(person: Person) -> Person:
    person.open("/insight")
    expect(person.page.locator("#map[data-points]")).to_be_visible()
    return person


def pixels(person: Person) -> np.ndarray:
    """(n, 2) where the points lie on the screen while the whole map is in view."""
    bytes_ = person.page.request.get(person.server.url + "/api/map").body()
    n = struct.unpack("<4s5I", bytes_[:24])[2]
    xy = np.stack([np.frombuffer(bytes_, "<u2", n, 24 + 8 * n + 2 * n * axis) for axis in range(2)], axis=1)
    box = person.page.locator("#map").bounding_box()
    size = np.array([box["width"], box["height"]])
    return np.array([box["x"], box["y"]]) + size / 2 + (xy - 32768.0) * (size.min() * FIT / 65536)


def item_ids(person: Person) -> list[str]:
    bytes_ = person.page.request.get(person.server.url + "/api/map").body()
    n = struct.unpack("<4s5I", bytes_[:24])[2]
    return [f"{id_:016x}" for id_ in np.frombuffer(bytes_, "<u8", n, 24).tolist()]


def chosen(person: Person, words: str) -> None:
    expect(person.page.locator("#chosen-words")).to_have_text(words)


def choose_all_by_keys(person: Person) -> None:
    """A square around the whole map, from farther away."""
    keyboard = person.page.keyboard
    person.page.locator("#map").focus()
    for _ in range(4):
        keyboard.press("-")
    keyboard.press("ArrowUp")
    for way, steps in (("Up", 3), ("Left", 3), ("Enter", 0), ("Right", 6), ("Enter", 0), ("Down", 6), ("Enter", 0)):
        press(person, way, steps)
    press(person, "Left", 6)
    keyboard.press("Enter")
    keyboard.press("c")


def press(person: Person, way: str, steps: int) -> None:
    if not steps:
        person.page.keyboard.press(way)
    for _ in range(steps):
        person.page.keyboard.press(f"Shift+Arrow{way}")


def test_the_crosshair_shows_the_picture_under_it_by_keys_alone(ana: Person) -> None:
    where = pixels(ana)
    box = ana.page.locator("#map").bounding_box()
    at = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    target = where[np.abs(where - at).max(axis=1).argsort()[0]]
    ana.page.locator("#map").focus()
    ana.page.keyboard.press("ArrowRight")
    for axis, (back, forth) in enumerate((("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"))):
        steps = round((target[axis] - at[axis]) / 12)
        at[axis] += 12 * steps
        for _ in range(abs(steps)):
            ana.page.keyboard.press(forth if steps > 0 else back)
    nearest = item_ids(ana)[int(np.linalg.norm(where - at, axis=1).argmin())]
    expect(ana.page.locator("#focus-picture")).to_have_attribute("data-item", nearest)
    path = ana.server.get(f"/api/map/items?id={nearest}")["items"][0]["path"]
    expect(ana.page.locator("#focus-path")).to_have_text(path)
    expect(ana.page.locator("#focus-facts")).to_contain_text("open · cluster")
    expect(ana.page.get_by_role("img", name=path)).to_be_visible()


def test_a_lasso_by_keys_labels_all_but_the_exceptions_and_one_key_takes_it_back(ana: Person) -> None:
    choose_all_by_keys(ana)
    chosen(ana, f"{N} chosen: {N} open")
    first = ana.page.get_by_role("button", name="Leave out").first
    first.focus()
    ana.page.keyboard.press("ArrowRight")
    ana.page.keyboard.press("Space")
    chosen(ana, f"{N} chosen: {N} open (1 left out)")
    ana.page.keyboard.press("d")
    expect(ana.page.locator("#ask")).to_have_text(f"The same again makes all {N - 1} positive.")
    assert ana.server.labels() == {}
    ana.page.keyboard.press("d")
    chosen(ana, f"{N} chosen: 1 open (1 left out), {N - 1} judged")
    labels = wait_until(ana.server.labels, "the labels are there")
    assert list(labels.values()) == [1] * (N - 1)
    expect(ana.page.locator("#legend")).to_contain_text(f"{N - 1} positive")
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: ana.server.labels() == {}, "all of it is taken back")
    expect(ana.page.locator("#legend")).to_contain_text(f"{N} open")


def test_states_from_before_a_labelling_do_not_take_it_off_the_map(ana: Person) -> None:
    choose_all_by_keys(ana)
    chosen(ana, f"{N} chosen: {N} open")
    late = Late(ana.page, "**/api/map/state", only=1)
    sent = Late(ana.page, "**/api/verdicts/batch", "POST")
    ana.server.judge(item_ids(ana)[0], 0, "other")
    late.wait()
    ana.page.keyboard.press("d")
    ana.page.keyboard.press("d")
    sent.wait()
    labelled = f"{N} chosen: 0 open, {N} judged"
    chosen(ana, labelled)
    with ana.page.expect_response("**/api/map/state"):
        late.release()
    ana.page.keyboard.press("h")  # whatever the answer led to has happened by now
    ana.page.keyboard.press("h")
    chosen(ana, labelled)
    sent.release()
    expect(ana.page.get_by_text("1 had a verdict already: it stands.")).to_be_visible()
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: list(ana.server.labels().values()) == [0], "the labelling alone is taken back")


def test_a_choice_does_not_outlive_its_map_even_if_the_states_of_the_next_one_fail(
    server: Server, open_person: Callable[..., Person]
) -> None:
    ana = opened(open_person(server, expected="net::ERR"))
    choose_all_by_keys(ana)
    chosen(ana, f"{N} chosen: {N} open")
    failed: list[Route] = []

    def other_key(route: Route) -> None:
        bytes_ = bytearray(route.fetch().body())
        struct.pack_into("<I", bytes_, 4, 7)
        route.fulfill(body=bytes(bytes_), content_type="application/octet-stream")

    def other_state(route: Route) -> None:
        if failed:
            other_key(route)
            return
        failed.append(route)
        route.abort()

    ana.page.route("**/api/map", other_key)
    ana.page.route("**/api/map/state", other_state)
    ana.page.route("**/api/map/status", lambda route: route.fulfill(json={**route.fetch().json(), "key": 7}))
    chosen(ana, "Nothing is chosen.")
    assert failed


def test_pictures_that_could_not_be_had_come_when_the_server_is_back(
    server: Server, open_person: Callable[..., Person]
) -> None:
    ana = opened(open_person(server, expected="net::ERR"))
    failed: list[Route] = []

    def fail_first(route: Route) -> None:
        if failed:
            route.continue_()
            return
        failed.append(route)
        route.abort()

    ana.page.route("**/api/map/items*", fail_first)
    choose_all_by_keys(ana)
    expect(ana.page.locator("#chosen img")).to_have_count(24)
    assert failed


def test_enter_on_the_first_corner_closes(ana: Person) -> None:
    ana.page.locator("#map").focus()
    for key in ("ArrowUp", "Enter", "Shift+ArrowRight", "Enter", "Shift+ArrowDown", "Enter", "Shift+ArrowLeft"):
        ana.page.keyboard.press(key)
    ana.page.keyboard.press("Enter")
    ana.page.keyboard.press("Shift+ArrowUp")
    ana.page.keyboard.press("Enter")
    expect(ana.page.locator("#live")).to_contain_text("chosen")
    ana.page.keyboard.press("c")
    expect(ana.page.get_by_text("A lasso needs 3 corners; it has 0")).to_be_visible()


def test_escape_takes_corners_then_the_choice(ana: Person) -> None:
    choose_all_by_keys(ana)
    ana.page.keyboard.press("Enter")
    ana.page.keyboard.press("Escape")
    chosen(ana, f"{N} chosen: {N} open")
    ana.page.keyboard.press("Escape")
    chosen(ana, "Nothing is chosen.")


def test_a_drag_with_shift_chooses_and_a_click_labels(ana: Person) -> None:
    where = pixels(ana)
    red = np.array([is_red(item["index"]) for item in _items(ana)], bool)
    drag_around(ana, where[red])
    chosen(ana, f"{red.sum()} chosen: {red.sum()} open")
    ana.page.get_by_role("button", name="Negative").click()
    wait_until(lambda: list(ana.server.labels().values()) == [0] * int(red.sum()), "the labels are there")
    expect(ana.page.locator("#legend")).to_contain_text(f"{red.sum()} negative")


def _items(person: Person) -> list[dict[str, Any]]:
    ids = item_ids(person)
    halves = (ids[: N // 2], ids[N // 2 :])
    return [item for half in halves for item in person.server.get(f"/api/map/items?id={'&id='.join(half)}")["items"]]


def drag_around(person: Person, where: np.ndarray) -> None:
    """With Shift held, along a box that has these places inside."""
    (left, top), (right, bottom) = where.min(axis=0) - 12, where.max(axis=0) + 12
    person.page.keyboard.down("Shift")
    person.page.mouse.move(left, top)
    person.page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        person.page.mouse.move(x, y, steps=5)
    person.page.mouse.up()
    person.page.keyboard.up("Shift")


def test_k_chooses_the_cluster_under_the_crosshair_and_r_opens_its_verdicts(ana: Person) -> None:
    x, y = pixels(ana)[0]
    ana.page.mouse.move(x, y)
    ana.page.keyboard.press("k")
    words = ana.page.locator("#chosen-words")
    expect(words).to_contain_text("chosen:")
    n = int(words.inner_text().split()[0])
    ana.page.keyboard.press("r")
    expect(ana.page.get_by_text("None of the chosen is judged yet")).to_be_visible()
    ana.page.keyboard.press("a")
    wait_until(lambda: len(ana.server.labels()) == n, "the labels are there")
    other = next(one for one in item_ids(ana) if one not in ana.server.labels())
    ana.server.judge(other, 1, "another-one")
    ana.page.keyboard.press("r")
    ana.page.wait_for_url("**/review?**selection=**")
    expect(ana.page.get_by_text(f"{n} verdicts" if n > 1 else "1 verdict")).to_be_visible()


def test_v_goes_through_the_colourings(ana: Person) -> None:
    for name, legend in (("Probability", "unknown"), ("Cluster", "number"), ("Label", f"{N} open")):
        ana.page.keyboard.press("v")
        expect(ana.page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
        expect(ana.page.locator("#legend")).to_contain_text(legend)


def test_what_others_judge_shows_without_a_reload(ana: Person) -> None:
    ana.server.learn(12)
    expect(ana.page.locator("#legend")).to_contain_text(f"{N - 12} open")
    expect(ana.page.locator("#plot-judged")).not_to_have_attribute("data-points", "0")


def test_labels_are_kept_while_the_server_is_gone(server: Server, open_person: Callable[..., Person]) -> None:
    ana = opened(open_person(server, expected="net::ERR|409"))
    choose_all_by_keys(ana)
    chosen(ana, f"{N} chosen: {N} open")
    server.kill()
    ana.page.keyboard.press("a")
    ana.page.keyboard.press("a")
    expect(ana.page.get_by_role("alert")).to_contain_text("1 answer kept, will be sent")
    server.start()
    wait_until(lambda: len(server.labels()) == N, "the labels are delivered")
    expect(ana.page.get_by_role("alert")).to_be_hidden()


def test_the_table_of_keys_has_the_pages_own(ana: Person) -> None:
    ana.page.keyboard.press("h")
    keys = ana.page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_role("row", name="K Cluster")).to_be_visible()
    expect(keys.get_by_role("rowheader", name="Positive")).to_be_visible()
    ana.page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_a_finger_looks_and_draws(server: Server, open_person: Callable[..., Person]) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    ana = opened(open_person(server, **phone))
    where = pixels(ana)
    ana.page.touchscreen.tap(*where[0])
    expect(ana.page.locator("#focus-path")).to_contain_text("tiles/")
    ana.page.get_by_role("button", name="Lasso").tap()
    (left, top), (right, bottom) = where.min(axis=0) - 6, where.max(axis=0) + 6
    touch(ana, [(left, top), (right, top), (right, bottom), (left, bottom)])
    chosen(ana, f"{N} chosen: {N} open")


def touch(person: Person, way: list[tuple[float, float]]) -> None:
    """One finger, down at the first place and up at the last."""
    send = person.page.context.new_cdp_session(person.page).send
    for kind, place in [("touchStart", way[0]), *(("touchMove", one) for one in way[1:]), ("touchEnd", None)]:
        points = [] if place is None else [{"x": place[0], "y": place[1]}]
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_without_an_atlas_it_says_how_to_have_one(
    start_server: Callable[..., Server], open_person: Callable[..., Person]
) -> None:
    ana = open_person(start_server(WINNOW_ATLAS="false")).open("/insight")
    expect(ana.page.get_by_text("The map is switched off.")).to_be_visible()
    expect(ana.page.get_by_text("WINNOW_ATLAS=true python -m winnow serve")).to_be_visible()
    expect(ana.page.locator("#plot-judged")).to_have_attribute("data-points", "0")
