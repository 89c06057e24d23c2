"""Schedules of the learning rate and of the weight of the rate term."""

import math

from torch import nn

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.errors import ConfigError
from vaekit.objectives import Bound, rate_weight, set_rate_weight
from vaekit.training.executor import Executor
from vaekit.training.step import TrainingStep

__all__ = ["Schedules", "learning_rate"]


_IWAE_STAGES = tuple((3 ** (i + 1) - 1) // 2 for i in range(8))


def learning_rate(epoch: float, config: TrainingConfig) -> float:
    """Return the learning rate at a point of training.

    Args:
        epoch: epochs done, with their fraction.
        config: schedule, base rate, number of epochs.

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


class Schedules:
    """Set the learning rate and the weight of the rate term before each step.

    Both are functions of the position in training, so that a resumed run needs no state. A value
    that has not changed is not set again: on a GPU that is a kernel of its own.

    Args:
        step: whose objective has the weight.
        executor: whose optimizers have the learning rate.
        config: the schedule of the learning rate.
        objective: the schedule of the weight.
        steps: of an epoch.

    Raises:
        ConfigError: a schedule of the weight, and the objective has no weighted rate.
    """

    def __init__(
        self,
        step: TrainingStep,
        executor: Executor,
        *,
        config: TrainingConfig,
        objective: ObjectiveConfig,
        steps: int,
    ) -> None:
        self._objective: nn.Module = getattr(step, "objective", nn.Identity())
        self._executor = executor
        self._config = config
        self._schedule = objective.schedule
        self._warmup = objective.warmup
        self._steps = steps
        self._rate: float | None = None
        self._weight: float | None = None
        if self._schedule != "constant" and not _has_weighted_rate(self._objective):
            raise ConfigError(
                f"objective.schedule = {self._schedule}: it weighs the rate of a Bound whose beta "
                "is not 0, and the objective has none; take objective.schedule = constant"
            )

    def set(self, *, epoch: int, step: int) -> None:
        """Set what is due.

        Args:
            epoch: epochs done.
            step: steps done in the epoch after them.
        """
        done = epoch + step / self._steps
        rate = learning_rate(done, self._config)
        if rate != self._rate:
            self._executor.set_learning_rate(rate)
            self._rate = rate
        if self._schedule == "constant":
            return
        weight = rate_weight(done, schedule=self._schedule, warmup=self._warmup)
        if weight != self._weight:
            set_rate_weight(self._objective, weight=weight)
            self._weight = weight


def _has_weighted_rate(objective: nn.Module) -> bool:
    return any(isinstance(part, Bound) and part.beta != 0 for part in objective.modules())
