"""Maps of decoded latent planes."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.images import Extent, Margins, as_tiles, mosaic, picture, show
from vaekit.figures.style import as_rows, styled

__all__ = ["draw_map", "manifold", "manifold_codes"]


_NORMAL = NormalDist()
_TICKS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
_PATH = "#e02020"


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
    array = _map(images, shape=shape, side=side)
    with styled():
        margins = Margins(left=0.75, bottom=0.55, right=0.2)
        figure, axes = picture(array, margins=margins, title=title, extent=_edges(side, extent))
        _name_axes(axes, axis_labels, quantiles=quantiles)
        if path is not None:
            _draw_path(axes, as_rows(path, features=2, name="path"), quantiles=quantiles)
    return figure


def draw_map(
    axes: Axes,
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    codes: ArrayLike,
    path: ArrayLike | None = None,
    axis_labels: tuple[str, str] = ("z1", "z2"),
) -> None:
    """Draw the map of ``manifold`` into axes, with latent coordinates along them.

    Args:
        axes: of any figure.
        images: (side * side, F) in [0, 1], decoded from the codes.
        shape: (C, H, W), in pixels.
        codes: (side * side, 2), as ``manifold_codes`` gives them, or what quantiles of N(0, 1)
            make of probabilities that it gave; then the images stand at even probabilities, and
            the ticks still name the coordinates.
        path: (T, 2), codes of a walk that is drawn over the map.
        axis_labels: what the two dimensions are.

    Raises:
        InputError: codes that lie on no such grid, not one image for each, or a path of another
            number of dimensions.

    Example:
        >>> axes = Figure().add_subplot()
        >>> codes = manifold_codes(3, extent=(-2, 2, -2, 2))
        >>> draw_map(axes, np.zeros((9, 64)), shape=(1, 8, 8), codes=codes)
        >>> [float(edge) for edge in axes.images[0].get_extent()]
        [-3.0, 3.0, -3.0, 3.0]
    """
    side, extent, quantiles = _read_grid(as_rows(codes, features=2, name="codes"))
    walk = None if path is None else as_rows(path, features=2, name="path")
    show(axes, _map(images, shape=shape, side=side), extent=_edges(side, extent))
    _name_axes(axes, axis_labels, quantiles=quantiles)
    if walk is not None:
        _draw_path(axes, walk, quantiles=quantiles)


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


def _map(images: ArrayLike, *, shape: tuple[int, ...], side: int) -> NDArray[np.float64]:
    tiles = as_tiles(images, shape=shape, name="images")
    if len(tiles) != side * side:
        raise InputError(f"expected {side} times {side} images, got {len(tiles)}")
    return mosaic(tiles, columns=side, gap=0)


def _name_axes(axes: Axes, names: tuple[str, str], *, quantiles: bool) -> None:
    """Say what the coordinates of a map are."""
    axes.set_axis_on()
    axes.grid(visible=False)
    axes.set_xlabel(names[0], parse_math=False)
    axes.set_ylabel(names[1], parse_math=False)
    if quantiles:
        places = [_NORMAL.cdf(z) for z in _TICKS]
        words = [f"{z:g}".replace("-", "\N{MINUS SIGN}") for z in _TICKS]
        axes.set_xticks(places, words)
        axes.set_yticks(places, words)


def _read_grid(codes: NDArray[np.float64]) -> tuple[int, Extent, bool]:
    """Side, extent, and whether it is in probabilities, of a grid as ``manifold_codes`` gives."""
    side = math.isqrt(len(codes))
    for quantiles, places in ((False, codes), (True, _probabilities(codes))):
        (left, top), (right, bottom) = places[0], places[-1]
        extent = (float(left), float(right), float(bottom), float(top))
        if side < 2 or side * side != len(codes) or left == right or top == bottom:
            break
        if np.allclose(places, manifold_codes(side, extent=extent), atol=1e-6 * np.ptp(places)):
            return side, extent, quantiles
    raise InputError(
        f"codes: expected a square grid as manifold_codes gives it, row by row from the top left; "
        f"got {len(codes)} codes that lie on none"
    )


def _probabilities(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a smaller number under N(0, 1)."""
    found: NDArray[np.float64] = np.vectorize(_NORMAL.cdf, otypes=[float])(codes)
    return found


def _draw_path(axes: Axes, path: NDArray[np.float64], *, quantiles: bool) -> None:
    """Draw a walk over a map, with a dot where it begins and a cross where it ends."""
    if quantiles:
        path = _probabilities(path)
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
