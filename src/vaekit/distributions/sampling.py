"""Draw from a distribution and know the density of the draw."""

import math

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

__all__ = ["SampleShape", "log_density", "sample_with_log_prob"]

SampleShape = torch.Size | list[int] | tuple[int, ...]


def sample_with_log_prob(q: Distribution, sample_shape: SampleShape = ()) -> tuple[Tensor, Tensor]:
    """Reparametrized samples and their log-density, in one pass where that is possible.

    A flow that has no closed inverse knows the density of its own samples only; such a
    distribution has a method ``rsample_and_log_prob``, which is used when it is there.

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
        z = q.rsample(shape)
        return z, q.log_prob(z)
    # (z - m) / s is the noise itself, of which no gradient has to be taken
    noise = normal.loc.new_empty((*shape, *normal.batch_shape)).normal_()
    return normal.loc + normal.scale * noise, _normal_density(noise, normal.scale)


def log_density(p: Distribution, z: Tensor) -> Tensor:
    """Log-density of codes; of a diagonal Gaussian with half of the operations that it takes there.

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
    """What a diagonal Gaussian over one dimension is made of; none for another distribution."""
    if isinstance(p, Independent) and p.reinterpreted_batch_ndims == 1:
        return p.base_dist if isinstance(p.base_dist, Normal) else None
    return None


def _normal_density(units: Tensor, scale: Tensor) -> Tensor:
    """Of numbers (..., D) in units of their standard deviations."""
    constant = 0.5 * units.shape[-1] * math.log(2 * math.pi)
    return -0.5 * units.square().sum(-1) - (scale.log().sum(-1) + constant)
