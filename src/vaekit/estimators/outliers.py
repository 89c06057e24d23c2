"""Detect outliers by a variational autoencoder."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from sklearn.base import OutlierMixin
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.base import TableEstimator
from vaekit.estimators.density import Density, density_budget, fit_density
from vaekit.estimators.fitting import Auto, Budget
from vaekit.estimators.tables import LEVELLED, is_frame
from vaekit.inference import Scores
from vaekit.tables import Column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VAEOutlierDetector", "first_look", "held_out_parts", "threshold_rank"]


_SHARE = 0.2
_FOLDS = 5
_FEW_ROWS = 500
_NOISE = 0.3
_HIDE = 0.05
_MOST_TRIMMED = 0.5
_BUDGET = Budget(epochs=30, min_steps=150, max_steps=6000, min_epochs=5)
_NEIGHBOURS = 10
_TREES = 100
_MOST_REFERENCES = 5000
_EXPLAINED = 0.9


class VAEOutlierDetector(OutlierMixin, TableEstimator):
    r"""Detect outliers: rows of low density, and the cells responsible.

    The score of a row is the logarithm of its density, estimated with importance weights over
    its known cells. Every model is trained without some of the rows; a row is an outlier where its
    score is below the k-th lowest of the n held-out scores, k = contamination (n + 1) rounded down
    and at least 1, and ``false_alarm_rate_`` is k / (n + 1).

    With a share ``held_out`` there is one model, and a row that is distributed as those of
    training is called an outlier with that probability, however good the model is. "auto" does
    this with a fifth of the rows from 500 rows on. In smaller tables it trains five models, each
    on four fifths of the rows; every row is held out once, and the score of a new row is the mean
    of the five log-densities. The rate is then not guaranteed, because a mean of five is compared
    with scores of one; measured, it was near the stated one (docs/tables.md).

    An array holds numbers. A DataFrame may hold anything: each column gets the distribution of
    its kind (see :func:`vaekit.tables.infer_schema`). Cells may be missing, in training and
    later, which makes a row neither more nor less of an outlier. A level that the training rows
    of a model lack, or another value in a column of constants, lowers the score by
    ``unseen_penalty_``: below those of held-out rows without one. Held-out rows are penalised
    alike, so the rate stands where new levels are common. Identifiers are ignored.

    The training rows may contain outliers themselves, and a density that is trained on them gives
    a cluster of outliers a mode of its own. So a share ``trim`` of the training rows is left out:
    those that look most unusual by the distance to their neighbours, to an isolation forest or by
    the error of principal components (see :func:`first_look`), and training is short. Held-out
    rows are not trimmed, so the rate of false alarms is that among rows like those given. Where
    the training rows are known to be inliers, ``novelty=True`` trains longer, on all of them, and
    real columns are transformed by Yeo-Johnson.

    In training, numbers are blurred by three tenths of the standard deviation of their column and
    a few cells are hidden, so that the density does not grow spikes on the rows of a small table.
    Densities are in the units that the model sees: standard deviations of a column over the rows
    that are not trimmed, of a transformed column with ``novelty``, or multiples of the geometric
    mean.

    Args:
        contamination: share of inliers that may be called outliers, above 0 and up to 0.5.
        held_out: share of the rows that training does not see, or "auto".
        novelty: whether all training rows are inliers, and new rows will be scored. Otherwise the
            training rows may contain outliers, and may be scored themselves.
        trim: share of the training rows that are left out as possible outliers, from 0 up to 0.5;
            of no effect with ``novelty``.
        latent_dim: D, or "auto": 10.
        hidden: widths of the hidden layers, or "auto": (128, 128).
        samples: K, importance samples of each row in training.
        epochs: passes over the rows in training, or "auto": 30, and from 150 to 6000 steps, since
            a longer training models outliers among the training rows as well; with ``novelty``
            100, and from 1500 to 6000 steps (600 at least for each of five models).
        batch_size: rows in a step, or "auto": 64, and 256 from 20,000 rows.
        learning_rate: initial step size; it falls to 0.
        scoring_samples: K, importance samples of each row that is scored, for each model.
        kinds: for a DataFrame, column to kind where it is known better: "count", "bounded:0:100".
        random_state: seed, or generator, of training; the noise of scoring is fixed then.
        verbose: show the progress of training on stderr.

    Attributes:
        offset_: rows with scores below it are outliers.
        false_alarm_rate_: probability that a row like those of training is called an outlier.
        held_out_scores_: (n,) ascending.
        typical_surprise_: (F,) median surprise of each column that the model sees, over the
            held-out rows.
        unseen_penalty_: of a value never seen, in nats: the range of the held-out log-densities,
            and log(N + 1) for N training rows.
        density_: the models and the units of their columns; no model where there was nothing to
            model.
        format_: how tables are encoded, and the kinds of their columns.
        seed_: of the noise of scoring.
        n_features_in_: columns in training.
        feature_names_in_: their names, where they had any.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(200, 3))
        >>> detector = VAEOutlierDetector(epochs=5, hidden=(8,), scoring_samples=20, random_state=0)
        >>> detector.fit(rows).predict([[0.0, 0.0, 0.0], [90.0, 0.0, 0.0]])
        array([ 1, -1])
        >>> int(detector.explain([[90.0, 0.0, 0.0]]).argmax())
        0

    Source:
        Mattei and Frellsen 2019, arXiv:1812.02633 (density with missing values); Vovk, Gammerman
        and Shafer 2005, Algorithmic Learning in a Random World, section 4.1 (held-out scores);
        Vovk 2015, arXiv:1208.0806 (every row held out once); Rousseeuw 1984, Journal of the
        American Statistical Association 79:871 (trimming).
    """

    def __init__(
        self,
        *,
        contamination: float = 0.05,
        held_out: float | Auto = "auto",
        novelty: bool = False,
        trim: float = 0.2,
        latent_dim: int | Auto = "auto",
        hidden: Sequence[int] | Auto = "auto",
        samples: int = 1,
        epochs: int | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate: float = 5e-3,
        scoring_samples: int = 100,
        kinds: Mapping[str, str] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.contamination = contamination
        self.held_out = held_out
        self.novelty = novelty
        self.trim = trim
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.samples = samples
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scoring_samples = scoring_samples
        self.kinds = kinds
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike | pd.DataFrame, y: object = None) -> VAEOutlierDetector:
        """Fit the density of the rows.

        Args:
            X: (N, C) an array of numbers, or a DataFrame; missing values are NaN, None or NA.
            y: ignored.

        Returns:
            Itself.

        Raises:
            ConfigError: a parameter out of range.
            DataError: a column that cannot be modelled as its kind.
            TrainingError: the loss is not finite.

        Warns:
            VaekitWarning: too few rows for the contamination asked for.
        """
        if (
            not isinstance(self.contamination, (int, float, np.number))
            or not 0.0 < self.contamination <= 0.5
        ):
            raise ConfigError(
                f"expected contamination above 0 and up to 0.5; got {self.contamination!r}"
            )
        if (
            not isinstance(self.trim, (int, float, np.number))
            or not 0.0 <= self.trim <= _MOST_TRIMMED
        ):
            raise ConfigError(f"expected trim from 0 up to {_MOST_TRIMMED}; got {self.trim!r}")
        _, cells = self._fit_format(X)
        parts = held_out_parts(len(cells), held_out=self.held_out, seed=self.seed_)
        self.density_: Density = self._fit_density(cells, parts=parts)
        self._seen_levels = [
            {
                place: np.unique(np.delete(cells[:, place], part))
                for place, column in enumerate(self.format_.columns)
                if column.kind in LEVELLED
            }
            for part in parts
        ]
        held_out = [self._score_by(at, cells[part]) for at, part in enumerate(parts)]
        densities = np.concatenate([scores.log_likelihood for scores, _ in held_out])
        unseen = np.concatenate([each.sum(1) for _, each in held_out])
        finite = densities[np.isfinite(densities)]
        spread = float(np.ptp(finite)) if len(finite) else 0.0
        self.unseen_penalty_ = spread + math.log(len(cells) + 1)
        self.held_out_scores_ = np.sort(densities - self.unseen_penalty_ * unseen)
        self.typical_surprise_ = _medians(
            np.concatenate([scores.surprise for scores, _ in held_out])
        )
        rank = threshold_rank(len(densities), contamination=self.contamination)
        self.offset_ = float(self.held_out_scores_[rank - 1])
        self.false_alarm_rate_ = rank / (len(densities) + 1)
        return self

    def _fit_density(
        self, cells: NDArray[np.float64], *, parts: list[NDArray[np.int64]]
    ) -> Density:
        """Train without the held-out rows, and without the most unusual others but for novelty."""
        left_out, budget = parts, density_budget(models=len(parts))
        if not self.novelty:
            every = np.arange(len(cells))
            rows = np.delete(every, parts[0]) if len(parts) == 1 else every
            look = first_look(cells[rows], columns=self.format_.columns, seed=self.seed_)
            trimmed = rows[np.argsort(-look, kind="stable")[: int(self.trim * len(rows))]]
            left_out, budget = [np.union1d(part, trimmed) for part in parts], _BUDGET
        return fit_density(
            cells,
            columns=self.format_.columns,
            settings=self._choose_settings(rows=len(cells) - len(left_out[0]), budget=budget),
            held_out=left_out,
            noise=_NOISE,
            hide=_HIDE,
            powers=self.novelty,
            seed=self.seed_,
            verbose=self.verbose,
        )

    def score_samples(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Compute the log-density of each row, over its known cells, minus penalties.

        A mean over the models, where there are five. It does not depend on the other rows.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N,) in nats; lower is more abnormal.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        table, cells = self._read(X)
        scores = [
            found.log_likelihood - self.unseen_penalty_ * unseen.sum(1)
            for found, unseen in self._score_all(cells)
        ]
        penalty = self.unseen_penalty_ * self.format_.unseen(table).sum(1)
        score: NDArray[np.float64] = np.mean(scores, axis=0) - penalty
        return score

    def decision_function(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Compute the score above the threshold.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N,) in nats; negative for outliers.
        """
        above: NDArray[np.float64] = self.score_samples(X) - self.offset_
        return above

    def predict(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.int64]:
        """Predict whether rows are outliers.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N,) -1 for outliers, 1 for inliers.
        """
        return np.where(self.decision_function(X) < 0, -1, 1).astype(np.int64)

    def p_values(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        r"""Compute how often an inlier has a score as low as that of a row.

        .. math:: p = \frac{1 + \#\{i : s_i \le s\}}{1 + n}

        with the scores :math:`s_i` of the n held-out rows. With a share held out, p is for a row
        like those of training at most any share :math:`\alpha` with probability at most
        :math:`\alpha`; with five models approximately. Training rows have too high scores: give
        new rows.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N,) above 0 and up to 1; ``predict`` gives -1 where it is at most
            ``false_alarm_rate_``.
        """
        below = np.searchsorted(self.held_out_scores_, self.score_samples(X), side="right")
        values: NDArray[np.float64] = (1 + below) / (1 + len(self.held_out_scores_))
        return values

    def explain(self, X: ArrayLike | pd.DataFrame) -> Any:  # noqa: ANN401 - as X came
        r"""Compute how surprising each cell is, given the other cells of its row.

        .. math:: c_f = -\log p(x_f | x_{o \setminus f}) - \mathrm{median}_i\big(
            -\log p(x_{if} | x_{io \setminus f})\big)

        with the median over the held-out rows, so that 0 is typical. Where two cells contradict
        each other both are surprising. A value never seen has ``unseen_penalty_``.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N, C) in nats, a DataFrame where one came; higher is more surprising, 0 where a cell is
            missing or its column is ignored.

        Source:
            Gelfand, Dey and Chang 1992, Bayesian Statistics 4 (conditional predictive ordinate).
        """
        table, cells = self._read(X)
        places = self.density_.scaler.places
        penalised = self.unseen_penalty_ + self.typical_surprise_
        surprise = np.mean(
            [
                np.where(unseen[:, places], penalised, scores.surprise)
                for scores, unseen in self._score_all(cells)
            ],
            axis=0,
        )
        found = np.zeros((len(cells), self.n_features_in_))
        positions = np.array(self.format_.positions(table), np.int64)
        found[:, positions[places]] = np.nan_to_num(
            surprise - self.typical_surprise_, posinf=np.inf
        )
        found[self.format_.unseen(table)] = self.unseen_penalty_
        if not is_frame(table):
            return found
        import pandas as pd

        return pd.DataFrame(found, index=table.index, columns=table.columns)

    def _read(self, X: Any) -> tuple[Any, NDArray[np.float64]]:  # noqa: ANN401 - table or array
        """Validate and encode a table, without the warning that new levels count as missing."""
        with warnings.catch_warnings():
            for text in ("is not among its levels", "counts as missing", "is outside"):
                warnings.filterwarnings("ignore", f".*{text}", VaekitWarning)
            return self._encode(X)

    def _score_all(self, cells: NDArray[np.float64]) -> list[tuple[Scores, NDArray[np.bool_]]]:
        """Scores by each model, as ``_score_by``."""
        return [self._score_by(at, cells) for at in range(len(self._seen_levels))]

    def _score_by(
        self, member: int, cells: NDArray[np.float64]
    ) -> tuple[Scores, NDArray[np.bool_]]:
        """Scores by one model, and which cells (N, C) have levels that its training rows lack."""
        unseen = np.zeros(cells.shape, np.bool_)
        for place, levels in self._seen_levels[member].items():
            column = cells[:, place]
            unseen[:, place] = ~np.isnan(column) & ~np.isin(column, levels)
        scores = self.density_.score(
            np.where(unseen, np.nan, cells),
            samples=self.scoring_samples,
            seed=self.seed_,
            member=member,
        )
        return scores, unseen


def first_look(
    cells: NDArray[np.float64], *, columns: Sequence[Column], seed: int
) -> NDArray[np.float64]:
    """Rank rows by how unusual they are, before there is a model.

    The greatest of three ranks: by the mean distance to the 10 nearest rows, by the score of an
    isolation forest, and by the squared error of the principal components of 90 % of the variance.
    Numbers are standardised, levels are indicators, so that another level counts as two standard
    deviations squared, and missing cells are the mean of their column.

    Args:
        cells: (N, C) encoded values, NaN where missing.
        columns: C of them.
        seed: of the forest, and of the 5000 rows that stand for all where there are more.

    Returns:
        (N,) from 0 to 1; higher is more unusual.

    Source:
        Ramaswamy, Rastogi and Shim 2000, SIGMOD (nearest neighbours); Liu, Ting and Zhou 2008,
        ICDM (isolation forest); Shyu, Chen, Sarinnapakorn and Chang 2003, ICDM workshops
        (principal components).
    """
    rows = _indicators(cells, columns=columns)
    if len(rows) < 3 or not rows.shape[1]:
        return np.zeros(len(rows))
    some = rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[:_MOST_REFERENCES])]
    nearest = NearestNeighbors(n_neighbors=min(_NEIGHBOURS + 1, len(some))).fit(some)
    distance = nearest.kneighbors(rows)[0].mean(1)
    forest = IsolationForest(n_estimators=_TREES, random_state=seed).fit(rows)
    components = PCA(_EXPLAINED, svd_solver="full").fit(some)
    error = ((rows - components.inverse_transform(components.transform(rows))) ** 2).sum(1)
    ranks = [_rank(found) for found in (distance, -forest.score_samples(rows), error)]
    unusual: NDArray[np.float64] = np.max(ranks, axis=0) / len(rows)
    return unusual


