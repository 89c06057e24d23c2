"""What all imputers of tables share: tables in, filled tables with their uncertainty out."""

from __future__ import annotations

import abc
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.base import TableEstimator
from vaekit.estimators.pooling import Pooled, pool
from vaekit.estimators.tables import LEVELLED, FrameFormat, is_frame
from vaekit.inference import Imputation
from vaekit.tables import Column, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FAR_WORSE", "Completed", "TableImputer"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Completed:
    """A table without missing values, and how uncertain the imputed ones are."""

    filled: Any
    """The table (N, C') with means, and most probable levels, for its missing values."""
    draws: list[Any]
    """Filled tables with imputed values drawn from their distribution."""
    low: Any
    """Lower bounds of intervals, float64; of a DataFrame only the numeric columns. The filled
    numbers where no interval was asked for; a known cell is both of its bounds."""
    high: Any
    """Upper bounds."""
    effective_samples: NDArray[np.float64]
    """(N,) effective number of importance samples of each row; infinite where none were drawn."""
    collapsed: NDArray[np.bool_]
    """(N,) rows with missing values whose effective number of samples is below 5."""
    implausible: tuple[str, ...] = ()
    """Columns whose imputed numbers lie over ten standard deviations from the mean of the known
    ones, in the root mean square."""

    def pool(
        self,
        function: Callable[[Any], tuple[ArrayLike, ArrayLike]],
        *,
        complete_df: float = math.inf,
        coverage: float = 0.95,
    ) -> Pooled:
        """Pool an analysis of every draw by Rubin's rules.

        Args:
            function: from a filled table to estimates and their variances.
            complete_df: degrees of freedom if no cell were missing.
            coverage: of the intervals.

        Returns:
            As :func:`vaekit.estimators.pool`.

        Raises:
            DataError: fewer than two draws.
        """
        found = [function(table) for table in self.draws]
        estimates, variances = ([np.asarray(each[at]) for each in found] for at in range(2))
        return pool(estimates, variances, complete_df=complete_df, coverage=coverage)


FAR_WORSE = 100.0
"""Squared error, in units of that of the mean, above which imputed values are implausible."""

_FEWEST_KNOWN = 20


def _implausible(
    filled: NDArray[np.floating[Any]], *, cells: NDArray[np.float64], columns: Sequence[Column]
) -> tuple[str, ...]:
    """Return the columns of numbers whose imputed values are far from all known ones; warn."""
    found = []
    for place, column in enumerate(columns):
        missing = np.isnan(cells[:, place])
        known, made = cells[~missing, place], filled[missing, place]
        made = made[~np.isnan(made)]
        if column.kind in LEVELLED or len(known) < _FEWEST_KNOWN or not len(made):
            continue
        if ((made - known.mean()) ** 2).mean() > FAR_WORSE * known.var() > 0:
            found.append(column.name)
    if found:
        warnings.warn(
            "the imputed values lie over ten standard deviations from the mean of the known ones, "
            f"in the columns {', '.join(found)}: do not use them; give a better kind (kinds=), or "
            "leave the columns out",
            VaekitWarning,
            stacklevel=4,
        )
    return tuple(found)


