"""One line of a YOLO label file: `class x_center y_center width height`, or `class x1 y1 x2 y2 x3 y3 …` of a polygon.

All are shares of the upright image's sides.
"""

import math

import numpy as np

from winnow.pool.boxes import Box, clip_box

SMALLEST = 1e-6  # the last written decimal: a box never loses its area by rounding
TOLERANCE = 0.01  # of a side; other tools' boxes may reach this far over the edge and are cut
# Pixels. A polygon runs 1/64 inside its pixels' edges (masks/tidy.py), and six decimals lose a little: a side of its
# box that is so near to a whole pixel lies on it, so that a box that was written comes back the same.
NEAR_EDGE = 0.02


def label_line(class_index: int, box_xyxy: Box, size_wh: tuple[int, int]) -> str:
    """The line of a box in pixels, six decimals. Raises ValueError for a box that is not on the image."""
    clipped = clip_box(box_xyxy, size_wh)
    if clipped is None:
        raise ValueError(f"the box {box_xyxy} is not on the image of {size_wh[0]} × {size_wh[1]} pixels")
    x1, y1, x2, y2 = clipped
    width, height = size_wh
    x_center, y_center = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height
    wide, high = max((x2 - x1) / width, SMALLEST), max((y2 - y1) / height, SMALLEST)
    return f"{class_index} {x_center:.6f} {y_center:.6f} {wide:.6f} {high:.6f}"


def polygon_line(class_index: int, polygon_xy: np.ndarray, size_wh: tuple[int, int]) -> str:
    """The line of a polygon (k, 2) x y in pixels, six decimals."""
    shares = np.clip(polygon_xy / np.array(size_wh), 0, 1)
    return f"{class_index} " + " ".join(f"{share:.6f}" for share in shares.ravel().tolist())


def polygon_of(line: str, size_wh: tuple[int, int]) -> np.ndarray | None:
    """(k, 2) float64 x y in pixels of a line that `parse_label_line` takes; None where it has a box."""
    values = [float(field) for field in line.split()[1:]]
    return None if len(values) == 4 else np.array(values).reshape(-1, 2) * size_wh


def parse_label_line(line: str, *, n_classes: int, size_wh: tuple[int, int]) -> tuple[int, Box]:
    """Class index and box in pixels of a label line; of a polygon's line (segmentation), the box around it.

    Raises ValueError with the reason: no such line, a class index out of range, a box off the image or without area.
    """
    fields = line.split()
    try:
        index, *values = [float(field) for field in fields]
    except ValueError:
        raise ValueError("a line is `class x_center y_center width height` in numbers") from None
    if not (index.is_integer() and 0 <= index < n_classes):
        raise ValueError(f"class {fields[0]} is not among the {n_classes} names (0 to {n_classes - 1})")
    x1, y1, x2, y2 = _corners(values)
    if not all(map(math.isfinite, (x1, y1, x2, y2))) or x2 <= x1 or y2 <= y1:
        raise ValueError("the box has no area")
    if min(x1, y1) < -TOLERANCE or max(x2, y2) > 1 + TOLERANCE:
        raise ValueError("the box leaves the image: sides are shares of the image's, 0 to 1, not pixels")
    width, height = size_wh
    box = clip_box((x1 * width, y1 * height, x2 * width, y2 * height), size_wh)
    if box is None:
        raise ValueError("the box lies outside the image")
    return int(index), box if len(values) == 4 else _on_edges(box)


def _on_edges(box_xyxy: Box) -> Box:
    """A polygon's box with the sides that all but lie on a pixel's edge on it, the others to 0.01 pixel."""
    nearest = [float(round(side)) for side in box_xyxy]
    x1, y1, x2, y2 = (
        edge if abs(side - edge) <= NEAR_EDGE else round(side, 2) for side, edge in zip(box_xyxy, nearest, strict=True)
    )
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else box_xyxy


def _corners(values: list[float]) -> tuple[float, float, float, float]:
    if len(values) == 4:
        x, y, width, height = values
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    if len(values) == 5:
        raise ValueError(
            "a sixth value is a detector's score: such files are proposals (python -m winnow propose --from)"
        )
    if len(values) < 6 or len(values) % 2:
        raise ValueError(f"a line has 5 values, or a class and the points of a polygon; this one has {len(values) + 1}")
    xs, ys = values[::2], values[1::2]
    return min(xs), min(ys), max(xs), max(ys)
