"""Positions of the rows of a split: stored, or by a rule where there are very many."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Index", "RepeatedIndex", "count_before"]

Positions = NDArray[np.int64]


class RepeatedIndex:
    r"""Positions that a pattern gives which is repeated for every stretch of rows.

    .. math:: p_k = L \lfloor k / n \rfloor + a_{k \bmod n}

    for a pattern of n positions below the length L. It takes the memory of the pattern, however
    many rows there are, and reads as an array of positions does; ``numpy.asarray`` makes one.

    Args:
        pattern: (n,) positions within a stretch, ascending and at least one.
        length: L, rows of a stretch.
        rows: N, in all; the last stretch may be shorter.

    Example:
        >>> index = RepeatedIndex(np.array([0, 2]), length=3, rows=8)
        >>> len(index), index[1:], np.asarray(index)
        (5, array([2, 3, 5, 6]), array([0, 2, 3, 5, 6]))
    """

    def __init__(self, pattern: Positions, *, length: int, rows: int) -> None:
        assert len(pattern), "a pattern has one position at least"
        self._pattern = np.asarray(pattern, np.int64)
        self._stretch = length
        self._size = self.before(rows)

    def before(self, row: int) -> int:
        """How many of the positions are below a row.

        Args:
            row: of the data set.
        """
        whole, rest = divmod(row, self._stretch)
        return whole * len(self._pattern) + int(np.searchsorted(self._pattern, rest))

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, wanted: int | slice | Positions) -> Positions:
        if isinstance(wanted, slice):
            wanted = np.arange(*wanted.indices(self._size))
        stretch, place = np.divmod(np.asarray(wanted, np.int64), len(self._pattern))
        found: Positions = stretch * self._stretch + self._pattern[place]
        return found

    def __array__(
        self, dtype: DTypeLike | None = None, *, copy: bool | None = None
    ) -> NDArray[Any]:
        return self[:].astype(dtype or np.int64, copy=False)


Index = Positions | RepeatedIndex
"""Positions of rows, ascending."""


def count_before(index: Index, *, row: int) -> int:
    """How many positions are below a row.

    Args:
        index: positions, ascending.
        row: of the data set.

    Example:
        >>> count_before(np.array([0, 2, 5]), row=5)
        2
    """
    if isinstance(index, RepeatedIndex):
        return index.before(row)
    return int(np.searchsorted(index, row))
