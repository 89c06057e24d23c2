"""Every result draws itself into axes of its user, each number where it belongs."""

import dataclasses

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from vaekit.builders import build_model
from vaekit.config import ModelConfig
from vaekit.errors import ConfigError, InputError
from vaekit.figures import manifold_codes
from vaekit.inference import (
    Codes,
    Projection,
    Reconstruction,
    arithmetic,
    interpolate,
    plane,
    project,
    traverse,
)

SHAPE = (1, 8, 8)
LABELS = np.arange(30) % 3
CLASSES = ("cat", "dog", "cow")
MEAN = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
CODES = Codes(mean=MEAN, variance=np.ones_like(MEAN))


@pytest.fixture(scope="module")
def model():
    return build_model(ModelConfig(latent_dim=3), shape=SHAPE, support="unit")


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.fixture
def space():
    return Figure().add_subplot(projection="3d")


def named(texts):
    return [text.get_text() for text in texts]


def tiles(ax, *, gap=1):
    """The images of a mosaic (lines, columns, 8, 8)."""
    array = np.asarray(ax.images[0].get_array())
    lines, columns = ((size + gap) // (8 + gap) for size in array.shape)
    step = 8 + gap
    return np.array(
        [[array[a * step : a * step + 8, b * step : b * step + 8] for b in range(columns)]
         for a in range(lines)]
    )  # fmt: skip


def test_a_walk_is_a_strip(model, ax):
    walk = interpolate(model, start=MEAN[0], end=MEAN[1], frames=4)
    assert walk.plot(ax, shape=SHAPE, start="cat", end="dog") is None
    assert np.allclose(tiles(ax)[0], walk.rows.reshape(4, 8, 8))
    assert named((*ax.get_yticklabels(), *ax.texts)) == ["cat", "dog"]


def test_a_board_has_a_line_for_each_class(model, ax):
    board = arithmetic(model, codes=MEAN, labels=LABELS, scales=[-0.5, 0, 1, 2], add=2)
    board.plot(ax, shape=SHAPE, classes=CLASSES)
    assert np.allclose(tiles(ax), board.rows.reshape(3, 4, 8, 8))
    assert named(ax.get_yticklabels()) == list(CLASSES)
    assert named(ax.get_xticklabels()) == ["\N{MINUS SIGN}0.5", "0", "1", "2"]


def test_classes_without_a_name_are_numbers(model, ax):
    board = arithmetic(model, codes=MEAN, labels=LABELS + 5, scales=[0], add=5)
    board.plot(ax, shape=SHAPE, classes=CLASSES)
    assert named(ax.get_yticklabels()) == ["5", "6", "7"]


@pytest.mark.parametrize("most", [None, 2])
def test_a_traversal_has_a_line_for_each_dimension(model, ax, most):
    moved = traverse(model, codes=CODES, kl=[0.1, 3.0, 2.0], columns=5)
    moved.plot(ax, shape=SHAPE, most=most)
    assert np.allclose(tiles(ax), moved.rows.reshape(3, 5, 8, 8)[:most])
    assert named(ax.get_yticklabels()) == ["z2", "z3", "z1"][:most]


def test_a_plane_is_a_map_with_a_walk_over_it(model, ax):
    points = manifold_codes(4, extent=(-3, 3, -1, 2))
    made = plane(model, points=points, dims=(2, 0))
    assert np.array_equal(made.points, points)
    made.plot(ax, shape=SHAPE, path=np.array([[1.5, 9.0, -1.0], [0.0, 9.0, 1.0]]))
    assert np.allclose(tiles(ax, gap=0), made.rows.reshape(4, 4, 8, 8))
    assert ax.images[0].get_extent() == pytest.approx((-4, 4, -1.5, 2.5))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("z3", "z1")
    assert ax.lines[0].get_xydata().tolist() == [[-1.0, 1.5], [1.0, 0.0]]


def test_a_plane_of_scattered_places_is_no_map(model, ax):
    with pytest.raises(InputError, match="square grid"):
        plane(model, points=MEAN[:9, :2]).plot(ax, shape=SHAPE)


def test_a_reconstruction_shows_its_first_rows(ax):
    rows = np.random.default_rng(0).uniform(size=(50, 64))
    Reconstruction(inputs=rows, outputs=1 - rows).plot(ax, shape=SHAPE, columns=5, most=4)
    assert np.allclose(tiles(ax)[:, :4], np.stack([rows[:4], 1 - rows[:4]]).reshape(2, 4, 8, 8))


@pytest.mark.parametrize("dims", [(0, 1), (2, 0)])
def test_codes_are_points_in_two_of_their_dimensions(ax, dims):
    CODES.plot(ax, labels=LABELS, classes=CLASSES, dims=dims)
    drawn = [line.get_xydata() for line in ax.lines if line.get_linestyle() == "None"]
    for label in range(3):
        assert np.allclose(drawn[label], MEAN[LABELS == label][:, dims])
    assert (ax.get_xlabel(), ax.get_ylabel()) == tuple(f"z{dim + 1}" for dim in dims)


def test_codes_in_space(space):
    CODES.plot(space, dims=(2, 1, 0))
    assert np.allclose(np.stack(space.lines[0].get_data_3d(), axis=1), MEAN[:, ::-1])
    assert space.get_zlabel() == "z1"


@pytest.mark.parametrize("dims", [(0, 3), (-1, 0)])
def test_dimensions_that_are_not_there_are_refused(ax, dims):
    with pytest.raises(ConfigError, match="from 0 to 2"):
        CODES.plot(ax, dims=dims)


def test_axes_of_a_projection_say_how_it_was_made(ax):
    found = project(MEAN)
    found.plot(ax, labels=LABELS, classes=CLASSES)
    first, second = found.explained
    assert ax.get_xlabel() == f"PC 1 ({first:.0%})"
    assert ax.get_ylabel() == f"PC 2 ({second:.0%})"
    assert named(ax.texts) == list(CLASSES)
    assert project(MEAN, method="tsne").axis_labels == ("t-SNE 1", "t-SNE 2")
    umap = Projection(points=MEAN, explained=None, method="umap")
    assert umap.axis_labels == ("UMAP 1", "UMAP 2", "UMAP 3")


def test_a_projection_to_space_needs_axes_in_space(ax, space):
    found = project(MEAN, dims=3)
    with pytest.raises(InputError, match="projection="):
        found.plot(ax)
    found.plot(space)
    assert np.allclose(np.stack(space.lines[0].get_data_3d(), axis=1), found.points)


def test_rows_of_another_range_are_clipped_or_replaced(model, ax):
    walk = interpolate(model, start=MEAN[0], end=MEAN[1], frames=2)
    wide = dataclasses.replace(walk, rows=4 * walk.rows - 2)
    wide.plot(ax, shape=SHAPE)
    assert np.allclose(tiles(ax)[0].ravel(), np.clip(wide.rows, 0, 1).ravel())
    other = Figure().add_subplot()
    dataclasses.replace(wide, rows=(wide.rows + 2) / 4).plot(other, shape=SHAPE)
    assert np.allclose(tiles(other)[0].ravel(), walk.rows.ravel(), atol=1e-6)


def test_rows_that_are_no_images_are_refused(model, ax):
    walk = interpolate(model, start=MEAN[0], end=MEAN[1])
    for shape, message in (((64,), "channels, height, width"), ((1, 7, 7), "expected 49 features")):
        with pytest.raises(InputError, match=message):
            walk.plot(ax, shape=shape)


def test_no_setting_of_the_user_changes(model, ax, space):
    before = dict(mpl.rcParams)
    interpolate(model, start=MEAN[0], end=MEAN[1]).plot(ax, shape=SHAPE, start="a", end="b")
    project(MEAN, dims=3).plot(space, labels=LABELS)
    assert dict(mpl.rcParams) == before
