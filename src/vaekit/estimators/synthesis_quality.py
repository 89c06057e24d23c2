"""Quality of synthetic rows: fidelity, utility, privacy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import DataError
from vaekit.estimators.tables import LEVELLED, is_frame, open_form

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Fidelity",
    "Privacy",
    "SynthesisReport",
    "associations",
    "check_privacy",
    "judge_synthesis",
    "marginal_distances",
    "predictabilities",
    "ranks",
    "told_apart",
]


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


_NEAREST = 0.05
_WITHIN = 1e-9


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """Distances to the nearest row of training: of rows made up, beside those of held-out rows.

    A check and no guarantee: it finds a model that repeats its rows, not all that a model tells.
    """

    nearer: float
    """Probability that a row made up is nearer to training than a held-out row, ties counted half:
    near one half it is no nearer than new rows are; above, the model repeats."""
    nearest: float
    """Share of rows made up that are nearer than the nearest 5 % of the held-out rows."""
    copies: int
    """How many rows made up are equal to a row of training."""
    held_out_copies: int
    """How many of the held-out rows are: what chance and coarse columns do."""
    rows: int
    """How many rows made up were looked at."""
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


def check_privacy(
    made: NDArray[np.float64],
    *,
    train: NDArray[np.float64],
    held_out: NDArray[np.float64],
    levelled: NDArray[np.bool_],
) -> Privacy:
    r"""Compare distances to the nearest row of training.

    .. math:: d(x, y)^2 = \sum_{\mathrm{numbers}} \frac{(x_f - y_f)^2}{s_f^2}
        + \sum_{\mathrm{levels}} [x_f \ne y_f]

    with the standard deviations of training. A gap counts as the mean of its column, or as half
    of a mismatch with any level.

    Args:
        made: (N, C) rows made up.
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

    space = _Space(train, levelled=levelled)
    near = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(space.place(train))
    found, usual = (
        np.sort(near.kneighbors(space.place(rows))[0][:, 0]) for rows in (made, held_out)
    )
    known = {row.tobytes() for row in train}
    # distances come with rounding errors: what differs by them is a tie
    below = np.searchsorted(found, usual - _WITHIN, side="left")
    up_to = np.searchsorted(found, usual + _WITHIN, side="right")
    return Privacy(
        nearer=float((below + up_to).mean() / (2 * len(found))),
        nearest=float((found < np.quantile(usual, _NEAREST) - _WITHIN).mean()),
        copies=sum(row.tobytes() in known for row in made),
        held_out_copies=sum(row.tobytes() in known for row in held_out),
        rows=len(made),
        held_out_rows=len(held_out),
    )


