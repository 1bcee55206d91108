"""Image files as a trainer sees them: which can be linked as they are, and which need a PNG copy to look the same."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from winnow.errors import UnreadableImage
from winnow.pool.images import check_inside, image_size, load_image, open_image

SMALLEST_SIDE = 10  # ultralytics calls smaller images corrupt
_SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "BMP": ".bmp", "WEBP": ".webp"}
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Source:
    """An image file: its hash (blake2b, 32 hex digits), upright size, and the suffix to link it by (None = copy it)."""

    blake2b: str
    n_bytes: int
    size_wh: tuple[int, int]
    link_suffix: str | None


def inspect_source(path: Path, image_root: Path | None) -> Source:
    """Read and check an image file; raises UnreadableImage with the reason, also for one outside `image_root`."""
    check_inside(path, image_root)
    size_wh = image_size(path)
    if min(size_wh) < SMALLEST_SIDE:
        raise UnreadableImage(f"{path}: {size_wh[0]} × {size_wh[1]} pixels; trainers want {SMALLEST_SIDE} a side.")
    content = path.read_bytes()
    suffix = _link_suffix(path, content)
    if suffix is None:
        load_image(path)  # whatever is wrong with it is said now
    return Source(hash_of(content), len(content), size_wh, suffix)


def hash_of(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _link_suffix(path: Path, content: bytes) -> str | None:
    """The suffix by which ultralytics (OpenCV) reads the file to the pixels that Winnow shows; None where it would not.

    It drops transparency, halves 16-bit values its own way, turns only JPEGs reliably, and rewrites a JPEG that does
    not end with its end marker.
    """
    with open_image(path) as image:
        suffix = _SUFFIXES.get(image.format or "")
        modes = ("L", "RGB") if suffix == ".jpg" else ("1", "L", "RGB", "P")
        if suffix is None or image.mode not in modes or image.has_transparency_data:
            return None
        if suffix == ".jpg":
            return suffix if content.endswith(b"\xff\xd9") else None
        if image.getexif().get(_ORIENTATION, 1) != 1:
            return None
    with open_image(path) as image:
        image.verify()  # finds a broken checksum, but only as the first thing after opening
    return suffix
