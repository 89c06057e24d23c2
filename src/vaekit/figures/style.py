"""One restrained look for all figures, applied in a context and never globally."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = [
    "DOTS_PER_INCH",
    "FIRST",
    "GREY",
    "INK",
    "MARKERS",
    "PALETTE",
    "SECOND",
    "THIRD",
    "WIDTH",
    "mark",
    "new_figure",
    "styled",
]

WIDTH = 7.2  # inches; small enough that 10 point text stays readable on a phone
DOTS_PER_INCH = 160

INK = "#1b1f24"
GREY = "#636c76"
FIRST = "#1f5fa8"
SECOND = "#c2480f"
THIRD = "#2d7f5e"

# Ten colours that people with any colour vision tell apart (Petroff 2021, arXiv:2107.02270).
PALETTE = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")

_STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    # Names of classes and columns come from data: a dollar sign in one is no formula.
    "text.parse_math": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e2e5e9",
    "grid.linewidth": 0.8,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
    "lines.linewidth": 1.6,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "svg.hashsalt": "vaekit",
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the style of the project; what was set before comes back afterwards.

    Starts from matplotlib's own defaults, so that a matplotlibrc file changes no figure.

    Example:
        >>> before = mpl.rcParams["axes.grid"]
        >>> with styled():
        ...     mpl.rcParams["axes.grid"]
        True
        >>> mpl.rcParams["axes.grid"] == before
        True
    """
    elsewhere = ("animation", "backend", "date", "interactive", "keymap", "tk", "toolbar", "webagg")
    settings: dict[Any, Any] = dict(mpl.rcParamsDefault)
    # What is left out decides where figures are shown, which is no business of ours.
    settings = {key: settings[key] for key in settings if not key.startswith(elsewhere)}
    with mpl.rc_context(settings | _STYLE):
        yield


def new_figure(width: float = WIDTH, *, height: float) -> Figure:
    """Make an empty figure that no window system and no global list knows of.

    Args:
        width: in inches.
        height: in inches.

    Returns:
        A figure on the Agg canvas, whose layout finds room for labels by itself.

    Example:
        >>> new_figure(4.0, height=3.0).get_size_inches().tolist()
        [4.0, 3.0]
    """
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def mark(index: int) -> tuple[str, str]:
    """Give the colour and the marker of a class; the pairs repeat after a hundred.

    Args:
        index: of the class, from 0.

    Returns:
        Colour and marker.

    Example:
        >>> mark(0), mark(10)
        (('#3f90da', 'o'), ('#3f90da', 's'))
    """
    turn, place = divmod(index, len(PALETTE))
    return PALETTE[place], MARKERS[(place + turn) % len(MARKERS)]
