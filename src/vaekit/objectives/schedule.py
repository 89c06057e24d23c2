"""How the weight of the rate changes over training."""

from typing import Literal

from torch import nn

from vaekit.objectives.bound import Bound

__all__ = ["rate_weight", "set_rate_weight"]


def rate_weight(
    epoch: float, *, schedule: Literal["constant", "linear", "cyclical"], warmup: int
) -> float:
    """Weight of the rate at a point of training, between 0 and 1.

    Args:
        epoch: epochs done, with their fraction.
        schedule: constant; linear: rises over the warm-up; cyclical: rises over the first half
            of every cycle of ``warmup`` epochs.
        warmup: epochs.

    Returns:
        The weight.

    Example:
        >>> [rate_weight(e, schedule="linear", warmup=10) for e in (0, 5, 20)]
        [0.0, 0.5, 1.0]
        >>> [rate_weight(e, schedule="cyclical", warmup=10) for e in (2.5, 7.0, 12.5)]
        [0.5, 1.0, 0.5]

    Source:
        Bowman et al. 2016, arXiv:1511.06349 (linear); Fu et al. 2019, arXiv:1903.10145
        (cyclical).
    """
    if schedule == "linear":
        return min(1.0, epoch / warmup)
    if schedule == "cyclical":
        return min(1.0, 2.0 * (epoch % warmup) / warmup)
    return 1.0


def set_rate_weight(objective: nn.Module, *, weight: float) -> None:
    """Set the weight of the rate in every bound of an objective, without a recompilation.

    Args:
        objective: a bound, or a sum that holds some.
        weight: between 0 and 1; multiplied with beta.
    """
    for part in objective.modules():
        if isinstance(part, Bound):
            part.weight.fill_(weight)
