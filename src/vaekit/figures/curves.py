"""Learning curves, KL and variance by latent dimension, and bounds of several runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.style import (
    FIRST,
    GREY,
    MARKERS,
    PALETTE,
    SECOND,
    THIRD,
    WIDTH,
    new_figure,
    set_title,
    small_multiples,
    style_context,
)

__all__ = [
    "active_units",
    "bound_by_flow_length",
    "bound_by_run",
    "comparison_curves",
    "kl_per_dim",
    "learning_curves",
]

Record = Mapping[str, Any]
Array = NDArray[np.float64]
Points = Mapping[int, float]

_TITLES = {
    "bound": "Bound on log p(x): higher is better",
    "loss": "Loss, each its own objective",
    "distortion": "Distortion",
    "rate": "Rate",
}
# Sign, multiple of the constant and title of the same panels as squared errors.
_SQUARED = {
    "bound": (-1.0, -1.0, "Loss: squared error / 2 + KL"),
    "distortion": (1.0, -1.0, "Squared error / 2"),
    "rate": (1.0, 0.0, "KL"),
}
_SPLITS: dict[str, dict[str, Any]] = {
    "train": {"color": FIRST, "linestyle": "-", "marker": "o"},
    "validation": {"color": SECOND, "linestyle": (0, (4, 1.5)), "marker": "s"},
    "test": {"color": THIRD, "linestyle": (0, (4, 1.5)), "marker": "^"},
}
_MARKED_EPOCHS = 30  # with more epochs a marker on each would hide the line
_THIN_EPOCHS = 300  # with more epochs the noise would make a thick line a band
_LEGEND_POINTS = 22  # room for the legend between a panel and its title
_COLORS = (FIRST, SECOND, THIRD, *PALETTE[3:])
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


def learning_curves(
    records: Sequence[Record], *, constant: float | None = None, title: str | None = None
) -> Figure:
    r"""Draw bound, distortion and rate over the epochs, for each split that was measured.

    For a Gaussian likelihood of variance 1 the distortion is half the squared error and the
    constant :math:`F/2 \, \log 2\pi`. With that constant given, the panels show what tutorials
    show instead: the loss (squared error / 2 + KL), squared error / 2, and KL.

    A step that reports other quantities, such as the losses of a generator and a discriminator,
    gets a panel for each of these.

    The vertical axis follows the later nine tenths of training where the first epochs would
    squeeze everything else; a note in the panel then says where the curve starts.

    Args:
        records: one for each epoch, as in ``metrics.jsonl``: ``epoch`` and, for each split,
            a mapping with ``bound``, ``distortion`` and ``rate`` in nats per row. A number that
            is absent or not finite interrupts the line.
        constant: the part of the distortion that is not half the squared error, in nats per row.
        title: above the figure.

    Returns:
        The figure: three panels, or one for each other quantity.

    Raises:
        InputError: no record.

    Example:
        >>> epoch = {"epoch": 1, "train": {"bound": -30.0, "distortion": 25.0, "rate": 5.0}}
        >>> [axes.get_title(loc="left") for axes in learning_curves([epoch]).axes]
        ['Bound on log p(x): higher is better', 'Distortion', 'Rate']
    """
    if not records:
        raise InputError("learning curves need the metrics of at least one epoch, got none")
    epochs = np.array([record["epoch"] for record in records], dtype=np.float64)
    splits = [name for name in _SPLITS if any(record.get(name) for record in records)]
    others = _other_quantities(records, splits)
    with style_context():
        if others:
            figure = new_figure(WIDTH, height=3.0 * len(others))
            for key, axes in figure.subplot_mosaic([[key] for key in others]).items():
                curves = {split: _series(records, split, key) for split in splits}
                _draw_splits(axes, epochs, curves, title=key, unit="per row")
            set_title(figure, title=title)
            return figure
        figure = new_figure(WIDTH, height=6.0)
        panels = figure.subplot_mosaic([["bound", "bound"], ["distortion", "rate"]])
        for key, axes in panels.items():
            curves = {split: _series(records, split, key) for split in splits}
            name, unit = _TITLES[key], "nats per row"
            if constant is not None:
                (sign, shift, name), unit = _SQUARED[key], "per row"
                curves = {split: sign * each + shift * constant for split, each in curves.items()}
            _draw_splits(axes, epochs, curves, title=name, unit=unit)
        set_title(figure, title=title)
    return figure


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
        split: train, validation or test; when absent the one that every run watched, or else
            train.

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
    last = [epochs[-1] for epochs in records.values()]
    watched = (name for name in ("test", "validation") if all(each.get(name) for each in last))
    shown = split or next(watched, "train")
    with style_context():
        figure, panels = small_multiples(len(keys), columns=2, height=2.7, extra=0.5)
        for axes, key in zip(panels, keys, strict=True):
            curves = {name: _series(epochs, shown, key) for name, epochs in records.items()}
            for run, (name, values) in enumerate(curves.items()):
                axes.plot(
                    [epoch["epoch"] for epoch in records[name]], values, label=name, markersize=4,
                    color=_COLORS[run % len(_COLORS)], linestyle=_DASHES[run % len(_DASHES)],
                    marker=MARKERS[run % len(MARKERS)] if len(values) <= 12 else "",
                )  # fmt: skip
            axes.set_title(_TITLES[key])
            axes.set_ylabel(f"nats per row, {shown}")
            _label_epochs(axes)
            _limit_to_later_epochs(axes, list(curves.values()))
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=min(len(names), 4))
    return figure


def _other_quantities(records: Sequence[Record], splits: Sequence[str]) -> list[str]:
    """What was recorded instead of a bound; nothing where there is one."""
    found = dict.fromkeys(
        key
        for record in records
        for split in splits
        for key, value in (record.get(split) or {}).items()
        if isinstance(value, (int, float))
    )
    return [] if "bound" in found else list(found)


def _draw_splits(
    axes: Axes, epochs: Array, curves: dict[str, Array], *, title: str, unit: str
) -> None:
    """Draw one number of every split, with the last values in the legend."""
    for split, values in curves.items():
        finite = values[np.isfinite(values)]
        last = f"{split} {_signed(finite[-1])}" if finite.size else f"{split} (not recorded)"
        look = _SPLITS[split] | ({} if _sparse(values) else {"marker": ""})
        width = 1.6 if len(values) <= _THIN_EPOCHS else 0.9
        axes.plot(epochs, values, label=last, markersize=4, linewidth=width, **look)
    axes.set_title(title, pad=_LEGEND_POINTS)
    axes.set_ylabel(unit)
    _label_epochs(axes)
    if epochs.min() == epochs.max():
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
    start = _limit_to_later_epochs(axes, list(curves.values()))
    if start:
        axes.set_title(
            start, loc="right", pad=_LEGEND_POINTS, fontsize=9, fontweight="normal", color=GREY
        )
    axes.legend(
        ncols=3, columnspacing=1, handlelength=1.6, loc="lower left",
        bbox_to_anchor=(-0.01, 0.985), borderaxespad=0.3,
    )  # fmt: skip


def _signed(value: float) -> str:
    """Format five digits, with the minus sign of the axes."""
    return f"{value:.5g}".replace("-", "\N{MINUS SIGN}")


def _sparse(values: Array) -> bool:
    """Return whether points need markers: few epochs, or a number measured only now and then."""
    finite = np.isfinite(values)
    alone = finite & ~np.roll(finite, 1) & ~np.roll(finite, -1)
    return len(values) <= _MARKED_EPOCHS or bool(alone.any())


def _limit_to_later_epochs(axes: Axes, curves: Sequence[Array]) -> str:
    """Set the vertical limits by the later nine tenths where the start would squeeze them.

    Returns a note of where the first curve starts if that is outside.
    """
    values = np.concatenate([curve[np.isfinite(curve)] for curve in curves] or [np.empty(0)])
    later = [curve[len(curve) // 10 :] for curve in curves]
    kept = np.concatenate([tail[np.isfinite(tail)] for tail in later] or [np.empty(0)])
    if kept.size == 0:
        return ""
    low, high = np.quantile(kept, [0.005, 0.995])
    spread = high - low
    if spread == 0 or np.ptp(values) < 3 * spread:
        return ""
    low, high = low - 0.08 * spread, high + 0.08 * spread
    axes.set_ylim(low, high)
    first = next((curve[0] for curve in curves if np.isfinite(curve[0])), (low + high) / 2)
    if low <= first <= high:
        return ""
    return f"{'↑' if first > high else '↓'} starts at {_signed(first)}"


def _label_epochs(axes: Axes) -> None:
    """Label the horizontal axis, with ticks at whole epochs."""
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))


def _series(records: Sequence[Record], split: str, key: str) -> Array:
    """Return one number of one split over the epochs, NaN where it was not recorded."""
    values = [(record.get(split) or {}).get(key) for record in records]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


_ACTIVE: dict[str, Any] = {"facecolor": FIRST, "edgecolor": FIRST}
_INACTIVE: dict[str, Any] = {"facecolor": "white", "edgecolor": GREY, "hatch": "////"}
_NAMED_BARS = 40  # with more dimensions their names would run into each other


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
            threshold; when absent a dimension is active by its divergence.
        threshold: that variance, or without ``active`` that divergence in nats.
        title: above the bars; says how many dimensions are active when absent.

    Returns:
        The figure: filled bars are active dimensions, hatched ones inactive.

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
    with style_context():
        figure = new_figure(WIDTH, height=3.6)
        axes = figure.add_subplot()
        _draw_bars(axes, values, used=used, rule=rule)
        axes.set_title(title or f"{summary}, {np.nansum(values):.1f} nats in all")
    return figure


def _draw_bars(axes: Axes, values: Array, *, used: NDArray[np.bool_], rule: str) -> None:
    """Draw the bars from the largest to the smallest, and a legend of their two looks."""
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    looks = ((True, f"active: {rule}", _ACTIVE), (False, "not active", _INACTIVE))
    for chosen, label, look in looks:
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


def active_units(variances: Mapping[str, ArrayLike], *, threshold: float = 0.01) -> Figure:
    """Draw how much the posterior mean of each unit varies over the rows, the largest first.

    Args:
        variances: by the name of the run, (D,) variances of the posterior means over rows.
        threshold: above which a unit is active.

    Returns:
        The figure: a curve for each run, with the number of its active units in the legend.

    Raises:
        InputError: no run.

    Example:
        >>> figure = active_units({"vae": [1.0, 0.9, 0.0]})
        >>> figure.axes[0].get_legend().get_texts()[0].get_text()
        'vae: 2 of 3 active'
    """
    if not variances:
        raise InputError("expected the variances of at least one run, got none")
    with style_context():
        figure = new_figure(WIDTH, height=3.6)
        axes = figure.add_subplot()
        for run, (name, each) in enumerate(variances.items()):
            values = np.sort(np.asarray(each, dtype=np.float64))[::-1]
            axes.plot(
                np.arange(1, len(values) + 1), np.maximum(values, 1e-6), markersize=4,
                label=f"{name}: {int((values > threshold).sum())} of {len(values)} active",
                color=_COLORS[run % len(_COLORS)], marker=MARKERS[run % len(MARKERS)],
            )  # fmt: skip
        axes.axhline(threshold, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set_yscale("log")
        # The default writes powers of ten as formulas, which are not parsed here.
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.set(xlabel="unit, by rank", ylabel="variance of its mean over rows")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="best")
    return figure


def bound_by_run(
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
        >>> figure = bound_by_run({"ELBO": {"a": -90.0, "b": -88.0}})
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['a', 'b']
    """
    names = list(dict.fromkeys(name for each in values.values() for name in each))
    if not names:
        raise InputError("expected the numbers of at least one run, got none")
    with style_context():
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


