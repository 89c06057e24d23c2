"""Quality of synthetic rows: fidelity, utility, privacy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import DataError
from vaekit.estimators.tables import LEVELLED, is_frame, table_format

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Fidelity",
    "Privacy",
    "SynthesisReport",
    "associations",
    "check_privacy",
    "classifier_two_sample_auc",
    "evaluate_synthesis",
    "marginal_distances",
    "prediction_scores",
    "ranks",
]


_SYNTHETIC = "synthetic"
_REAL = "real rows"
_INDEPENDENT = "independent columns"
_MIN_ROWS = 10
_MAX_ROWS = 5000
_MAX_COLUMNS = 40
_TARGETS = 5
_TREES = 50
_FOLDS = 3
_FEW_VALUES = 20
_NEAREST = 0.05
_TIE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """How similar a sample is to the held-out rows."""

    marginals: Mapping[str, float]
    """Column to the distance of its distributions, from 0 to 1."""
    associations: float
    """Mean difference between the associations of pairs of columns; 0 where there is no pair."""
    prediction: float
    """Mean R^2 on the held-out rows of a forest that is trained on the sample, over some columns
    as targets."""
    two_sample_auc: float
    """Area under the ROC curve of a forest that classifies rows as of the sample or held out."""

    @property
    def marginal(self) -> float:
        """Mean distance over the columns."""
        return float(np.mean(list(self.marginals.values())))


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """Distances to the closest training row: of synthetic rows, beside those of held-out rows.

    A check and no guarantee: it finds a model that repeats its rows, not all that a model leaks.
    """

    nearer: float
    """Probability that a synthetic row is nearer to training than a held-out row, ties counted
    half: near one half it is no nearer than new rows are; above, the model repeats."""
    nearest: float
    """Share of synthetic rows that are nearer than the nearest 5 % of the held-out rows."""
    copies: int
    """How many synthetic rows are equal to a training row."""
    held_out_copies: int
    """How many of the held-out rows are: what chance and coarse columns do."""
    rows: int
    """How many synthetic rows were compared."""
    held_out_rows: int
    """How many held-out rows."""

    def __str__(self) -> str:
        """Two sentences and a warning."""
        return "\n".join(
            [
                f"nearer to a training row than a held-out row is: {self.nearer:.0%} of the time "
                "(50 % is as near as new rows are; more: rows are repeated; less: blurred)",
                f"nearer than the nearest {_NEAREST:.0%} of held-out rows: {self.nearest:.0%}; "
                f"copies of a training row: {self.copies:,} of {self.rows:,} (held-out rows: "
                f"{self.held_out_copies:,} of {self.held_out_rows:,})",
                "this is a check and no guarantee: there is no differential privacy in it",
            ]
        )


@dataclass(frozen=True, kw_only=True)
class SynthesisReport:
    """Synthetic rows and two references, all compared with the same held-out rows."""

    fidelity: Mapping[str, Fidelity]
    """Of the synthetic rows, of as many real ones, and of real rows with each column shuffled."""
    targets: tuple[str, ...]
    """Columns that were predicted."""
    privacy: Privacy
    """Whether training rows are repeated."""
    held_out_rows: int
    """How many rows they were compared with."""

    def __str__(self) -> str:
        """A table, and a sentence for each line of it."""
        found = self.fidelity.values()
        table = {
            "columns": [each.marginal for each in found],
            "pairs": [each.associations for each in found],
            "prediction": [each.prediction for each in found],
            "two-sample AUC": [each.two_sample_auc for each in found],
        }
        title = f"on {self.held_out_rows:,} held-out rows"
        lines = [f"{title:26}" + "".join(f"{name:>21}" for name in self.fidelity)]
        for name, numbers in table.items():
            lines.append(f"{name:26}" + "".join(f"{number:21.3f}" for number in numbers))
        distances = self.fidelity[_SYNTHETIC].marginals
        worst = max(distances, key=lambda name: distances[name])
        return "\n".join(
            [
                *lines,
                "real rows: the best that can be reached; independent columns: real values, each "
                "column shuffled, as without a model",
                "columns: distance between the distributions of a column, from 0 to 1; the worst "
                f"is {worst}, {distances[worst]:.3f}",
                "pairs: mean difference between associations of two columns; 0 is best",
                f"prediction: R^2 for {', '.join(self.targets)} of a forest that is trained on "
                "these rows; 1 is best, 0 is a guess",
                "two-sample AUC: how well a forest tells these rows from held-out ones (area under "
                "the ROC curve); 0.5 is not at all, 1 always",
                str(self.privacy),
            ]
        )


def evaluate_synthesis(
    synthetic: ArrayLike | pd.DataFrame,
    *,
    train: ArrayLike | pd.DataFrame,
    held_out: ArrayLike | pd.DataFrame,
    kinds: Mapping[str, str] | None = None,
    seed: int = 0,
) -> SynthesisReport:
    """Compare synthetic rows of any origin with held-out rows.

    Only known cells count; at most 5000 rows of each table are looked at, for distances of
    columns and pairs as many of each as are held out; at most 40 columns, of which five are
    predicted from the others.

    Args:
        synthetic: (N, C) rows, with the columns of the others.
        train: (T, C) real rows that their model was trained on.
        held_out: (M, C) real rows that were held out.
        kinds: for DataFrames, column to kind where it is known better.
        seed: of the choice of rows, of the forests, and of shuffled columns.

    Returns:
        The report.

    Raises:
        DataError: fewer than 10 rows in one of the tables, no column to compare, or a cell that
            its column cannot hold.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> train, new, synthetic = draw.normal(size=(3, 60, 2))
        >>> report = evaluate_synthesis(synthetic, train=train, held_out=new)
        >>> sorted(report.fidelity), report.privacy.copies
        (['independent columns', 'real rows', 'synthetic'], 0)
    """
    names, levelled, tables = _read(synthetic, train, held_out, kinds=kinds)
    draw = np.random.default_rng(seed)
    made, real, new = (rows[draw.permutation(len(rows))[:_MAX_ROWS]] for rows in tables)
    privacy = check_privacy(made, train=tables[1], held_out=new, levelled=levelled)
    kept = _evenly(len(names), most=_MAX_COLUMNS)
    targets = _evenly(len(kept), most=_TARGETS)
    samples = {
        _SYNTHETIC: made,
        _REAL: real,
        _INDEPENDENT: np.stack([draw.permutation(column) for column in real.T], axis=1),
    }
    fidelity = {
        name: _fidelity(
            rows[:, kept],
            held_out=new[:, kept],
            reference=real[:, kept],
            levelled=levelled[kept],
            names=[names[place] for place in kept],
            targets=targets,
            seed=seed,
        )
        for name, rows in samples.items()
    }
    return SynthesisReport(
        fidelity=fidelity,
        targets=tuple(names[place] for place in kept[targets]),
        privacy=privacy,
        held_out_rows=len(new),
    )


def _read(
    *tables: Any,  # noqa: ANN401 - arrays or frames
    kinds: Mapping[str, str] | None,
) -> tuple[list[str], NDArray[np.bool_], list[NDArray[np.float64]]]:
    """Names of the columns that can be compared, which have levels, and cells of three tables."""
    synthetic, train, held_out = (t if is_frame(t) else np.asarray(t, np.float64) for t in tables)
    for what, table in (("synthetic", synthetic), ("training", train), ("held-out", held_out)):
        if len(table) < _MIN_ROWS:
            raise DataError(f"expected at least {_MIN_ROWS} {what} rows; got {len(table)}")
    if is_frame(train):
        import pandas as pd

        real = pd.concat([train, held_out], ignore_index=True)
    else:
        real = np.concatenate([train, held_out])
    found: Any = table_format(real, kinds=kinds)
    if is_frame(train):
        # any number can be compared, whatever its column says that it can hold
        plain = {c.name: "real" for c in found.columns if c.modelled and c.kind not in LEVELLED}
        found = table_format(real, kinds={**(kinds or {}), **plain})
    cells: list[NDArray[np.float64]] = [
        found.encode(table) for table in (synthetic, train, held_out)
    ]
    used = [
        place
        for place, column in enumerate(found.columns)
        if column.modelled and not any(np.isnan(each[:, place]).all() for each in cells)
    ]
    if not used:
        raise DataError("expected a column that varies and is known in all three tables; got none")
    columns = [found.columns[place] for place in used]
    levelled = np.array([column.kind in LEVELLED for column in columns])
    return [column.name for column in columns], levelled, [each[:, used] for each in cells]


def _evenly(count: int, *, most: int) -> NDArray[np.int64]:
    """Evenly spaced positions among ``count``, the first and the last included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _fidelity(
    rows: NDArray[np.float64],
    *,
    held_out: NDArray[np.float64],
    reference: NDArray[np.float64],
    levelled: NDArray[np.bool_],
    names: list[str],
    targets: NDArray[np.int64],
    seed: int,
) -> Fidelity:
    size = min(len(rows), len(held_out))  # of different sizes, noise would differ
    distances = marginal_distances(rows[:size], held_out[:size], levelled=levelled)
    ranked, tested = (ranks(each, among=reference, levelled=levelled) for each in (rows, held_out))
    found, real = (associations(each[:size], levelled=levelled) for each in (ranked, tested))
    scores = prediction_scores(ranked, test=tested, levelled=levelled, targets=targets, seed=seed)
    return Fidelity(
        marginals=dict(zip(names, distances.tolist(), strict=True)),
        associations=float(np.abs(found - real).mean()) if len(found) else 0.0,
        prediction=float(scores.mean()),
        two_sample_auc=classifier_two_sample_auc(ranked[:size], tested[:size], seed=seed),
    )


