"""Boards, strips, animations, and points in space."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from vaekit.errors import InputError
from vaekit.figures import (
    image_board,
    image_strip,
    latent_scatter,
    manifold,
    save_animation,
    space_scatter,
)

GREY = (1, 8, 8)


def picture(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def shades(count):
    """Images of one shade each, from black to white."""
    return np.repeat(np.linspace(0, 1, count)[:, None], 64, axis=1)


def named(texts):
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
    figure = image_board(
        shades(6), shape=GREY, rows=["T-shirt/top", "Bag"], columns=["-1", "0", "1"],
        title="Sums of codes", caption="above: s",
    )  # fmt: skip
    array = picture(figure)
    assert array.shape == (17, 26)
    assert array[::9, ::9].ravel() == pytest.approx(np.linspace(0, 1, 6))
    axes = figure.axes[0]
    assert dict(zip(named(axes.get_yticklabels()), axes.get_yticks(), strict=True))["Bag"] == 12.5
    assert dict(zip(named(axes.get_xticklabels()), axes.get_xticks(), strict=True))["1"] == 21.5
    assert axes.get_xlabel() == "above: s"
    assert inside(figure)


def test_names_of_columns_do_not_run_into_each_other():
    names = [f"{value:.5f}" for value in range(30)]
    figure = image_board(np.ones((30, 64)), shape=GREY, rows=["a"], columns=names)
    assert 1 < len(figure.axes[0].get_xticklabels()) < 30
    assert inside(figure)


@pytest.mark.parametrize(("frames", "lines"), [(2, 1), (12, 1), (13, 2), (30, 3)])
def test_a_strip_takes_lines_of_one_length(frames, lines):
    figure = image_strip(shades(frames), shape=GREY, start="Sandal", end="Ankle boot")
    height, width = picture(figure).shape
    assert height == 9 * lines - 1
    assert (width + 1) // 9 == -(-frames // lines)
    assert picture(figure)[0, 0] == 0
    (end,) = figure.axes[0].texts
    assert picture(figure)[int(end.xy[1]), int(end.xy[0])] == 1  # beside the last image
    assert named(figure.axes[0].get_yticklabels()) == ["Sandal"]
    assert end.get_text() == "Ankle boot"
    assert inside(figure)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_goes_there_and_back_and_rests(tmp_path, kind):
    path = save_animation(shades(4), shape=GREY, path=tmp_path / f"walk.{kind}")
    with Image.open(path) as walk:
        assert (walk.n_frames, walk.size) == (6, (256, 256))
        seen = []
        for frame in range(6):
            walk.seek(frame)
            walk.load()
            seen.append((np.asarray(walk.convert("L"))[0, 0], walk.info["duration"]))
    assert [int(shade) for shade, _ in seen] == [0, 85, 170, 255, 170, 85]
    assert [time for _, time in seen] == [600, 80, 80, 600, 80, 80]
    again = save_animation(shades(4), shape=GREY, path=tmp_path / f"again.{kind}")
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_in_colour(tmp_path, kind):
    reds = np.zeros((2, 3, 4, 4))
    reds[0, 0], reds[1, 2] = 1, 1
    path = save_animation(reds.reshape(2, -1), shape=(3, 4, 4), path=tmp_path / f"a.{kind}")
    with Image.open(path) as walk:
        assert walk.convert("RGB").getpixel((9, 9)) == (255, 0, 0)


def test_points_in_space_are_seen_from_two_sides():
    labels = np.arange(90) % 3
    points = np.random.default_rng(0).normal(size=(90, 3))
    names = ("PC 1", "PC 2", "PC 3")
    figure = space_scatter(
        points, labels=labels, classes=("a", "b", "c"), axis_labels=names, title="All"
    )
    front, side = figure.axes
    assert front.azim != side.azim
    assert (front.get_xlabel(), front.get_ylabel(), front.get_zlabel()) == names
    drawn = np.concatenate([np.stack(line.get_data_3d(), axis=1) for line in front.lines])
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, points))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b", "c"]
    assert space_scatter(points).legends == []


def test_a_walk_is_drawn_over_its_map():
    path = [[-1.0, 0.5], [0.0, 0.0], [1.0, 1.0]]
    figure = manifold(shades(9), shape=GREY, side=3, extent=(-2, 2, -2, 2), path=path)
    for line in figure.axes[0].lines[:2]:
        assert line.get_xydata().tolist() == path
    assert figure.axes[0].lines[-1].get_xydata().tolist() == path[-1:]


def test_a_map_by_quantiles_still_names_the_coordinates():
    edge = 1 / 6
    figure = manifold(
        shades(9), shape=GREY, side=3, extent=(edge, 1 - edge, edge, 1 - edge), quantiles=True,
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


def test_names_of_axes_stand_on_the_figure_beside_a_long_legend():
    points = np.random.default_rng(0).uniform(-80, 76, (500, 2))
    classes = ("T-shirt/top", "Ankle boot and more")
    figure = latent_scatter(
        points, labels=np.arange(500) % 2, classes=classes, axis_labels=("t-SNE 1", "t-SNE 2")
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert figure.axes[0].yaxis.label.get_window_extent(canvas.get_renderer()).x0 > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda path: image_board(shades(5), shape=GREY, rows=["a"], columns=["b"] * 4),
            "1 rows of 4 images, got 5",
        ),
        (lambda path: space_scatter(np.zeros((4, 2))), "expected 3 features"),
        (lambda path: save_animation(shades(2), shape=GREY, path=path / "a.png"), r"\.gif, \.webp"),
        (lambda path: save_animation(shades(1), shape=GREY, path=path / "a.gif"), "at least 2"),
        (
            lambda path: manifold(
                shades(4), shape=GREY, side=2, extent=(0, 1, 0, 1), path=np.zeros((2, 3))
            ),
            "path: expected 2 features",
        ),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, call, message):
    with pytest.raises(InputError, match=message):
        call(tmp_path)
    assert list(tmp_path.iterdir()) == []
