"""A picture made of images, with the names that stand around it."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

from vaekit.figures.mosaic import show

__all__ = ["LETTER", "Sheet", "draw_sheet", "name_sheet", "signed"]

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