def ranks(
    cells: NDArray[np.float64], *, among: NDArray[np.float64], levelled: NDArray[np.bool_]
) -> NDArray[np.float64]:
    r"""Replace numbers by their ranks in a sample, from 0 to 1; leave levels as they are.

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
    r"""Compute the distance between the distributions of each column in two samples.

    Total variation for levels, and for numbers of which there are at most 20 in both samples;
    the Kolmogorov-Smirnov statistic for other numbers:

    .. math:: \tfrac12 \sum_l |p_l - q_l|, \quad \max_x |F_p(x) - F_q(x)|

    Args:
        cells: (N, C) NaN where missing.
        other: (M, C).
        levelled: (C,) which columns hold levels.

    Returns:
        (C,) from 0 to 1, over the known cells; 1 where one sample has none in a column.

    Example:
        >>> one, two = np.array([[0.0], [1.0]]), np.array([[1.0], [1.0]])
        >>> marginal_distances(one, two, levelled=np.array([True]))
        array([0.5])
    """
    columns = zip(cells.T, other.T, levelled.tolist(), strict=True)
    return np.array([_distance(one, two, levels=levels) for one, two, levels in columns])


def _distance(one: NDArray[np.float64], two: NDArray[np.float64], *, levels: bool) -> float:
    one, two = (np.sort(column[~np.isnan(column)]) for column in (one, two))
    if not len(one) or not len(two):
        return 1.0
    values = np.unique(np.concatenate([one, two]))
    shares = [np.searchsorted(each, values, side="right") / len(each) for each in (one, two)]
    difference = shares[0] - shares[1]
    if levels or len(values) <= _FEW_VALUES:
        return float(np.abs(np.diff(difference, prepend=0.0)).sum() / 2)
    return float(np.abs(difference).max())


def associations(cells: NDArray[np.float64], *, levelled: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Compute how strongly each pair of columns goes together, over rows where both are known.

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
    for pair in zip(*np.triu_indices(cells.shape[1], 1), strict=True):
        both = cells[:, pair]
        both = both[~np.isnan(both).any(1)]
        found.append(_association(both, levels=levelled[list(pair)].tolist()))
    return np.array(found)


def _association(pair: NDArray[np.float64], *, levels: list[bool]) -> float:
    r"""Correlation, correlation ratio or Cramer's V of two columns (N, 2).

    All three are :math:`\sqrt{\mathrm{tr}(C_x^+ C_{xy} C_y^+ C_{yx}) / r}` of the covariances of
    numbers and one-hot levels, with r the lesser rank, and the correlation keeps its sign.
    """
    if len(pair) < 2:
        return 0.0
    x, y = (_centred(column, levels=each) for column, each in zip(pair.T, levels, strict=True))
    if min(each.std(0).max(initial=0.0) for each in (x, y)) < 1e-12:
        return 0.0
    across = x.T @ y
    weighted = _inverse(x) @ across @ _inverse(y) @ across.T
    rank = min(max(1, each.shape[1] - 1) for each in (x, y))
    size = float(np.sqrt(max(0.0, np.trace(weighted)) / rank))
    both_numbers = x.shape[1] == y.shape[1] == 1
    return float(np.sign(across[0, 0])) * size if both_numbers else size


def _centred(column: NDArray[np.float64], *, levels: bool) -> NDArray[np.float64]:
    """Numbers (N, 1) or one-hot levels (N, L), minus their means."""
    each = column[:, None]
    if levels:
        each = (each == np.unique(column)).astype(float)
    centred: NDArray[np.float64] = each - each.mean(0)
    return centred


def _inverse(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Generalised inverse of the scatter of a centred column, or of centred one-hot levels."""
    if x.shape[1] == 1:
        return 1.0 / (x.T @ x)
    # one level follows from the others: 1 / count on the diagonal is a generalised inverse
    return np.diag(1.0 / ((x > 0).sum(0)))


