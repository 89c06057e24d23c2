"""The processes that train one model together, seen from one of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import BalancedBatches, Batches, Part, StackedBatches
from vaekit.errors import ConfigError
from vaekit.training.noise import SharedNoise
from vaekit.training.unit import Unit

__all__ = ["Processes"]


class Processes:
    """What the loop asks of the other processes; where there are none, nothing is asked.

    Every process runs the same loop over its part of each batch. Gradients are averaged by the
    engine; sums, wishes to stop and the moment to look up are agreed upon here.

    Args:
        engine: that was launched.
    """

    def __init__(self, engine: Fabric) -> None:
        self.part = Part(engine.global_rank, engine.world_size)
        self._engine = engine
        self._pace = self._left = 1
        self._span = (0, 0)
        self._whole = 0

    @property
    def alone(self) -> bool:
        """Whether there are no others."""
        return self.part.of == 1

    @property
    def main(self) -> bool:
        """Whether this is the one that writes and tells."""
        return self.part.number == 0

    def unit(self, step: Unit) -> Unit:
        """What is trained in this process: the step, weighted where others have rows too.

        Args:
            step: for a whole batch.
        """
        return step if self.alone else _Share(step, self)

    def epoch(
        self,
        batches: Batches | BalancedBatches | StackedBatches,
        number: int = 0,
        *,
        start: int = 0,
    ) -> Iterator[Tensor]:
        """The parts of the batches of one epoch that fall to this process.

        Args:
            batches: of which this process takes its part.
            number: which epoch.
            start: the batch to start with.

        Raises:
            ConfigError: batches that were not divided among these processes.
        """
        if self.alone:
            return batches.epoch(number, start=start)
        if not isinstance(batches, Batches) or batches.part != self.part:
            raise ConfigError(
                f"{self.part.of} processes need batches that are divided among them: "
                "Batches(..., part=)"
            )
        return self._shares(batches, number, start)

    def _shares(self, batches: Batches, number: int, start: int) -> Iterator[Tensor]:
        """Remember before each pass where its rows stand in the batch."""
        for step, rows in enumerate(batches.epoch(number, start=start), start=start):
            self._whole = batches.size(step)
            self._span = batches.span(step)
            yield rows

    def noise(self, rows: Tensor) -> SharedNoise:
        """The noise of one pass.

        Args:
            rows: of this process, just handed out.
        """
        return SharedNoise(first=self._span[0], rows=len(rows), whole=self._whole)

    def share(self) -> float:
        """Share of the batch whose rows were just handed out that falls to this process."""
        return (self._span[1] - self._span[0]) / self._whole

    def total(self, sums: Tensor) -> Tensor:
        """Sums over all processes.

        Args:
            sums: of this process, any shape, on the CPU.

        Returns:
            The same shape, the same numbers in all processes.
        """
        if self.alone:
            return sums
        there = sums.clone().to(self._engine.device)
        total = self._engine.all_reduce(there, reduce_op="sum")
        assert isinstance(total, Tensor)
        return total.cpu()

    def gather(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers of all processes, (P, ...), in the order of their own numbers.

        Args:
            numbers: of this process, of the same shape in all.
        """
        places = torch.zeros(self.part.of, *numbers.shape, dtype=torch.float64)
        places[self.part.number] = torch.from_numpy(numbers)
        found: NDArray[np.float64] = self.total(places).numpy()
        return found

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """Let the first process do something, such as filling a cache, before the others."""
        if not self.main:
            self.any(False)  # waits for the first
        yield
        if self.main:
            self.any(False)

    def kept(self, sums: Tensor) -> Tensor:
        """What this process keeps of sums over all, so that their total stays what it is.

        Args:
            sums: over all processes.
        """
        return sums if self.main else torch.zeros_like(sums)

    def any(self, wish: bool) -> bool:
        """Whether any process has a wish: the same answer in all.

        Args:
            wish: whether this process has it.
        """
        return bool(self.total(torch.tensor(float(wish)))) if not self.alone else wish

    def due(self, wish: bool) -> bool:
        """Whether it is time to look up from the steps, in all processes at the same step.

        Clocks differ, so the others have to be asked; that is done after as many steps as it
        took the last times, not at each.

        Args:
            wish: whether it is time in this process.
        """
        if self.alone:
            return wish
        self._left -= 1
        if self._left:
            return False
        found = self.any(wish)
        self._left = self._pace = max(1, self._pace // 2) if found else 2 * self._pace
        return found

    def part_company(self) -> None:
        """Go on without the others, who may end."""
        if not self.alone:
            torch.distributed.barrier()
            torch.distributed.destroy_process_group()


class _Share(Unit):
    r"""A step for a part of the batch.

    .. math:: \ell = P \, \frac{n}{B} \, \overline{\ell(x)}

    for n of B rows and P processes, over which the engine takes the mean: together it is the mean
    over the rows of the batch, also where parts differ in size or are empty.
    """

    def __init__(self, step: Unit, processes: Processes) -> None:
        super().__init__()
        self.step = step
        self.objective = step.objective
        self.processes = processes

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """See the class; the sums are those of the rows of this process."""
        with self.processes.noise(rows):
            loss, sums = self.step(rows)
        share, count = self.processes.share(), self.processes.part.of
        return share * count * loss, sums if share else torch.zeros_like(sums)
