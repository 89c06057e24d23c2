"""Objectives made of others."""

from typing import cast

from torch import nn

from vaekit.errors import ConfigError
from vaekit.models.vae import Trace
from vaekit.objectives.terms import Objective, Terms

__all__ = ["MeanPenalty", "Sum"]


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
