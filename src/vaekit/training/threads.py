"""How many threads of the CPU a training takes, found by a short trial."""

import os
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from vaekit.config import TrainingConfig
from vaekit.data import BalancedBatches, Batches, StackedBatches
from vaekit.training.checkpoint import Position
from vaekit.training.executor import undone
from vaekit.training.step import Unit

__all__ = ["fastest_threads", "settle_threads"]


SHORT = 200
"""Steps of a training that is over before a trial would pay."""
SECONDS = 1.0
"""What a trial may take, unless two passes for each count take longer."""
ROUNDS = 15
PASSES = 3
GAIN = 0.95
"""More threads have to take so much of the time of fewer, or less."""


def settle_threads(
    unit: Unit,
    *,
    train: Batches | BalancedBatches | StackedBatches,
    position: Position,
    config: TrainingConfig,
    alone: bool,
) -> None:
    """Set the number of threads where nobody has said it, and note it in the position.

    The last bits of a sum depend on the number of threads, so a training that goes on takes the
    number it began with. There is no trial on another device than a CPU, with several processes,
    below 200 steps, where PyTorch would take one thread, where ``OMP_NUM_THREADS`` or
    ``MKL_NUM_THREADS`` is set, and for stacked units, which have random generators of their own.

    Args:
        unit: what is trained.
        train: its batches.
        position: how far training is.
        config: which number was asked for, and how many epochs.
        alone: whether this is the only process.
    """
    if config.threads is not None or not alone or _device(unit) != "cpu":
        position.threads = None
        return
    if position.epoch == position.step == 0 and _worth_it(train, epochs=config.epochs):
        position.threads = fastest_threads(unit, next(iter(train.epoch())))
    if position.threads is not None:
        torch.set_num_threads(position.threads)


def fastest_threads(
    unit: Unit, rows: Tensor, *, clock: Callable[[], float] = time.perf_counter
) -> int:
    """The number of threads with which a pass forward and back takes the shortest time.

    Every count has its turn in each round, so that a machine that is busy for a moment is so for
    all; the median of the passes decides. Of counts that differ by less than 5 % the lowest is
    taken. Parameters, gradients, buffers, random states and the number of threads stay what they
    are.

    Args:
        unit: what is trained.
        rows: (B, ...) a batch.
        clock: seconds.

    Returns:
        A power of two, or the number that PyTorch takes now, which is the most that is tried.

    Example:
        >>> before = torch.get_num_threads()
        >>> torch.set_num_threads(1)
        >>> from vaekit import MLP, VAE, Amortized, Bernoulli, Bound, DiagonalGaussian
        >>> from vaekit import StandardNormal, Step
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [], 8), Bernoulli(8)),
        ... )
        >>> fastest_threads(Step(model, Bound()), torch.zeros(5, 8))
        1
        >>> torch.set_num_threads(before)
    """
    most = torch.get_num_threads()
    taken: dict[int, list[float]] = {count: [] for count in _counts(most)}
    try:
        with undone(unit):
            _pass(unit, rows)  # whatever is prepared at the first batch
            ends = clock() + SECONDS
            for count in list(taken) * ROUNDS:
                if all(taken.values()) and clock() > ends:
                    break
                taken[count] += _time(unit, rows, threads=count, ends=ends, clock=clock)
    finally:
        torch.set_num_threads(most)
    medians = {count: statistics.median(times) for count, times in taken.items()}
    return _choose(medians)


def _worth_it(train: Batches | BalancedBatches | StackedBatches, *, epochs: int) -> bool:
    """Whether there is something to choose, and nobody has chosen."""
    said = any(os.environ.get(name) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"))
    long = len(train) * epochs >= SHORT
    stacked = isinstance(train, StackedBatches)
    return long and not said and not stacked and torch.get_num_threads() > 1


def _counts(most: int) -> list[int]:
    powers = [2**power for power in range(most.bit_length())]
    return sorted({*powers, most})


def _time(
    unit: Unit, rows: Tensor, *, threads: int, ends: float, clock: Callable[[], float]
) -> list[float]:
    """Seconds of some passes, at least one; a pass before them wakes the threads."""
    torch.set_num_threads(threads)
    _pass(unit, rows)
    times: list[float] = []
    while len(times) < PASSES and (not times or clock() < ends):
        began = clock()
        _pass(unit, rows)
        times.append(clock() - began)
    return times


def _pass(unit: Unit, rows: Tensor) -> None:
    loss, _ = unit(rows)
    wanted = [parameter for parameter in unit.parameters() if parameter.requires_grad]
    torch.autograd.grad(loss, wanted, allow_unused=True)


def _choose(medians: dict[int, float]) -> int:
    """More threads only where they gain something."""
    chosen = min(medians)
    for count in sorted(medians):
        if medians[count] < GAIN * medians[chosen]:
            chosen = count
    return chosen


def _device(unit: Unit) -> str:
    return next(unit.parameters()).device.type
