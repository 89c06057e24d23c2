"""Points in three dimensions."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from vaekit.figures.check import as_rows
from vaekit.figures.latent import Group, class_groups
from vaekit.figures.style import WIDTH, new_figure, styled

__all__ = ["draw_space", "space_scatter"]

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
            _draw(axes, groups, size=size, axis_labels=axis_labels)
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
    _draw(axes, groups, size=size, axis_labels=axis_labels)
    if labels is not None:
        with mpl.rc_context({"text.parse_math": False}):
            axes.legend(
                loc="center left", bbox_to_anchor=(1.06, 0.5), frameon=False, fontsize=9,
                markerscale=6 / size,
            )  # fmt: skip


def _size(count: int) -> float:
    """Of one point among so many."""
    return float(np.clip(90 / np.sqrt(count), 1.5, 4.0))


def _draw(
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
