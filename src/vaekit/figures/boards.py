"""Boards of images with row and column labels, still and animated."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.frames import animation_kind, write_frames
from vaekit.figures.images import (
    GAP,
    LETTER,
    Margins,
    Sheet,
    as_tiles,
    draw_sheet,
    mosaic,
    name_sheet,
    picture,
)
from vaekit.figures.style import styled

__all__ = [
    "analogy_board",
    "draw_board",
    "draw_strip",
    "image_board",
    "image_strip",
    "save_board_animation",
]


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


_WIDTH = 760  # dots that a board may take; one of larger images is as large as it has to be
_LARGEST_MAGNIFICATION = 12
_DOTS_PER_INCH = 110  # so that ten point text is as large as on a page
_AIR = 6  # dots around names
_SLANT = 45  # degrees, of names that are wider than a column


class _Layout(NamedTuple):
    """Where things stand, in dots from the top left."""

    left: int
    top: int
    height: int
    width: int
    step: tuple[float, float]
    slanted: bool


def save_board_animation(
    frames: ArrayLike,
    *,
    shape: tuple[int, ...],
    rows: Sequence[str],
    columns: Sequence[str],
    path: str | Path,
    title: str | None = None,
) -> Path:
    """Write a board of images, each of which changes there and back, and rests at both ends.

    Names and title are drawn once; each pixel of an image is a square of whole dots. The board is
    about 700 dots wide. It is kept small: in 64 greys, and a .webp in colour is not lossless. Take
    .webp where it may be chosen: a .gif is twice as large, and has 256 colours.

    Args:
        frames: (T, R * S, F) in [0, 1], the images of each moment row by row from the top left.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        rows: names of the R rows.
        columns: names of the S columns; slanted where they are wider than the images.
        path: where to; ends in .gif, .webp or .mp4. Folders on the way are made.
        title: above the board.

    Returns:
        The path.

    Raises:
        InputError: the path ends in something else, the frames do not fit the names or the shape,
            or there are fewer than 2.
        MissingExtraError: a video is asked for and PyAV is not installed.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = save_board_animation(
        ...         np.random.default_rng(0).uniform(size=(3, 4, 64)), shape=(1, 8, 8),
        ...         rows=["cat", "dog"], columns=["cat", "dog"], path=Path(folder) / "board.gif",
        ...     )
        ...     with Image.open(path) as board:
        ...         board.n_frames
        4
    """
    animation_kind(path)
    moments = np.asarray(frames, dtype=np.float64)
    if moments.ndim != 3 or moments.shape[1] != len(rows) * len(columns) or not len(moments):
        raise InputError(
            f"frames: expected an array (moments, {len(rows)} rows times {len(columns)} images, "
            f"features), got the shape {moments.shape}"
        )
    boards = [
        mosaic(as_tiles(moment, shape=shape, name="frames"), columns=len(columns))
        for moment in moments
    ]
    page, layout = _page(boards[0].shape[:2], rows=rows, columns=columns, title=title)
    coloured = boards[0].ndim == 3
    empty = page if coloured else page[..., 0]
    drawn = [_pasted(empty, board, layout=layout) for board in boards]
    return write_frames(drawn, path=path, small=True)


def _pasted(
    page: NDArray[np.uint8], board: NDArray[np.float64], *, layout: _Layout
) -> NDArray[np.uint8]:
    """The page with a board on it."""
    dots = np.round(board * 255).astype(np.uint8)
    factor = layout.height // len(dots)
    frame = page.copy()
    frame[layout.top : layout.top + layout.height, layout.left : layout.left + layout.width] = (
        dots.repeat(factor, axis=0).repeat(factor, axis=1)
    )
    return frame


def _page(
    size: tuple[int, ...], *, rows: Sequence[str], columns: Sequence[str], title: str | None
) -> tuple[NDArray[np.uint8], _Layout]:
    """Names and title on white, and the place that is left for the board."""
    with styled():
        figure = Figure(dpi=_DOTS_PER_INCH)
        canvas: Any = FigureCanvasAgg(figure)  # matplotlib has no types for it
        beside = [figure.text(0, 0, name, ha="right", va="center", color="black") for name in rows]
        above = [figure.text(0, 0, name, va="bottom", color="black") for name in columns]
        head = figure.suptitle(title or "", ha="left", va="top", color="black")
        wide = max(_measured(text)[0] for text in beside)
        tall = max(_measured(text)[0] for text in above)
        line = _measured(head)[1] if title else 0
        left = wide + 2 * _AIR
        factor = max(1, min(_LARGEST_MAGNIFICATION, (_WIDTH - left) // size[1]))
        step = (size[0] + GAP) / len(rows) * factor, (size[1] + GAP) / len(columns) * factor
        slanted = tall + _AIR > step[1]
        lean = math.ceil(tall * math.sin(math.radians(_SLANT))) if slanted else 0
        top = 2 * _AIR + _measured(above[0])[1] + lean + (line + _AIR if title else 0)
        layout = _Layout(left, top, size[0] * factor, size[1] * factor, step, slanted)
        total = (
            max(left + layout.width + max(_AIR, lean), (_measured(head)[0] if title else 0) + 12),
            top + layout.height + _AIR,
        )
        figure.set_size_inches(total[0] / _DOTS_PER_INCH, total[1] / _DOTS_PER_INCH)
        _place(figure, layout, beside=beside, above=above, head=head, total=total)
        canvas.draw()
        page: NDArray[np.uint8] = np.array(canvas.buffer_rgba())[..., :3]
    return page, layout


def _measured(text: Text) -> tuple[int, int]:
    """Width and height of a text, in dots."""
    box = text.get_window_extent()
    return math.ceil(box.width), math.ceil(box.height)


def _place(
    figure: Figure,
    layout: _Layout,
    *,
    beside: list[Text],
    above: list[Text],
    head: Text,
    total: tuple[int, int],
) -> None:
    """Put texts where they belong on a page of this size; coordinates of a figure point up."""
    wide, high = total
    for row, text in enumerate(beside):
        middle = layout.top + (row + 0.5) * layout.step[0]
        text.set_position(((layout.left - _AIR) / wide, 1 - middle / high))
    for column, text in enumerate(above):
        middle = layout.left + (column + 0.5) * layout.step[1]
        text.set_position((middle / wide, 1 - (layout.top - _AIR / 2) / high))
        text.set_horizontalalignment("left" if layout.slanted else "center")
        text.set_rotation(_SLANT if layout.slanted else 0)
        text.set_rotation_mode("anchor")
    head.set_position((_AIR / wide, 1 - _AIR / high))


def analogy_board(
    images: ArrayLike,
    *,
    made: ArrayLike,
    shape: tuple[int, ...],
    names: Sequence[str],
    title: str | None = None,
) -> Figure:
    """Draw each image at the left, and in its row what it would be under every label.

    Args:
        images: (B, F) in [0, 1].
        made: (B, C, F) in [0, 1].
        shape: (channels, H, W), in pixels.
        names: of the C labels.
        title: above the board.

    Returns:
        The figure.

    Raises:
        InputError: the numbers of images, labels and names do not go together.

    Example:
        >>> board = analogy_board(
        ...     np.zeros((2, 4)), made=np.ones((2, 3, 4)), shape=(1, 2, 2), names=["a", "b", "c"]
        ... )
        >>> [text.get_text() for text in board.axes[0].get_xticklabels()]
        ['', '', 'a', 'b', 'c']
    """
    given, found = np.asarray(images, np.float64), np.asarray(made, np.float64)
    if found.ndim != 3 or found.shape[:2] != (len(given), len(names)):
        raise InputError(
            f"expected made of shape ({len(given)}, {len(names)}, F), as there are images and "
            f"names; got {found.shape}"
        )
    white = np.ones_like(given[:, None])  # between what is and what is made
    rows = np.concatenate([given[:, None], white, found], 1)
    return image_board(
        rows.reshape(-1, given.shape[1]),
        shape=shape,
        rows=[""] * len(given),
        columns=["", "", *names],
        title=title,
    )
