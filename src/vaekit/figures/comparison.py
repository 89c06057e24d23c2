"""Several runs in one figure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.images import as_tiles, mosaic
from vaekit.figures.style import (
    FIRST,
    GREY,
    MARKERS,
    PALETTE,
    SECOND,
    THIRD,
    WIDTH,
    as_rows,
    mark,
    new_figure,
    styled,
)

__all__ = [
    "Cloud",
    "code_spread",
    "comparison_curves",
    "image_panels",
    "image_rows",
    "plane_panels",
    "posterior_panels",
    "run_levels",
    "unit_profiles",
]


Record = Mapping[str, Any]
Array = NDArray[np.float64]

_TITLES = {
    "bound": "Bound on log p(x): higher is better",
    "loss": "Loss, each its own objective",
    "distortion": "Distortion",
    "rate": "Rate",
}
_COLORS = (FIRST, SECOND, THIRD, *PALETTE[3:])
_LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


def comparison_curves(
    records: Mapping[str, Sequence[Record]],
    *,
    keys: Sequence[str] = ("bound", "loss", "distortion", "rate"),
    split: str | None = None,
) -> Figure:
    """Draw the learning curves of several runs on one axis for each number.

    Args:
        records: by the name of the run, those of its epochs as in ``metrics.jsonl``.
        keys: bound, loss, distortion, rate; a panel for each.
        split: train, validation or test; when absent the one that is watched by every run, or
            else train.

    Returns:
        The figure, its legend above the panels.

    Raises:
        InputError: a run without records, or no run at all.

    Example:
        >>> epoch = {"epoch": 1, "train": {"rate": 5.0}}
        >>> figure = comparison_curves({"a": [epoch], "b": [epoch]}, keys=("rate",))
        >>> len(figure.axes[0].lines)
        2
    """
    if not records or not all(records.values()):
        raise InputError("curves need at least one run, and of each run at least one epoch")
    shown = split or _common_split(records)
    with styled():
        rows = math.ceil(len(keys) / 2)
        figure = new_figure(WIDTH, height=2.7 * rows + 0.5)
        panels = figure.subplots(rows, min(len(keys), 2), squeeze=False)
        for axes, key in zip(panels.flat, keys, strict=False):
            for place, (name, epochs) in enumerate(records.items()):
                axes.plot(*_series(epochs, shown, key), label=name, **_look(place, len(epochs)))
            axes.set_title(_TITLES[key])
            axes.set_ylabel(f"nats per row, {shown}")
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
            _frame_later(axes)
        for axes in panels.flat[len(keys) :]:
            axes.set_axis_off()
        handles, names = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=min(len(names), 4))
    return figure


def run_levels(
    values: Mapping[str, Mapping[str, float]], *, errors: Mapping[str, float] | None = None
) -> Figure:
    """Draw numbers of several runs on one scale, a line of the figure for each run.

    Args:
        values: by what it is (log-likelihood, ELBO), and by the name of the run, in nats per row.
        errors: by the name of the run, the standard error of the first number.

    Returns:
        The figure: the runs from top to bottom in their order.

    Raises:
        InputError: there are no numbers.

    Example:
        >>> figure = run_levels({"ELBO": {"a": -90.0, "b": -88.0}})
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['a', 'b']
    """
    names = list(dict.fromkeys(name for each in values.values() for name in each))
    if not names:
        raise InputError("expected the numbers of at least one run, got none")
    with styled():
        figure = new_figure(WIDTH, height=1.2 + 0.42 * len(names))
        axes = figure.add_subplot()
        for place, (what, numbers) in enumerate(values.items()):
            axes.errorbar(
                list(numbers.values()), [names.index(name) for name in numbers],
                xerr=[(errors or {}).get(name, 0.0) for name in numbers] if place == 0 else None,
                linestyle="none", marker=MARKERS[place], color=_COLORS[place], markersize=7,
                capsize=3, label=what,
            )  # fmt: skip
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlabel("nats per row; further right is better")
        figure.legend(loc="outside upper left", ncols=3)
    return figure


def unit_profiles(variances: Mapping[str, ArrayLike], *, threshold: float = 0.01) -> Figure:
    """Draw how much the posterior mean of each unit varies over the rows, the largest first.

    Args:
        variances: by the name of the run, (D,) variances of the posterior means over rows.
        threshold: above which a unit counts as active.

    Returns:
        The figure: a curve for each run, with the number of its active units in the legend.

    Raises:
        InputError: there is no run.

    Example:
        >>> figure = unit_profiles({"vae": [1.0, 0.9, 0.0]})
        >>> figure.axes[0].get_legend().get_texts()[0].get_text()
        'vae: 2 of 3 active'
    """
    if not variances:
        raise InputError("expected the variances of at least one run, got none")
    with styled():
        figure = new_figure(WIDTH, height=3.6)
        axes = figure.add_subplot()
        for place, (name, each) in enumerate(variances.items()):
            values = np.sort(np.asarray(each, dtype=np.float64))[::-1]
            label = f"{name}: {int((values > threshold).sum())} of {len(values)} active"
            look: dict[str, Any] = {
                "color": _COLORS[place % len(_COLORS)],
                "marker": MARKERS[place % 10],
            }
            ranks = np.arange(1, len(values) + 1)
            axes.plot(ranks, np.maximum(values, 1e-6), label=label, markersize=4, **look)
        axes.axhline(threshold, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set_yscale("log")
        # The default writes powers of ten as formulas, which are not parsed here.
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.set_xlabel("unit, by rank")
        axes.set_ylabel("variance of its mean over rows")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="best")
    return figure


def _common_split(records: Mapping[str, Sequence[Record]]) -> str:
    """The split that every run watched, or else train."""
    watched = ("test", "validation")
    last = [epochs[-1] for epochs in records.values()]
    return next((name for name in watched if all(each.get(name) for each in last)), "train")


def _series(records: Sequence[Record], split: str, key: str) -> tuple[Array, Array]:
    """Epochs and one number, NaN where it was not recorded."""
    values = [(record.get(split) or {}).get(key) for record in records]
    epochs = np.array([record["epoch"] for record in records], dtype=np.float64)
    return epochs, np.array([np.nan if each is None else each for each in values], dtype=np.float64)


def _look(place: int, epochs: int) -> dict[str, Any]:
    """Colour and dashes of a run, and a marker where it has few epochs."""
    look: dict[str, Any] = {
        "color": _COLORS[place % len(_COLORS)],
        "linestyle": _LINES[place % len(_LINES)],
    }
    return look | {"marker": MARKERS[place % len(MARKERS)] if epochs <= 12 else "", "markersize": 4}


def _frame_later(axes: Axes) -> None:
    """Let the later nine tenths of training set the limits where the start would squeeze them."""
    curves = [np.asarray(line.get_ydata(), dtype=np.float64) for line in axes.lines]
    kept = np.concatenate([curve[len(curve) // 10 :] for curve in curves])
    kept = kept[np.isfinite(kept)]
    if kept.size and np.ptp(kept) > 0:
        spread = float(np.ptp(kept))
        axes.set_ylim(kept.min() - 0.06 * spread, kept.max() + 0.06 * spread)


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
