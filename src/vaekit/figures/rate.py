"""Which latent dimensions carry information."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError
from vaekit.figures.style import FIRST, GREY, WIDTH, new_figure, styled

__all__ = ["kl_per_dim"]

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
