"""A variable in other units: standardised inside, raw outside."""

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaekit.distributions.sampling import SampleShape

__all__ = ["InUnits", "standardise"]

FARTHEST = 1e12
"""Standardised values beyond this count as this: their squares stay finite in float32."""


class InUnits(Distribution):
    r"""The distribution of :math:`x = m + s u`, one variable at a time.

    .. math:: \log p(x) = \log p_u\big((x - m) / s\big) - \log s

    so that log-densities are per unit of x. The value is standardised before anything is
    subtracted from it, which keeps its digits where m is large beside s.

    Args:
        base: the distribution of u; batch (..., F); gradients flow through its draws.
        location: m, (F,).
        scale: s > 0, (F,).

    Attributes:
        base: the distribution of u.
        location: (F,).
        scale: (F,).

    Example:
        >>> from torch.distributions import Normal
        >>> p = InUnits(Normal(0.0, 1.0), torch.tensor(170.0), torch.tensor(10.0))
        >>> p.mean, p.log_prob(torch.tensor(170.0)).exp()  # 1 / sqrt(200 pi)
        (tensor(170.), tensor(0.0399))
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}
    has_rsample = True

    def __init__(self, base: Distribution, location: Tensor, scale: Tensor) -> None:
        self.base = base
        self.location = location
        self.scale = scale
        super().__init__(base.batch_shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """Mean in units of x, (..., F)."""
        return self.location + self.scale * self.base.mean

    @property
    def mode(self) -> Tensor:
        """Most probable value in units of x, (..., F)."""
        return self.location + self.scale * self.base.mode

    def rsample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw values in units of x, (*sample_shape, ..., F)."""
        return self.location + self.scale * self.base.rsample(torch.Size(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density (..., F) in nats per unit of x."""
        u = standardise(value, location=self.location, scale=self.scale)
        return self.base.log_prob(u) - self.scale.log()


def standardise(value: Tensor, *, location: Tensor, scale: Tensor) -> Tensor:
    """Values in units that a float32 can square.

    Args:
        value: (..., F).
        location: (F,) taken off.
        scale: (F,) by which they are divided then.

    Returns:
        (..., F)
    """
    return ((value - location) / scale).clamp(-FARTHEST, FARTHEST)
