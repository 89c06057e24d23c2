"""Everything a run needs to go on as if it had never stopped."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from vaekit.config import TrainingConfig
from vaekit.errors import RunError
from vaekit.files import write_atomically
from vaekit.runs import FORMAT, check_format
from vaekit.training.optimizer import load_optimizer
from vaekit.training.unit import Unit

__all__ = ["Position", "load_checkpoint", "save_checkpoint"]


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
    """Threads of the CPU, where a trial chose them: the last bits depend on how many they are."""

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
