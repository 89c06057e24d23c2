"""Small multiples of table columns."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.style import FIRST, GREY, SECOND, WIDTH, as_rows, new_figure, styled

__all__ = ["column_scatter", "marginals", "pair_scatter"]


_LARGEST_NUMBER_OF_PANELS = 12
_POINTS = 2000  # drawn in a panel; more would only darken it
_ACROSS = 3
_BINS = 30


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
    seen, made = _pair(inputs, outputs, names=("inputs", "outputs"))
    if len(seen) != len(made):
        raise InputError(f"expected an output for each of {len(seen)} inputs, got {len(made)}")
    labels = _labels(names, features=seen.shape[1])
    with styled():
        figure, panels = _panels(min(len(labels), _LARGEST_NUMBER_OF_PANELS))
        for column, axes in enumerate(panels):
            x, y = seen[:, column], made[:, column]
            axes.axline((_middle(x), _middle(x)), slope=1, color=GREY, linewidth=1)
            some = _some(len(x))
            axes.plot(x[some], y[some], "o", color=FIRST, markersize=2.5, alpha=0.6, mew=0)
            axes.set_title(labels[column], fontsize=9)
            axes.text(0.04, 0.95, _r_squared(x, y), transform=axes.transAxes, va="top", fontsize=9)
        figure.supxlabel("input (units of the column)", fontsize=10)
        figure.supylabel("reconstruction", fontsize=10)
        _headline(figure, title, shown=len(panels), total=len(labels))
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
    seen, made = _pair(data, samples, names=("data", "samples"))
    labels = _labels(names, features=seen.shape[1])
    with styled():
        figure, panels = _panels(min(len(labels), _LARGEST_NUMBER_OF_PANELS))
        for column, axes in enumerate(panels):
            bins = _bins(seen[:, column], made[:, column])
            for values, name in ((seen, "data"), (made, "samples")):
                _histogram(axes, values[:, column], bins=bins, name=name)
            axes.set_title(labels[column], fontsize=9)
            axes.set_yticks([])
        figure.supxlabel("value (units of the column)", fontsize=10)
        figure.supylabel("share of rows", fontsize=10)
        handles, texts = panels[0].get_legend_handles_labels()
        figure.legend(handles, texts, loc="outside upper right", ncols=2)
        _headline(figure, title, shown=len(panels), total=len(labels))
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
    seen, made = _pair(data, samples, names=("data", "samples"))
    if seen.shape[1] not in (2, 3):
        raise InputError(f"expected 2 or 3 columns, got {seen.shape[1]}; marginals takes any")
    labels = _labels(names, features=seen.shape[1])
    pairs = list(itertools.combinations(range(len(labels)), 2))
    with styled():
        figure = new_figure(WIDTH, height=2.8 * len(pairs) + 0.4)
        grid = figure.subplots(len(pairs), 2, squeeze=False, sharex="row", sharey="row")
        for (first, second), line in zip(pairs, grid, strict=True):
            for axes, rows, name in zip(line, (seen, made), ("data", "samples"), strict=True):
                some = _some(len(rows))
                color, marker = _look(name)
                axes.plot(
                    rows[some, first], rows[some, second], marker, color=color, markersize=2.5,
                    alpha=0.6, mew=0, label=name,
                )  # fmt: skip
                axes.set_title(name.capitalize())
                axes.set_xlabel(labels[first])
                axes.set_ylabel(labels[second])
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    return figure


def _pair(
    first: ArrayLike, second: ArrayLike, *, names: tuple[str, str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two arrays with the same columns."""
    rows = as_rows(first, name=names[0])
    return rows, as_rows(second, features=rows.shape[1], name=names[1])


def _labels(names: Sequence[str], *, features: int) -> list[str]:
    """Names of the columns, short enough for a panel."""
    if names and len(names) != features:
        raise InputError(f"expected the names of {features} columns, got {len(names)}")
    full = list(names) or [f"column {column + 1}" for column in range(features)]
    return [name if len(name) <= 20 else name[:19] + "…" for name in full]


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Make a figure with so many panels, three in a line."""
    across = min(count, _ACROSS)
    lines = math.ceil(count / across)
    figure = new_figure(WIDTH, height=max(2.2 * lines + 0.6, 3.2))
    grid = figure.subplots(lines, across, squeeze=False).ravel()
    for axes in grid[count:]:
        axes.remove()
    for axes in grid[:count]:
        axes.locator_params(nbins=4)
    return figure, list(grid[:count])


def _headline(figure: Figure, title: str | None, *, shown: int, total: int) -> None:
    """Set the title, and say when there are more columns than panels."""
    parts = [title] if title else []
    if shown < total:
        parts.append(f"first {shown} of {total} columns")
    if parts:
        figure.suptitle(": ".join(parts), x=0.01, ha="left")


def _some(count: int) -> NDArray[np.int64]:
    """Evenly spread indices of the rows to draw, all where they are few."""
    return np.linspace(0, count - 1, min(count, _POINTS)).astype(np.int64)


def _middle(values: NDArray[np.float64]) -> float:
    """Mean of the finite values, 0 where there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else 0.0


def _r_squared(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """Share of the variance of x that y explains; a constant column has none to explain."""
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    total = float(((x - x.mean()) ** 2).sum()) if x.size else 0.0
    return f"R² {1 - float(((x - y) ** 2).sum()) / total:.2f}" if total else "constant"


def _bins(data: NDArray[np.float64], samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bin edges over all data and over the samples without their outermost half percent."""
    parts = [np.zeros(0)]
    for values, shares in ((data, (0.0, 1.0)), (samples, (0.005, 0.995))):
        finite = values[np.isfinite(values)]
        parts += [np.quantile(finite, shares)] if finite.size else []
    both = np.concatenate(parts)
    low, high = (float(both.min()), float(both.max())) if both.size else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1.0, _BINS + 1)


def _histogram(
    axes: Axes, values: NDArray[np.float64], *, bins: NDArray[np.float64], name: str
) -> None:
    """Draw the share of rows in each bin: data filled, samples as an outline."""
    heights = np.histogram(values[np.isfinite(values)], bins=bins)[0] / max(len(values), 1)
    filled = name == "data"
    color = _look(name)[0]
    axes.stairs(
        heights,
        bins,
        color=color,
        fill=filled,
        alpha=0.35 if filled else 1.0,
        label=name,
        linewidth=1.6,
    )


def _look(name: str) -> tuple[str, str]:
    """Colour and marker of data and of samples."""
    return (FIRST, "o") if name == "data" else (SECOND, "^")
