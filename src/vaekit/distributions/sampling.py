"""Draw from a distribution and know the density of the draw."""

import math

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

__all__ = ["SampleShape", "sample_with_log_prob"]

SampleShape = torch.Size | list[int] | tuple[int, ...]


def sample_with_log_prob(q: Distribution, sample_shape: SampleShape = ()) -> tuple[Tensor, Tensor]:
    r"""Reparametrized samples and their log-density, in one pass where that is possible.

    A flow that has no closed inverse knows the density of its own samples only; such a
    distribution has a method ``rsample_and_log_prob``, which is used when it is there. The density
    of a Gaussian is taken from the noise that made the sample,
    :math:`-\tfrac12 \sum_d \epsilon_d^2 + \log 2\pi - \sum_d \log \sigma_d`, for which nothing of
    the size of the samples has to be kept; its gradient is the one along the sample, the two
    together.

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
    if isinstance(q, Independent) and isinstance(q.base_dist, Normal) and len(q.event_shape) == 1:
        return _gaussian(q.base_dist, torch.Size((*shape, *q.batch_shape, *q.event_shape)))
    z = q.rsample(shape)
    return z, q.log_prob(z)


def _gaussian(base: Normal, shape: torch.Size) -> tuple[Tensor, Tensor]:
    """Samples (K, B, D), drawn as ``rsample`` draws them, and their log-densities (K, B)."""
    noise = torch.empty(shape, dtype=base.loc.dtype, device=base.loc.device).normal_()
    constant = 0.5 * math.log(2 * math.pi) * shape[-1]
    log_q = -0.5 * noise.square().sum(-1) - (base.scale.log().sum(-1) + constant)
    return base.loc + noise * base.scale, log_q
