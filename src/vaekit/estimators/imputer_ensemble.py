"""Combine a Gaussian, a variational autoencoder and forests by their error on held-out cells."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.estimators.forests import ColumnForests, fit_forests
from vaekit.estimators.gaussian import Gaussian, Indicators, fit_gaussian, fit_indicators
from vaekit.estimators.gaussian_imputer import impute_gaussian
from vaekit.inference import Imputation
from vaekit.tables import Column

__all__ = ["ImputerEnsemble", "Network", "fit_ensemble"]

_JUDGED_TREES = 15
_TREES = 25
_MAX_ROWS = 2000
_MIN_GAIN = 0.01
_LEAST_WEIGHT = 0.1
_SHRINKAGE = 0.1
_MIN_CELLS = 30
_PRIOR_CELLS = 50
_FOLDS = 5

Array = NDArray[np.float64]
Network = Callable[[Array, Indicators], Array]
"""From cells (N, C) to features (N, E) filled with expectations by a variational autoencoder."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ImputerEnsemble:
    """A weighted mean of imputers, with weights from their errors on held-out cells."""

    indicators: Indicators
    """How cells are encoded as features."""
    gaussian: Gaussian
    """Of the features; it gives the shape of draws and intervals."""
    forests: Mapping[str, ColumnForests]
    """Name of what they refine to forests."""
    weights: Mapping[str, float]
    """Member to its weight: "gaussian", "gaussian + trees", "network", "network + trees"."""
    errors: Mapping[str, float]
    """Mean squared error of single members, and of the weighted mean, on held-out cells."""
    widths: Array
    """(E,) factors that make the deviations of the Gaussian those of the held-out errors."""
    rows: int
    """N, of training."""
    ratios: Array
    """Absolute held-out errors in such deviations, sorted; empty where none were held out."""

    @property
    def members(self) -> tuple[str, ...]:
        """The imputers in the mean."""
        return tuple(self.weights)

    @property
    def has_network(self) -> bool:
        """Whether the autoencoder is among the members."""
        return _uses_network(self.members)

    def fill(self, cells: Array, *, network: Network | None) -> Array:
        """Compute the expectations of missing features.

        Args:
            cells: (N, C) NaN where missing.
            network: the autoencoder, where it is among the members.

        Returns:
            (N, E)
        """
        rows = self.indicators.transform(cells)
        found = _predict(
            cells,
            rows,
            wanted=self.members,
            indicators=self.indicators,
            gaussian=self.gaussian,
            forests=self.forests,
            network=network,
        )
        return np.where(np.isnan(rows), _mean(found, self.weights), rows)

    def complete(
        self,
        cells: Array,
        *,
        network: Network | None,
        draws: int,
        coverage: float | None,
        seed: int,
    ) -> Imputation:
        """Impute missing cells, with draws and intervals of the width of held-out errors.

        Args:
            cells: (N, C) NaN where missing.
            network: the autoencoder, where it is among the members.
            draws: M, tables to draw.
            coverage: probability that a missing number lies in its interval.
            seed: of the draws.

        Returns:
            The filled table, draws and intervals.
        """
        return impute_gaussian(
            cells,
            filled=self.fill(cells, network=network),
            spread=self.gaussian.fill(self.indicators.transform(cells))[1] * self.widths,
            gaussian=self.gaussian,
            indicators=self.indicators,
            draws=draws,
            quantile=0.0 if coverage is None else self.quantile(coverage),
            widths=self.widths,
            seed=seed,
        )

    def quantile(self, coverage: float) -> float:
        """Return the half-width of intervals in deviations: the conformal quantile.

        Args:
            coverage: probability that a missing number lies in its interval.

        Source:
            Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a Random World.
        """
        rank = math.ceil((len(self.ratios) + 1) * coverage)
        if rank <= len(self.ratios):
            return float(self.ratios[rank - 1])
        # too few held-out cells for this coverage: Chebyshev's inequality holds for any errors
        return math.sqrt(1 / (1 - coverage))


