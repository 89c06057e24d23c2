"""A semi-supervised classifier: labels of a few rows, and many rows without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags, assert_all_finite, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from vaekit.errors import ConfigError, DataError
from vaekit.estimators.base import TableEstimator
from vaekit.estimators.fitting import Auto
from vaekit.estimators.label_models import (
    LabelledModel,
    LabelModel,
    choose_label_settings,
    choose_likelihood,
    fit_label_model,
)
from vaekit.estimators.tables import TableScaler, fit_scaler, is_frame
from vaekit.numerics import fixed_noise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SemiSupervisedVAEClassifier", "balanced_labels", "encode_labels"]


_MODELS = ("M1", "M2", "M1+M2")


def encode_labels(y: Any) -> tuple[NDArray[Any], NDArray[np.int64]]:  # noqa: ANN401 - array-like
    """Encode labels, some of them unknown, as positions among the classes.

    Args:
        y: (N,) labels; unknown where a number is -1 or NaN, or an object None, NaN, NA or -1.

    Returns:
        The classes (C,), sorted, and the position of each label (N,), -1 where it is unknown.

    Raises:
        DataError: no labels at all, or none that is known.
        ValueError: what scikit-learn refuses: fractions, more than one column.

    Example:
        >>> encode_labels(["b", None, "a"])[1].tolist(), encode_labels([7, -1, 7])[1].tolist()
        ([1, -1, 0], [0, -1, 0])
    """
    if y is None:
        raise DataError("requires y to be passed, but the target y is None")
    labels = column_or_1d(_as_array(y), warn=True)
    unknown = np.array([_is_unknown(label) for label in labels.tolist()], np.bool_)
    known = np.array(labels[~unknown].tolist()) if labels.dtype == object else labels[~unknown]
    if not len(known):
        raise DataError(
            f"expected some labels to be known; got {len(labels)} unknown ones. For a model "
            "without labels take VariationalAutoencoder"
        )
    if known.dtype.kind == "f":
        assert_all_finite(known, input_name="y")
    check_classification_targets(known)
    classes, places = np.unique(known, return_inverse=True)
    encoded = np.full(len(labels), -1, np.int64)
    encoded[~unknown] = places
    return classes, encoded


def balanced_labels(
    y: Any,  # noqa: ANN401 - array-like
    *,
    count: int,
    seed: int,
) -> NDArray[Any]:
    """Keep a few labels, the same number of each class.

    Args:
        y: (N,) labels; unknown ones stay unknown.
        count: how many to keep in all; the classes share it evenly, and where it does not divide
            the first ones keep one more.
        seed: of the choice.

    Returns:
        (N,) the labels, elsewhere -1, or None where labels are not numeric.

    Raises:
        DataError: a class has too few rows, or there are fewer labels than classes to keep.

    Example:
        >>> balanced_labels([0, 1, 0, 1, 1, 0], count=2, seed=0).tolist()
        [-1, -1, -1, 1, -1, 0]
    """
    classes, places = encode_labels(y)
    if count < len(classes):
        raise DataError(f"expected count to be at least the {len(classes)} classes; got {count}")
    draw = np.random.default_rng(seed)
    kept: list[int] = []
    for place, name in enumerate(classes):
        wanted = count // len(classes) + (place < count % len(classes))
        rows = np.flatnonzero(places == place)
        if len(rows) < wanted:
            raise DataError(f"expected {wanted} rows of class {name!r}; got {len(rows)}")
        kept += draw.choice(rows, wanted, replace=False).tolist()
    labels = column_or_1d(_as_array(y))
    if labels.dtype.kind == "u":
        labels = labels.astype(np.int64)
    numeric = labels.dtype.kind in "if" or classes.dtype.kind in "iuf"
    found = np.full(len(labels), -1 if numeric else None, labels.dtype if numeric else object)
    found[kept] = labels[kept]
    return found


def _as_array(y: Any) -> Any:  # noqa: ANN401 - array-like
    """Lists as objects: as text, NaN would be the word "nan"; arrays as they are."""
    plain = isinstance(getattr(y, "dtype", None), np.dtype)
    return y if plain else np.asarray(y, object)


def _is_unknown(label: object) -> bool:
    """Whether a label stands for "not known": None, NaN, NA or -1."""
    if label is None or type(label).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(label, (int, float, np.number)) and not isinstance(label, bool):
        return bool(label == -1 or label != label)
    return False


class SemiSupervisedVAEClassifier(ClassifierMixin, TableEstimator):
    """Classify rows, with a few labelled and many unlabelled training rows.

    ======  ====================================================================================
    M1      codes of a variational autoencoder of all rows, and scikit-learn's LabelSpreading over
            their nearest neighbours
    M2      a generative model of rows given label and code, and a classifier; unknown labels
            are summed out
    M1+M2   M2 of the codes of M1, drawn afresh at each step
    ======  ====================================================================================

    Where all labels are known, M2 is a conditional variational autoencoder with a separate
    classifier.

    As for scikit-learn's own semi-supervised estimators, -1 in ``y`` means "not known": classes
    that are called -1 and 1 have to be called otherwise. NaN and None mean the same.

    An array holds numbers. A DataFrame may hold anything: each column gets the distribution of
    its kind (see :func:`vaekit.tables.infer_schema`), and its cells may be missing.

    Args:
        model: "M1", "M2" or "M1+M2". M1 is the quickest; M1+M2 is the best of them on tens of
            thousands of images, and the worst on a thousand.
        likelihood: "bernoulli", for values in [0, 1] such as those of pixels; "columns", a
            distribution for each column by its kind; "auto": bernoulli for an array without missing
            values of at least 16 columns with values in [0, 1], else columns.
        latent_dim: D, of the codes of rows, or "auto": 10, 20 from 50 columns, and 50 for large
            tables of at least 100 columns.
        hidden: widths of the hidden layers, or "auto": (256,), and (600, 600) for those.
        epochs: passes over the rows in training, or "auto": about 100, fewer for large tables.
        batch_size: rows in a step, or "auto": 64, and 200 from 20,000 rows.
        learning_rate: initial step size; it falls to 0.
        alpha: weight of the classifier's cross-entropy on labelled rows, or "auto": 1 on codes, on
            rows a sixteenth of the columns where that is more.
        kinds: for a DataFrame, column to kind where it is known better: "count", "bounded:0:100".
        random_state: seed, or generator, of training; all later noise is fixed then.
        verbose: show the progress of training on stderr.

    Attributes:
        classes_: (C,) the labels, sorted.
        model_: the trained model; none where no column varies.
        prior_: (C,) how often each label is known, plus one: p(y) but for a factor.
        likelihood_: bernoulli or columns.
        format_: how tables are encoded, and the kinds of their columns.
        scaler_: the columns that the model sees, and their units.
        seed_: of the noise.
        n_features_in_: columns in training.
        feature_names_in_: their names, where they had any.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(60, 2)) + 4 * (np.arange(60) % 2)[:, None]
        >>> few = np.where(np.arange(60) < 6, np.arange(60) % 2, -1)
        >>> learner = SemiSupervisedVAEClassifier(epochs=20, hidden=(8,), random_state=0)
        >>> learner.fit(rows, few).predict_proba(rows).shape
        (60, 2)

    Source:
        Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298.
    """

    def __init__(
        self,
        *,
        model: Literal["M1", "M2", "M1+M2"] = "M1",
        likelihood: Literal["auto", "bernoulli", "columns"] = "auto",
        latent_dim: int | Auto = "auto",
        hidden: Sequence[int] | Auto = "auto",
        epochs: int | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate: float = 2e-3,
        alpha: float | Auto = "auto",
        kinds: Mapping[str, str] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.model = model
        self.likelihood = likelihood
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.alpha = alpha
        self.kinds = kinds
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike | pd.DataFrame, y: ArrayLike) -> SemiSupervisedVAEClassifier:
        """Fit the model to rows with and without labels.

        Args:
            X: (N, F) an array of numbers, or a DataFrame; missing values are NaN, None or NA.
            y: (N,) numbers or text; -1, NaN or None where the label is not known.

        Returns:
            Itself.

        Raises:
            ConfigError: a parameter out of range.
            DataError: no label is known, or a column cannot be modelled as its kind.
            TrainingError: the loss is not finite.
        """
        if self.model not in _MODELS:
            raise ConfigError(f"model is one of {', '.join(_MODELS)}; got {self.model!r}")
        table, cells = self._fit_format(X)
        self.classes_, label = encode_labels(y)
        check_consistent_length(cells, label)
        self.likelihood_ = choose_likelihood(self.likelihood, cells=cells, framed=is_frame(table))
        self.scaler_: TableScaler = fit_scaler(cells, columns=self.format_.columns)
        self.prior_ = (np.bincount(label[label >= 0], minlength=len(self.classes_)) + 1.0).tolist()
        settings = choose_label_settings(
            shape=cells.shape,
            latent_dim=self.latent_dim,
            hidden=self.hidden,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            alpha=self.alpha,
        )
        self.model_: LabelModel | None = None
        if self.scaler_.specs:
            self.model_ = fit_label_model(
                self.model,
                self._scale(cells),
                label,
                specs=None if self.likelihood_ == "bernoulli" else self.scaler_.specs,
                settings=settings,
                label_prior=self.prior_,
                seed=self.seed_,
                verbose=self.verbose,
            )
        return self

    def predict_proba(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Compute the probabilities of the classes.

        Args:
            X: (N, F) with the columns of training.

        Returns:
            (N, C), in the order of ``classes_``.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        _, cells = self._encode(X)
        if self.model_ is None:
            prior = np.array(self.prior_)
            return np.tile(prior / prior.sum(), (len(cells), 1))
        return self.model_.predict_proba(self._scale(cells))

    def predict(self, X: ArrayLike | pd.DataFrame) -> NDArray[Any]:
        """Predict the most probable class of each row.

        Args:
            X: (N, F) with the columns of training.

        Returns:
            (N,) labels.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        likely = self.predict_proba(X).argmax(1)
        found: NDArray[Any] = self.classes_[likely]
        return found

    def sample(
        self,
        n: int = 1,
        *,
        label: Any = None,  # noqa: ANN401 - as labels are
        random_state: int | None = None,
    ) -> Any:  # noqa: ANN401 - as X came
        """Sample new rows of a class; of pixels, their means.

        Args:
            n: how many.
            label: of which class; of all, by p(y), when absent.
            random_state: seed; that of training when absent, the same rows each time.

        Returns:
            (n, F) a DataFrame where training had one, else an array.

        Raises:
            ConfigError: n is below 1, an unknown label, or a label asked of M1, which knows none.
        """
        check_is_fitted(self)
        if n < 1:
            raise ConfigError(f"expected at least 1 row to draw; got n = {n}")
        place = None if label is None else self._place(label)
        if self.model_ is None:
            return self._decode(np.empty((n, 0)))
        with fixed_noise(self.seed_ if random_state is None else random_state):
            return self._decode(self.model_.sample(n, label=place))

    def relabel(self, X: ArrayLike | pd.DataFrame, *, label: Any) -> Any:  # noqa: ANN401
        """Decode the codes of rows under another label: analogies.

        The code of a row is inferred under its most probable label and decoded under the other.

        Args:
            X: (N, F) with the columns of training.
            label: the other label.

        Returns:
            (N, F) means of numbers, most probable levels; a DataFrame where training had one.

        Raises:
            ConfigError: an unknown label, or M1, which has no model of labels.
            DataError: a cell that its column cannot hold.
        """
        _, cells = self._encode(X)
        place = self._place(label)
        if not isinstance(self.model_, LabelledModel):
            return self._decode(np.empty((len(cells), 0)))
        return self._decode(self.model_.relabel(self._scale(cells), label=place))

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.likelihood != "bernoulli"
        return tags

    def _scale(self, cells: NDArray[np.float64]) -> NDArray[np.float32]:
        """(N, F) as the model sees them."""
        if self.likelihood_ == "columns":
            return self.scaler_.transform(cells).astype(np.float32)
        if np.isnan(cells).any():
            raise DataError("pixels cannot be missing: fit with likelihood='columns'")
        return cells.astype(np.float32)

    def _decode(self, rows: NDArray[np.float64]) -> Any:  # noqa: ANN401 - as X came
        """A table of rows (N, F) as the model sees them."""
        if self.likelihood_ == "bernoulli":
            return rows
        return self.format_.new_table(self.scaler_.inverse_transform(rows), dtype=np.float64)

    def _place(self, label: Any) -> int:  # noqa: ANN401 - as labels are
        """Position of a label among the classes."""
        if self.model == "M1":
            raise ConfigError('M1 has no model of rows given a label: take model="M2" or "M1+M2"')
        found = np.flatnonzero(self.classes_ == label)
        if len(found) != 1:
            raise ConfigError(f"expected a label of {self.classes_.tolist()}; got {label!r}")
        return int(found[0])
