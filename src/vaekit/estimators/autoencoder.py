"""A variational autoencoder as a scikit-learn transformer: rows to codes and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from vaekit.errors import ConfigError, DataError
from vaekit.estimators.base import TableEstimator
from vaekit.estimators.density import Density, density_budget, fit_density
from vaekit.estimators.fitting import Auto
from vaekit.estimators.synthesizer import (
    Synthesizer,
    column_log_likelihoods,
    encode_means,
    fit_synthesizer,
)
from vaekit.estimators.tables import is_frame
from vaekit.models import VAE

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VariationalAutoencoder"]


_HIDE = 0.1  # the encoder has to learn rows of which only some cells are given


class VariationalAutoencoder(TransformerMixin, TableEstimator):
    """Encode rows of a table, decode codes, and sample new rows.

    An array holds numbers. A DataFrame may hold anything: each column gets the distribution of
    its kind (see :func:`vaekit.tables.infer_schema`). Cells may be missing: the code of a row is
    inferred from its known cells and does not depend on the other rows. Whole numbers that vary
    less than any Poisson variable, such as marks, are modelled as ordinal.

    Args:
        latent_dim: D, or "auto": 10.
        hidden: widths of the hidden layers, or "auto": (128, 128).
        samples: K, samples of each row in training; 1 is the evidence lower bound.
        epochs: passes over the rows in training, or "auto": about 100.
        batch_size: rows in a step, or "auto": 64, and 256 from 20,000 rows.
        learning_rate: initial step size; it falls to 0.
        scoring_samples: importance samples of each row that is scored.
        codes: what ``sample`` draws codes from: "mixture", fitted to those of the rows after
            training, or "prior".
        kinds: for a DataFrame, column to kind where it is known better: "count", "bounded:0:100".
        weights: column to its weight in the loss, 1 where absent (x0, x1, ... in an array).
        random_state: seed, or generator, of training; all later noise is fixed then.
        verbose: show the progress of training on stderr.

    Attributes:
        latent_dim_: D.
        model_: the model; none where there was nothing to model.
        format_: how tables are encoded, and the kinds of their columns.
        density_: the model and the units of its columns.
        synthesizer_: the density of the codes, and their decoding to tables.
        seed_: of the noise.
        n_features_in_: columns in training.
        feature_names_in_: their names, where they had any.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(100, 4))
        >>> coder = VariationalAutoencoder(latent_dim=2, epochs=2, hidden=(8,), random_state=0)
        >>> codes = coder.fit_transform(rows)
        >>> codes.shape, coder.inverse_transform(codes).shape, coder.sample(3).shape
        ((100, 2), (100, 4), (3, 4))

    Source:
        Kingma and Welling 2014, arXiv:1312.6114.
    """

    def __init__(
        self,
        *,
        latent_dim: int | Auto = "auto",
        hidden: Sequence[int] | Auto = "auto",
        samples: int = 1,
        epochs: int | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate: float = 2e-3,
        scoring_samples: int = 200,
        codes: Literal["mixture", "prior"] = "mixture",
        kinds: Mapping[str, str] | None = None,
        weights: Mapping[str, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.samples = samples
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scoring_samples = scoring_samples
        self.codes = codes
        self.kinds = kinds
        self.weights = weights
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike | pd.DataFrame, y: object = None) -> VariationalAutoencoder:
        """Fit the model to the known cells of a table.

        Args:
            X: (N, C) an array of numbers, or a DataFrame; missing values are NaN, None or NA.
            y: ignored.

        Returns:
            Itself.

        Raises:
            ConfigError: a parameter out of range.
            DataError: a column that cannot be modelled as its kind.
            TrainingError: the loss is not finite.
        """
        if self.codes not in ("mixture", "prior"):
            raise ConfigError(f"expected codes to be mixture or prior; got {self.codes!r}")
        _, cells = self._fit_format(X, scores_as_ordinal=True)
        settings = self._choose_settings(rows=len(cells), budget=density_budget())
        self.latent_dim_ = settings.latent_dim
        self.density_: Density = fit_density(
            cells,
            columns=self.format_.columns,
            settings=settings,
            hide=_HIDE,
            weights=self.weights,
            seed=self.seed_,
            verbose=self.verbose,
        )
        self.model_: VAE | None = next(iter(self.density_.models), None)
        self.synthesizer_: Synthesizer = fit_synthesizer(
            cells,
            format=self.format_,
            scaler=self.density_.scaler,
            model=self.model_,
            mixture=self.codes == "mixture",
            seed=self.seed_,
        )
        return self

    def transform(self, X: ArrayLike | pd.DataFrame) -> NDArray[Any]:
        """Encode rows as the means of their posteriors.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N, D) of the floating-point type of X; 0 where there was nothing to model.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        table, cells = self._encode(X)
        dtype = np.float64 if is_frame(table) else table.dtype
        if self.model_ is None:
            return np.zeros((len(cells), self.latent_dim_), dtype)
        return encode_means(self.model_, self.density_.scaler.transform(cells)).astype(dtype)

    def inverse_transform(self, X: ArrayLike) -> Any:  # noqa: ANN401 - as training came
        """Decode codes to rows: means of numbers, most probable levels.

        Args:
            X: (N, D) codes.

        Returns:
            (N, C) a DataFrame where training had one, else an array; constants have their value,
            identifiers are missing.

        Raises:
            DataError: codes of another width.
        """
        check_is_fitted(self)
        codes = np.array(X, np.float32)  # a copy: PyTorch takes none that is read-only
        if codes.ndim != 2 or codes.shape[1] != self.latent_dim_:
            raise DataError(f"expected codes (N, {self.latent_dim_}); got shape {codes.shape}")
        return self.synthesizer_.decode(codes)

    def score_samples(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Compute the log-density of each row, over its known cells, in the units of the model.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            (N,) in nats.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        _, cells = self._encode(X)
        scores = self.density_.score(cells, samples=self.scoring_samples, seed=self.seed_)
        return scores.log_likelihood

    def score(self, X: ArrayLike | pd.DataFrame, y: object = None) -> float:
        """Compute the mean log-density of rows; higher is better.

        Args:
            X: (N, C) with the columns of training.
            y: ignored.

        Returns:
            In nats per row.
        """
        return float(self.score_samples(X).mean())

    def column_nats(self, X: ArrayLike | pd.DataFrame) -> dict[str, float]:
        """Compute the mean log-likelihood of each column given the code, in the units of the model.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            Column to mean log p(cell|code), in nats; only of columns that the model sees. A
            column far above the others dominates training: ``weights`` change that.
        """
        _, cells = self._encode(X)
        if self.model_ is None:
            return {}
        scaler = self.density_.scaler
        nats = column_log_likelihoods(self.model_, scaler.transform(cells), seed=self.seed_)
        return dict(zip(scaler.names, nats, strict=True))

    def sample(
        self,
        n: int = 1,
        *,
        given: Mapping[str, Any] | None = None,
        random_state: int | None = None,
    ) -> Any:  # noqa: ANN401 - as training came
        """Sample new rows, all with the given cells; the other cells follow conditionally.

        Args:
            n: how many.
            given: column to value, for any columns; those of an array are x0, x1, ...
            random_state: seed; that of training when absent, the same rows each time.

        Returns:
            (n, C) without missing values, a DataFrame where training had one, else an array: types,
            levels, order and decimals of training, constants with their value, identifiers
            missing. A ``VaekitWarning`` tells where the effective number of codes is small, so
            that rows are too alike; ``synthesizer_.draw(...).effective_samples`` is that number.

        Raises:
            ConfigError: n is below 1, or there is no such column.
            DataError: a value that its column cannot hold, such as a level never seen.
        """
        check_is_fitted(self)
        seed = self.seed_ if random_state is None else random_state
        return self.synthesizer_.write(self.synthesizer_.draw(n, given=given or {}, seed=seed))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the names of the codes: z1, z2, ...

        Args:
            input_features: names of the columns of training; they are only checked.

        Returns:
            (D,) names.

        Raises:
            ConfigError: other names than those of training.
        """
        OneToOneFeatureMixin.get_feature_names_out(self, input_features)  # checks the names
        return np.array([f"z{dim + 1}" for dim in range(self.latent_dim_)], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
