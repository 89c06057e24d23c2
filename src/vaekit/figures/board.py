"""Pictures whose rows and columns have names."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaekit.errors import InputError
from vaekit.figures.mosaic import GAP, Margins, as_tiles, mosaic, picture
from vaekit.figures.style import INK, styled

__all__ = ["image_board", "image_strip"]

_LETTER = 0.085  # inches, of ten point text
_LINE = 0.24  # inches
_STRIP = 12  # images in a line


def image_board(
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    rows: Sequence[str],
    columns: Sequence[str],
    caption: str | None = None,
    title: str | None = None,
) -> Figure:
    """Draw a board of images, a name beside each row and above each column.

    Args:
        images: (R * S, F) in [0, 1], row by row from the top left.
        shape: (C, H, W), in pixels.
        rows: names of the R rows.
        columns: names of the S columns; where they are wider than the images only some stand.
        caption: below the board, shorter than the title.
        title: above it.

    Returns:
        The figure.

    Raises:
        InputError: the number of images is not that of rows times that of columns.

    Example:
        >>> board = image_board(
        ...     np.ones((6, 64)), shape=(1, 8, 8), rows=["cat", "dog"], columns=["0", "1", "2"]
        ... )
        >>> [text.get_text() for text in board.axes[0].texts]
        ['cat', 'dog', '0', '1', '2']
    """
    tiles = as_tiles(images, shape=shape, name="images")
    if len(tiles) != len(rows) * len(columns):
        raise InputError(
            f"expected {len(rows)} rows of {len(columns)} images, got {len(tiles)} images"
        )
    margins = Margins(
        left=0.15 + _LETTER * max(map(len, rows)),
        top=0.05 + _LINE,
        bottom=0.05 + (_LINE if caption else 0.0),
    )
    with styled():
        array = mosaic(tiles, columns=len(columns))
        figure, axes = picture(array, margins=margins, title=title)
        for row, name in enumerate(rows):
            _beside(axes, name, height=row * (shape[1] + GAP) + shape[1] / 2 - 0.5)
        _above(axes, columns, step=shape[2] + GAP)
        if caption:
            place = (-0.5, len(array) - 0.5)
            axes.annotate(
                caption, place, (0, -5), textcoords="offset points", va="top", fontsize=9,
                color=INK,
            )  # fmt: skip
    return figure


def image_strip(
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    start: str,
    end: str,
    title: str | None = None,
) -> Figure:
    """Draw the images of a walk one after another, with the names of both ends.

    Args:
        images: (T, F) in [0, 1]; more than twelve take several lines of one length.
        shape: (C, H, W), in pixels.
        start: what the first image is.
        end: what the last image is.
        title: above the strip.

    Returns:
        The figure.

    Example:
        >>> strip = image_strip(np.ones((5, 64)), shape=(1, 8, 8), start="0", end="7")
        >>> [text.get_text() for text in strip.axes[0].texts]
        ['0', '7']
    """
    tiles = as_tiles(images, shape=shape, name="images")
    lines = -(-len(tiles) // _STRIP)
    columns = -(-len(tiles) // lines)
    margins = Margins(left=0.15 + _LETTER * len(start), right=0.15 + _LETTER * len(end))
    height, width = shape[1] + GAP, shape[2] + GAP
    with styled():
        figure, axes = picture(mosaic(tiles, columns=columns), margins=margins, title=title)
        _beside(axes, start, height=shape[1] / 2 - 0.5)
        last = (len(tiles) - (lines - 1) * columns) * width - GAP - 0.5
        place = (last, (lines - 1) * height + shape[1] / 2 - 0.5)
        axes.annotate(end, place, (5, 0), textcoords="offset points", va="center")
    return figure


def _beside(axes: Axes, name: str, *, height: float) -> None:
    """Write a name to the left of the picture, at the height of a row."""
    axes.annotate(
        name, (-0.5, height), (-5, 0), textcoords="offset points", ha="right", va="center"
    )


def _above(axes: Axes, names: Sequence[str], *, step: int) -> None:
    """Write names above the columns, as many as do not run into each other."""
    shown = axes.get_window_extent().width / axes.figure.dpi
    left, right = axes.get_xlim()
    inches = step * shown / abs(right - left)
    every = int(np.ceil((_LETTER * max(map(len, names)) + 0.05) / inches))
    for column in range(0, len(names), every):
        axes.annotate(
            names[column], (column * step + (step - GAP) / 2 - 0.5, -0.5), (0, 4),
            textcoords="offset points", ha="center", va="bottom", fontsize=9,
        )  # fmt: skip
