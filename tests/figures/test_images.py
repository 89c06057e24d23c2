"""Grids of images with labels, in figures and in axes."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from vaekit.errors import InputError
from vaekit.figures import (
    analogy_grid,
    format_number,
    image_grid,
    image_pairs,
    image_sequence,
    manifold,
    manifold_codes,
    reconstructions,
    samples,
    sprite_sheet,
)

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
    figure = manifold((codes + 2) / 4, shape=(1, 1, 2), codes=codes)
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
            lambda: image_grid(shades(5), shape=GREY, row_labels=["a"], column_labels=["b"] * 4),
            "1 rows of 4 images, got 5",
        ),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()


IMAGES = np.random.default_rng(0).uniform(size=(12, 64))
NAMES = {"row_labels": ["cat", "dog"], "column_labels": list("abcdef"), "caption": "above: s"}
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
    "labelled": lambda ax=None: image_grid(IMAGES, shape=GREY, **NAMES, ax=ax),
    "sequence": lambda ax=None: image_sequence(IMAGES, shape=GREY, **ENDS, ax=ax),
    "grid": lambda ax=None: image_grid(IMAGES, shape=GREY, columns=5, ax=ax),
    "pairs": lambda ax=None: image_pairs(IMAGES, outputs=1 - IMAGES, shape=GREY, columns=5, ax=ax),
}
"""Drawn into axes, or into a figure of its own."""


@pytest.mark.parametrize("kind", PAIRS)
def test_axes_get_what_the_figure_shows(figure, kind):
    axes = figure.add_subplot()
    assert PAIRS[kind](axes) is figure
    figure.draw_without_rendering()
    mine, theirs = content(axes), content(PAIRS[kind]().axes[0])
    assert np.array_equal(mine[0], theirs[0])
    assert mine[1:] == theirs[1:]


@pytest.mark.parametrize("kind", PAIRS)
def test_pixels_are_squares_whatever_the_axes_look_like(figure, kind):
    axes = figure.add_subplot()
    PAIRS[kind](axes)
    figure.draw_without_rendering()
    height, width = axes.images[0].get_size()
    area = axes.get_window_extent()
    assert area.height / height == pytest.approx(area.width / width)


@pytest.mark.parametrize("kind", PAIRS)
def test_drawing_leaves_other_axes_and_the_settings_alone(figure, kind):
    before = dict(mpl.rcParams)
    mine, other = figure.subplots(1, 2)
    looks = other.get_xlim(), other.get_ylim(), len(other.get_children()), other.axison
    PAIRS[kind](mine)
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
        PAIRS[kind](axes)
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
        image_grid(IMAGES, shape=GREY, row_labels=["cat"], column_labels=names, ax=axes)
        figure.draw_without_rendering()
        shown = named(axes.get_xticklabels())
        places = dict(zip(shown, axes.get_xticks(), strict=True))
        assert all(place == 9 * names.index(name) + 3.5 for name, place in places.items())
        counts.append(len(shown))
    assert counts[0] < counts[1] < counts[2] == 12


def test_names_of_data_are_no_formulas(figure):
    axes = figure.add_subplot()
    names = {"row_labels": ["$5_$"], "column_labels": ["$x^$"], "caption": "$^$"}
    image_grid(IMAGES[:1], shape=GREY, **names, ax=axes)
    other = figure.add_subplot()
    image_sequence(IMAGES, shape=GREY, start="$5_$", end="$x^$", ax=other)
    figure.canvas.draw()
    assert named(other.texts) == ["$x^$"]


@pytest.mark.parametrize(("columns", "size"), [(1, (107, 8)), (4, (26, 35)), (99, (8, 107))])
def test_a_strip_takes_lines_as_long_as_one_says(figure, columns, size):
    axes = figure.add_subplot()
    image_sequence(IMAGES, shape=GREY, columns=columns, ax=axes)
    assert axes.images[0].get_size() == size
    assert named((*axes.texts, *axes.get_yticklabels())) == []


@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2"), (-0.5, "\N{MINUS SIGN}0.5"), (-0.001, "0"), (10.0, "10")]
)
def test_numbers_above_columns_are_short(value, text):
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda axes: image_sequence(IMAGES, shape=GREY, columns=0, ax=axes), "at least 1 image"),
        (
            lambda axes: image_pairs(IMAGES, outputs=IMAGES, shape=GREY, columns=0, ax=axes),
            "at least 1 pair",
        ),
        (
            lambda axes: image_grid(IMAGES, shape=GREY, row_labels="a", column_labels="b", ax=axes),
            "got 12",
        ),
        (lambda axes: image_grid(IMAGES, shape=(64,), ax=axes), "channels, height, width"),
    ],
)
def test_what_does_not_fit_is_named_and_draws_nothing(figure, draw, message):
    axes = figure.add_subplot()
    with pytest.raises(InputError, match=message):
        draw(axes)
    assert list(axes.images) == []


def test_the_image_stands_at_the_left_and_what_was_made_in_its_row():
    images = np.array([[0.1] * 4, [0.2] * 4])
    made = np.array([[[0.3] * 4, [0.4] * 4, [0.5] * 4], [[0.6] * 4, [0.7] * 4, [0.8] * 4]])
    axes = analogy_grid(images, analogies=made, shape=(1, 2, 2), names=["a", "b", "c"]).axes[0]
    array = np.asarray(axes.images[0].get_array())
    lines = [array[0, ::3], array[3, ::3]]
    np.testing.assert_allclose(lines[0], [0.1, 1.0, 0.3, 0.4, 0.5])
    np.testing.assert_allclose(lines[1], [0.2, 1.0, 0.6, 0.7, 0.8])


@pytest.mark.parametrize("shape", [(2, 3), (2, 2, 4), (1, 3, 4)])
def test_what_does_not_go_together_is_refused(shape):
    with pytest.raises(InputError, match=r"\(2, 3, F\)"):
        analogy_grid(np.zeros((2, 4)), analogies=np.zeros(shape), shape=(1, 2, 2), names="abc")


ROWS = np.random.default_rng(0).uniform(size=(12, 12))


def test_images_tables_and_points_are_drawn_in_their_own_ways():
    image = samples(ROWS, shape=(3, 2, 2))
    assert len(image.axes[0].images) == 1
    table = samples(ROWS, shape=(12,), data=ROWS)
    assert len(table.axes) == 12
    points = samples(ROWS[:, :2], shape=(2,), data=ROWS[:, :2], names=("x", "y"))
    assert len(points.axes) == 2
    assert points.axes[0].get_xlabel() == "x"


def test_reconstructions_go_by_shape():
    assert len(reconstructions(ROWS, outputs=ROWS, shape=(1, 3, 4)).axes) == 1
    names = [f"c{index}" for index in range(12)]
    figure = reconstructions(ROWS, outputs=ROWS, shape=(12,), names=names)
    assert [axes.get_title(loc="left") for axes in figure.axes] == names


def test_samples_of_a_table_need_data():
    with pytest.raises(InputError, match="pass data="):
        samples(ROWS, shape=(12,))


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


def shades(count):
    """Images of one shade each, from black to white."""
    return np.repeat(np.linspace(0, 1, count)[:, None], 64, axis=1)


def labels_of(texts):
    return [text.get_text() for text in texts]


def inside(figure):
    """Whether every text lies on the figure, and no two overlap."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    (axes,) = figure.axes
    ticks = (*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label)
    texts = [text for text in (*axes.texts, *figure.texts, *ticks) if text.get_text()]
    boxes = [text.get_window_extent(renderer) for text in texts]
    page = figure.bbox
    apart = not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[:at])
    return apart and all(
        box.x0 >= 0 and box.y0 >= 0 and box.x1 <= page.width and box.y1 <= page.height
        for box in boxes
    )


