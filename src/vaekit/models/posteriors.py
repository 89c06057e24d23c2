"""Posterior heads: the outputs of an encoder as a distribution over codes."""

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, MultivariateNormal, Normal

from vaekit.distributions import Point as PointDistribution
from vaekit.models.base import Head, own_parameters
from vaekit.numerics import bound_log_variance

__all__ = ["DiagonalGaussian", "FullGaussian", "Point"]


class DiagonalGaussian(Head):
    r"""Gaussian with a diagonal covariance.

    .. math:: q(z) = N(z; \mu, \mathrm{diag}(e^{b(r)}))

    where the first D numbers are :math:`\mu` and the other D are :math:`r`, the raw
    log-variances, which :func:`vaekit.numerics.bound_log_variance` keeps inside (-15, 15).

    Args:
        dim: latent dimensions D.

    Attributes:
        inputs: 2 D.

    Example:
        >>> q = DiagonalGaussian(2)(torch.tensor([[1.0, 2.0, 0.0, 0.0]]))
        >>> q.mean, q.variance
        (tensor([[1., 2.]]), tensor([[1., 1.]]))

    Source:
        Kingma and Welling 2014, arXiv:1312.6114, equation 9.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.inputs = 2 * dim

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read (..., 2 D): batch (...), event (D,)."""
        mean, raw = own_parameters(self, context, inputs=self.inputs).chunk(2, -1)
        scale = (0.5 * bound_log_variance(raw)).exp()
        return Independent(Normal(mean, scale, validate_args=False), 1, validate_args=False)


class FullGaussian(Head):
    r"""Gaussian with a full covariance, by its Cholesky factor.

    .. math:: q(z) = N(z; \mu, L L^\top), \quad L_{ii} = e^{b(r_i)/2}, \quad L_{ij} = a_{ij}
              \;\; (i > j)

    where the first D numbers are :math:`\mu`, the next D are :math:`r`, bounded by
    :func:`vaekit.numerics.bound_log_variance`, and the rest are :math:`a` row by row. The
    squared diagonal is the variance of each dimension given those before it.

    Args:
        dim: latent dimensions D.

    Attributes:
        inputs: 2 D + D (D - 1) / 2.

    Example:
        >>> q = FullGaussian(2)(torch.tensor([0.0, 0.0, 0.0, 0.0, 3.0]))
        >>> q.covariance_matrix
        tensor([[ 1.,  3.],
                [ 3., 10.]])

    Source:
        Kingma and Welling 2019, arXiv:1906.02691, section 2.5.1.
    """

    place: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.inputs = 2 * dim + dim * (dim - 1) // 2
        # Where each entry of L is found in (diagonal, off-diagonal, a zero).
        place = torch.full((dim, dim), self.inputs - dim)
        place.diagonal().copy_(torch.arange(dim))
        rows, columns = torch.tril_indices(dim, dim, offset=-1).unbind()
        place[rows, columns] = torch.arange(dim, self.inputs - dim)
        self.register_buffer("place", place.flatten(), persistent=False)

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read (..., inputs): batch (...), event (D,)."""
        numbers = own_parameters(self, context, inputs=self.inputs)
        mean, raw, below = torch.split(
            numbers, [self.dim, self.dim, self.inputs - 2 * self.dim], dim=-1
        )
        diagonal = (0.5 * bound_log_variance(raw)).exp()
        packed = torch.cat([diagonal, below, torch.zeros_like(mean[..., :1])], -1)
        factor = packed.index_select(-1, self.place)
        factor = factor.reshape(*mean.shape, self.dim)
        return MultivariateNormal(mean, scale_tril=factor, validate_args=False)


class Point(Head):
    """All mass at the numbers read: the posterior of a plain autoencoder.

    Its log-density is 0 by definition, and sampling it draws no noise.

    Args:
        dim: latent dimensions D.

    Attributes:
        inputs: D.

    Example:
        >>> Point(2)(torch.tensor([1.0, 2.0])).rsample((3,)).shape
        torch.Size([3, 2])
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.inputs = dim

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read (..., D): batch (...), event (D,)."""
        return PointDistribution(own_parameters(self, context, inputs=self.inputs))
