"""Image files in: any mode and orientation becomes upright RGB, anything that is no whole image a named error."""

import math
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from winnow.errors import UnreadableImage

# Not EPS, PDF and their like: these run a program to be decoded.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "TGA", "AVIF", "ICO")
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WHITE = (255, 255, 255, 255)
_open = Image.open  # bound now: ultralytics puts one in its place that asks for a HEIF decoder over every damaged file


def check_inside(path: Path, image_root: Path | None) -> None:
    """Raises UnreadableImage for a file that resolves outside the `image_root` setting; None sets no limit."""
    if image_root is not None and not path.resolve().is_relative_to(image_root.resolve()):
        raise UnreadableImage(f"{path} resolves outside WINNOW_IMAGE_ROOT ({image_root}). Move it, or widen the root.")


def load_image(path: Path) -> Image.Image:
    """The whole image, RGB, upright by its EXIF orientation; the first frame where there are several.

    Transparent parts are shown over white. Grey of more than 8 bits is scaled so that the end of its range (the
    smallest of 8, 12 and 16 bits that holds its largest value) is white; other integers and floats from their
    smallest to their largest value, floats within 0 … 1 or 0 … 255 from 0. Raises UnreadableImage.
    """
    return decode(path)[0]


def image_size(path: Path) -> tuple[int, int]:
    """(width, height) of the upright image, from the file's header alone; raises UnreadableImage."""
    with open_image(path) as image:
        return upright_size(image)


def decode(path: Path, shrink: float = 1.0) -> tuple[Image.Image, tuple[int, int]]:
    """The upright RGB image and its full (width, height).

    With `shrink` > 1 a JPEG may come smaller, by 2, 4 or 8 but not by more than `shrink`: that is far quicker.
    """
    with open_image(path) as image:
        orientation, size_wh = orientation_of(image), upright_size(image)
        if shrink > 1:
            image.draft(None, (math.ceil(image.width / shrink), math.ceil(image.height / shrink)))
        image.load()
        # Pillow turns a TIFF upright itself
        turn = None if image.format == "TIFF" else _TRANSPOSE.get(orientation)
        upright = image.transpose(turn) if turn is not None else image
        rgb = _to_rgb(upright)
    rgb.info = {}  # an orientation left in it would be applied twice
    return rgb, size_wh


@contextmanager
def open_image(path: Path) -> Iterator[Image.Image]:
    """The file opened by Pillow, its header read; any failure in the body becomes UnreadableImage."""
    # What Pillow warns of is either reported here or harmless. Set at each use: a caller may have reset the filters.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        _check_file(path)
        # Opened by name, Pillow (13.0) maps an uncompressed TIFF that is to be turned with its sides swapped.
        with path.open("rb") as file, _open(file) as image:
            _check_image(image)
            yield image
    except _Refused as refused:
        raise UnreadableImage(f"{path}: {refused}") from refused
    except FileNotFoundError as error:
        raise UnreadableImage(f"{path}: there is no such file. Check its path in the refs.") from error
    except PermissionError as error:
        raise UnreadableImage(f"{path}: no permission to read it. Change the file's permissions.") from error
    except UnidentifiedImageError as error:
        raise UnreadableImage(
            f"{path}: not an image, whatever its name says. Replace it or drop it from the refs."
        ) from error
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"{path}: {_too_large()}") from error
    except Exception as error:  # decoders raise anything over a damaged file
        reason = str(error) or type(error).__name__
        raise UnreadableImage(
            f"{path}: damaged or cut short ({reason}). Copy it again, or drop it from the refs."
        ) from error


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation 1 … 8, from the header; 1 where there is none that can be read."""
    try:
        # PngImageFile's own getexif decodes the whole image first
        orientation = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # a damaged EXIF block must not hide a good image
        return 1
    return orientation if orientation in _TRANSPOSE else 1


def upright_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) as shown, of an image that is opened but not loaded."""
    width, height = image.size
    if image.format == "TIFF":  # versions of Pillow differ in whether `size` is upright already
        width, height = image.tag_v2[256], image.tag_v2[257]  # type: ignore[attr-defined]
    return (height, width) if orientation_of(image) >= 5 else (width, height)


class _Refused(Exception):
    """A file that is refused before it is decoded; its text says why."""


def _check_file(path: Path) -> None:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise _Refused("not a file. The refs must name image files.")
    if status.st_size == 0:
        raise _Refused("the file is empty (0 bytes). Copy it again, or drop it from the refs.")


def _check_image(image: Image.Image) -> None:
    if image.format not in FORMATS:
        raise _Refused(f"{image.format} files are not taken. Convert it to PNG or JPEG.")
    if Image.MAX_IMAGE_PIXELS is not None and image.width * image.height > Image.MAX_IMAGE_PIXELS:
        raise _Refused(f"{image.width} × {image.height} pixels: {_too_large()}")


def _too_large() -> str:
    return f"more than {(Image.MAX_IMAGE_PIXELS or 0) // 10**6} megapixels. Cut it into tiles."


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_bytes(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, _WHITE), rgba).convert("RGB")
    return image.convert("RGB")


def _to_bytes(values_hw: np.ndarray) -> np.ndarray:
    """(h, w) uint8 of grey values of any type, as `load_image` says."""
    values = values_hw.astype(np.float32)
    is_finite = np.isfinite(values)
    low, high = (float(values[is_finite].min()), float(values[is_finite].max())) if is_finite.any() else (0.0, 1.0)
    tops = (1, 255) if values_hw.dtype.kind == "f" else (255, 4095, 65535)
    top = next((top for top in tops if low >= 0 and high <= top), None)
    start, end = (low, high) if top is None else (0.0, float(top))
    scaled = (np.where(is_finite, values, start) - start) * (255 / (end - start or 1))
    return np.rint(scaled).astype(np.uint8)
