"""Distributions over the grid 0, 1/(L-1), ..., 1 of L levels: pixels of limited depth."""

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints
from torch.nn import functional

from vaekit.distributions.sampling import SampleShape

__all__ = ["DiscretizedLogistic", "GridCategorical"]


class DiscretizedLogistic(Distribution):
    r"""Logistic distribution whose mass is collected at the points of a grid.

    .. math:: P(x_k) = \sigma(a_k) - \sigma(b_k), \quad
              a_k, b_k = \frac{x_k \pm \frac{1}{2(L-1)} - \mu}{s}

    where the first and the last level also take the mass outside [0, 1]. The difference is
    computed as :math:`\log\sigma(a) + \log\sigma(-b) + \log(1 - e^{b - a})`, in which nothing
    cancels or underflows, however far away :math:`\mu` is.

    Args:
        loc: location :math:`\mu` in units of x.
        scale: scale s > 0 in units of x, of the shape of ``loc``.
        levels: L, at least 2; 256 for 8-bit pixels.

    Example:
        >>> p = DiscretizedLogistic(torch.tensor(0.3), torch.tensor(0.1))
        >>> float(p.log_prob(torch.arange(256) / 255).exp().sum().round(decimals=4))
        1.0

    Source:
        Salimans et al. 2017 (PixelCNN++), arXiv:1701.05517, equation 2.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    has_rsample = False

    def __init__(self, loc: Tensor, scale: Tensor, *, levels: int = 256) -> None:
        self.loc = loc
        self.scale = scale
        self.levels = levels
        super().__init__(loc.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """Exact mean in [0, 1], the sum over the levels j > 0 of P(x >= x_j)."""
        steps = self.levels - 1
        total = torch.zeros_like(self.loc)
        for j in range(1, self.levels):
            total = total + torch.sigmoid((self.loc - (j - 0.5) / steps) / self.scale)
        return total / steps

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability in nats of values in [0, 1], each taken to the nearest level."""
        steps = self.levels - 1
        level = (value * steps).round().clamp(0, steps)
        centre = (level / steps - self.loc) / self.scale
        half = 0.5 / steps / self.scale
        below_top, above_bottom = level < steps, level > 0
        upper = torch.where(below_top, functional.logsigmoid(centre + half), 0.0)
        lower = torch.where(above_bottom, functional.logsigmoid(half - centre), 0.0)
        width = torch.where(below_top & above_bottom, torch.log(-torch.expm1(-2 * half)), 0.0)
        return upper + lower + width

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw levels, (*sample_shape, ...): a logistic draw taken to the nearest level."""
        with torch.no_grad():
            loc = self.loc.expand(self._extended_shape(torch.Size(sample_shape)))
            noise = torch.rand_like(loc).logit(eps=torch.finfo(loc.dtype).eps)
            steps = self.levels - 1
            drawn: Tensor = (loc + self.scale * noise) * steps
            return drawn.round().clamp(0, steps) / steps


class GridCategorical(Distribution):
    r"""A probability of its own for each point of the grid.

    .. math:: \log P(x_k) = l_k - \log \sum_j e^{l_j}

    Args:
        logits: (..., L).

    Attributes:
        logits: (..., L).
        levels: L.

    Example:
        >>> GridCategorical(torch.zeros(3, 4)).mean
        tensor([0.5000, 0.5000, 0.5000])
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"logits": constraints.real_vector}
    has_rsample = False

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        self.levels = logits.shape[-1]
        super().__init__(logits.shape[:-1], validate_args=False)

    @property
    def mean(self) -> Tensor:
        """Mean in [0, 1], (...)."""
        grid = torch.linspace(0, 1, self.levels, dtype=self.logits.dtype, device=self.logits.device)
        return (self.logits.softmax(-1) * grid).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability in nats of values in [0, 1], each taken to the nearest level."""
        steps = self.levels - 1
        level = (value * steps).round().clamp(0, steps) + torch.zeros_like(self.logits[..., 0])
        logits = self.logits.expand(*level.shape, self.levels)
        chosen = logits.gather(-1, level.long().unsqueeze(-1)).squeeze(-1)
        return chosen - torch.logsumexp(self.logits, -1)

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw levels, (*sample_shape, ...)."""
        shape = self._extended_shape(torch.Size(sample_shape))
        weights = self.logits.detach().softmax(-1).expand(*shape, self.levels)
        level = torch.multinomial(weights.reshape(-1, self.levels), 1).reshape(shape)
        return level.to(weights.dtype) / (self.levels - 1)
