"""Uploaded images come out at the size of the model, whatever they were."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from vaekit.data.image_folder import read_image_folder
from vaekit.errors import DataError, VaekitWarning
from vaekit.web.images import encode_gif, read_image

GREY, COLOUR = (1, 8, 8), (3, 8, 8)


def saved(image, kind="PNG", **how):
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "WEBP", "JPEG"])
@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
def test_every_kind_of_file_is_read(kind, mode):
    grey = np.full((24, 24), 255, np.uint8)
    image = Image.fromarray(grey).convert(mode)
    if kind in ("WEBP", "JPEG") and mode in ("P", "1"):
        image = image.convert("L")
    made = read_image(saved(image, kind), shape=COLOUR)
    assert made.shape == (8, 8, 3)
    assert made.min() >= 254


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (400, 10), (10, 400)])
def test_every_size_is_brought_to_that_of_the_model(size):
    made = read_image(saved(Image.new("RGB", size, (10, 20, 30))), shape=COLOUR)
    assert np.array_equal(made, np.tile(np.array([10, 20, 30], np.uint8), (8, 8, 1)))


def test_the_middle_is_cut_out():
    wide = np.zeros((8, 24), np.uint8)
    wide[:, 8:16] = 200
    assert (read_image(saved(Image.fromarray(wide)), shape=GREY) == 200).all()


def test_what_is_transparent_is_black():
    ink = np.zeros((8, 8, 4), np.uint8)
    ink[2:4, 2:4] = 255
    made = read_image(saved(Image.fromarray(ink)), shape=GREY)[:, :, 0]
    assert (made[2:4, 2:4] == 255).all()
    assert made.sum() == 4 * 255


@pytest.mark.parametrize(("high", "bits"), [(63_000, 16), (40_000, 16), (4000, 12), (200, 8)])
def test_sixteen_bits_are_scaled_as_the_images_of_training(tmp_path, high, bits):
    deep = np.linspace(high // 2, high, 64).astype(np.uint16).reshape(8, 8)
    content = saved(Image.fromarray(deep))
    made = read_image(content, shape=GREY)[:, :, 0]
    assert (made == deep // 2 ** (bits - 8)).all()
    (tmp_path / "one.png").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VaekitWarning)
        assert (read_image_folder(tmp_path).rows.reshape(8, 8) == made).all()


def test_a_photo_is_turned_as_the_camera_says():
    image = Image.fromarray(np.repeat(np.array([[0], [255]], np.uint8), 8, 1).repeat(4, 0))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    made = read_image(saved(image, "PNG", exif=exif), shape=GREY)[:, :, 0]
    assert (made[:4] == 255).all()
    assert (made[4:] == 0).all()


@pytest.mark.parametrize("corner", [(0, 0), (60, 5), (30, 70)])
@pytest.mark.parametrize("side", [8, 30])
def test_ink_is_centred_as_in_mnist(corner, side):
    image = np.zeros((100, 100), np.uint8)
    image[corner[1] : corner[1] + side, corner[0] : corner[0] + side] = 255
    made = read_image(saved(Image.fromarray(image)), shape=(1, 28, 28), centre=True)[:, :, 0]
    lines, columns = np.nonzero(made > 128)
    assert (lines.min(), lines.max(), columns.min(), columns.max()) == (4, 23, 4, 23)


def test_an_empty_drawing_is_black():
    made = read_image(saved(Image.new("L", (50, 50))), shape=GREY, centre=True)
    assert not made.any()


def test_a_film_that_is_too_large_is_refused():
    with pytest.raises(DataError, match="fewer frames or a smaller scale"):
        encode_gif(np.zeros((200, 64, 64, 1), np.uint8), milliseconds=60, scale=16, bounce=False)


def test_colours_stay_in_a_film():
    frames = np.zeros((2, 4, 4, 3), np.uint8)
    frames[0, ..., 0], frames[1, ..., 2] = 255, 255
    with Image.open(io.BytesIO(encode_gif(frames, milliseconds=60, scale=1, bounce=False))) as film:
        assert film.convert("RGB").getpixel((0, 0)) == (255, 0, 0)
        film.seek(1)
        assert film.convert("RGB").getpixel((0, 0)) == (0, 0, 255)
