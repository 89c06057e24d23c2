"""Discrete distributions: levels, grids, counts."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn import functional

from vaekit.distributions.sampling import SampleShape, UnvalidatedDistribution

__all__ = [
    "INFINITE_THRESHOLD",
    "BinaryLevels",
    "CategoricalLevels",
    "DiscretizedLogistic",
    "GridCategorical",
    "Levels",
    "NegativeBinomial",
    "OrdinalLevels",
]


INFINITE_THRESHOLD = 1e9
"""A finite threshold above all locations."""


class Levels(UnvalidatedDistribution, ABC):
    """Features that are levels, counted from 0; batch (..., F)."""

    @abstractmethod
    def probabilities(self, feature: int) -> Tensor:
        """Return the probability of each level of a feature.

        Args:
            feature: its position, from 0.

        Returns:
            (..., L), with sum 1.
        """


class BinaryLevels(Levels):
    r"""Levels 0 and 1, from logits.

    .. math:: \log P(x) = x l - \log(1 + e^l)

    Args:
        logits: l, (..., F).

    Attributes:
        logits: (..., F).

    Example:
        >>> BinaryLevels(torch.zeros(1)).probabilities(0)
        tensor([0.5000, 0.5000])
    """

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        super().__init__(logits.shape)

    @property
    def mean(self) -> Tensor:
        """Probabilities of level 1, (..., F)."""
        return self.logits.sigmoid()

    @property
    def mode(self) -> Tensor:
        """The more probable levels, (..., F)."""
        return (self.logits > 0).to(self.logits.dtype)

    def probabilities(self, feature: int) -> Tensor:
        """Probabilities of the two levels, (..., 2)."""
        logit = self.logits[..., feature]
        return torch.stack([(-logit).sigmoid(), logit.sigmoid()], -1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability (..., F) in nats of values taken to the nearest level."""
        return value.round().clamp(0, 1) * self.logits - functional.softplus(self.logits)

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw levels, (*sample_shape, ..., F)."""
        with torch.no_grad():
            return torch.bernoulli(self.mean.expand(self._extended_shape(torch.Size(sample_shape))))


class CategoricalLevels(Levels):
    r"""A categorical distribution over the levels of each feature, from logits.

    .. math:: \log P(x_k) = l_k - \log \sum_j e^{l_j}

    Args:
        logits: (..., F, L); minus infinity at the levels that a feature does not have.
        top: (F,) the highest level of each feature.

    Attributes:
        logits: (..., F, L).
        top: (F,).

    Example:
        >>> p = CategoricalLevels(torch.zeros(2, 3), torch.tensor([2, 2]))
        >>> p.log_prob(torch.tensor([0.0, 2.0])).exp()
        tensor([0.3333, 0.3333])
    """

    def __init__(self, logits: Tensor, top: Tensor) -> None:
        self.logits = logits
        self.top = top
        super().__init__(logits.shape[:-1])

    @property
    def mean(self) -> Tensor:
        """Mean levels, (..., F)."""
        levels = torch.arange(
            self.logits.shape[-1], dtype=self.logits.dtype, device=self.logits.device
        )
        return self.logits.softmax(-1) @ levels

    @property
    def mode(self) -> Tensor:
        """Most probable levels, (..., F)."""
        return self.logits.argmax(-1).to(self.logits.dtype)

    def probabilities(self, feature: int) -> Tensor:
        """Probabilities of the levels of a feature, (..., L)."""
        return self.logits[..., feature, : int(self.top[feature]) + 1].softmax(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability (..., F) in nats of values taken to the nearest level."""
        return _level_log_prob(self.logits, _nearest(value, self.top))

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw levels, (*sample_shape, ..., F): the largest of the logits and Gumbel noise."""
        with torch.no_grad():
            shape = self._extended_shape(torch.Size(sample_shape))
            logits = self.logits.expand(*shape, -1)
            tiny = torch.finfo(logits.dtype).tiny
            noise = -torch.empty_like(logits).exponential_().clamp_min(tiny).log()
            return (logits + noise).argmax(-1).to(logits.dtype)


class OrdinalLevels(Levels):
    r"""Ordered levels: the number of thresholds below a logistic variable.

    .. math:: P(x \le k) = \sigma(t_{k+1} - \eta)

    The probability of a level is computed as
    :math:`\log\sigma(b) + \log\sigma(-a) + \log(1 - e^{a - b})` with the thresholds a and b
    about it, without cancellation at any :math:`\eta`.

    Args:
        loc: :math:`\eta`, (..., F).
        thresholds: (F, L - 1), ascending; ``INFINITE_THRESHOLD`` or more where a feature has
            fewer levels.
        top: (F,) the highest level of each feature.

    Attributes:
        loc: (..., F).
        thresholds: (F, L - 1).
        top: (F,).

    Example:
        >>> p = OrdinalLevels(torch.zeros(1), torch.tensor([[-1.0, 1.0]]), torch.tensor([2]))
        >>> p.probabilities(0)
        tensor([0.2689, 0.4621, 0.2689])

    Source:
        McCullagh 1980, "Regression models for ordinal data".
    """

    def __init__(self, loc: Tensor, thresholds: Tensor, top: Tensor) -> None:
        self.loc = loc
        self.thresholds = thresholds
        self.top = top
        super().__init__(loc.shape)

    @property
    def mean(self) -> Tensor:
        """Mean levels, (..., F): the sum over the thresholds of P(x above it)."""
        return (self.loc.unsqueeze(-1) - self.thresholds).sigmoid().sum(-1)

    @property
    def mode(self) -> Tensor:
        """Most probable levels, (..., F)."""
        return self._all().argmax(-1).to(self.loc.dtype)

    def probabilities(self, feature: int) -> Tensor:
        """Probabilities of the levels of a feature, (..., L)."""
        return self._all()[..., feature, : int(self.top[feature]) + 1]

    def _all(self) -> Tensor:
        """(..., F, L) probabilities, 0 at the levels that a feature does not have."""
        below = (self.thresholds - self.loc.unsqueeze(-1)).sigmoid()
        ends = torch.zeros_like(below[..., :1])
        return torch.cat([below, ends + 1], -1) - torch.cat([ends, below], -1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability (..., F) in nats of values taken to the nearest level."""
        level = _nearest(value, self.top)
        edge = torch.full_like(self.thresholds[:, :1], INFINITE_THRESHOLD)
        edges = torch.cat([-edge, self.thresholds, edge], -1).expand(*level.shape, -1)
        low = edges.gather(-1, level.unsqueeze(-1)).squeeze(-1)
        high = edges.gather(-1, (level + 1).unsqueeze(-1)).squeeze(-1)
        inside = (-torch.expm1(low - high)).log()
        return (
            functional.logsigmoid(high - self.loc) + functional.logsigmoid(self.loc - low) + inside
        )

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw levels, (*sample_shape, ..., F)."""
        with torch.no_grad():
            loc = self.loc.expand(self._extended_shape(torch.Size(sample_shape)))
            noise = torch.rand_like(loc).logit(eps=torch.finfo(loc.dtype).eps)
            return ((loc + noise).unsqueeze(-1) > self.thresholds).sum(-1).to(loc.dtype)


def _level_log_prob(logits: Tensor, level: Tensor) -> Tensor:
    """Return the log-probabilities (...) of levels (...) from logits (..., L)."""
    level = level + torch.zeros_like(logits[..., 0], dtype=torch.long)
    chosen = logits.expand(*level.shape, -1).gather(-1, level.unsqueeze(-1)).squeeze(-1)
    return chosen - torch.logsumexp(logits, -1)


def _nearest(value: Tensor, top: Tensor) -> Tensor:
    """Return the index of the level that is nearest to each value."""
    return torch.minimum(value.clamp(0, INFINITE_THRESHOLD).round().long(), top)


class DiscretizedLogistic(UnvalidatedDistribution):
    r"""Logistic distribution discretized to the points of an even grid on [0, 1].

    .. math:: P(x_k) = \sigma(a_k) - \sigma(b_k), \quad
              a_k, b_k = \frac{x_k \pm \frac{1}{2(L-1)} - \mu}{s}

    where the first and the last level also take the mass outside [0, 1]. The difference is
    computed as :math:`\log\sigma(a) + \log\sigma(-b) + \log(1 - e^{b - a})`, without
    cancellation or underflow at any :math:`\mu`.

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

    def __init__(self, loc: Tensor, scale: Tensor, *, levels: int = 256) -> None:
        self.loc = loc
        self.scale = scale
        self.levels = levels
        super().__init__(loc.shape)

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


