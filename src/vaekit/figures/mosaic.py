"""What pictures made of many small pictures are built from."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.check import as_rows, is_image
from vaekit.figures.style import DOTS_PER_INCH, WIDTH, new_figure

__all__ = ["GAP", "Extent", "Margins", "as_tiles", "mosaic", "picture", "show"]

Extent = tuple[float, float, float, float]
"""Smallest and largest first coordinate, smallest and largest second."""

GAP = 1  # pixels of the images between two of them
_LARGEST_MAGNIFICATION = 12
_TITLE_INCHES = 0.36


class Margins(NamedTuple):
    """Room around a picture, in inches."""

    left: float = 0.05
    """Before it."""
    right: float = 0.05
    """After it."""
    bottom: float = 0.05
    """Below it."""
    top: float = 0.05
    """Above it, and below its title."""


def as_tiles(images: ArrayLike, *, shape: tuple[int, ...], name: str) -> NDArray[np.float64]:
    """Take rows as images; what is no number turns white.

    Args:
        images: (B, F), channel by channel; values outside [0, 1] are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        name: what the rows are, for the message.

    Returns:
        (B, H, W) or (B, H, W, 3) within [0, 1].

    Raises:
        InputError: the shape is not that of images, or does not fit the rows.

    Example:
        >>> as_tiles(np.zeros((2, 12)), shape=(3, 2, 2), name="images").shape
        (2, 2, 2, 3)
    """
    if not is_image(shape):
        raise InputError(f"{name}: expected the shape (channels, height, width), got {shape}")
    rows = as_rows(images, features=math.prod(shape), name=name)
    tiles = np.clip(np.nan_to_num(rows, nan=1.0), 0.0, 1.0).reshape(len(rows), *shape)
    return tiles[:, 0] if shape[0] == 1 else np.moveaxis(tiles, 1, -1)


def mosaic(
    tiles: NDArray[np.float64], *, columns: int, gap: int = GAP, band: int = 0
) -> NDArray[np.float64]:
    """Put images side by side, row by row from the top left.

    Args:
        tiles: (B, H, W) or (B, H, W, 3), as ``as_tiles`` gives them.
        columns: images in a row.
        gap: white pixels between two images.
        band: a wider gap follows after every so many rows of images; none for 0.

    Returns:
        One image; where the last row is not full it is white.

    Example:
        >>> mosaic(np.zeros((3, 2, 2)), columns=2).shape
        (5, 5)
    """
    count, height, width = tiles.shape[:3]
    lines = math.ceil(count / columns)
    cells = np.ones((lines * columns, height + gap, width + gap, *tiles.shape[3:]))
    cells[:count, :height, :width] = tiles
    grid = cells.reshape(lines, columns, height + gap, width + gap, -1).swapaxes(1, 2)
    grid = grid.reshape(lines * (height + gap), columns * (width + gap), -1)
    if band:
        white = np.ones((2 * gap, *grid.shape[1:]))
        cuts = range(0, len(grid), band * (height + gap))
        parts = [np.concatenate([grid[at : at + band * (height + gap)], white]) for at in cuts]
        grid = np.concatenate(parts)[: -2 * gap]
    grid = grid[: len(grid) - gap, : grid.shape[1] - gap]
    return grid[..., 0] if tiles.ndim == 3 else grid


def picture(
    array: NDArray[np.float64],
    *,
    margins: Margins,
    title: str | None,
    extent: Extent | None = None,
) -> tuple[Figure, Axes]:
    """Draw one array so that each of its pixels covers a whole number of dots, where it fits.

    Args:
        array: (height, width) or (height, width, 3) in [0, 1].
        margins: room around it.
        title: above it.
        extent: coordinates of its edges; pixels when absent.

    Returns:
        The figure, and the axes with the picture; their frame and ticks are off.

    Example:
        >>> picture(np.zeros((8, 8)), margins=Margins(), title=None)[1].axison
        False
    """
    height, width = array.shape[:2]
    room = (WIDTH - margins.left - margins.right) * DOTS_PER_INCH
    scale = min(float(_LARGEST_MAGNIFICATION), room / width)
    scale = math.floor(scale) if scale >= 1 else scale
    wide, high = width * scale / DOTS_PER_INCH, height * scale / DOTS_PER_INCH
    top = margins.top + (_TITLE_INCHES if title else 0.0)
    # A short picture still needs room for its title.
    total_wide = max(margins.left + wide + margins.right, 0.12 * len(title or "") + 0.1)
    total_high = margins.bottom + high + top
    figure = new_figure(total_wide, height=total_high)
    figure.set_layout_engine("none")
    place = (margins.left / total_wide, margins.bottom / total_high)
    axes = figure.add_axes((*place, wide / total_wide, high / total_high))
    show(axes, array, extent=extent, smooth="nearest" if scale >= 1 else "antialiased")
    axes.set_aspect("auto")  # they have the proportions of the picture
    axes.set_axis_off()
    if title:
        figure.suptitle(title, x=0.05 / total_wide, y=1 - 0.08 / total_high, ha="left", va="top")
    return figure, axes


def show(
    axes: Axes,
    array: NDArray[np.float64],
    *,
    extent: Extent | None = None,
    smooth: str = "antialiased",
) -> None:
    """Draw one array into axes, its pixels as squares.

    Args:
        axes: of any figure.
        array: (height, width) or (height, width, 3) in [0, 1].
        extent: coordinates of its edges; pixels when absent.
        smooth: what becomes of pixels that are smaller than a dot, as in ``Axes.imshow``.

    Example:
        >>> axes = new_figure(4.0, height=3.0).add_subplot()
        >>> show(axes, np.zeros((8, 16)), extent=(0, 1, 0, 1))
        >>> axes.get_aspect()
        0.5
    """
    height, width = array.shape[:2]
    left, right, bottom, top = extent or (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(
        array, cmap="gray", vmin=0, vmax=1, interpolation=smooth, extent=extent,
        aspect=height / abs(top - bottom) * abs(right - left) / width,
    )  # fmt: skip
