"""Base class of the estimators: validation of tables, seeds and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from vaekit.errors import DataError
from vaekit.estimators.fitting import Auto, Budget, TableSettings, choose_settings
from vaekit.estimators.tables import FrameFormat, TableFormat, is_frame, table_format

__all__ = ["TableEstimator"]


_MAX_SEED = 2**31 - 1


class TableEstimator(BaseEstimator):
    """An estimator whose input is an array with NaN, or a DataFrame of any kinds of columns."""

    latent_dim: int | Auto
    hidden: Sequence[int] | Auto
    samples: int | Auto
    epochs: int | Auto
    batch_size: int | Auto
    learning_rate: float | Auto
    kinds: Mapping[str, str] | None
    random_state: int | np.random.RandomState | None
    format_: TableFormat
    seed_: int

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _fit_format(
        self,
        X: Any,  # noqa: ANN401 - an array or a frame
        *,
        min_samples: int = 2,
        scores_as_ordinal: bool = False,
    ) -> tuple[Any, NDArray[np.float64]]:
        """Draw the seed and find the format of a training table; return it with its cells."""
        self.seed_ = int(check_random_state(self.random_state).randint(_MAX_SEED))
        X = _unmasked(X)
        if is_frame(X):
            validate_data(self, X, skip_check_array=True)
            if len(X) < min_samples:
                raise DataError(f"expected at least {min_samples} rows to learn from; got {len(X)}")
        else:
            X = self._validate_array(X, reset=True, min_samples=min_samples)
        self.format_ = table_format(X, kinds=self.kinds, scores_as_ordinal=scores_as_ordinal)
        return X, self.format_.encode(X)

    def _encode(self, X: Any) -> tuple[Any, NDArray[np.float64]]:  # noqa: ANN401
        """Validate a table against that of training; return it with its cells."""
        check_is_fitted(self)
        X = _unmasked(X)
        if isinstance(self.format_, FrameFormat):
            validate_data(self, X, reset=False, skip_check_array=True)
            X = self.format_.as_frame(X)
        else:
            X = self._validate_array(X, reset=False)
        return X, self.format_.encode(X)

    def _validate_array(self, X: Any, *, reset: bool, min_samples: int = 1) -> NDArray[Any]:  # noqa: ANN401
        """Check an array as scikit-learn does; NaN may be in it."""
        table: NDArray[Any] = validate_data(
            self,
            X,
            reset=reset,
            dtype=(np.float64, np.float32),
            ensure_all_finite="allow-nan",
            ensure_min_samples=min_samples,
        )
        return table

    def _choose_settings(self, *, rows: int, budget: Budget) -> TableSettings:
        """Replace "auto" by what suits a table of so many rows."""
        return choose_settings(
            rows=rows,
            latent_dim=self.latent_dim,
            hidden=self.hidden,
            samples=self.samples,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            budget=budget,
        )


def _unmasked(X: Any) -> Any:  # noqa: ANN401 - whatever came
    """A masked array with NaN where it is masked; scikit-learn would read what lies below."""
    if not isinstance(X, np.ma.MaskedArray):
        return X
    dtype = X.dtype if X.dtype.kind == "f" else np.float64
    return np.ma.filled(X.astype(dtype), np.nan)
