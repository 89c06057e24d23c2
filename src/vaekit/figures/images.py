"""Pictures made of many small pictures, each pixel drawn as a whole number of dots."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.check import as_rows
from vaekit.figures.mosaic import GAP, Extent, Margins, as_tiles, mosaic, picture
from vaekit.figures.style import styled

__all__ = ["image_grid", "image_pairs", "manifold", "manifold_codes"]

_NORMAL = NormalDist()
_TICKS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
_PATH = "#e02020"


def image_grid(
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    columns: int | None = None,
    title: str | None = None,
) -> Figure:
    """Draw images in a grid, row by row from the top left.

    Args:
        images: (B, F) in [0, 1], channel by channel; values outside are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        columns: images in a row; as many as make the grid nearly square when absent.
        title: above the grid.

    Returns:
        The figure.

    Raises:
        InputError: the shape is not that of images, or does not fit the rows.

    Example:
        >>> image_grid(np.zeros((6, 64)), shape=(1, 8, 8), columns=3).axes[0].images[0].get_size()
        (17, 26)
    """
    tiles = as_tiles(images, shape=shape, name="images")
    if columns is not None and columns < 1:
        raise InputError(f"columns: expected at least 1 image in a row, got {columns}")
    columns = min(columns or math.ceil(math.sqrt(len(tiles))), len(tiles))
    with styled():
        return picture(mosaic(tiles, columns=columns), margins=Margins(), title=title)[0]


def image_pairs(
    inputs: ArrayLike,
    *,
    outputs: ArrayLike,
    shape: tuple[int, ...],
    columns: int = 10,
    title: str | None = None,
) -> Figure:
    """Draw each input with its reconstruction directly below it, in labelled bands.

    Args:
        inputs: (B, F) in [0, 1].
        outputs: (B, F) in [0, 1], row for row the reconstructions.
        shape: (C, H, W), in pixels.
        columns: pairs in a band.
        title: above the bands.

    Returns:
        The figure.

    Raises:
        InputError: the shape does not fit, or there are more of the one than of the other.

    Example:
        >>> figure = image_pairs(np.ones((3, 64)), outputs=np.zeros((3, 64)), shape=(1, 8, 8))
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['input', 'output']
    """
    above, below = (
        as_tiles(rows, shape=shape, name=name)
        for rows, name in ((inputs, "inputs"), (outputs, "outputs"))
    )
    if len(above) != len(below):
        raise InputError(f"expected an output for each of {len(above)} inputs, got {len(below)}")
    columns = min(columns, len(above))
    bands = math.ceil(len(above) / columns)
    tiles = np.ones((bands, 2, columns, *above.shape[1:]))
    for start in range(0, len(above), columns):
        band = slice(start, start + columns)
        tiles[start // columns, 0, : len(above[band])] = above[band]
        tiles[start // columns, 1, : len(above[band])] = below[band]
    array = mosaic(tiles.reshape(-1, *above.shape[1:]), columns=columns, band=2)
    with styled():
        figure, axes = picture(array, margins=Margins(left=0.62), title=title)
        step = (array.shape[0] + 2 * GAP) / bands
        for row in range(2 * bands):
            height = row // 2 * step + (row % 2) * (shape[1] + GAP) + shape[1] / 2 - 0.5
            name = "output" if row % 2 else "input"
            axes.annotate(
                name, (-0.5, height), (-5, 0), textcoords="offset points", ha="right", va="center"
            )
    return figure


def manifold(
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    side: int,
    extent: Extent,
    quantiles: bool = False,
    path: ArrayLike | None = None,
    axis_labels: tuple[str, str] = ("z1", "z2"),
    title: str | None = None,
) -> Figure:
    """Draw what a two-dimensional latent space decodes to, as one map of images.

    Args:
        images: (side * side, F) in [0, 1], decoded from ``manifold_codes(side, extent=extent)``:
            the first row of images has the largest second coordinate.
        shape: (C, H, W), in pixels.
        side: images along each axis.
        extent: smallest and largest first coordinate, smallest and largest second.
        quantiles: the extent is in probabilities of N(0, 1), and the images stand at its
            quantiles: each covers a part of the plane of the same probability. The ticks still
            name the coordinates.
        path: (T, 2), codes of a walk that is drawn over the map.
        axis_labels: what the two dimensions are.
        title: above the map.

    Returns:
        The figure, with latent coordinates along its axes.

    Raises:
        InputError: the number of images is not the square of ``side``, or the path has another
            number of dimensions.

    Example:
        >>> map = manifold(np.zeros((9, 64)), shape=(1, 8, 8), side=3, extent=(-2, 2, -2, 2))
        >>> map.axes[0].get_xlabel()
        'z1'
    """
    tiles = as_tiles(images, shape=shape, name="images")
    if len(tiles) != side * side:
        raise InputError(f"expected {side} times {side} images, got {len(tiles)}")
    array = mosaic(tiles, columns=side, gap=0)
    with styled():
        margins = Margins(left=0.75, bottom=0.55, right=0.2)
        figure, axes = picture(array, margins=margins, title=title, extent=_edges(side, extent))
        axes.set_axis_on()
        axes.grid(visible=False)
        axes.set_xlabel(axis_labels[0])
        axes.set_ylabel(axis_labels[1])
        if quantiles:
            places = [_NORMAL.cdf(z) for z in _TICKS]
            names = [f"{z:g}".replace("-", "\N{MINUS SIGN}") for z in _TICKS]
            axes.set_xticks(places, names)
            axes.set_yticks(places, names)
        if path is not None:
            _draw_path(axes, as_rows(path, features=2, name="path"), quantiles=quantiles)
    return figure


def manifold_codes(side: int, *, extent: Extent) -> NDArray[np.float64]:
    """Give the latent codes whose decoded images ``manifold`` draws, in its order.

    Args:
        side: codes along each axis.
        extent: smallest and largest first coordinate, smallest and largest second.

    Returns:
        (side * side, 2).

    Example:
        >>> manifold_codes(2, extent=(-1, 1, -3, 3)).tolist()
        [[-1.0, 3.0], [1.0, 3.0], [-1.0, -3.0], [1.0, -3.0]]
    """
    left, right, bottom, top = extent
    first, second = np.linspace(left, right, side), np.linspace(top, bottom, side)
    return np.stack([np.tile(first, side), np.repeat(second, side)], axis=1)


def _draw_path(axes: Axes, path: NDArray[np.float64], *, quantiles: bool) -> None:
    """Draw a walk over a map, with a dot where it begins and a cross where it ends."""
    if quantiles:
        path = np.vectorize(_NORMAL.cdf, otypes=[float])(path)
    white: dict[str, Any] = {"color": "white", "linewidth": 4.0}
    red: dict[str, Any] = {"color": _PATH, "linewidth": 2.0}
    for look in (white, red):
        axes.plot(*path.T, **look)
    axes.plot(*path[0], marker="o", markersize=8, color=_PATH, markeredgecolor="white")
    axes.plot(*path[-1], marker="X", markersize=10, color=_PATH, markeredgecolor="white")


def _edges(side: int, extent: Extent) -> Extent:
    """Outer edges of the images whose centres span the extent."""
    left, right, bottom, top = extent
    across, up = (right - left) / max(side - 1, 1) / 2, (top - bottom) / max(side - 1, 1) / 2
    return left - across, right + across, bottom - up, top + up
