"""Scatter plots of codes, and posteriors."""

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vaekit.errors import InputError
from vaekit.figures import (
    PosteriorSamples,
    image_grids,
    latent_scatter,
    latent_scatters,
    points_and_codes,
    posterior_means,
    posterior_samples,
)


def clouds(classes, rows=20, apart=5.0):
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), rows)
    return generator.normal(size=(len(labels), 2)) + apart * labels[:, None], labels


def names(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_each_class_has_its_own_look_its_points_and_its_name():
    codes, labels = clouds(3)
    classes = ("cat", "dog", "cow")
    figure = latent_scatter(codes, labels=labels, classes=classes, axis_labels=("z3", "z7"))
    axes = figure.axes[0]
    looks = {(line.get_color(), line.get_marker()) for line in axes.lines[:3]}
    assert len(looks) == 3
    for label, line in enumerate(axes.lines[:3]):
        np.testing.assert_array_equal(line.get_xydata(), codes[labels == label])
    assert names(figure) == list(classes)
    assert [text.get_text() for text in axes.texts] == list(classes)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z3", "z7")


def test_class_names_stand_at_the_medians():
    codes, labels = clouds(3, apart=20.0)
    texts = latent_scatter(codes, labels=labels).axes[0].texts
    for label, text in enumerate(texts):
        np.testing.assert_allclose(text.get_position(), np.median(codes[labels == label], axis=0))


def test_names_at_the_same_place_do_not_cover_each_other():
    codes, labels = clouds(4, apart=0.0)
    classes = ("Pullover", "Coat", "Shirt", "T-shirt/top")
    figure = latent_scatter(codes, labels=labels, classes=classes)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_both_axes_have_the_same_scale_and_show_every_point():
    codes = np.array([[0.0, 0.0], [10.0, 0.1], [5.0, -0.1]])
    axes = latent_scatter(codes).axes[0]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert right - left == pytest.approx(top - bottom)
    assert left < 0
    assert right > 10
    assert bottom < -0.1 < 0.1 < top


def test_small_classes_beyond_twenty_are_drawn_together():
    codes, labels = clouds(25)
    labels[labels == 24] = 0
    shown = names(latent_scatter(codes, labels=labels))
    assert len(shown) == 21
    assert shown[0] == "4 more classes"
    assert "0" in shown


def test_rows_without_a_label_are_grey_and_named():
    codes, labels = clouds(2)
    labels[:5] = -1
    figure = latent_scatter(codes, labels=labels)
    assert names(figure) == ["no label", "0", "1"]
    assert len(figure.axes[0].lines[0].get_xdata()) == 5


def test_without_labels_there_is_no_legend():
    assert latent_scatter(clouds(1)[0]).legends == []


def test_ten_thousand_points_and_signs_of_formulas_draw():
    codes, labels = clouds(2, rows=5000)
    figure = latent_scatter(codes, labels=labels, classes=("$5_$", "a" * 40), title="$x^$")
    FigureCanvasAgg(figure).draw()
    assert names(figure) == ["$5_$", "a" * 17 + "…"]


@pytest.mark.parametrize("rows", [1, 3])
def test_points_that_are_all_equal_or_missing_still_draw(rows):
    FigureCanvasAgg(latent_scatter(np.zeros((rows, 2)), labels=[0] * rows)).draw()
    FigureCanvasAgg(latent_scatter(np.full((rows, 2), np.nan), labels=[0] * rows)).draw()


def test_what_does_not_fit_is_named():
    with pytest.raises(InputError, match="a label for each of 4 codes"):
        latent_scatter(np.zeros((4, 2)), labels=[0, 1])


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
    latent_scatter(POINTS[:, :2], labels=LABELS, classes=CLASSES, ax=axes)
    whole = latent_scatter(POINTS[:, :2], labels=LABELS, classes=CLASSES).axes[0]
    assert looks(axes) == looks(whole)
    assert [text.get_text() for text in axes.texts] == list(CLASSES)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z1", "z2")
    axes.figure.canvas.draw()


def test_points_in_space_look_as_in_the_figure():
    axes = made(space=True)
    view = axes.azim, axes.elev
    latent_scatter(POINTS, labels=LABELS, classes=CLASSES, axis_labels=("a", "b", "c"), ax=axes)
    whole = latent_scatter(POINTS, labels=LABELS, classes=CLASSES).axes[0]
    assert looks(axes) == looks(whole)
    assert (axes.azim, axes.elev) == view
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_zlabel()) == ("a", "b", "c")
    axes.figure.canvas.draw()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(CLASSES)


@pytest.mark.parametrize("space", [False, True])
def test_without_labels_there_are_no_names(space):
    axes = made(space=space)
    latent_scatter(POINTS[:, : 3 if space else 2], ax=axes)
    assert axes.get_legend() is None
    assert list(axes.texts) == []


@pytest.mark.parametrize("size", [(2, 2), (4, 3), (10, 9)])
def test_names_stay_inside_axes_of_any_size(size):
    axes = made(size=size)
    rng = np.random.default_rng(0)
    latent_scatter(rng.normal(size=(200, 2)), labels=np.arange(200) % 20, ax=axes)
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
        latent_scatter(points, ax=axes)
    assert list(axes.lines) == []


