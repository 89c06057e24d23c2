"""How training went."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from vaekit.errors import InputError
from vaekit.figures.style import FIRST, GREY, SECOND, THIRD, WIDTH, new_figure, styled

__all__ = ["learning_curves"]

Record = Mapping[str, Any]

_LOOKS: dict[str, dict[str, Any]] = {
    "train": {"color": FIRST, "linestyle": "-", "marker": "o"},
    "validation": {"color": SECOND, "linestyle": (0, (4, 1.5)), "marker": "s"},
    "test": {"color": THIRD, "linestyle": (0, (4, 1.5)), "marker": "^"},
}
_TITLES = {
    "bound": "Bound on log p(x): higher is better",
    "distortion": "Distortion",
    "rate": "Rate",
}
# Sign, multiple of the constant and title of the same panels as squared errors.
_SQUARED = {
    "bound": (-1.0, -1.0, "Loss: squared error / 2 + KL"),
    "distortion": (1.0, -1.0, "Squared error / 2"),
    "rate": (1.0, 0.0, "KL"),
}
_MARKED_EPOCHS = 30  # with more epochs than this a marker on each would hide the line
_THIN_EPOCHS = 300  # with more epochs than this noise would make a line a band
_LEGEND_POINTS = 22  # room for the legend between a panel and its title


def learning_curves(
    records: Sequence[Record], *, constant: float | None = None, title: str | None = None
) -> Figure:
    r"""Draw bound, distortion and rate over the epochs, for each split that was measured.

    For a Gaussian likelihood of variance 1 the distortion is half the squared error and the
    constant :math:`F/2 \, \log 2\pi`. With that constant given, the panels show what tutorials
    show instead: the loss (squared error / 2 + KL), squared error / 2, and KL.

    The vertical axis follows the later nine tenths of training where the first epochs would
    squeeze everything else; a note in the panel then says where the curve starts.

    Args:
        records: one for each epoch, as in ``metrics.jsonl``: ``epoch`` and, for each split,
            a mapping with ``bound``, ``distortion`` and ``rate`` in nats per row. A number that
            is absent or not finite leaves a gap.
        constant: what the distortion has beside half the squared error, in nats per row.
        title: above the figure.

    Returns:
        The figure: three panels.

    Raises:
        InputError: there is no record.

    Example:
        >>> epoch = {"epoch": 1, "train": {"bound": -30.0, "distortion": 25.0, "rate": 5.0}}
        >>> [axes.get_title(loc="left") for axes in learning_curves([epoch]).axes]
        ['Bound on log p(x): higher is better', 'Distortion', 'Rate']
    """
    if not records:
        raise InputError("learning curves need the metrics of at least one epoch, got none")
    epochs = np.array([record["epoch"] for record in records], dtype=np.float64)
    splits = [name for name in _LOOKS if any(record.get(name) for record in records)]
    with styled():
        figure = new_figure(WIDTH, height=6.0)
        panels = figure.subplot_mosaic([["bound", "bound"], ["distortion", "rate"]])
        for key, axes in panels.items():
            curves = {split: _series(records, split, key) for split in splits}
            if constant is None:
                _draw_panel(axes, epochs=epochs, curves=curves, title=_TITLES[key])
            else:
                sign, shift, name = _SQUARED[key]
                plain = {split: sign * each + shift * constant for split, each in curves.items()}
                _draw_panel(axes, epochs=epochs, curves=plain, title=name, unit="per row")
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    return figure


def _series(records: Sequence[Record], split: str, key: str) -> NDArray[np.float64]:
    """One number of one split over the epochs, NaN where it was not recorded."""
    values = [(record.get(split) or {}).get(key) for record in records]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _draw_panel(
    axes: Axes,
    *,
    epochs: NDArray[np.float64],
    curves: dict[str, NDArray[np.float64]],
    title: str,
    unit: str = "nats per row",
) -> None:
    """Draw one number of every split, with the last values in the legend."""
    for split, values in curves.items():
        look = _LOOKS[split] | ({} if _sparse(values) else {"marker": ""})
        finite = values[np.isfinite(values)]
        last = f"{split} {_signed(finite[-1])}" if finite.size else f"{split} (not recorded)"
        width = 1.6 if len(values) <= _THIN_EPOCHS else 0.9
        axes.plot(epochs, values, label=last, markersize=4, linewidth=width, **look)
    axes.set_title(title, pad=_LEGEND_POINTS)
    axes.set_ylabel(unit)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if epochs.min() == epochs.max():
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
    _frame_later_epochs(axes, list(curves.values()))
    place: dict[str, Any] = {
        "loc": "lower left",
        "bbox_to_anchor": (-0.01, 0.985),
        "borderaxespad": 0.3,
    }
    axes.legend(ncols=3, columnspacing=1, handlelength=1.6, **place)


def _signed(value: float) -> str:
    """Round to five digits, with the minus sign that the axes use."""
    return f"{value:.5g}".replace("-", "\N{MINUS SIGN}")


def _sparse(values: NDArray[np.float64]) -> bool:
    """Whether single points need markers: few epochs, or a number measured only now and then."""
    finite = np.isfinite(values)
    alone = finite & ~np.roll(finite, 1) & ~np.roll(finite, -1)
    return len(values) <= _MARKED_EPOCHS or bool(alone.any())


def _frame_later_epochs(axes: Axes, curves: list[NDArray[np.float64]]) -> None:
    """Set the vertical limits by the later epochs where the first ones would squeeze them."""
    values = np.concatenate([curve[np.isfinite(curve)] for curve in curves] or [np.empty(0)])
    later = [curve[len(curve) // 10 :] for curve in curves]
    kept = np.concatenate([tail[np.isfinite(tail)] for tail in later] or [np.empty(0)])
    if kept.size == 0:
        return
    low, high = np.quantile(kept, [0.005, 0.995])
    spread = high - low
    if spread == 0 or np.ptp(values) < 3 * spread:
        return
    low, high = low - 0.08 * spread, high + 0.08 * spread
    axes.set_ylim(low, high)
    first = next((curve[0] for curve in curves if np.isfinite(curve[0])), (low + high) / 2)
    if low <= first <= high:
        return
    text = f"{'↑' if first > high else '↓'} starts at {_signed(first)}"
    axes.set_title(
        text, loc="right", pad=_LEGEND_POINTS, fontsize=9, fontweight="normal", color=GREY
    )
