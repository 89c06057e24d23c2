"""Interface of the objectives, and sums of objectives."""

from abc import ABC, abstractmethod
from typing import NamedTuple, cast

from torch import Tensor, nn

from vaekit.errors import ConfigError
from vaekit.models.vae import Trace

__all__ = ["MeanPenalty", "Objective", "Sum", "Terms"]


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


class Sum(Objective):
    """The losses of several objectives added; distortion, rate and bound are the first one's.

    Args:
        parts: objectives, the one that tells the bound first.

    Raises:
        ConfigError: there are none.

    Example:
        >>> from vaekit.objectives.bound import Bound
        >>> em_of_the_article = Sum(Bound(beta=0.0), MeanPenalty())
    """

    def __init__(self, *parts: Objective) -> None:
        super().__init__()
        if not parts:
            raise ConfigError("a sum of objectives needs at least one")
        self.parts = nn.ModuleList(parts)

    def forward(self, trace: Trace) -> Terms:
        """See the class."""
        first, *others = (cast(Terms, part(trace)) for part in self.parts)
        loss = sum((other.loss for other in others), start=first.loss)
        return first._replace(loss=loss)


class MeanPenalty(Objective):
    r"""Half the squared norm of the posterior mean.

    .. math:: \ell(x) = w \, \tfrac12 \lVert \mu(x) \rVert^2

    It is -log p(z) at the mean of q under a standard normal prior, less its constant: with
    ``Bound(beta=0.0)`` it makes the EM variant of "VAE against EM", which has no entropy term.

    Args:
        weight: w.
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, trace: Trace) -> Terms:
        """See the class."""
        loss = 0.5 * self.weight * trace.q.mean.square().sum(-1)
        rate = (trace.log_qz - trace.log_pz).mean(0)
        distortion = -trace.log_px.mean(0)
        return Terms(loss=loss, distortion=distortion, rate=rate, bound=-(distortion + rate))
