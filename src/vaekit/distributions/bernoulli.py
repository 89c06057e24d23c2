"""A vector of independent Bernoulli variables, from logits."""

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Distribution, constraints
from torch.nn import functional

from vaekit.distributions.bernoulli_density import bernoulli_log_prob, widen
from vaekit.distributions.sampling import SampleShape

__all__ = ["BernoulliVector"]


class BernoulliVector(Distribution):
    r"""Independent Bernoulli variables, as one event.

    .. math:: \log p(x) = \sum_f x_f l_f - \log(1 + e^{l_f})

    with logits :math:`l`: no sigmoid is taken, so no logarithm of zero can appear. A value
    between 0 and 1 gives the (negative) cross-entropy by the same formula. Nothing but the
    logits is kept for the backward pass, in bf16 where they come so; all that is computed of
    them is float32.

    Args:
        logits: (..., F), bf16 or wider.

    Attributes:
        logits: (..., F), as they came.

    Example:
        >>> BernoulliVector(torch.zeros(784)).log_prob(torch.ones(100, 784))[0] / 784
        tensor(-0.6931)
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"logits": constraints.real_vector}
    has_rsample = False

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        super().__init__(logits.shape[:-1], logits.shape[-1:], validate_args=False)

    @property
    def base_dist(self) -> Bernoulli:
        """The distribution of each feature; batch (..., F)."""
        return Bernoulli(logits=widen(self.logits), validate_args=False)

    @property
    def mean(self) -> Tensor:
        """Probabilities (..., F)."""
        return widen(self.logits).sigmoid()

    @property
    def variance(self) -> Tensor:
        """Variances p (1 - p), (..., F)."""
        mean = self.mean
        return mean * (1 - mean)

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw vectors of zeros and ones, (*sample_shape, ..., F)."""
        with torch.no_grad():
            return torch.bernoulli(self.mean.expand(self._extended_shape(torch.Size(sample_shape))))

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-probability of vectors (..., F) broadcastable to the batch: (...) in nats."""
        return bernoulli_log_prob(value, self.logits)

    def entropy(self) -> Tensor:
        """Entropy (...) in nats."""
        logits = widen(self.logits)
        return functional.softplus(logits).sum(-1) - (logits.sigmoid() * logits).sum(-1)
