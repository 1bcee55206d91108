"""Painting over what nobody has judged."""

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from winnow.pool.boxes import Box
from winnow.training.painting import painted_png

SIDE = st.floats(-5, 35, allow_nan=False)
BOXES = st.tuples(SIDE, SIDE, SIDE, SIDE)


def painted(boxes: list[Box], kept: list[Box]) -> np.ndarray:
    image = Image.new("RGB", (30, 20), (10, 20, 30))
    return np.array(Image.open(io.BytesIO(painted_png(image, boxes, kept))))


def touches(box: Box, x: int, y: int) -> bool:
    x1, y1, x2, y2 = max(box[0], 0), max(box[1], 0), min(box[2], 30), min(box[3], 20)
    return x1 < x2 and y1 < y2 and x1 < x + 1 and x < x2 and y1 < y + 1 and y < y2


@given(st.lists(BOXES, max_size=4), st.lists(BOXES, max_size=4))
def test_a_pixel_is_grey_where_an_open_box_touches_it_and_no_accepted_one(boxes: list[Box], kept: list[Box]) -> None:
    pixels = painted(boxes, kept)
    for y, x in np.ndindex(20, 30):
        is_grey = any(touches(box, x, y) for box in boxes) and not any(touches(box, x, y) for box in kept)
        assert pixels[y, x].tolist() == ([114, 114, 114] if is_grey else [10, 20, 30])


def test_the_same_input_is_the_same_file() -> None:
    image = Image.new("RGB", (30, 20), (10, 20, 30))
    first, again = (painted_png(image, [(1, 2, 9.5, 8)], [(3, 3, 4, 4)]) for _ in range(2))
    assert first == again
