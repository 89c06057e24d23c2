"""A multivariate Gaussian fitted to incomplete rows by expectation maximisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaekit.estimators.tables import LEVELLED
from vaekit.tables import Column

__all__ = ["Gaussian", "Indicators", "fit_gaussian", "fit_indicators"]

_BLOCK_NUMBERS = 2**21
_START_ROWS = 4000

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Indicators:
    """Encodes cells as standardised numbers and one indicator for each level.

    Args:
        columns: C, of the encoded table.
        places: (E,) the column of each feature.
        shift: (E,) subtracted first.
        scale: (E,) divisor.
        low: (C,) least value of a filled number.
        high: (C,) greatest value.
    """

    columns: Sequence[Column]
    places: NDArray[np.int64]
    shift: Array
    scale: Array
    low: Array
    high: Array

    def features(self, place: int) -> NDArray[np.int64]:
        """Return the positions of the features of a column.

        Args:
            place: position of the column.
        """
        return np.flatnonzero(self.places == place)

    def is_levelled(self, place: int) -> bool:
        """Whether a column has indicators.

        Args:
            place: position of the column.
        """
        return self.columns[place].kind in LEVELLED

    def transform(self, cells: Array) -> Array:
        """Encode cells.

        Args:
            cells: (N, C) NaN where missing.

        Returns:
            (N, E) NaN where missing.
        """
        rows = cells[:, self.places].astype(np.float64)
        for place in np.unique(self.places):
            if self.is_levelled(place):
                at = self.features(place)
                known = np.where(np.isnan(cells[:, [place]]), np.nan, 0.0)
                rows[:, at] = (cells[:, [place]] == np.arange(len(at))) + known
        return (rows - self.shift) / self.scale

    def inverse_transform(self, rows: Array) -> Array:
        """Decode features: numbers, and the level of the greatest indicator.

        Args:
            rows: (N, E)

        Returns:
            (N, C) NaN in columns that are not modelled.
        """
        cells = np.full((len(rows), len(self.columns)), np.nan)
        numbers = rows * self.scale + self.shift
        for place in np.unique(self.places):
            at = self.features(place)
            if self.is_levelled(place):
                cells[:, place] = numbers[:, at].argmax(1)
            else:
                cells[:, place] = np.clip(numbers[:, at[0]], self.low[place], self.high[place])
        return cells

    def probabilities(self, rows: Array, *, place: int) -> Array:
        """Return the probabilities of the levels of a column from its indicators.

        Args:
            rows: (N, E)
            place: position of the column.

        Returns:
            (N, L) indicators cut off at 0, divided by their sum.
        """
        at = self.features(place)
        found = np.clip(rows[:, at] * self.scale[at] + self.shift[at], 1e-6, None)
        shares: Array = found / found.sum(1, keepdims=True)
        return shares


def fit_indicators(cells: Array, *, columns: Sequence[Column]) -> Indicators:
    """Find shift and scale of each feature from the known cells.

    Args:
        cells: (N, C) NaN where missing.
        columns: C of them.

    Returns:
        The encoding; its filled numbers stay within the range of the known cells, but for real
        columns and times.
    """
    places, shift, scale = [], [], []
    low, high = np.full(len(columns), -np.inf), np.full(len(columns), np.inf)
    for place, column in enumerate(columns):
        known = cells[~np.isnan(cells[:, place]), place]
        if not column.modelled or not len(known):
            continue
        count = len(column.levels) if column.kind in LEVELLED else 1
        places += [place] * count
        if column.kind in LEVELLED:
            shares = (known[:, None] == np.arange(count)).mean(0)
            shift += shares.tolist()
            # one unit for all levels: the greatest indicator is then the most probable level
            scale += [float(np.sqrt((shares * (1 - shares)).mean())) or 1.0] * count
        else:
            size = float(np.abs(known).max()) or 1.0
            shift.append(float(np.mean(known / size)) * size)
            scale.append(float(np.std(known / size)) * size or 1.0)
            if column.kind not in ("real", "datetime"):
                low[place], high[place] = known.min(), known.max()
    return Indicators(
        columns=columns,
        places=np.array(places, np.int64),
        shift=np.array(shift),
        scale=np.array(scale),
        low=low,
        high=high,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Gaussian:
    """A Gaussian, and the distribution of missing features given the known ones."""

    mean: Array
    """(E,)."""
    covariance: Array
    """(E, E)."""
    objective: tuple[float, ...] = ()
    """Penalised log-likelihood of the rows after each iteration, in nats."""

    def fill(self, rows: Array) -> tuple[Array, Array]:
        """Compute conditional means and standard deviations.

        Args:
            rows: (N, E) NaN where missing.

        Returns:
            (N, E) rows with conditional means; (N, E) standard deviations, 0 where known.
        """
        filled, spread = rows.copy(), np.zeros_like(rows)
        for part, means, _, covariances, which in self._condition(rows):
            filled[part] = means
            variances = np.diagonal(covariances, axis1=1, axis2=2)[which]
            spread[part] = np.sqrt(np.clip(variances, 0, None))
        return filled, spread

    def noise(self, rows: Array, *, draw: np.random.Generator) -> Array:
        """Draw what is added to the conditional means, jointly for the features of a row.

        Args:
            rows: (N, E) NaN where missing.
            draw: source of the random numbers.

        Returns:
            (N, E) 0 where known.
        """
        noise = draw.normal(size=rows.shape)
        for part, _, _, covariances, which in self._condition(rows):
            values, vectors = np.linalg.eigh(covariances)
            roots = vectors * np.sqrt(np.clip(values, 0, None))[:, None, :]
            noise[part] = (roots[which] @ noise[part][:, :, None])[:, :, 0]
        return np.where(np.isnan(rows), noise, 0.0)

    def expect(self, rows: Array) -> tuple[Array, Array, float]:
        """Compute expected sufficient statistics and the log-likelihood of the known features.

        Args:
            rows: (N, E) NaN where missing.

        Returns:
            (E,) sums; (E, E) sums of products about the mean; the log-likelihood in nats.
        """
        size = len(self.mean)
        sums, products, total = np.zeros(size), np.zeros((size, size)), 0.0
        for part, means, logs, covariances, which in self._condition(rows):
            counts = np.bincount(which, minlength=len(covariances))
            centred = means - self.mean
            sums += centred.sum(0)
            products += centred.T @ centred + np.tensordot(counts, covariances, 1)
            total += float(logs.sum())
            total -= 0.5 * float(np.log(2 * np.pi)) * float((~np.isnan(rows[part])).sum())
        return sums, products, total

    def _condition(
        self, rows: Array
    ) -> Iterator[tuple[NDArray[np.intp], Array, Array, Array, NDArray[np.intp]]]:
        """Yield for blocks of rows: positions, filled rows, log-densities, covariances, patterns.

        The log-densities lack the constant; covariances (P, E, E) are conditional, one for each
        pattern, and the last item is the pattern of each row.
        """
        packed = np.packbits(np.isnan(rows), axis=1)
        keys = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
        _, patterns = np.unique(keys, return_inverse=True)
        order = np.argsort(patterns, kind="stable")
        step = max(1, _BLOCK_NUMBERS // max(1, rows.shape[1] ** 2))
        for start in range(0, len(rows), step):
            part = order[start : start + step]
            _, first, which = np.unique(patterns[part], return_index=True, return_inverse=True)
            known = ~np.isnan(rows[part[first]])
            both = known[:, :, None] & known[:, None, :]
            # the identity stands for missing features, so that all matrices have one size
            inner = np.where(both, self.covariance, np.eye(len(self.mean)))
            precision = np.linalg.inv(inner)
            cross = np.where(~known[:, :, None] & known[:, None, :], self.covariance, 0.0)
            slopes = cross @ precision
            outer = np.where(~known[:, :, None] & ~known[:, None, :], self.covariance, 0.0)
            covariances = outer - slopes @ cross.transpose(0, 2, 1)
            logdet = np.linalg.slogdet(inner)[1]
            missing = np.isnan(rows[part])
            centred = np.where(missing, 0.0, rows[part] - self.mean)
            expected = (slopes[which] @ centred[:, :, None])[:, :, 0] + self.mean
            distance = (centred * (precision[which] @ centred[:, :, None])[:, :, 0]).sum(1)
            means = np.where(missing, expected, rows[part])
            yield part, means, -0.5 * (distance + logdet[which]), covariances, which


def fit_gaussian(
    rows: Array, *, ridge: float = 1e-2, max_iter: int = 200, tol: float = 1e-5
) -> Gaussian:
    r"""Fit mean and covariance to the known features of incomplete rows.

    Expectation maximisation of the penalised log-likelihood, which no iteration decreases:

    .. math::
        \sum_n \log N(x_{o,n}; \mu_o, \Sigma_{oo})
            - \tfrac{N \lambda}{2} \operatorname{tr} \Sigma^{-1}

    Rows are grouped by which of their features are known. More than 4000 rows start at the
    solution of 4000 of them.

    Args:
        rows: (N, E) standardised, NaN where missing.
        ridge: lambda, added to the variances.
        max_iter: most iterations.
        tol: least gain in nats for a row that is worth another iteration.

    Returns:
        The Gaussian.

    Example:
        >>> rows = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, np.nan]])
        >>> fitted = fit_gaussian(rows, ridge=1e-4, max_iter=500, tol=1e-9)
        >>> fitted.fill(rows)[0][2].round(2)
        array([4., 5.])

    Source:
        Dempster, Laird and Rubin 1977, J. R. Stat. Soc. B 39; Little and Rubin 2019, Statistical
        Analysis with Missing Data, chapter 11.
    """
    rows = rows[~np.isnan(rows).all(1)]
    size = rows.shape[1]
    fitted = Gaussian(mean=np.zeros(size), covariance=np.eye(size))
    if len(rows) > _START_ROWS:
        start = np.random.default_rng(0).choice(len(rows), _START_ROWS, replace=False)
        fitted = fit_gaussian(rows[np.sort(start)], ridge=ridge, max_iter=max_iter, tol=tol)
    objective: list[float] = []
    mean, covariance = fitted.mean, fitted.covariance
    for _ in range(max_iter if len(rows) else 0):
        now = Gaussian(mean=mean, covariance=covariance)
        sums, products, total = now.expect(rows)
        trace = float(np.trace(np.linalg.pinv(covariance))) if ridge else 0.0
        objective.append(total - 0.5 * len(rows) * ridge * trace)
        if len(objective) > 1 and objective[-1] - objective[-2] < tol * len(rows):
            break
        step = sums / len(rows)
        mean = mean + step
        covariance = products / len(rows) - np.outer(step, step) + ridge * np.eye(size)
        covariance = (covariance + covariance.T) / 2
    return Gaussian(mean=mean, covariance=covariance, objective=tuple(objective))
