"""One pass forward and back, as the loop makes it at every step."""

from collections.abc import Callable, Sized
from typing import Literal

import torch
from torch import Tensor, nn

from vaekit.compiling import Replay, compile_work, record
from vaekit.config import TrainingConfig
from vaekit.data import StackedBatches
from vaekit.errors import ConfigError
from vaekit.training.recorded import inputs_of, with_gradients
from vaekit.training.unit import Unit

__all__ = ["WORTH_COMPILING", "WORTH_RECORDING", "MakePass", "Way", "choose_way", "make_pass"]

WORTH_RECORDING = 1000
"""Steps of a training: to record a pass takes .6 s, and saves half a ms of each or more."""

WORTH_COMPILING = 5000
"""Steps of a training: to compile a pass takes ten seconds or more, and saves a ms or more."""

Way = Literal["searched", "recorded", "compiled"]
"""How a pass is made: autograd looks for the way back each time, or it is played back."""

MakePass = Callable[[Tensor], Tensor]
"""From the rows of a batch to the four sums over them; the gradients are then in place."""


def choose_way(config: TrainingConfig, *, train: Sized, possible: bool) -> Way:
    """How to make the passes of a training.

    Args:
        config: its wish to compile, and its epochs.
        train: the batches of an epoch; the more steps there are in all the more pays, and those
            of several models count for each.
        possible: whether a pass can be recorded at all.

    Raises:
        ConfigError: it shall be compiled always, and cannot be recorded.
    """
    models = train.tables if isinstance(train, StackedBatches) else 1
    wish, total = config.compile, config.epochs * len(train) * models
    if wish == "always" and not possible:
        raise ConfigError(
            "compile = always: only steps of one process, on a CPU or an NVIDIA GPU, that do the "
            "same for all batches can be compiled; take compile = auto"
        )
    if not possible:
        return "searched"
    if wish == "always" or (wish == "auto" and total >= WORTH_COMPILING):
        return "compiled"
    return "recorded" if total >= WORTH_RECORDING else "searched"


def make_pass(
    way: Way, unit: Unit, *, engaged: nn.Module, backward: Callable[[Tensor], object]
) -> MakePass:
    """One pass as it was chosen.

    Args:
        way: how.
        unit: what is trained.
        engaged: the same as an engine wrapped it.
        backward: how that goes back from a loss.
    """
    if way == "searched":
        return _searched(engaged, backward)
    return _played(unit, compiled=way == "compiled")


def _searched(engaged: nn.Module, backward: Callable[[Tensor], object]) -> MakePass:
    """Let autograd find the way back at every step."""

    def run(rows: Tensor) -> Tensor:
        loss, sums = engaged(rows)
        backward(loss)
        found: Tensor = sums
        return found

    return run


def _played(unit: Unit, *, compiled: bool) -> MakePass:
    """Record the way there and back at the first batch of a shape, and play it from then on.

    Between its products a step is a hundred and more small operations, and on a CPU most of their
    time is that of modules, distributions and autograd around them: of a 784-400-20 network in
    bf16 a fifth of the step. Numbers and noise are those of the unit. Recording takes as long as
    some hundred steps.

    Args:
        unit: it does the same for all batches of a shape, but for what it reads from buffers,
            and may not look at the values of its rows to decide what to do.
        compiled: whether the pass is compiled too.
    """
    recorded: dict[torch.Size, Replay] = {}
    parameters: list[Tensor] = [p for p in unit.parameters() if p.requires_grad]
    held = [*parameters, *unit.buffers()]

    def run(rows: Tensor) -> Tensor:
        inputs = inputs_of(unit, rows)
        if rows.shape not in recorded:
            work = with_gradients(unit, parameters)
            play = compile_work(work, inputs=inputs, held=held) if compiled else None
            recorded[rows.shape] = play or record(work, inputs=inputs, held=held)
        with torch.no_grad():
            sums, *gradients = recorded[rows.shape](*inputs, *held)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return sums

    return run
