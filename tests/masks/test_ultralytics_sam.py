"""MobileSAM and SAM 2 by ultralytics: untrained ones, whose masks are ultralytics' own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from winnow.masks.choices import segmenter_named
from winnow.masks.prompts import Prompt
from winnow.masks.ultralytics_sam import prompted_ultralytics

IMAGE = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
BOX = (10.0, 10.0, 100.0, 80.0)


@pytest.fixture(autouse=True, scope="module")
def _few_threads(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import os

    import torch

    before, os.environ["YOLO_CONFIG_DIR"] = torch.get_num_threads(), str(tmp_path_factory.mktemp("yolo"))
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", ["mobile_sam.pt", "sam2.1_t.pt"])
def test_a_file_gives_the_masks_that_ultralytics_gives(name: str, tmp_path: Path) -> None:
    import torch
    from ultralytics.models.sam import build

    torch.manual_seed(0)
    model = build.build_mobile_sam() if name == "mobile_sam.pt" else build.build_sam2_t()
    torch.save({"model": model.state_dict()}, tmp_path / name)
    loaded = segmenter_named(name, tmp_path, "cpu")
    segmenter = prompted_ultralytics(model, name, "cpu", side=256)
    assert loaded.fingerprint == segmenter.fingerprint
    embedding = segmenter.embed(IMAGE)
    found = segmenter.predict(embedding, Prompt(BOX, ((50, 60), (3, 3)), (1, 0)))
    assert found.mask_hw.shape == (96, 128)
    assert segmenter.predict(embedding, Prompt(points_xy=((50, 60),), labels=(1,))).rle != found.rle
    assert segmenter.predict(embedding, Prompt(BOX, earlier=found.rle)).mask_hw.shape == (96, 128)

    reference = segmenter._network._predictor  # type: ignore[attr-defined]
    reference.args.conf = -1.0  # untrained, it claims little
    reference.set_image(np.ascontiguousarray(IMAGE[..., ::-1]))
    (result,) = reference(bboxes=[list(BOX)], points=[[[50, 60], [3, 3]]], labels=[[1, 0]])
    assert (result.masks.data[0].numpy().astype(bool) == found.mask_hw).mean() > 0.97
