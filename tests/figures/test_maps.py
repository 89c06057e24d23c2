"""Maps of a latent plane in axes that belong to someone else; whole figures are in test_images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from vaekit.errors import InputError
from vaekit.figures import manifold, manifold_codes
from vaekit.inference import normal_quantiles

SHAPE = (1, 2, 3)


def images(count):
    return np.random.default_rng(0).uniform(size=(count, 6))


def drawn(codes, *, path=None):
    axes = Figure().add_subplot()
    manifold(images(len(codes)), shape=SHAPE, codes=codes, path=path, ax=axes)
    return axes


edges = st.tuples(st.floats(-50, 50), st.floats(0.01, 50)).map(lambda e: (e[0], e[0] + e[1]))


@given(side=st.integers(2, 9), across=edges, up=edges)
def test_a_map_reads_its_extent_from_its_codes(side, across, up):
    extent = (*across, *up)
    codes = manifold_codes(side, extent=extent)
    axes = drawn(codes)
    whole = manifold(images(side * side), shape=SHAPE, codes=codes).axes[0]
    steps = (up[1] - up[0]) / (side - 1), (across[1] - across[0]) / (side - 1)
    edges = (across[0] - steps[1] / 2, across[1] + steps[1] / 2)
    edges += (up[0] - steps[0] / 2, up[1] + steps[0] / 2)
    assert axes.images[0].get_extent() == pytest.approx(edges, abs=1e-6)
    assert axes.images[0].get_extent() == pytest.approx(whole.images[0].get_extent(), abs=1e-9)
    assert np.array_equal(axes.images[0].get_array(), whole.images[0].get_array())


@pytest.mark.parametrize("side", [4, 5, 20])
def test_quantiles_of_a_grid_stand_at_even_probabilities(side):
    edge = 0.5 / side
    codes = normal_quantiles(manifold_codes(side, extent=(edge, 1 - edge, edge, 1 - edge)))
    axes = drawn(codes, path=[[0.0, 0.0], [1.0, -1.0]])
    assert axes.images[0].get_extent() == pytest.approx((0, 1, 0, 1))
    names = [text.get_text() for text in axes.get_xticklabels()]
    assert dict(zip(names, axes.get_xticks(), strict=True))["0"] == 0.5
    assert axes.lines[0].get_xydata()[1] == pytest.approx([0.8413, 0.1587], abs=1e-4)


def test_pixels_are_squares_though_the_coordinates_are_not():
    axes = drawn(manifold_codes(5, extent=(0, 1, -40, 40)))
    axes.figure.draw_without_rendering()
    area, (height, width) = axes.get_window_extent(), axes.images[0].get_size()
    assert area.height / height == pytest.approx(area.width / width)


@pytest.mark.parametrize(
    "codes",
    [
        np.random.default_rng(0).normal(size=(9, 2)),
        manifold_codes(3, extent=(0, 1, 0, 1))[:8],
        manifold_codes(3, extent=(0, 1, 0, 1))[[1, 0, 2, 3, 4, 5, 6, 7, 8]],
        np.zeros((4, 2)),
        np.zeros((1, 2)),
    ],
)
def test_codes_that_are_no_grid_are_refused(codes):
    with pytest.raises(InputError, match=f"square grid .* got {len(codes)} codes"):
        drawn(codes)


def shades(count):
    """Images of one shade each, from black to white."""
    return np.repeat(np.linspace(0, 1, count)[:, None], 64, axis=1)


def test_a_walk_is_drawn_over_its_map():
    codes = manifold_codes(3, extent=(-2, 2, -2, 2))
    path = [[-1.0, 0.5], [0.0, 0.0], [1.0, 1.0]]
    figure = manifold(shades(9), shape=(1, 8, 8), codes=codes, path=path)
    for line in figure.axes[0].lines[:2]:
        assert line.get_xydata().tolist() == path
    assert figure.axes[0].lines[-1].get_xydata().tolist() == path[-1:]


def test_a_map_by_quantiles_still_names_the_coordinates():
    edge = 1 / 8
    codes = normal_quantiles(manifold_codes(4, extent=(edge, 1 - edge, edge, 1 - edge)))
    figure = manifold(
        shades(16), shape=(1, 8, 8), codes=codes,
        path=[[0.0, 0.0], [1.0, -1.0]], axis_labels=("z3", "z9"),
    )  # fmt: skip
    axes = figure.axes[0]
    assert axes.images[0].get_extent() == pytest.approx((0, 1, 0, 1))
    names = [label.get_text() for label in axes.get_xticklabels()]
    ticks = dict(zip(names, axes.get_xticks(), strict=True))
    assert ticks["0"] == 0.5
    assert ticks["1"] == pytest.approx(0.8413, abs=1e-4)
    assert axes.lines[0].get_xydata()[1] == pytest.approx([0.8413, 0.1587], abs=1e-4)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z3", "z9")


def test_a_path_of_another_dimension_and_too_few_images_are_refused():
    codes = manifold_codes(3, extent=(0, 1, 0, 1))
    with pytest.raises(InputError, match="path: expected 2 features"):
        manifold(shades(9), shape=(1, 8, 8), codes=codes, path=np.zeros((2, 3)))
    with pytest.raises(InputError, match="3 times 3 images, got 8"):
        manifold(shades(8), shape=(1, 8, 8), codes=codes)
