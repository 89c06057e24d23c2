"""Small numerical pieces that every room may use."""

import math
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "LOG_VARIANCE_LIMIT",
    "bound_log_variance",
    "compute_settings",
    "cpu_has",
    "fixed_noise",
    "fusing",
    "is_fusing",
    "keep_freed_memory",
    "logmeanexp",
    "masked_sum",
    "nth_seed",
    "random_state_lock",
    "seed_everything",
]

LOG_VARIANCE_LIMIT = 15.0

_FUSING = ContextVar("fusing", default=False)
_LOCK = threading.RLock()


def logmeanexp(values: Tensor, dim: int = 0) -> Tensor:
    r"""Logarithm of a mean of exponentials, without overflow.

    .. math:: \log \frac{1}{K} \sum_{k=1}^{K} \exp(a_k)

    Args:
        values: any shape.
        dim: the dimension of size K that is averaged away.

    Returns:
        The values with ``dim`` removed.

    Example:
        >>> logmeanexp(torch.tensor([1000.0, 1000.0]))
        tensor(1000.)
    """
    return torch.logsumexp(values, dim) - math.log(values.shape[dim])


def masked_sum(values: Tensor, mask: Tensor | None = None) -> Tensor:
    """Sum over the last dimension, over the entries that the mask keeps.

    Masked entries are replaced, not multiplied by zero, because NaN times zero is NaN.

    Args:
        values: (..., F).
        mask: broadcastable to ``values``, true where an entry counts; all count when absent.

    Returns:
        (...).

    Example:
        >>> masked_sum(torch.tensor([1.0, float("nan")]), torch.tensor([True, False]))
        tensor(1.)
    """
    if mask is not None:
        values = torch.where(mask, values, torch.zeros_like(values))
    return values.sum(-1)


def bound_log_variance(raw: Tensor) -> Tensor:
    r"""Keep a log-variance inside (-15, 15) smoothly, so that no ``exp`` of it overflows.

    .. math:: b(r) = -L + s(2L - s(L - r)), \quad s = \mathrm{softplus}, \; L = 15

    Within ten units of zero the result differs from ``raw`` by less than 0.01; the gradient
    is never zero. Standard deviations so lie between 5.5e-4 and 1.8e3 in the model's units.

    Args:
        raw: the unbounded log-variance, any shape.

    Returns:
        The same shape.

    Example:
        >>> bound_log_variance(torch.tensor([-1e6, 0.0, 1e6]))
        tensor([-15.,   0.,  15.])
    """
    limit = LOG_VARIANCE_LIMIT
    return functional.softplus(2 * limit - functional.softplus(limit - raw)) - limit


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch on all devices.

    Args:
        seed: a non-negative integer below 2**32.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def nth_seed(seed: int, *, number: int) -> int:
    """The seed of one of many pieces of work, so that each can be done alone and anywhere.

    Args:
        seed: of the whole.
        number: which piece, from 0.

    Returns:
        The seed itself for the first piece, and others that have nothing to do with it.

    Example:
        >>> nth_seed(7, number=0)
        7
    """
    if number == 0:
        return seed
    return int(np.random.SeedSequence((seed, number)).generate_state(1, np.uint64)[0])


@contextmanager
def fusing() -> Iterator[None]:
    """What is run inside is recorded for a compiler.

    It keeps no large tensor between operations that it fuses, so what otherwise works block by
    block, for the sake of memory and caches, does not inside.

    Example:
        >>> with fusing():
        ...     is_fusing()
        True
        >>> is_fusing()
        False
    """
    token = _FUSING.set(True)
    try:
        yield
    finally:
        _FUSING.reset(token)


def is_fusing() -> bool:
    """Whether what is run is recorded for a compiler."""
    return _FUSING.get()


@contextmanager
def random_state_lock() -> Iterator[None]:
    """Let one thread of this process at a time seed and draw from the global generators.

    They, the number of threads and the precision of products belong to the whole process: two
    threads that train at once would draw each other's numbers. With the lock each gets what it
    gets alone. A thread can enter again inside.

    Example:
        >>> with random_state_lock(), random_state_lock():
        ...     seed_everything(0)
    """
    with _LOCK:
        yield


@contextmanager
def fixed_noise(seed: int) -> Iterator[None]:
    """Draw the same noise at every entry, and leave the generators as they were.

    Other threads that enter wait until this one leaves; see :func:`random_state_lock`.

    Args:
        seed: of the noise inside.

    Example:
        >>> with fixed_noise(1):
        ...     first = torch.rand(3)
        >>> with fixed_noise(1):
        ...     bool((torch.rand(3) == first).all())
        True
    """
    with _LOCK:
        mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
        try:
            with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
                torch.manual_seed(seed)
                yield
        finally:
            if mps is not None:  # fork_rng looks after the CPU and CUDA alone
                torch.mps.set_rng_state(mps)


@contextmanager
def compute_settings(
    *, device: str, threads: int | None = None, tf32: bool = False, large_products: bool = True
) -> Iterator[None]:
    """Process-wide settings while something heavy runs, put back afterwards.

    Other threads that enter wait until this one leaves; see :func:`random_state_lock`.

    On x86 processors without AMX, "medium" makes float32 products run in oneDNN at float32
    accuracy, up to twice as fast as otherwise; with AMX, and perhaps on Arm, it would mean bf16,
    so there it is left alone. oneDNN takes some 15 us to begin, in which MKL has done with 64 rows
    and 60 x 128 weights.

    Args:
        device: cpu, cuda or mps.
        threads: of the CPU; none leaves them.
        tf32: whether float32 products on an NVIDIA GPU may round their factors to ten bits.
        large_products: whether the products are worth that beginning.
    """
    with _LOCK:
        keep_freed_memory()
        before = torch.get_num_threads(), torch.get_float32_matmul_precision()
        if threads is not None:
            torch.set_num_threads(threads)
        if device == "cpu" and large_products and cpu_has("avx2") and not cpu_has("amx_bf16"):
            torch.set_float32_matmul_precision("medium")
        if device == "cuda":
            torch.set_float32_matmul_precision("high" if tf32 else "highest")
        try:
            yield
        finally:
            torch.set_num_threads(before[0])
            torch.set_float32_matmul_precision(before[1])


def keep_freed_memory() -> None:
    """Let the C library keep what arrays of some megabytes leave, for the arrays that follow.

    glibc gives a large block back to the system when it is freed, and every page of the next one
    has to be had anew, which can take longer than the arithmetic. The size from which it does so
    grows to that of the largest block that was freed, up to 32 MB. So one of 31 MB is taken, not
    touched, and freed. Up to twice as much then stays with the process; other C libraries take no
    notice.

    Source:
        mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


def cpu_has(*features: str) -> bool:
    """Whether the processor has one of these instruction sets; no, if PyTorch cannot tell.

    Args:
        features: as PyTorch names them, "avx512_bf16" for one.

    Returns:
        True where at least one is there.
    """
    found: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(bool(found.get(feature)) for feature in features)
