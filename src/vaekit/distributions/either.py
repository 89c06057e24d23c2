"""One of two distributions, by the toss of a coin."""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaekit.distributions.sampling import SampleShape

__all__ = ["Either"]


class Either(Distribution):
    r"""An equal mixture of two distributions that need not be of one family.

    .. math:: p(z) = \tfrac12 p_1(z) + \tfrac12 p_2(z)

    Args:
        one: batch (B,), event (D,).
        other: batch () or (B,), event (D,).

    Attributes:
        one: the first.
        other: the second.

    Example:
        >>> from torch.distributions import Independent, Normal
        >>> one = Independent(Normal(torch.zeros(5, 2), 1.0), 1)
        >>> other = Independent(Normal(torch.zeros(2), 1.0), 1)
        >>> z, log_p = Either(one, other).rsample_and_log_prob((3,))
        >>> z.shape, bool(torch.allclose(log_p, one.log_prob(z)))
        (torch.Size([3, 5, 2]), True)
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}
    has_rsample = False

    def __init__(self, one: Distribution, other: Distribution) -> None:
        self.one = one
        self.other = other
        super().__init__(one.batch_shape, one.event_shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The mean, (B, D)."""
        return (self.one.mean + self.other.mean) / 2

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw (*sample_shape, B, D)."""
        shape = torch.Size(sample_shape)
        missing = self.batch_shape[: len(self.batch_shape) - len(self.other.batch_shape)]
        with torch.no_grad():
            first = self.one.sample(shape)
            second = self.other.sample(torch.Size((*shape, *missing)))
            tossed = torch.rand((*shape, *self.batch_shape, 1), device=first.device) < 0.5
        return torch.where(tossed, first, second)

    def rsample_and_log_prob(self, sample_shape: SampleShape = ()) -> tuple[Tensor, Tensor]:
        """Samples (*sample_shape, B, D), without a gradient, and their log-density in nats."""
        z = self.sample(sample_shape)
        return z, self.log_prob(z)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density of vectors (..., D): (...) in nats."""
        both = torch.logaddexp(self.one.log_prob(value), self.other.log_prob(value))
        return both - math.log(2.0)
