"""Image bytes for the page: the whole image, a crop, or a crop with its surroundings."""

import io
import zlib
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw

from winnow.errors import UnreadableImage
from winnow.pool.boxes import Box, clip_box, context_view
from winnow.pool.images import decode, image_size, open_image, orientation_of

View = Literal["image", "plain", "context", "crop"]

_PADDING = (128, 128, 128)  # neutral grey: where a view reaches over the image's edge
_OUTLINE, _OUTLINE_EDGE = (230, 159, 0), (0, 0, 0)  # orange of the Okabe-Ito colour-blind-safe palette (2008), on black
_LOSSLESS_BELOW = 256  # pixels: here a PNG is small and JPEG blocks would show
_MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_SHOWN_AS_IS = {"JPEG": ("RGB", "L"), "PNG": ("RGB", "L"), "WEBP": ("RGB",)}


def render_view(path: Path, box_xyxy: Box | None, *, view: View, size: int, context: float) -> tuple[bytes, str]:
    """Encoded bytes and media type of one view of an item, its longest side at most `size` pixels, never upscaled.

    `image`: the whole image, with the box drawn; a file that a browser shows as it is passes through untouched.
    `crop`: the part of the box that lies on the image. `context`: `context_view(box_xyxy, context)`, grey where it
    reaches over the edge, no box drawn. `plain`: the whole image, no box. Without a box all are the whole image.
    Raises UnreadableImage.
    """
    if box_xyxy is None or view == "plain":
        return _original(path, size) or _encode(_whole(path, None, size))
    full_wh = image_size(path)
    clipped = clip_box(box_xyxy, full_wh)
    if clipped is None:
        corners = " ".join(f"{value:g}" for value in box_xyxy)
        raise UnreadableImage(
            f"{path}: the box x1 y1 x2 y2 = {corners} lies wholly outside the image ({full_wh[0]} × {full_wh[1]}). "
            "Correct it in the refs."
        )
    if view == "image":
        return _encode(_whole(path, box_xyxy, size))
    return _encode(_region(path, clipped if view == "crop" else context_view(box_xyxy, context), size))


def _original(path: Path, size: int) -> tuple[bytes, str] | None:
    """The file's own bytes when every browser shows them as `load_image` would; None otherwise."""
    with open_image(path) as image:
        kind = image.format or ""
        is_plain = image.mode in _SHOWN_AS_IS.get(kind, ()) and not image.has_transparency_data
        is_still = getattr(image, "n_frames", 1) == 1 and orientation_of(image) == 1
    if not (is_plain and is_still and max(image.size) <= size):
        return None
    content = path.read_bytes()
    return (content, _MEDIA_TYPES[kind]) if _is_complete(content, kind) else None


def _is_complete(content: bytes, kind: str) -> bool:
    """Whether the file ends as its format does; one that does not must be decoded to see what is wrong."""
    if kind == "JPEG":
        return content.endswith(b"\xff\xd9")
    if kind == "PNG":
        return content.endswith(b"IEND\xaeB`\x82")
    return len(content) == int.from_bytes(content[4:8], "little") + 8


def _whole(path: Path, box_xyxy: Box | None, size: int) -> Image.Image:
    image, (full_width, full_height) = decode(path, shrink=max(image_size(path)) / size)
    scale = min(1.0, size / max(full_width, full_height))
    image = _resized(image, (0, 0, image.width, image.height), _scaled((full_width, full_height), scale))
    if box_xyxy is not None:
        x1, y1, x2, y2 = (value * scale for value in box_xyxy)
        draw, width = ImageDraw.Draw(image), max(1, round(max(image.size) / 250))
        # around the box, not on it: the edge of what is judged stays visible
        for color, inner, outer in ((_OUTLINE_EDGE, 0, 3 * width), (_OUTLINE, width, 2 * width)):
            draw.rectangle((x1 - outer, y1 - outer, x2 - 1 + outer, y2 - 1 + outer), None, color, outer - inner)
    return image


def _region(path: Path, region_xyxy: Box, size: int) -> Image.Image:
    """What lies under the region of the image, at most `size` pixels wide and high."""
    x1, y1, x2, y2 = region_xyxy
    scale = min(1.0, size / max(x2 - x1, y2 - y1))
    image, full_wh = decode(path, shrink=1 / scale)
    canvas = Image.new("RGB", _scaled((x2 - x1, y2 - y1), scale), _PADDING)
    left, top, right, bottom = clip_box(region_xyxy, full_wh) or region_xyxy
    place = round((left - x1) * scale), round((top - y1) * scale)
    patch_wh = _scaled((right - x1, bottom - y1), scale)
    decoded = image.width / full_wh[0], image.height / full_wh[1]
    source = (left * decoded[0], top * decoded[1], right * decoded[0], bottom * decoded[1])
    canvas.paste(_resized(image, source, (max(1, patch_wh[0] - place[0]), max(1, patch_wh[1] - place[1]))), place)
    return canvas


def _scaled(size_wh: tuple[float, float], scale: float) -> tuple[int, int]:
    return max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))


def _resized(image: Image.Image, source_xyxy: Box, size_wh: tuple[int, int]) -> Image.Image:
    return image.resize(size_wh, Image.Resampling.BICUBIC, box=source_xyxy, reducing_gap=2.0)


def _encode(image: Image.Image) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    if max(image.size) < _LOSSLESS_BELOW:
        image.save(buffer, "PNG", compress_level=1, compress_type=zlib.Z_RLE)  # twice as fast, as small
        return buffer.getvalue(), "image/png"
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue(), "image/jpeg"
