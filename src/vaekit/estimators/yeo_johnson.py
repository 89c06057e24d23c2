"""Yeo-Johnson power transform of skewed columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaekit.tables import Column

__all__ = ["YeoJohnson", "fit_yeo_johnson"]


# scikit-learn's PowerTransformer has no limits for lambda: below 0 or above 2 the transform is
# bounded on one side, and the farthest outlier would come out near the other values
_LAMBDAS = np.linspace(0.0, 2.0, 41)
_FARTHEST = 1e100


@dataclass(frozen=True, kw_only=True, eq=False)
class YeoJohnson:
    r"""A Yeo-Johnson transform of each real column of a table.

    .. math:: t(u) = \frac{(1 + u)^\lambda - 1}{\lambda} \; (u \ge 0), \quad
              t(u) = -\frac{(1 - u)^{2 - \lambda} - 1}{2 - \lambda} \; (u < 0), \quad
              u = \frac{x - m}{s}

    with the logarithm where an exponent is 0. :math:`\lambda` lies between 0 and 2, so the
    transform is unbounded on both sides.

    Args:
        places: (P,) positions of the columns in the table.
        mean: (P,) m.
        scale: (P,) s, their standard deviations.
        lambdas: (P,) :math:`\lambda`.
    """

    places: NDArray[np.int64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    lambdas: NDArray[np.float64]

    def transform(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Transform the real columns.

        Args:
            cells: (N, C) NaN where missing.

        Returns:
            (N, C), the other columns unchanged.
        """
        found = cells.copy()
        found[:, self.places] = _yeo_johnson(
            (cells[:, self.places] - self.mean) / self.scale, self.lambdas
        )
        return found


def fit_yeo_johnson(cells: NDArray[np.float64], *, columns: Sequence[Column]) -> YeoJohnson:
    r"""Choose the maximum-likelihood :math:`\lambda` of each real column on a grid.

    Args:
        cells: (N, C) NaN where missing.
        columns: C of them; only real ones with at least two values are transformed.

    Returns:
        The transform.

    Example:
        >>> skewed = np.exp(np.random.default_rng(0).normal(size=(500, 1)))
        >>> found = fit_yeo_johnson(skewed, columns=[Column(name="a", kind="real")])
        >>> float(found.lambdas[0]) < 0.2
        True

    Source:
        Yeo and Johnson 2000, A new family of power transformations, Biometrika 87.
    """
    places = [
        place
        for place, column in enumerate(columns)
        if column.kind == "real" and len(np.unique(cells[~np.isnan(cells[:, place]), place])) > 1
    ]
    chosen = cells[:, places]
    size = np.nanmax(np.abs(chosen), axis=0, initial=0.0)
    size[size == 0] = 1.0
    mean, scale = (of(chosen / size, axis=0) * size for of in (np.nanmean, np.nanstd))
    scale[scale == 0] = 1.0
    standard = (chosen - mean) / scale
    slopes = np.nansum(np.sign(standard) * np.log1p(np.abs(standard)), axis=0)
    known = (~np.isnan(standard)).sum(0)
    log_likelihoods = [
        (each - 1) * slopes - known / 2 * np.log(np.nanvar(_yeo_johnson(standard, each), axis=0))
        for each in _LAMBDAS
    ]
    return YeoJohnson(
        places=np.array(places, np.int64),
        mean=mean,
        scale=scale,
        lambdas=_LAMBDAS[np.argmax(log_likelihoods, axis=0)] if places else np.empty(0),
    )


def _yeo_johnson(
    u: NDArray[np.float64], lambdas: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Apply the transform; NaN stays."""
    exponent = np.where(u < 0, 2.0 - lambdas, np.broadcast_to(lambdas, u.shape))
    log_size = np.log1p(np.minimum(np.abs(u), _FARTHEST))
    safe = np.where(exponent == 0, 1.0, exponent)
    grown: NDArray[np.float64] = np.where(exponent == 0, log_size, np.expm1(safe * log_size) / safe)
    return np.sign(u) * grown
