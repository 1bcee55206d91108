"""Neat masks: outlines that are the mask's own edge, one polygon that fills to it, small holes and islands gone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from winnow.errors import SegmenterError
from winnow.masks.tidy import drop_islands, fill_holes, outlines, single_polygon, stability

sides = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=16)
masks_hw = st.one_of(
    arrays(bool, sides),
    arrays(bool, sides, fill=st.just(False), elements=st.just(True)),  # islands
    arrays(bool, sides, fill=st.just(True), elements=st.just(False)),  # holes
)
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RING = np.array([[0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0], [0, 1, 0, 1, 0, 0], [0, 1, 1, 1, 0, 1]], bool)


def filled(ring_xy: np.ndarray, size_hw: tuple[int, ...]) -> np.ndarray:
    (rle,) = coco.frPyObjects([ring_xy.ravel().tolist()], *size_hw)
    return np.asarray(coco.decode(rle)).astype(bool)


def filled_by_opencv(ring_xy: np.ndarray, size_hw: tuple[int, ...]) -> np.ndarray:
    import cv2

    canvas = np.zeros(size_hw, np.uint8)
    cv2.fillPoly(canvas, [ring_xy.astype(np.int32)], (1,))  # as ultralytics fills the polygons of label files
    return canvas.astype(bool)


@settings(deadline=None)  # the first example imports
@given(masks_hw)
def test_the_box_around_the_outlines_is_the_masks(mask: np.ndarray) -> None:
    corners = [part.outer_xy for part in outlines(mask)]
    if not mask.any():
        assert corners == []
        return
    y, x = np.nonzero(mask)
    around = np.concatenate(corners)
    assert around.min(axis=0).tolist() == [x.min(), y.min()]
    assert around.max(axis=0).tolist() == [x.max() + 1, y.max() + 1]


@settings(deadline=None)
@given(masks_hw)
def test_filled_outlines_less_their_holes_are_the_mask(mask: np.ndarray) -> None:
    layers = np.zeros(mask.shape, int)
    for part in outlines(mask):
        layers += filled(part.outer_xy, mask.shape)
        for hole in part.holes_xy:
            layers -= filled(hole, mask.shape)
    assert np.array_equal(layers, mask)


@settings(deadline=None)
@given(masks_hw)
def test_one_polygon_fills_to_the_mask(mask: np.ndarray) -> None:
    polygon = single_polygon(mask)
    if not mask.any():
        assert polygon.shape == (0, 2)
        return
    assert np.array_equal(filled(polygon, mask.shape), mask)
    by_opencv = filled_by_opencv(polygon, mask.shape)
    assert np.all(by_opencv >= mask)
    if len(outlines(mask)) == 1:
        assert np.array_equal(by_opencv, mask)


def test_a_part_is_a_clockwise_ring_with_its_holes() -> None:
    ring, dot = outlines(RING)
    assert ring.outer_xy.tolist() == [[1, 1], [4, 1], [4, 4], [1, 4]]
    assert [hole.tolist() for hole in ring.holes_xy] == [[[2, 3], [3, 3], [3, 2], [2, 2]]]
    assert (dot.outer_xy.tolist(), dot.holes_xy) == ([[5, 3], [6, 3], [6, 4], [5, 4]], ())


def test_pixels_that_touch_at_a_corner_are_two_parts() -> None:
    for mask in (np.eye(2, dtype=bool), np.eye(2, dtype=bool)[::-1]):
        assert sorted(len(part.outer_xy) for part in outlines(mask)) == [4, 4]


def test_tolerance_leaves_corners_out_and_stays_near() -> None:
    y, x = np.mgrid[:80, :80]
    disc = (x - 40) ** 2 + (y - 40) ** 2 < 900
    disc[38:42, 38:42] = False
    (exact,), (simple,) = outlines(disc), outlines(disc, 1.0)
    assert len(simple.outer_xy) < len(exact.outer_xy) / 3
    assert (len(exact.holes_xy), len(simple.holes_xy)) == (1, 1)
    both = filled(simple.outer_xy, disc.shape)
    assert (both & disc).sum() / (both | disc).sum() > 0.95
    (coarse,) = outlines(disc, 5.0)
    assert (len(coarse.outer_xy) < len(simple.outer_xy), coarse.holes_xy) == (True, ())


@settings(deadline=None)
@given(masks_hw, st.floats(0, 20))
def test_no_part_is_lost_to_tolerance(mask: np.ndarray, tolerance: float) -> None:
    assert len(outlines(mask, tolerance)) == len(outlines(mask))
    assert all(len(part.outer_xy) >= 3 for part in outlines(mask, tolerance))


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_a_tolerance_that_is_none_is_refused(tolerance: float) -> None:
    with pytest.raises(SegmenterError, match="from 0 up"):
        outlines(RING, tolerance)


def test_small_holes_are_filled() -> None:
    assert fill_holes(RING, 1).sum() == RING.sum() + 1
    assert fill_holes(RING, 1)[2, 2]
    assert fill_holes(RING, 0) is RING


def test_what_reaches_the_edge_of_the_image_is_no_hole() -> None:
    cup = np.array([[1, 0, 1], [1, 1, 1]], bool)
    assert np.array_equal(fill_holes(cup, 9), cup)


def test_small_islands_are_dropped_but_never_all() -> None:
    assert not drop_islands(RING, 1)[3, 5]
    assert drop_islands(RING, 1).sum() == RING.sum() - 1
    assert drop_islands(RING, 100).sum() == 8
    assert drop_islands(RING, 0) is RING
    empty = np.zeros((3, 3), bool)
    assert not drop_islands(empty, 5).any()


@settings(deadline=None)
@given(masks_hw, st.integers(1, 30))
def test_filling_only_adds_and_dropping_only_takes(mask: np.ndarray, area: int) -> None:
    assert np.all(fill_holes(mask, area) >= mask)
    assert np.all(drop_islands(mask, area) <= mask)
    assert drop_islands(mask, area).any() == mask.any()


def test_stability_is_the_overlap_of_two_thresholds() -> None:
    logits = np.array([[2.0, 0.5], [-0.5, -3.0]])
    assert stability(logits) == pytest.approx(1 / 3)
    assert stability(np.full((2, 2), -9.0)) == 0.0
