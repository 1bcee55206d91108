"""Lines of YOLO label files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.training.yolo_labels import label_line, parse_label_line

SIDES = st.integers(10, 8000)
SHARES = st.floats(0, 1, allow_nan=False)


@given(SIDES, SIDES, st.lists(SHARES, min_size=4, max_size=4), st.integers(0, 79))
def test_a_box_survives_writing_and_reading(width: int, height: int, shares: list[float], index: int) -> None:
    (x1, x2), (y1, y2) = sorted(shares[:2]), sorted(shares[2:])
    box = (x1 * width, y1 * height, x2 * width, y2 * height)
    if box[0] >= box[2] or box[1] >= box[3]:
        return
    parsed_index, parsed = parse_label_line(
        label_line(index, box, (width, height)), n_classes=80, size_wh=(width, height)
    )
    assert parsed_index == index
    for side, parsed_side, size in zip(box, parsed, (width, height) * 2, strict=True):
        assert abs(side - parsed_side) <= 2e-6 * size


@given(st.text(max_size=60))
def test_any_text_is_a_box_or_a_reason(line: str) -> None:
    try:
        index, (x1, y1, x2, y2) = parse_label_line(line, n_classes=3, size_wh=(100, 50))
    except ValueError:
        return
    assert 0 <= index < 3
    assert 0 <= x1 < x2 <= 100
    assert 0 <= y1 < y2 <= 50


def test_a_line_is_the_centre_and_the_size_as_shares() -> None:
    assert label_line(2, (10, 20, 30, 60), (100, 80)) == "2 0.200000 0.500000 0.200000 0.500000"
    index, box = parse_label_line("2 0.2 0.5 0.2 0.5", n_classes=3, size_wh=(100, 80))
    assert (index, box) == (2, pytest.approx((10, 20, 30, 60)))


def test_a_box_over_the_edge_is_cut() -> None:
    assert label_line(0, (-10, -10, 50, 40), (100, 80)) == "0 0.250000 0.250000 0.500000 0.500000"


def test_a_box_off_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="not on the image"):
        label_line(0, (100, 0, 120, 10), (100, 80))


def test_a_polygon_is_read_as_the_box_around_it() -> None:
    line = "1 0.1 0.5 0.3 0.25 0.5 0.75"
    index, box = parse_label_line(line, n_classes=2, size_wh=(100, 100))
    assert (index, box) == (1, pytest.approx((10, 25, 50, 75)))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "in numbers"),
        ("0 a 0 0 0", "in numbers"),
        ("3 0.5 0.5 0.1 0.1", "not among the 3 names"),
        ("-1 0.5 0.5 0.1 0.1", "not among the 3 names"),
        ("0.5 0.5 0.5 0.1 0.1", "not among the 3 names"),
        ("nan 0.5 0.5 0.1 0.1", "not among the 3 names"),
        ("0 0.5 0.5 0 0.1", "no area"),
        ("0 0.5 0.5 -0.1 0.1", "no area"),
        ("0 nan 0.5 0.1 0.1", "no area"),
        ("0 50 50 10 10", "leaves the image"),
        ("0 1.2 0.5 0.1 0.1", "leaves the image"),
        ("0 0.5 0.5 0.1 0.1 0.9", "score"),
        ("0 0.5 0.5", "5 values"),
        ("0 1.005 0.5 0.001 0.1", "outside the image"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_label_line(line, n_classes=3, size_wh=(100, 80))
