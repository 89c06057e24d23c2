"""Autoregressive and spline flows, and the prior made of one; the maps come from zuko."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal

from vaekit.distributions import Bijection, Inverse, PushForward
from vaekit.models.conditional import Conditional
from vaekit.models.flows import Flow

__all__ = ["AutoregressiveFlow", "FlowPrior", "SplineFlow"]

_START = 0.01  # size of the last weights, as a share of the usual one
BINS = 8
"""Pieces of a spline on [-5, 5]; outside it is the identity."""


class AutoregressiveFlow(Flow):
    r"""Affine steps, each dimension scaled and shifted depending on those before it.

    .. math:: z_i = u_i \, s_i(u_{<i}, c) + t_i(u_{<i}, c), \quad
              \log |\det| = \sum_i \log s_i

    The order of the dimensions alternates. Sampling takes one pass of the masked networks
    (an inverse autoregressive flow); the density at other points takes D of them.

    Args:
        dim: latent dimensions D.
        length: number of steps.
        context: numbers of a row that the masked networks read.
        hidden: widths of the masked networks.

    Attributes:
        inputs: ``context``, or 0 when there is no step.

    Example:
        >>> flow = AutoregressiveFlow(2, length=2)
        >>> z, log_change = flow(torch.zeros(5, flow.inputs)).push(torch.randn(3, 5, 2))
        >>> z.shape, log_change.shape
        (torch.Size([3, 5, 2]), torch.Size([3, 5]))

    Source:
        Kingma et al. 2016, arXiv:1606.04934; Germain et al. 2015 (MADE), arXiv:1502.03509.
    """

    def __init__(
        self, dim: int, *, length: int, context: int = 16, hidden: Sequence[int] = (64, 64)
    ) -> None:
        super().__init__()
        self.inputs = context if length else 0
        self.steps = _masked_steps(dim, length=length, context=context, hidden=hidden)

    def forward(self, context: Tensor) -> Bijection:
        """Read (..., inputs)."""
        return _Chain([step(context) for step in self.steps])


class SplineFlow(Flow):
    r"""Monotonic rational-quadratic splines, each dimension depending on those before it.

    A step is a spline of 8 pieces on [-5, 5] and the identity outside, so it can make several
    modes out of one. Sampling takes one pass of the masked networks; the density at other points
    takes D of them.

    Args:
        dim: latent dimensions D.
        length: number of steps.
        context: numbers of a row that the masked networks read.
        hidden: widths of the masked networks.

    Attributes:
        inputs: ``context``, or 0 when there is no step.

    Example:
        >>> flow = SplineFlow(2, length=2)
        >>> z, log_change = flow(torch.zeros(5, flow.inputs)).push(torch.randn(3, 5, 2))
        >>> z.shape, log_change.shape
        (torch.Size([3, 5, 2]), torch.Size([3, 5]))

    Source:
        Durkan et al. 2019, arXiv:1906.04032.
    """

    def __init__(
        self, dim: int, *, length: int, context: int = 16, hidden: Sequence[int] = (64, 64)
    ) -> None:
        super().__init__()
        self.inputs = context if length else 0
        zuko = _import_zuko()
        self.steps = _masked_steps(
            dim,
            length=length,
            context=context,
            hidden=hidden,
            univariate=zuko.transforms.MonotonicRQSTransform,
            shapes=((BINS,), (BINS,), (BINS - 1,)),
        )

    def forward(self, context: Tensor) -> Bijection:
        """Read (..., inputs)."""
        return _Chain([step(context) for step in self.steps])


class FlowPrior(Conditional):
    r"""A masked autoregressive flow on N(0, I) as prior.

    .. math:: \log p(z) = \log N(f(z); 0, I) + \log |\det \partial f / \partial z|

    The density, which training needs, takes one pass of the masked networks; sampling takes D.

    Args:
        dim: latent dimensions D.
        length: number of steps.
        hidden: widths of the masked networks.

    Example:
        >>> prior = FlowPrior(2, length=3)
        >>> prior().log_prob(torch.zeros(4, 5, 2)).shape
        torch.Size([4, 5])

    Source:
        Papamakarios, Pavlakou and Murray 2017, arXiv:1705.07057; as a prior, Chen et al. 2017,
        arXiv:1611.02731.
    """

    loc: Tensor
    scale: Tensor

    def __init__(self, dim: int, *, length: int = 3, hidden: Sequence[int] = (64, 64)) -> None:
        super().__init__()
        self.steps = _masked_steps(dim, length=length, context=0, hidden=hidden)
        self.register_buffer("loc", torch.zeros(dim), persistent=False)
        self.register_buffer("scale", torch.ones(dim), persistent=False)

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Batch (), event (D,)."""
        base = Independent(
            Normal(self.loc, self.scale, validate_args=False), 1, validate_args=False
        )
        return PushForward(base, Inverse(_Chain([step() for step in self.steps])))


class _Chain(Bijection):
    """Transforms of zuko, one after the other.

    Args:
        transforms: those of event dimension 1, in the order of :meth:`push`.
    """

    def __init__(self, transforms: Sequence[Any]) -> None:
        self.transforms = transforms

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Apply them in order, one pass each."""
        total = torch.zeros_like(z[..., 0])
        for transform in self.transforms:
            z, change = transform.call_and_ladj(z)
            total = total + change
        return z, total

    def pull(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Undo them from the last to the first, D passes each."""
        total = torch.zeros_like(z[..., 0])
        for transform in reversed(self.transforms):
            z = transform.inv(z)
            total = total - transform.call_and_ladj(z)[1]
        return z, total


def _masked_steps(
    dim: int,
    *,
    length: int,
    context: int,
    hidden: Sequence[int],
    univariate: Callable[..., Any] | None = None,
    shapes: Sequence[tuple[int, ...]] = ((), ()),
) -> nn.ModuleList:
    """Masked autoregressive transforms of zuko, in ascending and descending order by turns.

    Args:
        dim: latent dimensions D.
        length: number of transforms.
        context: numbers of a row that they read besides the code.
        hidden: widths of their networks.
        univariate: what is done to each dimension; affine when absent.
        shapes: shapes of its parameters for one dimension.

    Returns:
        Modules that make a transform of a context.
    """
    zuko = _import_zuko()
    ascending = torch.arange(dim)
    steps = nn.ModuleList(
        zuko.flows.MaskedAutoregressiveTransform(
            dim,
            context,
            order=ascending.flip(0) if i % 2 else ascending,
            univariate=univariate or zuko.transforms.MonotonicAffineTransform,
            shapes=shapes,
            hidden_features=tuple(hidden),
        )
        for i in range(length)
    )
    # A flow that has learnt nothing does next to nothing.
    with torch.no_grad():
        for step in steps:
            network = step.hyper
            assert isinstance(network, nn.Sequential)
            for parameter in network[-1].parameters():
                parameter.mul_(_START)
    return steps


def _import_zuko() -> ModuleType:
    """Import zuko, and undo what importing it does to every distribution of the process.

    It switches argument validation off and empties ``Distribution.arg_constraints``; neither
    is needed for its transforms.
    """
    before = {name: Distribution.__dict__[name] for name in ("_validate_args", "arg_constraints")}
    try:
        import zuko
    finally:
        for name, value in before.items():
            setattr(Distribution, name, value)
    module: ModuleType = zuko
    return module
