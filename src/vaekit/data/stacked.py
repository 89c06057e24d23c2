"""Batches of several tables, one of each at a time."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from vaekit.data.loader import Batches
from vaekit.errors import ConfigError

__all__ = ["StackedBatches"]


class StackedBatches:
    """One batch of each of M tables, on an axis of tables; every table keeps its own order.

    An epoch has as many batches as the shortest of them: where one has a batch more, the last
    rows of its order wait for another epoch, as those of a short last batch do.

    Args:
        each: M of them, whose batches have as many rows.

    Attributes:
        batch_size: rows of a batch, of all tables together.
        tables: M.

    Raises:
        ConfigError: batches of different sizes.

    Example:
        >>> import numpy as np
        >>> tables = [np.zeros((5, 3), np.float32), np.ones((6, 3), np.float32)]
        >>> both = StackedBatches(
        ...     [Batches(t, np.arange(len(t)), batch_size=2, drop_last=True) for t in tables]
        ... )
        >>> [tuple(rows.shape) for rows in both.epoch()], both.rows
        ([(2, 2, 3), (2, 2, 3)], 8)
    """

    def __init__(self, each: Sequence[Batches]) -> None:
        self._each = tuple(each)
        self.tables = len(each)
        self._length = min(map(len, each), default=0)
        sizes = [[one.size(step) for step in range(self._length)] for one in each]
        if not sizes or any(other != sizes[0] for other in sizes):
            raise ConfigError("expected tables whose batches have the same numbers of rows")
        self.batch_size = len(each) * each[0].batch_size
        self.rows = len(each) * sum(sizes[0])

    def __len__(self) -> int:
        return self._length

    def epoch(self, number: int = 0, *, start: int = 0) -> Iterator[Tensor]:
        """The batches of one epoch.

        Args:
            number: which epoch.
            start: the batch to start with.

        Yields:
            (M, B, F) raw rows.
        """
        parts = zip(*(one.epoch(number, start=start) for one in self._each), strict=False)
        yield from (torch.stack(part) for part in parts)
