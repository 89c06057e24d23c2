"""The optimizer, and the learning rate as a plain function of the position in training."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from vaekit.config import TrainingConfig

__all__ = [
    "build_optimizer",
    "get_learning_rate",
    "learning_rate",
    "load_optimizer",
    "make_capturable",
    "set_learning_rate",
]

_IWAE_STAGES = tuple((3 ** (i + 1) - 1) // 2 for i in range(8))


def build_optimizer(module: nn.Module, config: TrainingConfig, *, device: str) -> Optimizer:
    """Adam or AdamW over all parameters, fused where there is a kernel, on CUDA capturable.

    Args:
        module: whose parameters.
        config: kind, step size, decays.
        device: cpu, cuda or mps.

    Returns:
        The optimizer.

    Source:
        Kingma and Ba 2015, arXiv:1412.6980; Loshchilov and Hutter 2019, arXiv:1711.05101.
    """
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    optimizer = kind(
        module.parameters(),
        lr=config.learning_rate,
        betas=(config.beta1, config.beta2),
        eps=config.eps,
        weight_decay=config.weight_decay,
        fused=device in {"cpu", "cuda", "mps"},
    )
    make_capturable(optimizer, wanted=device == "cuda")
    return optimizer


def make_capturable(optimizer: Optimizer, *, wanted: bool) -> None:
    """Let a CUDA graph hold the step of an optimizer, or take that back.

    A graph repeats the numbers with which it was captured, so the learning rate becomes a tensor
    on the device, which a schedule fills; float32, as the fused kernels read it.

    Args:
        optimizer: Adam or AdamW.
        wanted: whether its step will be captured.
    """
    for group in optimizer.param_groups:
        rate = float(group["lr"])
        place = group["params"][0].device
        group["lr"] = torch.tensor(rate, dtype=torch.float32, device=place) if wanted else rate
        group["capturable"] = wanted


def load_optimizer(optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Put a state back that may have been saved on another device.

    Args:
        optimizer: over parameters on the device where it will work.
        state: what ``state_dict`` gave.
    """
    wanted = bool(optimizer.param_groups[0]["capturable"])
    optimizer.load_state_dict(state)
    make_capturable(optimizer, wanted=wanted)


def learning_rate(epoch: float, config: TrainingConfig) -> float:
    """Learning rate at a point of training; a pure function, so a resumed run needs no state.

    Args:
        epoch: epochs done, with their fraction.
        config: schedule, base rate, number of epochs.

    Returns:
        The rate.

    Example:
        >>> config = TrainingConfig(epochs=3280, learning_rate=1e-3, schedule="iwae")
        >>> [round(learning_rate(e, config) * 1e3, 3) for e in (0, 1, 4, 3279)]
        [1.0, 0.72, 0.518, 0.1]

    Source:
        Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, section 5 (iwae): 3^i passes at
        0.001 10^(-i/7) for i = 0..7, 3280 in all; here stretched over the epochs.
    """
    base, done = config.learning_rate, min(epoch / config.epochs, 1.0)
    if config.schedule == "cosine":
        return base * 0.5 * (1.0 + math.cos(math.pi * done))
    if config.schedule == "step":
        return base * math.pow(config.gamma, int(epoch / config.step_epochs))
    if config.schedule == "iwae":
        stage = sum(done * _IWAE_STAGES[-1] >= end for end in _IWAE_STAGES[:-1])
        return base * math.pow(10.0, -stage / 7.0)
    return base


def set_learning_rate(optimizer: Optimizer, *, rate: float) -> None:
    """Set the learning rate of all parameters.

    Args:
        optimizer: whose.
        rate: the step size from here on.
    """
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def get_learning_rate(optimizer: Optimizer) -> float:
    """The learning rate of all parameters; where it lies on a device, this waits for it.

    Args:
        optimizer: whose.

    Returns:
        The step size, to seven digits where it is a float32 tensor.
    """
    rate = optimizer.param_groups[0]["lr"]
    return float(f"{float(rate):.7g}") if isinstance(rate, Tensor) else float(rate)
