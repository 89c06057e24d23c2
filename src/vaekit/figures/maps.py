"""Maps of decoded latent planes."""

import math
from statistics import NormalDist

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.images import as_images, new_image_figure, show_image, tile
from vaekit.figures.style import as_rows, finish_axes, style_context

__all__ = ["manifold", "manifold_codes"]

Extent = tuple[float, float, float, float]

_NORMAL = NormalDist()
_TICKS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
_PATH = "#e02020"


def manifold(
    images: ArrayLike,
    *,
    shape: tuple[int, ...],
    codes: ArrayLike,
    path: ArrayLike | None = None,
    axis_labels: tuple[str, str] = ("z1", "z2"),
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the images that a grid of codes in a latent plane decodes to, as one map.

    Args:
        images: (side * side, F) in [0, 1], decoded from the codes.
        shape: (C, H, W), in pixels.
        codes: (side * side, 2), as ``manifold_codes`` returns them, or the quantiles of N(0, 1)
            at probabilities that it returned; then each image covers a part of the plane of the
            same probability, and the ticks still name the coordinates.
        path: (T, 2), codes of an interpolation that is drawn over the map.
        axis_labels: names of the two dimensions.
        title: above the map.
        ax: axes to draw into; a figure of its own when absent.

    Returns:
        The figure, with latent coordinates along its axes.

    Raises:
        InputError: the codes are not such a grid, the number of images is not that of the codes,
            or the path has another number of dimensions.

    Example:
        >>> codes = manifold_codes(3, extent=(-2, 2, -2, 2))
        >>> axes = manifold(np.zeros((9, 64)), shape=(1, 8, 8), codes=codes).axes[0]
        >>> axes.get_xlabel(), [float(edge) for edge in axes.images[0].get_extent()]
        ('z1', [-3.0, 3.0, -3.0, 3.0])
    """
    side, centres, quantiles = _read_grid(as_rows(codes, features=2, name="codes"))
    tiles = as_images(images, shape=shape, name="images")
    if len(tiles) != side * side:
        raise InputError(f"expected {side} times {side} images, got {len(tiles)}")
    walk = None if path is None else as_rows(path, features=2, name="path")
    array = tile(tiles, columns=side, gap=0)
    left, right, bottom, top = centres
    across, up = (right - left) / (side - 1) / 2, (top - bottom) / (side - 1) / 2
    edges = (left - across, right + across, bottom - up, top + up)
    if ax is None:
        with style_context():
            margins = (0.75, 0.2, 0.55, 0.05)
            figure, ax = new_image_figure(array, title=title, margins=margins, extent=edges)
            _annotate(ax, axis_labels, quantiles=quantiles, path=walk)
        return figure
    show_image(ax, array, extent=edges)
    _annotate(ax, axis_labels, quantiles=quantiles, path=walk)
    return finish_axes(ax, title=title)


def _annotate(
    axes: Axes,
    names: tuple[str, str],
    *,
    quantiles: bool,
    path: NDArray[np.float64] | None,
) -> None:
    """Name the coordinates of a map, and draw a path over it from a dot to a cross."""
    axes.grid(visible=False)
    axes.set_xlabel(names[0], parse_math=False)
    axes.set_ylabel(names[1], parse_math=False)
    if quantiles:
        words = [f"{z:g}".replace("-", "\N{MINUS SIGN}") for z in _TICKS]
        axes.set_xticks([_NORMAL.cdf(z) for z in _TICKS], words)
        axes.set_yticks([_NORMAL.cdf(z) for z in _TICKS], words)
    if path is None:
        return
    path = _probabilities(path) if quantiles else path
    axes.plot(*path.T, color="white", linewidth=4.0)
    axes.plot(*path.T, color=_PATH, linewidth=2.0)
    for place, marker, size in ((path[0], "o", 8), (path[-1], "X", 10)):
        axes.plot(*place, marker=marker, markersize=size, color=_PATH, markeredgecolor="white")


def manifold_codes(side: int, *, extent: Extent) -> NDArray[np.float64]:
    """Return the codes whose decoded images ``manifold`` draws, row by row from the top left.

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


def _read_grid(codes: NDArray[np.float64]) -> tuple[int, Extent, bool]:
    """Return the side and extent of a grid of ``manifold_codes``, and whether of quantiles."""
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
    """Return the distribution function of N(0, 1) at the codes."""
    found: NDArray[np.float64] = np.vectorize(_NORMAL.cdf, otypes=[float])(codes)
    return found
