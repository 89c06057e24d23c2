"""How well codes keep the neighbourhoods of points, and the distances along the sheet they form."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import DataError
from vaekit.tasks.places import evenly

__all__ = ["Neighbourhoods", "neighbourhoods"]

Array = NDArray[np.float64]

_NEIGHBOURS = 10
_MOST_POINTS = 3000  # every pair of them is compared
_MOST_GEODESICS = 1000  # a shortest path for each pair of them


@dataclass(frozen=True, kw_only=True)
class Neighbourhoods:
    """What of the order of points their codes keep: neighbours, and long distances."""

    trustworthiness: float
    """At most 1: whoever is near by the codes is near among the points. About 0.5 by chance."""
    geodesic_correlation: float
    """From -1 to 1: rank correlation of distances by the codes with those along the sheet."""


def neighbourhoods(
    points: ArrayLike, *, codes: ArrayLike, along: ArrayLike | None = None
) -> Neighbourhoods:
    r"""Measure how well codes keep the neighbourhoods of points.

    Trustworthiness asks whether neighbours by the codes are neighbours among the points:

    .. math:: T = 1 - \frac{2}{N k (2 N - 3 k - 1)} \sum_i \sum_{j \in U_i} (r_{ij} - k)

    with k = 10; :math:`U_i` are those of the k nearest of i by the codes that are not among its k
    nearest points, and :math:`r_{ij}` says that j is the r-th nearest point of i. It is 1 where no
    stranger came near, also where the sheet was cut. The other number sees the cuts:

    .. math:: \rho = \mathrm{corr}(\mathrm{rank}\, d_{ij}, \mathrm{rank}\, g_{ij})

    over all pairs, with distances :math:`d_{ij}` of the codes and :math:`g_{ij}` along the sheet:
    the lengths of the shortest paths through the graph of the ten nearest neighbours of each
    point. Where that graph falls apart its pieces are joined at their nearest points.

    Args:
        points: (N, P), such as rows in space; at most 3000 of them, evenly chosen, are looked at,
            and 1000 for distances along the sheet.
        codes: (N, D), of these points.
        along: (N,) or (N, E), coordinates on the sheet where they are known: then g is the
            straight distance between them, and no path is searched.

    Returns:
        Both numbers. Of codes that are all equal the correlation is 0.

    Raises:
        DataError: fewer than 21 points, another number of codes, or values that are not finite.

    Example:
        >>> sheet = np.random.default_rng(0).uniform(size=(200, 2))
        >>> bent = np.stack([np.cos(sheet[:, 0]), np.sin(sheet[:, 0]), sheet[:, 1]], axis=1)
        >>> found = neighbourhoods(bent, codes=sheet)
        >>> round(found.trustworthiness, 2), round(found.geodesic_correlation, 2)
        (1.0, 1.0)

    Source:
        Venna and Kaski 2001, "Neighborhood preservation in nonlinear projection methods", ICANN.
        Tenenbaum, de Silva and Langford 2000, "A global geometric framework for nonlinear
        dimensionality reduction", Science 290.
    """
    from sklearn.manifold import trustworthiness
    from sklearn.metrics import pairwise_distances

    places = _checked(points, name="points")
    coded = _checked(codes, name="codes", count=len(places))
    sheet = None if along is None else _checked(along, name="along", count=len(places))
    some = evenly(len(places), most=_MOST_POINTS)
    trusted = trustworthiness(places[some], coded[some], n_neighbors=_NEIGHBOURS)
    few = evenly(len(places), most=_MOST_GEODESICS)
    lengths = _geodesics(places[few]) if sheet is None else pairwise_distances(sheet[few])
    pairs = np.triu_indices(len(few), k=1)
    rank = _rank_correlation(pairwise_distances(coded[few])[pairs], lengths[pairs])
    return Neighbourhoods(trustworthiness=float(trusted), geodesic_correlation=rank)


def _checked(values: ArrayLike, *, name: str, count: int | None = None) -> Array:
    """Rows of finite numbers, as many as there are points."""
    rows: NDArray[Any] = np.asarray(values, dtype=np.float64)
    rows = rows[:, None] if rows.ndim == 1 and name == "along" else rows
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise DataError(f"{name}: expected an array (rows, numbers), got the shape {rows.shape}")
    least = 2 * _NEIGHBOURS + 1
    if len(rows) < least:
        raise DataError(
            f"{name}: expected at least {least} rows, twice the {_NEIGHBOURS} neighbours of each "
            f"and itself; got {len(rows)}"
        )
    if count is not None and len(rows) != count:
        raise DataError(f"{name}: expected one row for each of {count} points, got {len(rows)}")
    if not np.isfinite(rows).all():
        raise DataError(f"{name}: expected finite numbers; drop rows with missing values")
    return rows


def _geodesics(points: Array) -> Array:
    """Lengths (N, N) of the shortest paths from neighbour to neighbour."""
    from sklearn.manifold import Isomap

    # The other solvers would draw from numpy's global generator.
    search = Isomap(n_neighbors=_NEIGHBOURS, n_components=1, eigen_solver="dense")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a graph in pieces is joined is said above
        lengths: Array = search.fit(points).dist_matrix_
    return lengths


def _rank_correlation(a: Array, b: Array) -> float:
    """Spearman's; 0 where one side is constant."""
    first, second = (_ranks(each) for each in (a, b))
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / norm if norm > 0 else 0.0


def _ranks(values: Array) -> Array:
    """Ranks around their mean; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    shared = np.cumsum(counts) - (counts - 1) / 2
    ranks: Array = shared[inverse] - (len(values) + 1) / 2
    return ranks
