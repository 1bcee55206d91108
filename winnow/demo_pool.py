"""The demo pool: surface tiles of metal, concrete and fabric, about one in twenty with a small defect, made offline."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from winnow.errors import RefsError

SIZE = 192  # pixels, both ways
DEFECT_SHARE = 0.05
VERSION = 1  # of what the tiles look like
_MANIFEST = "demo.json"

Generator = np.random.Generator


class Tile(NamedTuple):
    """One tile: `grey` (192, 192) uint8; `mask` (192, 192) bool, True on the defect; `kind` "" for a clean one."""

    grey: np.ndarray
    mask: np.ndarray
    kind: str


def make_demo_pool(folder: Path, *, n: int = 1200, seed: int = 0) -> Path:
    """Write n tiles, their truth.csv, masks and refs.txt (which tells no label) below the folder; returns the refs.

    The same n and seed make the same pool; one that is there already is left as it is, a half-made one is made anew.
    Raises RefsError where the folder holds a refs.txt that is not this demo's.
    """
    refs, manifest = folder / "refs.txt", folder / _MANIFEST
    wanted = {"version": VERSION, "n": n, "seed": seed, "is_complete": True}
    if manifest.exists() and json.loads(manifest.read_text()) == wanted and refs.exists():
        return refs
    if refs.exists() and not manifest.exists():
        raise RefsError(f"{refs} is not of the demo; it is left alone. Name an empty folder for the demo pool.")
    (folder / "tiles").mkdir(parents=True, exist_ok=True)
    (folder / "masks").mkdir(exist_ok=True)
    _replace(manifest, json.dumps(wanted | {"is_complete": False}))
    rows = _write_tiles(folder, n, np.random.default_rng(seed))
    _write_truth(folder / "truth.csv", rows)
    _replace(refs, "".join(f"{row[0]}\n" for row in rows))
    _replace(manifest, json.dumps(wanted))
    return refs


def make_tile(kind: str, rng: Generator) -> Tile:
    """A tile with one defect of this kind ("" for none) among harmless marks."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    texture = list(TEXTURES.values())[rng.integers(len(TEXTURES))]
    grey = rng.uniform(95, 165) + rng.uniform(7, 15) * texture(rng)
    angle = rng.uniform(0, 2 * np.pi)
    grey += rng.uniform(0, 30) * ((x - SIZE / 2) * np.cos(angle) + (y - SIZE / 2) * np.sin(angle)) / SIZE
    for share, mark in DISTRACTORS:
        if rng.random() < share:
            grey += mark(x, y, rng)
    change = DEFECTS[kind](x, y, rng) if kind else np.zeros_like(grey)
    mask = np.abs(change) > 0.35 * np.abs(change).max()
    return Tile(np.clip(grey + change, 0, 255).round().astype(np.uint8), mask, kind)


def _write_tiles(folder: Path, n: int, rng: Generator) -> list[tuple[str | int, ...]]:
    """Rows of truth.csv: path, class, label, the four corners, mask."""
    kinds = np.zeros(n, int)  # 0 = clean
    defective = rng.permutation(n)[: round(n * DEFECT_SHARE)]
    kinds[defective] = np.arange(len(defective)) % len(DEFECTS) + 1
    names = ["", *DEFECTS]
    rows: list[tuple[str | int, ...]] = []
    for index, tile_rng in enumerate(rng.spawn(n)):
        tile = make_tile(names[kinds[index]], tile_rng)
        name = f"tile_{index:05d}"
        Image.fromarray(tile.grey).save(folder / "tiles" / f"{name}.jpg", quality=92)
        path = f"tiles/{name}.jpg"
        if not tile.kind:
            rows.append((path, "", 0, "", "", "", "", ""))
            continue
        Image.fromarray(tile.mask).save(folder / "masks" / f"{name}.png")
        rows.append((path, tile.kind, 1, *_box_of(tile.mask), f"masks/{name}.png"))
    return rows


