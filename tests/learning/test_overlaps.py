import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.learning import overlaps
from winnow.learning.overlaps import LEAST_IOU, Overlaps, find_overlaps

NAN_BOX = [float("nan")] * 4


def _found(boxes: list[list[float]], images: list[int], rows: list[int] | None = None) -> dict[int, dict[int, float]]:
    chosen = np.arange(len(boxes)) if rows is None else np.array(rows, dtype=np.int64)
    return _as_dict(find_overlaps(np.array(boxes, dtype=np.float64).reshape(-1, 4), np.array(images, int), chosen))


def _as_dict(found: Overlaps) -> dict[int, dict[int, float]]:
    spans = [slice(*found.starts[i : i + 2]) for i in range(len(found.starts) - 1)]
    pairs = [dict(zip(found.others[span].tolist(), found.iou[span].tolist(), strict=True)) for span in spans]
    return {row: others for row, others in enumerate(pairs) if others}


def test_overlaps_are_found_from_both_sides_and_on_one_image_only():
    boxes = [[0, 0, 10, 10], [0, 5, 10, 15], [0, 0, 10, 10], [20, 0, 30, 10]]
    third = pytest.approx(1 / 3)
    assert _found(boxes, [4, 4, 5, 4]) == {0: {1: third}, 1: {0: third}}


def test_equal_boxes_overlap_wholly_and_touching_ones_not_at_all():
    assert _found([[0, 0, 4, 4], [0, 0, 4, 4], [4, 0, 8, 4]], [0, 0, 0]) == {0: {1: 1.0}, 1: {0: 1.0}}


def test_faint_overlaps_are_left_out():
    assert _found([[0, 0, 100, 100], [0, 0, 20, 25]], [0, 0]) == {}


def test_whole_images_empty_boxes_and_rows_not_asked_for_overlap_nothing():
    boxes = [[0, 0, 4, 4], NAN_BOX, [2, 2, 2, 4], [0, 0, 4, 4], [0, 0, 4, 4]]
    assert _found(boxes, [0] * 5, rows=[0, 1, 2, 4]) == {0: {4: 1.0}, 4: {0: 1.0}}


def test_a_pool_without_boxes_has_no_overlaps():
    assert _found([], []) == {}
    assert _found([NAN_BOX], [0]) == {}


sides = st.tuples(st.integers(-5, 20), st.integers(-5, 20), st.integers(1, 12), st.integers(1, 12), st.integers(0, 2))


@settings(deadline=None)
@given(st.lists(sides, max_size=14), st.integers(1, 9))
def test_the_sweep_finds_what_comparing_all_pairs_finds(drawn: list[tuple[int, ...]], chunk: int):
    boxes = [[x, y, x + width, y + height] for x, y, width, height, _ in drawn]
    images = [image for *_, image in drawn]
    expected: dict[int, dict[int, float]] = {}
    for i, one in enumerate(boxes):
        for j, other in enumerate(boxes):
            width = min(one[2], other[2]) - max(one[0], other[0])
            height = min(one[3], other[3]) - max(one[1], other[1])
            shared = max(width, 0) * max(height, 0)
            iou = shared / (drawn[i][2] * drawn[i][3] + drawn[j][2] * drawn[j][3] - shared)
            if i != j and images[i] == images[j] and iou > LEAST_IOU:
                expected.setdefault(i, {})[j] = pytest.approx(iou)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlaps, "CHUNK_PAIRS", chunk)
        assert _found(boxes, images) == expected
