"""Pictures made of many small pictures, each pixel drawn as a whole number of dots."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.mosaic import GAP, Margins, as_tiles, mosaic, picture
from vaekit.figures.sheet import Sheet, draw_sheet, name_sheet
from vaekit.figures.style import styled

__all__ = ["draw_grid", "draw_pairs", "image_grid", "image_pairs"]


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
    array = _grid(images, shape=shape, columns=columns)
    with styled():
        return picture(array, margins=Margins(), title=title)[0]


def draw_grid(
    axes: Axes, images: ArrayLike, *, shape: tuple[int, ...], columns: int | None = None
) -> None:
    """Draw the grid of ``image_grid`` into axes.

    Args:
        axes: of any figure.
        images: (B, F) in [0, 1], channel by channel; values outside are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        columns: images in a row; as many as make the grid nearly square when absent.

    Raises:
        InputError: the shape is not that of images, or does not fit the rows.

    Example:
        >>> axes = Figure().add_subplot()
        >>> draw_grid(axes, np.zeros((6, 64)), shape=(1, 8, 8), columns=3)
        >>> axes.images[0].get_size()
        (17, 26)
    """
    draw_sheet(axes, Sheet(_grid(images, shape=shape, columns=columns)))


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
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['input', 'output']
    """
    sheet = _pairs(inputs, outputs, shape=shape, columns=columns)
    with styled():
        figure, axes = picture(sheet.array, margins=Margins(left=0.62), title=title)
        name_sheet(axes, sheet)
    return figure


def draw_pairs(
    axes: Axes,
    inputs: ArrayLike,
    *,
    outputs: ArrayLike,
    shape: tuple[int, ...],
    columns: int = 10,
) -> None:
    """Draw the bands of ``image_pairs`` into axes.

    Args:
        axes: of any figure.
        inputs: (B, F) in [0, 1].
        outputs: (B, F) in [0, 1], row for row the reconstructions.
        shape: (C, H, W), in pixels.
        columns: pairs in a band.

    Raises:
        InputError: the shape does not fit, or there are more of the one than of the other.

    Example:
        >>> axes = Figure().add_subplot()
        >>> draw_pairs(axes, np.ones((3, 64)), outputs=np.zeros((3, 64)), shape=(1, 8, 8))
        >>> axes.images[0].get_size()
        (17, 26)
    """
    draw_sheet(axes, _pairs(inputs, outputs, shape=shape, columns=columns))


def _grid(images: ArrayLike, *, shape: tuple[int, ...], columns: int | None) -> NDArray[np.float64]:
    tiles = as_tiles(images, shape=shape, name="images")
    if columns is not None and columns < 1:
        raise InputError(f"columns: expected at least 1 image in a row, got {columns}")
    columns = min(columns or math.ceil(math.sqrt(len(tiles))), len(tiles))
    return mosaic(tiles, columns=columns)


def _pairs(inputs: ArrayLike, outputs: ArrayLike, *, shape: tuple[int, ...], columns: int) -> Sheet:
    if columns < 1:
        raise InputError(f"columns: expected at least 1 pair in a band, got {columns}")
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
    step, middle = (len(array) + 2 * GAP) / bands, shape[1] / 2 - 0.5
    names = [
        (name, band * step + line * (shape[1] + GAP) + middle)
        for band in range(bands)
        for line, name in enumerate(("input", "output"))
    ]
    return Sheet(array, rows=names)
