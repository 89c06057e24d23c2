"""One style for all figures, input checks, and saving."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.io import write_atomically

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
    "as_rows",
    "is_image",
    "mark",
    "new_figure",
    "save_figure",
    "styled",
]


def as_rows(values: ArrayLike, *, features: int | None = None, name: str) -> NDArray[np.float64]:
    """Take an array of rows as float64, or say what is wrong with it.

    Args:
        values: (B, F).
        features: the F that is expected; any when absent.
        name: what the array is, for the message.

    Returns:
        (B, F).

    Raises:
        InputError: not two-dimensional, without rows, or with another number of features.

    Example:
        >>> as_rows([[0, 1]], name="codes")
        array([[0., 1.]])
        >>> as_rows([0, 1], name="codes")
        Traceback (most recent call last):
        vaekit.errors.InputError: codes: expected an array (rows, features) with at least one
        row, got the shape (2,)
    """
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or rows.size == 0:
        raise InputError(
            f"{name}: expected an array (rows, features) with at least one row, "
            f"got the shape {rows.shape}"
        )
    if features is not None and rows.shape[1] != features:
        raise InputError(
            f"{name}: expected {features} features in a row, got {rows.shape[1]}; "
            "pass the shape of the data that these rows belong to"
        )
    return rows


def is_image(shape: tuple[int, ...]) -> bool:
    """Tell images (C, H, W), with C of 1 or 3, from tables and points (F,).

    Raises:
        InputError: any other shape.

    Example:
        >>> is_image((1, 8, 8)), is_image((30,))
        (True, False)
    """
    if len(shape) == 3 and shape[0] in (1, 3) and math.prod(shape) > 0:
        return True
    if len(shape) == 1 and shape[0] > 0:
        return False
    raise InputError(
        f"expected the shape (1, height, width), (3, height, width) or (features,), got {shape}"
    )


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


# What changes from one day or one version to the next is left out: same data, same bytes.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
}


def save_figure(figure: Figure, *, path: str | Path) -> Path:
    """Write a figure; whoever looks sees the old file or the whole new one.

    The same data give the same bytes. The figure is drawn in the style of the project.

    Args:
        figure: to write.
        path: where to; ends in .png, .svg or .pdf. Folders on the way are made.

    Returns:
        The path.

    Raises:
        InputError: the path ends in something else.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> from vaekit.figures.curves import kl_per_dim
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_figure(kl_per_dim([1.0]), path=Path(folder) / "kl.png").name
        'kl.png'
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in _METADATA:
        raise InputError(f"{path}: a figure ends in {', '.join(_METADATA)}")
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format=kind[1:], metadata=_METADATA[kind])
    write_atomically(path, lambda beside: beside.write_bytes(buffer.getvalue()))
    return path
