"""Normalizing flows: planar, radial, autoregressive and spline, and the flow prior."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal
from torch.nn import functional

from vaekit.distributions import Bijection, Inverse, Point, PushForward, Rescaled
from vaekit.errors import ConfigError
from vaekit.models.base import Conditional, Head, own_parameters

__all__ = [
    "AutoregressiveFlow",
    "Flow",
    "FlowPosterior",
    "FlowPrior",
    "PlanarFlow",
    "RadialFlow",
    "SplineFlow",
]


AT_ZERO = math.log(math.e - 1)
"""Shift at which softplus is 1."""
MARGIN = 1e-4
"""How far, in relative volume, a planar or radial step stays away from not being invertible."""


class Flow(nn.Module, ABC):
    """A bijection that depends on a context.

    Attributes:
        inputs: how many numbers of a row it reads.
    """

    inputs: int

    @abstractmethod
    def forward(self, context: Tensor) -> Bijection:
        """Bijection of (..., D) given a context (..., inputs)."""


class FlowPosterior(Head):
    r"""A flow on top of another posterior.

    .. math:: z = m + s f\left(\frac{u - m}{s}; c\right), \quad u \sim q_0(\cdot \mid x), \quad
              \log q(z|x) = \log q_0(u|x) - \log |\det \partial f / \partial u|

    with mean m and standard deviation s of the base. The flow bends in units of the base: a
    posterior is often a hundred times narrower than the prior, and a step that acts on u itself
    (as in the paper; the family of planar flows is the same) would have to find both place and
    width of it first, a spline has one bin there. The first numbers of a row are the base's
    parameters, the others the flow's. On a point the flow moves the point. The mean of the
    distribution is the image of the base's mean.

    Args:
        base: the posterior that is bent.
        flow: how it is bent.

    Attributes:
        inputs: those of the base and of the flow.

    Example:
        >>> from vaekit.models.posteriors import DiagonalGaussian
        >>> head = FlowPosterior(DiagonalGaussian(2), PlanarFlow(2, length=4))
        >>> z, log_q = head(torch.zeros(5, head.inputs)).rsample_and_log_prob((3,))
        >>> z.shape, log_q.shape
        (torch.Size([3, 5, 2]), torch.Size([3, 5]))

    Source:
        Rezende and Mohamed 2015, arXiv:1505.05770.
    """

    def __init__(self, base: Head, flow: Flow) -> None:
        super().__init__()
        self.base = base
        self.flow = flow
        self.inputs = base.inputs + flow.inputs

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Read (..., inputs): batch (...), event (D,)."""
        context = own_parameters(self, context, inputs=self.inputs)
        q = self.base(context[..., : self.base.inputs])
        bijection = self.flow(context[..., self.base.inputs :])
        if isinstance(q, Point):
            return Point(bijection.push(q.loc)[0])
        units = Rescaled(bijection, centre=q.mean, scale=q.stddev)
        return PushForward(q, units)


class PlanarFlow(Flow):
    r"""Steps that push along one direction, depending on the position along another.

    .. math:: f(z) = z + \hat u \tanh(w^\top z + b), \quad
              \log |\det| = \log |1 + \hat u^\top w \, (1 - \tanh^2)|

    :math:`\hat u = u + (m(w^\top u) - w^\top u) w / \|w\|^2` with
    :math:`m(a) = \mathrm{softplus}(a + \log(e - 1)) - 1 + 10^{-4}` keeps
    :math:`\hat u^\top w > -1`, so every step is invertible; but its inverse has no closed form,
    so only the density of the flow's own samples is known. The paper's m has no constant, and
    m(0) = -0.31: a step with small u and w then moves its samples far, which training has to
    undo. With the constant m(0) is the margin. What is read as u is multiplied by a learned gain
    that starts at 0, one for each step: a flow that has learnt nothing does nothing.

    Args:
        dim: latent dimensions D.
        length: number of steps.

    Attributes:
        inputs: length * (2 D + 1).

    Example:
        >>> flow = PlanarFlow(2, length=4)
        >>> z, log_change = flow(torch.zeros(5, flow.inputs)).push(torch.randn(3, 5, 2))
        >>> z.shape, log_change.shape
        (torch.Size([3, 5, 2]), torch.Size([3, 5]))

    Source:
        Rezende and Mohamed 2015, arXiv:1505.05770, equation 10 and appendix A.1. The gain:
        Bachlechner et al. 2020, arXiv:2003.04887.
    """

    def __init__(self, dim: int, *, length: int) -> None:
        super().__init__()
        self.length = length
        self.sizes = (dim, dim, 1)
        self.inputs = length * sum(self.sizes)
        self.gain = nn.Parameter(torch.zeros(length))

    def forward(self, context: Tensor) -> Bijection:
        """Read u, w and b of each step from (..., inputs)."""
        read = _steps_of(context, self.length, self.sizes)
        steps = [(gain * u, w, b) for gain, (u, w, b) in zip(self.gain, read, strict=True)]
        return _Steps(_planar_step, steps, name="planar")


