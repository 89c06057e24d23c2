"""Variables with a few values 0, 1, ..., L - 1: binary, categorical, ordinal."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution
from torch.nn import functional

from vaekit.distributions.sampling import SampleShape

__all__ = ["BEYOND", "BinaryLevels", "CategoricalLevels", "Levels", "OrdinalLevels"]

BEYOND = 1e9
"""A threshold that no location reaches."""


class Levels(Distribution, ABC):
    """Features that are levels, counted from 0; batch (..., F)."""

    arg_constraints: ClassVar[dict[str, Any]] = {}
    has_rsample = False

    @abstractmethod
    def probabilities(self, feature: int) -> Tensor:
        """Probability of each level of a feature.

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
        super().__init__(logits.shape, validate_args=False)

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
    r"""A probability of its own for each level, from logits.

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
        super().__init__(logits.shape[:-1], validate_args=False)

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
        level = _nearest(value, self.top) + torch.zeros_like(self.logits[..., 0], dtype=torch.long)
        logits = self.logits.expand(*level.shape, -1)
        chosen = logits.gather(-1, level.unsqueeze(-1)).squeeze(-1)
        return chosen - torch.logsumexp(self.logits, -1)

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw levels, (*sample_shape, ..., F): the largest of the logits and Gumbel noise."""
        with torch.no_grad():
            shape = self._extended_shape(torch.Size(sample_shape))
            logits = self.logits.expand(*shape, -1)
            tiny = torch.finfo(logits.dtype).tiny
            noise = -torch.empty_like(logits).exponential_().clamp_min(tiny).log()
            return (logits + noise).argmax(-1).to(logits.dtype)


class OrdinalLevels(Levels):
    r"""Levels in order, by how many thresholds lie below a logistic variable.

    .. math:: P(x \le k) = \sigma(t_{k+1} - \eta)

    The probability of a level is computed as
    :math:`\log\sigma(b) + \log\sigma(-a) + \log(1 - e^{a - b})` with the thresholds a and b
    about it, in which nothing cancels, however far away :math:`\eta` is.

    Args:
        loc: :math:`\eta`, (..., F).
        thresholds: (F, L - 1), ascending; `BEYOND` or more where a feature has fewer levels.
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
        super().__init__(loc.shape, validate_args=False)

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
        edge = torch.full_like(self.thresholds[:, :1], BEYOND)
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


def _nearest(value: Tensor, top: Tensor) -> Tensor:
    """The level nearest to each value, as an index."""
    return torch.minimum(value.clamp(0, BEYOND).round().long(), top)