class TableImputer(OneToOneFeatureMixin, TransformerMixin, TableEstimator, abc.ABC):
    """An estimator that fills the missing cells of tables."""

    keep_empty_features: bool

    def transform(self, X: ArrayLike | pd.DataFrame) -> Any:  # noqa: ANN401 - as X came
        """Impute the missing values of a table; those of a row do not depend on the other rows.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            The filled table (N, C'): a DataFrame where one came, else an array.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        return self.complete(X).filled

    def complete(
        self,
        X: ArrayLike | pd.DataFrame,
        *,
        multiple: int = 0,
        coverage: float | None = None,
        delta: Mapping[str, float] | None = None,
    ) -> Completed:
        """Impute the missing values of a table, with their uncertainty.

        Args:
            X: (N, C) with the columns of training.
            multiple: how many filled tables to draw too, for multiple imputation.
            coverage: probability, by the model, that a missing number lies in its interval.
            delta: column (x0, x1, ... in an array) to what is added to its imputed numbers,
                draws and bounds, in units of the column: a sensitivity analysis for numbers that
                are missing because of their value. Counts, positive and bounded numbers stop at
                the ends of their range.

        Returns:
            The filled table, draws, intervals and effective sample sizes.

        Raises:
            ConfigError: a negative number of tables, a coverage that is not between 0 and 1, or a
                delta of no column of numbers.
            DataError: a cell that its column cannot hold.
        """
        table, cells = self._encode(X)
        if multiple < 0 or (coverage is not None and not 0.0 < coverage < 1.0):
            raise ConfigError(
                "expected multiple from 0 and a coverage between 0 and 1; got "
                f"{multiple} and {coverage}"
            )
        shift = self._shift(delta or {})
        made = self._complete_cells(cells, draws=multiple, coverage=coverage)
        implausible = _implausible(made.filled, cells=cells, columns=self.format_.columns)
        if delta:
            made = _shifted(made, np.isnan(cells), shift=shift, columns=self.format_.columns)
        kept: dict[str, Any] = {"like": table, "keep_empty": self.keep_empty_features}
        return Completed(
            filled=self.format_.decode(made.filled, **kept),
            draws=[self.format_.decode(drawn, **kept) for drawn in made.draws],
            low=self.format_.decode_numbers(made.low, **kept),
            high=self.format_.decode_numbers(made.high, **kept),
            effective_samples=made.effective_samples,
            collapsed=self._collapsed(cells, made.effective_samples),
            implausible=implausible,
        )

    def predict_column(self, X: ArrayLike | pd.DataFrame, *, column: str | int) -> Any:  # noqa: ANN401
        """Predict a column from the known cells of all others.

        Args:
            X: (N, C) with the columns of training; of a DataFrame the predicted column may be
                absent, and what it holds is not used.
            column: to predict; its position in an array.

        Returns:
            (N,) means of numbers or most probable levels: a Series for a DataFrame, else an array.

        Raises:
            ConfigError: no such column, or one that is not modelled.
            DataError: a cell that its column cannot hold.

        Example:
            >>> from vaekit.estimators import GaussianImputer
            >>> table = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]])
            >>> imputer = GaussianImputer(ridge=1e-4).fit(table)
            >>> imputer.predict_column([[3.0, np.nan]], column=1).round(1)
            array([4.])
        """
        hidden = self._hide_column(X, column)
        filled = self.transform(hidden)
        if isinstance(self.format_, FrameFormat):
            return filled[self.format_.names[self._position(column)]]
        empty = () if self.keep_empty_features else self.format_.empty
        place = self._position(column)
        return filled[:, place - sum(each < place for each in empty)]

    def predict_column_proba(self, X: pd.DataFrame, *, column: str) -> pd.DataFrame:
        """Predict the probabilities of the levels of a column from the known cells of all others.

        Args:
            X: (N, C) with the columns of training; the predicted column may be absent, and what
                it holds is not used.
            column: to predict, of levels.

        Returns:
            (N, L) a column for each level.

        Raises:
            ConfigError: no such column, or one without levels.
            DataError: a cell that its column cannot hold.
        """
        import pandas as pd

        names = [each.name for each in self.format_.columns]
        at = self._position(column)
        place = names.index(str(column)) if str(column) in names else at
        if self.format_.columns[place].kind not in LEVELLED:
            raise ConfigError(
                f"expected a column of levels; {column!r} holds numbers: take predict"
            )
        table, cells = self._encode(self._hide_column(X, column))
        return pd.DataFrame(
            self._probabilities(cells, place=place),
            index=table.index,
            columns=list(self.format_.columns[place].levels),
        )

    def _shift(self, delta: Mapping[str, float]) -> NDArray[np.float64]:
        """(C,) what is added to the imputed numbers of each column."""
        columns = self.format_.columns
        numeric = [c.name for c in columns if c.modelled and c.kind not in (*LEVELLED, "datetime")]
        shift = np.zeros(len(columns))
        for name, value in delta.items():
            if name not in numeric:
                raise ConfigError(
                    f"delta: {name!r} is no column of numbers{nearest(name, among=numeric)}"
                )
            if not math.isfinite(value):
                raise ConfigError(f"delta: expected a finite number for {name}; got {value}")
            shift[[column.name for column in columns].index(name)] = value
        return shift

    def _position(self, column: str | int) -> int:
        """The position of a modelled column in the training table."""
        check_is_fitted(self)
        if isinstance(self.format_, FrameFormat):
            modelled = {each.name for each in self.format_.columns}
            names = [str(name) for name in self.format_.names]
            if str(column) in modelled:
                return names.index(str(column))
        else:
            modelled = {str(at) for at, each in enumerate(self.format_.columns) if each.modelled}
            if str(column) in modelled:
                return int(column)
        raise ConfigError(
            f"{column!r} is no column that the imputer predicts"
            f"{nearest(str(column), among=sorted(modelled))}"
        )

    def _hide_column(self, X: Any, column: str | int) -> Any:  # noqa: ANN401 - table or array
        """The table with all cells of a column missing."""
        place = self._position(column)
        if isinstance(self.format_, FrameFormat):
            name = self.format_.names[place]
            if not is_frame(X):
                X = self.format_.as_frame(X)
            hidden = X.drop(columns=name, errors="ignore")
            hidden[name] = np.nan
            return hidden[[each for each in self.format_.names if each in hidden.columns]]
        hidden = np.array(X, np.float64)
        hidden[:, place] = np.nan
        return hidden

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the names of the columns of a filled table.

        Args:
            input_features: names of the columns of training; only for arrays are they free.

        Returns:
            (C',) names.
        """
        names: NDArray[Any] = super().get_feature_names_out(input_features)
        return names if self.keep_empty_features else np.delete(names, self.format_.empty)

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        cast("Any", tags.transformer_tags).preserves_dtype = ["float64", "float32"]
        return tags

    @abc.abstractmethod
    def _complete_cells(
        self, cells: NDArray[np.float64], *, draws: int, coverage: float | None
    ) -> Imputation:
        """Impute the missing cells (N, C)."""

    @abc.abstractmethod
    def _probabilities(self, cells: NDArray[np.float64], *, place: int) -> NDArray[np.float64]:
        """(N, L) of the levels of a column, all cells of which are missing."""

    @abc.abstractmethod
    def _collapsed(
        self, cells: NDArray[np.float64], effective: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Rows whose importance samples have collapsed."""

    def _open_table(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401 - table or array
        """Read a training table; return its cells (N, C)."""
        _, cells = self._fit_format(X, min_samples=1)
        if self.format_.empty:
            what = "kept" if self.keep_empty_features else "left out"
            warnings.warn(
                f"columns without a known cell are {what}: {list(self.format_.empty)} (from 0)",
                VaekitWarning,
                stacklevel=5,
            )
        return cells


def _shifted(
    made: Imputation,
    missing: NDArray[np.bool_],
    *,
    shift: NDArray[np.float64],
    columns: Sequence[Column],
) -> Imputation:
    """Imputed numbers (N, C) with a shift (C,), within the range of their kind."""
    low, high = np.full(len(columns), -np.inf), np.full(len(columns), np.inf)
    for place, column in enumerate(columns):
        if column.kind in ("count", "positive"):
            low[place] = 0.0
        elif column.kind == "bounded":
            low[place] = -np.inf if column.low is None else column.low
            high[place] = np.inf if column.high is None else column.high
    moved = missing & (shift != 0)

    def move(cells: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        return np.where(moved, np.clip(cells + shift, low, high), cells)

    return replace(
        made,
        filled=move(made.filled),
        draws=move(made.draws),
        low=move(made.low),
        high=move(made.high),
    )
