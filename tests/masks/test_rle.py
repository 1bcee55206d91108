"""Run-length masks: what goes in comes out, and no broken text reaches the decoder."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from winnow.errors import ProposalError
from winnow.masks.rle import Rle, area, box_of, decode, encode, encode_window, from_json, from_polygons, iou, polygons
from winnow.masks.sidecar import mask_line, read_masks, sidecar_path

masks_hw = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


@given(masks_hw)
def test_a_mask_comes_back_as_it_was(mask: np.ndarray) -> None:
    rle = encode(mask)
    assert np.array_equal(decode(rle), mask)
    assert area(rle) == mask.sum()
    assert from_json(json.loads(json.dumps(rle.as_json()))) == rle


@given(masks_hw)
def test_run_lengths_are_those_of_pycocotools(mask: np.ndarray) -> None:
    from pycocotools import mask as coco

    assert encode(mask).counts == coco.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()


@given(masks_hw, st.tuples(*[st.integers(0, 3)] * 4))
def test_a_part_with_nothing_around_it_is_the_whole(part: np.ndarray, around: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = around
    whole = np.pad(part, ((top, bottom), (left, right)))
    assert encode_window(part, (left, top), whole.shape) == encode(whole)


@given(masks_hw)
def test_outlines_give_back_a_mask_without_holes(mask: np.ndarray) -> None:
    filled = from_polygons(polygons(encode(mask)), mask.shape) if mask.any() else encode(mask)
    assert np.all(decode(filled) >= mask)
    assert box_of(filled) == box_of(encode(mask))


def test_a_box_ends_after_its_last_pixel() -> None:
    mask = np.zeros((5, 8), bool)
    mask[1:3, 2:6] = True
    assert box_of(encode(mask)) == (2.0, 1.0, 6.0, 3.0)
    assert box_of(encode(np.zeros((5, 8), bool))) is None


def test_overlap_is_intersection_over_union() -> None:
    one, two = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    one[:, :2], two[:, 1:3] = True, True
    nothing, other_size = np.zeros((4, 4), bool), np.ones((2, 2), bool)
    overlaps = iou([encode(one), encode(nothing)], [encode(two), encode(one), encode(nothing), encode(other_size)])
    assert np.allclose(overlaps, [[1 / 3, 1, 0, 0], [0, 0, 0, 0]])
    assert iou([], [encode(one)]).shape == (0, 1)


def test_uncompressed_run_lengths_are_taken() -> None:
    assert np.array_equal(decode(from_json({"size": [2, 3], "counts": [1, 2, 3]})), [[0, 1, 0], [1, 0, 0]])


@given(st.text(alphabet=[chr(code) for code in range(40, 120)], max_size=40), st.integers(1, 20), st.integers(1, 20))
def test_any_text_is_a_mask_or_refused(counts: str, height: int, width: int) -> None:
    try:
        rle = from_json({"size": [height, width], "counts": counts})
    except ProposalError:
        return
    assert decode(rle).shape == (height, width)


@pytest.mark.parametrize(
    "value",
    [None, [], {}, {"size": [2, 2]}, {"size": [2, 2], "counts": [1, 1]}, {"size": [2, True], "counts": "04"},
     {"size": [2, 2], "counts": [5, -1]}, {"size": [2, 2], "counts": 4}, {"size": [0, 2], "counts": ""}],
)  # fmt: skip
def test_what_is_no_mask_is_refused(value: object) -> None:
    with pytest.raises(ProposalError):
        from_json(value)


def test_masks_are_read_by_row(tmp_path: Path) -> None:
    refs, rle = tmp_path / "proposals.csv", encode(np.eye(3, dtype=bool))
    assert sidecar_path(refs) == tmp_path / "proposals.masks.jsonl"
    assert read_masks(refs, 2) == {}
    sidecar_path(refs).write_text(mask_line(1, rle))
    assert read_masks(refs, 2) == {1: Rle((3, 3), rle.counts)}


@pytest.mark.parametrize("line", ["{", "[]", '{"row": 2, "size": [1, 1], "counts": "01"}', '{"row": 0}'])
def test_a_bad_line_of_masks_is_named(tmp_path: Path, line: str) -> None:
    refs = tmp_path / "proposals.csv"
    sidecar_path(refs).write_text(mask_line(0, encode(np.eye(3, dtype=bool))) + line + "\n")
    with pytest.raises(ProposalError, match=r"masks\.jsonl, line 2"):
        read_masks(refs, 2)
