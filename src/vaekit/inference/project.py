"""Project codes to two or three dimensions, and measure what the projection keeps."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import ConfigError, DataError, MissingExtraError
from vaekit.inference.landmarks import evenly

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Neighbourhoods", "Projection", "neighbourhoods", "project"]


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
    nearest points, and :math:`r_{ij}` says that j is the r-th nearest point of i. It is 1 where the
    nearest neighbours by the codes are nearest neighbours among the points, also where neighbouring
    points were separated. The rank correlation falls where they were:

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


Method = Literal["pca", "tsne", "umap"]

_AXES = {"pca": "PC", "tsne": "t-SNE", "umap": "UMAP"}

_PERPLEXITY = 30.0
_UMAP_NEIGHBOURS = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """Codes in a space that can be drawn."""

    points: NDArray[np.float64]
    """(B, dims)."""
    explained: NDArray[np.float64] | None
    """(dims,), share of the variance along each axis for PCA; the others have none."""
    method: Method
    """How they were found."""

    @property
    def axis_labels(self) -> tuple[str, ...]:
        """What the axes are: the method, their number, and for PCA the share of the variance.

        Example:
            >>> place = np.zeros((1, 2))
            >>> Projection(points=place, explained=np.array([0.6, 0.3]), method="pca").axis_labels
            ('PC 1 (60%)', 'PC 2 (30%)')
        """
        names = [f"{_AXES[self.method]} {axis + 1}" for axis in range(self.points.shape[1])]
        if self.explained is None:
            return tuple(names)
        shares = zip(names, self.explained.tolist(), strict=True)
        return tuple(f"{name} ({share:.0%})" for name, share in shares)

    def plot(
        self, ax: "Axes", *, labels: ArrayLike | None = None, classes: Sequence[str] = ()
    ) -> None:
        """Draw the points into axes, a colour, a marker and a name for each class.

        Args:
            ax: of any figure; made with ``projection="3d"`` for three dimensions.
            labels: (B,), indices into ``classes``; below 0 for rows without one.
            classes: names of the labels; the numbers themselves when absent.

        Raises:
            InputError: axes of another number of dimensions, or not one label for each point.

        Example:
            >>> from matplotlib.figure import Figure
            >>> ax = Figure().add_subplot()
            >>> Projection(points=np.eye(2), explained=None, method="tsne").plot(ax)
            >>> ax.get_xlabel()
            't-SNE 1'
        """
        from vaekit.figures import latent_scatter

        latent_scatter(
            self.points, labels=labels, classes=classes, axis_labels=self.axis_labels, ax=ax
        )


def project(
    codes: NDArray[np.floating[Any]],
    *,
    method: Method = "pca",
    dims: Literal[2, 3] = 2,
    seed: int = 0,
) -> Projection:
    """Project codes to two or three dimensions.

    PCA takes the directions of largest variance; distances in it are distances of the codes as
    far as these directions go. t-SNE keeps neighbours together and nothing else: sizes of
    clusters and distances between them say nothing. UMAP keeps neighbours together as well, and
    somewhat more of how clusters lie to each other; its sizes say nothing either.

    Args:
        codes: (B, D).
        method: pca, tsne or umap; the last needs the package umap-learn.
        dims: of the result; at most D.
        seed: of t-SNE and UMAP.

    Returns:
        Places of the codes.

    Raises:
        ConfigError: too few latent dimensions or too few codes.
        MissingExtraError: umap without umap-learn.

    Example:
        >>> codes = np.random.default_rng(0).normal(size=(20, 5)) * [5, 1, 3, 1, 1]
        >>> found = project(codes)
        >>> found.points.shape, bool(found.explained[0] > found.explained[1])
        ((20, 2), True)

    Source:
        van der Maaten and Hinton 2008, "Visualizing Data using t-SNE", JMLR 9. McInnes, Healy
        and Melville 2018, arXiv:1802.03426.
    """
    rows, width = codes.shape
    if width < dims:
        raise ConfigError(
            f"expected at least as many latent dimensions as the {dims} to project to, got {width}"
        )
    least = dims if method == "pca" else 5
    if rows < least:
        raise ConfigError(f"expected at least {least} codes for {method}, got {rows}")
    values = codes.astype(np.float64)
    if method == "pca":
        return _pca(values, dims=dims, seed=seed)
    embed = _tsne if method == "tsne" else _umap
    return Projection(points=embed(values, dims=dims, seed=seed), explained=None, method=method)


def _pca(values: NDArray[np.float64], *, dims: int, seed: int) -> Projection:
    """Along the directions of largest variance."""
    from sklearn.decomposition import PCA

    found = PCA(dims, random_state=seed)
    points = found.fit_transform(values)
    # Of codes that are all equal no share of a variance can be told.
    shares = np.nan_to_num(found.explained_variance_ratio_)
    return Projection(points=points, explained=shares, method="pca")


def _tsne(values: NDArray[np.float64], *, dims: int, seed: int) -> NDArray[np.float64]:
    """By neighbours, each pulled towards those that were near."""
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, (len(values) - 1) / 3)
    found = TSNE(dims, perplexity=perplexity, init="pca", random_state=seed).fit_transform(values)
    points: NDArray[np.float64] = found.astype(np.float64)
    return points


def _umap(values: NDArray[np.float64], *, dims: int, seed: int) -> NDArray[np.float64]:
    """By a graph of neighbours, laid out with one thread so that a seed gives one result."""
    with warnings.catch_warnings():
        # of packages it would have liked to find, and of how its compiler works
        warnings.simplefilter("ignore")
        try:
            from umap import UMAP
        except ImportError:
            raise MissingExtraError("umap-learn", extra="umap", purpose="umap") from None
        count = min(_UMAP_NEIGHBOURS, len(values) - 1)
        search = UMAP(n_components=dims, n_neighbors=count, random_state=seed, n_jobs=1)
        points: NDArray[np.float64] = search.fit_transform(values).astype(np.float64)
    return points
