import numpy as np
import pytest

from vaekit.errors import InputError
from vaekit.figures import (
    Cloud,
    code_spread,
    image_panels,
    image_rows,
    plane_panels,
    posterior_panels,
)


def test_rows_of_images_stand_in_order():
    inputs = np.stack([np.zeros(4), np.ones(4)])
    figure = image_rows(inputs, outputs={"a": inputs[::-1]}, shape=(1, 2, 2))
    picture = figure.axes[0].images[0].get_array()
    assert picture.shape == (5, 5), "two images of two pixels, with a gap between"
    assert picture[0, 0] == 0
    assert picture[3, 0] == 1
    assert picture[3, 3] == 0


def test_colour_images_keep_their_colours():
    red = np.repeat([1.0, 0.0, 0.0], 4)[None]
    picture = image_panels({"a": red}, shape=(3, 2, 2)).axes[0].images[0].get_array()
    assert picture[0, 0].tolist() == [1.0, 0.0, 0.0]


def test_images_of_another_size_are_refused():
    with pytest.raises(InputError, match="9 features"):
        image_panels({"a": np.zeros((2, 4))}, shape=(1, 3, 3))


@pytest.mark.parametrize("count", [1, 4, 5])
def test_every_run_has_a_panel(count):
    codes = {str(n): np.random.default_rng(n).normal(size=(30, 2)) for n in range(count)}
    labels = {name: np.arange(30) % 3 for name in codes}
    axis = dict.fromkeys(codes, ("z1", "z2"))
    figure = plane_panels(codes, labels=labels, axis_labels=axis, classes=("a", "b", "c"))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title for title in titles if title] == list(codes)


def test_spread_has_a_point_for_each_row_and_unit():
    rows = np.arange(6.0).reshape(2, 3)
    line = code_spread({"a": rows}).axes[0].lines[0]
    points = np.asarray(line.get_xydata())
    assert sorted(map(tuple, points)) == [(1, 0), (1, 3), (2, 1), (2, 4), (3, 2), (3, 5)]


def test_the_lines_around_a_gaussian_are_where_they_should_be():
    side = np.linspace(-4, 4, 161)
    exact = -0.5 * (side[:, None] ** 2 + side**2)
    dots = np.zeros((2, 2))
    figure = posterior_panels({"a": Cloud(dots, dots, exact, (-4.0, 4.0, -4.0, 4.0))})
    (contours,) = figure.axes[0].collections
    radii = [np.linalg.norm(path.vertices, axis=1).mean() for path in contours.get_paths()]
    # half the mass of a Gaussian in the plane lies within sqrt(2 log 2), 95% within sqrt(2 log 20)
    assert radii == pytest.approx([np.sqrt(2 * np.log(20)), np.sqrt(2 * np.log(2))], rel=0.03)


def test_no_run_is_refused():
    with pytest.raises(InputError, match="at least one run"):
        posterior_panels({})
    with pytest.raises(InputError, match="at least one run"):
        image_panels({}, shape=(1, 2, 2))
