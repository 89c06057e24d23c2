"""Named latent points: class centroids, quantiles, rows."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import DataError

__all__ = ["ClassPlace", "class_means", "class_place", "evenly", "normal_quantiles"]


_NEIGHBOURS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassPlace:
    """Where a class lies among the others."""

    mean: NDArray[np.float64]
    """(D,), the mean of its codes."""
    own: float
    """Share of the class among the ten codes that are nearest to its mean. Where it is small the
    class lies in several places, and its mean between them, where others may be."""
    densest: int
    """Position of the code of the class whose ten nearest of the class are closest together."""


def class_means(
    codes: NDArray[np.floating[Any]], *, labels: NDArray[np.int64]
) -> dict[int, NDArray[np.float64]]:
    """Mean code of each class.

    Args:
        codes: (B, D).
        labels: (B,); below 0 for rows without one.

    Returns:
        For each label that occurs, in ascending order, (D,).

    Raises:
        DataError: not one label for each code, or no code has one.

    Example:
        >>> codes = np.array([[0.0, 2.0], [0.0, 4.0], [1.0, 1.0]])
        >>> class_means(codes, labels=np.array([7, 7, 3]))
        {3: array([1., 1.]), 7: array([0., 3.])}
    """
    if labels.shape != (len(codes),):
        raise DataError(f"expected a label for each of {len(codes)} codes, got {labels.shape}")
    present = np.unique(labels[labels >= 0])
    if len(present) == 0:
        raise DataError("expected codes of labelled rows; none of these has a label")
    return {int(label): codes[labels == label].mean(0, dtype=np.float64) for label in present}


def class_place(
    codes: NDArray[np.floating[Any]], *, labels: NDArray[np.int64], label: int
) -> ClassPlace:
    """Say where the codes of a class lie, and whether their mean is a place of the class.

    Args:
        codes: (B, D).
        labels: (B,); below 0 for rows without one.
        label: of the class.

    Returns:
        The mean, the share of the class around it, and where the class is densest.

    Raises:
        DataError: no code has this label.

    Example:
        >>> codes = np.array([[-1.0], [-1.0], [0.0], [0.1], [1.0]])
        >>> place = class_place(codes, labels=np.array([1, 1, 0, 0, 1]), label=1)
        >>> place.mean.round(2), place.own, place.densest
        (array([-0.33]), 0.6, 0)
    """
    from sklearn.neighbors import NearestNeighbors

    means = class_means(codes, labels=labels)
    if label not in means:
        raise DataError(f"no row has the label {label}; there are {sorted(means)}")
    around = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(codes))).fit(codes)
    near = around.kneighbors(means[label][None], return_distance=False)[0]
    members = np.flatnonzero(labels == label)
    inside = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(members))).fit(codes[members])
    reach = inside.kneighbors(codes[members])[0][:, -1]
    return ClassPlace(
        mean=means[label],
        own=float((labels[near] == label).mean()),
        densest=int(members[reach.argmin()]),
    )


def normal_quantiles(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Where N(0, 1) has these probabilities below: the inverse of its distribution function.

    Args:
        probabilities: any shape, above 0 and below 1.

    Returns:
        The same shape.

    Example:
        >>> normal_quantiles([0.5, 0.975]).round(2).tolist()
        [0.0, 1.96]
    """
    inverse = np.vectorize(NormalDist().inv_cdf, otypes=[float])
    quantiles: NDArray[np.float64] = inverse(np.asarray(probabilities, dtype=np.float64))
    return quantiles


def evenly(count: int, *, most: int) -> NDArray[np.int64]:
    """At most so many positions, spread evenly over all.

    Args:
        count: N, positions from 0.
        most: to take.

    Returns:
        Ascending positions, all of them where there are not more.

    Example:
        >>> evenly(9, most=3)
        array([0, 4, 8])
    """
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)
