"""The optimizer, and the learning rate as a plain function of the position in training."""

import math

import torch
from torch import nn
from torch.optim import Optimizer

from vaekit.config import TrainingConfig

__all__ = ["build_optimizer", "learning_rate", "set_learning_rate"]

_IWAE_STAGES = tuple((3 ** (i + 1) - 1) // 2 for i in range(8))


def build_optimizer(module: nn.Module, config: TrainingConfig, *, device: str) -> Optimizer:
    """Adam or AdamW over all parameters, fused where there is a kernel.

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
    return kind(
        module.parameters(),
        lr=config.learning_rate,
        betas=(config.beta1, config.beta2),
        eps=config.eps,
        weight_decay=config.weight_decay,
        fused=device in {"cpu", "cuda", "mps"},
    )


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
        group["lr"] = rate
