"""The tiny SAM: what it learns from, that its program trains, and that the weights that are shipped follow a prompt."""

from pathlib import Path

import numpy as np
import pytest
import torch

from winnow.errors import SegmenterError
from winnow.masks.generated_shapes import make_scene
from winnow.masks.tiny import WEIGHTS, build_tiny_sam, load_tiny_sam
from winnow.masks.tiny_training import Plan, held_out_iou, train, write_weights


@pytest.mark.parametrize("seed", range(12))
def test_masks_of_a_scene_are_the_visible_parts_of_its_shapes(seed: int) -> None:
    scene = make_scene(np.random.default_rng(seed), 96)
    assert (scene.image_hwc.shape, scene.image_hwc.dtype) == ((96, 96, 3), np.uint8)
    assert scene.masks.shape[1:] == (96, 96)
    assert scene.masks.sum(axis=0).max(initial=0) <= 1  # no pixel shows two shapes
    assert all(mask.sum() >= 40 for mask in scene.masks)
    again = make_scene(np.random.default_rng(seed), 96)
    assert np.array_equal(scene.image_hwc, again.image_hwc)


def test_training_writes_weights_that_load(tmp_path: Path) -> None:
    sam = train(Plan(steps=2, batch=2), tmp_path / "sam.safetensors")
    loaded = load_tiny_sam(tmp_path / "sam.safetensors")
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, sam.state_dict()[name].half().float()), name
    further = train(Plan(steps=1, batch=1, start=tmp_path / "sam.safetensors"), tmp_path / "further.safetensors")
    assert not torch.equal(further.state_dict()["mask_decoder.iou_token.weight"], loaded.mask_decoder.iou_token.weight)


def test_weights_of_another_model_are_refused_with_the_way_out(tmp_path: Path) -> None:
    other = build_tiny_sam()
    del other.mask_decoder.iou_prediction_head
    write_weights(other, tmp_path / "other.safetensors")
    (tmp_path / "no.safetensors").write_bytes(b"no weights at all")
    for name in ("other", "no", "missing"):
        with pytest.raises(SegmenterError, match=rf"{name}\.safetensors does not hold the tiny SAM's weights"):
            load_tiny_sam(tmp_path / f"{name}.safetensors")


def test_the_shipped_weights_are_small_and_their_masks_follow_the_box() -> None:
    assert WEIGHTS.stat().st_size <= 6_000_000
    found = held_out_iou(load_tiny_sam(), 16)
    assert found.cut >= 0.75  # over many scenes: docs/benchmarks.md
    assert found.mask > found.box + 0.08
