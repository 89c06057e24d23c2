"""Devices and processes: one, or several started by torchrun."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from inspect import signature
from typing import Any, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.overrides import TorchFunctionMode

from vaekit.data import Batches, Part
from vaekit.errors import ConfigError
from vaekit.training.step import Forward, StepOutput, TrainingStep

__all__ = [
    "Processes",
    "RowBatches",
    "SharedNoise",
    "choose_device",
    "join_engine",
    "make_engine",
]


_TIMEOUT = timedelta(minutes=30)  # after which a silent process counts as dead


def choose_device(name: str) -> str:
    """Resolve ``auto``, and refuse a device that this machine does not have.

    Args:
        name: auto, cpu, cuda or mps.

    Returns:
        cpu, cuda or mps.

    Raises:
        ConfigError: this machine has no such device.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device, found in available.items() if found), "cpu")
    if not available.get(name, True):
        raise ConfigError(
            f"device {name}: PyTorch {torch.__version__} finds none here; take --device cpu"
        )
    return name


def make_engine(*, device: str) -> Fabric:
    """Return the engine of one process on one device; it casts nothing.

    Args:
        device: cpu, cuda or mps.
    """
    _silence_engine()
    return Fabric(accelerator=device, devices=1)


def join_engine(*, device: str) -> Fabric:
    """Return the engine of one of the processes that torchrun started, or of one process alone.

    Args:
        device: cpu, cuda or mps.

    Returns:
        An engine that has found the others; each process has one device.

    Raises:
        ConfigError: a machine with fewer devices than processes.
    """
    local, total = (int(os.environ.get(f"{name}WORLD_SIZE", 1)) for name in ("LOCAL_", ""))
    if total == 1 or "TORCHELASTIC_RUN_ID" not in os.environ:
        return make_engine(device=device)
    devices = {"cpu": local, "cuda": torch.cuda.device_count()}.get(device, 1)
    if devices < local:
        raise ConfigError(
            f"{local} processes on this machine need as many {device} devices, and there are "
            f"{devices}: take --nproc-per-node {devices}, or --device cpu"
        )
    _silence_engine()
    # buffers (schedules, statistics of the rows) are the same in all processes
    newer = "forward_sync_buffers" in signature(DistributedDataParallel).parameters
    no_sync: dict[str, Any] = {"forward_sync_buffers" if newer else "broadcast_buffers": False}
    strategy = DDPStrategy(timeout=_TIMEOUT, **no_sync)
    engine = Fabric(
        accelerator=device,
        devices=local,
        num_nodes=total // local,
        strategy=strategy,
    )
    engine.launch()
    return engine


def _silence_engine() -> None:
    """Keep the engine's announcements off the terminal, which belongs to the caller."""
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)


_UNKNOWN = {
    "_standard_gamma",
    "alpha_dropout",
    "bernoulli",
    "bernoulli_",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "exponential_",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "randn",
    "uniform_",
}
"""Functions that draw noise which has no known place for the rows."""


