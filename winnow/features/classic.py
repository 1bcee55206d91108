"""`classic`: a descriptor of colour, gradient and texture that needs no weights, for machines that reach no hub."""

import itertools
from typing import Any

import numpy as np
from PIL import Image

from winnow.features.regions import Region, crop_region

NAME = "classic"
_SIDE = 128  # pixels; a 2-pixel scratch of a 256-pixel tile is still one pixel wide
_TILES = (16, 8)  # pixels: two sizes of the tiles whose extremes tell a small defect from the texture around it
_QUANTILES = (0.0, 0.02, 0.1, 0.5, 0.9, 0.98, 1.0)
_SIGMAS = (1.0, 2.0, 4.0, 8.0)  # pixels: the bands of the Laplacian pyramid


class ClassicEncoder:
    """Vectors of 366 numbers per crop: HOG, LBP, colour layout, tile extremes and band statistics, equally weighted.

    HOG: Dalal and Triggs, 2005. Uniform LBP: Ojala, Pietikäinen and Mäenpää, 2002. Difference-of-Gaussians bands:
    Burt and Adelson, 1983. All from scikit-image and SciPy, on the crop stretched to 128 × 128.
    """

    name = NAME
    is_per_image = False
    device = "cpu"

    def __init__(self, context: float = 0.0) -> None:
        self.context = context
        self.recipe: dict[str, Any] = {"weights": "classic-1", "pool": "crop", "context": context}
        self.preprocessing: dict[str, Any] = {"size": _SIDE, "resample": "bilinear, antialiased"}
        self.width = len(describe(np.zeros((_SIDE, _SIDE, 3), np.uint8)))

    def prepare(self, image: Image.Image, regions: list[Region]) -> list[Any]:
        """One (d,) float32 vector a region: all the work, in the worker."""
        return [describe(self._pixels(image, region)) for region in regions]

    def encode(self, prepared: list[Any]) -> np.ndarray:
        return np.stack(prepared)

    def _pixels(self, image: Image.Image, region: Region) -> np.ndarray:
        crop = crop_region(image, region, self.context)
        return np.asarray(crop.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR))


def describe(image_hwc: np.ndarray) -> np.ndarray:
    """(d,) float32 of a (128, 128, 3) uint8 RGB image; each of the five parts has unit length."""
    rgb = image_hwc.astype(np.float32) / 255
    grey = rgb @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    parts = (_gradients(grey), _textures(grey), _colours(rgb), _tile_extremes(grey), _bands(grey))
    return np.concatenate([part / (np.linalg.norm(part) + 1e-6) for part in parts]).astype(np.float32)


def _gradients(grey: np.ndarray) -> np.ndarray:
    from skimage.feature import hog

    cell = (_SIDE // 4, _SIDE // 4)
    return hog(grey, orientations=9, pixels_per_cell=cell, cells_per_block=(1, 1), block_norm="L2-Hys")


def _textures(grey: np.ndarray) -> np.ndarray:
    """(46,) root frequencies of uniform patterns at radius 1, 2 and 4."""
    from skimage.feature import local_binary_pattern

    levels = (grey * 255).astype(np.uint8)
    counts = []
    for points, radius in ((8, 1), (12, 2), (16, 4)):
        codes = local_binary_pattern(levels, points, radius, method="uniform").astype(np.int64)
        counts.append(np.bincount(codes.ravel(), minlength=points + 2) / codes.size)
    return np.sqrt(np.concatenate(counts))


def _colours(rgb: np.ndarray) -> np.ndarray:
    """(96,) mean and spread of the opponent colours in each sixteenth of the image."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    opponent = np.stack([(red + green + blue) / 3, red - green, (red + green) / 2 - blue])
    blocks = opponent.reshape(3, 4, _SIDE // 4, 4, _SIDE // 4)
    return np.concatenate([blocks.mean(axis=(2, 4)).ravel(), blocks.std(axis=(2, 4)).ravel()])


def _tile_extremes(grey: np.ndarray) -> np.ndarray:
    """(56,) quantiles over all tiles of each tile's mean, spread, darkest and lightest pixel, against their median.

    Wherever a defect lies, it moves the ends of these distributions and not their middles.
    """
    quantiles = []
    for side in _TILES:
        count = _SIDE // side
        tiles = grey.reshape(count, side, count, side).swapaxes(1, 2).reshape(count * count, -1)
        for values in (tiles.mean(axis=1), tiles.std(axis=1), tiles.min(axis=1), tiles.max(axis=1)):
            quantiles.append(np.quantile(values, _QUANTILES) - np.median(values))
    return np.concatenate(quantiles)


def _bands(grey: np.ndarray) -> np.ndarray:
    """(28,) signed roots of the quantiles of four Laplacian bands."""
    from scipy.ndimage import gaussian_filter

    blurred = [grey, *(gaussian_filter(grey, sigma, truncate=3) for sigma in _SIGMAS)]
    bands = [np.quantile(fine - coarse, _QUANTILES) for fine, coarse in itertools.pairwise(blurred)]
    values = np.concatenate(bands)
    return np.sign(values) * np.sqrt(np.abs(values))
