"""Scatter plots of codes in two and three dimensions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.style import FIRST, GREY, INK, WIDTH, as_rows, mark, new_figure, styled

__all__ = [
    "Group",
    "class_groups",
    "draw_plane",
    "draw_scatter",
    "draw_space",
    "latent_scatter",
    "roll_and_plane",
    "space_scatter",
]


_HEIGHT = 5.6  # inches
_AROUND = 0.8  # inches of it that are not the axes
_BOX: dict[str, Any] = {
    "boxstyle": "round,pad=0.2",
    "facecolor": "white",
    "edgecolor": GREY,
    "linewidth": 0.6,
    "alpha": 0.85,
}
_LARGEST_NUMBER_OF_CLASSES = 20  # told apart; the smaller ones are drawn together


class Group(NamedTuple):
    """Points that are drawn alike."""

    name: str
    """In the legend."""
    points: NDArray[np.float64]
    """(B, dimensions)."""
    color: str
    """Of its points."""
    marker: str
    """Of its points."""
    named: bool
    """Whether its name stands at its centre."""


def latent_scatter(
    codes: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    classes: Sequence[str] = (),
    axis_labels: tuple[str, str] = ("z1", "z2"),
    title: str | None = None,
) -> Figure:
    """Draw codes in two dimensions, a colour and a marker for each class.

    Class names stand in the legend and at the medians of the classes. Both axes have the same
    scale, so that a dimension that carries nothing looks as flat as it is.

    Args:
        codes: (B, 2); choose or project two dimensions where there are more.
        labels: (B,), indices into ``classes``; below 0 for rows without one.
        classes: names of the labels; the numbers themselves when absent.
        axis_labels: what the two dimensions are.
        title: above the figure.

    Returns:
        The figure.

    Raises:
        InputError: the codes do not have two dimensions, or another number of labels.

    Example:
        >>> figure = latent_scatter(np.eye(2), labels=[0, 1], classes=("cat", "dog"))
        >>> [text.get_text() for text in figure.legends[0].get_texts()]
        ['cat', 'dog']
    """
    points = as_rows(codes, features=2, name="codes")
    groups = class_groups(points, labels=labels, classes=classes)
    with styled():
        figure = new_figure(WIDTH, height=_HEIGHT)
        axes = figure.add_subplot()
        size = _draw(axes, points, groups=groups, inches=_HEIGHT - _AROUND)
        axes.set_xlabel(axis_labels[0])
        axes.set_ylabel(axis_labels[1])
        if labels is not None:
            figure.legend(loc="outside right upper", markerscale=6 / size)
        if title:
            axes.set_title(title)
        # Beside a legend of long names the first layout leaves no room for the labels of an axis.
        figure.draw_without_rendering()
    return figure


def draw_plane(
    axes: Axes,
    points: NDArray[np.float64],
    *,
    labels: ArrayLike | None,
    classes: Sequence[str],
    axis_labels: tuple[str, str],
) -> None:
    """Draw points into plane axes of any size, as ``latent_scatter`` does, without a legend.

    Args:
        axes: of any figure.
        points: (B, 2).
        labels: (B,), indices into ``classes``; below 0 for rows without one.
        classes: names of the labels; the numbers themselves when absent.
        axis_labels: what the two dimensions are.

    Raises:
        InputError: another number of labels than of points.

    Example:
        >>> axes = Figure().add_subplot()
        >>> names = ("cat", "dog")
        >>> draw_plane(axes, np.eye(2), labels=[0, 1], classes=names, axis_labels=("x", "y"))
        >>> [text.get_text() for text in axes.texts]
        ['cat', 'dog']
    """
    groups = class_groups(points, labels=labels, classes=classes)
    area, dots = axes.get_window_extent(), axes.figure.dpi
    _draw(axes, points, groups=groups, inches=min(area.width, area.height) / dots)
    axes.set_xlabel(axis_labels[0], parse_math=False)
    axes.set_ylabel(axis_labels[1], parse_math=False)


def class_groups(
    points: NDArray[np.float64], *, labels: ArrayLike | None, classes: Sequence[str]
) -> list[Group]:
    """Split points by class; small classes beyond the twenty largest go together.

    Args:
        points: (B, dimensions).
        labels: (B,), indices into ``classes``; below 0 for rows without one.
        classes: names of the labels; the numbers themselves when absent.

    Returns:
        What is drawn alike, what is drawn first coming first.

    Raises:
        InputError: another number of labels than of points.

    Example:
        >>> [group.name for group in class_groups(np.eye(2), labels=[1, 0], classes=("a", "b"))]
        ['a', 'b']
    """
    if labels is None:
        return [Group("rows", points, FIRST, "o", False)]
    index = np.asarray(labels, dtype=np.int64)
    if index.shape != (len(points),):
        raise InputError(f"expected a label for each of {len(points)} codes, got {index.shape}")
    present, counts = np.unique(index[index >= 0], return_counts=True)
    largest = present[np.argsort(-counts, kind="stable")][:_LARGEST_NUMBER_OF_CLASSES]
    groups = [
        Group(_name(label, classes), points[index == label], *mark(label), True)
        for label in sorted(largest.tolist())
    ]
    rest = (index >= 0) & ~np.isin(index, largest)
    if rest.any():
        name = f"{len(present) - len(largest)} more classes"
        groups.insert(0, Group(name, points[rest], "#c5cad0", ".", False))
    if (index < 0).any():
        groups.insert(0, Group("no label", points[index < 0], "#c5cad0", ".", False))
    return groups


def _draw(axes: Axes, points: NDArray[np.float64], *, groups: list[Group], inches: float) -> float:
    """Draw groups into axes that are so long; return the size of a point."""
    size = float(np.clip(25 * inches / np.sqrt(len(points)), 1.8, 5.0))
    for group in groups:
        axes.plot(
            *group.points.T, linestyle="none", marker=group.marker, color=group.color,
            markersize=size, markeredgewidth=0, alpha=0.75, label=group.name,
        )  # fmt: skip
    inch = _frame(axes, points) / inches
    _name_centres(axes, [group for group in groups if group.named], inch=inch)
    return size


def _name(label: int, classes: Sequence[str]) -> str:
    """Name of a class, short enough for a legend."""
    name = str(classes[label]) if label < len(classes) else str(label)
    return name if len(name) <= 18 else name[:17] + "…"


def _frame(axes: Axes, points: NDArray[np.float64]) -> float:
    """Set square limits with the same scale on both axes; return their length."""
    finite = points[np.isfinite(points).all(1)]
    low, high = (finite.min(0), finite.max(0)) if len(finite) else (np.zeros(2), np.ones(2))
    middle, span = (low + high) / 2, float((high - low).max()) * 1.06 or 1.0
    axes.set_xlim(middle[0] - span / 2, middle[0] + span / 2)
    axes.set_ylim(middle[1] - span / 2, middle[1] + span / 2)
    axes.set_aspect("equal", adjustable="box")
    return span


def _name_centres(axes: Axes, groups: list[Group], *, inch: float) -> None:
    """Write the name of each class at its median, moved aside where two would overlap.

    Those that would have to leave the axes are left out.
    """
    groups = [group for group in groups if np.isfinite(group.points).all(1).any()]
    centres = np.array([np.nanmedian(group.points, axis=0) for group in groups]).reshape(-1, 2)
    sizes = [(0.085 * len(group.name) * inch + 0.1 * inch, 0.24 * inch) for group in groups]
    places = _spread(centres, np.array(sizes).reshape(-1, 2))
    bottom, top = axes.get_ylim()
    for group, centre, place in zip(groups, centres, places, strict=True):
        if not bottom <= place[1] <= top:
            continue
        if not np.allclose(centre, place, atol=0.05 * inch):
            axes.plot(*np.stack([centre, place]).T, color=INK, linewidth=0.8, zorder=4)
            axes.plot(*centre, marker="o", color=INK, markersize=3, zorder=4)
        axes.text(
            float(place[0]), float(place[1]), group.name, ha="center", va="center", fontsize=9,
            fontweight="bold", zorder=5, bbox=_BOX, color=INK, parse_math=False,
        )  # fmt: skip


def _spread(centres: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
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


Array = NDArray[np.float64]

# Even steps look even, also printed without colours and to eyes that see few of them.
_MAP = "viridis"
_ROLL_HEIGHT = 3.7  # inches
_VIEW = {"elev": 12.0, "azim": -72.0}  # degrees; the roll is seen along its axis


def roll_and_plane(
    points: ArrayLike,
    *,
    codes: ArrayLike,
    colour: ArrayLike,
    colour_label: str = "position along the roll",
    axis_labels: tuple[str, str] = ("z1", "z2"),
    title: str | None = None,
) -> Figure:
    """Draw points in space at the left and their codes in the plane at the right, coloured alike.

    Args:
        points: (B, 3).
        codes: (B, 2), of the same points.
        colour: (B,), a number for each point, such as how far along the roll it lies.
        colour_label: what that number is.
        axis_labels: what the two dimensions of the plane are.
        title: above the figure.

    Returns:
        The figure.

    Raises:
        InputError: points that are not in space, codes that are not in a plane, or not one code
            and one number for each point.

    Example:
        >>> figure = roll_and_plane(np.eye(3), codes=np.zeros((3, 2)), colour=[0, 1, 2])
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['y', 'z2', 'position along the roll']
    """
    space = as_rows(points, features=3, name="points")
    plane = as_rows(codes, features=2, name="codes")
    shade = np.asarray(colour, dtype=np.float64)
    if len(plane) != len(space) or shade.shape != (len(space),):
        raise InputError(
            f"expected a code and a number for each of {len(space)} points, got {len(plane)} "
            f"codes and numbers of shape {shade.shape}"
        )
    size = float(np.clip(4000 / len(space), 3.0, 16.0))
    with styled():
        figure = new_figure(WIDTH, height=_ROLL_HEIGHT)
        left = figure.add_subplot(1, 2, 1, projection="3d")
        _in_space(left, space, shade, size=size)
        right = figure.add_subplot(1, 2, 2)
        drawn = _in_plane(right, plane, shade, size=size)
        right.set_xlabel(axis_labels[0])
        right.set_ylabel(axis_labels[1])
        bar = figure.colorbar(drawn, ax=[left, right], location="right", fraction=0.04, pad=0.03)
        bar.set_label(colour_label)
        bar.outline.set_visible(False)
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    return figure


def _in_space(flat: Axes, points: Array, shade: Array, *, size: float) -> None:
    """Points with their true proportions."""
    axes: Any = flat  # matplotlib has no types for axes in space
    axes.view_init(**_VIEW)
    axes.scatter(*points.T, c=shade, cmap=_MAP, s=size, linewidths=0, depthshade=False)
    for axis, name in zip((axes.xaxis, axes.yaxis, axes.zaxis), "xyz", strict=True):
        axis.set_label_text(name, fontsize=9)
        axis.labelpad = 0.0
        axis.set_major_locator(MaxNLocator(3))
    axes.tick_params(labelsize=8, pad=0)
    spans = np.maximum(np.ptp(points, axis=0), 1e-12)
    axes.set_box_aspect(tuple(spans / spans.max()), zoom=1.02)


def _in_plane(axes: Axes, codes: Array, shade: Array, *, size: float) -> PathCollection:
    """Codes, with one scale on both axes."""
    drawn = axes.scatter(codes[:, 0], codes[:, 1], c=shade, cmap=_MAP, s=size, linewidths=0)
    axes.set_aspect("equal", adjustable="datalim")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    return drawn


_VIEWS = (-60, 30)  # degrees around the vertical axis


def space_scatter(
    points: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    classes: Sequence[str] = (),
    axis_labels: tuple[str, str, str] = ("z1", "z2", "z3"),
    title: str | None = None,
) -> Figure:
    """Draw points in three dimensions from two sides, a colour and a marker for each class.

    Args:
        points: (B, 3).
        labels: (B,), indices into ``classes``; below 0 for rows without one.
        classes: names of the labels; the numbers themselves when absent.
        axis_labels: what the three dimensions are.
        title: above the figure.

    Returns:
        The figure: the same points from the front, and from a quarter turn further.

    Raises:
        InputError: the points do not have three dimensions, or another number of labels.

    Example:
        >>> figure = space_scatter(np.eye(3), labels=[0, 1, 1], classes=("cat", "dog"))
        >>> len(figure.axes), [text.get_text() for text in figure.legends[0].get_texts()]
        (2, ['cat', 'dog'])
    """
    places = as_rows(points, features=3, name="points")
    groups = class_groups(places, labels=labels, classes=classes)
    size = _size(len(places))
    with styled():
        figure = new_figure(WIDTH, height=4.2)
        for number, view in enumerate(_VIEWS, start=1):
            axes: Any = figure.add_subplot(1, len(_VIEWS), number, projection="3d")
            axes.view_init(elev=18, azim=view)
            _draw_space(axes, groups, size=size, axis_labels=axis_labels)
            if number > 1:
                axes.zaxis.set_label_text("")  # that of the first view stands beside it
        if labels is not None:
            named = figure.axes[0].get_legend_handles_labels()
            figure.legend(*named, loc="outside lower center", ncols=5, markerscale=6 / size)
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    return figure


def draw_space(
    axes: Axes,
    points: NDArray[np.float64],
    *,
    labels: ArrayLike | None,
    classes: Sequence[str],
    axis_labels: tuple[str, str, str],
) -> None:
    """Draw points into axes in space, with a legend beside them where there are labels.

    Args:
        axes: made with ``projection="3d"``, of any figure.
        points: (B, 3).
        labels: (B,), indices into ``classes``; below 0 for rows without one.
        classes: names of the labels; the numbers themselves when absent.
        axis_labels: what the three dimensions are.

    Raises:
        InputError: another number of labels than of points.

    Example:
        >>> axes = Figure().add_subplot(projection="3d")
        >>> names = ("cat", "dog")
        >>> draw_space(axes, np.eye(3), labels=[0, 1, 1], classes=names, axis_labels="xyz")
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['cat', 'dog']
    """
    groups, size = class_groups(points, labels=labels, classes=classes), _size(len(points))
    _draw_space(axes, groups, size=size, axis_labels=axis_labels)
    if labels is not None:
        with mpl.rc_context({"text.parse_math": False}):
            axes.legend(
                loc="center left", bbox_to_anchor=(1.06, 0.5), frameon=False, fontsize=9,
                markerscale=6 / size,
            )  # fmt: skip


def _size(count: int) -> float:
    """Of one point among so many."""
    return float(np.clip(90 / np.sqrt(count), 1.5, 4.0))


def _draw_space(
    flat: Axes, groups: list[Group], *, size: float, axis_labels: tuple[str, str, str]
) -> None:
    """Draw groups into axes in space, and name these."""
    axes: Any = flat  # matplotlib has no types for axes in space
    for group in groups:
        axes.plot(
            *group.points.T, linestyle="none", marker=group.marker, color=group.color,
            markersize=size, markeredgewidth=0, alpha=0.7, label=group.name,
        )  # fmt: skip
    for axis, name in zip((axes.xaxis, axes.yaxis, axes.zaxis), axis_labels, strict=True):
        axis.set_label_text(name, fontsize=9, parse_math=False)
        axis.labelpad = 3.0
        axis.set_major_locator(MaxNLocator(4))
    axes.tick_params(labelsize=8, pad=1)
    axes.set_box_aspect((1, 1, 0.9), zoom=0.88)


def draw_scatter(
    axes: Axes,
    points: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    classes: Sequence[str] = (),
    axis_labels: Sequence[str] = (),
) -> None:
    """Draw points of two or three dimensions into axes, a colour and a marker for each class.

    In the plane class names stand at the medians of the classes, where there is room, and both
    axes have the same scale; ``axes.legend(markerscale=3)`` adds a legend. In space the names
    stand in a legend.

    Args:
        axes: of any figure; those for three dimensions are made with ``projection="3d"``.
        points: (B, 2) or (B, 3).
        labels: (B,), indices into ``classes``; below 0 for rows without one.
        classes: names of the labels; the numbers themselves when absent.
        axis_labels: what the dimensions are; z1, z2 and z3 when absent.

    Raises:
        InputError: points in space on plane axes or the other way round, another number of
            dimensions, or not one label for each point and one name for each axis.

    Example:
        >>> import numpy as np
        >>> from matplotlib.figure import Figure
        >>> axes = Figure().add_subplot()
        >>> draw_scatter(axes, np.eye(2), labels=[0, 1], classes=("cat", "dog"))
        >>> [text.get_text() for text in axes.texts]
        ['cat', 'dog']
    """
    places = as_rows(points, name="points")
    dims, space = places.shape[1], axes.name == "3d"
    if dims not in (2, 3):
        raise InputError(f"expected points of 2 or 3 dimensions, got {dims}")
    if space != (dims == 3):
        made = 'figure.add_subplot(projection="3d")' if dims == 3 else "figure.add_subplot()"
        raise InputError(
            f"points of {dims} dimensions need axes of as many, got {axes.name} axes; make them "
            f"with {made}"
        )
    names = tuple(axis_labels) or ("z1", "z2", "z3")[:dims]
    if len(names) != dims:
        raise InputError(f"expected a name for each of {dims} axes, got {len(names)}: {names}")
    if len(names) == 3:
        draw_space(axes, places, labels=labels, classes=classes, axis_labels=names)
    else:
        draw_plane(axes, places, labels=labels, classes=classes, axis_labels=(names[0], names[1]))
