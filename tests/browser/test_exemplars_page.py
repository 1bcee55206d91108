"""Exemplars: the nearest accepted and rejected beside the item, on demand."""

from collections.abc import Callable

from browser_helpers import Person, Server, wait_until
from playwright.sync_api import expect
from test_label_page import PHONE


def shown(person: Person, side: str) -> list[str]:
    """Paths of the exemplars of one side, nearest first."""
    titles = person.page.locator(f"#exemplars-{side} li[title]").evaluate_all("all => all.map((one) => one.title)")
    return [title.split(", likeness")[0] for title in titles]


def nearest(server: Server, item_id: str, side: str) -> list[str]:
    return [item["path"] for item in server.get(f"/api/items/{item_id}/exemplars?n=3")[side]]


def are_shown(person: Person) -> bool:
    item = person.item()
    return bool(item) and all(
        shown(person, side) == nearest(person.server, item, side) for side in ("accepted", "rejected")
    )


def test_exemplars_stand_beside_the_item_and_follow_it(server: Server, open_person: Callable[..., Person]) -> None:
    server.learn(12)
    ana = open_person(server).open_label_page()
    assert not ana.page.get_by_role("complementary", name="Exemplars").is_visible()
    ana.page.keyboard.press("e")
    wait_until(lambda: are_shown(ana), "the nearest of both sides")
    frame = ana.frame.bounding_box()
    assert frame["height"] >= 0.7 * 768
    assert len(shown(ana, "rejected")) == 3
    before = ana.press("a")
    wait_until(lambda: ana.item() not in ("", before), "the next item is on screen")
    wait_until(lambda: are_shown(ana), "they are those of the next item")
    assert ana.frame.bounding_box() == frame
    ana.page.keyboard.press("e")
    expect(ana.page.locator("#exemplars")).to_be_hidden()


def test_without_labels_both_sides_say_so_and_a_phone_has_room_for_them(
    server: Server, open_person: Callable[..., Person]
) -> None:
    ana = open_person(server, **PHONE).open_label_page()
    ana.page.get_by_role("button", name="Exemplars").tap()
    expect(ana.page.get_by_text("None yet")).to_have_count(2)
    assert ana.page.evaluate("document.documentElement.scrollWidth") == 390
