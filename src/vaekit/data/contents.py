"""Result of a reader: rows, labels and metadata, and their validation."""

import difflib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.data.chunks import Extremes, all_gather, chunks, extremes, is_main_process
from vaekit.errors import DataError, VaekitWarning

__all__ = [
    "COPY_LIMIT",
    "Contents",
    "arrange_labels",
    "array_contents",
    "check_contents",
    "check_count",
    "check_finite_values",
    "encode_labels",
    "find_label_column",
    "image_contents",
    "needs_double",
    "table_contents",
    "table_shape",
]


MISSING = ("", "nan", "?")


def encode_labels(
    values: Sequence[Any] | NDArray[Any], *, where: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Encode labels as positions in the sorted list of their names.

    Args:
        values: (N,) or (N, 1) numbers or texts, or one-hot (N, C): 0 but for one 1 in each row.
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
    if _is_one_hot(array):
        array = array.argmax(axis=1)
    if array.ndim != 1:
        raise DataError(
            f"{where}: expected one label for each row; got an array of shape {array.shape}"
        )
    names, positions = np.unique(array, return_inverse=True)
    return arrange_labels([str(name) for name in names], positions.reshape(-1), where=where)


def _is_one_hot(array: NDArray[Any]) -> bool:
    """Return whether each row (N, C) is 0 but for one 1."""
    if array.ndim != 2 or array.shape[1] < 2 or array.dtype.kind not in "biuf":
        return False
    zero_or_one = (array == 0) | (array == 1)
    return bool(zero_or_one.all() and (array.sum(axis=1) == 1).all())


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
    """Return the position of the label column.

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


COPY_LIMIT = 2**28
"""A memory map of at most so many bytes may be copied to change its type or its layout."""

SMALLEST_SQUARE = 64
"""Fewer columns than this are never taken for the pixels of a square image."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Contents:
    """Rows, labels and metadata as a reader returns them.

    Args:
        rows: (N, F).
        shape: (channels, height, width) or (F,).
        columns: names of the features.
        labels: (N,) positions in ``classes``.
        classes: names of the labels.
        sizes: how many rows are the source's own train, validation and test sets, in this
            order; absent when it has no test set of its own.
        known_range: least and greatest value that a pixel can have, where the source says so.
        layout: how a text file is written: separator, line of names, encoding.
    """

    rows: NDArray[Any]
    shape: tuple[int, ...]
    columns: tuple[str, ...] = ()
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    sizes: tuple[int, int, int] | None = None
    known_range: tuple[float, float] | None = None
    layout: str = ""

    @cached_property
    def extremes(self) -> Extremes:
        """Minimum and maximum of each column, computed once."""
        return extremes(self.rows)

    @property
    def value_range(self) -> tuple[float, float] | None:
        """Range of a pixel: [0, 1] if none is above 1, else 0..255; absent for tables."""
        if len(self.shape) != 3 or self.known_range is not None:
            return self.known_range
        return (0.0, 1.0) if self.extremes.high.max() <= 1 else (0.0, 255.0)

    def with_labels(self, values: ArrayLike, *, where: str) -> "Contents":
        """Return the same rows with labels.

        Args:
            values: (N,) numbers or texts.
            where: the source of the labels, named in errors.

        Returns:
            New contents.

        Raises:
            DataError: the labels are not one class for each row.
        """
        labels, classes = encode_labels(np.asarray(values), where=where)
        if len(labels) != len(self.rows):
            raise DataError(
                f"{where}: expected one label for each of the {len(self.rows)} rows; got "
                f"{len(labels)} labels. Labels and rows must come from the same set"
            )
        return replace(self, labels=labels, classes=classes)

    def with_sizes(self, sizes: tuple[int, int, int]) -> "Contents":
        """Return the same rows with the sizes of the source's own splits.

        Args:
            sizes: how many rows are train, validation and test rows, in this order.

        Returns:
            New contents.
        """
        return replace(self, sizes=sizes)


def array_contents(array: NDArray[Any], *, where: str) -> Contents:
    """Interpret an array as a table or as images, by its number of dimensions.

    Args:
        array: (N, F) for a table; (N, H, W), (N, H, W, C) or (N, C, H, W) for images.
        where: the source, named in errors.

    Returns:
        What is in the array.

    Raises:
        DataError: not numbers, or another number of dimensions.

    Example:
        >>> array_contents(np.zeros((5, 2)), where="example").shape
        (2,)
    """
    if array.dtype.kind not in "biuf" or array.ndim not in (2, 3, 4):
        raise DataError(
            f"{where}: expected numbers as (rows, columns) or as images (rows, height, width) or "
            f"(rows, height, width, channels); got {array.dtype} of shape {array.shape}"
        )
    if array.size == 0:
        raise DataError(f"{where}: expected at least two rows; got none (shape {array.shape})")
    return table_contents(array) if array.ndim == 2 else image_contents(array, where=where)


def image_contents(array: NDArray[Any], *, where: str) -> Contents:
    """Flatten images to rows.

    Args:
        array: (N, H, W), (N, H, W, C) or (N, C, H, W), C being 1 or 3.
        where: the source, named in errors.

    Returns:
        Rows (N, C * H * W), channel by channel.

    Raises:
        DataError: another number of channels.

    Example:
        >>> image_contents(np.zeros((5, 4, 6, 3), np.uint8), where="example").shape
        (3, 4, 6)
    """
    if array.ndim == 3:
        array = array[:, None]
    elif array.shape[3] == 1:
        array = array[..., 0][:, None]
    elif array.shape[3] == 3:
        array = array.transpose(0, 3, 1, 2)
    elif array.shape[1] not in (1, 3):
        raise DataError(
            f"{where}: expected images of shape (rows, height, width) or (rows, height, width, "
            f"channels) with 1 or 3 channels; got {array.shape}. Drop the alpha channel, or keep "
            "three channels"
        )
    shape = tuple(int(size) for size in array.shape[1:])
    return Contents(rows=_narrow(array.reshape(len(array), -1), image=True), shape=shape)


def table_contents(array: NDArray[Any], *, columns: tuple[str, ...] = ()) -> Contents:
    """Interpret an array as the rows of a table.

    Columns that are all named pixel..., and rows of bytes without column names, are grey square
    images when their number is a square number of at least 64.

    Args:
        array: (N, F).
        columns: names of the features; numbered from 0 when absent.

    Returns:
        The rows as float32, as float64 where a column needs it, or as uint8 for images.

    Example:
        >>> table_contents(np.zeros((2, 3))).columns
        ('0', '1', '2')
        >>> table_contents(np.zeros((2, 784), np.uint8)).shape
        (1, 28, 28)
    """
    width = array.shape[1]
    shape = table_shape(width, kind=array.dtype, columns=columns)
    if len(shape) == 3:
        if array.dtype.kind == "f" and not isinstance(array, np.memmap) and _is_bytes(array):
            array = array.astype(np.uint8)
        return Contents(rows=_narrow(array, image=True), shape=shape)
    names = columns or tuple(str(number) for number in range(width))
    return Contents(rows=_narrow(array, image=False), shape=shape, columns=names)


def table_shape(
    width: int, *, kind: np.dtype[Any], columns: tuple[str, ...]
) -> tuple[int, int, int] | tuple[int]:
    """Return the shape of the rows of a table from its width alone; see `table_contents`.

    Args:
        width: how many columns there are.
        kind: type of their values.
        columns: their names, where they have any.

    Example:
        >>> table_shape(784, kind=np.dtype(np.uint8), columns=())
        (1, 28, 28)
    """
    side = isqrt(width)
    pixels = all(name.lower().startswith("pixel") for name in columns)
    square = side**2 == width >= SMALLEST_SQUARE and (pixels if columns else kind == np.uint8)
    return (1, side, side) if square else (width,)


def _narrow(array: NDArray[Any], *, image: bool) -> NDArray[Any]:
    """Cast rows to uint8 for 8-bit pixels, else to float32, or float64 where that loses values."""
    mapped = isinstance(array, np.memmap)
    if array.dtype == np.float32 or (array.dtype == np.uint8 and (image or mapped)):
        return array
    if mapped and array.nbytes > COPY_LIMIT:
        return array  # cast as it is read
    if image and array.dtype.kind in "biu" and array.min() >= 0 and array.max() <= 255:
        return np.asarray(array).astype(np.uint8)
    try:
        with np.errstate(over="raise"):
            narrow = np.asarray(array).astype(np.float32)
    except FloatingPointError:
        return np.asarray(array, np.float64)  # numbers that check_finite_values names
    if not image and needs_double(array, narrow):
        return np.asarray(array).astype(np.float64)
    return narrow


_ROWS = 2**16
_LOST = 1e-3  # of the range of a column: a rounding error above it is visible in a model


def needs_double(wide: NDArray[Any], narrow: NDArray[np.float32]) -> bool:
    """Return whether float32 rounds some column by more than a thousandth of its range.

    A column of times in seconds since 1970 has values around 1.7e9, where neighbouring numbers of
    float32 are 128 apart.

    Args:
        wide: (N, F) of any type.
        narrow: (N, F) the same, cast.

    Example:
        >>> times = np.array([[1.7e9], [1.7e9 + 60]])
        >>> needs_double(times, times.astype(np.float32))
        True
    """
    if not len(wide) or wide.dtype.itemsize < 4:
        return False
    shape = wide.shape[1]
    error, low, high = np.zeros(shape), np.full(shape, np.inf), np.full(shape, -np.inf)
    for start in range(0, len(wide), _ROWS):  # all rows, in each of several processes
        piece = wide[start : start + _ROWS]
        values = piece.astype(np.float64)
        with np.errstate(invalid="ignore"):
            error = np.fmax(error, np.abs(values - narrow[start : start + len(piece)]).max(0))
        low, high = np.fmin(low, values.min(0)), np.fmax(high, values.max(0))
    with np.errstate(invalid="ignore"):
        return bool(((error > _LOST * (high - low)) & np.isfinite(error)).any())


def _is_bytes(array: NDArray[Any]) -> bool:
    """Return whether every value is a whole number from 0 to 255."""
    found = extremes(array)
    inside = found.missing == 0 and bool(found.low.min() >= 0 and found.high.max() <= 255)
    # In [0, 1] whole numbers mean black and white; let these be floats like their neighbours.
    return inside and found.high.max() > 1 and bool((array == np.rint(array)).all())


SHOWN = 5
_FLOAT32_MAX = float(np.finfo(np.float32).max)


def check_contents(contents: Contents, *, where: str) -> None:
    """Raise if a model cannot learn from the rows.

    Args:
        contents: what a reader found.
        where: the source, named in errors.

    Raises:
        DataError: fewer than two rows, no columns, NaN or infinite values, or pixels outside
            [0, 1] and 0..255.
    """
    if contents.rows.shape[1] == 0:
        raise DataError(f"{where}: expected at least one column of numbers; got none")
    check_count(len(contents.rows), where=where)
    check_finite_values(contents, where=where)
    found = contents.extremes
    if len(contents.shape) == 3:
        _check_pixels(float(found.low.min()), float(found.high.max()), where=where)
    else:
        _warn_constant(found.low == found.high, where=where, columns=contents.columns)


def check_count(rows: int, *, where: str) -> None:
    """Raise if there are fewer than two rows.

    Args:
        rows: how many there are.
        where: the source, named in the error.

    Raises:
        DataError: none, or only one.
    """
    if rows < 2:
        got = "none" if rows == 0 else "only one"
        raise DataError(f"{where}: expected at least two rows; got {got}")


def check_finite_values(contents: Contents, *, where: str) -> None:
    """Raise if values are missing, infinite, or beyond the range of float32.

    Args:
        contents: what a reader found.
        where: the source, named in the error.

    Raises:
        DataError: with how many there are, and where the first is.
    """
    found = contents.extremes
    finite = bool(np.isfinite(found.low).all() and np.isfinite(found.high).all())
    if found.missing or not finite:
        raise DataError(_describe_non_finite(contents.rows, where=where, columns=contents.columns))
    largest = np.maximum(np.abs(found.low.astype(float)), np.abs(found.high.astype(float)))
    if (largest > _FLOAT32_MAX).any():
        place = int(largest.argmax())
        name = contents.columns[place] if contents.columns else str(place)
        raise DataError(
            f"{where}, column {name!r}: expected numbers within the range of float32, up to "
            f"3.4e38; got {largest[place]:g}. Divide the column by a power of ten, take its "
            "logarithm, or drop it"
        )


def _describe_non_finite(rows: NDArray[Any], *, where: str, columns: tuple[str, ...]) -> str:
    """Describe the number of NaN and infinite values and the first of them, over all processes."""
    missing = infinite = 0
    first = rows.shape
    for start, piece in chunks(rows):
        wrong = ~np.isfinite(piece)
        if first == rows.shape and wrong.any():
            row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
            first = start + int(row), int(column)
        gaps = int(np.isnan(piece).sum())
        missing, infinite = missing + gaps, infinite + int(wrong.sum()) - gaps
    found = all_gather([missing, infinite, *first]).astype(np.int64)
    missing, infinite = found[:, :2].sum(0).tolist()
    row, column = min(found[:, 2:].tolist())
    name = repr(columns[column]) if columns else str(column)
    return (
        f"{where}: expected finite numbers; got {missing} NaN (missing) and {infinite} infinite "
        f"of {rows.size} values, the first in row {row + 1}, column {name} (rows count from 1). "
        f"Drop or fill these rows first; a table with missing cells is a job for imputation"
    )


def _check_pixels(low: float, high: float, *, where: str) -> None:
    if low < 0 or high > 255:
        raise DataError(
            f"{where}: expected pixels in [0, 1] or in 0..255; got values from {low:g} to "
            f"{high:g}. Shift and scale the images, or give the rows as a table (rows, columns)"
        )


def _warn_constant(constant: NDArray[np.bool_], *, where: str, columns: tuple[str, ...]) -> None:
    places = np.flatnonzero(constant)
    if len(places) == 0 or not is_main_process():
        return
    names = [repr(columns[place]) if columns else str(place) for place in places[:SHOWN]]
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    warnings.warn(
        f"{where}: {len(places)} of {len(constant)} columns have one value only: "
        f"{', '.join(names)}{more}. They carry no information; consider dropping them",
        VaekitWarning,
        stacklevel=4,
    )
