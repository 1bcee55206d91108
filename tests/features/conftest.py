"""Drawn images and refs, and a model folder of random weights for every family that Winnow reads."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from winnow.pool import Pool, open_pool

SHARED = Path(os.environ.get("WINNOW_SHARED", Path(__file__).parents[3] / "shared"))


@pytest.fixture
def draw(tmp_path: Path) -> Callable[..., Path]:
    """Draws a noisy picture of a width and height; the seed decides every pixel."""

    def draw_picture(name: str, width: int = 64, height: int = 48, seed: int = 0) -> Path:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
        return tmp_path / name

    return draw_picture


@pytest.fixture
def pool_of(tmp_path: Path) -> Callable[..., Pool]:
    """The pool of these refs lines, read from refs.txt in the test's folder."""

    def read(*lines: str) -> Pool:
        refs = tmp_path / "refs.txt"
        refs.write_text("".join(f"{line}\n" for line in lines))
        return open_pool(refs)

    return read


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"no shared data at {SHARED}; set WINNOW_SHARED")
    return SHARED


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Saves a tiny model of a family with random weights and its processor, once a session."""
    made: dict[str, Path] = {}

    def make(family: str) -> Path:
        if family not in made:
            made[family] = _save(family, tmp_path_factory.mktemp(family))
        return made[family]

    return make


def _save(family: str, folder: Path) -> Path:
    import torch
    import transformers

    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}
    if family in ("Dinov2WithRegisters", "DINOv3ViT"):
        sizes["num_register_tokens"] = 4
    config = getattr(transformers, f"{family}Config")(**sizes, intermediate_size=64)
    torch.manual_seed(0)
    getattr(transformers, f"{family}Model")(config).save_pretrained(folder)
    if family.startswith("Dinov2"):
        size = {"size": {"shortest_edge": 32}, "do_center_crop": True, "crop_size": {"height": 28, "width": 28}}
        transformers.BitImageProcessor(**size).save_pretrained(folder)
    else:
        transformers.ViTImageProcessor(size={"height": 28, "width": 28}).save_pretrained(folder)
    return folder
