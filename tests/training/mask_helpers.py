"""Drawn shapes with their true masks: beside the refs as proposals have them, or drawn by a person."""

from pathlib import Path

import numpy as np
from PIL import Image

from winnow.masks.rle import Rle, box_of, encode
from winnow.masks.sidecar import mask_line, sidecar_path
from winnow.pool import Pool, open_pool
from winnow.pool.boxes import Box

SIDE = 96
TINY_SEGMENTER = """\
backbone:
  - [-1, 1, Conv, [16, 3, 2]]
  - [-1, 1, Conv, [32, 3, 2]]
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 1, C2f, [64, True]]
  - [-1, 1, Conv, [96, 3, 2]]
  - [-1, 1, C2f, [96, True]]
head:
  - [[3, 5], 1, Segment, [nc, 16, 32]]
nc: 2
"""
Masked = dict[str, tuple[Box, str, Rle]]


def disc(x: float, y: float, radius: float, *, hole: float = 0.0, side: int = SIDE) -> np.ndarray:
    """(side, side) bool, a disc or a ring."""
    rows, columns = np.mgrid[0:side, 0:side]
    distance = np.hypot(columns - x, rows - y)
    return (distance <= radius) & (distance >= hole)


def tight(mask: np.ndarray) -> Box:
    box = box_of(encode(mask))
    assert box is not None
    return box


def draw_masked(folder: Path, n: int) -> Masked:
    """n images of noise with one bright square or one dark disc each; answers path -> box, class, mask."""
    rng = np.random.default_rng(3)
    shapes: Masked = {}
    for i in range(n):
        pixels = rng.integers(90, 160, (SIDE, SIDE, 3), np.uint8)
        radius = int(rng.integers(14, 24))
        x, y = (int(centre) for centre in rng.integers(radius + 2, SIDE - radius - 2, 2))
        if i % 2:
            mask = np.zeros((SIDE, SIDE), bool)
            mask[y - radius : y + radius, x - radius : x + radius] = True
        else:
            mask = disc(x, y, radius)
        pixels[mask] = (250, 240, 90) if i % 2 else (20, 30, 120)
        name = f"masked-{i:02}.png"
        Image.fromarray(pixels).save(folder / name)
        shapes[name] = (tight(mask), "square" if i % 2 else "disc", encode(mask))
    return shapes


def refs_with_masks(folder: Path, shapes: Masked, *, without: tuple[str, ...] = ()) -> Pool:
    """The shapes as proposals, their masks beside them but for images in `without`."""
    refs = folder / "proposals.csv"
    rows = [f"{name},{','.join(f'{side:g}' for side in box)},{kind},0.9" for name, (box, kind, _) in shapes.items()]
    refs.write_text("\n".join(["path,x1,y1,x2,y2,class,score", *rows]) + "\n")
    lines = [mask_line(i, mask) for i, (name, (_, _, mask)) in enumerate(shapes.items()) if name not in without]
    sidecar_path(refs).write_text("".join(lines))
    return open_pool(refs)


def tiny_segmenter_yaml(folder: Path) -> str:
    """An architecture for masks, so small that it learns the shapes within seconds."""
    path = folder / "tiny-seg.yaml"
    path.write_text(TINY_SEGMENTER)
    return str(path)
