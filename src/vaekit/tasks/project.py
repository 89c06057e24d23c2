"""Codes of many dimensions, seen in two or three."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Projection", "project"]

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
        from vaekit.figures import draw_scatter

        draw_scatter(ax, self.points, labels=labels, classes=classes, axis_labels=self.axis_labels)


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
