"""Batches in which rows with a label and rows without one meet."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data.loader import Batches
from vaekit.errors import ConfigError

__all__ = ["BalancedBatches"]


class BalancedBatches:
    """Batches that all hold rows of two kinds: the few come round again as often as needed.

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
        ConfigError: there is no room for rows of both kinds in a batch.
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
        self._few = torch.from_numpy(np.asarray(rows[few], np.float32)).to(device)
        self._few_size = few_size
        self._seed = seed
        self.batch_size = batch_size
        if not len(few):
            Batches(rows, few, batch_size=1)  # says that there are none

    def __len__(self) -> int:
        return len(self._many)

    @property
    def rows(self) -> int:
        """How many rows an epoch visits, repeated ones as often as they come."""
        return self._many.rows + len(self) * self._few_size

    def epoch(self, number: int = 0, *, start: int = 0) -> Iterator[Tensor]:
        """The batches of one epoch.

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
        """Which of the few go into a step, counted from the first of training."""
        places = np.arange(step * self._few_size, (step + 1) * self._few_size)
        rounds, within = np.divmod(places, len(self._few))
        orders = {
            number: np.random.default_rng((self._seed, number, 1)).permutation(len(self._few))
            for number in np.unique(rounds).tolist()
        }
        found = [orders[number][at] for number, at in zip(rounds, within, strict=True)]
        return torch.from_numpy(np.array(found)).to(self._few.device)
