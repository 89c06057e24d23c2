"""Shift, scale and support of a data set, found in one pass over its training rows."""

from functools import reduce
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaekit.data.chunks import chunks, extremes
from vaekit.data.dataset import Dataset
from vaekit.data.index import Index
from vaekit.data.looking import gathered
from vaekit.errors import ConfigError

__all__ = ["Fitted", "fit_statistics", "mean_and_deviation"]

Scaling = Literal["unit", "standard", "none"]
Vector = NDArray[np.float64]


class Fitted(NamedTuple):
    """What was found.

    Args:
        shift: (F,) in raw units.
        scale: (F,) in one over raw units.
        scaling: how the two were found.
        support: what values they give: 0 or 1, in [0, 1], or any.
    """

    shift: Vector
    scale: Vector
    scaling: Scaling
    support: Literal["binary", "unit", "real"]


def fit_statistics(
    dataset: Dataset, *, scale: Literal["auto", "unit", "standard", "none"]
) -> Fitted:
    """Shift and scale from the training rows, and the support of what they give.

    Args:
        dataset: the rows.
        scale: "auto", "unit", "standard" or "none".

    Returns:
        Shift and scale (F,), the scaling that was chosen, and the support.

    Raises:
        ConfigError: an unknown scale.
    """
    if scale not in ("auto", "unit", "standard", "none"):
        raise ConfigError(f"expected the scale auto, unit, standard or none; got {scale!r}")
    scaling = _choose(dataset) if scale == "auto" else scale
    zeros, ones = np.zeros(dataset.features), np.ones(dataset.features)
    if scaling == "none":
        return Fitted(zeros, ones, scaling, _raw_support(dataset))
    if scaling == "standard":
        mean, deviation = mean_and_deviation(dataset.rows, index=dataset.split.train)
        return Fitted(mean, _inverse(deviation), scaling, "real")
    low, high = _range(dataset)
    binary = _only(dataset.rows, low=low, high=high)
    return Fitted(low, _inverse(high - low), scaling, "binary" if binary else "unit")


def _choose(dataset: Dataset) -> Scaling:
    return "unit" if dataset.is_image or _inside(dataset) else "standard"


def _inside(dataset: Dataset) -> bool:
    """True when all training values lie in [0, 1]."""
    found = extremes(dataset.rows, index=dataset.split.train)
    return bool(found.low.min() >= 0 and found.high.max() <= 1)


def _range(dataset: Dataset) -> tuple[Vector, Vector]:
    if dataset.value_range is not None:
        low, high = dataset.value_range
        return np.full(dataset.features, low), np.full(dataset.features, high)
    found = extremes(dataset.rows, index=dataset.split.train)
    if found.low.min() >= 0 and found.high.max() <= 1:
        return np.zeros(dataset.features), np.ones(dataset.features)
    return found.low.astype(np.float64), found.high.astype(np.float64)


def _raw_support(dataset: Dataset) -> Literal["binary", "unit", "real"]:
    found = extremes(dataset.rows)
    if found.low.min() < 0 or found.high.max() > 1:
        return "real"
    zeros, ones = np.zeros(dataset.features), np.ones(dataset.features)
    return "binary" if _only(dataset.rows, low=zeros, high=ones) else "unit"


def _only(rows: NDArray[Any], *, low: Vector, high: Vector) -> bool:
    """True when each value is the least or the greatest of its column; stops at the first other."""
    own = all(bool(((piece == low) | (piece == high)).all()) for _, piece in chunks(rows))
    return bool(gathered(own).all())


def _inverse(width: Vector) -> Vector:
    """One over the width; 1 where it is zero, so that a constant column stays finite."""
    return 1.0 / np.where(width > 0, width, 1.0)


def mean_and_deviation(rows: NDArray[Any], *, index: Index) -> tuple[Vector, Vector]:
    r"""Mean and standard deviation of each column, piece by piece.

    Two pieces of :math:`n` and :math:`m` rows with means :math:`a, b` and sums of squared
    deviations :math:`s, t` join to :math:`s + t + (b - a)^2 \, nm / (n + m)`.

    Args:
        rows: (N, F).
        index: which rows.

    Returns:
        Mean and standard deviation (F,), with divisor N; exactly 0 for a constant column.

    Example:
        >>> mean_and_deviation(np.array([[1.0], [3.0], [9.0]]), index=np.array([0, 1]))
        (array([2.]), array([1.]))

    Source:
        Chan, Golub and LeVeque (1979), Updating formulae and a pairwise algorithm for computing
        sample variances.
    """
    pieces = (piece for _, piece in chunks(rows, index=index, values=2**20))
    zero = np.zeros((3, rows.shape[1]))
    own = reduce(_joined, map(_moments, pieces), zero)
    count, mean, squares = reduce(_joined, gathered(own), zero)
    found = extremes(rows, index=index)
    return mean, np.where(found.low == found.high, 0.0, np.sqrt(squares / count))


def _moments(piece: NDArray[Any]) -> Vector:
    """(3, F) of each column how many rows, their mean, and the sum of squared deviations."""
    values = piece.astype(np.float64)
    centre = values.mean(axis=0)
    return np.stack([np.full_like(centre, len(values)), centre, ((values - centre) ** 2).sum(0)])


def _joined(one: Vector, other: Vector) -> Vector:
    """The moments of two pieces together; see above."""
    (count, mean, squares), (size, centre, more) = one, other
    if not size.any():  # a process without rows
        return one
    step, total = centre - mean, count + size
    return np.stack(
        [total, mean + step * size / total, squares + more + step**2 * count * size / total]
    )
