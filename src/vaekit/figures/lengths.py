"""A bound against the length of a flow."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vaekit.errors import InputError
from vaekit.figures.style import FIRST, MARKERS, SECOND, THIRD, WIDTH, new_figure, styled

__all__ = ["bound_by_length"]

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
