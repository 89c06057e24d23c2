"""Interfaces of the objectives, and sums of objectives."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from torch import Tensor, nn

from vaekit.errors import ConfigError
from vaekit.models.base import Trace

__all__ = ["BatchObjective", "Objective", "Sum", "Terms"]


class Terms(NamedTuple):
    """The loss and, apart from all its weights, what it is made of; nats per row."""

    loss: Tensor
    """(B,) what training minimises."""
    distortion: Tensor
    """(B,) -E_q[log p(x|z)], estimated with the trace's samples."""
    rate: Tensor
    """(B,) KL(q(z|x) || p(z)), in closed form or estimated with the trace's samples."""
    bound: Tensor
    """(B,) the lower bound on log p(x) that belongs to the objective, every weight at 1."""
    extra: Mapping[str, Tensor] = MappingProxyType({})
    """(B,) each: further terms to report by name, such as the rate of each group of latents."""


class Objective(nn.Module, ABC):
    """A formula over a trace, for each row by itself."""

    @abstractmethod
    def forward(self, trace: Trace) -> Terms:
        """Loss of each row.

        Args:
            trace: what one pass of a model left behind.

        Returns:
            The terms, each (B,) in nats.
        """


class BatchObjective(nn.Module, ABC):
    """A formula over the trace of a whole batch, such as a distance between distributions.

    It is a part of a :class:`Sum`, after an :class:`Objective`. Its value depends on which rows
    share a batch, so several processes, each of which has a part of it, cannot train with one.
    """

    @abstractmethod
    def forward(self, trace: Trace) -> Tensor:
        """Penalty of the batch.

        Args:
            trace: what one pass of a model left behind.

        Returns:
            () in nats per row, added to the loss of every row.
        """


class Sum(Objective):
    """The losses of several objectives added; distortion, rate and bound are the first one's.

    Args:
        first: the objective that tells the bound.
        others: objectives of rows or of batches.

    Raises:
        ConfigError: the first is an objective of batches, which has no bound.

    Example:
        >>> from vaekit.objectives import MMD, Bound, MeanPenalty
        >>> em_of_the_article = Sum(Bound(beta=0.0), MeanPenalty())
        >>> info_vae = Sum(Bound(), MMD(10.0))
    """

    def __init__(self, first: Objective, *others: Objective | BatchObjective) -> None:
        super().__init__()
        if not isinstance(first, Objective):
            raise ConfigError(
                f"the first objective of a sum tells the bound of each row, and "
                f"{type(first).__name__} is one of a whole batch: put a Bound before it"
            )
        self.parts = nn.ModuleList([first, *others])

    def forward(self, trace: Trace) -> Terms:
        """See the class."""
        first, *others = (part(trace) for part in self.parts)
        assert isinstance(first, Terms)
        loss = first.loss
        for other in others:
            loss = loss + (other.loss if isinstance(other, Terms) else other)
        return first._replace(loss=loss)
