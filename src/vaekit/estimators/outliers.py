"""Detect outliers by a variational autoencoder."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OutlierMixin

from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.base import TableEstimator
from vaekit.estimators.density import Density, density_budget, fit_density
from vaekit.estimators.fitting import Auto
from vaekit.estimators.tables import is_frame
from vaekit.inference import Scores

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VAEOutlierDetector", "held_out_parts", "threshold_rank"]


_SHARE = 0.2
_FOLDS = 5
_FEW_ROWS = 500
_NOISE = 0.3
_HIDE = 0.05


class VAEOutlierDetector(OutlierMixin, TableEstimator):
    r"""Detect outliers: rows of low density, and the cells responsible.

    The score of a row is the logarithm of its density, estimated with importance weights over
    its known cells. Every model is trained without some of the rows; a row is odd where its score
    is below the k-th lowest of the n held-out scores, k = contamination (n + 1) rounded down and
    at least 1, and ``false_alarm_rate_`` is k / (n + 1).

    With a share ``held_out`` there is one model, and a row that is like those of training is
    called odd with that probability, whatever the model is worth. "auto" does this with
    a fifth of the rows from 500 rows on. In smaller tables it trains five models, each on four
    fifths of the rows; every row is held out once, and the score of a new row is the mean of the
    five log-densities. Nothing is proven of the rate then, for a mean of five is compared to
    scores of one; measured, it was near the stated one (docs/tables.md).

    An array holds numbers. A DataFrame may hold anything: each column gets the distribution of
    its kind (see :func:`vaekit.tables.infer_schema`). Cells may be missing, in training and
    later; a gap makes a row neither odd nor usual, and a level that training did not see counts
    as a gap. Constants and identifiers are not looked at.

    Real columns are made straight by a power each. Numbers are blurred in training by three
    tenths of the standard deviation of their column, and a few of their cells are hidden, so that
    the density does not grow spikes on the rows of a small table. Densities are in the units
    that the model sees: standard deviations of a straightened column, or multiples of the
    geometric mean.

    Args:
        contamination: share of usual rows that may be called odd, above 0 and up to 0.5.
        held_out: share of the rows that training does not see, or "auto".
        latent_dim: D, or "auto": 10.
        hidden: widths of the hidden layers, or "auto": (128, 128).
        samples: K, importance samples of each row in training.
        epochs: passes over the rows in training, or "auto": about 100.
        batch_size: rows in a step, or "auto": 64, and 256 from 20,000 rows.
        learning_rate: step size at the start; it falls to 0.
        scoring_samples: K, importance samples of each row that is scored, for each model.
        kinds: for a DataFrame, column to kind where it is known better: "count", "bounded:0:100".
        random_state: seed, or generator, of training; the noise of scoring is fixed then.
        verbose: show the progress of training on stderr.

    Attributes:
        offset_: scores below it are odd.
        false_alarm_rate_: how often a row like those of training is called odd.
        held_out_scores_: (n,) ascending.
        usual_: (F,) median surprise of each column that the model sees, over the held-out rows.
        density_: the units of the columns, and the models; no model where there was nothing to
            model.
        form_: how the table is read, and the kinds of its columns.
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
        Mattei and Frellsen 2019, arXiv:1812.02633 (density with gaps); Vovk, Gammerman and Shafer
        2005, Algorithmic Learning in a Random World, section 4.1 (held-out scores); Vovk 2015,
        arXiv:1208.0806 (every row held out once).
    """

    def __init__(
        self,
        *,
        contamination: float = 0.05,
        held_out: float | Auto = "auto",
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
        """Learn what rows are usual.

        Args:
            X: (N, C) an array of numbers, or a DataFrame; gaps are NaN, None or NA.
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
        if not 0.0 < self.contamination <= 0.5:
            raise ConfigError(
                f"expected contamination above 0 and up to 0.5; got {self.contamination}"
            )
        _, cells = self._fit_format(X)
        parts = held_out_parts(len(cells), held_out=self.held_out, seed=self.seed_)
        self.density_: Density = fit_density(
            cells,
            columns=self.format_.columns,
            settings=self._choose_settings(
                rows=len(cells) - len(parts[0]), budget=density_budget(models=len(parts))
            ),
            held_out=parts,
            noise=_NOISE,
            hide=_HIDE,
            powers=True,
            seed=self.seed_,
            verbose=self.verbose,
        )
        held_out = [self._score(cells[part], member=at) for at, part in enumerate(parts)]
        self.held_out_scores_ = np.sort(np.concatenate([each.log_likelihood for each in held_out]))
        self.typical_surprise_ = _medians(np.concatenate([each.surprise for each in held_out]))
        count = len(self.held_out_scores_)
        rank = threshold_rank(count, contamination=self.contamination)
        self.offset_ = float(self.held_out_scores_[rank - 1])
        self.false_alarm_rate_ = rank / (count + 1)
        return self

    def score_samples(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Log-density of each row, over its known cells; the same whatever rows go with it.

        A mean over the models, where there are five.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N,) in nats; lower is odder.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        _, cells = self._encode(X)
        return self._score(cells).log_likelihood

    def decision_function(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Score above the threshold.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N,) in nats; negative for odd rows.
        """
        above: NDArray[np.float64] = self.score_samples(X) - self.offset_
        return above

    def predict(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.int64]:
        """Tell odd rows from usual ones.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N,) -1 for odd rows, 1 for the others.
        """
        return np.where(self.decision_function(X) < 0, -1, 1).astype(np.int64)

    def p_values(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        r"""How often a usual row is as odd as this one.

        .. math:: p = \frac{1 + \#\{i : s_i \le s\}}{1 + n}

        with the scores :math:`s_i` of the n held-out rows. With a share held out, p is for a row
        like those of training at most any share :math:`\alpha` with probability at most
        :math:`\alpha`; with five models about so. A row of training is more at home in the models
        than that: give new rows.

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
        r"""Which cells make a row odd: how surprising each is, given the others of its row.

        .. math:: c_f = -\log p(x_f | x_{o \setminus f}) - \mathrm{median}_i\big(
            -\log p(x_{if} | x_{io \setminus f})\big)

        with the median over the held-out rows, so that 0 is usual. Where two cells contradict
        each other both are surprising.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N, C) in nats, a DataFrame where one came; higher is odder, 0 where a cell is missing
            or its column is not looked at.

        Source:
            Gelfand, Dey and Chang 1992, Bayesian Statistics 4 (conditional predictive ordinate).
        """
        table, cells = self._encode(X)
        surprise = self._score(cells).surprise - self.typical_surprise_
        found = np.zeros((len(cells), self.n_features_in_))
        places = self.density_.scaler.places.tolist()
        if is_frame(table):
            names = [str(name) for name in table.columns]
            places = [names.index(name) for name in self.density_.scaler.names]
        found[:, places] = np.nan_to_num(surprise, posinf=np.inf)
        if not is_frame(table):
            return found
        import pandas as pd

        return pd.DataFrame(found, index=table.index, columns=table.columns)

    def _score(self, cells: NDArray[np.float64], *, member: int | None = None) -> Scores:
        return self.density_.score(
            cells, samples=self.scoring_samples, seed=self.seed_, member=member
        )


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
