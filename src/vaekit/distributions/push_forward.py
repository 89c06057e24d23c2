"""What becomes of a distribution when its samples go through an invertible map."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaekit.distributions.sampling import SampleShape, sample_with_log_prob

__all__ = ["Bijection", "Inverse", "PushForward", "Rescaled"]


class Bijection(ABC):
    """An invertible map of vectors that knows how it changes volumes."""

    @abstractmethod
    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map forward.

        Args:
            z: (..., D).

        Returns:
            The image (..., D), and the log of the absolute determinant of the Jacobian (...).
        """

    @abstractmethod
    def pull(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map backward.

        Args:
            z: (..., D).

        Returns:
            The pre-image (..., D), and the log of the absolute determinant of the Jacobian of
            the inverse map (...).

        Raises:
            ConfigError: when the inverse has no closed form.
        """


class Inverse(Bijection):
    """A bijection the other way round.

    Args:
        bijection: the one to turn round.
    """

    def __init__(self, bijection: Bijection) -> None:
        self.bijection = bijection

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map backward through the original."""
        return self.bijection.pull(z)

    def pull(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map forward through the original."""
        return self.bijection.push(z)


class Rescaled(Bijection):
    r"""A bijection f in other units: :math:`m + s f((z - m) / s)`.

    Volumes change as under f itself, because the units go out as they came in.

    Args:
        bijection: f.
        centre: m, (..., D).
        scale: s, (..., D), positive.
    """

    def __init__(self, bijection: Bijection, *, centre: Tensor, scale: Tensor) -> None:
        self.bijection = bijection
        self.centre = centre
        self.scale = scale

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map forward in these units."""
        out, change = self.bijection.push((z - self.centre) / self.scale)
        return self.centre + self.scale * out, change

    def pull(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map backward in these units."""
        out, change = self.bijection.pull((z - self.centre) / self.scale)
        return self.centre + self.scale * out, change


class PushForward(Distribution):
    r"""The distribution of :math:`z = f(u)` with :math:`u \sim p`.

    .. math:: \log q(z) = \log p(u) - \log |\det \partial f / \partial u|

    Args:
        base: the distribution p of u; event (D,).
        bijection: the map f.

    Attributes:
        base: the distribution p.
        bijection: the map f.

    Example:
        >>> from torch.distributions import Independent, Normal
        >>> class Double(Bijection):
        ...     def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        ...         return 2 * z, torch.full(z.shape[:-1], 0.6931)
        ...
        ...     def pull(self, z: Tensor) -> tuple[Tensor, Tensor]:
        ...         return z / 2, torch.full(z.shape[:-1], -0.6931)
        >>> base = Independent(Normal(torch.zeros(1), 1.0), 1)
        >>> PushForward(base, Double()).log_prob(torch.zeros(1)).exp()  # 1 / sqrt(8 pi)
        tensor(0.1995)

    Source:
        Rezende and Mohamed 2015, arXiv:1505.05770, equation 5.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}
    has_rsample = True

    def __init__(self, base: Distribution, bijection: Bijection) -> None:
        self.base = base
        self.bijection = bijection
        super().__init__(base.batch_shape, base.event_shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The image of the base's mean: a point summary, not the expectation."""
        return self.bijection.push(self.base.mean)[0]

    def rsample_and_log_prob(self, sample_shape: SampleShape = ()) -> tuple[Tensor, Tensor]:
        """Samples (*sample_shape, ..., D) and their log-density (*sample_shape, ...) in nats."""
        u, log_p = sample_with_log_prob(self.base, sample_shape)
        z, change = self.bijection.push(u)
        return z, log_p - change

    def rsample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Samples (*sample_shape, ..., D) that gradients flow through."""
        return self.bijection.push(self.base.rsample(torch.Size(sample_shape)))[0]

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density in nats at any vectors; needs the map to have an inverse.

        Args:
            value: (..., D).

        Returns:
            (...).

        Raises:
            ConfigError: when the inverse has no closed form.
        """
        u, change = self.bijection.pull(value)
        return self.base.log_prob(u) + change
