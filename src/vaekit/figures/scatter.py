"""Points by class in axes that are there, in the plane or in space."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from vaekit.errors import InputError
from vaekit.figures.check import as_rows
from vaekit.figures.latent import draw_plane
from vaekit.figures.space import draw_space

__all__ = ["draw_scatter"]


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
