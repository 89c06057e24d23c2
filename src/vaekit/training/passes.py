"""One pass forward and back, as the loop makes it at every step."""

from collections.abc import Callable

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from vaekit.training.recorded import Replay, record
from vaekit.training.unit import Unit

__all__ = ["WORTH_RECORDING", "MakePass", "played", "searched"]

WORTH_RECORDING = 500
"""Steps of a training: to record a pass takes as long as some hundred of them."""

MakePass = Callable[[Tensor], Tensor]
"""From the rows of a batch to the four sums over them; the gradients are then in place."""


def searched(engaged: nn.Module, engine: Fabric) -> MakePass:
    """Let autograd find the way back at every step.

    Args:
        engaged: a unit as the engine wrapped it.
        engine: that did.
    """

    def run(rows: Tensor) -> Tensor:
        loss, sums = engaged(rows)
        engine.backward(loss)
        found: Tensor = sums
        return found

    return run


def played(unit: Unit) -> MakePass:
    """Record the way there and back at the first batch of a shape, and play it from then on.

    Between its products a step is a hundred and more small operations, and on a CPU most of their
    time is that of modules, distributions and autograd around them: of a 784-400-20 network in
    bf16 a fifth of the step. Numbers and noise are those of the unit. Recording takes as long as
    some hundred steps.

    Args:
        unit: it does the same for all batches of a shape, but for what it reads from buffers,
            and may not look at the values of its rows to decide what to do.
    """
    recorded: dict[torch.Size, Replay] = {}

    def whole(inputs: list[Tensor], parameters: list[Tensor]) -> tuple[Tensor, Tensor]:
        found: tuple[Tensor, Tensor] = unit(*inputs)  # the parameters are its own
        return found

    def run(rows: Tensor) -> Tensor:
        parameters: list[Tensor] = [p for p in unit.parameters() if p.requires_grad]
        if rows.shape not in recorded:
            before = [buffer.clone() for buffer in unit.buffers()]
            recorded[rows.shape] = record(whole, [rows], parameters)
            for buffer, value in zip(unit.buffers(), before, strict=True):
                buffer.copy_(value)  # to record it is to run it
        _, sums, gradients = recorded[rows.shape]([rows], parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return sums

    return run
