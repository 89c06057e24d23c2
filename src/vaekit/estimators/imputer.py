"""Missing cells filled in by a variational autoencoder, as a scikit-learn transformer."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.fitting import Auto, choose_settings, fit_table
from vaekit.estimators.layout import Layout, fill, lay_out
from vaekit.estimators.reading import FrameForm, TableForm, is_frame, open_form
from vaekit.estimators.report import ImputationReport, compare, hold_back
from vaekit.models import VAE
from vaekit.tasks import Imputation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VAEImputer"]

_SEEDS = 2**31 - 1
_FLOATS = (np.float64, np.float32)


class VAEImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill in missing cells with what a variational autoencoder expects there.

    It learns from the known cells alone, of complete and incomplete rows, by the
    importance-weighted bound, and fills a gap with its mean given the known cells of the row, or
    with the most probable level. Known cells come back as they went in.

    An array holds numbers. A DataFrame may hold anything: each column gets the distribution of
    its kind (see :func:`vaekit.tables.infer_schema`), and its type, order and index come back.
    Constants are filled with their value, identifiers are left alone. A level that training did
    not see tells the model nothing and stays where it is. A column without a known cell in
    training is dropped, as by scikit-learn's imputers, unless ``keep_empty_features``.

    Args:
        latent_dim: D, or "auto": 10.
        hidden: widths of the hidden layers, or "auto": (128, 128).
        samples: K, importance samples of each row in training.
        epochs: passes over the rows in training, or "auto": about 300.
        batch_size: rows in a step, or "auto": 64, and 256 from 20,000 rows.
        learning_rate: step size at the start; it falls to 0.
        imputation_samples: K, importance samples of each row when gaps are filled.
        kinds: for a DataFrame, column to kind where it is known better: "count", "bounded:0:100".
        check: share of the known cells that is held back to say what the imputer is worth, in
            ``report_``; it costs a second training.
        keep_empty_features: keep columns without a known cell in training: zeros in an array, as
            they came in a DataFrame.
        random_state: seed, or generator, of training; the noise of ``transform`` is fixed then.
        verbose: show the progress of training on stderr.

    Attributes:
        report_: what it is worth beside simple imputers, or none.
        model_: the model; none where there was nothing to model.
        form_: how the table is read, and the kinds of its columns.
        layout_: the columns that the model sees, and their units.
        seed_: of the noise of ``transform``.
        n_features_in_: columns in training.
        feature_names_in_: their names, where they had any.

    Example:
        >>> table = np.repeat(np.linspace(-1, 1, 60), 3).reshape(60, 3)
        >>> table[::4, 1] = np.nan
        >>> imputer = VAEImputer(epochs=3, hidden=(8,), imputation_samples=20, random_state=0)
        >>> filled = imputer.fit_transform(table)
        >>> filled.shape, bool(np.isnan(filled).any())
        ((60, 3), False)

    Source:
        Mattei and Frellsen 2019, arXiv:1812.02633 (MIWAE).
    """

    def __init__(
        self,
        *,
        latent_dim: int | Auto = "auto",
        hidden: Sequence[int] | Auto = "auto",
        samples: int = 20,
        epochs: int | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate: float = 2e-3,
        imputation_samples: int = 1000,
        kinds: Mapping[str, str] | None = None,
        check: float = 0.0,
        keep_empty_features: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.samples = samples
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.imputation_samples = imputation_samples
        self.kinds = kinds
        self.check = check
        self.keep_empty_features = keep_empty_features
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike | pd.DataFrame, y: object = None) -> VAEImputer:
        """Learn from the known cells of a table.

        Args:
            X: (N, C) an array of numbers, or a DataFrame; gaps are NaN, None or NA.
            y: ignored.

        Returns:
            Itself.

        Raises:
            ConfigError: a parameter out of range.
            DataError: a column that cannot be modelled as its kind.
            TrainingError: the loss is not finite.
        """
        if not 0.0 <= self.check < 1.0:
            raise ConfigError(f"expected check to be a share from 0 up to 1; got {self.check}")
        self.seed_ = int(check_random_state(self.random_state).randint(_SEEDS))
        table = self._validated(X, reset=True)
        self.form_: TableForm = open_form(table, kinds=self.kinds)
        cells = self.form_.read(table)
        self._warn_of_empty()
        self.report_ = self._judge(cells) if self.check else None
        self.layout_, self.model_ = self._learn(cells)
        return self

    def transform(self, X: ArrayLike | pd.DataFrame) -> Any:  # noqa: ANN401 - as X came
        """Fill the gaps of a table; the same for a row whatever rows go with it.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            The filled table (N, C'): a DataFrame where one came, else an array.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        table, cells = self._read(X)
        filled = self._fill(cells).filled
        return self.form_.write(filled, like=table, keep_empty=self.keep_empty_features)

    def multiple_impute(self, X: ArrayLike | pd.DataFrame, m: int) -> list[Any]:
        """Draw filled tables, for analyses that shall know how unsure the gaps are.

        Args:
            X: (N, C) with the columns of training.
            m: how many tables.

        Returns:
            The tables, each as ``transform`` gives it.

        Raises:
            ConfigError: m is below 1.
            DataError: a cell that its column cannot hold.
        """
        if m < 1:
            raise ConfigError(f"expected at least one table to draw; got m = {m}")
        table, cells = self._read(X)
        draws = self._fill(cells, draws=m).draws
        keep = self.keep_empty_features
        return [self.form_.write(drawn, like=table, keep_empty=keep) for drawn in draws]

    def intervals(self, X: ArrayLike | pd.DataFrame, *, coverage: float = 0.9) -> tuple[Any, Any]:
        """Between which numbers each missing cell lies.

        Args:
            X: (N, C) with the columns of training.
            coverage: probability, by the model, that the cell lies between them.

        Returns:
            Lower and upper ends in the container of X, float64; of a DataFrame only the columns
            of numbers. A known cell is both of its ends.

        Raises:
            ConfigError: the coverage is not between 0 and 1.
            DataError: a cell that its column cannot hold.
        """
        table, cells = self._read(X)
        made = self._fill(cells, interval=coverage)
        keep = self.keep_empty_features
        low, high = (
            self.form_.write_numbers(ends, like=table, keep_empty=keep)
            for ends in (made.low, made.high)
        )
        return low, high

    def effective_samples(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """How many of the importance samples carry what is said of each row.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N,) between 1 and ``imputation_samples``; near 1 the row is not to be trusted.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        return self._fill(self._read(X)[1]).effective_samples

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Names of the columns of a filled table.

        Args:
            input_features: names of the columns of training; only for arrays are they free.

        Returns:
            (C',) names.
        """
        names: NDArray[Any] = super().get_feature_names_out(input_features)
        return names if self.keep_empty_features else np.delete(names, self.form_.empty)

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _validated(self, X: Any, *, reset: bool) -> Any:  # noqa: ANN401 - an array or a frame
        """A DataFrame as it is, anything else as an array of floating-point numbers."""
        form = None if reset else self.form_
        if not (is_frame(X) if reset else isinstance(form, FrameForm)):
            return validate_data(
                self, X, reset=reset, dtype=_FLOATS, ensure_all_finite="allow-nan", copy=True
            )
        validate_data(self, X, reset=reset, skip_check_array=True)
        return form.framed(X) if isinstance(form, FrameForm) else X

    def _read(self, X: Any) -> tuple[Any, NDArray[np.float64]]:  # noqa: ANN401 - the same
        """A table to fill, and its cells."""
        check_is_fitted(self)
        table = self._validated(X, reset=False)
        return table, self.form_.read(table)

    def _learn(self, cells: NDArray[np.float64]) -> tuple[Layout, VAE | None]:
        """Units and model of the known cells (N, C)."""
        layout = lay_out(cells, columns=self.form_.columns)
        if not layout.specs:
            return layout, None
        settings = choose_settings(
            rows=len(cells),
            latent_dim=self.latent_dim,
            hidden=self.hidden,
            samples=self.samples,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
        )
        model = fit_table(
            layout.to_model(cells),
            specs=layout.specs,
            settings=settings,
            seed=self.seed_,
            verbose=self.verbose,
        )
        return layout, model

    def _fill(
        self, cells: NDArray[np.float64], *, draws: int = 0, interval: float | None = None
    ) -> Imputation:
        """What the model says of the gaps of cells (N, C)."""
        return fill(
            cells,
            layout=self.layout_,
            model=self.model_,
            samples=self.imputation_samples,
            draws=draws,
            interval=interval,
            seed=self.seed_,
        )

    def _judge(self, cells: NDArray[np.float64]) -> ImputationReport | None:
        """Train on a part of the known cells, and compare on the others."""
        columns = self.form_.columns
        held = hold_back(cells, columns=columns, share=self.check, seed=self.seed_)
        hidden = np.where(held, np.nan, cells)
        self.layout_, self.model_ = self._learn(hidden)
        filled = self._fill(hidden).filled
        return compare(filled, cells=cells, held=held, columns=columns)

    def _warn_of_empty(self) -> None:
        if self.form_.empty:
            what = "kept" if self.keep_empty_features else "left out"
            warnings.warn(
                f"columns without a known cell are {what}: {list(self.form_.empty)} (from 0)",
                VaekitWarning,
                stacklevel=3,
            )
