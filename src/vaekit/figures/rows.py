"""The same question asked of images, tables and points: each is drawn in its own way."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaekit.errors import InputError
from vaekit.figures.check import is_image
from vaekit.figures.images import image_grid, image_pairs
from vaekit.figures.tables import column_scatter, marginals, pair_scatter

__all__ = ["reconstructions", "samples"]


def reconstructions(
    inputs: ArrayLike,
    *,
    outputs: ArrayLike,
    shape: tuple[int, ...],
    names: Sequence[str] = (),
    title: str | None = None,
) -> Figure:
    """Draw inputs beside their reconstructions.

    Args:
        inputs: (B, F); images in [0, 1], tables in the units of their columns.
        outputs: (B, F), row for row the reconstructions.
        shape: (C, H, W) for images, (F,) for tables and points.
        names: of the columns of a table.
        title: above the figure.

    Returns:
        The figure: pairs of images, or input against reconstruction for each column.

    Raises:
        InputError: the arrays do not fit the shape or each other.

    Example:
        >>> import numpy as np
        >>> rows = np.eye(4)
        >>> len(reconstructions(rows, outputs=rows, shape=(4,)).axes)
        4
        >>> len(reconstructions(rows, outputs=rows, shape=(1, 2, 2)).axes)
        1
    """
    if is_image(shape):
        return image_pairs(inputs, outputs=outputs, shape=shape, title=title)
    return column_scatter(inputs, outputs=outputs, names=names, title=title)


def samples(
    rows: ArrayLike,
    *,
    shape: tuple[int, ...],
    data: ArrayLike | None = None,
    names: Sequence[str] = (),
    title: str | None = None,
) -> Figure:
    """Draw what a model makes up.

    Args:
        rows: (K, F), drawn from the model; images in [0, 1].
        shape: (C, H, W) for images, (F,) for tables and points.
        data: (B, F), rows to compare with; tables and points need them.
        names: of the columns of a table.
        title: above the figure.

    Returns:
        The figure: a grid of images, a scatter of each pair of two or three columns, or the
        histograms of more columns.

    Raises:
        InputError: the arrays do not fit the shape, or there are no data to compare with.

    Example:
        >>> import numpy as np
        >>> len(samples(np.eye(2), shape=(2,), data=np.eye(2)).axes)
        2
    """
    if is_image(shape):
        return image_grid(rows, shape=shape, title=title)
    if data is None:
        raise InputError("samples of a table are drawn over data: pass data=, rows of the data")
    draw = pair_scatter if shape[0] in (2, 3) else marginals
    return draw(data, samples=rows, names=names, title=title)
