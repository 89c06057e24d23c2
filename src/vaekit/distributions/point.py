"""All mass at one point: the posterior of a plain autoencoder."""

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints

from vaekit.distributions.sampling import SampleShape

__all__ = ["Point"]


class Point(Distribution):
    """All mass at one point.

    Its log-density is defined as 0 everywhere, so that objectives leave a point alone instead
    of meeting an infinity; entropy and variance are 0.

    Args:
        loc: (..., D).

    Attributes:
        loc: (..., D).

    Example:
        >>> q = Point(torch.tensor([[1.0, 2.0]]))
        >>> q.rsample((3,)).shape, q.log_prob(q.mean)
        (torch.Size([3, 1, 2]), tensor([0.]))
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"loc": constraints.real_vector}
    has_rsample = True

    def __init__(self, loc: Tensor) -> None:
        self.loc = loc
        super().__init__(loc.shape[:-1], loc.shape[-1:], validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The point, (..., D)."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """Zeros, (..., D)."""
        return torch.zeros_like(self.loc)

    def rsample(self, sample_shape: SampleShape = ()) -> Tensor:
        """The point, repeated: (*sample_shape, ..., D)."""
        return self.loc.expand(self._extended_shape(torch.Size(sample_shape)))

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """The point, repeated and detached: (*sample_shape, ..., D)."""
        return self.rsample(sample_shape).detach()

    def log_prob(self, value: Tensor) -> Tensor:
        """Zeros by definition, (...)."""
        return torch.zeros_like((value - self.loc)[..., 0])

    def entropy(self) -> Tensor:
        """Zeros, (...)."""
        return torch.zeros_like(self.loc[..., 0])