class GridCategorical(UnvalidatedDistribution):
    r"""A categorical distribution over the points of an even grid on [0, 1].

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

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        self.levels = logits.shape[-1]
        super().__init__(logits.shape[:-1])

    @property
    def mean(self) -> Tensor:
        """Mean in [0, 1], (...)."""
        grid = torch.linspace(0, 1, self.levels, dtype=self.logits.dtype, device=self.logits.device)
        return (self.logits.softmax(-1) * grid).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability in nats of values in [0, 1], each taken to the nearest level."""
        steps = self.levels - 1
        return _level_log_prob(self.logits, (value * steps).round().clamp(0, steps).long())

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw levels, (*sample_shape, ...)."""
        shape = self._extended_shape(torch.Size(sample_shape))
        weights = self.logits.detach().softmax(-1).expand(*shape, self.levels)
        level = torch.multinomial(weights.reshape(-1, self.levels), 1).reshape(shape)
        return level.to(weights.dtype) / (self.levels - 1)


_LARGEST_COUNT = 1e12
_LARGEST_RATE = 1e8
"""A Poisson draw at a larger rate is the rate: they differ by 1e-4, and a GPU's overflows."""
_SERIES_FROM = 4.0


class NegativeBinomial(UnvalidatedDistribution):
    r"""A count whose variance is :math:`m + m^2 / r`.

    .. math:: P(x) = \frac{\Gamma(x + r)}{\Gamma(r)\, x!}
              \Big(\frac{r}{r + m}\Big)^r \Big(\frac{m}{r + m}\Big)^x

    Each log-gamma is split as :math:`\log\Gamma(z + 1) = z \log z - z + s(z)`; the large parts are
    combined analytically, and the rest is small. The result is accurate in float32 at a count of
    a million, where the direct formula is wrong by whole nats.

    It is a Poisson variable whose rate is gamma distributed. For a count that is 0 except for a few
    large values r is small, and rates far beyond all data dominate the mean while the likelihood
    hardly depends on them: with r = .02 and m = 10^5 the count is 0 with probability 3/4, and its
    rates reach 10^7. ``most`` limits them:

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

    def __init__(self, mean: Tensor, dispersion: Tensor, *, most: Tensor | None = None) -> None:
        self.rate = mean
        self.dispersion = dispersion
        self.most = most
        super().__init__(mean.shape)

    @property
    def mean(self) -> Tensor:
        """Means (..., F), of rates up to ``most``."""
        if self.most is None:
            return self.rate
        m, r = self.rate.double(), self.dispersion.double()
        most = self.most.double().clamp_max(_LARGEST_COUNT)
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
        x = value.round().clamp(0, _LARGEST_COUNT)
        above, below = functional.relu(x - m), functional.relu(m - x)
        # log x (r + m) / ((r + x) m), and log (r + m) / (r + x): each as log(1 + something > 0)
        by_count = torch.log1p(r / (r + x) * (above / m)) - torch.log1p(
            r / (r + m) * (below / x.clamp_min(1))
        )
        by_dispersion = torch.log1p(below / (r + x)) - torch.log1p(above / (r + m))
        rest = _log_gamma_remainder(r + x) - _log_gamma_remainder(r) - _log_gamma_remainder(x)
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
            drawn = torch.poisson(rate.clamp_max(_LARGEST_RATE))
            return torch.where(rate < _LARGEST_RATE, drawn, rate.round())


def _log_gamma_remainder(z: Tensor) -> Tensor:
    r"""Return :math:`\log\Gamma(z + 1) - z \log z + z` for z >= 0."""
    large, small = z.clamp_min(_SERIES_FROM), z.clamp_max(_SERIES_FROM)
    u = 1 / large
    square = u.square()
    series = u * (1 / 12 - square * (1 / 360 - square / 1260))
    far = 0.5 * (2 * math.pi * large).log() + series
    near = torch.lgamma(small + 1) - torch.xlogy(small, small) + small
    return torch.where(z < _SERIES_FROM, near, far)
