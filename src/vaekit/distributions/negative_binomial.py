"""The negative binomial distribution, by its mean, in a form in which nothing cancels."""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints
from torch.nn import functional

from vaekit.distributions.sampling import SampleShape

__all__ = ["NegativeBinomial"]

LARGEST_COUNT = 1e12
LARGEST_RATE = 1e8
"""Above, a Poisson draw is its rate: they differ by a ten-thousandth, and a GPU's would wrap."""
SERIES_FROM = 4.0


class NegativeBinomial(Distribution):
    r"""A count whose variance is :math:`m + m^2 / r`.

    .. math:: P(x) = \frac{\Gamma(x + r)}{\Gamma(r)\, x!}
              \Big(\frac{r}{r + m}\Big)^r \Big(\frac{m}{r + m}\Big)^x

    Each log-gamma is split as :math:`\log\Gamma(z + 1) = z \log z - z + s(z)`; the large parts
    are put together by hand, and what is left is small. So a count of a million is right to the
    last digits of float32, where the formula as it stands is wrong by whole nats.

    It is a Poisson variable whose rate is gamma distributed. Of a count that is nearly always 0
    but for a few large values r is small, and the mean is that of rates far beyond all data, which
    the likelihood hardly notices: with r = .02 and m = 10^5 it is 0 three times in four, and its
    rates reach 10^7. ``most`` keeps them where data can be:

    .. math:: E[\min(\lambda, c)] = m\,P(r + 1, c r / m) + c\,\big(1 - P(r, c r / m)\big),
              \quad \lambda \sim \mathrm{Gamma}(r, r / m)

    with P the regularised incomplete gamma function.

    Args:
        mean: m > 0, (..., F).
        dispersion: r > 0, (..., F); a Poisson distribution as it grows.
        most: c > 0, broadcastable to (..., F), the largest rate for mean and samples; the
            probabilities stay what they are. None for no limit.

    Attributes:
        rate: m, (..., F).
        dispersion: (..., F).
        most: as given.

    Example:
        >>> p = NegativeBinomial(torch.tensor([1.0]), torch.tensor([1.0]))  # geometric
        >>> p.log_prob(torch.arange(3.0)).exp()
        tensor([0.5000, 0.2500, 0.1250])

    Source:
        Loader 2000, "Fast and accurate computation of binomial probabilities".
    """

    arg_constraints: ClassVar[dict[str, Any]] = {
        "rate": constraints.positive,
        "dispersion": constraints.positive,
    }
    has_rsample = False

    def __init__(self, mean: Tensor, dispersion: Tensor, *, most: Tensor | None = None) -> None:
        self.rate = mean
        self.dispersion = dispersion
        self.most = most
        super().__init__(mean.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """Means (..., F), of rates up to ``most``."""
        if self.most is None:
            return self.rate
        m, r = self.rate.double(), self.dispersion.double()
        most = self.most.double().clamp_max(LARGEST_COUNT)
        limit = (most * r / m).broadcast_to(r.shape)
        below = m * torch.special.gammainc(r + 1, limit)
        mean: Tensor = below + most * torch.special.gammaincc(r, limit)
        return mean.to(self.rate.dtype)

    @property
    def mode(self) -> Tensor:
        """Most probable counts (..., F)."""
        return (self.rate * (1 - 1 / self.dispersion)).clamp_min(0).floor()

    @property
    def variance(self) -> Tensor:
        """Variances (..., F)."""
        return self.rate + self.rate.square() / self.dispersion

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability (..., F) in nats of values taken to the nearest count."""
        m, r = self.rate, self.dispersion
        x = value.round().clamp(0, LARGEST_COUNT)
        above, below = functional.relu(x - m), functional.relu(m - x)
        # log x (r + m) / ((r + x) m), and log (r + m) / (r + x): each as log(1 + something > 0)
        by_count = torch.log1p(r / (r + x) * (above / m)) - torch.log1p(
            r / (r + m) * (below / x.clamp_min(1))
        )
        by_dispersion = torch.log1p(below / (r + x)) - torch.log1p(above / (r + m))
        rest = _left_of_log_gamma(r + x) - _left_of_log_gamma(r) - _left_of_log_gamma(x)
        return rest - torch.log1p(x / r) - x * by_count - r * by_dispersion

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw counts, (*sample_shape, ..., F): Poisson, with a rate drawn from a gamma."""
        with torch.no_grad():
            shape = self._extended_shape(torch.Size(sample_shape))
            r = self.dispersion.expand(shape)
            gamma = torch.distributions.Gamma(r, r / self.rate, validate_args=False)
            rate = gamma.sample()
            if self.most is not None:
                rate = rate.minimum(self.most)
            drawn = torch.poisson(rate.clamp_max(LARGEST_RATE))
            return torch.where(rate < LARGEST_RATE, drawn, rate.round())


def _left_of_log_gamma(z: Tensor) -> Tensor:
    r"""What :math:`z \log z - z` leaves of :math:`\log\Gamma(z + 1)`, for z >= 0."""
    large, small = z.clamp_min(SERIES_FROM), z.clamp_max(SERIES_FROM)
    u = 1 / large
    square = u.square()
    series = u * (1 / 12 - square * (1 / 360 - square / 1260))
    far = 0.5 * (2 * math.pi * large).log() + series
    near = torch.lgamma(small + 1) - torch.xlogy(small, small) + small
    return torch.where(z < SERIES_FROM, near, far)
