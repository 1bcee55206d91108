"""Masks made neat: small holes and islands away, and outlines that run exactly along the edges of pixels."""

from dataclasses import dataclass

import numpy as np

from winnow.errors import SegmenterError
from winnow.masks.rle import Rle, encode, from_polygons

_INSET = 1 / 64  # pixels; more than six decimals of a label lose, less than any rasteriser sees


@dataclass(frozen=True)
class Outline:
    """One part of a mask: its outer ring (k, 2) float64 x y in pixels, clockwise on the screen, and rings of its holes.

    No ring repeats its first corner. Parts hang together by pixels' edges; two that touch at a corner are two.
    """

    outer_xy: np.ndarray
    holes_xy: tuple[np.ndarray, ...] = ()


def fill_holes(mask_hw: np.ndarray, max_area: int) -> np.ndarray:
    """The mask (h, w) bool without the holes of at most `max_area` pixels; what reaches the image's edge is no hole."""
    there = _around(mask_hw)
    if there is None or max_area <= 0:
        return mask_hw
    part = np.pad(mask_hw[there], 1)  # one piece of background around everything, which no limit fills
    labels, areas = _components(~part, connectivity=4)
    is_small = areas <= max_area
    is_small[labels[0, 0]] = is_small[0] = False
    filled = mask_hw.copy()
    filled[there] |= is_small[labels][1:-1, 1:-1]
    return filled


def drop_islands(mask_hw: np.ndarray, max_area: int) -> np.ndarray:
    """The mask (h, w) bool without the parts of at most `max_area` pixels; the largest stays whatever its size."""
    there = _around(mask_hw)
    if there is None or max_area <= 0:
        return mask_hw
    labels, areas = _components(mask_hw[there], connectivity=8)
    is_kept = areas > max_area
    is_kept[1 + int(areas[1:].argmax())] = True
    is_kept[0] = False
    kept = np.zeros_like(mask_hw)
    kept[there] = is_kept[labels]
    return kept


def stability(logits_hw: np.ndarray, offset: float = 1.0) -> float:
    """SAM's stability score (Kirillov et al. 2023), 0 … 1: overlap of the masks at thresholds ± `offset`."""
    wide = int((logits_hw > -offset).sum())
    return int((logits_hw > offset).sum()) / wide if wide else 0.0


def outlines(mask_hw: np.ndarray, tolerance_px: float = 0.0) -> list[Outline]:
    """The parts of a mask (h, w) bool, the topmost first.

    Without tolerance the corners are those of pixels: the box around the outlines is the mask's, and filling them gives
    the mask back. With one, corners are left out as long as the outline stays that near (Douglas and Peucker 1973);
    holes that would vanish are left out.
    """
    if not 0 <= tolerance_px < np.inf:
        raise SegmenterError(f"The tolerance is {tolerance_px}; it takes pixels from 0 up.")
    there = _around(mask_hw)
    if there is None:
        return []
    part, origin_xy = mask_hw[there], (there[1].start, there[0].start)
    labels, _ = _components(part, connectivity=4)
    outers: dict[int, np.ndarray] = {}
    holes: dict[int, list[np.ndarray]] = {}
    for ring in _rings(part):
        x, y = ring[0]  # the topmost corner, of these the leftmost: right below it lies what the ring encloses
        simple = _simplified(ring, tolerance_px)
        if part[y, x]:
            outers[int(labels[y, x])] = (ring if simple is None else simple) + origin_xy
        elif simple is not None:
            holes.setdefault(int(labels[y - 1, x]), []).append(simple[::-1] + origin_xy)
    return [
        Outline(outer.astype(float), tuple(h.astype(float) for h in holes.get(k, ()))) for k, outer in outers.items()
    ]


def filled(parts: list[Outline], size_hw: tuple[int, int]) -> Rle:
    """The mask of what lies inside the outlines and outside their holes; without tolerance, the mask they came from."""
    rings = [ring for part in parts for ring in (part.outer_xy, *part.holes_xy)]
    return from_polygons([_joined(rings[0], rings[1:])], size_hw) if rings else encode(np.zeros(size_hw, bool))


def single_polygon(mask_hw: np.ndarray) -> np.ndarray:
    """All of a mask (h, w) bool as one polygon (k, 2) float64 x y, as YOLO's label lines have: parts and holes are
    joined by bridges of no width.

    It runs 1/64 pixel inside the pixels' edges, so that OpenCV's fillPoly, which fills up to and including the border
    and drops fractions, gives the mask back as pycocotools does; it draws the bridges between parts too. (0, 2) for an
    empty mask.
    """
    parts = outlines(mask_hw)
    if not parts:
        return np.empty((0, 2))
    parts.sort(key=lambda part: -_area(part.outer_xy))
    whole, *others = [_with_holes(part, mask_hw) for part in parts]
    return _joined(whole, others)


def _around(mask_hw: np.ndarray) -> tuple[slice, slice] | None:
    """Rows and columns of the smallest window with all of the mask in it; None for an empty mask."""
    rows = np.flatnonzero(mask_hw.any(axis=1))
    if not len(rows):
        return None
    band = slice(int(rows[0]), int(rows[-1]) + 1)
    columns = np.flatnonzero(mask_hw[band].any(axis=0))
    return band, slice(int(columns[0]), int(columns[-1]) + 1)