def fit_ensemble(
    cells: Array,
    *,
    held_out: NDArray[np.bool_],
    columns: Sequence[Column],
    network: Network | None,
    seed: int,
) -> tuple[ImputerEnsemble, Array]:
    r"""Weigh members by their errors on held-out cells, then fit them to all cells.

    The weights of M members minimise the error of the weighted mean, drawn towards equal ones:

    .. math::
        \min_w w^T C w + \lambda \frac{\operatorname{tr} C}{M} \sum_i (w_i - \tfrac1M)^2,
        \quad w_i \ge 0, \quad \sum_i w_i = 1

    with the second moments C of the errors on held-out cells and :math:`\lambda = 0.1`. Members
    below a tenth are left out. The network has to lower the error by 1 %, and the forests have to
    lower that of the Gaussian. It is taken alone where fewer than 30 cells are held out.

    Args:
        cells: (N, C) NaN where missing.
        held_out: (N, C) known cells, hidden from the network in training.
        columns: C of them.
        network: the autoencoder, where there is one.
        seed: of the forests.

    Returns:
        The ensemble; the cells (N, C) as its members imputed them without the held-out ones.
    """
    hidden = np.where(held_out, np.nan, cells)
    indicators = fit_indicators(hidden, columns=columns)
    gaussian = fit_gaussian(indicators.transform(hidden))
    judged = np.flatnonzero(held_out.any(1))
    rows, truth = indicators.transform(hidden[judged]), indicators.transform(cells[judged])
    tested = np.isnan(rows) & ~np.isnan(truth)
    few = int(held_out.sum()) < _MIN_CELLS
    names = ["gaussian"] if few else ["gaussian", "gaussian + trees"]
    names += [] if few or network is None else ["network", "network + trees"]
    given: dict[str, Any] = {"gaussian": gaussian, "network": network}
    forests = _fit_forests(
        hidden, indicators=indicators, names=names, trees=_JUDGED_TREES, seed=seed, **given
    )
    found = _predict(
        hidden[judged], rows, wanted=names, indicators=indicators, forests=forests, **given
    )

    def error(weights: Mapping[str, float]) -> float:
        return float(np.square(_mean(found, weights) - truth)[tested].mean())

    weights = {"gaussian": 1.0}
    if not few:
        errors_of = {name: (found[name] - truth)[tested] for name in names}
        plain = _weigh({name: errors_of[name] for name in names if not _uses_network([name])})
        plain = min(weights, plain, key=error)
        weights = _weigh(errors_of)
        if error(weights) > (1 - _MIN_GAIN) * error(plain):
            weights = plain
    mean = _mean(found, weights)
    spread = np.where(tested, gaussian.fill(rows)[1], 0.0)
    residuals = np.zeros(rows.shape)
    residuals[tested] = _cross_fitted({name: (found[name] - truth)[tested] for name in weights})
    widths = _widths(residuals, spread=spread, tested=tested)
    numeric = ~np.array([indicators.is_levelled(place) for place in indicators.places])
    used = tested & numeric & (spread > 0)
    without = _widths(residuals, spread=spread, tested=tested, without_own=True)
    ratios = np.sort(np.abs(residuals)[used] / (spread * without)[used])
    judgement = hidden.copy()
    judgement[judged] = indicators.inverse_transform(np.where(np.isnan(rows), mean, rows))
    errors = {name: error({name: 1.0}) for name in names} if tested.any() else {}
    errors |= {"weighted mean": error(weights)} if tested.any() else {}

    given["indicators"] = indicators = fit_indicators(cells, columns=columns)
    given["gaussian"] = gaussian = fit_gaussian(indicators.transform(cells))
    forests = _fit_forests(cells, names=list(weights), trees=_TREES, seed=seed, **given)
    ensemble = ImputerEnsemble(
        indicators=indicators,
        gaussian=gaussian,
        forests=forests,
        weights=weights,
        errors=errors,
        widths=widths,
        rows=len(cells),
        ratios=ratios,
    )
    return ensemble, judgement


def _mean(found: Mapping[str, Array], weights: Mapping[str, float]) -> Array:
    """The weighted mean of filled features."""
    mean: Array = np.sum([weight * found[name] for name, weight in weights.items()], axis=0)
    return mean


