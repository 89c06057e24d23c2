"""Impute missing values by a multivariate Gaussian."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import ConfigError
from vaekit.estimators.gaussian import Gaussian, Indicators, fit_gaussian, fit_indicators
from vaekit.estimators.table_imputer import TableImputer
from vaekit.inference import Imputation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GaussianImputer", "impute_gaussian"]


class GaussianImputer(TableImputer):
    r"""Impute missing values by the Gaussian of maximum likelihood.

    Mean and covariance are fitted to the known cells by expectation maximisation
    (:func:`vaekit.estimators.gaussian.fit_gaussian`). A missing number is imputed by its
    conditional mean:

    .. math::
        E[x_m | x_o] = \mu_m + \Sigma_{mo} \Sigma_{oo}^{-1} (x_o - \mu_o)

    The levels of a column are indicators, one for each, and the level of the greatest
    conditional mean is imputed. Tables, kinds and columns without a known cell are treated as
    by :class:`vaekit.estimators.VAEImputer`.

    Args:
        ridge: added to the variances, in units of the variance of each column.
        max_iter: most iterations.
        tol: least gain of log-likelihood, in nats for a row, that is worth another iteration.
        kinds: for a DataFrame, column to kind where it is known better: "count", "bounded:0:100".
        keep_empty_features: keep columns without a known cell in training: zeros in an array, as
            they came in a DataFrame.
        random_state: seed, or generator, of the draws.

    Attributes:
        gaussian_: mean, covariance and objective of each iteration, of the features.
        indicators_: how cells are encoded as features.
        n_iter_: iterations over all rows.
        format_: how tables are encoded, and the kinds of their columns.
        seed_: of the draws.
        n_features_in_: columns in training.
        feature_names_in_: their names, where they had any.

    Example:
        >>> table = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, np.nan], [6.0, 7.0]])
        >>> GaussianImputer(ridge=1e-4).fit_transform(table)[2].round(1)
        array([4., 5.])

    Source:
        Little and Rubin 2019, Statistical Analysis with Missing Data, chapter 11.
    """

    gaussian_: Gaussian
    indicators_: Indicators

    def __init__(
        self,
        *,
        ridge: float = 1e-2,
        max_iter: int = 200,
        tol: float = 1e-5,
        kinds: Mapping[str, str] | None = None,
        keep_empty_features: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.ridge = ridge
        self.max_iter = max_iter
        self.tol = tol
        self.kinds = kinds
        self.keep_empty_features = keep_empty_features
        self.random_state = random_state

    def fit(self, X: ArrayLike | pd.DataFrame, y: object = None) -> GaussianImputer:
        """Fit the Gaussian to the known cells of a table.

        Args:
            X: (N, C) an array of numbers, or a DataFrame; missing values are NaN, None or NA.
            y: ignored.

        Returns:
            Itself.

        Raises:
            ConfigError: a parameter out of range.
            DataError: a column that cannot be modelled as its kind.
        """
        if not self.ridge > 0 or self.max_iter < 1 or not self.tol >= 0:
            raise ConfigError(
                "expected ridge above 0, max_iter from 1 and tol from 0; got "
                f"{self.ridge}, {self.max_iter} and {self.tol}"
            )
        cells = self._open_table(X)
        self.indicators_ = fit_indicators(cells, columns=self.format_.columns)
        self.gaussian_ = fit_gaussian(
            self.indicators_.transform(cells),
            ridge=self.ridge,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.n_iter_ = max(1, len(self.gaussian_.objective))
        return self

    def _complete_cells(
        self, cells: NDArray[np.float64], *, draws: int, coverage: float | None
    ) -> Imputation:
        """Impute the missing cells (N, C)."""
        rows = self.indicators_.transform(cells)
        filled, spread = self.gaussian_.fill(rows)
        return impute_gaussian(
            cells,
            filled=filled,
            spread=spread,
            gaussian=self.gaussian_,
            indicators=self.indicators_,
            draws=draws,
            quantile=0.0 if coverage is None else NormalDist().inv_cdf(0.5 + coverage / 2),
            seed=self.seed_,
        )

    def _probabilities(self, cells: NDArray[np.float64], *, place: int) -> NDArray[np.float64]:
        """(N, L) of the levels of a column, all cells of which are missing."""
        features, _ = self.gaussian_.fill(self.indicators_.transform(cells))
        return self.indicators_.probabilities(features, place=place)

    def _collapsed(
        self, cells: NDArray[np.float64], effective: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """No rows (N,): no samples are drawn."""
        return np.zeros(len(cells), np.bool_)


def impute_gaussian(
    cells: NDArray[np.float64],
    *,
    filled: NDArray[np.float64],
    spread: NDArray[np.float64],
    gaussian: Gaussian,
    indicators: Indicators,
    draws: int,
    quantile: float,
    widths: NDArray[np.float64] | None = None,
    seed: int,
) -> Imputation:
    """Fill cells with means, and draw with the conditional covariances of a Gaussian.

    The level of a drawn cell has the probabilities of its indicators, and depends on the other
    drawn cells by the noise of the most probable indicator.

    Args:
        cells: (N, C) NaN where missing.
        filled: (N, E) features with means.
        spread: (N, E) conditional standard deviations.
        gaussian: of the features.
        indicators: how cells are encoded.
        draws: M, tables to draw.
        quantile: half-width of intervals in standard deviations.
        widths: (E,) factors of the standard deviations of draws; 1 when absent.
        seed: of the draws.

    Returns:
        The filled table, draws and intervals.
    """
    missing = np.isnan(cells)

    def restore(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(missing, indicators.inverse_transform(rows), cells)

    draw, tables = np.random.default_rng(seed), []
    for _ in range(draws):
        noise = gaussian.noise(indicators.transform(cells), draw=draw)
        table = restore(filled + noise * (1.0 if widths is None else widths))
        for place in filter(indicators.is_levelled, np.unique(indicators.places)):
            at = indicators.features(place)
            shares = indicators.probabilities(filled, place=place)
            likely = shares.argmax(1)[:, None]
            scale = np.take_along_axis(spread[:, at], likely, 1)
            moved = np.take_along_axis(noise[:, at], likely, 1)
            ratio = np.divide(moved, scale, out=np.zeros_like(moved), where=scale > 0)
            uniform = torch.special.ndtr(torch.from_numpy(ratio)).numpy()
            # the most probable level comes last, so that its indicator decides whether it is drawn
            order = np.argsort(shares, axis=1, kind="stable")
            levels = np.take_along_axis(shares, order, 1).cumsum(1)[:, :-1]
            chosen = np.take_along_axis(order, (uniform > levels).sum(1)[:, None], 1)[:, 0]
            table[:, place] = np.where(missing[:, place], chosen, cells[:, place])
        tables.append(table)
    return Imputation(
        filled=restore(filled),
        draws=np.array(tables) if tables else np.empty((0, *cells.shape)),
        low=restore(filled - quantile * spread),
        high=restore(filled + quantile * spread),
        effective_samples=np.full(len(cells), np.inf),
    )
