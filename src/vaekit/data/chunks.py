"""Look at all rows a piece at a time, so that a memory map is never loaded whole."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaekit.data.index import Index
from vaekit.data.looking import gathered, own_places

__all__ = ["CHUNK_VALUES", "Extremes", "chunks", "extremes"]

CHUNK_VALUES = 2**22


def chunks(
    rows: NDArray[Any], *, index: Index | None = None, values: int = CHUNK_VALUES
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Pieces of the rows, in order; of several processes that look together each gets its own.

    Args:
        rows: (N, F).
        index: which rows; all when absent.
        values: how many values a piece may hold (it holds one row at least).

    Yields:
        The position of the first row of the piece, and the piece.

    Example:
        >>> [(start, len(piece)) for start, piece in chunks(np.zeros((5, 2)), values=4)]
        [(0, 2), (2, 2), (4, 1)]
    """
    step = max(1, values // max(1, rows.shape[1]))
    for places in own_places(rows, index=index):
        for start in range(places.start, places.stop, step):
            wanted = slice(start, min(start + step, places.stop))
            yield start, np.asarray(rows[wanted if index is None else index[wanted]])


class Extremes(NamedTuple):
    """Least and greatest value of each column, and how many values are missing.

    Args:
        low: (F,) least values.
        high: (F,) greatest values.
        missing: how many values are NaN.
    """

    low: NDArray[Any]
    high: NDArray[Any]
    missing: int


def extremes(rows: NDArray[Any], *, index: Index | None = None) -> Extremes:
    """Least and greatest value of each column; NaN counts as missing.

    Args:
        rows: (N, F) with at least one row.
        index: which rows; all when absent.

    Returns:
        The extremes, each (F,), and the number of NaN.

    Example:
        >>> extremes(np.array([[1.0, 5.0], [2.0, np.nan]]))
        Extremes(low=array([1., 5.]), high=array([2., 5.]), missing=1)
    """
    own = (places.start for places in own_places(rows, index=index) if places.start < places.stop)
    first = next(own, 0)
    low = high = np.asarray(rows[first if index is None else index[first]])
    missing = 0
    for _, piece in chunks(rows, index=index):
        if piece.dtype.kind == "f":
            missing += int(np.isnan(piece).sum())
        low = np.fmin(low, np.fmin.reduce(piece, axis=0))
        high = np.fmax(high, np.fmax.reduce(piece, axis=0))
    lows, highs = gathered(low), gathered(high)
    if len(lows) > 1:
        low, high = (
            np.asarray(each, low.dtype) for each in (np.fmin.reduce(lows), np.fmax.reduce(highs))
        )
    return Extremes(low, high, int(gathered(missing).sum()))