def _components(mask_hw: np.ndarray, connectivity: int) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) int32 labels, 0 outside the mask, and (n,) pixels of each label."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask_hw.astype(np.uint8), connectivity=connectivity)
    return labels, stats[:, cv2.CC_STAT_AREA]


def _rings(mask_hw: np.ndarray) -> list[np.ndarray]:
    """Closed ways (k, 2) int x y along pixels' edges, clockwise from their topmost corner, of these the leftmost.

    In a line of corners the 1st and 2nd, 3rd and 4th … are the ends of one edge: sorted by rows the ends of horizontal
    edges stand side by side, sorted by columns those of vertical ones. A corner where two pixels touch stands there
    twice, once for each of them.
    """
    y, x, is_second, is_falling = _corners(mask_hw)
    by_column = np.lexsort((is_second ^ is_falling, y, x))  # np.nonzero's order is that by rows
    across, along = np.arange(len(x)) ^ 1, np.empty(len(x), np.int64)
    along[by_column] = by_column[np.arange(len(x)) ^ 1]
    next_of = along[across].tolist()  # over a horizontal edge, then over a vertical one
    middle = across.tolist()
    points, is_taken, rings = np.stack([x, y], axis=1), [False] * len(x), []
    for start in range(len(x)):
        way: list[int] = []
        at = start
        while not is_taken[at]:
            is_taken[at] = is_taken[middle[at]] = True
            way += (at, middle[at])
            at = next_of[at]
        if way:
            rings.append(points[way])
    return rings


def _corners(mask_hw: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Corners of outlines by rows, (n,) each: y, x, whether it is the second of two at one place, and whether the
    pixels that touch there lie at the lower left and upper right."""
    padded = np.pad(mask_hw, 1)
    upper_left, upper_right, lower_left = padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1]
    is_odd = upper_left ^ upper_right ^ lower_left ^ padded[1:, 1:]
    is_touch = ~is_odd & (upper_left ^ upper_right) & (upper_left ^ lower_left)
    y, x = np.nonzero(is_odd | is_touch)
    times = 1 + is_touch[y, x]
    second = np.cumsum(times) - 1
    is_second = np.zeros(int(times.sum()), bool)
    is_second[second[times == 2]] = True
    y, x = np.repeat(y, times), np.repeat(x, times)
    return y, x, is_second, is_touch[y, x] & lower_left[y, x]


def _simplified(ring_xy: np.ndarray, tolerance_px: float) -> np.ndarray | None:
    """The ring with fewer corners; None where nothing with an area would be left."""
    import cv2

    if not tolerance_px:
        return ring_xy
    simple = cv2.approxPolyDP(ring_xy.astype(np.int32)[:, None], tolerance_px, True)[:, 0]
    return simple if len(simple) >= 3 and _area(simple) > 0 else None


def _area(ring_xy: np.ndarray) -> float:
    x, y = ring_xy.T.astype(float)
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _inset(ring_xy: np.ndarray) -> np.ndarray:
    """The ring of whole pixels' edges, moved a little to its right, where the mask lies."""
    step = np.sign(np.roll(ring_xy, -1, axis=0) - ring_xy)
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1)
    return ring_xy + _INSET * (normal + np.roll(normal, 1, axis=0))


def _with_holes(part: Outline, mask_hw: np.ndarray) -> np.ndarray:
    """One ring of a part and its holes: from each hole's left edge a bridge runs to the left, all of it on the mask."""
    whole = _inset(part.outer_xy)
    for hole in sorted(part.holes_xy, key=lambda ring: ring[:, 0].min()):  # the others to its left are joined already
        is_left = (hole[:, 0] == hole[:, 0].min()) & (np.roll(hole, -1, axis=0)[:, 0] == hole[:, 0].min())
        hole = np.roll(_inset(hole), -1 - int(is_left.argmax()), axis=0)  # ends with the left edge's first corner
        row, x = int(min(hole[-1, 1], hole[0, 1]) + 0.5), round(hole[0, 0])
        shore = 1 + int(np.flatnonzero(~mask_hw[row, :x])[-1]) if not mask_hw[row, :x].all() else 0
        near = np.abs(whole[:, 0] - shore) < 0.5
        y, next_y = whole[:, 1], np.roll(whole[:, 1], -1)
        is_hit = near & np.roll(near, -1) & (np.minimum(y, next_y) < row + 0.5) & (row + 0.5 < np.maximum(y, next_y))
        hit = int(is_hit.argmax())
        here, there = (whole[hit, 0], row + 0.5), (hole[0, 0], row + 0.5)
        whole = np.concatenate([whole[: hit + 1], [here, there], hole, [there, here], whole[hit + 1 :]])
    return whole


def _joined(whole_xy: np.ndarray, others: list[np.ndarray]) -> np.ndarray:
    """One ring that goes round all of them, over a bridge at the corners that are nearest to each other."""
    from scipy.spatial import cKDTree

    for other in others:
        distances, nearest = cKDTree(whole_xy).query(other)
        there = int(distances.argmin())
        here = int(nearest[there])
        trip = [whole_xy[: here + 1], np.roll(other, -there, axis=0), other[there : there + 1], whole_xy[here:]]
        whole_xy = np.concatenate(trip)
    return whole_xy
