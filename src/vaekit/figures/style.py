"""The style of all figures, their layout, checks of their inputs, and saving."""

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.io import write_atomically

__all__ = [
    "DPI",
    "FIRST",
    "GREY",
    "INK",
    "MARKERS",
    "PALETTE",
    "SECOND",
    "THIRD",
    "WIDTH",
    "as_rows",
    "finish_axes",
    "is_image",
    "new_figure",
    "run_panels",
    "save_figure",
    "set_title",
    "small_multiples",
    "style_context",
    "text_width",
]

WIDTH = 7.2  # inches; small enough that 10 point text stays readable on a phone
DPI = 160

INK = "#1b1f24"
GREY = "#636c76"
FIRST = "#1f5fa8"
SECOND = "#c2480f"
THIRD = "#2d7f5e"

# Ten colours that people with any colour vision tell apart (Petroff 2021, arXiv:2107.02270).
PALETTE = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70",
    "#717581", "#92dadd",
)  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")

_STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    # Names of classes and columns come from data: a dollar sign does not start a formula.
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
# Settings of where and how figures are shown, which the style leaves alone.
_DISPLAY = ("animation", "backend", "date", "interactive", "keymap", "tk", "toolbar", "webagg")


@contextmanager
def style_context() -> Iterator[None]:
    """Set the style of the figures, and restore the previous settings on exit.

    It starts from matplotlib's defaults, so that a matplotlibrc file changes no figure.

    Example:
        >>> before = mpl.rcParams["axes.grid"]
        >>> with style_context():
        ...     mpl.rcParams["axes.grid"]
        True
        >>> mpl.rcParams["axes.grid"] == before
        True
    """
    defaults: dict[Any, Any] = dict(mpl.rcParamsDefault)
    settings = {key: defaults[key] for key in defaults if not key.startswith(_DISPLAY)}
    with mpl.rc_context(settings | _STYLE):
        yield


def new_figure(width: float = WIDTH, *, height: float, dpi: float = DPI) -> Figure:
    """Make an empty figure that is not registered with pyplot.

    Args:
        width: in inches.
        height: in inches.
        dpi: dots per inch.

    Returns:
        A figure on the Agg canvas with constrained layout.

    Example:
        >>> new_figure(4.0, height=3.0).get_size_inches().tolist()
        [4.0, 3.0]
    """
    figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def small_multiples(
    count: int, *, columns: int, height: float, extra: float, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """Make a figure with a number of equal panels.

    Args:
        count: panels.
        columns: panels in a row, at most.
        height: of a row, in inches.
        extra: height for titles and legends, in inches.
        sharey: whether all panels have one vertical axis.

    Returns:
        The figure and its panels, row by row.

    Raises:
        InputError: no panel.

    Example:
        >>> figure, panels = small_multiples(5, columns=3, height=2.0, extra=0.5)
        >>> len(panels), figure.get_size_inches().tolist()
        (5, [7.2, 4.5])
    """
    if count < 1:
        raise InputError("expected at least one run or column to draw, got none")
    columns = min(count, columns)
    rows = math.ceil(count / columns)
    figure = new_figure(height=rows * height + extra)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=sharey).ravel()
    for axes in grid[count:]:
        axes.remove()
    return figure, list(grid[:count])


def run_panels(names: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Make a figure with a square panel for each run, under its name.

    Args:
        names: of the runs.

    Returns:
        The figure and its panels.

    Raises:
        InputError: no run.
    """
    columns = 2 if len(names) in (2, 4) else 3
    height = WIDTH / (columns if len(names) > 1 else 2) + 0.15
    figure, panels = small_multiples(len(names), columns=columns, height=height, extra=0.35)
    for axes, name in zip(panels, names, strict=True):
        axes.set_title(name)
        axes.set_box_aspect(1)
    return figure, panels


def text_width(text: str, *, size: float, weight: str = "normal") -> float:
    """Return the width of a line of text in the font of the figures, in inches.

    Args:
        text: any; a dollar sign does not start a formula.
        size: in points.
        weight: normal or bold.

    Example:
        >>> round(text_width("a cat", size=10), 1)
        0.3
    """
    if not text.strip():
        return 0.0
    font = FontProperties(family="DejaVu Sans", weight=weight)
    with mpl.rc_context({"text.parse_math": False}):
        outline = TextPath((0, 0), text, size=size, prop=font)
    return float(outline.get_extents().width) / 72


def set_title(figure: Figure, *, title: str | None) -> None:
    """Write the title of a figure at the upper left, if there is one.

    Args:
        figure: with constrained layout.
        title: the text.
    """
    if title:
        figure.suptitle(title, x=0.01, ha="left")


def finish_axes(axes: Axes, *, title: str | None) -> Figure:
    """Write the title of axes, if there is one, and return their figure.

    Args:
        axes: of any figure.
        title: the text.
    """
    if title:
        axes.set_title(title)
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def as_rows(values: ArrayLike, *, features: int | None = None, name: str) -> NDArray[np.float64]:
    """Return an array of rows as float64.

    Args:
        values: (B, F).
        features: the expected F; any when absent.
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
    """Return whether rows are images (C, H, W) with C of 1 or 3, or tables and points (F,).

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


# Metadata that differ between days and versions are left out: the same data give the same bytes.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
}


def save_figure(figure: Figure, *, path: str | Path) -> Path:
    """Write a figure to a file, atomically and in the style of the project.

    The same data give the same bytes.

    Args:
        figure: to write.
        path: ends in .png, .svg or .pdf. Missing folders are made.

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
    with style_context():
        figure.savefig(buffer, format=kind[1:], metadata=_METADATA[kind])
    write_atomically(path, lambda temporary: temporary.write_bytes(buffer.getvalue()))
    return path
