"""What the demo's detector found: right for the most part, with every kind of error to correct."""

from pathlib import Path

import pytest

from winnow.demo_pool import make_demo_pool
from winnow.demo_proposals import make_demo_proposals
from winnow.masks.rle import box_of
from winnow.masks.sidecar import read_masks
from winnow.pool import Pool, open_pool
from winnow.pool.boxes import iou


@pytest.fixture(scope="module")
def proposals(tmp_path_factory) -> Path:
    return make_demo_proposals(make_demo_pool(tmp_path_factory.mktemp("demo"), n=400).parent)


def items(pool: Pool) -> list:
    return [pool.item(row) for row in range(pool.n_rows)]


def test_every_kind_of_error_is_among_the_findings(proposals: Path) -> None:
    truth = {item.path: item for item in items(open_pool(proposals.parent / "truth.csv")) if item.box_xyxy}
    found = items(open_pool(proposals))
    overlaps = {item.path: iou(item.box_xyxy, truth[item.path].box_xyxy) for item in found if item.path in truth}
    assert 10 <= len(overlaps) < len(truth) == 20
    assert sum(overlap >= 0.6 for overlap in overlaps.values()) >= 8
    assert any(overlap < 0.6 for overlap in overlaps.values())
    assert any(item.path in truth and item.class_name != truth[item.path].class_name for item in found)
    assert sum(item.path not in truth for item in found) == 10


def test_a_findings_mask_lies_in_its_box(proposals: Path) -> None:
    pool = open_pool(proposals)
    masks = read_masks(proposals, pool.n_rows)
    assert len(masks) == pool.n_rows - 10
    assert all(box_of(mask) == pool.item(row).box_xyxy for row, mask in masks.items())


def test_findings_that_are_there_stay_as_they_are(proposals: Path) -> None:
    before = proposals.read_bytes()
    assert make_demo_proposals(proposals.parent, seed=5).read_bytes() == before