def _box_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    """x1, y1, x2, y2 around the True pixels of a (height, width) mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _write_truth(path: Path, rows: list[tuple[str | int, ...]]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("path", "class", "label", "x1", "y1", "x2", "y2", "mask"))
        writer.writerows(rows)
    os.replace(temporary, path)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


# Textures: (192, 192) float, zero mean, standard deviation one


def _metal(rng: Generator) -> np.ndarray:
    from scipy.ndimage import gaussian_filter, rotate

    side = int(SIZE * 1.45)  # so that the corners stay covered when turned
    lines = gaussian_filter(rng.standard_normal((side, side)), (rng.uniform(0.4, 1.0), rng.uniform(10, 30)))
    turned = rotate(lines, rng.uniform(0, 180), reshape=False, order=1)
    margin = (side - SIZE) // 2
    return _standard(turned[margin : margin + SIZE, margin : margin + SIZE])


def _concrete(rng: Generator) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    zoom = rng.uniform(0.7, 1.6)
    layers = [
        weight * _standard(gaussian_filter(rng.standard_normal((SIZE, SIZE)), sigma * zoom))
        for sigma, weight in ((0.6, 0.8), (2.0, 0.7), (9.0, 0.5))
    ]
    return _standard(np.sum(layers, axis=0))


def _fabric(rng: Generator) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    y, x = np.mgrid[0:SIZE, 0:SIZE]
    bend = 12 * gaussian_filter(rng.standard_normal((2, SIZE, SIZE)), (0, 14, 14))
    angle, period = rng.uniform(0, np.pi / 2), rng.uniform(5, 10)
    along = (x * np.cos(angle) + y * np.sin(angle) + bend[0]) * 2 * np.pi / period
    across = (-x * np.sin(angle) + y * np.cos(angle) + bend[1]) * 2 * np.pi / period
    noise = _standard(gaussian_filter(rng.standard_normal((SIZE, SIZE)), 0.8))
    return _standard(np.sin(along) + np.sin(across) + rng.uniform(0.5, 1.2) * noise)


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


# Marks: the change of grey over (192, 192) pixel coordinates x and y


def _rivet(x: np.ndarray, y: np.ndarray, rng: Generator) -> np.ndarray:
    center, radius = rng.uniform(20, SIZE - 20, 2), rng.uniform(6, 10)
    dx, dy = (x - center[0]) / radius, (y - center[1]) / radius
    dome = np.clip(1 - dx**2 - dy**2, 0, 1)
    return rng.uniform(25, 45) * np.sqrt(dome) * (0.4 - 0.7 * dx - 0.7 * dy)


def _dust(x: np.ndarray, y: np.ndarray, rng: Generator) -> np.ndarray:
    change = np.zeros_like(x)
    for _ in range(rng.integers(1, 6)):
        center, radius = rng.uniform(0, SIZE, 2), rng.uniform(0.8, 1.8)
        change += rng.uniform(20, 50) * np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2 * radius**2))
    return change


def _shadow(x: np.ndarray, y: np.ndarray, rng: Generator) -> np.ndarray:
    angle, offset, softness = rng.uniform(0, 2 * np.pi), rng.uniform(-60, 60), rng.uniform(8, 30)
    distance = (x - SIZE / 2) * np.cos(angle) + (y - SIZE / 2) * np.sin(angle) - offset
    return -rng.uniform(10, 30) / (1 + np.exp(-distance / softness))


def _tool_mark(x: np.ndarray, y: np.ndarray, rng: Generator) -> np.ndarray:
    angle, offset = rng.uniform(0, np.pi), rng.uniform(-70, 70)
    distance = (x - SIZE / 2) * np.cos(angle) + (y - SIZE / 2) * np.sin(angle) - offset
    return rng.uniform(-22, 22) * np.exp(-(distance**2) / (2 * rng.uniform(0.7, 1.5) ** 2))


def _scratch(x: np.ndarray, y: np.ndarray, rng: Generator) -> np.ndarray:
    start, angle, length = rng.uniform(45, SIZE - 45, 2), rng.uniform(0, 2 * np.pi), rng.uniform(28, 70)
    t = np.linspace(-0.5, 0.5, 80)[:, None]
    bend = rng.uniform(-0.5, 0.5) * length * t**2 * 2
    forward, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    points = start + length * t * forward + bend * side
    groove, ridge = np.full_like(x, np.inf), np.full_like(x, np.inf)
    for point_x, point_y in points:
        groove = np.minimum(groove, (x - point_x) ** 2 + (y - point_y) ** 2)
        ridge = np.minimum(ridge, (x - point_x - 1.5) ** 2 + (y - point_y - 1.5) ** 2)
    width = rng.uniform(0.7, 1.2)
    return rng.uniform(38, 60) * (np.exp(-ridge / (2 * width**2)) - np.exp(-groove / (2 * width**2)))


def _pit(x: np.ndarray, y: np.ndarray, rng: Generator) -> np.ndarray:
    center, radius = rng.uniform(20, SIZE - 20, 2), rng.uniform(3.5, 6.5)
    dx, dy = (x - center[0]) / radius, (y - center[1]) / radius
    distance = np.hypot(dx, dy) * _wobble(np.arctan2(dy, dx), rng)
    hollow = 1 / (1 + np.exp((distance - 1) * 8))
    rim = np.exp(-((distance - 1.25) ** 2) / 0.05) * np.clip((dx + dy) / (distance + 0.1), 0, 1)
    return -rng.uniform(40, 60) * hollow + rng.uniform(15, 30) * rim


def _stain(x: np.ndarray, y: np.ndarray, rng: Generator) -> np.ndarray:
    center, radius = rng.uniform(35, SIZE - 35, 2), rng.uniform(11, 22)
    dx, dy = (x - center[0]) / radius, (y - center[1]) / (radius * rng.uniform(0.6, 1.0))
    distance = np.hypot(dx, dy) * _wobble(np.arctan2(dy, dx), rng)
    body, ring = 1 / (1 + np.exp((distance - 1) * 9)), np.exp(-((distance - 0.95) ** 2) / 0.02)
    return -rng.uniform(20, 32) * (0.75 * body + 0.5 * ring)


def _wobble(angle: np.ndarray, rng: Generator) -> np.ndarray:
    """A closed outline's uneven radius, around one."""
    phases, heights = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.03, 0.13, 4)
    waves = [
        height * np.sin(k * angle + phase) for k, (phase, height) in enumerate(zip(phases, heights, strict=True), 2)
    ]
    return 1 + np.sum(waves, axis=0)


Mark = Callable[[np.ndarray, np.ndarray, Generator], np.ndarray]

TEXTURES: dict[str, Callable[[Generator], np.ndarray]] = {"metal": _metal, "concrete": _concrete, "fabric": _fabric}
DEFECTS: dict[str, Mark] = {"scratch": _scratch, "pit": _pit, "stain": _stain}
DISTRACTORS: tuple[tuple[float, Mark], ...] = ((0.25, _rivet), (0.5, _dust), (0.25, _shadow), (0.2, _tool_mark))
