"""The first look at all rows, which several processes share.

What is wanted of it are extremes, sums and whether something holds for all rows: each process
looks at rows of its own, and what they found is joined. Alone, one process looks at all of them.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.data.index import Index, count_before
from vaekit.data.shards import ShardedRows, deal

__all__ = ["Others", "gathered", "is_first", "look_together", "own_places", "reading"]

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
