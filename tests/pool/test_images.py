"""Any image mode becomes upright 8-bit RGB; anything that is no whole image is a named error."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from winnow.errors import UnreadableImage
from winnow.pool import image_size, load_image
from winnow.pool.images import decode


def pixels(folder: Path, image: Image.Image, name: str = "a.png", **options) -> list:
    """Rows of the image as it is loaded back: a grey pixel is one number."""
    image.save(folder / name, **options)
    loaded = load_image(folder / name)
    assert (loaded.mode, loaded.info) == ("RGB", {})
    assert image_size(folder / name) == loaded.size
    rows = np.asarray(loaded).tolist()
    return [[p[0] if p[0] == p[1] == p[2] else tuple(p) for p in row] for row in rows]


def grey(values, dtype) -> Image.Image:
    return Image.fromarray(np.array(values, dtype))


def test_grey_one_bit_and_colour_are_kept(tmp_path):
    assert pixels(tmp_path, grey([[0, 100, 255]], np.uint8)) == [[0, 100, 255]]
    assert pixels(tmp_path, grey([[0, 1]], bool)) == [[0, 255]]
    assert pixels(tmp_path, Image.new("RGB", (2, 1), (10, 20, 30))) == [[(10, 20, 30), (10, 20, 30)]]


def test_palette_colours_are_looked_up(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([1, 0])
    assert pixels(tmp_path, image) == [[(0, 0, 255), (255, 0, 0)]]


def test_transparent_parts_are_shown_over_white(tmp_path):
    rgba = Image.new("RGBA", (3, 1))
    rgba.putdata([(200, 0, 0, 255), (200, 0, 0, 0), (0, 0, 0, 128)])
    assert pixels(tmp_path, rgba) == [[(200, 0, 0), 255, 127]]
    la = Image.new("LA", (2, 1))
    la.putdata([(40, 255), (40, 0)])
    assert pixels(tmp_path, la) == [[40, 255]]
    palette = Image.new("P", (2, 1))
    palette.putpalette([9, 9, 9, 7, 7, 7])
    palette.putdata([0, 1])
    assert pixels(tmp_path, palette, transparency=1) == [[9, 255]]
    assert pixels(tmp_path, palette, transparency=b"\xff\x00") == [[9, 255]]


def test_cmyk_is_converted(tmp_path):
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = pixels(tmp_path, image, "a.jpg", quality=95)[0][0]
    assert red[0] > 240
    assert max(red[1:]) < 15


def test_sixteen_bit_grey_is_scaled_to_the_end_of_its_range(tmp_path):
    assert pixels(tmp_path, grey([[0, 32768, 65535]], np.uint16)) == [[0, 128, 255]]
    assert pixels(tmp_path, grey([[0, 2048, 4095]], np.uint16)) == [[0, 128, 255]]
    assert pixels(tmp_path, grey([[0, 100, 200]], np.uint16)) == [[0, 100, 200]]
    assert pixels(tmp_path, grey([[0, 65535]], np.uint16), "a.tif") == [[0, 255]]
    assert pixels(tmp_path, grey([[0, 65535]], ">u2"), "a.tif") == [[0, 255]]


def test_integers_and_floats_of_other_ranges_are_stretched(tmp_path):
    assert pixels(tmp_path, grey([[-100, 0, 100]], np.int32), "a.tif") == [[0, 128, 255]]
    assert pixels(tmp_path, grey([[0, 0.5, 1]], np.float32), "a.tif") == [[0, 128, 255]]
    assert pixels(tmp_path, grey([[0, 10, 200]], np.float32), "a.tif") == [[0, 10, 200]]
    assert pixels(tmp_path, grey([[-1, 0, 1]], np.float32), "a.tif") == [[0, 128, 255]]
    assert pixels(tmp_path, grey([[np.nan, 0, 1, np.inf]], np.float32), "a.tif") == [[0, 0, 255, 0]]
    assert pixels(tmp_path, grey([[np.nan]], np.float32), "a.tif") == [[0]]
    assert pixels(tmp_path, grey([[7000.0]], np.float32), "a.tif") == [[0]]


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, [[0, 50, 100], [150, 200, 250]]),
        (2, [[100, 50, 0], [250, 200, 150]]),
        (3, [[250, 200, 150], [100, 50, 0]]),
        (4, [[150, 200, 250], [0, 50, 100]]),
        (5, [[0, 150], [50, 200], [100, 250]]),
        (6, [[150, 0], [200, 50], [250, 100]]),
        (7, [[250, 100], [200, 50], [150, 0]]),
        (8, [[100, 250], [50, 200], [0, 150]]),
        (99, [[0, 50, 100], [150, 200, 250]]),
    ],
)
def test_exif_orientation_is_honoured(tmp_path, name, orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if name == "a.webp" else {}
    image = grey([[0, 50, 100], [150, 200, 250]], np.uint8)
    assert pixels(tmp_path, image, name, exif=exif, **options) == upright


def test_a_damaged_exif_block_does_not_hide_the_image(tmp_path):
    Image.new("L", (8, 4), 60).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff garbage")
    assert load_image(tmp_path / "a.jpg").size == (8, 4)


def test_a_jpeg_may_be_decoded_smaller_but_not_by_more_than_asked(tmp_path):
    Image.new("L", (640, 480)).save(tmp_path / "a.jpg")
    sizes = [decode(tmp_path / "a.jpg", shrink)[0].size for shrink in (1, 1.9, 2, 5, 100)]
    assert sizes == [(640, 480), (640, 480), (320, 240), (160, 120), (80, 60)]
    assert decode(tmp_path / "a.jpg", 5)[1] == (640, 480)


def test_the_first_frame_stands_for_an_animation(tmp_path):
    frames = [Image.new("L", (2, 2), value) for value in (40, 90)]
    assert pixels(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:]) == [[40, 40], [40, 40]]


def reason_of(path: Path) -> str:
    with pytest.raises(UnreadableImage) as caught:
        load_image(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


def test_a_missing_image_is_named(tmp_path):
    assert reason_of(tmp_path / "no.png") == "there is no such file. Check its path in the refs."
    with pytest.raises(UnreadableImage, match="there is no such file"):
        image_size(tmp_path / "no.png")


def test_an_empty_image_is_named(tmp_path):
    (tmp_path / "a.png").touch()
    assert reason_of(tmp_path / "a.png") == "the file is empty (0 bytes). Copy it again, or drop it from the refs."


def test_a_folder_is_no_image(tmp_path):
    assert reason_of(tmp_path) == "not a file. The refs must name image files."


def test_a_pipe_is_no_image(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    assert reason_of(tmp_path / "a.png") == "not a file. The refs must name image files."


def test_text_named_jpg_is_no_image(tmp_path):
    (tmp_path / "a.jpg").write_text("this is a note, not a picture\n" * 50)
    assert reason_of(tmp_path / "a.jpg").startswith("not an image, whatever its name says.")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.bmp"])
def test_a_truncated_image_is_named(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    assert reason_of(tmp_path / name).startswith(("damaged or cut short (", "not an image"))


def test_a_truncated_jpeg_as_found_in_the_wild_is_named(shared):
    assert reason_of(shared / "data" / "bad_images" / "truncated.jpg").startswith("damaged or cut short (")


@pytest.mark.parametrize("limit", [99, 49])  # Pillow warns above its limit and refuses above twice as many
def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch, limit):
    Image.new("1", (10, 10)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    assert reason_of(tmp_path / "a.png").endswith("more than 0 megapixels. Cut it into tiles.")
    with pytest.raises(UnreadableImage, match="Cut it into tiles"):
        image_size(tmp_path / "a.png")


def test_formats_that_run_a_program_are_refused(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.eps")
    assert reason_of(tmp_path / "a.eps") == "EPS files are not taken. Convert it to PNG or JPEG."


def test_a_loaded_image_leaves_no_file_open(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    image = load_image(tmp_path / "a.png")
    (tmp_path / "a.png").unlink()
    assert not isinstance(image, ImageFile.ImageFile)
    assert image.getpixel((0, 0)) == (0, 0, 0)
