"""A sheet that is rolled up in space, and the plane that a model made of it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.check import as_rows
from vaekit.figures.style import WIDTH, new_figure, styled

__all__ = ["roll_and_plane"]

Array = NDArray[np.float64]

# Even steps look even, also printed without colours and to eyes that see few of them.
_MAP = "viridis"
_HEIGHT = 3.7  # inches
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
        figure = new_figure(WIDTH, height=_HEIGHT)
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
