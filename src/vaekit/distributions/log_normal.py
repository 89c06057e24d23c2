"""The log-normal distribution, finite wherever float32 would overflow."""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints

from vaekit.distributions.sampling import SampleShape

__all__ = ["LogNormal"]

LARGEST_EXPONENT = 80.0
SMALLEST = 1e-30
"""Values below, a fill of 0 for one, count as this: their logarithm is finite."""


class LogNormal(Distribution):
    r"""A positive variable whose logarithm is Gaussian.

    .. math:: \log p(x) = -\frac{(\log x - \mu)^2}{2 \sigma^2} - \log \sigma
              - \tfrac12 \log 2\pi - \log x

    Mean, mode and samples are kept between exp(-80) and exp(80), so that they stay numbers. As the
    mean of a wide one is that of values far beyond all data, ``most`` keeps it where data can be:

    .. math:: E[\min(x, c)] = e^{\mu + \sigma^2 / 2}\,\Phi(t - \sigma) + c\,\Phi(-t),
              \quad t = \frac{\log c - \mu}{\sigma}

    Args:
        loc: :math:`\mu`, (..., F), of the logarithm.
        scale: :math:`\sigma` > 0, (..., F), of the logarithm.
        most: c > 0, broadcastable to (..., F), the largest value for mean and samples; the
            density stays what it is. None for no limit.

    Attributes:
        loc: (..., F).
        scale: (..., F).
        most: as given.

    Example:
        >>> p = LogNormal(torch.zeros(1), torch.ones(1))
        >>> p.mean, p.mode  # exp(1/2), exp(-1)
        (tensor([1.6487]), tensor([0.3679]))
    """

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    has_rsample = True

    def __init__(self, loc: Tensor, scale: Tensor, *, most: Tensor | None = None) -> None:
        self.loc = loc
        self.scale = scale
        self.most = most
        super().__init__(loc.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """Means (..., F), of values up to ``most``."""
        whole = self.loc + 0.5 * self.scale.square()
        if self.most is None:
            return _exp(whole)
        most = self.most.clamp_max(math.exp(LARGEST_EXPONENT))
        t = (most.log() - self.loc) / self.scale
        # As logarithms: far beyond the limit the mean overflows and its share underflows.
        below = _exp(whole + torch.special.log_ndtr(t - self.scale))
        mean: Tensor = below + most * torch.special.ndtr(-t)
        return mean

    @property
    def mode(self) -> Tensor:
        """Most probable values (..., F)."""
        return _exp(self.loc - self.scale.square())

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density (..., F) in nats."""
        y = value.clamp_min(SMALLEST).log()
        distance = ((y - self.loc) / self.scale).square()
        return -0.5 * (distance + math.log(2 * math.pi)) - self.scale.log() - y

    def rsample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw positive values, (*sample_shape, ..., F)."""
        loc = self.loc.expand(self._extended_shape(torch.Size(sample_shape)))
        drawn = _exp(loc + self.scale * torch.randn_like(loc))
        return drawn if self.most is None else drawn.minimum(self.most)


def _exp(exponent: Tensor) -> Tensor:
    """The exponential of what float32 can hold."""
    return exponent.clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT).exp()