def _weigh(errors: Mapping[str, Array]) -> dict[str, float]:
    """Member to its weight, from the errors (T,) of each; only those of some weight."""
    names = list(errors)
    rows = np.stack([errors[name] for name in names])
    moments = rows @ rows.T / rows.shape[1]
    pull = _SHRINKAGE * float(np.trace(moments)) / len(names) + 1e-12
    best, least = {names[0]: 1.0}, math.inf
    for size in range(1, len(names) + 1):
        for chosen in map(list, itertools.combinations(range(len(names)), size)):
            part = moments[np.ix_(chosen, chosen)] + pull * np.eye(size)
            weights = np.linalg.solve(part, np.ones(size))
            # the pull towards 1 / M is the same for all members, so it cancels in the constraint
            weights /= weights.sum()
            loss = float(weights @ part @ weights)
            if weights.min() >= _LEAST_WEIGHT and loss < least:
                best = {
                    names[at]: float(weight) for at, weight in zip(chosen, weights, strict=True)
                }
                least = loss
    return best


def _uses_network(members: Sequence[str]) -> bool:
    return any(name.startswith("network") for name in members)


def _cross_fitted(errors: Mapping[str, Array]) -> Array:
    """Errors (T,) of the weighted mean, with weights from cells of other folds."""
    count = len(next(iter(errors.values())))
    mean = np.zeros(count)
    for fold in range(_FOLDS):
        inside = np.arange(count) % _FOLDS == fold
        if inside.all() or not inside.any():
            weights = _weigh(errors) if count else dict.fromkeys(errors, 1.0)
        else:
            weights = _weigh({name: each[~inside] for name, each in errors.items()})
        mean[inside] = _mean({name: each[inside] for name, each in errors.items()}, weights)
    return mean


def _widths(
    residuals: Array, *, spread: Array, tested: NDArray[np.bool_], without_own: bool = False
) -> Array:
    """Ratios (E,) of held-out errors to deviations, drawn towards that of all features.

    Without its own error, that of each cell (N, E): what the cell would be judged by if it were
    a new one.
    """
    if not tested.any():
        return np.ones(tested.shape[1])
    errors, variances = np.square(residuals), np.square(spread)
    pooled = errors.sum() / max(variances.sum(), 1e-12)
    typical = _PRIOR_CELLS * variances.sum() / tested.sum()
    above, below = errors.sum(0), variances.sum(0)
    if without_own:
        above, below = above - errors, below - variances
    ratios: Array = (above + pooled * typical) / (below + typical + 1e-12)
    return np.sqrt(ratios)


def _start(
    cells: Array,
    rows: Array,
    *,
    indicators: Indicators,
    gaussian: Gaussian,
    network: Network | None,
) -> Array:
    """Features (N, E) as the network fills them, or the Gaussian where there is no network."""
    return gaussian.fill(rows)[0] if network is None else network(cells, indicators)


def _fit_forests(
    cells: Array,
    *,
    indicators: Indicators,
    names: Sequence[str],
    gaussian: Gaussian,
    network: Network | None,
    trees: int,
    seed: int,
) -> dict[str, ColumnForests]:
    """Fit the forests of those members that have some, to at most 2000 rows."""
    chosen = np.random.default_rng(seed).permutation(len(cells))[:_MAX_ROWS]
    part = cells[np.sort(chosen)]
    rows = indicators.transform(part)
    return {
        start: fit_forests(
            _start(part, rows, indicators=indicators, gaussian=gaussian, network=model),
            missing=np.isnan(rows),
            indicators=indicators,
            trees=trees,
            seed=seed,
        )
        for start, model in (("gaussian", None), ("network", network))
        if f"{start} + trees" in names
    }


def _predict(
    cells: Array,
    rows: Array,
    *,
    wanted: Sequence[str],
    indicators: Indicators,
    gaussian: Gaussian,
    forests: Mapping[str, ColumnForests],
    network: Network | None,
) -> dict[str, Array]:
    """Member to filled features (N, E)."""
    found = {}
    for start, model in (("gaussian", None), ("network", network)):
        asked = [name for name in wanted if name.split(" +")[0] == start]
        if asked:
            filled = _start(cells, rows, indicators=indicators, gaussian=gaussian, network=model)
            found[start] = filled
            if f"{start} + trees" in asked:
                found[f"{start} + trees"] = forests[start].refine(filled, missing=np.isnan(rows))
    return found