class _Space:
    """Rows as points whose Euclidean distance is that of ``check_privacy``."""

    def __init__(self, train: NDArray[np.float64], *, levelled: NDArray[np.bool_]) -> None:
        numbers = train[:, ~levelled]
        self.levelled = levelled
        self.mean = np.nan_to_num(np.nanmean(numbers, axis=0))
        spread = np.nan_to_num(np.nanstd(numbers, axis=0))
        self.scale = np.where(spread > 0, spread, 1.0)
        self.levels = [np.unique(column[~np.isnan(column)]) for column in train[:, levelled].T]

    def place(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, C) to (N, P): numbers standardised, levels one-hot, so that a mismatch is 1."""
        numbers = np.nan_to_num((rows[:, ~self.levelled] - self.mean) / self.scale)
        levels = rows[:, self.levelled].T
        hot = [
            (column[:, None] == known) / np.sqrt(2.0)
            for column, known in zip(levels, self.levels, strict=True)
        ]
        return np.concatenate([numbers, *hot], axis=1)


MADE = "synthetic"
REAL = "real rows"
APART = "columns apart"
_MOST_ROWS = 5000
_MOST_COLUMNS = 40
_TARGETS = 5
LEAST_ROWS = 10


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """How alike a sample is to the held-out rows."""

    marginals: Mapping[str, float]
    """Column to the distance of its distributions, from 0 to 1."""
    associations: float
    """Mean difference between the associations of pairs of columns; 0 where there is no pair."""
    prediction: float
    """Mean share of variance of some columns of the held-out rows that a forest explains which
    learned on the sample."""
    told_apart: float
    """Area under the ROC curve of a forest that tells the sample from the held-out rows."""

    @property
    def marginal(self) -> float:
        """Mean distance over the columns."""
        return float(np.mean(list(self.marginals.values())))


@dataclass(frozen=True, kw_only=True)
class SynthesisReport:
    """Made-up rows beside two references, all compared with the same held-out rows."""

    fidelity: Mapping[str, Fidelity]
    """Of the synthetic rows, of as many real ones, and of real columns put together at random."""
    targets: tuple[str, ...]
    """Columns that were predicted."""
    privacy: Privacy
    """Whether rows of training are repeated."""
    held_out_rows: int
    """How many rows they were compared with."""

    def __str__(self) -> str:
        """A table, and a sentence for each line of it."""
        made = self.fidelity[MADE]
        lines = {
            "columns": {name: each.marginal for name, each in self.fidelity.items()},
            "pairs": {name: each.associations for name, each in self.fidelity.items()},
            "prediction": {name: each.prediction for name, each in self.fidelity.items()},
            "told apart": {name: each.told_apart for name, each in self.fidelity.items()},
        }
        title = f"on {self.held_out_rows:,} held-out rows"
        said = [f"{title:26}" + "".join(f"{name:>15}" for name in self.fidelity)]
        for name, numbers in lines.items():
            said.append(f"{name:26}" + "".join(f"{each:15.3f}" for each in numbers.values()))
        worst = max(made.marginals, key=lambda name: made.marginals[name])
        return "\n".join(
            [
                *said,
                "real rows: what can be reached; columns apart: what needs no model of the rows",
                "columns: distance between the distributions of a column, from 0 to 1; the worst "
                f"is {worst}, {made.marginals[worst]:.3f}",
                "pairs: mean difference between associations of two columns; 0 is best",
                f"prediction: share of the variance of {', '.join(self.targets)} that a forest "
                "explains, which learned on these rows; 1 is best, 0 is a guess",
                "told apart: how often a forest tells such a row from a held-out one (area under "
                "the ROC curve); 0.5 is never, 1 always",
                str(self.privacy),
            ]
        )


def judge_synthesis(
    made: ArrayLike | pd.DataFrame,
    *,
    train: ArrayLike | pd.DataFrame,
    held_out: ArrayLike | pd.DataFrame,
    kinds: Mapping[str, str] | None = None,
    seed: int = 0,
) -> SynthesisReport:
    """Say what made-up rows are worth, whoever made them.

    Only known cells count; at most 5000 rows of each table are looked at, for distances of
    columns and pairs as many of each as are held out; at most 40 columns, of which five are
    predicted from the others.

    Args:
        made: (N, C) rows made up, with the columns of the others.
        train: (T, C) real rows that they were learned from.
        held_out: (M, C) real rows that were held out.
        kinds: for DataFrames, column to kind where it is known better.
        seed: of the choice of rows, of the forests, and of the columns put together.

    Returns:
        The report.

    Raises:
        DataError: fewer than 10 rows in one of the tables, no column to compare, or a cell that
            its column cannot hold.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> train, new, made = draw.normal(size=(3, 60, 2))
        >>> report = judge_synthesis(made, train=train, held_out=new)
        >>> sorted(report.fidelity), report.privacy.copies
        (['columns apart', 'real rows', 'synthetic'], 0)
    """
    names, levelled, tables = _read(made, train, held_out, kinds=kinds)
    draw = np.random.default_rng(seed)
    taken = [rows[draw.permutation(len(rows))[:_MOST_ROWS]] for rows in tables]
    privacy = check_privacy(taken[0], train=tables[1], held_out=taken[2], levelled=levelled)
    kept = _evenly(len(names), most=_MOST_COLUMNS)
    targets = kept[_evenly(len(kept), most=_TARGETS)]
    samples = {MADE: taken[0], REAL: taken[1]}
    samples |= {APART: np.stack([draw.permutation(column) for column in taken[1].T], axis=1)}
    fidelity = {
        name: _fidelity(
            rows[:, kept],
            held_out=taken[2][:, kept],
            among=taken[1][:, kept],
            levelled=levelled[kept],
            names=[names[place] for place in kept],
            targets=np.searchsorted(kept, targets),
            seed=seed,
        )
        for name, rows in samples.items()
    }
    return SynthesisReport(
        fidelity=fidelity,
        targets=tuple(names[place] for place in targets),
        privacy=privacy,
        held_out_rows=len(taken[2]),
    )


def _read(
    *tables: Any,  # noqa: ANN401 - arrays or frames
    kinds: Mapping[str, str] | None,
) -> tuple[list[str], NDArray[np.bool_], list[NDArray[np.float64]]]:
    """Names and kinds of the columns that can be compared, and the cells of three tables."""
    made, train, held_out = (t if is_frame(t) else np.asarray(t, np.float64) for t in tables)
    for what, table in (("made up", made), ("of training", train), ("held out", held_out)):
        if len(table) < LEAST_ROWS:
            raise DataError(f"expected {LEAST_ROWS} rows {what} at least; got {len(table)}")
    form = open_form(_joined(train, held_out), kinds=kinds)
    # any number can be compared, whatever its column says that it can hold
    plain = {c.name: "real" for c in form.columns if c.modelled and c.kind not in LEVELLED}
    if is_frame(train):
        form = open_form(_joined(train, held_out), kinds={**(kinds or {}), **plain})
    cells = [form.read(table) for table in (made, train, held_out)]
    used = [
        place
        for place, column in enumerate(form.columns)
        if column.modelled and not any(np.isnan(each[:, place]).all() for each in cells)
    ]
    if not used:
        raise DataError("expected a column that varies and is known in all three tables; got none")
    columns = [form.columns[place] for place in used]
    levelled = np.array([column.kind in LEVELLED for column in columns])
    return [column.name for column in columns], levelled, [each[:, used] for each in cells]


def _joined(one: Any, two: Any) -> Any:  # noqa: ANN401 - arrays or frames
    if not is_frame(one):
        return np.concatenate([one, two])
    import pandas as pd

    return pd.concat([one, two], ignore_index=True)


def _evenly(count: int, *, most: int) -> NDArray[np.int64]:
    """Positions of at most so many of so many things, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _fidelity(
    rows: NDArray[np.float64],
    *,
    held_out: NDArray[np.float64],
    among: NDArray[np.float64],
    levelled: NDArray[np.bool_],
    names: list[str],
    targets: NDArray[np.int64],
    seed: int,
) -> Fidelity:
    size = min(len(rows), len(held_out))  # of different sizes, noise would differ
    distances = marginal_distances(rows[:size], held_out[:size], levelled=levelled)
    ranked, tested = (ranks(each, among=among, levelled=levelled) for each in (rows, held_out))
    found, real = (associations(each[:size], levelled=levelled) for each in (ranked, tested))
    explained = predictabilities(
        ranked, tested=tested, levelled=levelled, targets=targets, seed=seed
    )
    return Fidelity(
        marginals=dict(zip(names, distances.tolist(), strict=True)),
        associations=float(np.abs(found - real).mean()) if len(found) else 0.0,
        prediction=float(explained.mean()),
        told_apart=told_apart(ranked[:size], tested[:size], seed=seed),
    )
