"""A unit whose training pass is recorded once and played back."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor
from torch.func import functional_call

from vaekit.training.unit import Unit

__all__ = ["Pass", "Recorded", "Replay", "known_loss", "record"]

Pass = Callable[[list[Tensor], list[Tensor]], tuple[Tensor, Tensor]]
"""From inputs and parameters to the loss and to sums."""
Replay = Callable[[list[Tensor], list[Tensor]], tuple[Tensor, Tensor, list[Tensor]]]
"""The same, and the gradient of each parameter."""


class Recorded(Unit):
    """A unit, with less time between its operations.

    One pass forward and back is recorded at the first batch of a shape, as a list of operations
    without modules, distributions and the search for gradients around them. On a small table
    that is a fifth of a step and more; recording takes as long as a hundred steps or two.
    Numbers and noise are those of the unit.

    Args:
        unit: it may not look at the values of its rows to decide what to do.

    Example:
        >>> from vaekit import MLP, VAE, Amortized, Bernoulli, Bound, DiagonalGaussian
        >>> from vaekit import StandardNormal, Step
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [], 8), Bernoulli(8)),
        ... )
        >>> loss, sums = Recorded(Step(model, Bound()))(torch.zeros(5, 8))
        >>> loss.shape, sums.shape
        (torch.Size([]), torch.Size([4]))
    """

    def __init__(self, unit: Unit) -> None:
        super().__init__()
        self.unit = unit
        self.objective = unit.objective
        self._recorded: dict[torch.Size, Replay] = {}

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """See the unit."""
        if not (self.training and torch.is_grad_enabled()):
            found: tuple[Tensor, Tensor] = self.unit(rows)
            return found
        parameters: list[Tensor] = list(self.unit.parameters())
        if rows.shape not in self._recorded:
            self._recorded[rows.shape] = record(self._pass, [rows], parameters)
        loss, sums, grads = self._recorded[rows.shape]([rows], parameters)
        return known_loss(loss, grads, parameters), sums

    def _pass(self, inputs: list[Tensor], parameters: list[Tensor]) -> tuple[Tensor, Tensor]:
        names = (name for name, _ in self.unit.named_parameters())
        state = dict(zip(names, parameters, strict=True))
        found: tuple[Tensor, Tensor] = functional_call(self.unit, state, tuple(inputs))
        return found


def record(run: Pass, inputs: list[Tensor], parameters: list[Tensor]) -> Replay:
    """The operations of a pass and of its gradients, in a row.

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

    free = [parameter.detach().requires_grad_() for parameter in parameters]
    with torch.random.fork_rng(devices=[]):
        graph = make_fx(joint)(inputs, free)
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
