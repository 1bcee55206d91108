"""The Auto page by keyboard alone: draw, judge blind, let the model decide, take it back; also on a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_helpers import Person, Server, wait_until
from late_answers import Late
from PIL import Image
from playwright.sync_api import expect

N = 400
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def is_positive(index: int) -> int:
    return int(index % 10 == 0)


@pytest.fixture
def server(tmp_path: Path, start_server: Callable[..., Server]) -> Server:
    """400 boxes on five images, every tenth a positive that its features tell, and a head that knows."""
    rng = np.random.default_rng(0)
    for k in range(5):
        Image.fromarray(rng.integers(60, 200, (90, 240, 3), dtype=np.uint8)).save(tmp_path / f"{k}.png")
    boxes = [
        f"{i % 5}.png,{3 * (i % 60)},{9 * (i // 60)},{3 * (i % 60) + 40},{9 * (i // 60) + 30},car" for i in range(N)
    ]
    (tmp_path / "refs.csv").write_text("\n".join(["path,x1,y1,x2,y2,class", *boxes]) + "\n")
    vectors = rng.normal(0, 0.2, (N, 6))
    vectors[::10, 0] += 3
    np.save(tmp_path / "features.npy", vectors.astype(np.float32))
    server = start_server(tmp_path / "refs.csv", WINNOW_ATLAS="false")
    for item in server.get("/api/queue?n=200")["items"]:
        if is_positive(item["index"]) or item["index"] % 10 == 1:
            server.judge(item["id"], is_positive(item["index"]), f"taught-{item['id']}")
    wait_until(lambda: server.get("/api/queue?n=1")["model"]["state"] == "ready", "the head is ready")
    return server


@pytest.fixture
def ana(server: Server, open_person: Callable[..., Person]) -> Person:
    person = open_person(server).open("/auto")
    expect(person.page.get_by_role("button", name="Draw the audit")).to_be_visible()
    return person


def audit_of(server: Server) -> dict[str, Any]:
    return server.get("/api/auto")["audit"]


def draw(person: Person) -> dict[str, Any]:
    person.page.get_by_label("must be right").select_option("0.9")
    expect(person.page.get_by_text("if none is wrong")).to_be_visible()
    expect(person.page.get_by_role("button", name="Draw the audit")).to_be_enabled()
    person.page.get_by_role("button", name="Draw the audit").focus()
    person.page.keyboard.press("Enter")
    expect(person.page.get_by_text("Audit 1: 0 of")).to_be_visible()
    return audit_of(person.server)


def judge_all(person: Person, *, wrong: int = 0) -> None:
    """Key by key, by the truth, but for the first `wrong` ones."""
    left = audit_of(person.server)["left"]
    for i in range(left):
        shown = wait_until(person.item, "an item is on screen")
        index = next(item["index"] for item in person.server.get("/api/auto")["audit"]["items"] if item["id"] == shown)
        person.page.keyboard.press("d" if is_positive(index) != (i < wrong) else "a")
        wait_until(lambda: audit_of(person.server)["left"] == left - i - 1, "the verdict arrived")  # noqa: B023


def test_audit_decision_and_undo_by_keyboard_alone(ana: Person) -> None:
    audit = draw(ana)
    judge_all(ana)
    apply = ana.page.get_by_role("button", name="Let the model decide")
    expect(apply).to_be_focused()
    expect(ana.page.get_by_role("heading", name="The model may decide")).to_be_visible()
    before = ana.server.progress()
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_role("heading", name="The model decided")).to_be_visible()
    decided = audit["sides"][0]["candidates"] - audit["sides"][0]["size"]
    assert ana.server.progress() == {**before, "auto_negative": decided}
    ana.page.keyboard.press("Backspace")
    expect(ana.page.get_by_role("heading", name="The model may decide")).to_be_visible()
    assert ana.server.progress() == before
    assert ana.server.events()[-2:] == ["auto", "undo"]


def test_a_verdict_on_the_sample_is_taken_back_and_its_item_returns(ana: Person) -> None:
    draw(ana)
    first = wait_until(ana.item, "an item is on screen")
    ana.page.keyboard.press("a")
    wait_until(lambda: ana.item() not in ("", first), "the next item is on screen")
    ana.page.keyboard.press("Backspace")
    wait_until(lambda: ana.item() == first, "the first item is back")
    wait_until(lambda: audit_of(ana.server)["sides"][0]["judged"] == 0, "the server took it back")


def test_an_item_whose_picture_has_not_come_is_not_judged(ana: Person) -> None:
    late = Late(ana.page, "**/media/items/**")
    draw(ana)
    left = audit_of(ana.server)["left"]
    late.wait()
    ana.page.keyboard.press("a")
    late.release()
    first = wait_until(ana.item, "an item is on screen")
    assert audit_of(ana.server)["left"] == left
    ana.page.keyboard.press("a")
    wait_until(lambda: audit_of(ana.server)["left"] == left - 1, "now it is judged")
    assert ana.server.labels()[first] == 0


def test_an_image_that_cannot_be_shown_is_asked_for_no_more(
    server: Server, tmp_path: Path, open_person: Callable[..., Person]
) -> None:
    ana = open_person(server, expected="422").open("/auto")
    expect(ana.page.get_by_role("button", name="Draw the audit")).to_be_visible()
    for k in range(5):
        (tmp_path / f"{k}.png").write_bytes(b"no image")
    asked: list[str] = []
    ana.page.on("request", lambda call: asked.append(call.url) if "/media/items/" in call.url else None)
    draw(ana)
    expect(ana.page.get_by_text("This image cannot be shown. Skip it")).to_be_visible()
    ana.page.keyboard.press("s")
    wait_until(lambda: audit_of(server)["sides"][0]["judged"] == 1, "it is skipped")
    expect(ana.page.get_by_text("This image cannot be shown. Skip it")).to_be_visible()
    assert len(asked) <= 3 * len(set(asked))  # the picture, why it failed, and once more


def test_a_reading_from_before_the_audit_was_given_up_does_not_bring_it_back(ana: Person) -> None:
    draw(ana)
    while (audit := audit_of(ana.server))["left"] > 3:
        item = audit["items"][0]
        body = {"key": f"more-{item['id']}", "item_id": item["id"], "label": is_positive(item["index"])}
        ana.server.send("POST", "/api/auto/1/verdicts", body)
    ana.open("/auto")
    late = Late(ana.page, "**/api/auto", only=1)
    wait_until(ana.item, "an item is on screen")
    ana.page.keyboard.press("a")
    late.wait()
    ana.page.get_by_role("button", name="Give up").click()
    expect(ana.page.get_by_role("button", name="Draw the audit")).to_be_visible()
    with ana.page.expect_response("**/api/auto"):
        late.release()
    ana.page.keyboard.press("h")  # whatever the answer led to has happened by now
    ana.page.keyboard.press("h")
    expect(ana.page.get_by_role("button", name="Draw the audit")).to_be_visible()


def test_the_sample_shows_nothing_of_what_the_model_thinks(ana: Person) -> None:
    draw(ana)
    wait_until(ana.item, "an item is on screen")
    text = ana.page.get_by_role("region", name="Judge the sample").inner_text()
    assert "Reject" not in text
    assert "%" not in text
    assert "0." not in text


def test_a_failed_audit_says_what_more_takes_and_goes_on(ana: Person) -> None:
    size = draw(ana)["sides"][0]["size"]
    judge_all(ana, wrong=1)
    expect(ana.page.get_by_role("heading", name="The audit does not prove enough")).to_be_visible()
    more = audit_of(ana.server)["sides"][0]["next_look"]["verdicts"]
    expect(ana.page.get_by_text(f"{more} more verdicts prove all of it, if")).to_be_visible()
    expect(ana.page.get_by_role("button", name=f"Judge {more} more")).to_be_focused()
    ana.page.keyboard.press("Enter")
    expect(ana.page.get_by_text(f"Audit 1: {size} of {size + more} judged")).to_be_visible()


def test_presses_wait_for_a_server_that_is_gone(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, expected="net::ERR|503").open("/auto")
    expect(ana.page.get_by_role("button", name="Draw the audit")).to_be_visible()
    draw(ana)
    first = wait_until(ana.item, "an item is on screen")
    server.kill()
    ana.page.keyboard.press("a")
    expect(ana.page.get_by_role("alert")).to_contain_text("1 answer kept, will be sent")
    server.start()
    wait_until(lambda: server.labels().get(first) == 0, "the verdict is delivered")


def test_on_a_phone_it_fits_and_answers_to_taps(server: Server, open_person: Callable[..., Person]) -> None:
    ana = open_person(server, **PHONE).open("/auto")
    expect(ana.page.get_by_role("button", name="Draw the audit")).to_be_visible()
    draw(ana)
    first = wait_until(ana.item, "an item is on screen")
    ana.page.get_by_role("button", name="Negative").tap()
    wait_until(lambda: ana.item() not in ("", first), "the next item is on screen")
    assert ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("Negative", "Positive", "Skip"):
        assert ana.page.get_by_role("button", name=name).bounding_box()["height"] >= 44
