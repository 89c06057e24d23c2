"""Pool the results of multiple imputation by Rubin's rules."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import ConfigError, DataError

__all__ = ["Pooled", "pool"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pooled:
    """Estimates from several imputed tables, each of shape (...)."""

    estimate: NDArray[np.float64]
    """Mean of the estimates."""
    standard_error: NDArray[np.float64]
    """Square root of the total variance."""
    degrees_of_freedom: NDArray[np.float64]
    """By Barnard and Rubin; infinite where the estimates are equal and the table is large."""
    missing_information: NDArray[np.float64]
    """Fraction of missing information."""
    low: NDArray[np.float64]
    """Lower end of the interval."""
    high: NDArray[np.float64]
    """Upper end."""


def pool(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    complete_df: float = math.inf,
    coverage: float = 0.95,
) -> Pooled:
    r"""Pool estimates and their variances over M imputed tables.

    .. math::
        T = \bar U + (1 + \tfrac1M) B, \quad \lambda = (1 + \tfrac1M) B / T, \quad
        \frac1\nu = \frac{\lambda^2}{M - 1}
            + \frac{\nu_c + 3}{\nu_c (\nu_c + 1) (1 - \lambda)}

    with the mean :math:`\bar U` of the variances and the variance B between the estimates.

    Args:
        estimates: (M, ...) one for each table.
        variances: (M, ...) squared standard errors.
        complete_df: nu_c, degrees of freedom if no cell were missing, such as N - 1 of a mean.
        coverage: of the intervals, by Student's distribution.

    Returns:
        Estimates, standard errors, degrees of freedom, missing information and intervals.

    Raises:
        ConfigError: a coverage that is not between 0 and 1, or degrees of freedom not above 0.
        DataError: fewer than two tables, other shapes, or a negative variance.

    Example:
        >>> pooled = pool([1.0, 2.0, 3.0], [0.5, 0.5, 0.5])
        >>> float(pooled.estimate), round(float(pooled.standard_error), 3)
        (2.0, 1.354)

    Source:
        Rubin 1987, Multiple Imputation for Nonresponse in Surveys; Barnard and Rubin 1999,
        Biometrika 86.
    """
    from scipy.stats import t as student

    found, within = np.asarray(estimates, np.float64), np.asarray(variances, np.float64)
    if found.shape != within.shape or found.ndim < 1 or len(found) < 2:
        raise DataError(
            "expected estimates and variances of one shape (M, ...) with M from 2; got "
            f"{found.shape} and {within.shape}"
        )
    if not (within >= 0).all():
        raise DataError(f"expected variances from 0; got {within.min()}")
    if not 0 < coverage < 1 or not complete_df > 0:
        raise ConfigError(
            "expected a coverage between 0 and 1 and complete_df above 0; got "
            f"{coverage} and {complete_df}"
        )
    count, mean = len(found), found.mean(0)
    inner, between = within.mean(0), (1 + 1 / len(found)) * found.var(0, ddof=1)
    total = inner + between
    share = np.divide(between, total, out=np.zeros_like(total), where=total > 0)
    inverse = share**2 / (count - 1)
    if math.isfinite(complete_df):
        factor = (complete_df + 3) / (complete_df * (complete_df + 1))
        inverse = inverse + factor / np.clip(1 - share, 1e-12, None)
    df = np.divide(1.0, inverse, out=np.full_like(total, np.inf), where=inverse > 0)
    # (r + 2 / (df + 3)) / (r + 1), with r / (r + 1) = share
    missing = share + (1 - share) * 2 / (df + 3)
    error = np.sqrt(total)
    half: Any = student.ppf(0.5 + coverage / 2, df) * error
    return Pooled(
        estimate=mean,
        standard_error=error,
        degrees_of_freedom=df,
        missing_information=missing,
        low=mean - half,
        high=mean + half,
    )
