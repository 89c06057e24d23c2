"""Where rows lie in the latent space."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.check import as_rows
from vaekit.figures.style import FIRST, GREY, INK, WIDTH, mark, new_figure, styled

__all__ = ["Group", "class_groups", "draw_plane", "latent_scatter"]

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
