"""Pictures made of many small pictures, each pixel drawn as a whole number of dots."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.check import as_rows, is_image
from vaekit.figures.style import DOTS_PER_INCH, WIDTH, new_figure, styled

__all__ = ["image_grid", "image_pairs", "manifold", "manifold_codes"]

Extent = tuple[float, float, float, float]

_LARGEST_MAGNIFICATION = 12
_GAP = 1  # pixels of the images between two of them
_TITLE_INCHES = 0.36


class _Margins(NamedTuple):
    """Room around a picture, in inches."""

    left: float = 0.05
    right: float = 0.05
    bottom: float = 0.05
    top: float = 0.05


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
    tiles = _tiles(images, shape=shape, name="images")
    if columns is not None and columns < 1:
        raise InputError(f"columns: expected at least 1 image in a row, got {columns}")
    columns = min(columns or math.ceil(math.sqrt(len(tiles))), len(tiles))
    with styled():
        return _picture(_mosaic(tiles, columns=columns), margins=_Margins(), title=title)[0]


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
        _tiles(rows, shape=shape, name=name)
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
    array = _mosaic(tiles.reshape(-1, *above.shape[1:]), columns=columns, band=2)
    with styled():
        figure, axes = _picture(array, margins=_Margins(left=0.62), title=title)
        step = (array.shape[0] + 2 * _GAP) / bands
        for row in range(2 * bands):
            height = row // 2 * step + (row % 2) * (shape[1] + _GAP) + shape[1] / 2 - 0.5
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
    title: str | None = None,
) -> Figure:
    """Draw what a two-dimensional latent space decodes to, as one map of images.

    Args:
        images: (side * side, F) in [0, 1], decoded from ``manifold_codes(side, extent=extent)``:
            the first row of images has the largest second coordinate.
        shape: (C, H, W), in pixels.
        side: images along each axis.
        extent: smallest and largest first coordinate, smallest and largest second.
        title: above the map.

    Returns:
        The figure, with latent coordinates along its axes.

    Raises:
        InputError: the number of images is not the square of ``side``.

    Example:
        >>> map = manifold(np.zeros((9, 64)), shape=(1, 8, 8), side=3, extent=(-2, 2, -2, 2))
        >>> map.axes[0].get_xlabel()
        'z1'
    """
    tiles = _tiles(images, shape=shape, name="images")
    if len(tiles) != side * side:
        raise InputError(f"expected {side} times {side} images, got {len(tiles)}")
    array = _mosaic(tiles, columns=side, gap=0)
    with styled():
        margins = _Margins(left=0.75, bottom=0.55, right=0.2)
        figure, axes = _picture(array, margins=margins, title=title, extent=_edges(side, extent))
        axes.set_axis_on()
        axes.grid(visible=False)
        axes.set_xlabel("z1")
        axes.set_ylabel("z2")
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


def _tiles(images: ArrayLike, *, shape: tuple[int, ...], name: str) -> NDArray[np.float64]:
    """Rows as images (B, H, W) or (B, H, W, 3) within [0, 1]; what is no number turns white."""
    if not is_image(shape):
        raise InputError(f"{name}: expected the shape (channels, height, width), got {shape}")
    rows = as_rows(images, features=math.prod(shape), name=name)
    tiles = np.clip(np.nan_to_num(rows, nan=1.0), 0.0, 1.0).reshape(len(rows), *shape)
    return tiles[:, 0] if shape[0] == 1 else np.moveaxis(tiles, 1, -1)


def _mosaic(
    tiles: NDArray[np.float64], *, columns: int, gap: int = _GAP, band: int = 0
) -> NDArray[np.float64]:
    """Tiles side by side with white gaps, and a wider gap after every ``band`` rows of them."""
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


def _picture(
    array: NDArray[np.float64],
    *,
    margins: _Margins,
    title: str | None,
    extent: Extent | None = None,
) -> tuple[Figure, Axes]:
    """Draw one array so that each of its pixels covers a whole number of dots, where it fits."""
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
    smooth = "nearest" if scale >= 1 else "antialiased"
    axes.imshow(
        array, cmap="gray", vmin=0, vmax=1, interpolation=smooth, extent=extent, aspect="auto"
    )
    axes.set_axis_off()
    if title:
        figure.suptitle(title, x=0.05 / total_wide, y=1 - 0.08 / total_high, ha="left", va="top")
    return figure, axes


def _edges(side: int, extent: Extent) -> Extent:
    """Outer edges of the images whose centres span the extent."""
    left, right, bottom, top = extent
    across, up = (right - left) / max(side - 1, 1) / 2, (top - bottom) / max(side - 1, 1) / 2
    return left - across, right + across, bottom - up, top + up
