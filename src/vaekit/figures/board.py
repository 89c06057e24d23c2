"""Pictures whose rows and columns have names."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaekit.errors import InputError
from vaekit.figures.mosaic import GAP, Margins, as_tiles, mosaic, picture
from vaekit.figures.sheet import LETTER, Sheet, draw_sheet, name_sheet
from vaekit.figures.style import styled

__all__ = ["draw_board", "draw_strip", "image_board", "image_strip"]

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
        >>> names = {"rows": ["cat", "dog"], "columns": ["0", "1", "2"]}
        >>> board = image_board([[1.0] * 64] * 6, shape=(1, 8, 8), **names)
        >>> [text.get_text() for text in board.axes[0].get_yticklabels()]
        ['cat', 'dog']
    """
    sheet = _board(images, shape=shape, rows=rows, columns=columns, caption=caption)
    margins = Margins(
        left=0.15 + LETTER * max(map(len, rows)),
        top=0.05 + _LINE,
        bottom=0.05 + (_LINE if caption else 0.0),
    )
    with styled():
        figure, axes = picture(sheet.array, margins=margins, title=title)
        name_sheet(axes, sheet)
    return figure


def draw_board(
    axes: Axes,
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    rows: Sequence[str],
    columns: Sequence[str],
    caption: str | None = None,
) -> None:
    """Draw the board of ``image_board`` into axes, its names where ticks stand.

    Args:
        axes: of any figure.
        images: (R * S, F) in [0, 1], row by row from the top left.
        shape: (C, H, W), in pixels.
        rows: names of the R rows.
        columns: names of the S columns; where they are wider than the images only some stand.
        caption: below the board.

    Raises:
        InputError: the number of images is not that of rows times that of columns.

    Example:
        >>> axes = Figure().add_subplot()
        >>> draw_board(axes, [[0.0] * 4] * 2, shape=(1, 2, 2), rows=["cat"], columns=["0", "1"])
        >>> [text.get_text() for text in axes.get_xticklabels()]
        ['0', '1']
    """
    draw_sheet(axes, _board(images, shape=shape, rows=rows, columns=columns, caption=caption))


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
        >>> strip = image_strip([[1.0] * 64] * 5, shape=(1, 8, 8), start="0", end="7")
        >>> [text.get_text() for text in strip.axes[0].texts]
        ['7']
    """
    sheet = _strip(images, shape=shape, start=start, end=end, columns=None)
    margins = Margins(left=0.15 + LETTER * len(start), right=0.15 + LETTER * len(end))
    with styled():
        figure, axes = picture(sheet.array, margins=margins, title=title)
        name_sheet(axes, sheet)
    return figure


def draw_strip(
    axes: Axes,
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    start: str = "",
    end: str = "",
    columns: int | None = None,
) -> None:
    """Draw the strip of ``image_strip`` into axes.

    Args:
        axes: of any figure.
        images: (T, F) in [0, 1].
        shape: (C, H, W), in pixels.
        start: what the first image is.
        end: what the last image is.
        columns: images in a line; lines of one length with at most twelve when absent.

    Raises:
        InputError: the shape does not fit, or lines of no image.

    Example:
        >>> axes = Figure().add_subplot()
        >>> draw_strip(axes, [[0.0] * 4] * 5, shape=(1, 2, 2), start="0", end="7")
        >>> [text.get_text() for text in (*axes.get_yticklabels(), *axes.texts)]
        ['0', '7']
    """
    draw_sheet(axes, _strip(images, shape=shape, start=start, end=end, columns=columns))


def _board(
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    rows: Sequence[str],
    columns: Sequence[str],
    caption: str | None,
) -> Sheet:
    tiles = as_tiles(images, shape=shape, name="images")
    if len(tiles) != len(rows) * len(columns):
        raise InputError(
            f"expected {len(rows)} rows of {len(columns)} images, got {len(tiles)} images"
        )
    high, wide = shape[1:]
    return Sheet(
        mosaic(tiles, columns=len(columns)),
        rows=[(name, row * (high + GAP) + high / 2 - 0.5) for row, name in enumerate(rows)],
        columns=[(name, at * (wide + GAP) + wide / 2 - 0.5) for at, name in enumerate(columns)],
        caption=caption,
    )


def _strip(
    images: ArrayLike, *, shape: tuple[int, ...], start: str, end: str, columns: int | None
) -> Sheet:
    if columns is not None and columns < 1:
        raise InputError(f"columns: expected at least 1 image in a line, got {columns}")
    tiles = as_tiles(images, shape=shape, name="images")
    lines = -(-len(tiles) // (columns or _STRIP))
    columns = min(columns or -(-len(tiles) // lines), len(tiles))
    high, wide = shape[1] + GAP, shape[2] + GAP
    last = (len(tiles) - (lines - 1) * columns) * wide - GAP - 0.5
    middle = shape[1] / 2 - 0.5
    return Sheet(
        mosaic(tiles, columns=columns),
        rows=[(start, middle)] if start else [],
        end=(end, last, (lines - 1) * high + middle) if end else None,
    )
