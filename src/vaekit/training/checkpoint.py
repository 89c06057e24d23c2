"""Optimizer, and checkpoints from which training resumes to the bit."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from vaekit.config import TrainingConfig
from vaekit.errors import RunError
from vaekit.io import write_atomically
from vaekit.runs import FORMAT, check_format
from vaekit.training.step import Unit

__all__ = [
    "Position",
    "build_optimizer",
    "get_learning_rate",
    "learning_rate",
    "load_checkpoint",
    "load_optimizer",
    "make_capturable",
    "save_checkpoint",
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


@dataclass(kw_only=True)
class Position:
    """How far training is."""

    epoch: int = 0
    """Epochs done."""
    step: int = 0
    """Steps done in the epoch after them."""
    seconds: float = 0.0
    """Time spent in that epoch."""
    best: float = float("-inf")
    """Highest bound on the watched split, in nats per row."""
    best_epoch: int = 0
    """The epoch after which it was reached."""
    history: Tensor = field(default_factory=lambda: torch.zeros(0))
    """(steps, 4) sums of each step of the epoch; the last ones are not done yet."""
    best_weights: dict[str, Tensor] | None = None
    """Parameters after the best epoch, kept for early stopping only."""
    threads: int | None = None
    """Threads of the CPU, on which the last bits depend; None where the config says how many."""

    def is_over(self, config: TrainingConfig) -> bool:
        """Whether no epoch is left, or early stopping has waited long enough for a better bound.

        Args:
            config: epochs, and the patience of early stopping.
        """
        patience, waited = config.early_stopping, self.epoch - self.best_epoch
        return self.epoch >= config.epochs or (patience is not None and waited >= patience)


def save_checkpoint(path: Path, *, step: Unit, optimizer: Optimizer, position: Position) -> None:
    """Write model, optimizer, random states and position, atomically.

    The learning rate and the weight of the rate are functions of the position and need no state.

    Args:
        path: the file.
        step: holds model, objective and preprocessing.
        optimizer: its moments.
        position: how far training is.

    Raises:
        WriteError: the file cannot be written; the one before stays.
    """
    content = {
        "format": FORMAT,
        "step": step.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": _random_states(),
        "position": vars(position),
    }
    write_atomically(path, lambda temporary: torch.save(content, temporary))


def load_checkpoint(path: Path, *, step: Unit, optimizer: Optimizer) -> Position:
    """Put everything back as it was; executes no code from the file.

    Args:
        path: the file.
        step: built from the same config.
        optimizer: over its parameters.

    Returns:
        How far training was.

    Raises:
        RunError: no checkpoint, a damaged one, one of another model or of a newer format.
    """
    if not path.is_file():
        raise RunError(f"{path}: no checkpoint to go on from; start the run anew")
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        check_format(content.get("format"), path)
        step.load_state_dict(content["step"])
        load_optimizer(optimizer, content["optimizer"])
        _set_random_states(content["random"])
        return Position(**content["position"])
    except RunError:
        raise
    except Exception as error:  # what a damaged file makes torch raise has no common base
        raise RunError(f"{path}: damaged, or of another model: {error}") from None


def _random_states() -> dict[str, Any]:
    """States of the generators that training draws from."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    return {"cpu": torch.get_rng_state(), "cuda": cuda, "mps": mps}


def _set_random_states(states: dict[str, Any]) -> None:
    torch.set_rng_state(states["cpu"])
    if states["cuda"] and torch.cuda.is_available():
        # The writer computed on its first device, and a process here may have another one.
        torch.cuda.set_rng_state(states["cuda"][0])
    if states["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"])
