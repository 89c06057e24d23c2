"""Checkpoints from which training resumes to the bit."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vaekit.config import TrainingConfig
from vaekit.errors import RunError
from vaekit.io import write_atomically
from vaekit.runs import FORMAT, check_format
from vaekit.training.executor import Executor
from vaekit.training.step import TrainingStep

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
    """(steps, S) sums of each step of the epoch; 0 for steps that are not done yet."""
    best_weights: dict[str, Tensor] | None = None
    """State of the step after the best epoch, kept for early stopping only."""
    threads: int | None = None
    """Threads of the CPU, on which the last bits depend; None where the config says how many."""

    def is_over(self, config: TrainingConfig) -> bool:
        """Return whether no epoch is left, or early stopping has waited long enough.

        Args:
            config: epochs, and the patience of early stopping.
        """
        patience, waited = config.early_stopping, self.epoch - self.best_epoch
        return self.epoch >= config.epochs or (patience is not None and waited >= patience)


def save_checkpoint(
    path: Path, *, step: TrainingStep, executor: Executor, position: Position
) -> None:
    """Write step, optimizers, random states and position, atomically.

    The learning rate and the weight of the rate are functions of the position and need no state.

    Args:
        path: the file.
        step: holds model, objective and preprocessing.
        executor: holds the optimizers.
        position: how far training is.

    Raises:
        WriteError: the file cannot be written; the one before stays.
    """
    content = {
        "format": FORMAT,
        "step": step.state_dict(),
        "optimizer": executor.state_dict(),
        "random": _random_states(),
        "position": vars(position),
    }
    write_atomically(path, lambda temporary: torch.save(content, temporary))


def load_checkpoint(path: Path, *, step: TrainingStep, executor: Executor) -> Position:
    """Restore everything as it was saved; executes no code from the file.

    Args:
        path: the file.
        step: built from the same config.
        executor: of that step, before its first step.

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
        executor.load_state_dict(content["optimizer"])
        _set_random_states(content["random"])
        position = Position(**content["position"])
        if position.step and position.history.shape[1] != len(step.sum_names):
            raise RunError(f"{path}: saved in the middle of an epoch with other sums; start anew")
        return position
    except RunError:
        raise
    except Exception as error:  # what a damaged file makes torch raise has no common base
        raise RunError(f"{path}: damaged, or of another model: {error}") from None


def _random_states() -> dict[str, Any]:
    """Return the states of the generators that training draws from."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    return {"cpu": torch.get_rng_state(), "cuda": cuda, "mps": mps}


def _set_random_states(states: dict[str, Any]) -> None:
    torch.set_rng_state(states["cpu"])
    if states["cuda"] and torch.cuda.is_available():
        # the process that saved used its first device; this one may use another
        torch.cuda.set_rng_state(states["cuda"][0])
    if states["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"])
