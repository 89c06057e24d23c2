"""Devices and processes: one, or several started by torchrun."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from inspect import signature
from typing import Any, Literal, Protocol, cast

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
from vaekit.numerics import cpu_has
from vaekit.training.step import Unit

__all__ = [
    "Processes",
    "RowBatches",
    "SharedNoise",
    "choose_device",
    "choose_precision",
    "join_engine",
    "make_engine",
]


Precision = Literal["32", "tf32", "bf16"]

_PATIENCE = timedelta(minutes=30)  # for a process of which nothing is heard


def choose_device(name: str) -> str:
    """Resolve ``auto``, and refuse a device that is not there.

    Args:
        name: auto, cpu, cuda or mps.

    Returns:
        cpu, cuda or mps.

    Raises:
        ConfigError: this machine has no such device.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device, found in there.items() if found), "cpu")
    if not there.get(name, True):
        raise ConfigError(
            f"device {name}: PyTorch {torch.__version__} finds none here; take --device cpu"
        )
    return name


def choose_precision(name: str, *, device: str, large_products: bool = True) -> Precision:
    """Resolve ``auto``: bf16 where there are instructions for its matrix products.

    Args:
        name: auto, 32, tf32 or bf16.
        device: cpu, cuda or mps.
        large_products: whether they last longer than a CPU needs to cast their factors.

    Returns:
        32, tf32 or bf16.

    Raises:
        ConfigError: tf32 on another device than an NVIDIA GPU.
    """
    if name == "tf32" and device != "cuda":
        raise ConfigError(
            f"precision tf32: a format of NVIDIA's GPUs, and the device is {device}; take "
            "training.precision = 32, or auto"
        )
    if name != "auto":
        return cast(Precision, name)
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "32"
    if device == "cpu":
        return "bf16" if large_products and cpu_has("avx512_bf16", "amx_bf16") else "32"
    return "32"


def make_engine(*, device: str) -> Fabric:
    """The engine that moves the model; it casts nothing.

    Args:
        device: cpu, cuda or mps.

    Returns:
        One process on one device.
    """
    _quieten()
    return Fabric(accelerator=device, devices=1)


def join_engine(*, device: str) -> Fabric:
    """The engine of one of the processes that torchrun started, or of one process alone.

    Args:
        device: cpu, cuda or mps.

    Returns:
        An engine that has found the others; each process has one device.

    Raises:
        ConfigError: a machine with fewer devices than processes.
    """
    here, everywhere = (int(os.environ.get(f"{name}WORLD_SIZE", 1)) for name in ("LOCAL_", ""))
    if everywhere == 1 or "TORCHELASTIC_RUN_ID" not in os.environ:
        return make_engine(device=device)
    there = {"cpu": here, "cuda": torch.cuda.device_count()}.get(device, 1)
    if there < here:
        raise ConfigError(
            f"{here} processes on this machine need as many {device} devices, and there are "
            f"{there}: take --nproc-per-node {there}, or --device cpu"
        )
    _quieten()
    # Buffers are the same in all processes: schedules and the statistics of the rows.
    newer = "forward_sync_buffers" in signature(DistributedDataParallel).parameters
    still: dict[str, Any] = {"forward_sync_buffers" if newer else "broadcast_buffers": False}
    strategy = DDPStrategy(timeout=_PATIENCE, **still)
    engine = Fabric(
        accelerator=device,
        devices=here,
        num_nodes=everywhere // here,
        strategy=strategy,
    )
    engine.launch()
    return engine


def _quieten() -> None:
    """The engine announces itself on the terminal, which belongs to the caller."""
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)


_UNKNOWN = {
    torch.normal,
    torch.rand,
    torch.randn,
    torch.bernoulli,
    torch.multinomial,
    torch.poisson,
    torch._standard_gamma,
    functional.alpha_dropout,
    functional.dropout1d,
    functional.dropout2d,
    functional.dropout3d,
    Tensor.bernoulli_,
    Tensor.exponential_,
    Tensor.uniform_,
}


class SharedNoise(TorchFunctionMode):
    """Inside, noise is drawn for the batch of all processes, and this one keeps that of its rows.

    The random state of every process is then that of one process with the whole batch: neither
    weights nor checkpoints depend on how many there are. The price is that each process draws
    the noise of all.

    Args:
        first: the first row of the batch that this process has.
        rows: how many it has.
        whole: how many the batch has.

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
        """Draw in another way where something is drawn; leave all else alone.

        Raises:
            ConfigError: a draw of which nobody knows here how it belongs to the rows.
        """
        kwargs = kwargs or {}
        if func in (torch.rand_like, torch.randn_like):
            return self._part(args[0], lambda whole: func(whole))
        if func is Tensor.normal_:
            return args[0].copy_(self._part(args[0], lambda whole: whole.normal_(*args[1:])))
        if func is functional.dropout:
            return self._dropout(*args, **kwargs)
        if func in _UNKNOWN:
            raise ConfigError(
                f"{func.__name__} draws noise that several processes cannot share by rows: draw "
                "with rand_like, randn_like or rsample, or train with one process"
            )
        return func(*args, **kwargs)

    def _part(self, like: Tensor, draw: Callable[[Tensor], Tensor], *, event: int = 1) -> Tensor:
        """Fill a tensor (..., B, *event) for all rows, and keep those of this process.

        Networks flatten what stands before the rows, so that these may come as (K * B, *event).
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
        """Dropout, of which networks see rows first."""
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
        """Yield the batches of an epoch from a given one on."""


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
        batches: RowBatches,
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
