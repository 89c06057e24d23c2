"""How alike two samples of rows are: by columns, by pairs, and to forests that learn on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["associations", "marginal_distances", "predictabilities", "ranks", "told_apart"]

_TREES = 50
_FOLDS = 3
_FEW_VALUES = 20


def ranks(
    cells: NDArray[np.float64], *, among: NDArray[np.float64], levelled: NDArray[np.bool_]
) -> NDArray[np.float64]:
    r"""Numbers as their ranks in a sample, from 0 to 1; levels as they are.

    .. math:: r(x) = \frac{\#\{i : a_i < x\} + \#\{i : a_i \le x\}}{2 n}

    Args:
        cells: (N, C) NaN where missing.
        among: (n, C) the sample; every column has a known cell.
        levelled: (C,) which columns hold levels.

    Returns:
        (N, C)

    Example:
        >>> among = np.array([[1.0], [2.0], [2.0], [9.0]])
        >>> ranks(np.array([[0.0], [2.0], [9.5]]), among=among, levelled=np.array([False])).ravel()
        array([0. , 0.5, 1. ])
    """
    found = cells.copy()
    for place in np.flatnonzero(~levelled).tolist():
        known = np.sort(among[~np.isnan(among[:, place]), place])
        below = np.searchsorted(known, cells[:, place], side="left")
        up_to = np.searchsorted(known, cells[:, place], side="right")
        found[:, place] = (below + up_to) / (2 * len(known))
    return np.where(np.isnan(cells), np.nan, found)


def marginal_distances(
    cells: NDArray[np.float64], other: NDArray[np.float64], *, levelled: NDArray[np.bool_]
) -> NDArray[np.float64]:
    r"""How far apart the distributions of each column are, from 0 to 1.

    Total variation for levels, and for numbers of which there are at most 20 in both samples;
    the statistic of Kolmogorov and Smirnov for other numbers:

    .. math:: \tfrac12 \sum_l |p_l - q_l|, \quad \max_x |F_p(x) - F_q(x)|

    Args:
        cells: (N, C) NaN where missing.
        other: (M, C).
        levelled: (C,) which columns hold levels.

    Returns:
        (C,) over the known cells; 1 where one sample has none in a column.

    Example:
        >>> one, two = np.array([[0.0], [1.0]]), np.array([[1.0], [1.0]])
        >>> marginal_distances(one, two, levelled=np.array([True]))
        array([0.5])
    """
    return np.array(
        [
            _distance(
                _known(cells[:, place]), _known(other[:, place]), levels=bool(levelled[place])
            )
            for place in range(cells.shape[1])
        ]
    )


def _known(column: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sort(column[~np.isnan(column)])


def _distance(one: NDArray[np.float64], two: NDArray[np.float64], *, levels: bool) -> float:
    if not len(one) or not len(two):
        return 1.0
    values = np.unique(np.concatenate([one, two]))
    shares = [np.searchsorted(each, values, side="right") / len(each) for each in (one, two)]
    difference = shares[0] - shares[1]
    if levels or len(values) <= _FEW_VALUES:
        return float(np.abs(np.diff(difference, prepend=0.0)).sum() / 2)
    return float(np.abs(difference).max())


def associations(cells: NDArray[np.float64], *, levelled: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How strongly columns go together, each pair over the rows where both are known.

    Correlation for two columns of numbers (of their ranks, if ranks come), Cramer's V for two of
    levels, and the correlation ratio for one of each.

    Args:
        cells: (N, C) NaN where missing.
        levelled: (C,) which columns hold levels.

    Returns:
        (C (C - 1) / 2,) from -1 to 1, pairs in the order of ``numpy.triu_indices(C, 1)``; 0 where
        a column does not vary.

    Example:
        >>> rows = np.array([[0, 1.0, 2.0], [0, 2.0, 4.0], [1, 3.0, 6.0], [1, 4.0, 8.0]])
        >>> associations(rows, levelled=np.array([True, False, False])).round(2)
        array([0.89, 0.89, 1.  ])
    """
    found = []
    for one, two in zip(*np.triu_indices(cells.shape[1], 1), strict=True):
        pair = cells[:, [one, two]]
        pair = pair[~np.isnan(pair).any(1)]
        if len(pair) > 1:
            x, y = _columns(pair, levels=(bool(levelled[one]), bool(levelled[two])))
            found.append(_association(x, y))
        else:
            found.append(0.0)
    return np.array(found)


def _columns(pair: NDArray[np.float64], *, levels: tuple[bool, bool]) -> list[NDArray[np.float64]]:
    """Both columns centred: numbers (N, 1), levels one-hot (N, L)."""
    made = []
    for column, levelled in zip(pair.T, levels, strict=True):
        each = column[:, None]
        if levelled:
            each = (each == np.unique(column)).astype(float)
        made.append(each - each.mean(0))
    return made


def _association(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    r"""Correlation, correlation ratio or Cramer's V, by the widths of two centred matrices.

    All three are :math:`\sqrt{\mathrm{tr}(C_x^+ C_{xy} C_y^+ C_{yx}) / r}` of the covariances,
    with r the lesser rank, and the correlation keeps its sign.
    """
    spread = [each.std(0).max(initial=0.0) for each in (x, y)]
    if min(spread) < 1e-12:
        return 0.0
    across = x.T @ y
    weighted = _inverse(x) @ across @ _inverse(y) @ across.T
    rank = min(max(1, each.shape[1] - 1) for each in (x, y))
    size = float(np.sqrt(max(0.0, np.trace(weighted)) / rank))
    both_numbers = x.shape[1] == y.shape[1] == 1
    return float(np.sign(across[0, 0])) * size if both_numbers else size


def _inverse(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Generalised inverse of the scatter of a centred column, or of centred one-hot levels."""
    if x.shape[1] == 1:
        return 1.0 / (x.T @ x)
    # any one level says nothing more than the others: 1 / count on the diagonal is an inverse
    return np.diag(1.0 / ((x > 0).sum(0)))


def predictabilities(
    cells: NDArray[np.float64],
    *,
    tested: NDArray[np.float64],
    levelled: NDArray[np.bool_],
    targets: NDArray[np.int64],
    seed: int,
) -> NDArray[np.float64]:
    r"""How well a forest that learns on one sample predicts columns of another from the rest.

    .. math:: R^2 = 1 - \frac{\sum_i \|y_i - \hat y_i\|^2}{\sum_i \|y_i - \bar y\|^2}

    over the rows of the second sample where the target is known, with its own mean; of levels,
    y is one-hot and its prediction the probabilities of the levels, so this is the skill of the
    Brier score.

    Args:
        cells: (N, C) to learn on, NaN where missing.
        tested: (M, C) to predict.
        levelled: (C,) which columns hold levels.
        targets: columns to predict, one after the other.
        seed: of the forests.

    Returns:
        (T,) 1 is perfect, 0 no better than the mean of the second sample; below 0 it is worse.

    Example:
        >>> rows = np.repeat(np.arange(40.0)[:, None], 2, axis=1)
        >>> none, first = np.array([False, False]), np.array([0])
        >>> found = predictabilities(rows, tested=rows, levelled=none, targets=first, seed=0)
        >>> bool(found[0] > 0.9)
        True

    Source:
        Esteban, Hyland and Raetsch 2017, arXiv:1706.02633 (train on synthetic, test on real).
    """
    return np.array(
        [
            _predictability(cells, tested, target=target, levels=bool(levelled[target]), seed=seed)
            for target in targets.tolist()
        ]
    )


def _predictability(
    cells: NDArray[np.float64],
    tested: NDArray[np.float64],
    *,
    target: int,
    levels: bool,
    seed: int,
) -> float:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    learned, asked = (rows[~np.isnan(rows[:, target])] for rows in (cells, tested))
    inputs = [np.delete(rows, target, axis=1) for rows in (learned, asked)]
    truth = asked[:, target][:, None]
    if len(learned) < 2 or not len(asked) or not inputs[0].shape[1]:
        return 0.0
    options: dict[str, Any] = {"min_samples_leaf": 5, "random_state": seed}
    if levels:
        forest = RandomForestClassifier(_TREES, **options).fit(inputs[0], learned[:, target])
        names = np.union1d(forest.classes_, truth)
        said = np.zeros((len(asked), len(names)))
        said[:, np.searchsorted(names, forest.classes_)] = forest.predict_proba(inputs[1])
        truth = (truth == names).astype(float)
    else:
        forest = RandomForestRegressor(_TREES, max_features=0.5, **options)
        said = forest.fit(inputs[0], learned[:, target]).predict(inputs[1])[:, None]
    total = float(((truth - truth.mean(0)) ** 2).sum())
    return 1.0 - float(((truth - said) ** 2).sum()) / total if total else 0.0


def told_apart(cells: NDArray[np.float64], other: NDArray[np.float64], *, seed: int) -> float:
    """How well a forest tells two samples apart, by the area under its ROC curve.

    A cell that is missing in either sample is hidden in the row of the same number in the other,
    so that gaps tell nothing.

    Args:
        cells: (N, C) NaN where missing; 6 rows at least.
        other: (N, C).
        seed: of the forest and of the parts that it learns on.

    Returns:
        0.5 where it cannot, up to 1; measured on rows that it did not learn on.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(60, 2))
        >>> told_apart(rows, rows + 9.0, seed=0)
        1.0

    Source:
        Lopez-Paz and Oquab 2017, arXiv:1610.06545 (classifier two-sample tests).
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    gaps = np.isnan(cells) | np.isnan(other)
    rows = np.concatenate([np.where(gaps, np.nan, each) for each in (cells, other)])
    origin = np.repeat([0, 1], len(cells))
    forest = RandomForestClassifier(_TREES, min_samples_leaf=5, random_state=seed)
    parts = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    said = cross_val_predict(forest, rows, origin, cv=parts, method="predict_proba")
    return float(roc_auc_score(origin, said[:, 1]))
