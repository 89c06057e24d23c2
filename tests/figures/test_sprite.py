"""A sheet of thumbnails holds every image where a projector looks for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaekit.errors import InputError
from vaekit.figures import sprite_sheet


@given(count=st.integers(1, 30), height=st.integers(1, 5), width=st.integers(1, 5))
def test_each_image_is_found_by_its_number(count, height, width):
    images = np.random.default_rng(0).integers(0, 256, (count, height * width)) / 255
    sprite = sprite_sheet(images, shape=(1, height, width))
    assert sprite.thumbnail == (width, height)
    side = sprite.sheet.shape[1] // width
    assert sprite.sheet.shape == (side * height, side * width)
    assert (side - 1) ** 2 < count <= side**2
    for number, image in enumerate(images):
        top, left = number // side * height, number % side * width
        found = sprite.sheet[top : top + height, left : left + width]
        assert found.ravel().tolist() == np.round(image * 255).tolist()


def test_colours_stay_and_what_is_free_is_white():
    reds = np.zeros((2, 3, 4, 4))
    reds[:, 0] = 1
    sheet = sprite_sheet(reds.reshape(2, -1), shape=(3, 4, 4)).sheet
    assert sheet.shape == (8, 8, 3)
    assert sheet[0, 7].tolist() == [255, 0, 0]
    assert (sheet[4:] == 255).all()


@pytest.mark.parametrize(
    ("count", "shape", "largest", "thumbnail", "expected"),
    [
        (4, (1, 200, 100), 8192, 96, (48, 96)),  # the longer side decides
        (100, (1, 8, 8), 64, 96, (6, 6)),  # ten in a line of 64 dots
        (16, (1, 1, 50), 40, 96, (10, 1)),  # never less than a dot
    ],
)
def test_large_images_are_made_smaller(count, shape, largest, thumbnail, expected):
    images = np.full((count, int(np.prod(shape))), 0.4)
    sprite = sprite_sheet(images, shape=shape, largest=largest, thumbnail=thumbnail)
    assert sprite.thumbnail == expected
    assert max(sprite.sheet.shape) <= largest
    assert sprite.sheet[0, 0] == 102


def test_more_images_than_dots_are_refused():
    with pytest.raises(InputError, match="at most 4 images for a sheet of 2 dots, got 5"):
        sprite_sheet(np.zeros((5, 1)), shape=(1, 1, 1), largest=2)
    with pytest.raises(InputError, match="channels, height, width"):
        sprite_sheet(np.zeros((5, 3)), shape=(3,))