def bound_by_flow_length(
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
        levels: by what it is, the numbers of runs with another flow, by the name of the run.
        flow: the kind of flow whose length it is.

    Returns:
        The figure: a line for each number, and a dashed level of its colour for each such run.

    Raises:
        InputError: there are no numbers.

    Example:
        >>> lengths = {0: -148.0, 4: -147.0, 16: -146.0}
        >>> bound_by_flow_length({"ELBO": lengths}, flow="planar").axes[0].get_xlabel()
        'length of the planar flow'
    """
    if not any(values.values()):
        raise InputError("expected numbers for at least one length of a flow, got none")
    with style_context():
        figure = new_figure(WIDTH, height=3.8)
        axes = figure.add_subplot()
        for place, (what, points) in enumerate(values.items()):
            lengths, color = sorted(points), _COLORS[place % len(_COLORS)]
            known = (errors or {}).get(what, {})
            bars: Any = [known.get(length, np.nan) for length in lengths] if known else None
            axes.errorbar(
                lengths, [points[length] for length in lengths], yerr=bars, color=color,
                marker=MARKERS[place], markersize=6, capsize=3, label=what,
            )  # fmt: skip
            for name, value in (levels or {}).get(what, {}).items():
                axes.axhline(value, color=color, linewidth=1.2, linestyle=(0, (5, 2)))
                axes.annotate(
                    name, (1.0, value), xycoords=("axes fraction", "data"), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=9, color=color,
                    annotation_clip=False,
                )  # fmt: skip
        axes.set_xticks(sorted({length for points in values.values() for length in points}))
        axes.set_xlabel(" ".join(["length of the", *filter(None, [flow]), "flow"]))
        axes.set_ylabel("nats per row; higher is better")
        figure.legend(loc="outside upper left", ncols=3)
    return figure
