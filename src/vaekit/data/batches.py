"""Mini-batches of the rows of one split, on a device."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data.contents import needs_double
from vaekit.data.index import Index, Permutation, RepeatedIndex
from vaekit.data.shards import ShardedRows, ShardOrder
from vaekit.errors import ConfigError, DataError

__all__ = ["BalancedBatches", "Batches", "Part"]


MEGABYTE = 2**20
AHEAD = 2**14
"""For about so many rows of a process the positions are found at a time."""
PIECE = 2**18
"""Bytes that are gathered at a time where a batch is smaller, for a gather takes long to begin."""

Positions = NDArray[np.int64]


class Part(NamedTuple):
    """The rows of every batch that one of several processes takes.

    Args:
        number: which process, from 0.
        of: how many there are.

    Example:
        >>> Part(0, 2).span(5), Part(1, 2).span(5)
        ((0, 2), (2, 5))
    """

    number: int = 0
    of: int = 1

    def span(self, size: int) -> tuple[int, int]:
        """Return the first and the last row (exclusive) of this process in a batch.

        Args:
            size: rows of the batch.

        Returns:
            First row, and the one after the last; the same where the batch has fewer rows than
            there are processes.
        """
        return size * self.number // self.of, size * (self.number + 1) // self.of


class Batches:
    """Rows of one split in batches, on a device.

    Epoch ``e`` visits the rows in the order of ``numpy.random.default_rng((seed, e))``, so that
    any epoch can be started again at any batch without a stored state. Where the index is a rule
    the order is one too, a `Permutation` with that key, and nothing grows with the rows.

    Rows that fit are copied to the device once, in their raw type, and a batch is one
    ``index_select``, or a part of one. On a CPU a memory map is one already, and is never copied:
    its pages are not this process's own. What is too large for another device is gathered for
    each batch.

    Several processes all go through the same batches, and each takes its part of every one. As
    the order is drawn anew, any row may come to any of them: a memory map is then never copied,
    as one copy in the page cache serves all processes of a machine, and an array is held by each.

    Rows in shards are the exception: each process then visits shards of its own, in the order of
    a `ShardOrder`, and the result depends on the number of processes.

    Args:
        rows: (N, F), an array, a memory map, or rows in shards.
        index: positions of the rows to visit, an array or a rule.
        batch_size: B, rows of a batch.
        device: where the batches are needed.
        seed: seed of the order; in order of ``index`` when absent.
        drop_last: leave out a last batch that is shorter, unless it is the only one.
        resident_limit_mb: rows of at most so many megabytes are copied to the device.
        part: which of several processes this is, one alone when absent; length and number of
            rows are those of all.
        double: give rows of float64 and int64 as float64, as ``Preprocessing.needs_double`` says;
            else they become float32, unless a sample of them shows that it loses values.

    Raises:
        ConfigError: the batch size is below 1.
        DataError: there are no rows to visit.

    Example:
        >>> rows = np.arange(10, dtype=np.float32).reshape(5, 2)
        >>> batches = Batches(rows, np.arange(5), batch_size=2)
        >>> [tuple(batch.shape) for batch in batches.epoch()]
        [(2, 2), (2, 2), (1, 2)]
    """

    def __init__(
        self,
        rows: NDArray[Any] | ShardedRows,
        index: Index,
        *,
        batch_size: int,
        device: str | torch.device = "cpu",
        seed: int | None = None,
        drop_last: bool = False,
        resident_limit_mb: float = 2048,
        part: Part | None = None,
        double: bool = False,
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"expected a batch size of at least 1; got {batch_size}")
        if len(index) == 0:
            raise DataError(
                "expected at least one row in the split; got none. Choose another split, or set "
                "rows aside with --data.validation or --data.test"
            )
        self._rows = rows
        self._index = index if isinstance(index, RepeatedIndex) else np.asarray(index)
        self._device = torch.device(device)
        self._seed = seed
        self.batch_size = batch_size
        self.part = part or Part()
        self._resident = self._plain = self._shards = None
        self._together = 1
        self._dtype = _raw_type(rows, double=double)
        whole, rest = divmod(len(index), batch_size)
        self._length = whole if rest == 0 or (drop_last and whole > 0) else whole + 1
        if isinstance(rows, ShardedRows):
            if seed is not None or self.part.of > 1:
                self._shards = ShardOrder(
                    rows, index, batch_size=batch_size, seed=seed, part=self.part
                )
                self._length = self._shards.steps
            return
        size = len(index) * rows.shape[1] * self._dtype.itemsize
        stays = self._device.type == "cpu" or self.part.of > 1
        fits = size <= resident_limit_mb * MEGABYTE
        if fits and not (stays and isinstance(rows, np.memmap)):
            self._resident = _tensor(rows[np.asarray(index)], dtype=self._dtype).to(self._device)
            if self.part.of == 1:
                self._together = max(1, PIECE * len(index) // (size * batch_size))
        else:
            self._plain = _as_tensor(rows, dtype=self._dtype)

    def __len__(self) -> int:
        return self._length

    @property
    def rows(self) -> int:
        """Number of rows of an epoch."""
        if self._shards is not None:
            return len(self._index)
        return min(len(self._index), self._length * self.batch_size)

    @property
    def resident(self) -> bool:
        """Whether all rows are on the device."""
        return self._resident is not None

    def size(self, step: int) -> int:
        """Return the number of rows of a batch, over all processes.

        Args:
            step: which batch of an epoch.
        """
        if self._shards is not None:
            return self._shards.size(step)
        return min(self.batch_size, len(self._index) - step * self.batch_size)

    def span(self, step: int) -> tuple[int, int]:
        """Return the first and the last row (exclusive) of this process in a batch.

        Args:
            step: which batch of an epoch.
        """
        if self._shards is not None:
            return self._shards.span(step)
        return self.part.span(self.size(step))

    def epoch(self, number: int = 0, *, start: int = 0) -> Iterator[Tensor]:
        """Yield the batches of one epoch, or this process's part of them.

        Args:
            number: which epoch; with a seed each has its own order.
            start: the batch to start with.

        Yields:
            (B, F) raw rows, uint8, float32 or float64; the last batch may be shorter. Not to be
            changed in place. A part without rows of its own holds one that falls to another
            process.
        """
        if self._resident is None:
            yield from map(self._gather, self._wanted(number, start=start))
            return
        order = self._order(number)
        if order is None:
            yield from (self._resident[self._slice(step)] for step in range(start, self._length))
            return
        places = torch.from_numpy(order(np.arange(len(self._index)))).to(self._device)
        for first in range(start, self._length, self._together):
            last = min(first + self._together, self._length) - 1
            wanted = places[self._slice(first).start : self._slice(last).stop]
            rows = self._resident.index_select(0, wanted)
            yield from torch.split(rows, self.batch_size)

    def _wanted(self, number: int, *, start: int) -> Iterator[Positions]:
        """Yield the rows of this process in each batch, computed for several batches at once."""
        if self._shards is not None:
            for places in self._shards.places(number, start=start):
                yield self._index[places]
            return
        order = self._order(number)
        together = max(1, AHEAD * self.part.of // self.batch_size)
        for first in range(start, self._length, together):
            parts = [self._slice(s) for s in range(first, min(first + together, self._length))]
            places = np.concatenate([np.arange(part.start, part.stop) for part in parts])
            rows = self._index[places if order is None else order(places)]
            ends = np.cumsum([part.stop - part.start for part in parts])
            yield from np.split(rows, ends[:-1])

    def _slice(self, step: int) -> slice:
        """Return the positions of this process in the order of the epoch."""
        before = step * self.batch_size
        first, last = self.span(step)
        return slice(before + first, before + max(last, first + 1))

    def _order(self, number: int) -> Callable[[Positions], Positions] | None:
        """Return the order of this epoch as a function; None for the order of the index."""
        if self._seed is None:
            return None
        key = (self._seed, number)
        if isinstance(self._index, RepeatedIndex):
            return Permutation(len(self._index), key=key)
        return np.random.default_rng(key).permutation(len(self._index)).__getitem__

    def _gather(self, wanted: Positions) -> Tensor:
        """Gather rows that are not on the device."""
        if self._plain is not None:
            return self._plain.index_select(0, torch.from_numpy(wanted)).to(self._device)
        return _tensor(self._rows[wanted], dtype=self._dtype).to(self._device)


_SAMPLE = 1000


def _raw_type(rows: NDArray[Any] | ShardedRows, *, double: bool = False) -> np.dtype[Any]:
    """Return the type of batches: uint8, float32, or float64 where float32 loses values.

    Where it is not asked for, a sample of the rows decides.
    """
    if rows.dtype == np.uint8:
        return np.dtype(np.uint8)
    # a tensor has a type of its own
    wide = isinstance(rows.dtype, np.dtype) and rows.dtype.itemsize == 8
    if not wide or not len(rows):
        return np.dtype(np.float32)
    if double or isinstance(rows, ShardedRows):  # a sample would open files that others read
        return np.dtype(np.float64)
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(np.int64)]
    with np.errstate(over="ignore"):
        double = needs_double(some, some.astype(np.float32))
    return np.dtype(np.float64 if double else np.float32)


def _tensor(rows: NDArray[Any], *, dtype: np.dtype[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(rows, dtype))


def _as_tensor(rows: NDArray[Any], *, dtype: np.dtype[Any]) -> Tensor | None:
    """Return the same memory as a tensor, or None if type or layout do not allow it."""
    if rows.dtype != dtype or not rows.flags.c_contiguous:
        return None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(rows)  # read by index_select alone, which copies


class BalancedBatches:
    """Batches with fixed numbers of rows of two kinds, of which the rarer is oversampled.

    An epoch visits the many once, in the order of :class:`vaekit.Batches`. The few go round in
    an order that is drawn anew at every round; as there, any epoch can be started again at any
    batch without a stored state.

    Args:
        rows: (N, F) with the label behind each row, -1 where it is unknown.
        many: positions of the rows that an epoch visits.
        few: positions of the rows that are repeated.
        batch_size: B, rows of a batch.
        few_size: how many of these are of the few.
        device: where the batches are needed.
        seed: seed of both orders.

    Raises:
        ConfigError: a batch cannot hold rows of both kinds.
        DataError: there are no rows of a kind.

    Example:
        >>> rows = np.arange(10, dtype=np.float32).reshape(5, 2)
        >>> batches = BalancedBatches(
        ...     rows, many=np.arange(4), few=np.array([4]), batch_size=3, few_size=1, seed=0
        ... )
        >>> [batch[0].tolist() for batch in batches.epoch()]
        [[8.0, 9.0], [8.0, 9.0]]
    """

    def __init__(
        self,
        rows: NDArray[Any],
        *,
        many: NDArray[np.int64],
        few: NDArray[np.int64],
        batch_size: int,
        few_size: int,
        device: str | torch.device = "cpu",
        seed: int,
    ) -> None:
        if not 0 < few_size < batch_size:
            raise ConfigError(
                f"expected from 1 to {batch_size - 1} of the few in a batch of {batch_size}; got "
                f"{few_size}"
            )
        self._many = Batches(
            rows, many, batch_size=batch_size - few_size, device=device, seed=seed, drop_last=True
        )
        self._few = _tensor(rows[few], dtype=_raw_type(rows)).to(device)
        self._few_size = few_size
        self._seed = seed
        self.batch_size = batch_size
        if not len(few):
            Batches(rows, few, batch_size=1)  # says that there are none

    def __len__(self) -> int:
        return len(self._many)

    @property
    def rows(self) -> int:
        """Number of rows of an epoch, repeated ones counted each time."""
        return self._many.rows + len(self) * self._few_size

    def epoch(self, number: int = 0, *, start: int = 0) -> Iterator[Tensor]:
        """Yield the batches of one epoch.

        Args:
            number: which epoch.
            start: the batch to start with.

        Yields:
            (B, F) rows, the few first.
        """
        for place, many in enumerate(self._many.epoch(number, start=start), start=start):
            few = self._few[self._positions(number * len(self) + place)]
            yield torch.cat([few, many])

    def _positions(self, step: int) -> Tensor:
        """Return the rarer rows of a step, counted from the start of training."""
        places = np.arange(step * self._few_size, (step + 1) * self._few_size)
        rounds, within = np.divmod(places, len(self._few))
        orders = {
            number: np.random.default_rng((self._seed, number, 1)).permutation(len(self._few))
            for number in np.unique(rounds).tolist()
        }
        found = [orders[number][at] for number, at in zip(rounds, within, strict=True)]
        return torch.from_numpy(np.array(found)).to(self._few.device)
