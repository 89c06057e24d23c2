"""A trial of training that leaves no trace."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["undone"]


@contextmanager
def undone(unit: nn.Module, *, tensors: Iterable[Tensor] = ()) -> Iterator[None]:
    """Undo what happens inside: buffers, random states, and whether modules are in training.

    Gradients are not looked after: ``torch.autograd.grad`` leaves those of the parameters alone.

    Args:
        unit: in training mode inside.
        tensors: other numbers that are put back, parameters for one.

    Example:
        >>> norm = nn.BatchNorm1d(2)
        >>> with undone(norm):
        ...     _ = norm(torch.rand(5, 2))
        >>> norm.running_mean
        tensor([0., 0.])
    """
    kept = [(tensor, tensor.detach().clone()) for tensor in [*unit.buffers(), *tensors]]
    modes = [(module, module.training) for module in unit.modules()]
    unit.train()
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        for module, mode in modes:
            module.training = mode
        with torch.no_grad():
            for tensor, before in kept:
                tensor.copy_(before)
