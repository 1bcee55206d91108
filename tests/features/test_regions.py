import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from winnow.features.regions import crop_region, token_weights


def test_patches_weigh_by_the_area_that_the_box_covers():
    # 4 × 2 patches on an 80 × 20 image: each 20 × 10 pixels; the box covers 10 + 5 pixels across, 10 + 5 down
    weights = token_weights((10, 0, 25, 15), (80, 20), (2, 4)).reshape(2, 4)
    assert (weights * 225).round(4).tolist() == [[100, 50, 0, 0], [50, 25, 0, 0]]


def test_box_of_one_patch_takes_that_patch_alone():
    weights = token_weights((20, 10, 40, 20), (80, 20), (2, 4))
    assert weights.tolist() == [0, 0, 0, 0, 0, 1, 0, 0]


@given(
    st.tuples(*[st.floats(0, 1, exclude_max=True)] * 4),
    st.integers(1, 3000),
    st.integers(1, 3000),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_weights_of_any_box_on_the_image_sum_to_one_and_centre_on_the_box(shares, width, height, rows, columns):
    x1, x2 = sorted((shares[0] * width, shares[1] * width))
    y1, y2 = sorted((shares[2] * height, shares[3] * height))
    box = (x1, y1, max(x2, x1 + 0.01), max(y2, y1 + 0.01))
    weights = token_weights(box, (width, height), (rows, columns)).reshape(rows, columns)
    assert weights.sum() == pytest.approx(1, abs=1e-4)
    center_x = (weights.sum(axis=0) * (np.arange(columns) + 0.5)).sum() * width / columns
    assert abs(center_x - (box[0] + box[2]) / 2) <= width / columns + 0.01


def picture(width: int, height: int) -> Image.Image:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = np.arange(width), np.arange(height)[:, None]
    return Image.fromarray(pixels)


def corners(image: Image.Image) -> tuple[int, ...]:
    """First x, first y, last x, last y of the pixels taken from `picture`."""
    return (*image.getpixel((0, 0))[:2], *image.getpixel((image.width - 1, image.height - 1))[:2])


@pytest.mark.parametrize(
    ("region", "context", "expected"),
    [
        (None, 0.5, (0, 0, 99, 49)),
        ((10, 20, 30, 40), 0, (10, 20, 29, 39)),
        ((10, 20, 30, 40), 0.5, (0, 10, 39, 49)),
        ((10.4, 20.6, 30.4, 40.6), 0, (10, 21, 29, 40)),
        ((10.1, 20.1, 10.3, 20.3), 0, (10, 20, 10, 20)),
        ((99.9, 49.9, 100, 50), 0, (99, 49, 99, 49)),
    ],
)
def test_crop_takes_the_pixels_of_the_box_and_its_margin(region, context, expected):
    assert corners(crop_region(picture(100, 50), region, context)) == expected
