"""Draw from a distribution and know the density of the draw."""

import torch
from torch import Tensor
from torch.distributions import Distribution

__all__ = ["SampleShape", "sample_with_log_prob"]

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
    z = q.rsample(shape)
    return z, q.log_prob(z)
