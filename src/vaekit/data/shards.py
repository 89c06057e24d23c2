"""Rows in many files, and the order in which processes read their own files."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vaekit.data.index import Index, Permutation, count_before
from vaekit.errors import DataError

__all__ = ["ShardOrder", "ShardedRows", "assign_shards"]


WINDOW = 4
"""Shards whose rows are shuffled together."""

Positions = NDArray[np.int64]


class ShardedRows:
    """Rows (N, F) in several files, indexed as one array.

    Args:
        files: what opens each, in order; called when rows of it are first needed.
        counts: how many rows each has.
        features: F.
        dtype: of the values, uint8 or float32.
    """

    ndim = 2

    def __init__(
        self,
        files: Sequence[Callable[[], NDArray[Any]]],
        *,
        counts: Sequence[int],
        features: int,
        dtype: np.dtype[Any],
    ) -> None:
        self._files = tuple(files)
        self.ends = np.cumsum(counts, dtype=np.int64)
        self.shape = int(self.ends[-1]), features
        self.dtype = dtype
        self.size = self.shape[0] * features
        self._open: dict[int, NDArray[Any]] = {}

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(
        self, dtype: DTypeLike | None = None, *, copy: bool | None = None
    ) -> NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, wanted: int | slice | Positions) -> NDArray[Any]:
        if isinstance(wanted, slice):
            wanted = np.arange(*wanted.indices(len(self)))
        places = np.asarray(wanted)
        flat = places.reshape(-1)
        found = np.empty((len(flat), self.shape[1]), self.dtype)
        shards = np.searchsorted(self.ends, flat, side="right")
        for shard in np.unique(shards).tolist():
            chosen = np.flatnonzero(shards == shard)
            first = self.ends[shard - 1] if shard else 0
            found[chosen] = self._rows_of(shard)[flat[chosen] - first]
        return found.reshape(*places.shape, self.shape[1])

    def _rows_of(self, shard: int) -> NDArray[Any]:
        if shard not in self._open:
            rows = self._files[shard]()
            self._open[shard] = rows.reshape(len(rows), -1)
        return self._open[shard]


class ShardOrder:
    r"""The rows of each step for each process, which reads shards of its own.

    The shards are assigned once for all splits, the largest first, always to the process with the
    fewest rows.
    All processes take the same number of steps, L = N / B rounded up, and one that has R rows
    takes those from R s / L up to R (s + 1) / L in step s, rounded down: every row comes once an
    epoch, whatever the counts, and batches differ by a few rows. In each epoch a process draws
    the order of its shards, and shuffles the rows of four at a time. Everything is computed from
    seed, epoch and step.

    Args:
        rows: in shards.
        index: positions of the rows to visit, ascending.
        batch_size: B, rows of a batch of all processes.
        seed: of the order; that of the files when absent.
        part: number of this process, and how many there are.

    Raises:
        DataError: a process without rows.
    """

    def __init__(
        self,
        rows: ShardedRows,
        index: Index,
        *,
        batch_size: int,
        seed: int | None,
        part: tuple[int, int],
    ) -> None:
        self._number, self._of = part
        self._seed = seed
        ends = np.array([count_before(index, row=int(end)) for end in rows.ends])
        self._starts = np.concatenate([[0], ends[:-1]])
        self._counts = ends - self._starts
        self._dealt = assign_shards(np.diff(rows.ends, prepend=0), processes=self._of)
        self._totals = [int(self._counts[hand].sum()) for hand in self._dealt]
        if not min(self._totals):
            raise DataError(
                f"{self._of} processes and {len(self._counts)} shards: one of them would have no "
                "rows of this split. Write more and smaller shards, or start fewer processes"
            )
        self.steps = -(-len(index) // batch_size)

    def span(self, step: int) -> tuple[int, int]:
        """Return the first and the last row (exclusive) of this process in a batch.

        Args:
            step: which batch of an epoch.
        """
        sizes = self._sizes(step)
        before = sum(sizes[: self._number])
        return before, before + sizes[self._number]

    def size(self, step: int) -> int:
        """Return the number of rows of a batch, over all processes.

        Args:
            step: which batch of an epoch.
        """
        return sum(self._sizes(step))

    def places(self, epoch: int, *, start: int) -> Iterator[Positions]:
        """Yield the positions in the index of the rows of this process, step by step.

        Args:
            epoch: which epoch.
            start: the step to start with.

        Yields:
            Places; one of any row of its own where the step has none for this process.
        """
        shards = np.sort(self._dealt[self._number])
        if self._seed is not None:
            key = (self._seed, epoch, self._number)
            shards = shards[np.random.default_rng(key).permutation(len(shards))]
        bounds = np.concatenate([[0], np.cumsum(self._counts[shards])])
        for step in range(start, self.steps):
            first, last = self._range(self._number, step)
            yield self._visit(shards, bounds, slice(first, max(last, first + 1)), epoch)

    def _sizes(self, step: int) -> list[int]:
        """Return the number of rows of each process in a step."""
        ranges = (self._range(number, step) for number in range(self._of))
        return [last - first for first, last in ranges]

    def _range(self, number: int, step: int) -> tuple[int, int]:
        """Return the first and the last row (exclusive) of a process in a step."""
        total = self._totals[number]
        return total * step // self.steps, total * (step + 1) // self.steps

    def _visit(self, shards: Positions, bounds: Positions, wanted: slice, epoch: int) -> Positions:
        """Map positions in the order of this process to positions in the index."""
        edges = np.append(bounds[:-1:WINDOW], bounds[-1])
        first = int(np.searchsorted(edges, wanted.start, side="right")) - 1
        found = []
        for window in range(first, int(np.searchsorted(edges, wanted.stop))):
            begin, end = edges[window : window + 2].tolist()
            places = np.arange(max(begin, wanted.start), min(end, wanted.stop))
            if self._seed is not None and end > begin:
                key = (self._seed, epoch, self._number, window)
                places = begin + Permutation(end - begin, key=key)(places - begin)
            at = np.searchsorted(bounds, places, side="right") - 1
            found.append(self._starts[shards[at]] + places - bounds[at])
        return np.concatenate(found)


def assign_shards(counts: Positions, *, processes: int) -> list[Positions]:
    """Assign shards to processes, the largest first to the one with the fewest rows.

    Args:
        counts: rows of each shard.
        processes: how many there are.

    Example:
        >>> assign_shards(np.array([5, 9, 3]), processes=2)
        [array([1]), array([0, 2])]
    """
    dealt: list[list[int]] = [[] for _ in range(processes)]
    totals = [0] * processes
    for shard in np.argsort(-counts, kind="stable").tolist():
        least = totals.index(min(totals))
        dealt[least].append(shard)
        totals[least] += int(counts[shard])
    return [np.array(hand, np.int64) for hand in dealt]
