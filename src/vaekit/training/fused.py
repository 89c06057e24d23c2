"""A whole step, its optimizer included, as one piece of compiled code."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from vaekit.compiling import Replay, Work, compile_work
from vaekit.training.recorded import inputs_of, with_gradients
from vaekit.training.unit import Unit

__all__ = ["FusedStep"]

_MOMENTS = ("exp_avg", "exp_avg_sq")
"""What Adam calls them."""


class FusedStep:
    r"""A step that is compiled at the first batch of a shape, with Adam in it.

    .. math:: m \leftarrow m + (1 - \beta_1)(g - m), \quad
              v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
              \theta \leftarrow \theta - \frac{\eta}{1 - \beta_1^t}
              \frac{m}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    What the optimizer remembers stays where it keeps it, so that checkpoints are the same. A
    gradient is used as soon as it is there, without a place of its own. Batches of another shape,
    as a last one that is shorter, are compiled too. All take another way once the compiler fails.

    On a GPU the steps are counted there, in float32, so that a graph may hold all of it; PyTorch's
    fused Adam is one kernel, which for a small network occupies a tenth of the device.

    Args:
        unit: as :func:`vaekit.training.passes.make_pass` records it.
        optimizer: Adam or AdamW over its parameters, on a GPU capturable.
        otherwise: that other way.

    Source:
        Kingma and Ba 2015, arXiv:1412.6980; Loshchilov and Hutter 2019, arXiv:1711.05101.
    """

    def __init__(
        self, unit: Unit, *, optimizer: Optimizer, otherwise: Callable[[Tensor], Tensor]
    ) -> None:
        self._unit = unit
        self._group = optimizer.param_groups[0]
        self._parameters: list[Tensor] = [p for p in unit.parameters() if p.requires_grad]
        states = [_begun(optimizer, parameter) for parameter in self._parameters]
        self._means, self._squares = ([state[n] for state in states] for n in _MOMENTS)
        self._counts = torch.stack([state["step"] for state in states])
        self._held = [*self._parameters, *self._means, *self._squares, *unit.buffers()]
        self._there = isinstance(self._group["lr"], Tensor)
        if self._there:
            self._held += [self._counts, self._group["lr"]]
        for state, count in zip(states, self._counts, strict=True):
            state["step"] = count  # one operation counts for all
        self._done = int(self._counts[0])
        self._factors = torch.ones(3, device=self._counts.device)
        if not self._there:  # the same memory: to fill it through PyTorch takes ten times as long
            self._counts_here, self._factors_here = self._counts.numpy(), self._factors.numpy()
        self._otherwise = otherwise
        self._plays: dict[torch.Size, Replay | None] = {}

    def __call__(self, rows: Tensor) -> Tensor:
        """One step.

        Args:
            rows: (B, ...) raw.

        Returns:
            (4,) sums over the rows.
        """
        if None in self._plays.values():
            return self._otherwise(rows)
        inputs = inputs_of(self._unit, rows)
        if rows.shape not in self._plays:
            self._plays[rows.shape] = self._compile(inputs)
        play = self._plays[rows.shape]
        if play is None:
            return self._otherwise(rows)
        if not self._there:
            self._count()
        with torch.no_grad():
            return play(self._factors, *inputs, *self._held)[0]

    def _count(self) -> None:
        """One step more, and what changes with it: see the update."""
        self._done += 1
        self._counts_here.fill(self._done)
        group = self._group
        first, second = group["betas"]
        rate = float(group["lr"])
        size = rate / (1 - first**self._done)
        root = 1 / math.sqrt(1 - second**self._done)
        self._factors_here[:] = size, root, 1 - rate * group["weight_decay"]

    def _count_there(self) -> Tensor:
        """The same on a device, whose operations the work then contains."""
        group, done = self._group, self._counts.add_(1.0)[0]
        first, second = group["betas"]
        rate = group["lr"]
        size = rate / (1 - first**done)
        root = (1 - second**done).rsqrt()
        return torch.stack([size, root, 1 - rate * group["weight_decay"]])

    def _compile(self, inputs: list[Tensor]) -> Replay | None:
        return compile_work(self._work(), inputs=[self._factors, *inputs], held=self._held)

    def _work(self) -> Work:
        gradients = with_gradients(self._unit, self._parameters)

        def work(factors: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
            sums, *grads = gradients(*inputs)
            with torch.no_grad():
                factors = self._count_there() if self._there else factors
                for place in zip(self._parameters, grads, self._means, self._squares, strict=True):
                    _update(*place, factors, self._group)
            return (sums,)

        return work


def _begun(optimizer: Optimizer, parameter: Tensor) -> dict[str, Any]:
    """What Adam remembers of a parameter, from its first step on."""
    state: dict[str, Any] = optimizer.state[parameter]
    if not state:
        state["step"] = torch.zeros((), device=parameter.device)
        state |= {name: torch.zeros_like(parameter) for name in _MOMENTS}
    return state


def _update(
    parameter: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    factors: Tensor,
    group: dict[str, Any],
) -> None:
    """Adam, in place."""
    size, root, kept = factors
    first, second = group["betas"]
    if group["weight_decay"] and group["decoupled_weight_decay"]:
        parameter.mul_(kept)
    elif group["weight_decay"]:
        grad = grad + group["weight_decay"] * parameter
    mean.lerp_(grad, 1 - first)
    square.mul_(second).addcmul_(grad, grad, value=1 - second)
    parameter.sub_(size * mean / (square.sqrt() * root + group["eps"]))
