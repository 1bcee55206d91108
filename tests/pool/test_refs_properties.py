"""Rules of the text form and of ids that hold for any path and any box."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.pool.boxes import clip_box, context_view
from winnow.pool.identity import item_ids
from winnow.pool.refs_text import read_text

settings.register_profile("pool", deadline=None)  # a busy machine is no failure
settings.load_profile("pool")

paths = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\n"), min_size=1).filter(
    lambda path: path.strip("\r") == path and not path.startswith("path,")
)
coordinates = st.floats(-1e6, 1e6)
sides = st.floats(1e-3, 1e6)
boxes = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), coordinates, coordinates, sides, sides)
lines = st.lists(st.tuples(paths, st.none() | boxes))


def quoted(path: str) -> str:
    """The path as it stands in a text refs file: in double quotes where it needs them, a quote in it doubled."""
    needs_quotes = not path or path[0] in "\"'#" or len(path.split()) != 1 or path != path.strip()
    return '"' + path.replace('"', '""') + '"' if needs_quotes else path


@given(lines)
def test_what_is_written_quoted_is_read_back(items):
    written = [quoted(path) + "".join(f" {value!r}" for value in box or ()) for path, box in items]
    raw = read_text("\n".join(written))
    assert raw.bad == []
    assert list(raw.paths) == [path for path, _ in items]
    assert raw.has_box.tolist() == [box is not None for _, box in items]
    assert [tuple(row) for row in raw.boxes_xyxy[raw.has_box].tolist()] == [box for _, box in items if box]


@given(boxes)
def test_rows_first_files_hold_the_same_boxes_with_corners_swapped(box):
    x1, y1, x2, y2 = box
    raw = read_text(f"# boxes: r1 c1 r2 c2\na.png {y1!r} {x1!r} {y2!r} {x2!r}")
    assert raw.boxes_xyxy.tolist() == [list(box)]


@given(st.text())
def test_any_text_is_read_or_its_bad_lines_are_told(text):
    raw = read_text(text)
    items = len(raw.paths)
    assert (len(raw.numbers), len(raw.boxes_xyxy), len(raw.has_box)) == (items, items, items)
    assert all(1 <= bad.number <= text.count("\n") + 1 and bad.reason for bad in raw.bad)


@given(st.lists(st.tuples(st.integers(0, 4), boxes), min_size=1), st.randoms())
def test_ids_do_not_depend_on_the_order_of_lines(items, random):
    names = ["a", "b", "c/d", "ä", "e"]

    def ids_of(some: list) -> list[int]:
        return item_ids(names, np.array([code for code, _ in some]), np.array([box for _, box in some])).tolist()

    shuffled = random.sample(items, len(items))
    assert dict(zip(items, ids_of(items), strict=True)) == dict(zip(shuffled, ids_of(shuffled), strict=True))


@given(boxes, st.tuples(sides, sides))
def test_a_clipped_box_lies_on_the_image_and_in_the_box(box, size_wh):
    clipped = clip_box(box, size_wh)
    if clipped is None:
        assert box[2] <= 0 or box[3] <= 0 or box[0] >= size_wh[0] or box[1] >= size_wh[1]
        return
    x1, y1, x2, y2 = clipped
    assert 0 <= x1 < x2 <= size_wh[0]
    assert 0 <= y1 < y2 <= size_wh[1]
    assert box[0] <= x1 < x2 <= box[2]
    assert box[1] <= y1 < y2 <= box[3]
    assert clip_box(clipped, size_wh) == clipped


@given(boxes, st.floats(0, 10))
def test_a_context_view_is_a_square_around_the_box(box, context):
    x1, y1, x2, y2 = context_view(box, context)
    longer = max(box[2] - box[0], box[3] - box[1])
    assert np.allclose([x2 - x1, y2 - y1], max(longer * (1 + 2 * context), 32), rtol=1e-9, atol=1e-6)
    assert np.allclose([x1 + x2, y1 + y2], [box[0] + box[2], box[1] + box[3]], rtol=1e-9, atol=1e-6)
    slack = 1e-6
    assert x1 <= box[0] + slack
    assert y1 <= box[1] + slack
    assert x2 >= box[2] - slack
    assert y2 >= box[3] - slack
