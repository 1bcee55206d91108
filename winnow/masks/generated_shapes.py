"""Pictures made of shapes and textures, with the exact mask of every shape: what the tiny SAM learns from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]  # (side, side), or (n, side, side)
Image = NDArray[np.float32]  # (side, side, 3), 0 … 1
_MARGIN = 5  # pixels around a shape that its soft edge reaches


@dataclass(frozen=True)
class Scene:
    """image_hwc: (side, side, 3) uint8 RGB; masks: (n, side, side) bool, the visible part of each shape."""

    image_hwc: NDArray[np.uint8]
    masks: Mask


def make_scene(rng: np.random.Generator, side: int = 256, *, min_area: int = 40) -> Scene:
    """A scene of one to thirty shapes; shapes of which fewer than `min_area` pixels can be seen have no mask."""
    kind = rng.choice(["mixed", "crowd", "flaw"], p=[0.5, 0.25, 0.25])
    image = _background(rng, side)
    owner = np.full((side, side), -1, np.int16)
    shapes = _SCENES[str(kind)](rng, side)
    for number, shape in enumerate(shapes):
        _paint(rng, image, shape, is_faint=kind == "flaw")
        owner[shape] = number
    if rng.random() < 0.3:  # grey, as microscopes and line cameras give
        image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    masks = [_largest_part(owner == number) for number in range(len(shapes))]
    kept = [mask for mask in masks if mask.sum() >= min_area]
    image += np.float32(rng.uniform(0, 0.04)) * rng.standard_normal(image.shape, np.float32)
    return Scene((np.clip(image, 0, 1) * 255).astype(np.uint8), np.array(kept, bool).reshape(-1, side, side))


def _mixed(rng: np.random.Generator, side: int) -> list[Mask]:
    makers = (_ellipse, _blob, _polygon, _stroke)
    chosen = rng.choice(len(makers), size=int(rng.integers(1, 9)), p=[0.3, 0.35, 0.2, 0.15])
    return [makers[i](rng, side, _log_uniform(rng, 0.04, 0.33)) for i in chosen]


def _crowd(rng: np.random.Generator, side: int) -> list[Mask]:
    """Many alike, as cells are."""
    size = _log_uniform(rng, 0.02, 0.09)
    maker = _ellipse if rng.random() < 0.5 else _blob
    return [maker(rng, side, size * rng.uniform(0.7, 1.3)) for _ in range(int(rng.integers(8, 31)))]


def _flaw(rng: np.random.Generator, side: int) -> list[Mask]:
    """Few and faint, as defects on a surface are."""
    makers = (_stroke, _blob, _ellipse)
    chosen = rng.choice(len(makers), size=int(rng.integers(1, 4)), p=[0.4, 0.4, 0.2])
    return [makers[i](rng, side, _log_uniform(rng, 0.03, 0.25)) for i in chosen]


_SCENES: dict[str, Callable[[np.random.Generator, int], list[Mask]]] = {"mixed": _mixed, "crowd": _crowd, "flaw": _flaw}


def _ellipse(rng: np.random.Generator, side: int, radius: float) -> Mask:
    angle, ratio = _angles(), rng.uniform(0.4, 1.0)
    return _filled(_placed(rng, angle, radius * ratio / np.hypot(ratio * np.cos(angle), np.sin(angle))), side)


def _blob(rng: np.random.Generator, side: int, radius: float) -> Mask:
    """A closed curve whose radius is a sum of few sines."""
    angle = _angles()
    length = np.ones_like(angle)
    for k in range(2, 7):
        length += rng.uniform(0, 0.35 / k) * np.sin(k * angle + rng.uniform(0, 2 * np.pi))
    return _filled(_placed(rng, angle, radius * length), side)


def _polygon(rng: np.random.Generator, side: int, radius: float) -> Mask:
    n = int(rng.integers(3, 8))
    angle = np.sort(rng.uniform(0, 2 * np.pi, n)) if rng.random() < 0.5 else np.arange(n) * 2 * np.pi / n
    return _filled(_placed(rng, angle, radius * (rng.uniform(0.6, 1.0, n) if rng.random() < 0.5 else 1.0)), side)


def _stroke(rng: np.random.Generator, side: int, radius: float) -> Mask:
    """A thin wandering line, as cracks and scratches are."""
    import cv2

    steps = int(rng.integers(3, 9))
    turns = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.5, steps))
    walk = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], axis=1), axis=0) * 2 * radius / steps
    points = (rng.uniform(0.1, 0.9, 2) + walk - walk.mean(axis=0)) * side
    canvas = np.zeros((side, side), np.uint8)
    cv2.polylines(canvas, [(points * 16).astype(np.int32)], False, (1,), thickness=int(rng.integers(3, 10)), shift=4)
    return canvas.astype(bool)


def _angles() -> Array:
    return np.linspace(0, 2 * np.pi, 72, endpoint=False)


def _placed(rng: np.random.Generator, angle: Array, length: Array | float) -> Array:
    """The outline (k, 2) x y around a random centre, turned; lengths and answer as shares of the side."""
    turned = angle + rng.uniform(0, 2 * np.pi)
    return rng.uniform(0.05, 0.95, 2) + np.stack([length * np.cos(turned), length * np.sin(turned)], axis=1)


def _filled(outline_xy: Array, side: int) -> Mask:
    import cv2

    canvas = np.zeros((side, side), np.uint8)
    cv2.fillPoly(canvas, [(outline_xy * side * 16).astype(np.int32)], (1,), shift=4)
    return canvas.astype(bool)


def _largest_part(mask: Mask) -> Mask:
    """What a passer-by would outline: the largest connected part of what later shapes left to see."""
    import cv2

    n, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()) if n > 1 else mask


def _background(rng: np.random.Generator, side: int) -> Image:
    grey = rng.uniform(0.15, 0.85)
    colour = np.clip(grey + rng.normal(0, 0.08, 3), 0, 1)
    slope = rng.normal(0, 0.15, 2)
    along = np.linspace(-0.5, 0.5, side)
    light = slope[0] * along + slope[1] * along[:, None] + _texture(rng, (side, side), rng.uniform(0, 0.12))
    return (colour + light[:, :, None]).astype(np.float32)


def _paint(rng: np.random.Generator, image: Image, mask: Mask, *, is_faint: bool) -> None:
    """Put a shape into the image: brighter or darker than what is there, of its own texture, its edge soft."""
    import cv2

    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    if not width:
        return
    there = np.s_[max(0, y - _MARGIN) : y + height + _MARGIN, max(0, x - _MARGIN) : x + width + _MARGIN]
    part, alpha = image[there], mask[there].astype(np.float32)
    low, high = (0.06, 0.25) if is_faint else (0.1, 0.5)
    contrast = rng.uniform(low, high) * rng.choice([-1, 1])
    under = part[alpha > 0].mean(axis=0)
    if not 0.02 < float(under.mean() + contrast) < 0.98:
        contrast = -contrast
    own = (under + contrast + rng.normal(0, 0.04, 3)).astype(np.float32)
    fill = own + _texture(rng, alpha.shape, rng.uniform(0, 0.4) * abs(contrast))[:, :, None]
    see_through = rng.uniform(0, 0.5) if is_faint else 0.0
    fill = see_through * (part + contrast) + (1 - see_through) * fill
    soft = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.4, 1.5))[:, :, None]
    image[there] = (1 - soft) * part + soft * fill


def _texture(rng: np.random.Generator, size_hw: tuple[int, ...], strength: float) -> NDArray[np.float32]:
    """(h, w) with a standard deviation of about `strength`: noise of one grain size, or stripes."""
    import cv2

    height, width = size_hw
    if rng.random() < 0.25:
        turn, length = rng.uniform(0, np.pi), rng.uniform(4, 32)
        along = np.arange(width) * np.cos(turn) + np.arange(height)[:, None] * np.sin(turn)
        return (strength * np.sin(along * 2 * np.pi / length)).astype(np.float32)
    grain = int(_log_uniform(rng, 1, 24))
    coarse = strength * rng.standard_normal((height // grain + 2, width // grain + 2), np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
