"""Yeo-Johnson power transform of skewed columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaekit.tables import Column

__all__ = ["Powers", "find_powers"]


_TRIED = np.linspace(0.0, 2.0, 41)
_FARTHEST = 1e100


@dataclass(frozen=True, kw_only=True, eq=False)
class Powers:
    r"""A power of each real column, by Yeo and Johnson.

    .. math:: t(u) = \frac{(1 + u)^\lambda - 1}{\lambda} \; (u \ge 0), \quad
              t(u) = -\frac{(1 - u)^{2 - \lambda} - 1}{2 - \lambda} \; (u < 0), \quad
              u = \frac{x - m}{s}

    with the logarithm where an exponent is 0. Powers lie between 0 and 2, so the map grows
    without bound on both sides: a value that is far away stays far away.

    Args:
        places: (P,) positions of the columns in the table.
        middle: (P,) m, their means.
        spread: (P,) s, their standard deviations.
        power: (P,) :math:`\lambda`.
    """

    places: NDArray[np.int64]
    middle: NDArray[np.float64]
    spread: NDArray[np.float64]
    power: NDArray[np.float64]

    def straighten(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the powers.

        Args:
            cells: (N, C) NaN where missing.

        Returns:
            (N, C), the other columns as they were.
        """
        found = cells.copy()
        found[:, self.places] = _power(
            (cells[:, self.places] - self.middle) / self.spread, self.power
        )
        return found


def find_powers(cells: NDArray[np.float64], *, columns: Sequence[Column]) -> Powers:
    """The most probable power of each real column, were its power a Gaussian variable.

    Args:
        cells: (N, C) NaN where missing.
        columns: C of them; only real ones with two values or more are looked at.

    Returns:
        The powers.

    Example:
        >>> skewed = np.exp(np.random.default_rng(0).normal(size=(500, 1)))
        >>> powers = find_powers(skewed, columns=[Column(name="a", kind="real")])
        >>> float(powers.power[0]) < 0.2
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
    middle, spread = (of(chosen / size, axis=0) * size for of in (np.nanmean, np.nanstd))
    spread[spread == 0] = 1.0
    standard = (chosen - middle) / spread
    slopes = np.nansum(np.sign(standard) * np.log1p(np.abs(standard)), axis=0)
    known = (~np.isnan(standard)).sum(0)
    likely = [
        (power - 1) * slopes - known / 2 * np.log(np.nanvar(_power(standard, power), axis=0))
        for power in _TRIED
    ]
    return Powers(
        places=np.array(places, np.int64),
        middle=middle,
        spread=spread,
        power=_TRIED[np.argmax(likely, axis=0)] if places else np.empty(0),
    )


def _power(u: NDArray[np.float64], power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The map of Yeo and Johnson; NaN stays."""
    exponent = np.where(u < 0, 2.0 - power, np.broadcast_to(power, u.shape))
    log_size = np.log1p(np.minimum(np.abs(u), _FARTHEST))
    safe = np.where(exponent == 0, 1.0, exponent)
    grown: NDArray[np.float64] = np.where(exponent == 0, log_size, np.expm1(safe * log_size) / safe)
    return np.sign(u) * grown
