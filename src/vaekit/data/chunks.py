"""Pass over all rows in chunks of bounded memory, shared between processes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.data.index import Index, count_before
from vaekit.data.shards import ShardedRows, deal

__all__ = [
    "CHUNK_VALUES",
    "Extremes",
    "Others",
    "chunks",
    "extremes",
    "gathered",
    "is_first",
    "look_together",
    "own_places",
    "reading",
]


Numbers = NDArray[np.float64]


class Others(Protocol):
    """The processes that look, seen from one of them."""

    @property
    def part(self) -> tuple[int, int]:
        """Number of this process, and how many there are."""

    def gather(self, numbers: Numbers) -> Numbers:
        """What each has found, (P, ...), in the order of their numbers; the same in all.

        Args:
            numbers: of this process, of the same shape in all.
        """

    def first_alone(self) -> AbstractContextManager[None]:
        """Let the first process do something before the others do it too."""


_OTHERS: ContextVar[Others | None] = ContextVar("others", default=None)


@contextmanager
def look_together(others: Others | None) -> Iterator[None]:
    """Data sets are read inside by all of some processes, each of which looks at its part.

    Args:
        others: the processes; none for one alone.
    """
    token = _OTHERS.set(others)
    try:
        yield
    finally:
        _OTHERS.reset(token)


def reading() -> AbstractContextManager[None]:
    """What may fill a cache: the first process does it before the others."""
    others = _OTHERS.get()
    return nullcontext() if others is None else others.first_alone()


def is_first() -> bool:
    """Whether this process is the one that tells."""
    others = _OTHERS.get()
    return others is None or others.part[0] == 0


def own_places(rows: NDArray[Any] | ShardedRows, *, index: Index | None) -> list[slice]:
    """Which rows this process looks at; of shards those that it will train on.

    Args:
        rows: (N, F), an array, a memory map or rows in shards.
        index: positions that all look at together, ascending; all rows when absent.

    Returns:
        Stretches of places in the index.
    """
    count = len(rows) if index is None else len(index)
    others = _OTHERS.get()
    if others is None:
        return [slice(0, count)]
    number, of = others.part
    if not isinstance(rows, ShardedRows):
        return [slice(count * number // of, count * (number + 1) // of)]
    ends = [0, *rows.ends.tolist()]
    places = ends if index is None else [count_before(index, row=end) for end in ends]
    own = sorted(deal(np.diff(rows.ends, prepend=0), hands=of)[number].tolist())
    return [slice(places[shard], places[shard + 1]) for shard in own]


def gathered(numbers: ArrayLike) -> Numbers:
    """What all processes found, (P, ...).

    Args:
        numbers: what this one found, of the same shape in all.
    """
    found = np.asarray(numbers, np.float64)
    others = _OTHERS.get()
    return found[None] if others is None else others.gather(found)


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