def _rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, the same for values that differ by rounding."""
    ranks: NDArray[np.float64] = rankdata(np.round(values / (np.abs(values).max() or 1.0), 9))
    return ranks


def _indicators(cells: NDArray[np.float64], *, columns: Sequence[Column]) -> NDArray[np.float64]:
    """Rows as standardised numbers and indicators of levels, 0 where a number is missing."""
    blocks = [np.empty((len(cells), 0))]
    for column, values in zip(columns, cells.T, strict=True):
        known = values[~np.isnan(values)]
        if column.kind in LEVELLED:
            blocks.append((values[:, None] == np.arange(len(column.levels))).astype(float))
        elif len(known) and np.ptp(known) > 0:
            size = np.abs(known).max()  # no overflow
            centre, spread = np.mean(known / size), np.std(known / size)
            blocks.append(np.nan_to_num((values / size - centre) / spread)[:, None])
    return np.concatenate(blocks, axis=1)


def held_out_parts(rows: int, *, held_out: float | Auto, seed: int) -> list[NDArray[np.int64]]:
    """Choose the rows that each model does not see.

    Args:
        rows: N, at least two.
        held_out: share of the rows that the only model does not see. "auto" is a fifth in tables
            of 500 rows or more; in smaller ones there are five models, each of which does not see
            a fifth of its own, so that every row is held out once (two rows make two models).
        seed: of the choice.

    Returns:
        For each model the positions that are held out, ascending.

    Raises:
        ConfigError: not a share.

    Example:
        >>> [len(part) for part in held_out_parts(60, held_out="auto", seed=0)]
        [12, 12, 12, 12, 12]
        >>> [len(part) for part in held_out_parts(60, held_out=0.5, seed=0)]
        [30]
    """
    if held_out != "auto" and not (isinstance(held_out, (int, float)) and 0.0 < held_out < 1.0):
        raise ConfigError(
            f'expected held_out to be a share, such as 0.2, or "auto"; got {held_out!r}'
        )
    order = np.random.default_rng(seed).permutation(rows)
    if held_out == "auto" and rows < _FEW_ROWS:
        return [np.sort(part) for part in np.array_split(order, min(_FOLDS, rows))]
    share = _SHARE if held_out == "auto" else held_out
    return [np.sort(order[: min(max(1, round(share * rows)), rows - 1)])]


def threshold_rank(count: int, *, contamination: float) -> int:
    """Choose which of the held-out scores, from the lowest, is the threshold.

    Args:
        count: n, of the held-out scores.
        contamination: share of inliers that may be called outliers.

    Returns:
        k, the contamination of n + 1 rounded down, and at least 1.

    Warns:
        VaekitWarning: n is so small that the lowest score is a threshold of a higher rate.

    Example:
        >>> threshold_rank(99, contamination=0.05)
        5
    """
    rank = int(contamination * (count + 1) + 1e-9)
    if rank < 1:
        warnings.warn(
            f"{count} held-out rows are too few for a contamination of {contamination:g}: inliers "
            f"will be called outliers at a rate of {1 / (count + 1):.3g}. It takes "
            f"{math.ceil(1 / contamination - 1e-9) - 1} held-out rows; give more rows, or a "
            "larger contamination",
            VaekitWarning,
            stacklevel=3,
        )
    return max(1, rank)


def _medians(surprise: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F,) over the rows where a cell is known; 0 where none is."""
    known = ~np.isnan(surprise)
    return np.array(
        [
            float(np.median(column[there])) if there.any() else 0.0
            for column, there in zip(surprise.T, known.T, strict=True)
        ]
    )
