"""A pass forward and back that is recorded once and played back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vaekit.training.unit import Unit

if TYPE_CHECKING:
    from torch.fx import GraphModule

__all__ = ["Work", "inputs_of", "record", "with_gradients"]

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


def with_gradients(run: Callable[..., tuple[Tensor, Tensor]], parameters: list[Tensor]) -> Work:
    """A pass, and its way back.

    Args:
        run: from inputs to the loss and to sums.
        parameters: whose gradients are wanted.

    Returns:
        From the same inputs to the sums, and a gradient for each parameter.
    """

    def work(*inputs: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            loss, sums = run(*inputs)
            grads = torch.autograd.grad(loss, parameters, materialize_grads=True)
        return (sums, *(_laid_as(p, grad) for p, grad in zip(parameters, grads, strict=True)))

    return work


def inputs_of(unit: Unit, rows: Tensor) -> list[Tensor]:
    """Rows, and the noise that a unit takes with them.

    Args:
        unit: whose pass.
        rows: (B, ...) raw.
    """
    return [rows] if unit.draw is None else [rows, *unit.draw(rows)]


def _laid_as(parameter: Tensor, grad: Tensor) -> Tensor:
    """In the memory's order of the parameter: a fused optimizer reads both number by number."""
    same = grad.stride() == parameter.stride()
    return grad if same else torch.empty_like(parameter).copy_(grad)