def test_a_board_has_its_images_and_names_where_they_belong():
    figure = image_grid(
        shades(6), shape=GREY, row_labels=["T-shirt/top", "Bag"], column_labels=["-1", "0", "1"],
        title="Sums of codes", caption="above: s",
    )  # fmt: skip
    array = picture(figure)
    assert array.shape == (17, 26)
    assert array[::9, ::9].ravel() == pytest.approx(np.linspace(0, 1, 6))
    axes = figure.axes[0]
    assert (
        dict(zip(labels_of(axes.get_yticklabels()), axes.get_yticks(), strict=True))["Bag"] == 12.5
    )
    assert dict(zip(labels_of(axes.get_xticklabels()), axes.get_xticks(), strict=True))["1"] == 21.5
    assert axes.get_xlabel() == "above: s"
    assert inside(figure)


def test_names_of_columns_do_not_run_into_each_other():
    names = [f"{value:.5f}" for value in range(30)]
    figure = image_grid(np.ones((30, 64)), shape=GREY, row_labels=["a"], column_labels=names)
    assert 1 < len(figure.axes[0].get_xticklabels()) < 30
    assert inside(figure)


@pytest.mark.parametrize(("frames", "lines"), [(2, 1), (12, 1), (13, 2), (30, 3)])
def test_a_strip_takes_lines_of_one_length(frames, lines):
    figure = image_sequence(shades(frames), shape=GREY, start="Sandal", end="Ankle boot")
    height, width = picture(figure).shape
    assert height == 9 * lines - 1
    assert (width + 1) // 9 == -(-frames // lines)
    assert picture(figure)[0, 0] == 0
    (end,) = figure.axes[0].texts
    assert picture(figure)[int(end.xy[1]), int(end.xy[0])] == 1  # beside the last image
    assert labels_of(figure.axes[0].get_yticklabels()) == ["Sandal"]
    assert end.get_text() == "Ankle boot"
    assert inside(figure)
