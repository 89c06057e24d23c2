"""Points by class in axes that belong to someone else; whole figures are in test_latent."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vaekit.errors import InputError
from vaekit.figures import draw_scatter, latent_scatter, space_scatter

LABELS = np.arange(90) % 3
POINTS = np.random.default_rng(0).normal(size=(90, 3)) + 9 * np.eye(3)[LABELS]
CLASSES = ("cat", "dog", "$5_$")


def made(*, space=False, size=(4, 3)):
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot(projection="3d") if space else figure.add_subplot()


def looks(axes):
    """Points with their colour and marker."""
    return [
        (line.get_color(), line.get_marker(), np.array(line.get_data()).tolist())
        for line in axes.lines
        if line.get_linestyle() == "None"
    ]


def test_points_in_the_plane_look_as_in_the_figure():
    axes = made()
    draw_scatter(axes, POINTS[:, :2], labels=LABELS, classes=CLASSES)
    whole = latent_scatter(POINTS[:, :2], labels=LABELS, classes=CLASSES).axes[0]
    assert looks(axes) == looks(whole)
    assert [text.get_text() for text in axes.texts] == list(CLASSES)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z1", "z2")
    axes.figure.canvas.draw()


def test_points_in_space_look_as_in_the_figure():
    axes = made(space=True)
    view = axes.azim, axes.elev
    draw_scatter(axes, POINTS, labels=LABELS, classes=CLASSES, axis_labels=("a", "b", "c"))
    whole = space_scatter(POINTS, labels=LABELS, classes=CLASSES).axes[0]
    assert looks(axes) == looks(whole)
    assert (axes.azim, axes.elev) == view
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_zlabel()) == ("a", "b", "c")
    axes.figure.canvas.draw()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(CLASSES)


@pytest.mark.parametrize("space", [False, True])
def test_without_labels_there_are_no_names(space):
    axes = made(space=space)
    draw_scatter(axes, POINTS[:, : 3 if space else 2])
    assert axes.get_legend() is None
    assert list(axes.texts) == []


@pytest.mark.parametrize("size", [(2, 2), (4, 3), (10, 9)])
def test_names_stay_inside_axes_of_any_size(size):
    axes = made(size=size)
    rng = np.random.default_rng(0)
    draw_scatter(axes, rng.normal(size=(200, 2)), labels=np.arange(200) % 20)
    bottom, top = axes.get_ylim()
    assert 0 < len(axes.texts) <= 20
    assert all(bottom <= text.get_position()[1] <= top for text in axes.texts)


@pytest.mark.parametrize(
    ("space", "points", "message"),
    [
        (
            False,
            POINTS,
            r"points of 3 dimensions .*got rectilinear .*add_subplot\(projection=\"3d\"\)",
        ),
        (True, POINTS[:, :2], r"points of 2 dimensions .*got 3d .*add_subplot\(\)"),
        (False, np.eye(4), "2 or 3 dimensions, got 4"),
    ],
)
def test_axes_of_another_number_of_dimensions_are_refused(space, points, message):
    axes = made(space=space)
    with pytest.raises(InputError, match=message):
        draw_scatter(axes, points)
    assert list(axes.lines) == []


def test_names_and_labels_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="each of 2 axes, got 1"):
        draw_scatter(made(), POINTS[:, :2], axis_labels=["a"])
    with pytest.raises(InputError, match="a label for each of 90"):
        draw_scatter(made(), POINTS[:, :2], labels=[0])
