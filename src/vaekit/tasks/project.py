"""Codes of many dimensions, seen in two or three."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError

__all__ = ["Projection", "project"]

_PERPLEXITY = 30.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """Codes in a space that can be drawn."""

    points: NDArray[np.float64]
    """(B, dims)."""
    explained: NDArray[np.float64] | None
    """(dims,), share of the variance along each axis for PCA; t-SNE has none."""


def project(
    codes: NDArray[np.floating[Any]],
    *,
    method: Literal["pca", "tsne"] = "pca",
    dims: Literal[2, 3] = 2,
    seed: int = 0,
) -> Projection:
    """Project codes to two or three dimensions.

    PCA takes the directions of largest variance; distances in it are distances of the codes as
    far as these directions go. t-SNE keeps neighbours together and nothing else: sizes of
    clusters and distances between them say nothing.

    Args:
        codes: (B, D).
        method: pca or tsne.
        dims: of the result; at most D.
        seed: of t-SNE.

    Returns:
        Places of the codes.

    Raises:
        ConfigError: too few latent dimensions or too few codes.

    Example:
        >>> codes = np.random.default_rng(0).normal(size=(20, 5)) * [5, 1, 3, 1, 1]
        >>> found = project(codes)
        >>> found.points.shape, bool(found.explained[0] > found.explained[1])
        ((20, 2), True)

    Source:
        van der Maaten and Hinton 2008, "Visualizing Data using t-SNE", JMLR 9.
    """
    rows, width = codes.shape
    if width < dims:
        raise ConfigError(
            f"expected at least as many latent dimensions as the {dims} to project to, got {width}"
        )
    least = 5 if method == "tsne" else dims
    if rows < least:
        raise ConfigError(f"expected at least {least} codes for {method}, got {rows}")
    values = codes.astype(np.float64)
    if method == "pca":
        return _pca(values, dims=dims, seed=seed)
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, (rows - 1) / 3)
    found = TSNE(dims, perplexity=perplexity, init="pca", random_state=seed).fit_transform(values)
    return Projection(points=found.astype(np.float64), explained=None)


def _pca(values: NDArray[np.float64], *, dims: int, seed: int) -> Projection:
    """Along the directions of largest variance."""
    from sklearn.decomposition import PCA

    found = PCA(dims, random_state=seed)
    points = found.fit_transform(values)
    # Of codes that are all equal no share of a variance can be told.
    return Projection(points=points, explained=np.nan_to_num(found.explained_variance_ratio_))
