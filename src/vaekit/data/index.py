"""Row indices and epoch orders: stored, or computed for very many rows."""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Index", "Permutation", "RepeatedIndex", "count_before"]


Positions = NDArray[np.int64]


class RepeatedIndex:
    r"""Positions given by a pattern that is repeated for every period of rows.

    .. math:: p_k = L \lfloor k / n \rfloor + a_{k \bmod n}

    for a pattern of n positions below the length L. It takes the memory of the pattern, however
    many rows there are, and reads as an array of positions does; ``numpy.asarray`` makes one.

    Args:
        pattern: (n,) positions within a period, ascending and at least one.
        length: L, rows of a period.
        rows: N, in all; the last period may be shorter.

    Example:
        >>> index = RepeatedIndex(np.array([0, 2]), length=3, rows=8)
        >>> len(index), index[1:], np.asarray(index)
        (5, array([2, 3, 5, 6]), array([0, 2, 3, 5, 6]))
    """

    def __init__(self, pattern: Positions, *, length: int, rows: int) -> None:
        assert len(pattern), "a pattern has one position at least"
        self._pattern = np.asarray(pattern, np.int64)
        self._period = length
        self._size = self.before(rows)

    def before(self, row: int) -> int:
        """Return how many of the positions are below a row.

        Args:
            row: of the data set.
        """
        whole, rest = divmod(row, self._period)
        return whole * len(self._pattern) + int(np.searchsorted(self._pattern, rest))

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, wanted: int | slice | Positions) -> Positions:
        if isinstance(wanted, slice):
            wanted = np.arange(*wanted.indices(self._size))
        period, place = np.divmod(np.asarray(wanted, np.int64), len(self._pattern))
        found: Positions = period * self._period + self._pattern[place]
        return found

    def __array__(
        self, dtype: DTypeLike | None = None, *, copy: bool | None = None
    ) -> NDArray[Any]:
        return self[:].astype(dtype or np.int64, copy=False)


Index = Positions | RepeatedIndex
"""Positions of rows, ascending."""


def count_before(index: Index, *, row: int) -> int:
    """Return how many positions are below a row.

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


ROUNDS = 10
"""With six, neighbours in the order of a few hundred positions are not yet independent."""


class Permutation:
    r"""A permutation of N positions that is computed, not stored.

    With :math:`x = l + a r`, where :math:`a b \ge N` and both are near :math:`\sqrt N`, a round
    replaces :math:`(l, r)` by

    .. math:: (r, \; l + F_i(r) \bmod a)

    and a and b change places with l and r; :math:`F_i` mixes the bits of r with those of a key
    of the round. Each round can be undone, so that ten of them permute a b positions, of which
    those that leave the range go on until they are back in it. Not for secrets.

    Args:
        size: N, at least 1.
        key: numbers from which those of the rounds are drawn: another key, another permutation.

    Example:
        >>> visit = Permutation(10, key=(0, 3))
        >>> sorted(visit(np.arange(10)).tolist()) == list(range(10))
        True

    Source:
        Black and Rogaway (2002), Ciphers with arbitrary finite domains: generalized Feistel, and
        cycle walking. The mixing is the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
    """

    def __init__(self, size: int, *, key: tuple[int, ...]) -> None:
        assert size >= 1, "there has to be something to permute"
        self._size = size
        left = math.isqrt(size - 1) + 1
        self._sides = left, -(-size // left)
        self._keys = np.random.SeedSequence(key).generate_state(ROUNDS, np.uint64)

    def __call__(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the elements at some positions of the permutation.

        Args:
            places: from 0 to N - 1, any number of them in any order.

        Returns:
            The positions, as many, all below N.
        """
        found = self._rounds(places.astype(np.uint64))
        out = np.flatnonzero(found >= self._size)
        while len(out):
            found[out] = self._rounds(found[out])
            out = out[found[out] >= self._size]
        return found.astype(np.int64)

    def _rounds(self, places: NDArray[np.uint64]) -> NDArray[np.uint64]:
        one, other = (np.uint64(side) for side in self._sides)
        right, left = np.divmod(places, one)
        for key in self._keys:
            left += _below(one, _mix(right ^ key))
            left -= one * (left >= one)
            left, right = right, left
            one, other = other, one
        # An even number of rounds: each side is again as long as it was.
        found: NDArray[np.uint64] = left + one * right
        return found


def _mix(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix the bits of each number in place."""
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits


def _below(side: np.uint64, bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Map numbers evenly to 0..side-1 by their upper 32 bits."""
    half = np.uint64(32)
    found: NDArray[np.uint64] = ((bits >> half) * side) >> half
    return found
