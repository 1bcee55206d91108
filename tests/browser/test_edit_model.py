"""edit_model.js and boxes.js in the browser that will run them: nothing is lost by undo, redo, or being kept."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

SIZE = [60, 40]
BITS = {"size": [40, 60], "counts": "hc1"}  # another one than MASK, as far as the model can tell
MASK = {"size": [40, 60], "counts": "T41h1"}
MODULES = """async () => {
  const { EditModel } = await import("/static/js/edit_model.js");
  const boxes = await import("/static/js/boxes.js");
  const rle = await import("/static/js/rle.js");
  const opened = (objects, scoreMin = 0) => {
    const model = new EditModel();
    model.scoreMin = scoreMin;
    model.open(objects, [60, 40]);
    return model;
  };
  globalThis.modules = { ...boxes, ...rle, opened, copy: (value) => JSON.parse(JSON.stringify(value)) };
}"""


@pytest.fixture(scope="module")
def page(modules_page: Page) -> Page:
    """An empty page with the modules loaded."""
    modules_page.evaluate(MODULES)
    return modules_page


def thing(name: str, box: list[float], **more: Any) -> dict[str, Any]:
    """A prediction that came from the server."""
    given_fields = {"class_name": "cell", "score": 0.9, "mask": None, "origin": "prediction"}
    return {"id": name, "item_id": name, "box": box, **given_fields, **more}


def drawn(name: str, box: list[float], **more: Any) -> dict[str, Any]:
    return thing(name, box, item_id=None, score=None, origin="drawn", **more)


START = [
    thing("a", [2, 2, 10, 10]),
    thing("b", [20, 5, 40, 30], mask=MASK),
    thing("c", [5.5, 5.25, 9, 30.75], class_name="plate", score=0.4),
    thing("d", [50, 30, 60, 40], origin="accepted"),
]
IDS = st.sampled_from(["a", "b", "c", "d", "n0", "n1", "n2", "n3", "nobody"])
NEW_IDS = st.sampled_from(["n0", "n1", "n2", "n3"])
SIDES = st.floats(-20, 80, allow_nan=False).map(lambda side: round(side, 2))
BOXES = st.lists(SIDES, min_size=4, max_size=4)
CHANGES = st.fixed_dictionaries(
    {"id": IDS},
    optional={
        "box": BOXES,
        "class_name": st.sampled_from(["cell", "plate", "dog"]),
        "mask": st.sampled_from([None, MASK, BITS]),
    },
)
STEP = st.one_of(
    st.builds(lambda name, box: {"kind": "add", "objects": [drawn(name, box)]}, NEW_IDS, BOXES),
    st.builds(lambda ids: {"kind": "remove", "ids": ids}, st.lists(IDS, max_size=4)),
    st.builds(lambda changes: {"kind": "change", "changes": changes}, st.lists(CHANGES, max_size=3)),
)
STEPS = st.lists(
    st.one_of(STEP, st.builds(lambda steps: {"kind": "many", "operations": steps}, st.lists(STEP, max_size=3))),
    max_size=12,
)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

WALK = """([start, steps]) => {
  const model = modules.opened(start);
  const states = [modules.copy(model.objects)];
  for (const step of steps) if (model.apply(step)) states.push(modules.copy(model.objects));
  const [forth, back, again] = [states, [modules.copy(model.objects)], []];
  const review = modules.copy(model.toReview());
  while (model.canUndo) model.undo(), back.unshift(modules.copy(model.objects));
  const atStart = { isChanged: model.isChanged, review: modules.copy(model.toReview()) };
  again.push(modules.copy(model.objects));
  while (model.canRedo) model.redo(), again.push(modules.copy(model.objects));
  return { forth, back, again, review, atStart };
}"""


@FEW
@given(steps=STEPS)
def test_undo_leads_back_step_by_step_and_redo_forth_again(page: Page, steps: list[Any]) -> None:
    walk = page.evaluate(WALK, [START, steps])
    assert walk["back"] == walk["forth"]
    assert walk["again"] == walk["forth"]
    assert walk["forth"][0] == START
    assert walk["atStart"] == {
        "isChanged": False,
        "review": {"kept": ["a", "b", "c", "d"], "drawn": [], "deleted": []},
    }


@FEW
@given(steps=STEPS)
def test_the_review_accounts_for_every_object(page: Page, steps: list[Any]) -> None:
    walk = page.evaluate(WALK, [START, steps])
    now, review = walk["forth"][-1], walk["review"]
    replaced = [one["replaces"] for one in review["drawn"] if one["replaces"]]
    named = sorted([*review["kept"], *review["deleted"], *replaced])
    same_place = [one for one in START if one["box"] in [other["box_xyxy"] for other in review["drawn"]]]
    assert set(named) | {one["id"] for one in same_place} == {"a", "b", "c", "d"}
    assert len(review["drawn"]) + len(review["kept"]) == len(now)
    assert [one for one in now if one["id"] in review["kept"]] == [one for one in START if one["id"] in review["kept"]]
    for one in review["drawn"]:
        x1, y1, x2, y2 = one["box_xyxy"]
        assert 0 <= x1 < x2 <= 60
        assert 0 <= y1 < y2 <= 40


KEEP = """([start, steps, undone]) => {
  const model = modules.opened(start);
  for (const step of steps) model.apply(step);
  for (let i = 0; i < undone; i++) model.undo();
  const other = modules.opened(start);
  const lost = other.fromJSON(modules.copy(model.toJSON()));
  const same = [model, other].map((one) => modules.copy([one.objects, one.toReview(), one.toJSON(), one.canRedo]));
  for (const one of [model, other]) while (one.canRedo) one.redo();
  return { lost, same, ends: modules.copy([model.objects, other.objects]) };
}"""


@FEW
@given(steps=STEPS, undone=st.integers(0, 5))
def test_steps_that_were_kept_are_the_same_when_they_are_read(page: Page, steps: list[Any], undone: int) -> None:
    answer = page.evaluate(KEEP, [START, steps, undone])
    assert answer["lost"] == 0
    assert answer["same"][0] == answer["same"][1]
    assert answer["ends"][0] == answer["ends"][1]


def test_what_was_kept_for_an_object_that_is_gone_is_told_and_left_out(page: Page) -> None:
    steps = [
        {"kind": "remove", "ids": ["b"]},
        {"kind": "change", "changes": [{"id": "a", "class_name": "dog"}]},
        {"kind": "change", "changes": [{"id": "d", "class_name": "dog"}]},
    ]
    answer = page.evaluate(
        """([start, operations]) => {
          const model = modules.opened(start);
          const lost = model.fromJSON({ operations, done: 2 });
          return [lost, model.objects.map(({ id, class_name }) => [id, class_name]), model.canRedo];
        }""",
        [START[:1] + START[2:], steps],
    )
    assert answer == [1, [["a", "dog"], ["c", "plate"], ["d", "cell"]], True]


def review_of(page: Page, steps: list[Any], score_min: float = 0.0) -> Any:
    return page.evaluate(
        """([start, steps, scoreMin]) => {
          const model = modules.opened(start, scoreMin);
          for (const step of steps) model.apply(step);
          return modules.copy(model.toReview());
        }""",
        [START, steps, score_min],
    )


def test_only_what_was_wrong_is_sent(page: Page) -> None:
    steps = [
        {"kind": "change", "changes": [{"id": "a", "box": [3.4, 2, 10, 10.6]}]},
        {"kind": "remove", "ids": ["c"]},
        {"kind": "add", "objects": [drawn("n0", [30, 1, 34, 4], class_name="dog")]},
        {"kind": "change", "changes": [{"id": "b", "class_name": "plate"}]},
    ]
    assert review_of(page, steps) == {
        "kept": ["d"],
        "drawn": [
            {"box_xyxy": [3, 2, 10, 11], "class_name": "cell", "mask": None, "replaces": "a"},
            {"box_xyxy": [20, 5, 40, 30], "class_name": "plate", "mask": MASK, "replaces": "b"},
            {"box_xyxy": [30, 1, 34, 4], "class_name": "dog", "mask": None, "replaces": None},
        ],
        "deleted": ["c"],
    }


def test_there_and_back_again_is_no_change(page: Page) -> None:
    steps = [
        {"kind": "change", "changes": [{"id": "a", "box": [3, 2, 11, 10]}]},
        {"kind": "change", "changes": [{"id": "a", "box": [2, 2, 10, 10]}]},
    ]
    assert review_of(page, steps) == {"kept": ["a", "b", "c", "d"], "drawn": [], "deleted": []}


def test_a_box_that_was_deleted_and_drawn_again_is_the_same_item(page: Page) -> None:
    steps = [{"kind": "remove", "ids": ["a"]}, {"kind": "add", "objects": [drawn("n0", [2, 2, 10, 10])]}]
    assert review_of(page, steps) == {
        "kept": ["b", "c", "d"],
        "drawn": [{"box_xyxy": [2, 2, 10, 10], "class_name": "cell", "mask": None, "replaces": "a"}],
        "deleted": [],
    }


def test_predictions_below_the_score_are_neither_kept_nor_deleted(page: Page) -> None:
    assert review_of(page, [], 0.5)["kept"] == ["a", "b", "d"]
    steps = [{"kind": "change", "changes": [{"id": "c", "class_name": "dog"}]}]
    assert review_of(page, steps, 0.5)["drawn"][0]["replaces"] == "c"


def test_ten_thousand_boxes_are_one_step(page: Page) -> None:
    answer = page.evaluate(
        """() => {
          const model = modules.opened([]);
          const box = (i) => [i % 50, Math.floor(i / 50) % 30, (i % 50) + 5, (Math.floor(i / 50) % 30) + 5];
          const fields = { item_id: null, class_name: "cell", score: null, mask: null, origin: "drawn" };
          const objects = Array.from({ length: 10000 }, (_, i) => ({ id: `n${i}`, box: box(i), ...fields }));
          model.apply({ kind: "add", objects });
          model.apply({ kind: "remove", ids: objects.map(({ id }) => id) });
          const counts = [model.objects.length];
          for (const step of ["undo", "undo", "redo"]) counts.push(model[step]().length, model.objects.length);
          return counts;
        }"""
    )
    assert answer == [0, 10000, 10000, 10000, 0, 10000, 10000]


def test_a_changed_object_is_told_and_the_chosen_one_let_go_with_its_removal(page: Page) -> None:
    answer = page.evaluate(
        """(start) => {
          const model = modules.opened(start);
          const told = [];
          model.addEventListener("change", ({ detail }) => told.push(["change", ...detail.ids]));
          model.addEventListener("select", () => told.push(["select", model.selected]));
          model.selected = "b";
          model.apply({ kind: "change", changes: [{ id: "b", class_name: "dog" }, { id: "a", class_name: "cell" }] });
          model.apply({ kind: "remove", ids: ["b"] });
          return told;
        }""",
        START,
    )
    assert answer == [["select", "b"], ["change", "b"], ["select", None], ["change", "b"]]


@FEW
@given(
    box=st.tuples(st.integers(0, 50), st.integers(0, 30), st.integers(1, 10), st.integers(1, 10)),
    by=st.tuples(SIDES, SIDES),
)
def test_a_moved_box_keeps_its_size_and_takes_its_mask_along(page: Page, box: Any, by: Any) -> None:
    x, y, width, height = box
    answer = page.evaluate(
        """([box, [dx, dy]]) => {
          const [x, y, width, height] = [box[0], box[1], box[2] - box[0], box[3] - box[1]];
          const mask = modules.rleOf({ x, y, width, height, bits: new Uint8Array(width * height).fill(1) }, [40, 60]);
          const to = modules.moved(box, Math.round(dx), Math.round(dy), [60, 40]);
          const change = modules.movedTo({ id: "a", box, mask }, to);
          const region = modules.regionOf(change.mask);
          const around = [region.x, region.y, region.x + region.width, region.y + region.height];
          return [to, around, region.bits.every(Boolean)];
        }""",
        [[x, y, x + width, y + height], by],
    )
    (x1, y1, x2, y2), mask_box, is_full = answer
    assert (x2 - x1, y2 - y1) == (width, height)
    assert min(x1, y1, 60 - x2, 40 - y2) >= 0
    assert (mask_box, is_full) == ([x1, y1, x2, y2], True)


@pytest.mark.parametrize(
    ("sides", "dx", "dy", "expected"),
    [
        ("e", 3, 9, [10, 10, 23, 20]),
        ("nw", -4, 2, [6, 12, 20, 20]),
        ("w", 50, 0, [19, 10, 20, 20]),
        ("s", 0, -50, [10, 10, 20, 11]),
    ],
)
def test_sides_move_and_leave_a_pixel(page: Page, sides: str, dx: int, dy: int, expected: list[int]) -> None:
    call = "([sides, dx, dy]) => modules.resized([10, 10, 20, 20], sides, dx, dy)"
    assert page.evaluate(call, [sides, dx, dy]) == expected


def test_the_steps_are_plain_json(page: Page) -> None:
    steps = [{"kind": "remove", "ids": ["a", "nobody"]}]
    kept = page.evaluate(
        """([start, steps]) => {
          const model = modules.opened(start);
          for (const step of steps) model.apply(step);
          return JSON.stringify(model);
        }""",
        [START, steps],
    )
    assert json.loads(kept) == {"operations": steps, "done": 1}
