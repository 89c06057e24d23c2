"""What of a training is recorded: a pass forward and back, and what goes into it."""

from collections.abc import Callable

import torch
from torch import Tensor

from vaekit.compiling import Work
from vaekit.training.unit import Unit

__all__ = ["inputs_of", "with_gradients"]


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
