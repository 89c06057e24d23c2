"""Small multiples of table columns."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.style import (
    FIRST,
    GREY,
    SECOND,
    WIDTH,
    as_rows,
    new_figure,
    set_title,
    small_multiples,
    style_context,
)

__all__ = ["column_scatter", "marginals", "pair_scatter"]

Array = NDArray[np.float64]

_MOST_PANELS = 12
_MOST_POINTS = 2000  # drawn in a panel; more would only darken it
_BINS = 30
_LOOKS = {"data": (FIRST, "o"), "samples": (SECOND, "^")}


def column_scatter(
    inputs: ArrayLike,
    *,
    outputs: ArrayLike,
    names: Sequence[str] = (),
    title: str | None = None,
) -> Figure:
    """Draw input against reconstruction, a panel for each of the first twelve columns.

    A perfect reconstruction lies on the diagonal. R² is 1 minus the squared error over the
    squared deviation from the column's mean, over all rows.

    Args:
        inputs: (B, F), in the units of the columns.
        outputs: (B, F), row for row the reconstructions.
        names: of the F columns.
        title: above the panels.

    Returns:
        The figure.

    Raises:
        InputError: inputs and outputs differ in shape.

    Example:
        >>> figure = column_scatter(np.eye(3), outputs=np.eye(3), names=("a", "b", "c"))
        >>> figure.axes[0].get_title(loc="left"), figure.axes[0].texts[0].get_text()
        ('a', 'R² 1.00')
    """
    x, y = _two_tables(inputs, outputs, names=("inputs", "outputs"))
    if len(x) != len(y):
        raise InputError(f"expected an output for each of {len(x)} inputs, got {len(y)}")
    some = _spread_evenly(len(x))
    with _column_panels(_labels(names, features=x.shape[1]), title=title) as (figure, panels):
        for axes, true, made in zip(panels, x.T, y.T, strict=False):
            finite = true[np.isfinite(true)]
            middle = float(finite.mean()) if finite.size else 0.0
            axes.axline((middle, middle), slope=1, color=GREY, linewidth=1)
            axes.plot(true[some], made[some], "o", color=FIRST, markersize=2.5, alpha=0.6, mew=0)
            axes.text(0.04, 0.95, _r2(true, made), transform=axes.transAxes, va="top", fontsize=9)
        figure.supxlabel("input (units of the column)", fontsize=10)
        figure.supylabel("reconstruction", fontsize=10)
    return figure


def marginals(
    data: ArrayLike,
    *,
    samples: ArrayLike,
    names: Sequence[str] = (),
    title: str | None = None,
) -> Figure:
    """Draw the histogram of data and of samples, a panel for each of the first twelve columns.

    Args:
        data: (B, F), in the units of the columns.
        samples: (K, F), drawn from the model, in the same units.
        names: of the F columns.
        title: above the panels.

    Returns:
        The figure.

    Raises:
        InputError: data and samples have different columns.

    Example:
        >>> len(marginals(np.eye(4), samples=np.eye(4)).axes)
        4
    """
    tables = _two_tables(data, samples, names=("data", "samples"))
    with _column_panels(_labels(names, features=tables[0].shape[1]), title=title) as (
        figure,
        panels,
    ):
        for axes, seen, made in zip(panels, tables[0].T, tables[1].T, strict=False):
            bins = _bin_edges(seen, made)
            for values, name, filled in ((seen, "data", True), (made, "samples", False)):
                counts = np.histogram(values[np.isfinite(values)], bins=bins)[0]
                axes.stairs(
                    counts / max(len(values), 1), bins, color=_LOOKS[name][0], fill=filled,
                    alpha=0.35 if filled else 1.0, label=name, linewidth=1.6,
                )  # fmt: skip
            axes.set_yticks([])
        figure.supxlabel("value (units of the column)", fontsize=10)
        figure.supylabel("share of rows", fontsize=10)
        handles, texts = panels[0].get_legend_handles_labels()
        figure.legend(handles, texts, loc="outside upper right", ncols=2)
    return figure


def pair_scatter(
    data: ArrayLike,
    *,
    samples: ArrayLike,
    names: Sequence[str] = (),
    title: str | None = None,
) -> Figure:
    """Draw data beside samples for each pair of two or three columns.

    Args:
        data: (B, F) with F of 2 or 3.
        samples: (K, F), drawn from the model.
        names: of the F columns.
        title: above the panels.

    Returns:
        The figure: for each pair of columns a panel of data and one of samples, on the same axes.

    Raises:
        InputError: there is another number of columns, or they differ.

    Example:
        >>> len(pair_scatter(np.eye(3), samples=np.eye(3)).axes)
        6
    """
    seen, made = _two_tables(data, samples, names=("data", "samples"))
    if seen.shape[1] not in (2, 3):
        raise InputError(f"expected 2 or 3 columns, got {seen.shape[1]}; marginals takes any")
    labels = _labels(names, features=seen.shape[1])
    pairs = list(itertools.combinations(range(len(labels)), 2))
    with style_context():
        figure = new_figure(WIDTH, height=2.8 * len(pairs) + 0.4)
        grid = figure.subplots(len(pairs), 2, squeeze=False, sharex="row", sharey="row")
        for (first, second), panels in zip(pairs, grid, strict=True):
            for axes, rows, name in zip(panels, (seen, made), _LOOKS, strict=True):
                color, marker = _LOOKS[name]
                points = rows[_spread_evenly(len(rows))][:, [first, second]]
                axes.plot(*points.T, marker, color=color, markersize=2.5, alpha=0.6, mew=0)
                axes.set(xlabel=labels[first], ylabel=labels[second])
                axes.set_title(name.capitalize())
        set_title(figure, title=title)
    return figure


def _two_tables(
    first: ArrayLike, second: ArrayLike, *, names: tuple[str, str]
) -> tuple[Array, Array]:
    """Check two arrays with the same columns."""
    rows = as_rows(first, name=names[0])
    return rows, as_rows(second, features=rows.shape[1], name=names[1])


def _labels(names: Sequence[str], *, features: int) -> list[str]:
    """Return the names of the columns, short enough for a panel."""
    if names and len(names) != features:
        raise InputError(f"expected the names of {features} columns, got {len(names)}")
    full = list(names) or [f"column {column + 1}" for column in range(features)]
    return [name if len(name) <= 20 else name[:19] + "…" for name in full]


@contextmanager
def _column_panels(
    labels: Sequence[str], *, title: str | None
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Make a panel for each of the first twelve columns; the title says how many there are."""
    count = min(len(labels), _MOST_PANELS)
    with style_context():
        # A single row of panels is somewhat higher.
        height = 2.2 if count > 3 else 2.6
        figure, panels = small_multiples(count, columns=3, height=height, extra=0.6)
        for axes, label in zip(panels, labels, strict=False):
            axes.locator_params(nbins=4)
            axes.set_title(label, fontsize=9)
        more = f"first {count} of {len(labels)} columns" if count < len(labels) else ""
        set_title(figure, title=": ".join(filter(None, [title, more])))
        yield figure, panels


def _spread_evenly(count: int) -> NDArray[np.int64]:
    """Return evenly spread indices of the rows to draw, all where they are few."""
    return np.linspace(0, count - 1, min(count, _MOST_POINTS)).astype(np.int64)


def _r2(x: Array, y: Array) -> str:
    """Format the share of the variance of x that y explains; a constant column has none."""
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    total = float(((x - x.mean()) ** 2).sum()) if x.size else 0.0
    return f"R² {1 - float(((x - y) ** 2).sum()) / total:.2f}" if total else "constant"


def _bin_edges(data: Array, samples: Array) -> Array:
    """Return bin edges over all data, and over the samples without their outermost half percent."""
    parts = [np.zeros(0)]
    for values, shares in ((data, (0.0, 1.0)), (samples, (0.005, 0.995))):
        finite = values[np.isfinite(values)]
        parts += [np.quantile(finite, shares)] if finite.size else []
    both = np.concatenate(parts)
    low, high = (float(both.min()), float(both.max())) if both.size else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1.0, _BINS + 1)
