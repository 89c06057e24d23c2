"""Bernoulli vectors and the continuous Bernoulli, from logits."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction, FunctionCtx
from torch.distributions import Bernoulli
from torch.nn import functional

from vaekit.distributions.sampling import SampleShape, UnvalidatedDistribution
from vaekit.numerics import is_fusing

__all__ = ["BernoulliVector", "ContinuousBernoulli", "bernoulli_log_prob", "widen"]


_GROUP = 100
"""Features that share one logarithm: the product of so many factors from 1/2 to 1 is a float32."""
_BLOCK = 1 << 18
"""Elements of a block, so that its intermediate results fit the cache of a core."""


def bernoulli_log_prob(value: Tensor, logits: Tensor) -> Tensor:
    r"""Return the log-probability of vectors.

    .. math::
        \sum_f x_f l_f - \log(1 + e^{l_f})
            = \sum_f x_f l_f - \max(l_f, 0) + \log \prod_f \sigma(|l_f|),
        \quad \frac{\partial}{\partial l} = x - \sigma(l)

    No factor of the product is below 1/2, so that one logarithm serves a hundred features. Only the
    inputs are kept for the backward pass, and the gradient of the logits is of their type; sums
    are float32 (or double).

    Args:
        value: x, (..., F), broadcastable to the logits or wider.
        logits: l, (..., F), bf16, float32 or double.

    Returns:
        (...) in nats, float32 or double.

    Example:
        >>> bernoulli_log_prob(torch.ones(784), torch.zeros(5, 784))[0] / 784
        tensor(-0.6931)
    """
    if value.requires_grad or torch.compiler.is_compiling() or not _same_rows(value, logits):
        wide = widen(logits)
        return (value * wide).sum(-1) - functional.softplus(wide).sum(-1)
    return _log_prob(value, logits)


def widen(numbers: Tensor) -> Tensor:
    """Return numbers of any floating type as float32, or as double.

    Args:
        numbers: any shape.
    """
    return numbers.to(torch.promote_types(numbers.dtype, torch.float32))


def _same_rows(value: Tensor, logits: Tensor) -> bool:
    """Return whether there are logits for each row, or for each of several samples of each row."""
    leading = logits.dim() - value.dim()
    return leading >= 0 and value.shape == logits.shape[leading:] and logits.numel() > 0


def _blocks(value: Tensor, logits: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield rows (r, F) and the logits (k, r, F) of k samples of them, in the order of memory."""
    if logits.numel() <= _BLOCK or is_fusing() or logits.is_cuda:
        yield value, logits
        return
    features = logits.shape[-1]
    rows = value.reshape(-1, features)
    samples = logits.reshape(-1, *rows.shape)
    most = max(1, _BLOCK // features)
    if len(rows) <= most:
        yield from ((rows, some) for some in torch.split(samples, most // len(rows)))
        return
    for sample in torch.split(samples, 1):
        yield from zip(torch.split(rows, most), torch.split(sample, most, 1), strict=True)


def _log_product(factors: Tensor) -> Tensor:
    """Sum the logarithms of factors from 1/2 to 1 over the last dimension."""
    features = factors.shape[-1]
    size = features // -(-features // _GROUP)
    whole = features // size * size
    groups = factors[..., :whole].reshape(*factors.shape[:-1], -1, size)
    logs = groups.prod(-1).log().sum(-1)
    return logs if whole == features else logs + factors[..., whole:].prod(-1).log()


def _block_log_prob(x: Tensor, logits: Tensor) -> Tensor:
    """Return log-probabilities (k, r) of rows (r, F) with logits (k, r, F)."""
    wide = widen(logits)
    if logits.is_cuda:  # logarithms are as fast as memory there, and this is one kernel
        return (x * wide - functional.softplus(wide)).sum(-1)
    linear = (x * wide).sum(-1) - wide.clamp_min(0).sum(-1)
    size = wide.abs() if wide is logits else wide.abs_()
    return linear + _log_product(size.sigmoid_())


def _block_gradients(value: Tensor, logits: Tensor, gradient: Tensor) -> Iterator[Tensor]:
    """Yield the gradient of each block of logits, in float32 or double."""
    done, each = 0, gradient.reshape(-1)
    for x, some in _blocks(value, logits):
        size = some.shape[:-1].numel()
        weight = each[done : done + size].reshape(*some.shape[:-1], 1)
        done += size
        wide = widen(some)
        if torch.is_grad_enabled():  # for a second derivative
            yield (x - wide.sigmoid()) * weight
        else:  # in place, in the memory of one block
            probability = wide.sigmoid() if wide is some else wide.sigmoid_()
            yield probability.neg_().add_(x).mul_(weight)


def _join(parts: Iterator[Tensor], *, shape: torch.Size, dtype: torch.dtype) -> Tensor:
    """Join blocks, each copied to its place and freed before the next one is computed."""
    part = next(parts)
    if part.numel() == shape.numel():
        return part.to(dtype).reshape(shape)
    joined, done = part.new_empty(shape.numel(), dtype=dtype), 0
    while True:
        joined[done : done + part.numel()].copy_(part.reshape(-1))
        done += part.numel()
        if done == len(joined):
            return joined.reshape(shape)
        del part  # before the next block is computed
        part = next(parts)


class _LogProb(torch.autograd.Function):
    """The log-probability by blocks, with a derivative by hand."""

    generate_vmap_rule = True

    @staticmethod
    def forward(value: Tensor, logits: Tensor) -> Tensor:
        """(...) for logits (..., F)."""
        parts = (_block_log_prob(x, some) for x, some in _blocks(value, logits))
        dtype = torch.promote_types(logits.dtype, torch.float32)
        return _join(parts, shape=logits.shape[:-1], dtype=dtype)

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        """Keep rows and logits, which take no further memory."""
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: BackwardCFunction, gradient: Tensor) -> tuple[None, Tensor]:
        """Multiply by x - p; only the result is as large as the logits."""
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        value, logits = saved
        parts = _block_gradients(value, logits, gradient)
        return None, _join(parts, shape=logits.shape, dtype=logits.dtype)


_log_prob: Callable[[Tensor, Tensor], Tensor] = _LogProb.apply


_SERIES_BELOW = 0.1
"""The mean at smaller logits is computed by a power series, without cancellation."""


class ContinuousBernoulli(UnvalidatedDistribution):
    r"""Density on [0, 1] whose shape is that of a Bernoulli probability.

    .. math:: \log p(x) = x l - \log \frac{e^l - 1}{l}

    This is :math:`\lambda^x (1-\lambda)^{1-x}` and its normalizing constant, written in the
    logit :math:`l` of :math:`\lambda`. The class of the same name in ``torch.distributions``
    computes the constant from a clamped :math:`\lambda`, so that in float32 it is no density
    beyond :math:`|l| = 16`, which black pixels reach; this one is.

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

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        super().__init__(logits.shape)

    @property
    def mean(self) -> Tensor:
        r"""Mean :math:`1 / (1 - e^{-l}) - 1 / l`, inside [0, 1]."""
        return _continuous_mean(self.logits)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density in nats of values in [0, 1] broadcastable to the batch."""
        return value * self.logits - _log_normalizer(self.logits)

    def sample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw by the inverse of the distribution function, (*sample_shape, ...)."""
        with torch.no_grad():
            logits = self.logits.expand(self._extended_shape(torch.Size(sample_shape)))
            uniform = torch.rand_like(logits)
            rate = logits.abs().clamp_min(1e-4)
            from_zero = -torch.log1p(uniform * torch.expm1(-rate)) / rate
            return torch.where(logits > 0, 1 - from_zero, from_zero).clamp(0, 1)


def _continuous_mean(logits: Tensor) -> Tensor:
    """Return the mean of continuous Bernoulli variables, of the shape of their logits."""
    small = logits.abs() < _SERIES_BELOW
    safe = torch.where(small, 1.0, logits)
    inside = torch.where(small, logits, 0.0)
    series = 0.5 + inside * (1 / 12 - inside.square() / 720)
    return torch.where(small, series, -1 / torch.expm1(-safe) - 1 / safe)


class _LogNormalizer(torch.autograd.Function):
    r"""Logarithm of :math:`(e^l - 1) / l`, without overflow or cancellation.

    Its derivative is the mean, as in every exponential family; that of autograd cancels near zero,
    and takes three times as long.
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
        return gradient * _continuous_mean(logits)


_log_normalizer: Callable[[Tensor], Tensor] = _LogNormalizer.apply


class BernoulliVector(UnvalidatedDistribution):
    r"""Independent Bernoulli variables, as one event.

    .. math:: \log p(x) = \sum_f x_f l_f - \log(1 + e^{l_f})

    with logits :math:`l`: without a sigmoid no logarithm of zero can appear. A value between 0 and
    1 gives the negative cross-entropy by the same formula. Logits may be bf16; what is computed
    from them is float32.

    Args:
        logits: (..., F), bf16 or wider.

    Attributes:
        logits: (..., F), as given.

    Example:
        >>> BernoulliVector(torch.zeros(784)).log_prob(torch.ones(100, 784))[0] / 784
        tensor(-0.6931)
    """

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        super().__init__(logits.shape[:-1], logits.shape[-1:])

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
