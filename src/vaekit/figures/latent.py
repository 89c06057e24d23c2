"""Scatter plots of codes, and posteriors of one run or several."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.style import (
    FIRST,
    GREY,
    INK,
    MARKERS,
    PALETTE,
    SECOND,
    WIDTH,
    as_rows,
    finish_axes,
    new_figure,
    run_panels,
    set_title,
    small_multiples,
    style_context,
)

__all__ = [
    "PosteriorSamples",
    "class_style",
    "latent_scatter",
    "latent_scatters",
    "points_and_codes",
    "posterior_means",
    "posterior_samples",
]

Array = NDArray[np.float64]

_HEIGHT = 5.6  # inches
_AROUND = 0.8  # inches of it that are not the axes
_MOST_CLASSES = 20  # with a colour each; the smaller ones share one
_OTHERS = "#c5cad0"
_LABEL_BOX: dict[str, Any] = {
    "boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": GREY, "linewidth": 0.6,
    "alpha": 0.85,
}  # fmt: skip
_VIEWS = (-60, 30)  # degrees around the vertical axis
# Even steps look even, also without colours and to colour-blind readers.
_COLOR_MAP = "viridis"


def latent_scatter(
    points: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    classes: Sequence[str] = (),
    axis_labels: Sequence[str] = (),
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw codes in two or three dimensions, a colour and a marker for each class.

    In the plane the class names stand at the medians of the classes, where there is room, and
    both axes have the same scale, so that a dimension that carries nothing looks flat. A figure
    of its own has a legend, and shows points in space from two sides; in axes that are given
    ``ax.legend(markerscale=3)`` adds a legend in the plane.

    Args:
        points: (B, 2) or (B, 3); choose or project dimensions where there are more.
        labels: (B,), indices into ``classes``; below 0 for rows without one.
        classes: names of the labels; the numbers themselves when absent.
        axis_labels: names of the dimensions; z1, z2 and z3 when absent.
        title: above the figure.
        ax: axes to draw into, made with ``projection="3d"`` for three dimensions; a figure of its
            own when absent.

    Returns:
        The figure.

    Raises:
        InputError: another number of dimensions than two or three or than that of the axes, or
            not one label for each point and one name for each axis.

    Example:
        >>> figure = latent_scatter(np.eye(2), labels=[0, 1], classes=("cat", "dog"))
        >>> [text.get_text() for text in figure.legends[0].get_texts()]
        ['cat', 'dog']
        >>> len(latent_scatter(np.eye(3)).axes)
        2
    """
    rows = as_rows(points, name="points")
    dims = rows.shape[1]
    if dims not in (2, 3):
        raise InputError(f"expected points of 2 or 3 dimensions, got {dims}")
    names = tuple(axis_labels) or ("z1", "z2", "z3")[:dims]
    if len(names) != dims:
        raise InputError(f"expected a name for each of {dims} axes, got {len(names)}: {names}")
    groups = _class_groups(rows, labels=labels, classes=classes)
    if ax is None:
        with style_context():
            draw = _plane_figure if dims == 2 else _space_figure
            return draw(rows, groups, names, legend=labels is not None, title=title)
    if (ax.name == "3d") != (dims == 3):
        call = 'figure.add_subplot(projection="3d")' if dims == 3 else "figure.add_subplot()"
        raise InputError(
            f"points of {dims} dimensions need axes of as many, got {ax.name} axes; make them "
            f"with {call}"
        )
    if dims == 2:
        area = ax.get_window_extent()
        _draw_plane(ax, rows, groups, names, inches=min(area.width, area.height) / ax.figure.dpi)
    else:
        size = _draw_space(ax, rows, groups, names)
        if labels is not None:
            legend = ax.legend(
                loc="center left", bbox_to_anchor=(1.06, 0.5), frameon=False, fontsize=9,
                markerscale=6 / size,
            )  # fmt: skip
            for text in legend.get_texts():
                text.set_parse_math(False)
    return finish_axes(ax, title=title)


