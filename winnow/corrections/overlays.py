"""Overlays: an image with its objects drawn on it, each class in its colour and by its name."""

import io
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from winnow.corrections.image_results import Shape
from winnow.masks.rle import decode

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
LONGEST_PX = 1600  # of an overlay's sides; larger images are shown smaller
# Okabe and Ito's palette (2008), which the colour-blind can tell apart, without black.
COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
_MASK_WEIGHT = 0.45
_QUALITY = 88


def overlay_jpeg(image: Image.Image, labelled: Iterable[tuple[Shape, str]], colours: Mapping[str, Colour]) -> bytes:
    """The RGB image with boxes, masks and texts, as JPEG; a mask of another size than the image is left out.

    colours: of every class, as `colours_of` gives them.
    """
    shapes = list(labelled)
    scale = min(1.0, LONGEST_PX / max(image.size))
    size_wh = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    pixels = np.array(image.resize(size_wh, Image.Resampling.LANCZOS) if scale < 1 else image)
    for shape, _ in shapes:
        if shape.mask is not None and shape.mask.size_hw == (image.height, image.width):
            _fill(pixels, decode(shape.mask), colours[shape.class_name])
    drawn = Image.fromarray(pixels)
    draw = ImageDraw.Draw(drawn)
    font = ImageFont.load_default(max(11, min(18, max(size_wh) // 50)))
    for shape, text in shapes:
        _outline(draw, shape, text, colours[shape.class_name], scale, font)
    buffer = io.BytesIO()
    drawn.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def colours_of(class_names: Sequence[str]) -> dict[str, Colour]:
    """A colour for each class, in their order; of more classes than colours some share one."""
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(class_names)}


def _fill(pixels_hwc: NDArray[np.uint8], mask_hw: NDArray[np.bool_], colour: Colour) -> None:
    """Tint the mask's pixels, in place."""
    height, width = pixels_hwc.shape[:2]
    if mask_hw.shape != (height, width):
        mask_hw = np.asarray(Image.fromarray(mask_hw).resize((width, height), Image.Resampling.NEAREST))
    inside = pixels_hwc[mask_hw].astype(np.float32)
    tinted = (1 - _MASK_WEIGHT) * inside + _MASK_WEIGHT * np.array(colour, np.float32)
    pixels_hwc[mask_hw] = np.rint(tinted).astype(np.uint8)


def _outline(draw: ImageDraw.ImageDraw, shape: Shape, text: str, colour: Colour, scale: float, font: Font) -> None:
    """The box in its colour on black, and the text on the colour, inside the picture where it can be."""
    x1, y1, x2, y2 = (round(side * scale) for side in shape.box_xyxy)
    x2, y2 = max(x1, x2 - 1), max(y1, y2 - 1)  # x2 and y2 are exclusive
    draw.rectangle((x1 - 1, y1 - 1, x2 + 1, y2 + 1), outline=(0, 0, 0), width=4)
    draw.rectangle((x1, y1, x2, y2), outline=colour, width=2)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = int(right - left) + 6, int(bottom - top) + 4
    x = max(0, min(x1, draw.im.size[0] - width))
    y = y1 - height if y1 >= height else y1
    draw.rectangle((x, y, x + width, y + height), fill=colour)
    draw.text((x + 3 - left, y + 2 - top), text, fill=_ink_on(colour), font=font)


def _ink_on(colour: Colour) -> Colour:
    red, green, blue = colour
    return (0, 0, 0) if 0.3 * red + 0.59 * green + 0.11 * blue > 110 else (255, 255, 255)
