import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sklearn.datasets import load_digits

from vaekit.errors import InputError
from vaekit.figures import image_grid, image_pairs, manifold, manifold_codes

GREY = (1, 8, 8)


@pytest.fixture(scope="module")
def digits():
    return load_digits().data / 16


def picture(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def test_a_grid_holds_every_image_where_it_belongs(digits):
    array = picture(image_grid(digits[:5], shape=GREY, columns=3))
    assert array.shape == (2 * 8 + 1, 3 * 8 + 2)
    for index in range(5):
        top, left = 9 * (index // 3), 9 * (index % 3)
        np.testing.assert_array_equal(
            array[top : top + 8, left : left + 8], digits[index].reshape(8, 8)
        )
    assert (array[9:, 18:] == 1).all()  # no sixth image: white


def test_colour_is_channel_by_channel():
    red = np.zeros((1, 3, 4, 4))
    red[:, 0] = 1
    array = picture(image_grid(red.reshape(1, -1), shape=(3, 4, 4)))
    assert array.shape == (4, 4, 3)
    assert (array == [1, 0, 0]).all()


def test_pixels_are_squares_of_whole_dots(digits):
    figure = image_grid(digits[:9], shape=GREY)
    box = figure.axes[0].get_window_extent()
    across, up = box.width / picture(figure).shape[1], box.height / picture(figure).shape[0]
    assert across == pytest.approx(round(across))
    assert up == pytest.approx(across)


def test_a_grid_larger_than_the_page_is_shrunk():
    figure = image_grid(np.zeros((4, 900 * 900)), shape=(1, 900, 900))
    assert figure.get_size_inches()[0] < 8


def test_values_outside_are_clipped_and_missing_ones_white():
    array = picture(image_grid([[-1.0, 2.0, np.nan, 0.5]], shape=(1, 2, 2)))
    assert array.tolist() == [[0, 1], [1, 0.5]]


def test_a_long_title_fits_over_a_small_grid(digits):
    figure = image_grid(digits[:1], shape=GREY, title="One row, decoded from the mean of its code")
    canvas = FigureCanvasAgg(figure)
    (title,) = figure.texts
    width = title.get_window_extent(canvas.get_renderer()).x1
    assert width <= figure.bbox.width


def test_forty_pairs_stand_in_labelled_bands(digits):
    figure = image_pairs(digits[:40], outputs=1 - digits[:40], shape=GREY, title="Digits")
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == ["input", "output"] * 4
    array = picture(figure)
    for index in (0, 9, 10, 39):
        top, left = index // 10 * 20, index % 10 * 9
        image = digits[index].reshape(8, 8)
        np.testing.assert_allclose(array[top : top + 8, left : left + 8], image)
        np.testing.assert_allclose(array[top + 9 : top + 17, left : left + 8], 1 - image)


def test_the_manifold_puts_each_code_where_its_axes_say():
    codes = manifold_codes(3, extent=(-2, 2, -1, 1))
    figure = manifold((codes + 2) / 4, shape=(1, 1, 2), side=3, extent=(-2, 2, -1, 1))
    axes = figure.axes[0]
    left, right, bottom, top = axes.images[0].get_extent()
    array = picture(figure).reshape(3, 3, 2) * 4 - 2
    assert array[0, 0].tolist() == [-2, 1]  # top left
    assert array[2, 2].tolist() == [2, -1]  # bottom right
    assert (left, right, bottom, top) == (-3, 3, -1.5, 1.5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z1", "z2")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: image_grid(np.zeros((2, 63)), shape=GREY), "expected 64 features in a row"),
        (lambda: image_grid(np.zeros((0, 64)), shape=GREY), "at least one row"),
        (lambda: image_grid(np.zeros((2, 64)), shape=(64,)), "channels, height, width"),
        (lambda: image_grid(np.zeros((2, 64)), shape=GREY, columns=0), "at least 1 image"),
        (
            lambda: image_pairs(np.zeros((2, 64)), outputs=np.zeros((3, 64)), shape=GREY),
            "an output for each of 2 inputs",
        ),
        (
            lambda: manifold(np.zeros((8, 64)), shape=GREY, side=3, extent=(0, 1, 0, 1)),
            "3 times 3 images, got 8",
        ),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
