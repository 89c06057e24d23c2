"""Grids of images, and rows of images, tables or points."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.style import DOTS_PER_INCH, WIDTH, as_rows, is_image, new_figure, styled
from vaekit.figures.tables import column_scatter, marginals, pair_scatter

__all__ = [
    "GAP",
    "LETTER",
    "Extent",
    "Margins",
    "Sheet",
    "as_tiles",
    "draw_grid",
    "draw_pairs",
    "draw_sheet",
    "image_grid",
    "image_pairs",
    "mosaic",
    "name_sheet",
    "picture",
    "reconstructions",
    "samples",
    "show",
    "signed",
]


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


LETTER = 0.085  # inches, of ten point text
_LINE = 0.15  # inches, the same
_SMALL = 9  # points


class Sheet(NamedTuple):
    """One image, and names beside it, above it and below it."""

    array: NDArray[np.float64]
    """(height, width) or (height, width, 3) in [0, 1]."""
    rows: Sequence[tuple[str, float]] = ()
    """Names at the left, and how far down in pixels."""
    columns: Sequence[tuple[str, float]] = ()
    """Names above, and how far to the right in pixels."""
    end: tuple[str, float, float] | None = None
    """A name to the right of a place, how far to the right and how far down."""
    caption: str | None = None
    """Below, at the left."""


class _RoomyLocator(FixedLocator):
    """Places of names along an axis, as many of them as do not run into each other."""

    def __init__(self, places: Sequence[float], *, inches: float) -> None:
        super().__init__(places)
        self._places, self._inches = places, inches

    def __call__(self) -> Sequence[float]:
        """Asked when the axis is drawn, since only then its length is known."""
        axis: Any = self.axis
        area, (first, last) = axis.axes.get_window_extent(), axis.get_view_interval()
        length = area.width if axis.axis_name == "x" else area.height
        inch = abs(last - first) / max(length / axis.axes.figure.dpi, 1e-6)
        step = min(np.diff(self._places).tolist(), default=math.inf)
        chosen = np.asarray(self._places[:: math.ceil(self._inches * inch / step) or 1])
        return chosen  # type: ignore[return-value]  # whoever asks for ticks expects an array


def draw_sheet(axes: Axes, sheet: Sheet) -> None:
    """Draw a sheet into axes: its image, with square pixels, and its names.

    Args:
        axes: of any figure.
        sheet: what to draw.

    Example:
        >>> from matplotlib.figure import Figure
        >>> axes = Figure().add_subplot()
        >>> draw_sheet(axes, Sheet(np.zeros((8, 17)), rows=[("cat", 3.5)]))
        >>> [text.get_text() for text in axes.get_yticklabels()]
        ['cat']
    """
    show(axes, sheet.array)
    name_sheet(axes, sheet)


def name_sheet(axes: Axes, sheet: Sheet) -> None:
    """Write the names of a sheet around its image, where ticks and the label of an axis stand.

    Args:
        axes: in which the image is drawn.
        sheet: whose names.

    Example:
        >>> from matplotlib.figure import Figure
        >>> axes = Figure().add_subplot()
        >>> name_sheet(axes, Sheet(np.zeros((8, 8)), caption="above: s"))
        >>> axes.get_xlabel()
        'above: s'
    """
    axes.set_axis_on()
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, pad=5)
    axes.tick_params(
        axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, pad=4,
        labelsize=_SMALL,
    )  # fmt: skip
    # Names come from data: a dollar sign in one is no formula. They are text and no numbers of an
    # axis: in a style that has two colours for these they have that of text.
    look: dict[str, Any] = {"color": mpl.rcParams["text.color"], "parse_math": False}
    names, heights = [name for name, _ in sheet.rows], [place for _, place in sheet.rows]
    axes.set_yticks(heights, names, fontsize=10, va="center", **look)
    above, places = [name for name, _ in sheet.columns], [place for _, place in sheet.columns]
    axes.set_xticks(places, above, **look)
    axes.yaxis.set_major_locator(_RoomyLocator(heights, inches=_LINE))
    wide = LETTER * max(map(len, above), default=0) + 0.05
    axes.xaxis.set_major_locator(_RoomyLocator(places, inches=wide))
    if sheet.end:
        name, right, down = sheet.end
        spot: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 10}
        axes.annotate(name, (right, down), (5, 0), **spot, **look)
    if sheet.caption:
        axes.set_xlabel(sheet.caption, loc="left", labelpad=5, fontsize=_SMALL, **look)


def signed(value: float) -> str:
    """A number as it stands above a column: two decimals at most, and a true minus sign.

    Args:
        value: any.

    Returns:
        The text.

    Example:
        >>> signed(-1.504), signed(0.0)
        ('−1.5', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


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
