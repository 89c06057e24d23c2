"""Student's t distributions."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vaekit.distributions.continuous import LocationScale, standardise
from vaekit.distributions.sampling import SampleShape, UnvalidatedDistribution

__all__ = ["Student", "StudentColumns", "constant_with_slope", "student_constant"]


_STEPS = torch.arange(8.0)


def student_constant(df: Tensor) -> Tensor:
    r"""Return the log-density at 0 of Student's t of variance 1.

    .. math:: \log\frac{\Gamma(h + \frac12)}{\Gamma(h) \sqrt{\pi (\nu - 2)}}, \quad h = \nu / 2,
        \quad \log\frac{\Gamma(h + \frac12)}{\Gamma(h)} = \sum_{i=0}^7
        \log\frac{h + i}{h + i + \frac12}
        + \tfrac12 \log y - \frac{1}{8y} + \frac{1}{192 y^3} - \frac{1}{640 y^5}, \quad y = h + 8

    The difference of two log-gammas of large numbers cancels; this does not, and it vectorises. The
    error of the series is below 1e-9.

    Args:
        df: degrees of freedom above 2, any shape.

    Returns:
        The same shape, in nats.

    Example:
        >>> student_constant(torch.tensor([4.0])).exp()  # 3 / 8 * sqrt(2)
        tensor([0.5303])
    """
    return constant_with_slope(df, slope=False)[0]


def constant_with_slope(df: Tensor, *, slope: bool = True) -> tuple[Tensor, Tensor]:
    """Return the constant and its derivative with respect to the degrees of freedom.

    Args:
        df: degrees of freedom above 2, any shape.
        slope: whether to compute the derivative.

    Returns:
        Both of the same shape; the constant twice without a derivative.

    Example:
        >>> constant_with_slope(torch.tensor([4.0]))[1]
        tensor([-0.1098])
    """
    half, spread = 0.5 * df, df - 2
    lower = half.unsqueeze(-1) + _STEPS.to(df)
    upper = lower + 0.5
    one = (half + len(_STEPS)).reciprocal()
    square = one * one
    series = one * (square * (1 / 192 - square / 640) - 1 / 8)
    constant = (lower / upper).log().sum(-1) + series - 0.5 * (math.pi * one * spread).log()
    if not slope:
        return constant, constant
    series = one * (one * (square * (square / 128 - 1 / 64) + 1 / 8) + 1 / 2)
    return constant, 0.5 * ((0.5 / (lower * upper)).sum(-1) + series - spread.reciprocal())


class Student(UnvalidatedDistribution):
    r"""Student's t, parametrised by its standard deviation.

    .. math:: \log p(x) = -\tfrac{\nu + 1}{2} \log\Big(1 + \frac{(x - \mu)^2}{\nu \tau^2}\Big)
              - \log \tau + \log\frac{\Gamma(\frac{\nu + 1}{2})}
              {\Gamma(\frac{\nu}{2}) \sqrt{\pi \nu}},
              \quad \tau = \sigma \sqrt{\frac{\nu - 2}{\nu}}

    so that the scale has the same meaning for all tails. The constant is computed once for each
    feature; ``torch.distributions.StudentT`` computes it for all samples of all rows.

    Args:
        loc: :math:`\mu`, (..., F).
        scale: the standard deviation :math:`\sigma`, (..., F).
        df: degrees of freedom :math:`\nu` > 2, (F,).

    Attributes:
        loc: (..., F).
        scale: (..., F).
        df: (F,).

    Example:
        >>> p = Student(torch.zeros(1), torch.ones(1), torch.tensor([4.0]))
        >>> p.log_prob(torch.zeros(1)).exp()  # 3 / 8 * sqrt(2)
        tensor([0.5303])
    """

    has_rsample = True

    def __init__(self, loc: Tensor, scale: Tensor, df: Tensor) -> None:
        self.loc = loc
        self.scale = scale
        self.df = df
        super().__init__(loc.shape)

    @property
    def mean(self) -> Tensor:
        """Means (..., F)."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """Most probable values (..., F)."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """Variances (..., F)."""
        return self.scale.square().expand(self.loc.shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density (..., F) in nats."""
        df = self.df
        distance = ((value - self.loc) / self.scale).square()
        tail = -0.5 * (df + 1) * torch.log1p(distance / (df - 2))
        return tail - self.scale.log() + student_constant(df)

    def rsample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw a normal over the root of a gamma, (*sample_shape, ..., F)."""
        loc = self.loc.expand(self._extended_shape(torch.Size(sample_shape)))
        half = (0.5 * self.df).expand(loc.shape).contiguous()
        gamma = torch.distributions.Gamma(half, 0.5 * (self.df - 2), validate_args=False)
        return loc + self.scale * torch.randn_like(loc) * gamma.rsample().rsqrt()


class StudentColumns(UnvalidatedDistribution):
    r"""Columns of real numbers, each Student's t, from the output of a network.

    .. math:: x = m + s u, \quad \log\sigma = b(r), \quad
              e^{4 b(r)} = e^{4l} + \frac{e^{4h}}{1 + e^{4 (h - r)}}

    with u of :class:`Student`, the location standardised, and r kept smoothly between l and h: b
    is :func:`vaekit.models.columns.bound_between`, whose fourth power takes one sigmoid.

    With the few rows of a table, most of a training step is the overhead of many small operations.
    :meth:`row_log_prob` is one operation with a manual derivative.

    Args:
        numbers: (..., 2 F), locations and behind them r.
        df: degrees of freedom above 2, (F,).
        location: m, (F,).
        scale: s > 0, (F,).
        bounds: l and h.

    Attributes:
        numbers: (..., 2 F).
        df: (F,).

    Example:
        >>> numbers, units = torch.zeros(5, 4), torch.ones(2)
        >>> p = StudentColumns(
        ...     numbers, 8 * units, location=units, scale=units, bounds=(-5.0, 2.0)
        ... )
        >>> row = torch.tensor([1.0, 3.0])
        >>> p.row_log_prob(row)[0], p.log_prob(row)[0].sum()
        (tensor(-3.9114), tensor(-3.9114))
    """

    has_rsample = True

    def __init__(
        self,
        numbers: Tensor,
        df: Tensor,
        *,
        location: Tensor,
        scale: Tensor,
        bounds: tuple[float, float],
    ) -> None:
        self.numbers = numbers
        self.df = df
        self._location = location
        self._scale = scale
        self._bounds = bounds
        batch = torch.Size((*numbers.shape[:-1], numbers.shape[-1] // 2))
        super().__init__(batch)

    @property
    def _each(self) -> LocationScale:
        loc, raw = self.numbers.chunk(2, -1)
        low, high = (math.exp(4 * bound) for bound in self._bounds)
        fourth = low + high * torch.sigmoid(4 * (raw - self._bounds[1]))
        return LocationScale(
            Student(loc, fourth.sqrt().sqrt(), self.df), self._location, self._scale
        )

    @property
    def mean(self) -> Tensor:
        """Means (..., F)."""
        return self._each.mean

    @property
    def mode(self) -> Tensor:
        """Most probable values (..., F)."""
        return self._each.mode

    def rsample(self, sample_shape: SampleShape = ()) -> Tensor:
        """Draw values that gradients flow through, (*sample_shape, ..., F)."""
        return self._each.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density (..., F) in nats per unit of x."""
        return self._each.log_prob(value)

    def row_log_prob(self, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """Log-density of rows, over their observed cells.

        Args:
            value: (..., F) rows, without a gradient of their own.
            mask: (..., F) true where a cell is observed; all are when absent.

        Returns:
            (...) in nats.
        """
        u = standardise(value, location=self._location, scale=self._scale)
        observed = torch.ones_like(u, dtype=torch.bool) if mask is None else mask
        # PyTorch gives this one no types.
        shape = torch.broadcast_shapes(self.batch_shape, u.shape)  # type: ignore[no-untyped-call]
        return _row_log_density(
            self.numbers.expand(*shape[:-1], self.numbers.shape[-1]),
            self.df,
            u,
            observed,
            self._scale.log(),
            self._bounds,
            torch.is_grad_enabled(),
        )[0]


class _RowLogDensity(torch.autograd.Function):
    """Sum of the log-densities of a row, with its derivatives by numbers and degrees of freedom.

    With S = sigma^4, P the sigmoid in it, e = u - loc, z = e / sigma^2, q = e z and
    w = (nu + 1) / (nu - 2 + q):

        d/d loc = w z, d/d r = (w q - 1) (1 - P) (1 - e^{4l} / S),
        d/d nu = (w q / (nu - 2) - log(1 + q / (nu - 2))) / 2 + the constant's.
    """

    @staticmethod
    def forward(
        numbers: Tensor,
        df: Tensor,
        u: Tensor,
        mask: Tensor,
        offset: Tensor,
        bounds: tuple[float, float],
        grad: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Total (...), and its derivatives by numbers (..., 2 F) and by df (..., F) if asked."""
        loc, raw = numbers.chunk(2, -1)
        low, high = (math.exp(4 * bound) for bound in bounds)
        sigmoid = torch.sub(raw, bounds[1]).mul_(4).sigmoid_()
        fourth = (sigmoid * high).add_(low)
        error = u - loc
        z = fourth.rsqrt().mul_(error)
        q = error.mul_(z)
        spread = df - 2
        log_tail = (q / spread).log1p_()
        half = 0.5 * (df + 1)
        each = (log_tail * -half).sub_(fourth.log(), alpha=0.25)
        constant, slope = constant_with_slope(df, slope=grad)
        each += constant - offset
        observed = mask.to(each.dtype)  # hidden values are finite, so 0 times them is 0
        total = each.mul_(observed).sum(-1)
        if not grad:
            return total, total, total
        by_numbers = numbers.new_empty(numbers.shape)
        by_loc, by_raw = by_numbers.chunk(2, -1)
        weight = (q + spread).reciprocal_().mul_(df + 1)
        torch.mul(weight, z, out=by_loc)
        weight.mul_(q)
        torch.mul(weight - 1, 1 - sigmoid, out=by_raw)
        by_raw.mul_(fourth.reciprocal_().mul_(-low).add_(1))
        by_df = (weight / spread).sub_(log_tail).mul_(0.5).add_(slope)
        by_loc.mul_(observed)
        by_raw.mul_(observed)
        return total, by_numbers, by_df.mul_(observed)

    @staticmethod
    def setup_context(
        ctx: Any,  # noqa: ANN401 - PyTorch's context takes any attribute
        inputs: tuple[Any, ...],
        output: tuple[Tensor, ...],
    ) -> None:
        """Keep the derivatives."""
        _, by_numbers, by_df = output
        ctx.df_shape = inputs[1].shape
        if inputs[-1]:
            ctx.mark_non_differentiable(by_numbers, by_df)
            ctx.save_for_backward(by_numbers, by_df)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any,  # noqa: ANN401 - as above
        *grads: Tensor,
    ) -> tuple[Tensor | None, ...]:
        """Multiply them by the gradient of the total."""
        by_numbers, by_df = ctx.saved_tensors
        grad = grads[0].unsqueeze(-1)
        slope = (grad * by_df).sum_to_size(ctx.df_shape) if ctx.needs_input_grad[1] else None
        return grad * by_numbers, slope, None, None, None, None, None

    @staticmethod
    def vmap(
        info: Any,  # noqa: ANN401 - PyTorch has no public name for it
        in_dims: tuple[int | None, ...],
        *inputs: Any,  # noqa: ANN401 - tensors, bounds and a flag, as apply takes them
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Broadcast over stacked models."""
        numbers, *others = (
            _lead(each, dim) for each, dim in zip(inputs[:5], in_dims[:5], strict=True)
        )
        if numbers.shape[0] != info.batch_size:
            numbers = numbers.expand(info.batch_size, *numbers.shape[1:])
        others = [
            each.reshape(each.shape[0], *[1] * (numbers.ndim - each.ndim), *each.shape[1:])
            for each in others
        ]
        return _row_log_density(numbers, *others, *inputs[5:]), (0, 0, 0)


_row_log_density: Callable[..., tuple[Tensor, Tensor, Tensor]] = _RowLogDensity.apply


def _lead(tensor: Tensor, dim: int | None) -> Tensor:
    """Move the axis of the models to the front."""
    return tensor.unsqueeze(0) if dim is None else tensor.movedim(dim, 0)
