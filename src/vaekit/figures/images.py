"""Grids of images with labels, and reconstructions and samples of images and tables."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from vaekit.errors import InputError
from vaekit.figures.style import (
    DPI,
    WIDTH,
    as_rows,
    finish_axes,
    is_image,
    new_figure,
    run_panels,
    style_context,
    text_width,
)
from vaekit.figures.tables import column_scatter, marginals, pair_scatter

__all__ = [
    "ImageSheet",
    "Sprite",
    "analogy_grid",
    "as_images",
    "draw_sheet",
    "format_number",
    "image_grid",
    "image_grids",
    "image_pairs",
    "image_sequence",
    "labelled_sheet",
    "new_image_figure",
    "new_sheet_figure",
    "reconstructions",
    "samples",
    "show_image",
    "sprite_sheet",
    "tile",
]

_GAP = 1  # pixels between two images
_LARGEST_MAGNIFICATION = 12
_TITLE = 0.36  # inches above the image, with a title
_LINE = 0.24  # inches of a line of labels
_LARGE, _SMALL = 10, 9  # points
_SLANT = 45  # degrees, of column labels that are wider than their columns
_SEQUENCE = 12  # images in a row of a sequence


def image_grid(
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    columns: int | None = None,
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    caption: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw images in a grid, row by row from the top left.

    Args:
        images: (B, F) in [0, 1], channel by channel; values outside are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        columns: images in a row; when absent as many as there are labels, or as many as make the
            grid nearly square.
        row_labels: names of the rows, at the left.
        column_labels: names of the columns, above them. Those that are wider than the images are
            slanted in a figure of their own, and thinned out in axes that are given.
        caption: below the grid, shorter than the title.
        title: above the grid.
        ax: axes to draw into; a figure of its own when absent.

    Returns:
        The figure.

    Raises:
        InputError: the shape is not that of images or does not fit the rows, or the number of
            images is not that of the row labels times the columns.

    Example:
        >>> image_grid(np.zeros((6, 64)), shape=(1, 8, 8), columns=3).axes[0].images[0].get_size()
        (17, 26)
        >>> figure = image_grid(np.zeros((2, 64)), shape=(1, 8, 8), row_labels=["cat", "dog"])
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['cat', 'dog']
    """
    tiles = as_images(images, shape=shape, name="images")
    if columns is not None and columns < 1:
        raise InputError(f"columns: expected at least 1 image in a row, got {columns}")
    if row_labels or column_labels:
        columns = len(column_labels) or columns or max(len(tiles) // len(row_labels), 1)
        rows = len(row_labels) or math.ceil(len(tiles) / columns)
        if len(tiles) != rows * columns:
            raise InputError(f"expected {rows} rows of {columns} images, got {len(tiles)} images")
    columns = min(columns or math.ceil(math.sqrt(len(tiles))), len(tiles))
    sheet = labelled_sheet(tiles, columns=columns, row_labels=row_labels, caption=caption,
                           column_labels=column_labels)  # fmt: skip
    return draw_sheet(sheet, title=title, ax=ax)


def image_pairs(
    inputs: ArrayLike,
    *,
    outputs: ArrayLike,
    shape: tuple[int, ...],
    columns: int = 10,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw each input with its reconstruction directly below it, in labelled bands.

    Args:
        inputs: (B, F) in [0, 1].
        outputs: (B, F) in [0, 1], row for row the reconstructions.
        shape: (C, H, W), in pixels.
        columns: pairs in a band.
        title: above the bands.
        ax: axes to draw into; a figure of its own when absent.

    Returns:
        The figure.

    Raises:
        InputError: the shape does not fit, or the numbers of inputs and outputs differ.

    Example:
        >>> figure = image_pairs(np.ones((3, 64)), outputs=np.zeros((3, 64)), shape=(1, 8, 8))
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['input', 'output']
    """
    if columns < 1:
        raise InputError(f"columns: expected at least 1 pair in a band, got {columns}")
    above = as_images(inputs, shape=shape, name="inputs")
    below = as_images(outputs, shape=shape, name="outputs")
    if len(above) != len(below):
        raise InputError(f"expected an output for each of {len(above)} inputs, got {len(below)}")
    columns = min(columns, len(above))
    starts = range(0, len(above), columns)
    pairs = np.ones((2, len(starts) * columns, *above.shape[1:]))
    pairs[:, : len(above)] = above, below
    bands = [tile(np.concatenate(pairs[:, at : at + columns]), columns=columns) for at in starts]
    array = tile(np.stack(bands), columns=1, gap=3 * _GAP)
    step = len(bands[0]) + 3 * _GAP
    labels = [
        (name, band * step + row * (shape[1] + _GAP) + shape[1] / 2 - 0.5)
        for band in range(len(bands))
        for row, name in enumerate(("input", "output"))
    ]
    return draw_sheet(ImageSheet(array, row_labels=labels), title=title, ax=ax)


def image_sequence(
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    start: str = "",
    end: str = "",
    columns: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the images of an interpolation one after another, with the names of both ends.

    Args:
        images: (T, F) in [0, 1].
        shape: (C, H, W), in pixels.
        start: name of the first image, at the left.
        end: name of the last image, at the right.
        columns: images in a row; rows of one length with at most twelve when absent.
        title: above the images.
        ax: axes to draw into; a figure of its own when absent.

    Returns:
        The figure.

    Raises:
        InputError: the shape does not fit, or rows of no image.

    Example:
        >>> figure = image_sequence([[1.0] * 64] * 5, shape=(1, 8, 8), start="0", end="7")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['7']
    """
    if columns is not None and columns < 1:
        raise InputError(f"columns: expected at least 1 image in a row, got {columns}")
    tiles = as_images(images, shape=shape, name="images")
    rows = math.ceil(len(tiles) / (columns or _SEQUENCE))
    columns = min(columns or math.ceil(len(tiles) / rows), len(tiles))
    high, wide = shape[1] + _GAP, shape[2] + _GAP
    right = (len(tiles) - (rows - 1) * columns) * wide - _GAP - 0.5
    middle = shape[1] / 2 - 0.5
    sheet = ImageSheet(
        tile(tiles, columns=columns),
        row_labels=[(start, middle)] if start else [],
        end=(end, right, (rows - 1) * high + middle) if end else None,
    )
    return draw_sheet(sheet, title=title, ax=ax)


def analogy_grid(
    images: ArrayLike,
    *,
    analogies: ArrayLike,
    shape: tuple[int, ...],
    names: Sequence[str],
    title: str | None = None,
) -> Figure:
    """Draw each image at the left, and in its row the image that is decoded under every label.

    Args:
        images: (B, F) in [0, 1].
        analogies: (B, C, F) in [0, 1].
        shape: (channels, H, W), in pixels.
        names: of the C labels.
        title: above the grid.

    Returns:
        The figure.

    Raises:
        InputError: the numbers of images, labels and names do not fit.

    Example:
        >>> figure = analogy_grid(
        ...     np.zeros((2, 4)), analogies=np.ones((2, 3, 4)), shape=(1, 2, 2), names=list("abc")
        ... )
        >>> [text.get_text() for text in figure.axes[0].get_xticklabels()]
        ['', '', 'a', 'b', 'c']
    """
    given, decoded = np.asarray(images, np.float64), np.asarray(analogies, np.float64)
    if decoded.ndim != 3 or decoded.shape[:2] != (len(given), len(names)):
        raise InputError(
            f"expected analogies of shape ({len(given)}, {len(names)}, F), as there are images "
            f"and names; got {decoded.shape}"
        )
    white = np.ones_like(given[:, None])  # an empty column between images and analogies
    rows = np.concatenate([given[:, None], white, decoded], 1).reshape(-1, given.shape[1])
    return image_grid(rows, shape=shape, column_labels=["", "", *names], title=title)


def image_grids(
    images: Mapping[str, ArrayLike], *, shape: tuple[int, ...], columns: int = 4
) -> Figure:
    """Draw a grid of images for each run, side by side.

    Args:
        images: by the name of the run, (B, F) in [0, 1].
        shape: (C, H, W), in pixels.
        columns: images in a row of a grid.

    Returns:
        The figure.

    Raises:
        InputError: no run, or rows that are not images of this shape.

    Example:
        >>> len(image_grids({"a": np.ones((4, 4)), "b": np.ones((4, 4))}, shape=(1, 2, 2)).axes)
        2
    """
    with style_context():
        figure, panels = run_panels(list(images))
        for axes, rows in zip(panels, images.values(), strict=True):
            image_grid(rows, shape=shape, columns=columns, ax=axes)
    return figure


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
    """Draw samples of a model.

    Args:
        rows: (K, F), drawn from the model; images in [0, 1].
        shape: (C, H, W) for images, (F,) for tables and points.
        data: (B, F), rows to compare with; required for tables and points.
        names: of the columns of a table.
        title: above the figure.

    Returns:
        The figure: a grid of images, a scatter plot of each pair of two or three columns, or the
        histograms of more columns.

    Raises:
        InputError: the arrays do not fit the shape, or there are no data to compare with.

    Example:
        >>> len(samples(np.eye(2), shape=(2,), data=np.eye(2)).axes)
        2
    """
    if is_image(shape):
        return image_grid(rows, shape=shape, title=title)
    if data is None:
        raise InputError("samples of a table are drawn over data: pass data=, rows of the data")
    draw = pair_scatter if shape[0] in (2, 3) else marginals
    return draw(data, samples=rows, names=names, title=title)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sprite:
    """A sheet of thumbnails, as many in a row as in a column."""

    sheet: NDArray[np.uint8]
    """(height, width) grey, or (height, width, 3), in dots; white where there is no thumbnail."""
    thumbnail: tuple[int, int]
    """Width and height of each, in dots."""


def sprite_sheet(
    images: ArrayLike, *, shape: tuple[int, ...], largest: int = 8192, thumbnail: int = 96
) -> Sprite:
    """Tile images without gaps, row by row from the top left, for an embedding projector.

    The sheet has as many rows as columns. Images are made smaller where they are too large for a
    thumbnail or for the sheet, and never larger.

    Args:
        images: (B, F) in [0, 1], channel by channel; values outside are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        largest: width and height that the sheet may have, in dots; by default the largest texture
            of browsers.
        thumbnail: width and height that a thumbnail may have, in dots.

    Returns:
        The sheet and the size of a thumbnail.

    Raises:
        InputError: there are more images than the sheet has dots.

    Example:
        >>> sprite = sprite_sheet(np.zeros((5, 64)), shape=(1, 8, 8))
        >>> sprite.sheet.shape, sprite.thumbnail
        ((24, 24), (8, 8))

    Source:
        TensorBoard, "Visualizing data using the embedding projector", for the order and the limit.
    """
    tiles = np.round(as_images(images, shape=shape, name="images") * 255).astype(np.uint8)
    side = math.isqrt(len(tiles) - 1) + 1
    if side > largest:
        raise InputError(
            f"expected at most {largest**2:,} images for a sheet of {largest} dots, "
            f"got {len(tiles):,}"
        )
    scale = min(1.0, min(thumbnail, largest // side) / max(shape[1:]))
    height, width = (max(1, int(size * scale)) for size in shape[1:])
    if (height, width) != shape[1:]:
        thumbnails = [
            Image.fromarray(each).resize((width, height), Image.Resampling.BOX) for each in tiles
        ]
        tiles = np.stack([np.asarray(each) for each in thumbnails])
    white = np.full((side * side - len(tiles), *tiles.shape[1:]), 255, dtype=np.uint8)
    sheet = tile(np.concatenate([tiles, white]), columns=side, gap=0)
    return Sprite(sheet=sheet, thumbnail=(width, height))


def format_number(value: float) -> str:
    """Format a number for a column label: at most two decimals, and a true minus sign.

    Args:
        value: any.

    Returns:
        The text.

    Example:
        >>> format_number(-1.504), format_number(0.0)
        ('−1.5', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


def as_images(images: ArrayLike, *, shape: tuple[int, ...], name: str) -> NDArray[np.float64]:
    """Return rows as images; missing values become white.

    Args:
        images: (B, F), channel by channel; values outside [0, 1] are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        name: what the rows are, for the message.

    Returns:
        (B, H, W) or (B, H, W, 3) within [0, 1].

    Raises:
        InputError: the shape is not that of images, or does not fit the rows.

    Example:
        >>> as_images(np.zeros((2, 12)), shape=(3, 2, 2), name="images").shape
        (2, 2, 2, 3)
    """
    if not is_image(shape):
        raise InputError(f"{name}: expected the shape (channels, height, width), got {shape}")
    rows = as_rows(images, features=math.prod(shape), name=name)
    tiles = np.clip(np.nan_to_num(rows, nan=1.0), 0.0, 1.0).reshape(len(rows), *shape)
    return tiles[:, 0] if shape[0] == 1 else np.moveaxis(tiles, 1, -1)


def tile(tiles: NDArray[Any], *, columns: int, gap: int = _GAP) -> NDArray[Any]:
    """Join images to one, row by row from the top left.

    Args:
        tiles: (B, H, W) or (B, H, W, 3), in [0, 1] or bytes.
        columns: images in a row.
        gap: white pixels between two images.

    Returns:
        One image of the same type; what is left of the last row is white.

    Example:
        >>> tile(np.zeros((3, 2, 2)), columns=2).shape
        (5, 5)
    """
    count, height, width = tiles.shape[:3]
    rows = math.ceil(count / columns)
    white = 255 if tiles.dtype == np.uint8 else 1.0
    size = (rows * columns, height + gap, width + gap, *tiles.shape[3:])
    cells = np.full(size, white, dtype=tiles.dtype)
    cells[:count, :height, :width] = tiles
    grid = cells.reshape(rows, columns, *size[1:]).swapaxes(1, 2)
    grid = grid.reshape(rows * (height + gap), columns * (width + gap), *tiles.shape[3:])
    return grid[: len(grid) - gap, : grid.shape[1] - gap]


@dataclass(frozen=True, eq=False)
class ImageSheet:
    """One image, and labels beside it, above it and below it."""

    array: NDArray[np.float64]
    """(height, width) or (height, width, 3) in [0, 1]."""
    row_labels: Sequence[tuple[str, float]] = ()
    """At the left, and how far down in pixels."""
    column_labels: Sequence[tuple[str, float]] = ()
    """Above, and how far to the right in pixels."""
    end: tuple[str, float, float] | None = None
    """To the right of a position, how far to the right and how far down."""
    caption: str | None = None
    """Below, at the left."""


def labelled_sheet(
    tiles: NDArray[np.float64],
    *,
    columns: int,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    caption: str | None = None,
) -> ImageSheet:
    """Tile images, with a label in the middle of each row and of each column.

    Args:
        tiles: (B, H, W) or (B, H, W, 3) in [0, 1].
        columns: images in a row.
        row_labels: of the rows, or none.
        column_labels: of the columns, or none.
        caption: below.

    Returns:
        The sheet.
    """
    high, wide = tiles.shape[1:3]
    return ImageSheet(
        tile(tiles, columns=columns),
        row_labels=[
            (name, i * (high + _GAP) + high / 2 - 0.5) for i, name in enumerate(row_labels)
        ],
        column_labels=[
            (name, i * (wide + _GAP) + wide / 2 - 0.5) for i, name in enumerate(column_labels)
        ],
        caption=caption,
    )


def draw_sheet(sheet: ImageSheet, *, title: str | None, ax: Axes | None) -> Figure:
    """Draw a sheet into axes with square pixels, or into a figure of its own.

    Args:
        sheet: what to draw.
        title: above it.
        ax: the axes.

    Returns:
        The figure.
    """
    if ax is None:
        with style_context():
            return new_sheet_figure(sheet, title=title)[0]
    show_image(ax, sheet.array)
    _draw_labels(ax, sheet)
    return finish_axes(ax, title=title)


def new_sheet_figure(
    sheet: ImageSheet, *, title: str | None, dpi: int = DPI, shrink: bool = True
) -> tuple[Figure, Axes]:
    """Draw a sheet in a figure of its own, with room for its labels.

    Args:
        sheet: what to draw.
        title: above it.
        dpi: dots per inch.
        shrink: whether an image that is wider than a page is shrunk to it.

    Returns:
        The figure and its axes.

    Example:
        >>> sheet = ImageSheet(np.zeros((8, 8)), row_labels=[("cat", 3.5)])
        >>> round(new_sheet_figure(sheet, title=None)[1].get_window_extent().width)
        96
    """
    rows, columns = ([name for name, _ in each] for each in (sheet.row_labels, sheet.column_labels))
    left = 0.15 + _widest(rows, _LARGE) if any(rows) else 0.05
    right = 0.15 + _widest([sheet.end[0]], _LARGE) if sheet.end else 0.05
    bottom = 0.05 + (_LINE if sheet.caption else 0.0)
    top = 0.05 + (_LINE if columns else 0.0)
    width = sheet.array.shape[1]
    column = width * _magnification(width, left + right, dpi, shrink) / dpi / max(len(columns), 1)
    widest = _widest(columns, _SMALL) + 0.05
    slanted = widest > column >= _LINE
    if slanted:
        lean = widest * math.sin(math.radians(_SLANT))
        top, right = top + lean, max(right, lean - column / 2)
    figure, axes = new_image_figure(
        sheet.array, title=title, margins=(left, right, bottom, top), dpi=dpi, shrink=shrink
    )
    _draw_labels(axes, sheet, slanted=slanted)
    return figure, axes


def new_image_figure(
    array: NDArray[np.float64],
    *,
    title: str | None,
    margins: tuple[float, float, float, float],
    extent: tuple[float, float, float, float] | None = None,
    dpi: int = DPI,
    shrink: bool = True,
) -> tuple[Figure, Axes]:
    """Draw one image in a figure, each of its pixels as a square of a whole number of dots.

    Args:
        array: (height, width) or (height, width, 3) in [0, 1].
        title: above it.
        margins: inches at the left, right, bottom and top, the title not counted.
        extent: left, right, bottom and top coordinate of the edges; pixels when absent.
        dpi: dots per inch.
        shrink: whether an image that is wider than a page is shrunk to it.

    Returns:
        The figure and its axes.
    """
    height, width = array.shape[:2]
    scale = _magnification(width, margins[0] + margins[1], dpi, shrink)
    # All in dots, so that the axes begin and end between two of them.
    left, right, bottom, top = (round(inches * dpi) for inches in margins)
    wide, high = round(width * scale), round(height * scale)
    # A narrow image still needs room for its title.
    needed = text_width(title or "", size=12, weight="bold") + 0.15
    total_wide = max(left + wide + right, round(needed * dpi))
    total_high = bottom + high + top + (round(_TITLE * dpi) if title else 0)
    figure = new_figure(total_wide / dpi, height=total_high / dpi, dpi=dpi)
    figure.set_layout_engine("none")
    axes = figure.add_axes(
        (left / total_wide, bottom / total_high, wide / total_wide, high / total_high)
    )
    show_image(axes, array, extent=extent, smooth="nearest" if scale >= 1 else "antialiased")
    axes.set_aspect("auto")  # the axes have the proportions of the image
    axes.grid(visible=False)
    if title:
        x, y = 0.05 * dpi / total_wide, 1 - 0.08 * dpi / total_high
        figure.suptitle(title, x=x, y=y, ha="left", va="top")
    return figure, axes


def _magnification(width: int, margins: float, dpi: int, shrink: bool) -> float:
    """Dots for a pixel of an image on a page of the usual width: a whole number from 1."""
    scale = min(float(_LARGEST_MAGNIFICATION), (WIDTH - margins) * dpi / width)
    return max(1.0, math.floor(scale)) if scale >= 1 or not shrink else scale


def _widest(labels: Sequence[str], size: float) -> float:
    """Return the width of the widest label, in inches."""
    return max((text_width(label, size=size) for label in labels), default=0.0)


def show_image(
    axes: Axes,
    array: NDArray[np.float64],
    *,
    extent: tuple[float, float, float, float] | None = None,
    smooth: str = "antialiased",
) -> None:
    """Draw one image into axes, with square pixels.

    Args:
        axes: of any figure.
        array: (height, width) or (height, width, 3) in [0, 1].
        extent: left, right, bottom and top coordinate of the edges; pixels when absent.
        smooth: interpolation, as in ``Axes.imshow``.

    Example:
        >>> axes = new_figure(4.0, height=3.0).add_subplot()
        >>> show_image(axes, np.zeros((8, 16)), extent=(0, 1, 0, 1))
        >>> axes.get_aspect()
        0.5
    """
    height, width = array.shape[:2]
    left, right, bottom, top = extent or (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(
        array, cmap="gray", vmin=0, vmax=1, interpolation=smooth, extent=extent,
        aspect=height / abs(top - bottom) * abs(right - left) / width,
    )  # fmt: skip


def _draw_labels(axes: Axes, sheet: ImageSheet, *, slanted: bool = False) -> None:
    """Write the labels of a sheet as those of ticks, the end, and the caption."""
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, pad=5)
    axes.tick_params(
        axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, pad=4, labelsize=_SMALL
    )
    # Labels are text from data: no formulas, and the colour of text also in the user's own style.
    look: dict[str, Any] = {"color": mpl.rcParams["text.color"], "parse_math": False}
    rows, down = [name for name, _ in sheet.row_labels], [y for _, y in sheet.row_labels]
    axes.set_yticks(down, rows, fontsize=_LARGE, va="center", **look)
    axes.yaxis.set_major_locator(_ThinningLocator(down, inches=0.15))
    names, across = [name for name, _ in sheet.column_labels], [x for _, x in sheet.column_labels]
    if slanted:
        slant: dict[str, Any] = {"rotation": _SLANT, "ha": "left", "rotation_mode": "anchor"}
        axes.set_xticks(across, names, **slant, **look)
    else:
        axes.set_xticks(across, names, **look)
        inches = _widest(names, _SMALL) + 0.1
        axes.xaxis.set_major_locator(_ThinningLocator(across, inches=inches))
    if sheet.end:
        name, right, down_end = sheet.end
        spot: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": _LARGE}
        axes.annotate(name, (right, down_end), (5, 0), **spot, **look)
    if sheet.caption:
        axes.set_xlabel(sheet.caption, loc="left", labelpad=5, fontsize=_SMALL, **look)


class _ThinningLocator(FixedLocator):
    """Ticks at given places, as many as leave room for labels of a given size."""

    def __init__(self, places: Sequence[float], *, inches: float) -> None:
        super().__init__(places)
        self._places, self._inches = places, inches

    def __call__(self) -> Sequence[float]:
        """Return the ticks; asked when the axis is drawn, as only then its length is known."""
        axis: Any = self.axis
        area, (first, last) = axis.axes.get_window_extent(), axis.get_view_interval()
        length = area.width if axis.axis_name == "x" else area.height
        inch = abs(last - first) / max(length / axis.axes.figure.dpi, 1e-6)
        step = min(np.diff(self._places).tolist(), default=math.inf)
        chosen = np.asarray(self._places[:: math.ceil(self._inches * inch / step) or 1])
        return chosen  # type: ignore[return-value]  # matplotlib expects an array of ticks