def prediction_scores(
    train: NDArray[np.float64],
    *,
    test: NDArray[np.float64],
    levelled: NDArray[np.bool_],
    targets: NDArray[np.int64],
    seed: int,
) -> NDArray[np.float64]:
    r"""Compute how well a forest that is trained on one sample predicts columns of another.

    .. math:: R^2 = 1 - \frac{\sum_i \|y_i - \hat y_i\|^2}{\sum_i \|y_i - \bar y\|^2}

    over the rows of the second sample where the target is known, with its own mean; of levels,
    y is one-hot and its prediction the probabilities of the levels, so this is the skill of the
    Brier score.

    Args:
        train: (N, C) training sample, NaN where missing.
        test: (M, C) sample to predict.
        levelled: (C,) which columns hold levels.
        targets: columns to predict, one after the other.
        seed: of the forests.

    Returns:
        (T,) 1 is perfect, 0 no better than the mean of the second sample; below 0 it is worse.

    Example:
        >>> rows = np.repeat(np.arange(40.0)[:, None], 2, axis=1)
        >>> none, first = np.array([False, False]), np.array([0])
        >>> found = prediction_scores(rows, test=rows, levelled=none, targets=first, seed=0)
        >>> bool(found[0] > 0.9)
        True

    Source:
        Esteban, Hyland and Raetsch 2017, arXiv:1706.02633 (train on synthetic, test on real).
    """
    return np.array(
        [
            _prediction_score(train, test, target=target, levels=bool(levelled[target]), seed=seed)
            for target in targets.tolist()
        ]
    )