class RadialFlow(Flow):
    r"""Steps that pull towards a centre or push away from it.

    .. math:: f(z) = z + \frac{\beta}{\alpha + r} (z - z_0), \quad r = \|z - z_0\|, \quad
              \log |\det| = (D - 1) \log \frac{r + s}{\alpha + r}
              + \log \frac{r^2 + 2 \alpha r + s \alpha}{(\alpha + r)^2}

    with :math:`\alpha > 0` and :math:`s = \alpha + \beta > 0`, both a softplus plus
    :math:`10^{-4}`, so every step is invertible; but only the density of the flow's own samples
    is computed. The softplus of s is of what is read for :math:`\alpha` plus what is read for s
    times a learned gain that starts at 0: a flow that has learnt nothing does nothing.

    Args:
        dim: latent dimensions D.
        length: number of steps.

    Attributes:
        inputs: length * (D + 2).

    Example:
        >>> flow = RadialFlow(2, length=4)
        >>> z, log_change = flow(torch.zeros(5, flow.inputs)).push(torch.randn(3, 5, 2))
        >>> z.shape, log_change.shape
        (torch.Size([3, 5, 2]), torch.Size([3, 5]))

    Source:
        Rezende and Mohamed 2015, arXiv:1505.05770, equation 14 and appendix A.2.
    """

    def __init__(self, dim: int, *, length: int) -> None:
        super().__init__()
        self.length = length
        self.sizes = (dim, 1, 1)
        self.inputs = length * sum(self.sizes)
        self.gain = nn.Parameter(torch.zeros(length))

    def forward(self, context: Tensor) -> Bijection:
        """Read the centre, alpha and s of each step from (..., inputs)."""
        read = _steps_of(context, self.length, self.sizes)
        steps = [
            (c, alpha, alpha + gain * s)
            for gain, (c, alpha, s) in zip(self.gain, read, strict=True)
        ]
        return _Steps(_radial_step, steps, name="radial")


class _Steps(Bijection):
    """The same kind of step several times, with parameters of its own each time.

    Args:
        step: from (..., D) and parameters to (..., D) and the log of the volume change (...).
        parameters: those of each step.
        name: what to call the flow in a message.
    """

    def __init__(
        self,
        step: Callable[..., tuple[Tensor, Tensor]],
        parameters: Sequence[Sequence[Tensor]],
        *,
        name: str,
    ) -> None:
        self.step = step
        self.parameters = parameters
        self.name = name

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Take all steps."""
        total = torch.zeros_like(z[..., 0])
        for parameters in self.parameters:
            z, change = self.step(z, *parameters)
            total = total + change
        return z, total

    def pull(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Refuse: the inverse has no closed form."""
        raise ConfigError(
            f"the density of a {self.name} flow is known at its own samples only, and was asked "
            "for elsewhere: use rsample_and_log_prob, or a flow that is autoregressive or spline"
        )


def _steps_of(context: Tensor, length: int, sizes: Sequence[int]) -> list[tuple[Tensor, ...]]:
    """Cut a context (..., length * sum(sizes)) into the parameters of each step."""
    steps = torch.split(context, sum(sizes), -1) if length else ()
    return [torch.split(step, list(sizes), -1) for step in steps]


def _planar_step(z: Tensor, u: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """One planar step; u, w: (..., D), b: (..., 1)."""
    norm = w.square().sum(-1, keepdim=True) + torch.finfo(w.dtype).eps
    inner = (w * u).sum(-1, keepdim=True)
    raised = functional.softplus(inner + AT_ZERO) - 1 + MARGIN
    u_hat = u + (raised - inner) * w / norm
    activation = torch.tanh((w * z).sum(-1, keepdim=True) + b)
    # Near -1 a product of u_hat and w would cancel: its exact value is known.
    slack = torch.finfo(w.dtype).eps / norm
    product = raised * (1 - slack) + inner * slack
    square = activation.square()
    change = torch.log(square + (1 + product) * (1 - square))
    return z + u_hat * activation, change.squeeze(-1)


def _radial_step(z: Tensor, centre: Tensor, alpha: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
    """One radial step; centre: (..., D), raw alpha and s: (..., 1)."""
    alpha = functional.softplus(alpha) + MARGIN
    s = functional.softplus(s) + MARGIN
    away = z - centre
    r = away.norm(dim=-1, keepdim=True)
    reach = alpha + r
    across = (away.shape[-1] - 1) * ((r + s).log() - reach.log())
    along = (r.square() + 2 * alpha * r + s * alpha).log() - 2 * reach.log()
    return z + (s - alpha) / reach * away, (across + along).squeeze(-1)


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
