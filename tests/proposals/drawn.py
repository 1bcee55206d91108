"""Drawn images and small real models with random weights, which propose well enough for rules to be tested."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from winnow.proposals.weights import ultralytics

SIDE = 96
_COLOURS = ((230, 40, 40), (40, 40, 230))

Truth = list[tuple[int, int, int, int, int]]  # class, x1, y1, x2, y2


def draw(rng: np.random.Generator, n_squares: int = 2) -> tuple[np.ndarray, Truth]:
    """An image (96, 96, 3) uint8 with a square of each colour in turn on dark noise, and where they are."""
    image = rng.integers(0, 60, (SIDE, SIDE, 3)).astype(np.uint8)
    truth = []
    for number in range(n_squares):
        side = int(rng.integers(20, 34))
        x, y = rng.integers(0, SIDE - side, 2).tolist()
        image[y : y + side, x : x + side] = _COLOURS[number % 2]
        truth.append((number % 2, x, y, x + side, y + side))
    return image, truth


def draw_folder(folder: Path, n: int, seed: int = 1) -> list[Path]:
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:02d}.png" for number in range(n)]
    for path in paths:
        Image.fromarray(draw(rng)[0]).save(path)
    return paths


def untrained(path: Path, config: str) -> Path:
    """Random weights of a task, saved as any checkpoint is; boxes and scores depend on the image."""
    import torch

    torch.manual_seed(0)
    yolo = ultralytics().YOLO(config)
    rng = np.random.default_rng(0)
    images = torch.from_numpy(np.stack([draw(rng)[0] for _ in range(4)])).permute(0, 3, 1, 2).float() / 255
    norms = [module for module in yolo.model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    with torch.no_grad():
        for norm in norms:
            norm.momentum = 1.0
        yolo.model.train()
        yolo.model(images)  # only then do the layers pass anything of the image on
        for branch in getattr(yolo.model.model[-1], "cv3", []):
            branch[-1].weight *= 0.7
            branch[-1].bias.fill_(-4)
        yolo.model.eval()
    yolo.save(path)
    return path


def small_sam() -> Any:
    """A segment_anything.Sam of a fraction of the size, with random weights."""
    import torch
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    torch.manual_seed(0)
    width, side = 32, 8
    return Sam(
        image_encoder=ImageEncoderViT(
            img_size=side * 16, embed_dim=width, depth=1, num_heads=2, out_chans=width, window_size=0
        ),
        prompt_encoder=PromptEncoder(
            embed_dim=width, image_embedding_size=(side, side), input_image_size=(side * 16,) * 2, mask_in_chans=4
        ),
        mask_decoder=MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(depth=1, embedding_dim=width, mlp_dim=width, num_heads=2),
            transformer_dim=width,
            iou_head_depth=2,
            iou_head_hidden_dim=width,
        ),
    )
