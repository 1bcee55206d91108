"""Triage before the first key: groups of proposals that are likely no use, by stated rules on their boxes and masks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from winnow.masks.rle import Rle, iou
from winnow.masks.sidecar import read_masks, sidecar_path
from winnow.pool import Pool
from winnow.pool.index import fingerprint_of
from winnow.proposals.image_sizes import image_sizes as read_image_sizes
from winnow.proposals.image_sizes import load_cached, save_cached

NESTED_SHARE, NESTED_TIMES = 0.9, 1.5
SLIVER_RATIO = 8.0
TINY_SIDE, TINY_SHARE = 16.0, 0.0002
HUGE_SHARE = 0.8
DUPLICATE_IOU = 0.85
DUPLICATE_BOX_IOU = 0.5  # masks are compared only where the boxes overlap by this much
EDGE_PX = 1.0

# name -> label, help, rule
GROUPS: dict[str, tuple[str, str, str]] = {
    "nested": (
        "Nested",
        "Parts of a larger proposal of the same class.",
        f"at least {NESTED_SHARE:.0%} of its area lies inside a box of its class that is at least {NESTED_TIMES:g} "
        "times as large",
    ),
    "sliver": ("Slivers", "Thin strips.", f"the longer side is more than {SLIVER_RATIO:g} times the shorter"),
    "tiny": (
        "Tiny",
        "Too small to be told.",
        f"an area below {TINY_SIDE:g} × {TINY_SIDE:g} pixels, or below {TINY_SHARE:.2%} of the image",
    ),
    "huge": ("Huge", "Nearly the whole image.", f"an area above {HUGE_SHARE:.0%} of the image"),
    "near_duplicate": (
        "Near-duplicates",
        "The same thing again, with a lower score.",
        f"overlaps a better-scored proposal of its class, which is none itself, by an IoU of at least "
        f"{DUPLICATE_IOU:g} (of the masks where both have one, else of the boxes)",
    ),
    "edge": ("At the edge", "Cut off by the image's border.", f"reaches to within {EDGE_PX:g} pixel of the border"),
}
_PAIRS = 1 << 21  # looked at in one go: some hundred megabytes
_VERSION = "1"


@dataclass(frozen=True)
class Triage:
    """members[group] (n,) bool; represented_by (n,) int64: the row a near-duplicate repeats, −1 for all others."""

    members: dict[str, np.ndarray]
    represented_by: np.ndarray


def triage_of(pool: Pool) -> Triage:
    """The pool's triage, with its images' sizes and its masks; kept beside the index for the next time.

    Raises ProposalError for a damaged file of masks.
    """
    masks_path = sidecar_path(pool.refs_path)
    masks_key = fingerprint_of(masks_path) if masks_path.is_file() else "none"
    key = f"{_VERSION} {pool.fingerprint} {masks_key}"
    kept = load_cached(pool, "triage", key)
    if kept is not None and kept.keys() == {*GROUPS, "represented_by"}:
        return Triage({name: kept[name] for name in GROUPS}, kept["represented_by"])
    found = triage(pool, image_sizes=read_image_sizes(pool), masks=read_masks(pool.refs_path, pool.n_rows))
    save_cached(pool, "triage", key, {**found.members, "represented_by": found.represented_by})
    return found


def triage(pool: Pool, *, image_sizes: np.ndarray, masks: Mapping[int, Rle] | None = None) -> Triage:
    """The groups of each proposal; whole images and repeated lines are in none.

    image_sizes: (k, 2) float64 width and height of `pool.paths`; rules about the image do not hold where it is NaN.
    masks: by row.
    """
    rows = np.flatnonzero(~np.isnan(pool.boxes_xyxy[:, 0]) & ~pool.is_duplicate)
    sizes_wh = image_sizes[pool.path_codes[rows]]
    boxes = _clipped(np.asarray(pool.boxes_xyxy[rows]), sizes_wh)
    is_in = _alone(boxes, sizes_wh)
    order, ends = _by_class(pool, rows)
    nested, represented_by = _together(boxes[order], ends, rows[order], masks or {})
    is_in["nested"] = _unsorted(nested, order)
    members = {name: np.zeros(pool.n_rows, bool) for name in GROUPS}
    represented = np.full(pool.n_rows, -1, np.int64)
    represented[rows] = _unsorted(represented_by, order)
    is_in["near_duplicate"] = represented[rows] >= 0
    for name, is_member in is_in.items():
        members[name][rows] = is_member
    return Triage(members, represented)


def _clipped(boxes_xyxy: np.ndarray, sizes_wh: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) cut off at their images' borders, where those are known."""
    corners = np.where(np.isnan(sizes_wh), np.inf, sizes_wh)
    return np.clip(boxes_xyxy, 0, np.hstack([corners, corners]))


