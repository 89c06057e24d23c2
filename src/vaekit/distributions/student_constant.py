"""The constant of Student's t, exact also where the degrees of freedom are many."""

import math

import torch
from torch import Tensor

__all__ = ["constant_with_slope", "student_constant"]

_STEPS = torch.arange(8.0)


def student_constant(df: Tensor) -> Tensor:
    r"""What the log-density of a Student's t of variance 1 is at 0.

    .. math:: \log\frac{\Gamma(h + \frac12)}{\Gamma(h) \sqrt{\pi (\nu - 2)}}, \quad h = \nu / 2,
        \quad \log\frac{\Gamma(h + \frac12)}{\Gamma(h)} = \sum_{i=0}^7
        \log\frac{h + i}{h + i + \frac12}
        + \tfrac12 \log y - \frac{1}{8y} + \frac{1}{192 y^3} - \frac{1}{640 y^5}, \quad y = h + 8

    The difference of two log-gammas of large numbers loses its digits; this one does not, and a
    compiler has vector instructions for it. The error of the series is below 1e-9.

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
    """The constant, and its derivative by the degrees of freedom.

    Args:
        df: degrees of freedom above 2, any shape.
        slope: whether it is wanted.

    Returns:
        Both of the same shape; in place of a derivative that is not wanted the constant again.

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
