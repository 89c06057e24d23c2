"""A pass forward and back that is recorded once and played back."""

from collections.abc import Callable
from typing import Any, cast

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


def known_loss(loss: Tensor, grads: list[Tensor], parameters: list[Tensor]) -> Tensor:
    """A loss that hands out gradients that are known already.

    Args:
        loss: ().
        grads: of the parameters.
        parameters: whose they are.

    Returns:
        The loss, to go back from.
    """
    known: Tensor = _Known.apply(loss, grads, *parameters)  # type: ignore[no-untyped-call]
    return known


class _Known(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, loss: Tensor, grads: list[Tensor], *parameters: Tensor) -> Tensor:  # noqa: ANN401
        ctx.grads = grads
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *slope: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        return (None, None, *(slope[0] * grad for grad in ctx.grads))
