"""segment-anything's automatic masks, from a small Sam of its own classes."""

from pathlib import Path

import drawn
import numpy as np
import pytest

from winnow.errors import DetectorError, ProposalError
from winnow.jobs.reporter import TerminalReporter
from winnow.masks.mask_lines import MaskLines
from winnow.masks.rle import box_of, decode
from winnow.masks.sidecar import read_masks
from winnow.pool import open_pool
from winnow.proposals.run import RunOptions, list_images, propose
from winnow.proposals.segmenter import SamSegmenter, SegmenterOptions, load_segmenter

ALL = SegmenterOptions(points_per_side=4, pred_iou_thresh=0, stability_score_thresh=0, box_nms_thresh=1)


def segmenter(options: SegmenterOptions = ALL) -> SamSegmenter:
    return SamSegmenter(drawn.small_sam(), options, source="sam-small", weights="random")


def test_proposals_are_the_generators_masks_with_boxes_around_all_their_pixels() -> None:
    from segment_anything import SamAutomaticMaskGenerator

    image = drawn.draw(np.random.default_rng(0))[0][:64]
    generator = SamAutomaticMaskGenerator(
        drawn.small_sam().eval(), points_per_side=4, pred_iou_thresh=0, stability_score_thresh=0, box_nms_thresh=1
    )
    expected = sorted(generator.generate(image), key=lambda region: -region["predicted_iou"])
    (found,) = segmenter().detect([image])
    assert found.masks is not None
    assert [decode(mask).tolist() for mask in found.masks] == [e["segmentation"].tolist() for e in expected] != []
    assert np.allclose(found.scores, [max(0.0, region["predicted_iou"]) for region in expected])
    assert found.classes == ["object"] * len(expected)
    assert [tuple(box) for box in found.boxes_xyxy.tolist()] == [box_of(mask) for mask in found.masks]


def test_settings_reach_the_generator() -> None:
    image = drawn.draw(np.random.default_rng(0))[0]
    (found,) = segmenter(SegmenterOptions(points_per_side=2, pred_iou_thresh=1.0)).detect([image])
    assert found.boxes_xyxy.shape == (0, 4)
    assert found.masks == []


def test_a_run_writes_its_masks(images: Path, tmp_path: Path) -> None:
    paths = list_images(images)[:2]
    summary = propose(paths, segmenter(), RunOptions(), tmp_path / "p.csv", TerminalReporter())
    pool = open_pool(tmp_path / "p.csv")
    assert pool.item(0).source == "sam-small"
    assert pool.item(0).class_name == "object"
    assert read_masks(tmp_path / "p.csv", pool.n_rows).keys() == set(range(summary.n_boxes))
    first = MaskLines(tmp_path / "p.csv", pool.n_rows).of(0)
    assert first is not None
    assert first.stability is not None
    assert 0 <= first.stability <= 1


def test_a_checkpoint_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="no such file"):
        load_segmenter("vit_b", tmp_path / "none.pth", ALL)
    (tmp_path / "bad.pth").write_bytes(b"no weights")
    with pytest.raises(
        DetectorError, match=r"no checkpoint that can be loaded \(it is no torch file of weights alone\)"
    ):
        load_segmenter("vit_b", tmp_path / "bad.pth", ALL)
    with pytest.raises(DetectorError, match="there are tiny, vit_b, vit_l, vit_h"):
        load_segmenter("vit_x", tmp_path / "bad.pth", ALL)


def test_a_checkpoint_of_another_size_is_refused(tmp_path: Path) -> None:
    import torch

    torch.save(drawn.small_sam().state_dict(), tmp_path / "small.pth")
    with pytest.raises(DetectorError, match="does not hold the weights of segment-anything's vit_b"):
        load_segmenter("vit_b", tmp_path / "small.pth", ALL)


@pytest.mark.parametrize(
    "options",
    [SegmenterOptions(points_per_side=0), SegmenterOptions(pred_iou_thresh=2), SegmenterOptions(crop_n_layers=-1),
     SegmenterOptions(min_mask_region_area=-1), SegmenterOptions(crop_overlap_ratio=1)],
)  # fmt: skip
def test_settings_out_of_range_are_refused(options: SegmenterOptions) -> None:
    with pytest.raises(ProposalError, match="must"):
        segmenter(options)


def test_the_tiny_one_proposes_with_its_own_weights(tmp_path: Path) -> None:
    from winnow.masks.tiny import build_tiny_sam
    from winnow.masks.tiny_training import write_weights

    write_weights(build_tiny_sam(), tmp_path / "tiny_sam_other.safetensors")
    tiny = load_segmenter("tiny", tmp_path / "tiny_sam_other.safetensors", ALL)
    assert tiny.source == "sam-tiny"
    (found,) = tiny.detect([drawn.draw(np.random.default_rng(0))[0]])
    assert found.masks is not None
    assert len(found.masks) == len(found.boxes_xyxy) > 0


def test_the_others_need_theirs() -> None:
    with pytest.raises(DetectorError, match="needs its weights: add --checkpoint"):
        load_segmenter("vit_b", None, ALL)
