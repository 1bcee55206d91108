"""Training copies: regions that nobody has judged are painted grey, so that they teach nothing either way."""

import io
import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from winnow.pool.boxes import Box, clip_box

GREY = 114  # the padding of YOLO's own letterbox (Jocher et al., 2020): the detector knows it as "nothing here"


def painted_png(image: Image.Image, painted: Iterable[Box], kept: Iterable[Box]) -> bytes:
    """The RGB image as PNG bytes, each pixel that a `painted` box touches grey, but none that a `kept` box touches."""
    pixels = np.array(image)
    covered = _touched(painted, image.size) & ~_touched(kept, image.size)
    pixels[covered] = GREY
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _touched(boxes_xyxy: Iterable[Box], size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """(h, w) bool, the pixels that any of the boxes reaches into."""
    touched = np.zeros((size_wh[1], size_wh[0]), np.bool_)
    for box in boxes_xyxy:
        if (clipped := clip_box(box, size_wh)) is not None:
            x1, y1, x2, y2 = clipped
            touched[math.floor(y1) : math.ceil(y2), math.floor(x1) : math.ceil(x2)] = True
    return touched
