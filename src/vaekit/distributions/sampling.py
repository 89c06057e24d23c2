"""Sampling with log-density, point masses, mixtures and push-forwards."""

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

__all__ = [
    "Bijection",
    "EqualMixture",
    "Inverse",
    "Point",
    "PushForward",
    "Rescaled",
    "SampleShape",
    "UnvalidatedDistribution",
    "log_density",
    "sample_with_log_prob",
]


SampleShape = torch.Size | list[int] | tuple[int, ...]


def sample_with_log_prob(q: Distribution, sample_shape: SampleShape = ()) -> tuple[Tensor, Tensor]:
    """Draw reparametrized samples and return their log-density, in one pass where possible.

    A flow without a closed inverse knows the density of its own samples only; such a distribution
    has a method ``rsample_and_log_prob``, which is used if present.

    Args:
        q: batch (B,), event (D,).
        sample_shape: the leading dimensions to draw, usually (K,).

    Returns:
        The samples (K, B, D) and their log-densities (K, B) in nats.

    Example:
        >>> from torch.distributions import Normal, Independent
        >>> q = Independent(Normal(torch.zeros(5, 2), torch.ones(5, 2)), 1)
        >>> z, log_q = sample_with_log_prob(q, (3,))
        >>> z.shape, log_q.shape
        (torch.Size([3, 5, 2]), torch.Size([3, 5]))
    """
    shape = torch.Size(sample_shape)
    joint = getattr(q, "rsample_and_log_prob", None)
    if joint is not None:
        z, log_q = joint(shape)
        return z, log_q
    if (normal := _diagonal(q)) is None:
        z = q.rsample(shape) if q.has_rsample else q.sample(shape)  # codes may be discrete
        return z, q.log_prob(z)
    # (z - m) / s is the noise, which needs no gradient
    noise = normal.loc.new_empty((*shape, *normal.batch_shape)).normal_()
    return normal.loc + normal.scale * noise, _normal_density(noise, normal.scale)


def log_density(p: Distribution, z: Tensor) -> Tensor:
    """Return the log-density of codes; of a diagonal Gaussian with half of PyTorch's operations.

    Args:
        p: batch broadcastable to (...), event (D,).
        z: (..., D).

    Returns:
        (...) in nats.

    Example:
        >>> from torch.distributions import Independent, Normal
        >>> log_density(Independent(Normal(torch.zeros(2), torch.ones(2)), 1), torch.zeros(2)).exp()
        tensor(0.1592)
    """
    if (normal := _diagonal(p)) is None:
        return p.log_prob(z)
    return _normal_density((z - normal.loc) / normal.scale, normal.scale)


def _diagonal(p: Distribution) -> Normal | None:
    """Return the factors of a diagonal Gaussian over one dimension; none for others."""
    if isinstance(p, Independent) and p.reinterpreted_batch_ndims == 1:
        return p.base_dist if isinstance(p.base_dist, Normal) else None
    return None


def _normal_density(units: Tensor, scale: Tensor) -> Tensor:
    """Return the log-density from standardised numbers (..., D)."""
    constant = 0.5 * units.shape[-1] * math.log(2 * math.pi)
    return -0.5 * units.square().sum(-1) - (scale.log().sum(-1) + constant)


class UnvalidatedDistribution(Distribution):
    """A distribution that does not validate its parameters and values.

    Validation synchronises with the device and breaks compilation; data are checked when they are
    read.

    Args:
        batch_shape: shape of the independent variables.
        event_shape: shape of one of them.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}

    def __init__(self, batch_shape: torch.Size, event_shape: torch.Size | None = None) -> None:
        super().__init__(batch_shape, event_shape or torch.Size(), validate_args=False)


class Point(UnvalidatedDistribution):
    """All mass at one point.

    Its log-density is defined as 0 everywhere instead of infinity, so that objectives stay finite;
    entropy and variance are 0.

    Args:
        loc: (..., D).

    Attributes:
        loc: (..., D).

    Example:
        >>> q = Point(torch.tensor([[1.0, 2.0]]))
        >>> q.rsample((3,)).shape, q.log_prob(q.mean)
        (torch.Size([3, 1, 2]), tensor([0.]))
    """

    has_rsample = True

    def __init__(self, loc: Tensor) -> None:
        self.loc = loc
        super().__init__(loc.shape[:-1], loc.shape[-1:])

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


class Bijection(ABC):
    """An invertible map of vectors with the determinant of its Jacobian."""

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
    """The inverse of a bijection.

    Args:
        bijection: to invert.
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
    r"""A bijection f of standardised vectors: :math:`m + s f((z - m) / s)`.

    The determinant of its Jacobian is that of f, as the scales cancel.

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
        """Map forward."""
        out, change = self.bijection.push((z - self.centre) / self.scale)
        return self.centre + self.scale * out, change

    def pull(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map backward."""
        out, change = self.bijection.pull((z - self.centre) / self.scale)
        return self.centre + self.scale * out, change


class PushForward(UnvalidatedDistribution):
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

    has_rsample = True

    def __init__(self, base: Distribution, bijection: Bijection) -> None:
        self.base = base
        self.bijection = bijection
        super().__init__(base.batch_shape, base.event_shape)

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
        """Reparametrized samples (*sample_shape, ..., D)."""
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


class EqualMixture(UnvalidatedDistribution):
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
        >>> z, log_p = EqualMixture(one, other).rsample_and_log_prob((3,))
        >>> z.shape, bool(torch.allclose(log_p, one.log_prob(z)))
        (torch.Size([3, 5, 2]), True)
    """

    def __init__(self, one: Distribution, other: Distribution) -> None:
        self.one = one
        self.other = other
        super().__init__(one.batch_shape, one.event_shape)

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
            chosen = torch.rand((*shape, *self.batch_shape, 1), device=first.device) < 0.5
        return torch.where(chosen, first, second)

    def rsample_and_log_prob(self, sample_shape: SampleShape = ()) -> tuple[Tensor, Tensor]:
        """Samples (*sample_shape, B, D), without a gradient, and their log-density in nats."""
        z = self.sample(sample_shape)
        return z, self.log_prob(z)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density of vectors (..., D): (...) in nats."""
        both = torch.logaddexp(self.one.log_prob(value), self.other.log_prob(value))
        return both - math.log(2.0)
