"""Several runs on one axis."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.style import (  # fmt: skip
    FIRST,
    GREY,
    MARKERS,
    PALETTE,
    SECOND,
    THIRD,
    WIDTH,
    new_figure,
    styled,
)

__all__ = [
    "comparison_curves",
    "run_levels",
    "unit_profiles",
]

Record = Mapping[str, Any]
Array = NDArray[np.float64]

_TITLES = {
    "bound": "Bound on log p(x): higher is better",
    "loss": "Loss, each its own objective",
    "distortion": "Distortion",
    "rate": "Rate",
}
_COLORS = (FIRST, SECOND, THIRD, *PALETTE[3:])
_LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


def comparison_curves(
    records: Mapping[str, Sequence[Record]],
    *,
    keys: Sequence[str] = ("bound", "loss", "distortion", "rate"),
    split: str | None = None,
) -> Figure:
    """Draw the learning curves of several runs on one axis for each number.

    Args:
        records: by the name of the run, those of its epochs as in ``metrics.jsonl``.
        keys: bound, loss, distortion, rate; a panel for each.
        split: train, validation or test; when absent the one that is watched by every run, or
            else train.

    Returns:
        The figure, its legend above the panels.

    Raises:
        InputError: a run without records, or no run at all.

    Example:
        >>> epoch = {"epoch": 1, "train": {"rate": 5.0}}
        >>> figure = comparison_curves({"a": [epoch], "b": [epoch]}, keys=("rate",))
        >>> len(figure.axes[0].lines)
        2
    """
    if not records or not all(records.values()):
        raise InputError("curves need at least one run, and of each run at least one epoch")
    shown = split or _common_split(records)
    with styled():
        rows = math.ceil(len(keys) / 2)
        figure = new_figure(WIDTH, height=2.7 * rows + 0.5)
        panels = figure.subplots(rows, min(len(keys), 2), squeeze=False)
        for axes, key in zip(panels.flat, keys, strict=False):
            for place, (name, epochs) in enumerate(records.items()):
                axes.plot(*_series(epochs, shown, key), label=name, **_look(place, len(epochs)))
            axes.set_title(_TITLES[key])
            axes.set_ylabel(f"nats per row, {shown}")
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
            _frame_later(axes)
        for axes in panels.flat[len(keys) :]:
            axes.set_axis_off()
        handles, names = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=min(len(names), 4))
    return figure


def run_levels(
    values: Mapping[str, Mapping[str, float]], *, errors: Mapping[str, float] | None = None
) -> Figure:
    """Draw numbers of several runs on one scale, a line of the figure for each run.

    Args:
        values: by what it is (log-likelihood, ELBO), and by the name of the run, in nats per row.
        errors: by the name of the run, the standard error of the first number.

    Returns:
        The figure: the runs from top to bottom in their order.

    Raises:
        InputError: there are no numbers.

    Example:
        >>> figure = run_levels({"ELBO": {"a": -90.0, "b": -88.0}})
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['a', 'b']
    """
    names = list(dict.fromkeys(name for each in values.values() for name in each))
    if not names:
        raise InputError("expected the numbers of at least one run, got none")
    with styled():
        figure = new_figure(WIDTH, height=1.2 + 0.42 * len(names))
        axes = figure.add_subplot()
        for place, (what, numbers) in enumerate(values.items()):
            axes.errorbar(
                list(numbers.values()), [names.index(name) for name in numbers],
                xerr=[(errors or {}).get(name, 0.0) for name in numbers] if place == 0 else None,
                linestyle="none", marker=MARKERS[place], color=_COLORS[place], markersize=7,
                capsize=3, label=what,
            )  # fmt: skip
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlabel("nats per row; further right is better")
        figure.legend(loc="outside upper left", ncols=3)
    return figure


def unit_profiles(variances: Mapping[str, ArrayLike], *, threshold: float = 0.01) -> Figure:
    """Draw how much the posterior mean of each unit varies over the rows, the largest first.

    Args:
        variances: by the name of the run, (D,) variances of the posterior means over rows.
        threshold: above which a unit counts as active.

    Returns:
        The figure: a curve for each run, with the number of its active units in the legend.

    Raises:
        InputError: there is no run.

    Example:
        >>> figure = unit_profiles({"vae": [1.0, 0.9, 0.0]})
        >>> figure.axes[0].get_legend().get_texts()[0].get_text()
        'vae: 2 of 3 active'
    """
    if not variances:
        raise InputError("expected the variances of at least one run, got none")
    with styled():
        figure = new_figure(WIDTH, height=3.6)
        axes = figure.add_subplot()
        for place, (name, each) in enumerate(variances.items()):
            values = np.sort(np.asarray(each, dtype=np.float64))[::-1]
            label = f"{name}: {int((values > threshold).sum())} of {len(values)} active"
            look: dict[str, Any] = {
                "color": _COLORS[place % len(_COLORS)],
                "marker": MARKERS[place % 10],
            }
            ranks = np.arange(1, len(values) + 1)
            axes.plot(ranks, np.maximum(values, 1e-6), label=label, markersize=4, **look)
        axes.axhline(threshold, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set_yscale("log")
        # The default writes powers of ten as formulas, which are not parsed here.
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.set_xlabel("unit, by rank")
        axes.set_ylabel("variance of its mean over rows")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="best")
    return figure


def _common_split(records: Mapping[str, Sequence[Record]]) -> str:
    """The split that every run watched, or else train."""
    watched = ("test", "validation")
    last = [epochs[-1] for epochs in records.values()]
    return next((name for name in watched if all(each.get(name) for each in last)), "train")


def _series(records: Sequence[Record], split: str, key: str) -> tuple[Array, Array]:
    """Epochs and one number, NaN where it was not recorded."""
    values = [(record.get(split) or {}).get(key) for record in records]
    epochs = np.array([record["epoch"] for record in records], dtype=np.float64)
    return epochs, np.array([np.nan if each is None else each for each in values], dtype=np.float64)


def _look(place: int, epochs: int) -> dict[str, Any]:
    """Colour and dashes of a run, and a marker where it has few epochs."""
    look: dict[str, Any] = {
        "color": _COLORS[place % len(_COLORS)],
        "linestyle": _LINES[place % len(_LINES)],
    }
    return look | {"marker": MARKERS[place % len(MARKERS)] if epochs <= 12 else "", "markersize": 4}


def _frame_later(axes: Axes) -> None:
    """Let the later nine tenths of training set the limits where the start would squeeze them."""
    curves = [np.asarray(line.get_ydata(), dtype=np.float64) for line in axes.lines]
    kept = np.concatenate([curve[len(curve) // 10 :] for curve in curves])
    kept = kept[np.isfinite(kept)]
    if kept.size and np.ptp(kept) > 0:
        spread = float(np.ptp(kept))
        axes.set_ylim(kept.min() - 0.06 * spread, kept.max() + 0.06 * spread)