def test_names_and_labels_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="each of 2 axes, got 1"):
        latent_scatter(POINTS[:, :2], axis_labels=["a"], ax=made())
    with pytest.raises(InputError, match="a label for each of 90"):
        latent_scatter(POINTS[:, :2], labels=[0], ax=made())


def roll(count=200):
    rng = np.random.default_rng(0)
    angle = rng.uniform(4, 14, count)
    points = np.column_stack([angle * np.cos(angle), rng.uniform(0, 20, count), angle])
    return points, np.column_stack([angle, points[:, 1]]), angle


def test_the_same_points_have_the_same_colours_on_both_sides():
    points, codes, angle = roll()
    figure = points_and_codes(points, codes=codes, color=angle, color_label="angle", title="Roll")
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
    shown = points_and_codes(points, codes=codes, color=angle).axes[1].collections[0]
    grey = shown.cmap(np.linspace(0, 1, 50))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(grey) > 0).all()


def test_every_word_stands_on_the_figure():
    points, codes, angle = roll()
    figure = points_and_codes(points, codes=codes, color=angle)
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
    figure = points_and_codes(np.ones((5, 3)), codes=np.ones((5, 2)), color=np.ones(5))
    FigureCanvasAgg(figure).draw()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": np.ones((5, 2))}, "points: expected 3 features"),
        ({"codes": np.ones((5, 3))}, "codes: expected 2 features"),
        ({"codes": np.ones((4, 2))}, "each of 5 points, got 4 codes"),
        ({"color": np.ones(4)}, r"numbers of shape \(4,\)"),
    ],
)
def test_what_does_not_fit_is_named_roll(change, message):
    given = {"points": np.ones((5, 3)), "codes": np.ones((5, 2)), "color": np.ones(5)} | change
    with pytest.raises(InputError, match=message):
        points_and_codes(given.pop("points"), **given)


def test_colour_images_keep_their_colours():
    red = np.repeat([1.0, 0.0, 0.0], 4)[None]
    picture = image_grids({"a": red}, shape=(3, 2, 2)).axes[0].images[0].get_array()
    assert picture[0, 0].tolist() == [1.0, 0.0, 0.0]


def test_images_of_another_size_are_refused():
    with pytest.raises(InputError, match="9 features"):
        image_grids({"a": np.zeros((2, 4))}, shape=(1, 3, 3))


@pytest.mark.parametrize("count", [1, 4, 5])
def test_every_run_has_a_panel(count):
    codes = {str(n): np.random.default_rng(n).normal(size=(30, 2)) for n in range(count)}
    labels = {name: np.arange(30) % 3 for name in codes}
    axis = dict.fromkeys(codes, ("z1", "z2"))
    figure = latent_scatters(codes, labels=labels, axis_labels=axis, classes=("a", "b", "c"))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title for title in titles if title] == list(codes)


def test_spread_has_a_point_for_each_row_and_unit():
    rows = np.arange(6.0).reshape(2, 3)
    line = posterior_means({"a": rows}).axes[0].lines[0]
    points = np.asarray(line.get_xydata())
    assert sorted(map(tuple, points)) == [(1, 0), (1, 3), (2, 1), (2, 4), (3, 2), (3, 5)]


def test_the_lines_around_a_gaussian_are_where_they_should_be():
    side = np.linspace(-4, 4, 161)
    exact = -0.5 * (side[:, None] ** 2 + side**2)
    dots = np.zeros((2, 2))
    figure = posterior_samples({"a": PosteriorSamples(dots, dots, exact, (-4.0, 4.0, -4.0, 4.0))})
    (contours,) = figure.axes[0].collections
    radii = [np.linalg.norm(path.vertices, axis=1).mean() for path in contours.get_paths()]
    # half the mass of a Gaussian in the plane lies within sqrt(2 log 2), 95% within sqrt(2 log 20)
    assert radii == pytest.approx([np.sqrt(2 * np.log(20)), np.sqrt(2 * np.log(2))], rel=0.03)


def test_no_run_is_refused():
    with pytest.raises(InputError, match="at least one run"):
        posterior_samples({})
    with pytest.raises(InputError, match="at least one run"):
        image_grids({}, shape=(1, 2, 2))


def test_points_in_space_are_seen_from_two_sides():
    labels = np.arange(90) % 3
    points = np.random.default_rng(0).normal(size=(90, 3))
    names = ("PC 1", "PC 2", "PC 3")
    figure = latent_scatter(
        points, labels=labels, classes=("a", "b", "c"), axis_labels=names, title="All"
    )
    front, side = figure.axes
    assert front.azim != side.azim
    assert (front.get_xlabel(), front.get_ylabel(), front.get_zlabel()) == names
    drawn = np.concatenate([np.stack(line.get_data_3d(), axis=1) for line in front.lines])
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, points))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b", "c"]
    assert latent_scatter(points).legends == []


def test_names_of_axes_stand_on_the_figure_beside_a_long_legend():
    points = np.random.default_rng(0).uniform(-80, 76, (500, 2))
    classes = ("T-shirt/top", "Ankle boot and more")
    figure = latent_scatter(
        points, labels=np.arange(500) % 2, classes=classes, axis_labels=("t-SNE 1", "t-SNE 2")
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert figure.axes[0].yaxis.label.get_window_extent(canvas.get_renderer()).x0 > 0