def latent_scatters(
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
        axis_labels: by the name of the run, names of its two dimensions.
        classes: names of the labels.

    Returns:
        The figure.

    Raises:
        InputError: codes that do not have two dimensions.

    Example:
        >>> codes, names = {"a": np.eye(2)}, {"a": ("z1", "z2")}
        >>> figure = latent_scatters(codes, labels={"a": [0, 1]}, axis_labels=names)
        >>> figure.axes[0].get_title(loc="left")
        'a'
    """
    with style_context():
        figure, panels = run_panels(list(codes))
        for axes, (name, each) in zip(panels, codes.items(), strict=True):
            points = as_rows(each, features=2, name=name)
            groups = _class_groups(points, labels=labels[name], classes=classes)
            _plot_groups(axes, groups, size=float(np.clip(70 / np.sqrt(len(points)), 1.2, 4.0)))
            _set_equal_limits(axes, points)
            axes.set(xlabel=axis_labels[name][0], ylabel=axis_labels[name][1])
        handles, words = panels[0].get_legend_handles_labels()
        if len(words) > 1:
            figure.legend(handles, words, loc="outside lower left", ncols=10, markerscale=4)
    return figure


def points_and_codes(
    points: ArrayLike,
    *,
    codes: ArrayLike,
    color: ArrayLike,
    color_label: str = "position along the roll",
    axis_labels: tuple[str, str] = ("z1", "z2"),
    title: str | None = None,
) -> Figure:
    """Draw points in space at the left and their codes in the plane at the right, coloured alike.

    Args:
        points: (B, 3).
        codes: (B, 2), of the same points.
        color: (B,), a number for each point, such as its position along the roll.
        color_label: name of that number.
        axis_labels: names of the two dimensions of the plane.
        title: above the figure.

    Returns:
        The figure.

    Raises:
        InputError: points that do not have three dimensions, codes that do not have two, or not
            one code and one number for each point.

    Example:
        >>> figure = points_and_codes(np.eye(3), codes=np.zeros((3, 2)), color=[0, 1, 2])
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['y', 'z2', 'position along the roll']
    """
    space = as_rows(points, features=3, name="points")
    plane = as_rows(codes, features=2, name="codes")
    shade = np.asarray(color, dtype=np.float64)
    if len(plane) != len(space) or shade.shape != (len(space),):
        raise InputError(
            f"expected a code and a number for each of {len(space)} points, got {len(plane)} "
            f"codes and numbers of shape {shade.shape}"
        )
    look: dict[str, Any] = {
        "c": shade, "cmap": _COLOR_MAP, "s": float(np.clip(4000 / len(space), 3.0, 16.0)),
        "linewidths": 0,
    }  # fmt: skip
    with style_context():
        figure = new_figure(WIDTH, height=3.7)
        left: Any = figure.add_subplot(1, 2, 1, projection="3d")  # matplotlib has no types for it
        left.view_init(elev=12.0, azim=-72.0)  # the roll is seen along its axis
        left.scatter(*space.T, depthshade=False, **look)
        _name_space_axes(left, "xyz", pad=0.0, ticks=3)
        spans = np.maximum(np.ptp(space, axis=0), 1e-12)  # true proportions
        left.set_box_aspect(tuple(spans / spans.max()), zoom=1.02)
        right = figure.add_subplot(1, 2, 2)
        drawn = right.scatter(*plane.T, **look)
        right.set_aspect("equal", adjustable="datalim")
        right.locator_params(nbins=5)
        right.set(xlabel=axis_labels[0], ylabel=axis_labels[1])
        bar = figure.colorbar(drawn, ax=[left, right], location="right", fraction=0.04, pad=0.03)
        bar.set_label(color_label)
        bar.outline.set_visible(False)
        set_title(figure, title=title)
    return figure


def posterior_means(codes: Mapping[str, ArrayLike]) -> Figure:
    """Draw the posterior means of every latent dimension over rows, a panel for each run.

    Args:
        codes: by the name of the run, (B, D) posterior means.

    Returns:
        The figure: for each dimension, in its order, a column of points.

    Raises:
        InputError: no run, or codes that are not rows of numbers.

    Example:
        >>> len(posterior_means({"a": np.eye(3), "b": np.eye(4)}).axes)
        2
    """
    arrays = {name: as_rows(each, name=name) for name, each in codes.items()}
    with style_context():
        figure, panels = small_multiples(len(arrays), columns=1, height=2.1, extra=0.4, sharey=True)
        for axes, (name, rows) in zip(panels, arrays.items(), strict=True):
            units = np.broadcast_to(np.arange(1, rows.shape[1] + 1), rows.shape)
            axes.plot(units.ravel(), rows.ravel(), "_", markersize=5, color=FIRST, alpha=0.35)
            axes.set_title(name)
            axes.set_ylabel("mean of q(z|x)")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[-1].set_xlabel("unit")
    return figure


class PosteriorSamples(NamedTuple):
    """Samples of the posterior of one row, and the exact posterior."""

    before: Array
    """(K, 2) samples before the flow; the same as ``after`` where there is none."""
    after: Array
    """(K, 2) samples of q(z|x)."""
    exact: Array
    """(G, G) unnormalised log p(z|x) on the grid, first axis the second coordinate."""
    extent: tuple[float, float, float, float]
    """Smallest and largest first coordinate, smallest and largest second, of the grid."""
    axis_labels: tuple[str, str] = ("z1", "z2")
    """Names of the two dimensions."""


def posterior_samples(runs: Mapping[str, PosteriorSamples]) -> Figure:
    """Draw the posterior of one row in each run: before the flow, after it, and exact.

    Args:
        runs: by the name of the run.

    Returns:
        The figure: dots are samples, lines are the highest-density regions that hold 50% and 95%
        of the exact posterior of that run's own decoder.

    Raises:
        InputError: no run.

    Example:
        >>> dots = np.zeros((3, 2))
        >>> drawn = PosteriorSamples(dots, dots, np.eye(4), (-1.0, 1.0, -1.0, 1.0))
        >>> posterior_samples({"a": drawn}).axes[0].get_xlabel()
        'z1'
    """
    dots: dict[str, Any] = {"markeredgewidth": 0, "markersize": 2}
    with style_context():
        figure, panels = run_panels(list(runs))
        for axes, run in zip(panels, runs.values(), strict=True):
            if not np.array_equal(run.before, run.after):
                axes.plot(*run.before.T, "o", color=GREY, label="before", **dots)
            axes.plot(*run.after.T, "o", color=FIRST, alpha=0.6, label="q(z|x)", **dots)
            _draw_contours(axes, run)
            left, right, bottom, top = run.extent
            axes.set(xlim=(left, right), ylim=(bottom, top))
            axes.set(xlabel=run.axis_labels[0], ylabel=run.axis_labels[1])
        legends = [axes.get_legend_handles_labels() for axes in panels]
        handles, names = max(legends, key=lambda legend: len(legend[1]))
        figure.legend(handles, names, loc="outside lower left", ncols=2, markerscale=4)
    return figure


def _draw_contours(axes: Axes, run: PosteriorSamples) -> None:
    """Draw the highest-density regions that hold 50% and 95% of the exact posterior."""
    mass = np.exp(run.exact - run.exact.max())
    ordered = np.sort(mass.ravel())[::-1]
    held = np.cumsum(ordered) / ordered.sum()
    levels = sorted({float(ordered[np.searchsorted(held, share)]) for share in (0.95, 0.5)})
    left, right, bottom, top = run.extent
    first = np.linspace(left, right, mass.shape[1])
    second = np.linspace(bottom, top, mass.shape[0])
    if 0 < levels[0] and levels[-1] < mass.max():
        axes.contour(first, second, mass, levels=levels, colors=SECOND, linewidths=1.2)


class _Group(NamedTuple):
    """Points of one colour and marker."""

    name: str
    points: Array
    color: str
    marker: str
    named: bool = True  # at its median


def class_style(index: int) -> tuple[str, str]:
    """Return the colour and the marker of a class; the pairs repeat after a hundred.

    Args:
        index: of the class, from 0.

    Returns:
        Colour and marker.

    Example:
        >>> class_style(0), class_style(10)
        (('#3f90da', 'o'), ('#3f90da', 's'))
    """
    turn, place = divmod(index, len(PALETTE))
    return PALETTE[place], MARKERS[(place + turn) % len(MARKERS)]


def _class_groups(
    points: Array, *, labels: ArrayLike | None, classes: Sequence[str]
) -> list[_Group]:
    """Split points by class in drawing order; classes beyond the twenty largest go together."""
    if labels is None:
        return [_Group("rows", points, FIRST, "o", named=False)]
    index = np.asarray(labels, dtype=np.int64)
    if index.shape != (len(points),):
        raise InputError(f"expected a label for each of {len(points)} codes, got {index.shape}")
    present, counts = np.unique(index[index >= 0], return_counts=True)
    largest = present[np.argsort(-counts, kind="stable")][:_MOST_CLASSES]
    others = (index >= 0) & ~np.isin(index, largest)
    more = f"{len(present) - len(largest)} more classes"
    groups = [
        _Group(name, points[chosen], _OTHERS, ".", named=False)
        for name, chosen in (("no label", index < 0), (more, others))
        if chosen.any()
    ]
    for label in sorted(largest.tolist()):
        name = str(classes[label]) if label < len(classes) else str(label)
        name = name if len(name) <= 18 else name[:17] + "…"
        groups.append(_Group(name, points[index == label], *class_style(label)))
    return groups


def _plot_groups(axes: Axes, groups: Sequence[_Group], *, size: float, alpha: float = 0.7) -> None:
    """Plot the points of each group, in the plane or in space."""
    for group in groups:
        axes.plot(
            *group.points.T, linestyle="none", marker=group.marker, color=group.color,
            markersize=size, markeredgewidth=0, alpha=alpha, label=group.name,
        )  # fmt: skip


def _plane_figure(
    points: Array, groups: list[_Group], names: Sequence[str], *, legend: bool, title: str | None
) -> Figure:
    """Draw points in the plane in a new figure."""
    figure = new_figure(WIDTH, height=_HEIGHT)
    axes = figure.add_subplot()
    size = _draw_plane(axes, points, groups, names, inches=_HEIGHT - _AROUND)
    if legend:
        figure.legend(loc="outside right upper", markerscale=6 / size)
    if title:
        axes.set_title(title)
    # Beside a legend of long names the first layout leaves no room for the labels of an axis.
    figure.draw_without_rendering()
    return figure


def _draw_plane(
    axes: Axes, points: Array, groups: list[_Group], names: Sequence[str], *, inches: float
) -> float:
    """Draw points into axes of that length, with the names of their classes; return their size."""
    size = float(np.clip(25 * inches / np.sqrt(len(points)), 1.8, 5.0))
    _plot_groups(axes, groups, size=size, alpha=0.75)
    inch = _set_equal_limits(axes, points) / inches
    _name_classes(axes, groups, inch=inch)
    axes.set_xlabel(names[0], parse_math=False)
    axes.set_ylabel(names[1], parse_math=False)
    return size


def _set_equal_limits(axes: Axes, points: Array) -> float:
    """Set square limits with the same scale on both axes; return their length."""
    finite = points[np.isfinite(points).all(1)]
    low, high = (finite.min(0), finite.max(0)) if len(finite) else (np.zeros(2), np.ones(2))
    middle, span = (low + high) / 2, float((high - low).max()) * 1.06 or 1.0
    axes.set_xlim(middle[0] - span / 2, middle[0] + span / 2)
    axes.set_ylim(middle[1] - span / 2, middle[1] + span / 2)
    axes.set_aspect("equal", adjustable="box")
    return span


def _name_classes(axes: Axes, groups: list[_Group], *, inch: float) -> None:
    """Write the name of each class at its median, moved where two overlap, if it stays inside."""
    groups = [group for group in groups if group.named and np.isfinite(group.points).all(1).any()]
    medians = np.array([np.nanmedian(group.points, axis=0) for group in groups]).reshape(-1, 2)
    sizes = [(0.085 * len(group.name) * inch + 0.1 * inch, 0.24 * inch) for group in groups]
    places = _separate(medians, np.array(sizes).reshape(-1, 2))
    bottom, top = axes.get_ylim()
    for group, median, place in zip(groups, medians, places, strict=True):
        if not bottom <= place[1] <= top:
            continue
        if not np.allclose(median, place, atol=0.05 * inch):
            axes.plot(*np.stack([median, place]).T, color=INK, linewidth=0.8, zorder=4)
            axes.plot(*median, marker="o", color=INK, markersize=3, zorder=4)
        axes.text(
            float(place[0]), float(place[1]), group.name, ha="center", va="center", fontsize=9,
            fontweight="bold", zorder=5, bbox=_LABEL_BOX, color=INK, parse_math=False,
        )  # fmt: skip


def _separate(centres: Array, sizes: Array) -> Array:
    """Push overlapping boxes (C, 2) apart vertically, each by half of the overlap."""
    places = centres.copy()
    for _ in range(50):
        moved = False
        for one in range(len(places)):
            for other in range(one):
                gap = places[one] - places[other]
                overlap = (sizes[one] + sizes[other]) / 2 - np.abs(gap)
                if (overlap > 1e-9 * sizes[one]).all():
                    push = overlap[1] / 2 * (1 if gap[1] >= 0 else -1)
                    places[one, 1] += push
                    places[other, 1] -= push
                    moved = True
        if not moved:
            break
    return places


def _space_figure(
    points: Array, groups: list[_Group], names: Sequence[str], *, legend: bool, title: str | None
) -> Figure:
    """Draw points in space in a new figure, from the front and from a quarter turn further."""
    figure = new_figure(WIDTH, height=4.2)
    for number, azimuth in enumerate(_VIEWS, start=1):
        axes: Any = figure.add_subplot(1, len(_VIEWS), number, projection="3d")
        axes.view_init(elev=18, azim=azimuth)
        size = _draw_space(axes, points, groups, names)
        if number > 1:
            axes.zaxis.set_label_text("")  # the label of the first view stands beside it
    if legend:
        entries = figure.axes[0].get_legend_handles_labels()
        figure.legend(*entries, loc="outside lower center", ncols=5, markerscale=6 / size)
    set_title(figure, title=title)
    return figure


def _draw_space(
    axes: Any,  # noqa: ANN401 - matplotlib has no types for axes in space
    points: Array,
    groups: list[_Group],
    names: Sequence[str],
) -> float:
    """Draw points into axes in space; return their size."""
    size = float(np.clip(90 / np.sqrt(len(points)), 1.5, 4.0))
    _plot_groups(axes, groups, size=size)
    _name_space_axes(axes, names, pad=3.0, ticks=4)
    axes.set_box_aspect((1, 1, 0.9), zoom=0.88)
    return size


def _name_space_axes(
    axes: Any,  # noqa: ANN401 - the same
    names: Sequence[str],
    *,
    pad: float,
    ticks: int,
) -> None:
    """Label three axes in space."""
    for axis, name in zip((axes.xaxis, axes.yaxis, axes.zaxis), names, strict=True):
        axis.set_label_text(name, fontsize=9, parse_math=False)
        axis.labelpad = pad
        axis.set_major_locator(MaxNLocator(ticks))
    axes.tick_params(labelsize=8, pad=pad / 3)
