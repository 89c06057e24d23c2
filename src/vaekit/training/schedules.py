"""What changes in the course of a training by a rule: the learning rate, the weight of the rate."""

from torch.optim import Optimizer

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.objectives import Objective, rate_weight, set_rate_weight
from vaekit.training.checkpoint import Position
from vaekit.training.optimizer import learning_rate, set_learning_rate

__all__ = ["Schedules"]


class Schedules:
    """Both are functions of the position, so that a training that goes on needs no state.

    On a GPU to set a number is a launch of its own, so what stays as it is is not set again.

    Args:
        optimizer: whose learning rate.
        objective: whose weight.
        config: the rule of the learning rate.
        wanted: the rule of the weight.
        steps: of an epoch.
    """

    def __init__(
        self,
        *,
        optimizer: Optimizer,
        objective: Objective,
        config: TrainingConfig,
        wanted: ObjectiveConfig,
        steps: int,
    ) -> None:
        self._optimizer = optimizer
        self._objective = objective
        self._config = config
        self._wanted = wanted
        self._steps = steps
        self._rate: float | None = None
        self._weight: float | None = None

    def follow(self, position: Position) -> None:
        """Set what is due.

        Args:
            position: how far training is.
        """
        epoch = position.epoch + position.step / self._steps
        rate = learning_rate(epoch, self._config)
        if rate != self._rate:
            set_learning_rate(self._optimizer, rate=rate)
            self._rate = rate
        schedule = self._wanted.schedule
        if schedule == "constant":
            return
        weight = rate_weight(epoch, schedule=schedule, warmup=self._wanted.warmup)
        if weight != self._weight:
            set_rate_weight(self._objective, weight=weight)
            self._weight = weight
