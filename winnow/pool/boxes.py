"""Box geometry: boxes are (x1, y1, x2, y2) in pixels of the upright image, x right, y down, x2 and y2 exclusive."""

from winnow.errors import BadBox

Box = tuple[float, float, float, float]

SAME_IOU = 0.5  # boxes of one class that overlap by this much mean the same object
SMALLEST_VIEW = 32.0  # pixels; a context smaller than this says nothing to a person


def clip_box(box_xyxy: Box, size_wh: tuple[float, float]) -> Box | None:
    """The part of the box that lies on an image of this size; None where there is none."""
    x1, y1, x2, y2 = box_xyxy
    width, height = size_wh
    clipped = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    return clipped if clipped[0] < clipped[2] and clipped[1] < clipped[3] else None


def context_view(box_xyxy: Box, context: float) -> Box:
    """The square around the box's centre that shows it with its surroundings; it may reach over the image's edges.

    Its side is the box's longer side × (1 + 2 · context), at least 32 pixels.
    """
    x1, y1, x2, y2 = box_xyxy
    half = max(max(x2 - x1, y2 - y1) * (1 + 2 * context), SMALLEST_VIEW) / 2
    x_center, y_center = (x1 + x2) / 2, (y1 + y2) / 2
    return (x_center - half, y_center - half, x_center + half, y_center + half)


def check_box(box_xyxy: Box, size_wh: tuple[int, int]) -> None:
    """Raises BadBox for a box without area, with sides that are not finite, or that leaves an image of this size."""
    x1, y1, x2, y2 = box_xyxy
    width, height = size_wh
    if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
        raise BadBox(
            f"The box {box_xyxy} must have x1 < x2 and y1 < y2 and lie on the image of {width} × {height} pixels."
        )


def iou(one_xyxy: Box, other_xyxy: Box) -> float:
    """Area in common over the area of both together, 0 to 1."""
    common = _common(one_xyxy, other_xyxy)
    return common / (_area(one_xyxy) + _area(other_xyxy) - common) if common else 0.0


def share_inside(box_xyxy: Box, other_xyxy: Box) -> float:
    """How much of the box's area lies inside the other box, 0 to 1."""
    return _common(box_xyxy, other_xyxy) / _area(box_xyxy)


def _common(one_xyxy: Box, other_xyxy: Box) -> float:
    width = min(one_xyxy[2], other_xyxy[2]) - max(one_xyxy[0], other_xyxy[0])
    height = min(one_xyxy[3], other_xyxy[3]) - max(one_xyxy[1], other_xyxy[1])
    return max(width, 0.0) * max(height, 0.0)


def _area(box_xyxy: Box) -> float:
    return (box_xyxy[2] - box_xyxy[0]) * (box_xyxy[3] - box_xyxy[1])
