"""Refine filled features by one forest of extremely randomised trees for each column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.estimators.gaussian import Indicators

__all__ = ["ColumnForests", "fit_forests"]

_MIN_ROWS = 10
_LEAF_ROWS = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class ColumnForests:
    """Forests that predict the features of a column from those of all other columns."""

    indicators: Indicators
    """How cells are encoded as features."""
    forests: dict[int, Any]
    """Position of a column to its forest."""

    def refine(
        self, filled: NDArray[np.float64], *, missing: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Replace filled features by the predictions of the forests, all from the same start.

        Args:
            filled: (N, E) features without missing ones.
            missing: (N, E) which were missing.

        Returns:
            (N, E)
        """
        refined = filled.copy()
        for place, forest in self.forests.items():
            at = self.indicators.features(place)
            rows = np.flatnonzero(missing[:, at[0]])
            if len(rows):
                found = forest.predict(np.delete(filled[rows], at, axis=1).astype(np.float32))
                refined[np.ix_(rows, at)] = found.reshape(len(rows), len(at))
        return refined


def fit_forests(
    filled: NDArray[np.float64],
    *,
    missing: NDArray[np.bool_],
    indicators: Indicators,
    trees: int,
    seed: int,
) -> ColumnForests:
    """Fit a forest for each column to the rows that know it.

    Args:
        filled: (N, E) features, filled where missing.
        missing: (N, E) which were missing.
        indicators: how cells are encoded as features.
        trees: number of trees of each forest.
        seed: of the trees.

    Returns:
        The forests; columns with fewer than ten known cells, and single columns, have none.

    Source:
        Geurts, Ernst and Wehenkel 2006, Machine Learning 63; Stekhoven and Buehlmann 2012,
        Bioinformatics 28 (missForest).
    """
    from sklearn.ensemble import ExtraTreesRegressor

    forests = {}
    for place in np.unique(indicators.places).tolist():
        at = indicators.features(place)
        rows = np.flatnonzero(~missing[:, at[0]])
        if len(rows) < _MIN_ROWS or len(at) == filled.shape[1]:
            continue
        forest = ExtraTreesRegressor(trees, min_samples_leaf=_LEAF_ROWS, random_state=seed)
        target = filled[np.ix_(rows, at)]
        forest.fit(
            np.delete(filled[rows], at, axis=1).astype(np.float32),
            target if len(at) > 1 else target[:, 0],
        )
        forests[place] = forest
    return ColumnForests(indicators=indicators, forests=forests)
