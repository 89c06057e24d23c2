"""A pass forward and back that is recorded once and played back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.fx import GraphModule

__all__ = ["Pass", "record"]

Pass = Callable[..., tuple[Tensor, Tensor]]
"""From inputs to the loss and to sums."""


def record(
    run: Pass, *, inputs: list[Tensor], parameters: list[Tensor], buffers: list[Tensor]
) -> "GraphModule":
    """The operations of a pass and of its gradients, in a row.

    They stand in a list without modules, distributions and the search for gradients around
    them. Buffers are read, and written, where they are; whatever else the pass looks at keeps
    the value that it has now.

    Args:
        run: the pass.
        inputs: of the shapes that it will be played back with.
        parameters: whose gradients are wanted.
        buffers: that the pass may read or write.

    Returns:
        What plays it back, called with all these tensors in a row: loss, sums, and a gradient for
        each parameter. Noise is drawn anew each time, here from a copy of the generator.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    def joint(*tensors: Tensor) -> tuple[Tensor, ...]:  # parameters and buffers are its own
        with torch.enable_grad():
            loss, sums = run(*tensors[: len(inputs)])
            grads = torch.autograd.grad(loss, parameters, materialize_grads=True)
        laid = (_laid_as(p, grad) for p, grad in zip(parameters, grads, strict=True))
        return (loss.detach(), sums, *laid)

    with torch.random.fork_rng(devices=[]):
        graph = make_fx(joint)(*inputs, *parameters, *buffers)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


def _laid_as(parameter: Tensor, grad: Tensor) -> Tensor:
    """In the memory's order of the parameter: a fused optimizer reads both number by number."""
    same = grad.stride() == parameter.stride()
    return grad if same else torch.empty_like(parameter).copy_(grad)
