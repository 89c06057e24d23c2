"""The continuous Bernoulli distribution, a density on [0, 1], from logits."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction, FunctionCtx
from torch.distributions import Distribution, constraints

from vaekit.distributions.sampling import SampleShape

__all__ = ["ContinuousBernoulli"]

SERIES_BELOW = 0.1
"""The mean at logits smaller than this is a power series, in which nothing cancels."""


class ContinuousBernoulli(Distribution):
    r"""Density on [0, 1] whose shape is that of a Bernoulli probability.

    .. math:: \log p(x) = x l - \log \frac{e^l - 1}{l}

    This is :math:`\lambda^x (1-\lambda)^{1-x}` and its normalizing constant, written in the
    logit :math:`l` of :math:`\lambda`. The class of the same name in ``torch.distributions``
    computes the constant from a clamped :math:`\lambda`, so in float32 it stops being a density
    beyond :math:`|l| = 16`, which black pixels reach; here it stays one.

    Args:
        logits: l, any shape.

    Attributes:
        logits: l.

    Example:
        >>> ContinuousBernoulli(torch.tensor([0.0, 100.0])).log_prob(torch.ones(2))  # 0, log 100
        tensor([0.0000, 4.6052])

    Source:
        Loaiza-Ganem and Cunningham 2019, arXiv:1907.06845.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"logits": constraints.real}
    has_rsample = False

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        super().__init__(logits.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        r"""Mean :math:`1 / (1 - e^{-l}) - 1 / l`, inside [0, 1]."""
        return _mean_of(self.logits)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density in nats of values in [0, 1] broadcastable to the batch."""
        return value * self.logits - log_normalizer(self.logits)

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw by the inverse of the distribution function, (*sample_shape, ...)."""
        with torch.no_grad():
            logits = self.logits.expand(self._extended_shape(torch.Size(sample_shape)))
            uniform = torch.rand_like(logits)
            rate = logits.abs().clamp_min(1e-4)
            from_zero = -torch.log1p(uniform * torch.expm1(-rate)) / rate
            return torch.where(logits > 0, 1 - from_zero, from_zero).clamp(0, 1)


def _mean_of(logits: Tensor) -> Tensor:
    """Mean of a continuous Bernoulli variable, of the shape of its logits."""
    small = logits.abs() < SERIES_BELOW
    safe = torch.where(small, 1.0, logits)
    inside = torch.where(small, logits, 0.0)
    series = 0.5 + inside * (1 / 12 - inside.square() / 720)
    return torch.where(small, series, -1 / torch.expm1(-safe) - 1 / safe)


class _LogNormalizer(torch.autograd.Function):
    r"""Logarithm of :math:`(e^l - 1) / l`, without overflow or cancellation.

    Its derivative is the mean, as in every exponential family; what autograd would make of the
    forward pass cancels near zero, and takes three times as long.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(logits: Tensor) -> Tensor:
        """Compute the logarithm, elementwise."""
        size = logits.abs().clamp_min(1e-12)
        return torch.expm1(-size).neg_().div_(size).log_().add_(logits.relu())

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Tensor], output: Tensor) -> None:
        """Keep the logits."""
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: BackwardCFunction, gradient: Tensor) -> Tensor:
        """Multiply by the mean."""
        (logits,) = ctx.saved_tensors
        return gradient * _mean_of(logits)


log_normalizer: Callable[[Tensor], Tensor] = _LogNormalizer.apply