class SharedNoise(TorchFunctionMode):
    """Draw noise for the batch of all processes, and use the part for the rows of this one.

    The random state of every process is then that of one process with the whole batch: neither
    weights nor checkpoints depend on the number of processes. The cost is that each process
    draws the noise of all.

    Args:
        first: position in the batch of the first row of this process.
        rows: number of rows of this process.
        whole: number of rows of the batch.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> everything = torch.rand_like(torch.zeros(4, 2))
        >>> _ = torch.manual_seed(0)
        >>> with SharedNoise(first=2, rows=2, whole=4):
        ...     part = torch.rand_like(torch.zeros(2, 2))
        >>> bool((part == everything[2:]).all())
        True
    """

    def __init__(self, *, first: int, rows: int, whole: int) -> None:
        super().__init__()
        self._first = first
        self._rows = rows
        self._whole = whole

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        """Replace functions that draw noise, and call all others.

        Raises:
            ConfigError: a function that draws noise which has no known place for the rows.
        """
        kwargs = kwargs or {}
        if func in (torch.rand_like, torch.randn_like):
            return self._part(args[0], lambda whole: func(whole))
        if func is Tensor.normal_:
            return args[0].copy_(self._part(args[0], lambda whole: whole.normal_(*args[1:])))
        if func is functional.dropout:
            return self._dropout(*args, **kwargs)
        if getattr(func, "__name__", "") in _UNKNOWN:
            raise ConfigError(
                f"{func.__name__} draws noise that several processes cannot share by rows: draw "
                "with rand_like, randn_like or rsample, or train with one process"
            )
        return func(*args, **kwargs)

    def _part(self, like: Tensor, draw: Callable[[Tensor], Tensor], *, event: int = 1) -> Tensor:
        """Fill a tensor (..., B, *event) for all rows, and return the rows of this process.

        Networks flatten leading dimensions, so the tensor may come as (K * B, *event).
        """
        lead, rest = like.shape[: like.ndim - event], like.shape[like.ndim - event :]
        repeats, left = divmod(lead.numel(), self._rows)
        if left:
            raise ConfigError(
                f"noise of shape {tuple(like.shape)} has no place for {self._rows} rows: train "
                "with one process"
            )
        drawn = draw(like.new_empty((repeats * self._whole, *rest)))
        rows = drawn.view(repeats, self._whole, *rest)[:, self._first : self._first + self._rows]
        return rows.reshape(like.shape)

    def _dropout(
        self, x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        """Dropout on a tensor whose first dimension is the rows."""
        if not training or p == 0.0:
            return x
        keep = self._part(
            x.detach(), lambda whole: functional.dropout(whole.fill_(1.0), p), event=x.ndim - 1
        )
        return x * keep


class RowBatches(Protocol):
    """Rows in batches, which any epoch can start with any batch."""

    batch_size: int
    """Rows in a batch, of all processes."""

    @property
    def rows(self) -> int:
        """Rows in an epoch."""

    def __len__(self) -> int:
        """Batches in an epoch."""

    def epoch(self, number: int = 0, *, start: int = 0) -> Iterator[Tensor]:
        """Yield the batches of an epoch from a given one on.

        Args:
            number: of the epoch, from 0.
            start: number of the first batch.
        """


class Processes:
    """The processes that train a model together; with one, nothing is communicated.

    Every process runs the same loop over its part of each batch. Gradients are averaged by the
    engine; sums, requests to stop and the moment of a refresh are exchanged here.

    Args:
        engine: that was launched.
    """

    def __init__(self, engine: Fabric) -> None:
        self.part = Part(engine.global_rank, engine.world_size)
        self._engine = engine
        self._interval = self._left = 1
        self._span = (0, 0)
        self._whole = 0

    @property
    def alone(self) -> bool:
        """Whether this is the only process."""
        return self.part.of == 1

    @property
    def main(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.part.number == 0

    @property
    def device(self) -> torch.device:
        """The device of this process."""
        return self._engine.device

    def wrap(self, step: TrainingStep) -> Forward:
        """Return a step that averages its gradients over all processes; alone, the step itself.

        Args:
            step: for a whole batch.
        """
        return step if self.alone else self.weigh(self._engine.setup_module(step))

    def weigh(self, forward: Forward) -> Forward:
        r"""Return a step for the part of a batch that falls to this process.

        .. math:: \ell = P \, \frac{n}{B} \, \overline{\ell(x)}

        for n of B rows and P processes, of which the engine takes the mean: together it is the
        mean over the rows of the batch, also where parts differ in size or are empty. The sums
        are those of the rows of this process.

        Args:
            forward: the step for a whole batch.
        """
        if self.alone:
            return forward

        def run(rows: Tensor) -> StepOutput:
            first, last = self._span
            with SharedNoise(first=first, rows=len(rows), whole=self._whole):
                output = forward(rows)
            share = (last - first) / self._whole
            losses = {name: share * self.part.of * loss for name, loss in output.losses.items()}
            if share:
                return StepOutput(losses, output.sums)
            return StepOutput(losses, {n: torch.zeros_like(s) for n, s in output.sums.items()})

        return run

    def epoch(
        self,
        batches: RowBatches,
        number: int = 0,
        *,
        start: int = 0,
    ) -> Iterator[Tensor]:
        """Yield the parts of the batches of one epoch that fall to this process.

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
        """Note before each step where its rows stand in the batch."""
        for step, rows in enumerate(batches.epoch(number, start=start), start=start):
            self._whole = batches.size(step)
            self._span = batches.span(step)
            yield rows

    def total(self, sums: Tensor) -> Tensor:
        """Return the sums over all processes.

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
        """Return the numbers of all processes, (P, ...), in the order of the processes.

        Args:
            numbers: of this process, of the same shape in all.
        """
        places = torch.zeros(self.part.of, *numbers.shape, dtype=torch.float64)
        places[self.part.number] = torch.from_numpy(numbers)
        found: NDArray[np.float64] = self.total(places).numpy()
        return found

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """Let the first process do something, such as filling a cache, before the others do."""
        if not self.main:
            self.any(False)  # waits for the first
        yield
        if self.main:
            self.any(False)

    def own_part(self, sums: Tensor) -> Tensor:
        """Return this process's part of sums over all: all of them in the first one, else 0.

        Args:
            sums: over all processes.
        """
        return sums if self.main else torch.zeros_like(sums)

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set in any process; waits for all of them.

        Args:
            flag: of this process.
        """
        return bool(self.total(torch.tensor(float(flag)))) if not self.alone else flag

    def refresh_due(self, flag: bool) -> bool:
        """Return whether a refresh is due, in all processes at the same step.

        Clocks differ, so the processes have to agree; they do after as many steps as it took the
        last times, not at each.

        Args:
            flag: whether it is due in this process.
        """
        if self.alone:
            return flag
        self._left -= 1
        if self._left:
            return False
        found = self.any(flag)
        self._left = self._interval = max(1, self._interval // 2) if found else 2 * self._interval
        return found

    def close(self) -> None:
        """Wait for all processes, and destroy the process group."""
        if not self.alone:
            torch.distributed.barrier()
            torch.distributed.destroy_process_group()
