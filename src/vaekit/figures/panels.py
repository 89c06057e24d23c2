"""Several runs side by side, a panel for each."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.check import as_rows
from vaekit.figures.mosaic import as_tiles, mosaic
from vaekit.figures.style import FIRST, GREY, SECOND, WIDTH, mark, new_figure, styled

__all__ = [
    "Cloud",
    "code_spread",
    "image_panels",
    "image_rows",
    "plane_panels",
    "posterior_panels",
]

Array = NDArray[np.float64]
Shape = tuple[int, ...]

_COLUMNS = 3
_GAP = 1


class Cloud(NamedTuple):
    """The posterior of one row, as samples, beside what it should be."""

    before: Array
    """(K, 2) samples before the flow; the same as ``after`` where there is none."""
    after: Array
    """(K, 2) samples of q(z|x)."""
    exact: Array
    """(G, G) unnormalised log p(z|x) on the grid, first axis the second coordinate."""
    extent: tuple[float, float, float, float]
    """Smallest and largest first coordinate, smallest and largest second, of the grid."""
    axis_labels: tuple[str, str] = ("z1", "z2")
    """What the two dimensions are."""


def code_spread(codes: Mapping[str, ArrayLike]) -> Figure:
    """Draw the posterior means of every unit over a batch of rows, a panel for each run.

    Args:
        codes: by the name of the run, (B, D) posterior means.

    Returns:
        The figure: for each unit, in its order, a column of points.

    Raises:
        InputError: codes that are no rows of numbers.

    Example:
        >>> len(code_spread({"a": np.eye(3), "b": np.eye(4)}).axes)
        2
    """
    arrays = {name: as_rows(each, name=name) for name, each in codes.items()}
    with styled():
        figure = new_figure(WIDTH, height=2.1 * len(arrays) + 0.4)
        panels = figure.subplots(len(arrays), 1, squeeze=False, sharey=True)
        for axes, (name, rows) in zip(panels.flat, arrays.items(), strict=True):
            units = np.broadcast_to(np.arange(1, rows.shape[1] + 1), rows.shape)
            axes.plot(
                units.ravel(), rows.ravel(), linestyle="none", marker="_", markersize=5,
                color=FIRST, alpha=0.35,
            )  # fmt: skip
            axes.set_title(name)
            axes.set_ylabel("mean of q(z|x)")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels.flat[-1].set_xlabel("unit")
    return figure


def plane_panels(
    codes: Mapping[str, ArrayLike],
    *,
    labels: Mapping[str, ArrayLike | None],
    axis_labels: Mapping[str, tuple[str, str]],
    classes: Sequence[str] = (),
) -> Figure:
    """Draw the latent planes of several runs side by side, a colour and a marker for each class.

    Both axes of a panel have the same scale, so that a dimension that carries nothing looks flat.

    Args:
        codes: by the name of the run, (B, 2) posterior means.
        labels: by the name of the run, (B,) indices into ``classes``, or none.
        axis_labels: by the name of the run, what its two dimensions are.
        classes: names of the labels.

    Returns:
        The figure.

    Raises:
        InputError: codes that do not have two dimensions.

    Example:
        >>> axis = ("z1", "z2")
        >>> figure = plane_panels({"a": np.eye(2)}, labels={"a": [0, 1]}, axis_labels={"a": axis})
        >>> figure.axes[0].get_title(loc="left")
        'a'
    """
    with styled():
        figure, panels = _panels(list(codes))
        for axes, (name, each) in zip(panels, codes.items(), strict=True):
            points = as_rows(each, features=2, name=name)
            chosen = labels[name]
            index = np.zeros(len(points), int) if chosen is None else np.asarray(chosen)
            size = float(np.clip(70 / np.sqrt(len(points)), 1.2, 4.0))
            for label in np.unique(index).tolist():
                color, marker = mark(label)
                word = classes[label] if label < len(classes) else str(label)
                axes.plot(
                    *points[index == label].T, linestyle="none", marker=marker, color=color,
                    markersize=size, markeredgewidth=0, alpha=0.7, label=word,
                )  # fmt: skip
            _same_scale(axes, points)
            axes.set_xlabel(axis_labels[name][0])
            axes.set_ylabel(axis_labels[name][1])
        handles, words = panels[0].get_legend_handles_labels()
        if len(words) > 1:
            figure.legend(handles, words, loc="outside lower left", ncols=10, markerscale=4)
    return figure


def image_rows(inputs: ArrayLike, *, outputs: Mapping[str, ArrayLike], shape: Shape) -> Figure:
    """Draw images in a row, and what each run makes of them in a row of its own below.

    Args:
        inputs: (B, F) in [0, 1].
        outputs: by the name of the run, (B, F).
        shape: (C, H, W), in pixels.

    Returns:
        The figure.

    Raises:
        InputError: rows that are no images of this shape.

    Example:
        >>> figure = image_rows(np.ones((2, 4)), outputs={"a": np.ones((2, 4))}, shape=(1, 2, 2))
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['input', 'a']
    """
    rows = {"input": inputs, **outputs}
    tiles = [as_tiles(each, shape=shape, name=name) for name, each in rows.items()]
    picture = mosaic(np.concatenate(tiles), columns=len(tiles[0]), gap=_GAP)
    high = len(picture) / len(tiles)
    with styled():
        figure = new_figure(WIDTH, height=0.35 + (WIDTH - 1.2) * len(picture) / picture.shape[1])
        axes = figure.add_subplot()
        _show(axes, picture)
        axes.set_yticks([(place + 0.5) * high for place in range(len(rows))], list(rows))
        axes.tick_params(axis="y", length=0)
    return figure


def image_panels(images: Mapping[str, ArrayLike], *, shape: Shape, columns: int = 4) -> Figure:
    """Draw a grid of images for each run, side by side.

    Args:
        images: by the name of the run, (B, F) in [0, 1].
        shape: (C, H, W), in pixels.
        columns: images in a row of a grid.

    Returns:
        The figure.

    Raises:
        InputError: rows that are no images of this shape.

    Example:
        >>> len(image_panels({"a": np.ones((4, 4)), "b": np.ones((4, 4))}, shape=(1, 2, 2)).axes)
        2
    """
    with styled():
        figure, panels = _panels(list(images))
        for axes, each in zip(panels, images.values(), strict=True):
            tiles = as_tiles(each, shape=shape, name="images")
            _show(axes, mosaic(tiles, columns=columns, gap=_GAP))
            axes.set_yticks([])
    return figure


def posterior_panels(clouds: Mapping[str, Cloud]) -> Figure:
    """Draw the posterior of one row in each run: before the flow, after it, and as it should be.

    Args:
        clouds: by the name of the run.

    Returns:
        The figure: dots are samples, lines hold half and nineteen twentieths of the exact
        posterior of that run's own decoder.

    Raises:
        InputError: there is no run.

    Example:
        >>> dots = np.zeros((3, 2))
        >>> cloud = Cloud(dots, dots, np.eye(4), (-1.0, 1.0, -1.0, 1.0))
        >>> posterior_panels({"a": cloud}).axes[0].get_xlabel()
        'z1'
    """
    if not clouds:
        raise InputError("expected the posterior of at least one run, got none")
    with styled():
        figure, panels = _panels(list(clouds))
        for axes, cloud in zip(panels, clouds.values(), strict=True):
            dots: dict[str, Any] = {"linestyle": "none", "marker": "o", "markeredgewidth": 0}
            if not np.array_equal(cloud.before, cloud.after):
                axes.plot(*cloud.before.T, color=GREY, markersize=2, label="before", **dots)
            axes.plot(*cloud.after.T, color=FIRST, markersize=2, alpha=0.6, label="q(z|x)", **dots)
            _contours(axes, cloud)
            left, right, bottom, top = cloud.extent
            axes.set_xlim(left, right)
            axes.set_ylim(bottom, top)
            axes.set_xlabel(cloud.axis_labels[0])
            axes.set_ylabel(cloud.axis_labels[1])
        handles, names = max((a.get_legend_handles_labels() for a in panels), key=_entries)
        figure.legend(handles, names, loc="outside lower left", ncols=2, markerscale=4)
    return figure


def _entries(legend: tuple[list[Any], list[Any]]) -> int:
    return len(legend[1])


def _same_scale(axes: Axes, points: Array) -> None:
    """Square limits around the points."""
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    middle, half = (low + high) / 2, float((high - low).max()) * 0.53 or 0.5
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half, middle[1] + half)


def _contours(axes: Axes, cloud: Cloud) -> None:
    """Lines that hold half and nineteen twentieths of the exact posterior."""
    mass = np.exp(cloud.exact - cloud.exact.max())
    ordered = np.sort(mass.ravel())[::-1]
    held = np.cumsum(ordered) / ordered.sum()
    levels = sorted({float(ordered[np.searchsorted(held, share)]) for share in (0.95, 0.5)})
    left, right, bottom, top = cloud.extent
    first = np.linspace(left, right, mass.shape[1])
    second = np.linspace(bottom, top, mass.shape[0])
    if 0 < levels[0] and levels[-1] < mass.max():
        axes.contour(first, second, mass, levels=levels, colors=SECOND, linewidths=1.2)


def _panels(names: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """An empty square panel for each name."""
    if not names:
        raise InputError("expected at least one run, got none")
    columns = min(len(names), _COLUMNS if len(names) != 4 else 2)
    rows = math.ceil(len(names) / columns)
    side = WIDTH / max(columns, 2)
    figure = new_figure(WIDTH, height=rows * (side + 0.15) + 0.35)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, name in zip(grid.flat, names, strict=False):
        axes.set_title(name)
        axes.set_box_aspect(1)
    for axes in grid.flat[len(names) :]:
        axes.set_axis_off()
    return figure, list(grid.flat[: len(names)])


def _show(axes: Axes, picture: Array) -> None:
    """Draw pixels, without a frame."""
    extent = (0, picture.shape[1], picture.shape[0], 0)
    axes.imshow(picture, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest", extent=extent)
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
