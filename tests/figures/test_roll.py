"""A roll in space beside the plane that was made of it."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vaekit.errors import InputError
from vaekit.figures import roll_and_plane


def roll(count=200):
    rng = np.random.default_rng(0)
    angle = rng.uniform(4, 14, count)
    points = np.column_stack([angle * np.cos(angle), rng.uniform(0, 20, count), angle])
    return points, np.column_stack([angle, points[:, 1]]), angle


def test_the_same_points_have_the_same_colours_on_both_sides():
    points, codes, angle = roll()
    figure = roll_and_plane(points, codes=codes, colour=angle, colour_label="angle", title="Roll")
    FigureCanvasAgg(figure).draw()
    left, right, bar = figure.axes
    space, plane = left.collections[0], right.collections[0]
    assert np.allclose(np.stack(space._offsets3d, axis=1), points)
    assert np.allclose(plane.get_offsets(), codes)
    assert np.allclose(space.get_array(), angle)
    assert np.allclose(plane.get_array(), angle)
    assert space.get_clim() == plane.get_clim() == (angle.min(), angle.max())
    assert space.cmap == plane.cmap
    assert bar.get_ylabel() == "angle"
    assert left.get_box_aspect is not None
    assert right.get_aspect() == 1
    assert figure.get_suptitle() == "Roll"


def test_the_colours_grow_brighter_all_the_way():
    points, codes, angle = roll()
    shown = roll_and_plane(points, codes=codes, colour=angle).axes[1].collections[0]
    grey = shown.cmap(np.linspace(0, 1, 50))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(grey) > 0).all()


def test_every_word_stands_on_the_figure():
    points, codes, angle = roll()
    figure = roll_and_plane(points, codes=codes, colour=angle)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    left, right, bar = figure.axes
    boxes = [
        each.label.get_window_extent(canvas.get_renderer())
        for each in (left.zaxis, right.yaxis, right.xaxis, bar.yaxis)
    ]
    assert not any(one.overlaps(other) for at, one in enumerate(boxes) for other in boxes[:at])
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0 for box in boxes)


def test_points_in_one_place_are_drawn():
    figure = roll_and_plane(np.ones((5, 3)), codes=np.ones((5, 2)), colour=np.ones(5))
    FigureCanvasAgg(figure).draw()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": np.ones((5, 2))}, "points: expected 3 features"),
        ({"codes": np.ones((5, 3))}, "codes: expected 2 features"),
        ({"codes": np.ones((4, 2))}, "each of 5 points, got 4 codes"),
        ({"colour": np.ones(4)}, r"numbers of shape \(4,\)"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    given = {"points": np.ones((5, 3)), "codes": np.ones((5, 2)), "colour": np.ones(5)} | change
    with pytest.raises(InputError, match=message):
        roll_and_plane(given.pop("points"), **given)
