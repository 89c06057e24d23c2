"""Missing cells filled in by a variational autoencoder, as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from vaekit.estimators.completed import Completed, write_completed
from vaekit.estimators.density import door
from vaekit.estimators.fitting import Auto
from vaekit.estimators.gaps import Reason
from vaekit.estimators.layout import Layout, fill
from vaekit.estimators.reading import TableForm
from vaekit.estimators.report import ImputationReport
from vaekit.estimators.together import fit_imputers
from vaekit.models import VAE, End
from vaekit.tasks import Imputation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VAEImputer"]


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
        weights: column to how much it counts in training, 1 where absent (x0, x1, ... in an array).
        check: share of the known cells that is held back to say what the imputer is worth, in
            ``report_``; it costs a second training.
        missingness: why cells are missing. "ignorable": for reasons that the known cells tell.
            Otherwise the chance of a gap is modelled too: "self-masking": it depends on the
            missing value itself; "self-masking-known": and it is known at which end;
            "agnostic": it depends on all columns.
        missing_when: for "self-masking-known": whether "high" or "low" numbers go missing, for
            all columns or for each by name (x0, x1, ... in an array).
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
        Mattei and Frellsen 2019, arXiv:1812.02633 (MIWAE); Ipsen, Mattei and Frellsen 2021,
        arXiv:2006.12871 (not-MIWAE).
    """

    report_: ImputationReport | None
    form_: TableForm
    layout_: Layout
    model_: VAE | None
    seed_: int

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
        weights: Mapping[str, float] | None = None,
        check: float = 0.0,
        missingness: Reason = "ignorable",
        missing_when: End | Mapping[str, End] = "high",
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
        self.weights = weights
        self.check = check
        self.missingness = missingness
        self.missing_when = missing_when
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
        fit_imputers([self], [X])
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
        return self.complete(X).filled

    def complete(
        self, X: ArrayLike | pd.DataFrame, *, multiple: int = 0, coverage: float | None = None
    ) -> Completed:
        """Fill the gaps of a table, and say how unsure they are.

        Args:
            X: (N, C) with the columns of training.
            multiple: how many filled tables to draw too, for analyses that shall know how unsure
                the gaps are.
            coverage: probability, by the model, that a missing number lies in its interval.

        Returns:
            The filled table, draws, intervals and effective sample sizes.

        Raises:
            ConfigError: a negative number of tables, or a coverage that is not between 0 and 1.
            DataError: a cell that its column cannot hold.
        """
        check_is_fitted(self)
        table = door(self, X, form=self.form_)
        cells = self.form_.read(table)
        return write_completed(
            self._fill(cells, draws=multiple, interval=coverage),
            form=self.form_,
            like=table,
            gaps=np.asarray(np.isnan(cells).any(1)),
            samples=self.imputation_samples,
            keep_empty=self.keep_empty_features,
        )

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
