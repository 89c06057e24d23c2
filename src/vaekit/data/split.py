"""Which rows are for training, for validation and for testing."""

import numpy as np
from numpy.typing import NDArray

from vaekit.data.dataset import Split
from vaekit.data.index import Index, RepeatedIndex
from vaekit.data.order import Permutation
from vaekit.errors import DataError

__all__ = ["STORED_ROWS", "split_by_rule", "split_rows"]

STORED_ROWS = 2**17
"""Positions of more rows of a memory map than these are not stored: 8 bytes for each."""

STRETCH = 10_007
"""Rows after which a split by rule repeats itself. A prime: rows that come in turns, of a hundred
sensors say, stand elsewhere in each stretch, and none of them is always held out."""

Positions = NDArray[np.int64]


def split_rows(
    count: int,
    *,
    sizes: tuple[int, int, int] | None = None,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
) -> Split:
    """Divide rows into training, validation and test rows.

    Without sets of the source's own, ``test`` is the share of all rows and ``validation`` the
    share of what remains, both drawn with the seed; one row at least is left for training. A
    source's own test and validation rows stay what they are; if it has a test set only,
    ``validation`` is drawn from its training rows.

    Args:
        count: N, how many rows there are.
        sizes: how many rows are the source's own train, validation and test rows, in this order.
        validation: share of the training rows, 0 for none.
        test: share of all rows, 0 for none.
        seed: the same seed gives the same split.
        limit: at most so many rows of each split are kept; drawn rows are taken in the order
            in which they were drawn, so that a sorted file still gives all its classes.

    Returns:
        Disjoint positions, ascending in each split.

    Raises:
        DataError: a share is below 0, or 1 and more.

    Example:
        >>> split = split_rows(100)
        >>> len(split.train), len(split.validation), len(split.test)
        (81, 9, 10)
    """
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share < 1:
            raise DataError(f"expected a {name} share of at least 0 and below 1; got {share}")
    draw = np.random.default_rng(seed)
    if sizes is None:
        held_out, rest = _cut(draw.permutation(count), test)
        kept_back, train = _cut(rest, validation)
    else:
        train, kept_back, held_out = np.split(np.arange(count), np.cumsum(sizes[:2]))
        if len(kept_back) == 0 and validation > 0:
            kept_back, train = _cut(draw.permutation(train), validation)
    return Split(
        train=_first(train, limit),
        validation=_first(kept_back, limit),
        test=_first(held_out, limit),
    )


def split_by_rule(
    count: int,
    *,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
) -> Split:
    """Divide very many rows in memory that does not grow with them.

    A stretch of 10,007 rows is divided as :func:`split_rows` does it, and all others like it:
    shares hold in every part of the file, also of one that is sorted.

    Args:
        count: N, how many rows there are.
        validation: share of the training rows, 0 for none.
        test: share of all rows, 0 for none.
        seed: the same seed gives the same split.
        limit: at most so many rows of each split are kept, drawn from all of it.

    Returns:
        Disjoint positions, ascending in each split.

    Raises:
        DataError: a share is below 0, or 1 and more.

    Example:
        >>> split = split_by_rule(10**9)
        >>> len(split.train), len(split.validation), len(split.test)
        (809933044, 90036981, 100029975)
    """
    pattern = split_rows(min(STRETCH, count), validation=validation, test=test, seed=seed)

    def kept(places: Index) -> Index:
        if len(places) == 0:
            return np.asarray(places)
        index = RepeatedIndex(np.asarray(places), length=STRETCH, rows=count)
        if limit is None or limit >= len(index):
            return index
        return np.sort(index[Permutation(len(index), key=(seed,))(np.arange(limit))])

    return Split(
        train=kept(pattern.train), validation=kept(pattern.validation), test=kept(pattern.test)
    )


def _cut(order: Positions, share: float) -> tuple[Positions, Positions]:
    """The first rows, and the rest: at least one of three or more rows, and never all."""
    least = 1 if share > 0 and len(order) > 2 else 0
    size = min(max(least, round(share * len(order))), max(len(order) - 1, 0))
    return order[:size], order[size:]


def _first(order: Positions, limit: int | None) -> Positions:
    return np.sort(order[:limit]).astype(np.int64)
