"""A pass forward and back that is recorded once and played back."""

from collections.abc import Callable
from typing import Protocol, cast

import torch
from torch import Tensor

__all__ = ["Pass", "Replay", "known_loss", "record"]

Pass = Callable[[list[Tensor], list[Tensor]], tuple[Tensor, Tensor]]
"""From inputs and parameters to the loss and to sums."""
Replay = Callable[[list[Tensor], list[Tensor]], tuple[Tensor, Tensor, list[Tensor]]]
"""The same, and the gradient of each parameter."""


def record(run: Pass, inputs: list[Tensor], parameters: list[Tensor]) -> Replay:
    """The operations of a pass and of its gradients, in a row.

    They stand in a list without modules, distributions and the search for gradients around
    them. Buffers are read, and written, where they are; whatever else the pass looks at keeps
    the value that it has now.

    Args:
        run: the pass.
        inputs: of the shapes that it will be played back with.
        parameters: whose gradients are wanted.

    Returns:
        What plays it back; noise is drawn anew each time, here from a copy of the generator.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    def joint(
        inputs: list[Tensor], parameters: list[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        with torch.enable_grad():
            loss, sums = run(inputs, parameters)
            grads = torch.autograd.grad(loss, parameters, materialize_grads=True)
        return loss.detach(), sums, list(grads)

    with torch.random.fork_rng(devices=[]):
        graph = make_fx(joint)(inputs, parameters)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return cast("Replay", torch.no_grad()(graph))


class _Context(Protocol):
    """Where a pass leaves something for the way back."""

    grads: list[Tensor]


def known_loss(loss: Tensor, grads: list[Tensor], parameters: list[Tensor]) -> Tensor:
    """A loss that hands out gradients that are known already.

    Args:
        loss: ().
        grads: of the parameters.
        parameters: whose they are.

    Returns:
        The loss, to go back from.
    """
    return _known(loss, grads, *parameters)


class _Known(torch.autograd.Function):
    """The identity of a loss; going back multiplies what is known."""

    @staticmethod
    def forward(ctx: _Context, loss: Tensor, grads: list[Tensor], *parameters: Tensor) -> Tensor:
        """Keep the gradients."""
        ctx.grads = grads
        return loss.clone()

    @staticmethod
    def backward(ctx: _Context, slope: Tensor) -> tuple[Tensor | None, ...]:
        """One for the loss, one for the list, and those of the parameters."""
        return (None, None, *(slope * grad for grad in ctx.grads))


_known: Callable[..., Tensor] = _Known.apply
