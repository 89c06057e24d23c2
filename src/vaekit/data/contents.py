"""What a reader of one format hands over, before it is checked and split."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.data.chunks import Extremes, extremes
from vaekit.data.labels import encode_labels
from vaekit.errors import DataError

__all__ = [
    "COPY_LIMIT",
    "Contents",
    "array_contents",
    "image_contents",
    "table_contents",
    "table_shape",
]

COPY_LIMIT = 2**28
"""A memory map of at most so many bytes may be copied to change its type or its layout."""

SMALLEST_SQUARE = 64
"""Fewer columns than this are never taken for the pixels of a square image."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Contents:
    """Rows as they were found.

    Args:
        rows: (N, F).
        shape: (channels, height, width) or (F,).
        columns: names of the features.
        labels: (N,) positions in ``classes``.
        classes: names of the labels.
        sizes: how many rows are the source's own train, validation and test sets, in this
            order; absent when it has no test set of its own.
        known_range: least and greatest value that a pixel can have, where the source says so.
    """

    rows: NDArray[Any]
    shape: tuple[int, ...]
    columns: tuple[str, ...] = ()
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    sizes: tuple[int, int, int] | None = None
    known_range: tuple[float, float] | None = None

    @cached_property
    def extremes(self) -> Extremes:
        """Least and greatest value of each column, found once."""
        return extremes(self.rows)

    @property
    def value_range(self) -> tuple[float, float] | None:
        """What a pixel can be: [0, 1] when none is above 1, else 0..255; absent for tables."""
        if len(self.shape) != 3 or self.known_range is not None:
            return self.known_range
        return (0.0, 1.0) if self.extremes.high.max() <= 1 else (0.0, 255.0)

    def with_labels(self, values: ArrayLike, *, where: str) -> "Contents":
        """The same rows with labels.

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
        """The same rows, divided by the source itself.

        Args:
            sizes: how many rows are train, validation and test rows, in this order.

        Returns:
            New contents.
        """
        return replace(self, sizes=sizes)


def array_contents(array: NDArray[Any], *, where: str) -> Contents:
    """Rows of a table or of images, by the number of dimensions.

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
    """Rows of images.

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
    """Rows of a table.

    Columns that are all named pixel..., and rows of bytes without column names, are grey square
    images when their number is a square number of at least 64.

    Args:
        array: (N, F).
        columns: names of the features; numbered from 0 when absent.

    Returns:
        The rows as float32, or as uint8 for images.

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
    """Shape of the rows of a table, without a look at them; see `table_contents`.

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
    """Give rows one of the two types that are used: uint8 for 8-bit pixels, else float32."""
    mapped = isinstance(array, np.memmap)
    if array.dtype == np.float32 or (array.dtype == np.uint8 and (image or mapped)):
        return array
    if mapped and array.nbytes > COPY_LIMIT:
        return array  # cast as it is read
    if image and array.dtype.kind in "biu" and array.min() >= 0 and array.max() <= 255:
        return np.asarray(array).astype(np.uint8)
    with np.errstate(over="ignore"):  # becomes infinite, which the check at the door names
        return np.asarray(array).astype(np.float32)


def _is_bytes(array: NDArray[Any]) -> bool:
    """True when every value is a whole number from 0 to 255."""
    found = extremes(array)
    inside = found.missing == 0 and bool(found.low.min() >= 0 and found.high.max() <= 255)
    # In [0, 1] whole numbers mean black and white; let these be floats like their neighbours.
    return inside and found.high.max() > 1 and bool((array == np.rint(array)).all())
