"""The logistic distribution cut off at two ends: a density for a closed interval."""

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints
from torch.nn import functional

from vaekit.distributions.sampling import SampleShape

__all__ = ["TruncatedLogistic"]

NODES = 64


class TruncatedLogistic(Distribution):
    r"""Logistic distribution between two ends.

    .. math:: p(x) = \frac{\sigma(z)\, \sigma(-z)}{s\, (\sigma(b) - \sigma(a))}, \quad
              z = \frac{x - \mu}{s}, \; a, b = \frac{\mathrm{low} - \mu}{s},
              \frac{\mathrm{high} - \mu}{s}

    Finite at both ends, where a logit-normal density is not; as narrow as the data asks, which a
    continuous Bernoulli variable is not. It becomes uniform as s grows, and exponential as the
    location leaves the interval.

    Args:
        loc: :math:`\mu`, (..., F), inside or outside the interval.
        scale: s > 0, (..., F).
        low: (F,).
        high: (F,), above ``low``.

    Attributes:
        loc: (..., F).
        scale: (..., F).
        low: (F,).
        high: (F,).

    Example:
        >>> zero, one = torch.zeros(1), torch.ones(1)
        >>> TruncatedLogistic(zero, 1e3 * one, low=zero, high=one).mean  # uniform
        tensor([0.5000])
    """

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    has_rsample = True

    def __init__(self, loc: Tensor, scale: Tensor, *, low: Tensor, high: Tensor) -> None:
        self.loc = loc
        self.scale = scale
        self.low = low
        self.high = high
        super().__init__(loc.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """Means (..., F), to a thousandth of the scale: the average of the quantiles."""
        v = (torch.arange(NODES, dtype=self.loc.dtype, device=self.loc.device) + 0.5) / NODES
        shape = (NODES, *[1] * self.loc.dim())
        weight = v * (1 - v)  # dense at both ends, where the quantiles are steep
        quantiles = self._quantile((v.square() * (3 - 2 * v)).reshape(shape))
        return ((weight / weight.sum()).reshape(shape) * quantiles).sum(0)

    @property
    def mode(self) -> Tensor:
        """Most probable values (..., F)."""
        return self.loc.clamp(self.low, self.high)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density (..., F) in nats; values outside count as the nearest end."""
        z = (value.clamp(self.low, self.high) - self.loc) / self.scale
        inside = functional.logsigmoid(z) + functional.logsigmoid(-z) - self.scale.log()
        a, b = (self.low - self.loc) / self.scale, (self.high - self.loc) / self.scale
        width = (self.high - self.low) / self.scale
        mass = functional.logsigmoid(b) + functional.logsigmoid(-a) + (-torch.expm1(-width)).log()
        return inside - mass

    def rsample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw by the inverse of the distribution function, (*sample_shape, ..., F)."""
        shape = self._extended_shape(torch.Size(sample_shape))
        return self._quantile(torch.rand(shape, dtype=self.loc.dtype, device=self.loc.device))

    def _quantile(self, u: Tensor) -> Tensor:
        """Values below which a share u of the mass lies; both tails keep their digits."""
        a, b = (self.low - self.loc) / self.scale, (self.high - self.loc) / self.scale
        u = u.clamp(1e-7, 1 - 1e-7)
        left, right = torch.log1p(-u), u.log()
        below = torch.logaddexp(left + functional.logsigmoid(a), right + functional.logsigmoid(b))
        above = torch.logaddexp(left + functional.logsigmoid(-a), right + functional.logsigmoid(-b))
        return (self.loc + self.scale * (below - above)).clamp(self.low, self.high)
