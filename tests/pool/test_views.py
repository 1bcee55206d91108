"""What the page is sent: the whole image, the crop, the crop with its surroundings."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from winnow.errors import UnreadableImage
from winnow.pool import context_view, render_view

GREY, ORANGE, BLACK = (128, 128, 128), (230, 159, 0), (0, 0, 0)


@pytest.fixture
def photo(tmp_path) -> Path:
    """100 × 60 pixels whose red tells the column and green the row, twice over."""
    rows, columns = np.mgrid[0:60, 0:100]
    path = tmp_path / "photo.png"
    Image.fromarray(np.stack([columns * 2, rows * 2, rows * 0], axis=2).astype(np.uint8)).save(path)
    return path


def shown(path: Path, box, view: str, size: int = 200, context: float = 0.5) -> Image.Image:
    content, media_type = render_view(path, box, view=view, size=size, context=context)
    image = Image.open(io.BytesIO(content))
    assert image.get_format_mimetype() == media_type
    return image


def test_a_crop_is_the_box_and_nothing_else(photo):
    crop = shown(photo, (10, 20, 15, 23), "crop")
    assert crop.size == (5, 3)
    assert np.array_equal(np.asarray(crop), np.asarray(Image.open(photo))[20:23, 10:15])


def test_a_crop_is_clipped_to_the_image(photo):
    crop = shown(photo, (-10, 50, 5, 90), "crop")
    assert np.array_equal(np.asarray(crop), np.asarray(Image.open(photo))[50:60, 0:5])


@pytest.mark.parametrize("view", ["image", "context", "crop"])
@pytest.mark.parametrize("box", [(100, 0, 120, 9), (0, 60, 9, 70), (-9, 0, 0, 9)])
def test_a_box_wholly_outside_the_image_is_named(photo, box, view):
    message = r"photo.png: the box x1 y1 x2 y2 = .* lies wholly outside the image \(100 × 60\)"
    with pytest.raises(UnreadableImage, match=message):
        render_view(photo, box, view=view, size=64, context=0.5)


def test_context_is_the_square_of_context_view_without_a_drawn_box(photo):
    box = (40.0, 10.0, 60.0, 50.0)
    assert context_view(box, 0.0) == (30.0, 10.0, 70.0, 50.0)
    view = shown(photo, box, "context", context=0.0)
    assert np.array_equal(np.asarray(view), np.asarray(Image.open(photo))[10:50, 30:70])


def test_context_over_the_edge_is_padded_in_neutral_grey(photo):
    box = (0.0, 40.0, 20.0, 60.0)
    assert context_view(box, 0.5) == (-10.0, 30.0, 30.0, 70.0)
    view = np.asarray(shown(photo, box, "context"))
    assert view.shape == (40, 40, 3)
    assert np.array_equal(view[:30, 10:], np.asarray(Image.open(photo))[30:60, 0:30])
    assert (view[30:] == GREY).all()
    assert (view[:, :10] == GREY).all()


def test_a_tiny_box_gets_a_context_of_32_pixels(photo):
    assert shown(photo, (50, 30, 51, 31), "context").size == (32, 32)


def test_a_huge_context_takes_no_more_than_the_size(photo):
    view = shown(photo, (0, 0, 100, 60), "context", size=64, context=10)
    assert view.size == (64, 64)
    assert view.getpixel((1, 1)) == GREY
    assert view.getpixel((32, 32)) != GREY


def test_views_shrink_to_the_size_and_never_grow(photo):
    assert shown(photo, None, "image", size=50).size == (50, 30)
    assert shown(photo, (0, 0, 80, 40), "crop", size=20).size == (20, 10)
    assert shown(photo, (0, 0, 20, 40), "crop", size=20).size == (10, 20)
    assert shown(photo, (0, 0, 80, 40), "crop", size=1000).size == (80, 40)
    assert shown(photo, (0, 0, 100, 1), "crop", size=10).size == (10, 1)


def test_the_box_is_drawn_around_what_it_marks(photo):
    image = shown(photo, (20, 20, 40, 30), "image")
    assert image.size == (100, 60)
    inside = np.asarray(image)[20:30, 20:40]
    assert np.array_equal(inside, np.asarray(Image.open(photo))[20:30, 20:40])
    assert [image.getpixel((x, 25)) for x in (19, 18, 17)] == [BLACK, ORANGE, BLACK]
    assert [image.getpixel((x, 25)) for x in (40, 41, 42)] == [BLACK, ORANGE, BLACK]
    assert [image.getpixel((30, y)) for y in (19, 18, 17)] == [BLACK, ORANGE, BLACK]


def test_the_box_is_drawn_to_scale(photo):
    image = shown(photo, (20, 20, 40, 30), "image", size=50)
    assert [image.getpixel((x, 12)) for x in (9, 8, 7)] == [BLACK, ORANGE, BLACK]


@pytest.mark.parametrize("view", ["image", "context", "crop"])
def test_without_a_box_every_view_is_the_whole_image(photo, view):
    assert render_view(photo, None, view=view, size=100, context=0.5) == (photo.read_bytes(), "image/png")


@pytest.mark.parametrize(
    ("name", "media_type"), [("a.jpg", "image/jpeg"), ("a.webp", "image/webp"), ("a.png", "image/png")]
)
def test_a_file_that_browsers_show_as_it_is_passes_through(tmp_path, name, media_type):
    Image.new("RGB", (30, 20), (9, 99, 199)).save(tmp_path / name)
    expected = (tmp_path / name).read_bytes(), media_type
    assert render_view(tmp_path / name, None, view="image", size=30, context=0) == expected


@pytest.mark.parametrize(
    ("name", "image", "options"),
    [
        ("cmyk.jpg", Image.new("CMYK", (30, 20), (0, 99, 0, 0)), {}),
        ("deep.png", Image.fromarray(np.full((20, 30), 40000, np.uint16)), {}),
        ("clear.png", Image.new("RGBA", (30, 20), (9, 9, 9, 9)), {}),
        ("tag.png", Image.new("RGB", (30, 20), (9, 9, 9)), {"transparency": (9, 9, 9)}),
        ("grey.tif", Image.new("L", (30, 20), 99), {}),
        (
            "moving.webp",
            Image.new("RGB", (30, 20)),
            {"save_all": True, "append_images": [Image.new("RGB", (30, 20), 9)]},
        ),
    ],
)
def test_a_file_that_browsers_would_show_otherwise_is_encoded_anew(tmp_path, name, image, options):
    image.save(tmp_path / name, **options)
    content, media_type = render_view(tmp_path / name, None, view="image", size=100, context=0)
    assert (media_type, Image.open(io.BytesIO(content)).mode) == ("image/png", "RGB")


def test_a_turned_file_is_encoded_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (300, 200), (9, 99, 199)).save(tmp_path / "a.jpg", exif=exif)
    whole = shown(tmp_path / "a.jpg", None, "image", size=400)
    assert (whole.size, dict(whole.getexif())) == ((200, 300), {})
    assert shown(tmp_path / "a.jpg", (0, 250, 200, 300), "crop", size=400).size == (200, 50)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_a_truncated_file_does_not_pass_through(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableImage):
        render_view(tmp_path / name, None, view="image", size=100, context=0)


def test_a_large_jpeg_is_cut_at_the_right_place_when_it_is_decoded_smaller(tmp_path):
    rows, columns = np.mgrid[0:1200, 0:1600]
    image = Image.fromarray(np.stack([columns / 8, rows / 8, rows * 0 + 128], axis=2).astype(np.uint8))
    image.save(tmp_path / "a.jpg", quality=95)
    crop = np.asarray(shown(tmp_path / "a.jpg", (800, 400, 1600, 1200), "crop", size=100)).astype(float)
    assert crop.shape == (100, 100, 3)
    expected = np.asarray(image.crop((800, 400, 1600, 1200)).resize((100, 100), Image.Resampling.BOX)).astype(float)
    assert np.abs(crop - expected).max() < 3


def test_large_views_are_jpeg_and_small_ones_lossless(tmp_path):
    Image.new("RGB", (400, 300), (9, 99, 199)).save(tmp_path / "a.bmp")
    assert render_view(tmp_path / "a.bmp", None, view="image", size=400, context=0)[1] == "image/jpeg"
    assert render_view(tmp_path / "a.bmp", None, view="image", size=255, context=0)[1] == "image/png"
