"""What an objective returns, and the interface that all objectives share."""

from abc import ABC, abstractmethod
from typing import NamedTuple

from torch import Tensor, nn

from vaekit.models.vae import Trace

__all__ = ["Objective", "Terms"]


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


class Objective(nn.Module, ABC):
    """A formula over a trace."""

    @abstractmethod
    def forward(self, trace: Trace) -> Terms:
        """Loss of each row.

        Args:
            trace: what one pass of a model left behind.

        Returns:
            The terms, each (B,) in nats.
        """
