"""Labels as they come to a classifier: known for some rows, and unknown for the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from vaekit.errors import DataError

__all__ = ["balanced_labels", "read_labels"]


def read_labels(y: Any) -> tuple[NDArray[Any], NDArray[np.int64]]:  # noqa: ANN401 - array-like
    """Classes, and which of them each row belongs to.

    Args:
        y: (N,) labels; unknown where a number is -1 or NaN, or an object None, NaN or -1.

    Returns:
        The classes (C,), sorted, and their positions (N,), -1 where the label is unknown.

    Raises:
        DataError: no labels at all, or none that is known.
        ValueError: what scikit-learn refuses: fractions, more than one column.

    Example:
        >>> read_labels(["b", None, "a"])[1].tolist(), read_labels([7, -1, 7])[1].tolist()
        ([1, -1, 0], [0, -1, 0])
    """
    if y is None:
        raise DataError("requires y to be passed, but the target y is None")
    labels = column_or_1d(_as_array(y), warn=True)
    unknown = _unknown(labels)
    known = np.array(labels[~unknown].tolist()) if labels.dtype == object else labels[~unknown]
    if not len(known):
        raise DataError(
            f"expected some labels to be known; got {len(labels)} unknown ones. A model without "
            "labels is VariationalAutoencoder"
        )
    if known.dtype.kind == "f":
        assert_all_finite(known, input_name="y")
    check_classification_targets(known)
    classes, places = np.unique(known, return_inverse=True)
    found = np.full(len(labels), -1, np.int64)
    found[~unknown] = places
    return classes, found


def balanced_labels(
    y: Any,  # noqa: ANN401 - array-like
    *,
    count: int,
    seed: int,
) -> NDArray[Any]:
    """Keep a few labels, as many of each class.

    Args:
        y: (N,) labels; unknown ones stay unknown.
        count: how many to keep in all; the classes share it evenly, and where it does not divide
            the first ones keep one more.
        seed: of the choice.

    Returns:
        (N,) the labels, elsewhere -1, or None where they are no numbers.

    Raises:
        DataError: a class has too few rows, or there are fewer labels than classes to keep.

    Example:
        >>> balanced_labels([0, 1, 0, 1, 1, 0], count=2, seed=0).tolist()
        [-1, -1, -1, 1, -1, 0]
    """
    classes, places = read_labels(y)
    if count < len(classes):
        raise DataError(f"expected count to be at least the {len(classes)} classes; got {count}")
    draw = np.random.default_rng(seed)
    kept: list[int] = []
    for place, name in enumerate(classes):
        wanted = count // len(classes) + (place < count % len(classes))
        there = np.flatnonzero(places == place)
        if len(there) < wanted:
            raise DataError(f"expected {wanted} rows of class {name!r}; got {len(there)}")
        kept += draw.choice(there, wanted, replace=False).tolist()
    labels = column_or_1d(_as_array(y))
    if labels.dtype.kind == "u":
        labels = labels.astype(np.int64)
    numbers = labels.dtype.kind in "if" or classes.dtype.kind in "iuf"
    found = np.full(len(labels), -1 if numbers else None, labels.dtype if numbers else object)
    found[kept] = labels[kept]
    return found


def _as_array(y: Any) -> Any:  # noqa: ANN401 - array-like
    """Lists as objects: as text, NaN would be the word "nan"; arrays as they are."""
    plain = isinstance(getattr(y, "dtype", None), np.dtype)
    return y if plain else np.asarray(y, object)


def _unknown(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """(N,) true where a label is not known."""
    if labels.dtype == object:
        return np.array([_is_unknown(label) for label in labels], np.bool_)
    if labels.dtype.kind == "f":
        missing: NDArray[np.bool_] = np.isnan(labels) | (labels == -1)
        return missing
    if labels.dtype.kind == "i":
        found: NDArray[np.bool_] = labels == -1
        return found
    return np.zeros(len(labels), np.bool_)


def _is_unknown(label: object) -> bool:
    """Whether an object stands for a label that is not known: None, NaN, NA or -1."""
    if label is None or type(label).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(label, (int, float, np.number)) and not isinstance(label, bool):
        return bool(label == -1 or label != label)
    return False