def _prediction_score(
    train: NDArray[np.float64], test: NDArray[np.float64], *, target: int, levels: bool, seed: int
) -> float:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    train, test = (rows[~np.isnan(rows[:, target])] for rows in (train, test))
    if len(train) < 2 or not len(test) or train.shape[1] < 2:
        return 0.0
    X, X_test = (np.delete(rows, target, axis=1) for rows in (train, test))
    y, truth = train[:, target], test[:, [target]]
    options: dict[str, Any] = {"min_samples_leaf": 5, "random_state": seed}
    if levels:
        forest = RandomForestClassifier(_TREES, **options).fit(X, y)
        classes = np.union1d(forest.classes_, truth)
        predicted = np.zeros((len(test), len(classes)))
        predicted[:, np.searchsorted(classes, forest.classes_)] = forest.predict_proba(X_test)
        truth = (truth == classes).astype(float)
    else:
        forest = RandomForestRegressor(_TREES, max_features=0.5, **options)
        predicted = forest.fit(X, y).predict(X_test)[:, None]
    total = float(((truth - truth.mean(0)) ** 2).sum())
    return 1.0 - float(((truth - predicted) ** 2).sum()) / total if total else 0.0


def classifier_two_sample_auc(
    cells: NDArray[np.float64], other: NDArray[np.float64], *, seed: int
) -> float:
    """Compute how well a forest tells two samples apart, by the area under its ROC curve.

    A cell that is missing in either sample is hidden in the row of the same number in the other,
    so that missing values carry no information.

    Args:
        cells: (N, C) NaN where missing; at least 6 rows.
        other: (N, C).
        seed: of the forest and of its folds.

    Returns:
        0.5 where it cannot, up to 1; on rows that were not in training.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(60, 2))
        >>> classifier_two_sample_auc(rows, rows + 9.0, seed=0)
        1.0

    Source:
        Lopez-Paz and Oquab 2017, arXiv:1610.06545 (classifier two-sample tests, C2ST).
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    missing = np.isnan(cells) | np.isnan(other)
    rows = np.concatenate([np.where(missing, np.nan, each) for each in (cells, other)])
    origin = np.repeat([0, 1], len(cells))
    forest = RandomForestClassifier(_TREES, min_samples_leaf=5, random_state=seed)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    predicted = cross_val_predict(forest, rows, origin, cv=folds, method="predict_proba")
    return float(roc_auc_score(origin, predicted[:, 1]))


def check_privacy(
    synthetic: NDArray[np.float64],
    *,
    train: NDArray[np.float64],
    held_out: NDArray[np.float64],
    levelled: NDArray[np.bool_],
) -> Privacy:
    r"""Compare distances to the closest training row.

    .. math:: d(x, y)^2 = \sum_{\mathrm{numbers}} \frac{(x_f - y_f)^2}{s_f^2}
        + \sum_{\mathrm{levels}} [x_f \ne y_f]

    with the standard deviations of training. A missing value counts as the mean of its column, or
    as half of a mismatch with any level.

    Args:
        synthetic: (N, C) synthetic rows.
        train: (T, C) rows that the model was trained on.
        held_out: (M, C) rows that it was not.
        levelled: (C,) which columns hold levels.

    Returns:
        The comparison.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> train, new = draw.normal(size=(200, 2)), draw.normal(size=(100, 2))
        >>> none = np.array([False, False])
        >>> found = check_privacy(train[:50], train=train, held_out=new, levelled=none)
        >>> found.nearer, found.copies
        (1.0, 50)
    """
    from sklearn.neighbors import NearestNeighbors

    points = [
        _points(rows, train=train, levelled=levelled) for rows in (train, synthetic, held_out)
    ]
    nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points[0])
    found, held = (np.sort(nearest.kneighbors(each)[0][:, 0]) for each in points[1:])
    known = {row.tobytes() for row in train}
    # distances have rounding errors: what differs by them is a tie
    below = np.searchsorted(found, held - _TIE, side="left")
    up_to = np.searchsorted(found, held + _TIE, side="right")
    return Privacy(
        nearer=float((below + up_to).mean() / (2 * len(found))),
        nearest=float((found < np.quantile(held, _NEAREST) - _TIE).mean()),
        copies=sum(row.tobytes() in known for row in synthetic),
        held_out_copies=sum(row.tobytes() in known for row in held_out),
        rows=len(synthetic),
        held_out_rows=len(held_out),
    )


def _points(
    rows: NDArray[np.float64], *, train: NDArray[np.float64], levelled: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Points whose Euclidean distance is that of rows: numbers standardised, levels one-hot."""
    numbers = train[:, ~levelled]
    mean, scale = (np.nan_to_num(of(numbers, axis=0)) for of in (np.nanmean, np.nanstd))
    standard = np.nan_to_num((rows[:, ~levelled] - mean) / np.where(scale > 0, scale, 1.0))
    one_hot = [
        (column[:, None] == np.unique(known[~np.isnan(known)])) / np.sqrt(2.0)
        for column, known in zip(rows[:, levelled].T, train[:, levelled].T, strict=True)
    ]
    return np.concatenate([standard, *one_hot], axis=1)
