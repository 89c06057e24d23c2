"""Training curves, KL per dimension, and bounds by flow length."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.style import FIRST, GREY, MARKERS, SECOND, THIRD, WIDTH, new_figure, styled

__all__ = ["bound_by_length", "kl_per_dim", "learning_curves"]


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


_ACTIVE: dict[str, Any] = {"facecolor": FIRST, "edgecolor": FIRST}
_IDLE: dict[str, Any] = {"facecolor": "white", "edgecolor": GREY, "hatch": "////"}
_NAMED_BARS = 40  # with more dimensions than this their names would run into each other


def kl_per_dim(
    kl: ArrayLike,
    *,
    active: ArrayLike | None = None,
    threshold: float = 0.01,
    title: str | None = None,
) -> Figure:
    """Draw the divergence from the prior of each latent dimension, the largest first.

    Args:
        kl: (D,), KL(q(z_d|x) || p(z_d)) averaged over rows, in nats.
        active: (D,), true where the variance of the posterior mean over rows is above the
            threshold; when absent a dimension counts as active by its divergence.
        threshold: that variance, or without ``active`` that divergence in nats.
        title: above the bars; says how many dimensions are active when absent.

    Returns:
        The figure: filled bars are active dimensions, hatched ones carry next to nothing.

    Raises:
        InputError: ``kl`` is not a vector, or ``active`` has another length.

    Example:
        >>> kl_per_dim([0.0, 2.0], active=[False, True]).axes[0].get_title(loc="left")
        '1 of 2 latent dimensions active, 2.0 nats in all'
    """
    values = np.asarray(kl, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise InputError(f"kl: expected a number for each dimension, got shape {values.shape}")
    by_variance = active is not None
    used = np.asarray(active, dtype=bool) if by_variance else values > threshold
    if used.shape != values.shape:
        raise InputError(f"active: expected {values.size} truth values, got shape {used.shape}")
    rule = f"variance of the posterior mean > {threshold:g}"
    rule = rule if by_variance else f"KL > {threshold:g} nats"
    summary = f"{int(used.sum())} of {values.size} latent dimensions active"
    with styled():
        figure = new_figure(WIDTH, height=3.6)
        axes = figure.add_subplot()
        _draw_bars(axes, values, used=used, rule=rule)
        axes.set_title(title or f"{summary}, {np.nansum(values):.1f} nats in all")
    return figure


def _draw_bars(
    axes: Axes, values: NDArray[np.float64], *, used: NDArray[np.bool_], rule: str
) -> None:
    """Draw the bars from the largest to the smallest, and explain their two looks."""
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    for chosen, label, look in (
        (True, f"active: {rule}", _ACTIVE),
        (False, "not active", _IDLE),
    ):
        ranks = np.flatnonzero(used[order] == chosen)
        if ranks.size:
            axes.bar(ranks, values[order][ranks], width=0.8, label=label, **look)
    names = [f"z{dim + 1}" for dim in order] if values.size <= _NAMED_BARS else []
    axes.set_xticks(range(len(names)), names, rotation=90 if values.size > 20 else 0)
    axes.set_xlim(-0.6, max(values.size, 8) - 0.4)
    axes.set_xlabel(f"{values.size} latent dimensions, largest KL first")
    axes.set_ylabel("KL (nats per row)")
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper right")


_COLORS = (FIRST, SECOND, THIRD)

Points = Mapping[int, float]


def bound_by_length(
    values: Mapping[str, Points],
    *,
    errors: Mapping[str, Points] | None = None,
    levels: Mapping[str, Mapping[str, float]] | None = None,
    flow: str = "",
) -> Figure:
    """Draw numbers of several runs against the length of their flow.

    Args:
        values: by what it is (ELBO, log-likelihood), and by length, in nats per row.
        errors: standard errors of some of them, by the same names.
        levels: by what it is, the numbers of runs that have no place on the axis, by their name.
        flow: the kind of flow whose length it is.

    Returns:
        The figure: a line for each number, and a dashed level of its colour for each such run.

    Raises:
        InputError: there are no numbers.

    Example:
        >>> figure = bound_by_length({"ELBO": {0: -148.0, 4: -147.0, 16: -146.0}}, flow="planar")
        >>> figure.axes[0].get_xlabel()
        'length of the planar flow'
    """
    if not any(values.values()):
        raise InputError("expected numbers for at least one length of a flow, got none")
    lengths = sorted({length for points in values.values() for length in points})
    with styled():
        figure = new_figure(WIDTH, height=3.8)
        axes = figure.add_subplot()
        for place, (what, points) in enumerate(values.items()):
            color = _COLORS[place % len(_COLORS)]
            _line(axes, points, (errors or {}).get(what, {}), label=what, place=place, color=color)
            for name, value in (levels or {}).get(what, {}).items():
                _level(axes, value, name=name, color=color)
        axes.set_xticks(lengths)
        axes.set_xlabel(" ".join(["length of the", *filter(None, [flow]), "flow"]))
        axes.set_ylabel("nats per row; higher is better")
        figure.legend(loc="outside upper left", ncols=3)
    return figure


def _line(
    axes: Axes, points: Points, errors: Points, *, label: str, place: int, color: str
) -> None:
    """Points in the order of their lengths, joined, with bars where an error is known."""
    lengths = sorted(points)
    bars: Any = [errors.get(length, np.nan) for length in lengths]
    axes.errorbar(
        lengths, [points[length] for length in lengths], yerr=bars if errors else None,
        marker=MARKERS[place], markersize=6, color=color, capsize=3, label=label,
    )  # fmt: skip


def _level(axes: Axes, value: float, *, name: str, color: str) -> None:
    """A run across the whole axis, its name at the right."""
    axes.axhline(value, color=color, linewidth=1.2, linestyle=(0, (5, 2)))
    axes.annotate(
        name, (1.0, value), xycoords=("axes fraction", "data"), xytext=(4, 0),
        textcoords="offset points", va="center", fontsize=9, color=color, annotation_clip=False,
    )  # fmt: skip
