"""Work that is recorded once and played back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.fx import GraphModule

__all__ = ["Work", "record"]

Work = Callable[..., tuple[Tensor, ...]]
"""From tensors to tensors; it may change others where they are."""


def record(work: Work, *, inputs: list[Tensor], held: list[Tensor]) -> "GraphModule":
    """The operations of some work, in a row.

    They stand in a list without modules, distributions and the search for gradients around
    them. What is held is read, and written, where it is; whatever else the work looks at keeps
    the value that it has now.

    Args:
        work: is run once; what it does to the tensors that are held is undone.
        inputs: of the shapes that it will be played back with.
        held: parameters, buffers and the like, each once.

    Returns:
        What plays it back, called with inputs and held tensors in a row. Noise is drawn anew each
        time, here from a copy of the generator.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    def whole(*tensors: Tensor) -> tuple[Tensor, ...]:
        return work(*tensors[: len(inputs)])

    before = [tensor.detach().clone() for tensor in held]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        graph = make_fx(whole)(*inputs, *held)
    with torch.no_grad():
        for tensor, value in zip(held, before, strict=True):
            tensor.copy_(value)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph
