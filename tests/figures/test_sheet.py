"""Boards, strips, grids and pairs in axes that belong to someone else."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vaekit.errors import InputError
from vaekit.figures import (
    draw_board,
    draw_grid,
    draw_pairs,
    draw_strip,
    image_board,
    image_grid,
    image_pairs,
    image_strip,
    signed,
)

GREY = (1, 8, 8)
IMAGES = np.random.default_rng(0).uniform(size=(12, 64))
NAMES = {"rows": ["cat", "dog"], "columns": list("abcdef"), "caption": "above: s"}
ENDS = {"start": "cat", "end": "dog"}


@pytest.fixture
def figure():
    """A page of someone else, with room for the names around axes."""
    made = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(made)
    return made


def named(texts):
    return [text.get_text() for text in texts if text.get_text()]


def content(axes):
    """The image and every name with its place."""
    ticks = [
        (named(axis.get_ticklabels()), axis.get_ticklocs().tolist())
        for axis in (axes.xaxis, axes.yaxis)
    ]
    return (
        np.asarray(axes.images[0].get_array()),
        ticks if axes.axison else [([], [])] * 2,
        [(text.get_text(), text.xy) for text in axes.texts],
        axes.get_xlabel(),
    )


PAIRS = {
    "board": (
        lambda axes: draw_board(axes, IMAGES, shape=GREY, **NAMES),
        lambda: image_board(IMAGES, shape=GREY, **NAMES),
    ),
    "strip": (
        lambda axes: draw_strip(axes, IMAGES, shape=GREY, **ENDS),
        lambda: image_strip(IMAGES, shape=GREY, **ENDS),
    ),
    "grid": (
        lambda axes: draw_grid(axes, IMAGES, shape=GREY, columns=5),
        lambda: image_grid(IMAGES, shape=GREY, columns=5),
    ),
    "pairs": (
        lambda axes: draw_pairs(axes, IMAGES, outputs=1 - IMAGES, shape=GREY, columns=5),
        lambda: image_pairs(IMAGES, outputs=1 - IMAGES, shape=GREY, columns=5),
    ),
}
"""What is drawn into axes, and the figure of the same."""


@pytest.mark.parametrize("kind", PAIRS)
def test_axes_get_what_the_figure_shows(figure, kind):
    draw, whole = PAIRS[kind]
    axes = figure.add_subplot()
    draw(axes)
    figure.draw_without_rendering()
    mine, theirs = content(axes), content(whole().axes[0])
    assert np.array_equal(mine[0], theirs[0])
    assert mine[1:] == theirs[1:]


@pytest.mark.parametrize("kind", PAIRS)
def test_pixels_are_squares_whatever_the_axes_look_like(figure, kind):
    axes = figure.add_subplot()
    PAIRS[kind][0](axes)
    figure.draw_without_rendering()
    height, width = axes.images[0].get_size()
    area = axes.get_window_extent()
    assert area.height / height == pytest.approx(area.width / width)


@pytest.mark.parametrize("kind", PAIRS)
def test_drawing_leaves_other_axes_and_the_settings_alone(figure, kind):
    before = dict(mpl.rcParams)
    mine, other = figure.subplots(1, 2)
    looks = other.get_xlim(), other.get_ylim(), len(other.get_children()), other.axison
    PAIRS[kind][0](mine)
    assert (other.get_xlim(), other.get_ylim(), len(other.get_children()), other.axison) == looks
    assert figure.texts == []
    assert figure.legends == []
    assert dict(mpl.rcParams) == before


def boxes(axes):
    """Where texts stand after the page is drawn."""
    renderer = FigureCanvasAgg(axes.figure).get_renderer()
    axes.figure.draw(renderer)
    texts = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.title, axes.xaxis.label]
    texts += axes.texts
    return [text.get_window_extent(renderer) for text in texts if text.get_text()]


@pytest.mark.parametrize("kind", PAIRS)
def test_names_a_title_and_neighbours_do_not_cover_each_other(figure, kind):
    panels = figure.subplots(2, 2).flat
    for axes in panels:
        PAIRS[kind][0](axes)
        axes.set_title("A title")
    found = [box for axes in panels for box in boxes(axes)]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(found, 2))
    page = figure.bbox
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in found)


def test_as_many_names_stand_as_there_is_room_for(figure):
    names = [f"number {count}" for count in range(12)]
    counts = []
    for width in (3, 8, 30):
        figure.clear()
        figure.set_size_inches(width, 4)
        axes = figure.add_subplot()
        draw_board(axes, IMAGES, shape=GREY, rows=["cat"], columns=names)
        figure.draw_without_rendering()
        shown = named(axes.get_xticklabels())
        places = dict(zip(shown, axes.get_xticks(), strict=True))
        assert all(place == 9 * names.index(name) + 3.5 for name, place in places.items())
        counts.append(len(shown))
    assert counts[0] < counts[1] < counts[2] == 12


def test_names_of_data_are_no_formulas(figure):
    axes = figure.add_subplot()
    draw_board(axes, IMAGES[:1], shape=GREY, rows=["$5_$"], columns=["$x^$"], caption="$^$")
    other = figure.add_subplot()
    draw_strip(other, IMAGES, shape=GREY, start="$5_$", end="$x^$")
    figure.canvas.draw()
    assert named(other.texts) == ["$x^$"]


@pytest.mark.parametrize(("columns", "size"), [(1, (107, 8)), (4, (26, 35)), (99, (8, 107))])
def test_a_strip_takes_lines_as_long_as_one_says(figure, columns, size):
    axes = figure.add_subplot()
    draw_strip(axes, IMAGES, shape=GREY, columns=columns)
    assert axes.images[0].get_size() == size
    assert named((*axes.texts, *axes.get_yticklabels())) == []


@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2"), (-0.5, "\N{MINUS SIGN}0.5"), (-0.001, "0"), (10.0, "10")]
)
def test_numbers_above_columns_are_short(value, text):
    assert signed(value) == text


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda axes: draw_strip(axes, IMAGES, shape=GREY, columns=0), "at least 1 image"),
        (
            lambda axes: draw_pairs(axes, IMAGES, outputs=IMAGES, shape=GREY, columns=0),
            "at least 1 pair",
        ),
        (lambda axes: draw_board(axes, IMAGES, shape=GREY, rows="a", columns="b"), "got 12"),
        (lambda axes: draw_grid(axes, IMAGES, shape=(64,)), "channels, height, width"),
    ],
)
def test_what_does_not_fit_is_named_and_draws_nothing(figure, draw, message):
    axes = figure.add_subplot()
    with pytest.raises(InputError, match=message):
        draw(axes)
    assert list(axes.images) == []
