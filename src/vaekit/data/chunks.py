"""Pass over all rows in chunks of bounded memory, shared between processes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.data.index import Index, count_before
from vaekit.data.shards import ShardedRows, assign_shards

__all__ = [
    "CHUNK_VALUES",
    "Extremes",
    "ReaderGroup",
    "all_gather",
    "chunks",
    "extremes",
    "is_main_process",
    "local_slices",
    "main_process_first",
    "share_reading",
]


Numbers = NDArray[np.float64]


class ReaderGroup(Protocol):
    """The processes that read a data set together, as seen by one of them."""

    @property
    def part(self) -> tuple[int, int]:
        """Rank of this process, and number of processes."""

    def gather(self, numbers: Numbers) -> Numbers:
        """Return the values of all processes, (P, ...), by rank.

        Args:
            numbers: of this process, of the same shape in all.
        """

    def first_alone(self) -> AbstractContextManager[None]:
        """Run a block in the first process before the others enter it."""


_GROUP: ContextVar[ReaderGroup | None] = ContextVar("reader_group", default=None)


@contextmanager
def share_reading(group: ReaderGroup | None) -> Iterator[None]:
    """Share the reading of data sets inside between processes, each of which reads its part.

    Args:
        group: the processes; None for one alone.
    """
    token = _GROUP.set(group)
    try:
        yield
    finally:
        _GROUP.reset(token)


def main_process_first() -> AbstractContextManager[None]:
    """Return a context that the first process runs before the others, to fill a cache."""
    group = _GROUP.get()
    return nullcontext() if group is None else group.first_alone()


def is_main_process() -> bool:
    """Return whether this is the process that emits warnings."""
    group = _GROUP.get()
    return group is None or group.part[0] == 0


def local_slices(rows: NDArray[Any] | ShardedRows, *, index: Index | None) -> list[slice]:
    """Return the rows that this process reads; of shards, those that it will train on.

    Args:
        rows: (N, F), an array, a memory map or rows in shards.
        index: positions to read, ascending; all rows when absent.

    Returns:
        Slices of the index.
    """
    count = len(rows) if index is None else len(index)
    group = _GROUP.get()
    if group is None:
        return [slice(0, count)]
    number, of = group.part
    if not isinstance(rows, ShardedRows):
        return [slice(count * number // of, count * (number + 1) // of)]
    ends = [0, *rows.ends.tolist()]
    places = ends if index is None else [count_before(index, row=end) for end in ends]
    own = sorted(assign_shards(np.diff(rows.ends, prepend=0), processes=of)[number].tolist())
    return [slice(places[shard], places[shard + 1]) for shard in own]


def all_gather(numbers: ArrayLike) -> Numbers:
    """Return the values of all processes, (P, ...).

    Args:
        numbers: of this process, of the same shape in all.
    """
    found = np.asarray(numbers, np.float64)
    group = _GROUP.get()
    return found[None] if group is None else group.gather(found)


CHUNK_VALUES = 2**22


def chunks(
    rows: NDArray[Any], *, index: Index | None = None, values: int = CHUNK_VALUES
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield the rows in order, in chunks; each of several processes gets its own share.

    Args:
        rows: (N, F).
        index: which rows; all when absent.
        values: largest number of values in a chunk, which holds one row at least.

    Yields:
        The position of the first row of the chunk, and the chunk.

    Example:
        >>> [(start, len(chunk)) for start, chunk in chunks(np.zeros((5, 2)), values=4)]
        [(0, 2), (2, 2), (4, 1)]
    """
    step = max(1, values // max(1, rows.shape[1]))
    for places in local_slices(rows, index=index):
        for start in range(places.start, places.stop, step):
            wanted = slice(start, min(start + step, places.stop))
            yield start, np.asarray(rows[wanted if index is None else index[wanted]])


class Extremes(NamedTuple):
    """Minimum and maximum of each column, and the number of missing values.

    Args:
        low: (F,) least values.
        high: (F,) greatest values.
        missing: how many values are NaN.
    """

    low: NDArray[Any]
    high: NDArray[Any]
    missing: int


def extremes(rows: NDArray[Any], *, index: Index | None = None) -> Extremes:
    """Return minimum and maximum of each column; NaN counts as missing.

    Args:
        rows: (N, F) with at least one row.
        index: which rows; all when absent.

    Returns:
        The extremes, each (F,), and the number of NaN.

    Example:
        >>> extremes(np.array([[1.0, 5.0], [2.0, np.nan]]))
        Extremes(low=array([1., 5.]), high=array([2., 5.]), missing=1)
    """
    own = (places.start for places in local_slices(rows, index=index) if places.start < places.stop)
    first = next(own, 0)
    low = high = np.asarray(rows[first if index is None else index[first]])
    missing = 0
    for _, chunk in chunks(rows, index=index):
        if chunk.dtype.kind == "f":
            missing += int(np.isnan(chunk).sum())
        low = np.fmin(low, np.fmin.reduce(chunk, axis=0))
        high = np.fmax(high, np.fmax.reduce(chunk, axis=0))
    lows, highs = all_gather(low), all_gather(high)
    if len(lows) > 1:
        low, high = (
            np.asarray(each, low.dtype) for each in (np.fmin.reduce(lows), np.fmax.reduce(highs))
        )
    return Extremes(low, high, int(all_gather(missing).sum()))
