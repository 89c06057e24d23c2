"""Labels as they are written, to positions in a list of class names."""

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import DataError

__all__ = ["arrange_labels", "encode_labels", "find_label_column"]

MISSING = ("", "nan", "?")


def encode_labels(
    values: Sequence[Any] | NDArray[Any], *, where: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Positions of labels in the sorted list of their names.

    Args:
        values: (N,) numbers or texts.
        where: the file or column, named in errors.

    Returns:
        (N,) positions, and the names of the classes.

    Raises:
        DataError: not one label for each row, one is missing, or they are fractions.

    Example:
        >>> encode_labels(["cat", "ant", "cat"], where="example")
        (array([1, 0, 1]), ('ant', 'cat'))
    """
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"{where}: expected one label for each row; got an array of shape {array.shape}"
        )
    names, positions = np.unique(array, return_inverse=True)
    return arrange_labels([str(name) for name in names], positions.reshape(-1), where=where)


def arrange_labels(
    names: Sequence[str], positions: NDArray[np.int64], *, where: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Sort the names of labels, whole numbers as numbers and all else as text.

    Args:
        names: each label that occurs, once, in any order.
        positions: (N,) positions in ``names``.
        where: the file or column, named in errors.

    Returns:
        (N,) positions in the sorted names, and these names; "1" and "1.0" are the same.

    Raises:
        DataError: a label is missing, or the labels are fractions rather than classes.

    Example:
        >>> arrange_labels(["10", "9.0"], np.array([0, 1, 1]), where="example")
        (array([1, 0, 0]), ('9', '10'))
    """
    texts = [name.strip() for name in names]
    for place, text in enumerate(texts):
        if text.lower() in MISSING:
            row = int(np.flatnonzero(positions == place)[0]) + 1
            raise DataError(
                f"{where}: expected a label in each row; row {row} has none (it says {text!r}). "
                "Fill it or drop the row"
            )
    keys: Sequence[Any] = texts
    numbers = _numbers(texts)
    if numbers is not None:
        fractions = [text for text in texts if not float(text).is_integer()]
        if fractions:
            raise DataError(
                f"{where}: expected labels that name classes (texts or whole numbers); got "
                f"{fractions[0]}. Choose another label column, or none to keep it as a feature"
            )
        texts, keys = [str(int(number)) for number in numbers], numbers
    order = sorted(range(len(texts)), key=keys.__getitem__)
    classes = tuple(dict.fromkeys(texts[place] for place in order))
    place_of = {name: place for place, name in enumerate(classes)}
    return np.array([place_of[text] for text in texts], np.int64)[positions], classes


def _numbers(texts: list[str]) -> list[float] | None:
    try:
        return [float(text) for text in texts]
    except ValueError:
        return None


def find_label_column(label: str | None, *, names: Sequence[str], where: str) -> int | None:
    """The position of the label column.

    Args:
        label: a name, or a position from 0 (negative from the end); when absent, a column that
            is named "label" is taken.
        names: of the columns.
        where: the file, named in errors.

    Returns:
        The position, absent when there are no labels.

    Raises:
        DataError: there is no such column.

    Example:
        >>> find_label_column("-1", names=("a", "b", "c"), where="example")
        2
    """
    if label is None:
        return next((at for at, name in enumerate(names) if name.lower() == "label"), None)
    if label in names:
        return list(names).index(label)
    try:
        position = int(label)
    except ValueError:
        position = len(names)
    if -len(names) <= position < len(names):
        return position % len(names)
    near = difflib.get_close_matches(label, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    raise DataError(
        f"{where}: there is no label column {label!r}.{hint} Expected one of the {len(names)} "
        f"columns ({shown}) or a position from 0 to {len(names) - 1}"
    )