def _alone(boxes: np.ndarray, sizes_wh: np.ndarray) -> dict[str, np.ndarray]:
    """The rules on one box (n, 4) and its image's size (n, 2); comparisons with NaN do not hold."""
    x1, y1, x2, y2 = boxes.T
    width, height = sizes_wh.T
    area, image_area = _areas(boxes), width * height
    sides = np.stack([x2 - x1, y2 - y1])
    is_at_edge = (x1 <= EDGE_PX) | (y1 <= EDGE_PX) | (x2 >= width - EDGE_PX) | (y2 >= height - EDGE_PX)
    return {
        "sliver": sides.max(axis=0) > SLIVER_RATIO * sides.min(axis=0),
        "tiny": (area < TINY_SIDE**2) | (area < TINY_SHARE * image_area),
        "huge": area > HUGE_SHARE * image_area,
        "edge": is_at_edge & ~np.isnan(image_area),
    }


def _by_class(pool: Pool, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An order (m,) of the rows by image, class and falling score, and for each place where its class ends (m,)."""
    images, classes = pool.path_codes[rows], pool.class_codes[rows]
    scores = np.nan_to_num(pool.scores[rows], nan=-np.inf)
    order = np.lexsort((rows, -scores, classes, images))
    is_last = np.ones(len(rows), bool)
    is_last[:-1] = (np.diff(images[order]) != 0) | (np.diff(classes[order]) != 0)
    lasts = np.flatnonzero(is_last)
    return order, lasts[np.searchsorted(lasts, np.arange(len(rows)))] + 1


def _together(
    boxes: np.ndarray, ends: np.ndarray, rows: np.ndarray, masks: Mapping[int, Rle]
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each place is nested (m,) bool, and the row that represents it (m,) int64, −1 = none.

    Near-duplicates are told greedily, best score first, so that what represents others is never one itself.
    """
    areas = _areas(boxes)
    nested = np.zeros(len(boxes), bool)
    represented_by = np.full(len(boxes), -1, np.int64)
    for first, second in _pairs(ends):
        shared = _shared(boxes, first, second)
        for inner, outer in ((first, second), (second, first)):
            is_nested = (shared >= NESTED_SHARE * areas[inner]) & (areas[outer] >= NESTED_TIMES * areas[inner])
            nested[inner[is_nested & (areas[inner] > 0)]] = True
        union = areas[first] + areas[second] - shared
        overlap = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        is_close = overlap >= (DUPLICATE_BOX_IOU if masks else DUPLICATE_IOU)
        _represent(first[is_close], second[is_close], overlap[is_close], rows, masks, represented_by)
    return nested, represented_by


def _pairs(ends: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All pairs of places (p,) of one image and class, better first and in order, some millions at a time."""
    places = np.arange(len(ends))
    n_pairs = ends - places - 1
    before = np.concatenate([[0], np.cumsum(n_pairs)])
    start = 0
    while start < len(ends):
        stop = max(start + 1, int(np.searchsorted(before, before[start] + _PAIRS, "right")) - 1)
        first = np.repeat(places[start:stop], n_pairs[start:stop])
        second = first + 1 + np.arange(before[start], before[stop]) - before[first]
        yield first, second
        start = stop


def _shared(boxes: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(p,) area that the boxes of each pair share."""
    width = np.minimum(boxes[first, 2], boxes[second, 2]) - np.maximum(boxes[first, 0], boxes[second, 0])
    height = np.minimum(boxes[first, 3], boxes[second, 3]) - np.maximum(boxes[first, 1], boxes[second, 1])
    return np.maximum(width, 0) * np.maximum(height, 0)


def _represent(
    first: np.ndarray,
    second: np.ndarray,
    overlap: np.ndarray,
    rows: np.ndarray,
    masks: Mapping[int, Rle],
    represented_by: np.ndarray,
) -> None:
    """Fill in who represents whom, from pairs (p,) that are in order and close."""
    starts = np.flatnonzero(np.diff(first, prepend=-1))
    for start, stop in pairwise([*starts.tolist(), len(first)]):
        better = first[start]
        if represented_by[better] >= 0:
            continue
        others = second[start:stop]
        others_overlap = overlap[start:stop]
        if masks:
            others_overlap = _mask_overlap(int(rows[better]), rows[others], others_overlap, masks)
        worse = others[(others_overlap >= DUPLICATE_IOU) & (represented_by[others] < 0)]
        represented_by[worse] = rows[better]


def _mask_overlap(row: int, others: np.ndarray, overlap: np.ndarray, masks: Mapping[int, Rle]) -> np.ndarray:
    """The overlap (p,) of the boxes, with that of the masks where both rows have one."""
    masked = [position for position, other in enumerate(others.tolist()) if row in masks and other in masks]
    mixed = overlap.copy()
    if masked:
        mixed[masked] = iou([masks[row]], [masks[int(others[position])] for position in masked])[0]
    return mixed


def _areas(boxes: np.ndarray) -> np.ndarray:
    return np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)


def _unsorted(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    back = np.empty_like(values)
    back[order] = values
    return back
