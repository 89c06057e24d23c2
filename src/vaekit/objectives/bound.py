"""Evidence lower bound, importance-weighted bound, and their weighted variants."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal, kl_divergence

from vaekit.errors import ConfigError
from vaekit.models.base import Trace, TraceGroup
from vaekit.numerics import logmeanexp
from vaekit.objectives.base import Objective, Terms

__all__ = ["Bound", "has_closed_form", "kl_per_dim", "rate_weight", "set_rate_weight"]


Reduce = Callable[..., Tensor]


class Bound(Objective):
    r"""A weighted bound on log p(x).

    .. math::
        \ell(x) = -\mathop{\mathrm{reduce}}_{k=1}^{K}\Big[\log p(x|z_k)
            + \beta\,\big(\log p(z_k) - \eta \log q(z_k|x)\big)\Big], \quad z_k \sim q(z|x)

    ==================  ===========================================
    VAE                 ``Bound()``
    beta-VAE, C         ``Bound(beta=C)``
    IWAE                ``Bound(reduce=logmeanexp)``, K samples
    EM autoencoder      ``Bound(entropy=0.0)``
    autoencoder         ``Bound(beta=0.0)``, point posterior
    ==================  ===========================================

    With several groups of latent variables the rate is the sum of theirs, and ``Terms.extra`` has
    the rate of each.

    Args:
        beta: weight of the rate.
        entropy: weight of the entropy of q within the rate, eta.
        reduce: over the samples: ``torch.mean``, ``logmeanexp``, or any function that maps the
            log-weights (K, B) to (B,), such as ``lambda log_w: log_w.amax(0)``.
        analytic: take the rate in closed form where q and p are diagonal Gaussians; elsewhere it
            is sampled. Only the mean has a closed form.
        free_bits: nats of each latent dimension that are not penalised: the closed-form KL of
            a dimension, averaged over the batch, counts only where it exceeds this.

    Attributes:
        importance_weighted: whether the samples are reduced by ``logmeanexp``.

    Raises:
        ConfigError: free bits without a closed-form rate, or a ``reduce`` that does not map
            (K, B) to (B,).

    Example:
        >>> import torch
        >>> from vaekit import MLP, VAE, Amortized, Bernoulli, DiagonalGaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [], 8), Bernoulli(8)),
        ... )
        >>> Bound()(model(torch.zeros(5, 8))).loss.shape
        torch.Size([5])

    Source:
        Kingma and Welling 2014, arXiv:1312.6114, eq. 3; Burda, Grosse and Salakhutdinov 2016,
        arXiv:1509.00519, eq. 8; Kingma et al. 2016, arXiv:1606.04934, eq. 15 (free bits).
    """

    weight: Tensor

    def __init__(
        self,
        *,
        beta: float = 1.0,
        entropy: float = 1.0,
        reduce: Reduce | None = None,
        analytic: bool = True,
        free_bits: float = 0.0,
    ) -> None:
        super().__init__()
        mean = reduce is None or reduce is torch.mean
        if free_bits and not (mean and analytic and entropy == 1.0):
            raise ConfigError(
                "free bits need the closed-form rate: reduce = mean, analytic = true, entropy = 1"
            )
        self.beta = beta
        self.entropy = entropy
        self.reduce = None if mean else reduce
        self.importance_weighted = reduce is logmeanexp
        self.analytic = analytic and mean
        self.free_bits = free_bits
        # A schedule fills this buffer: a Python float would recompile the step at every change.
        self.register_buffer("weight", torch.tensor(1.0), persistent=False)

    def forward(self, trace: Trace) -> Terms:
        """See the class."""
        rates = [self._rate(group) for group in trace.groups]
        distortion, rate = -trace.log_px.mean(0), sum(rates[1:], start=rates[0])
        fitted = trace.log_px if trace.weighted_log_px is None else trace.weighted_log_px
        beta = self.beta * self.weight
        if self.reduce is None:
            bound = -(distortion + rate)
            loss = beta * self._penalty(trace, rate) - fitted.mean(0)
        else:
            bound = self._reduced(trace.log_px + trace.log_pz - trace.log_qz)
            loss = -self._reduced(fitted + beta * (trace.log_pz - self.entropy * trace.log_qz))
        names = [f"rate/{group.name}" for group in trace.groups]
        extra = dict(zip(names, rates, strict=True)) if len(rates) > 1 else {}
        return Terms(loss=loss, distortion=distortion, rate=rate, bound=bound, extra=extra)

    def _rate(self, group: TraceGroup) -> Tensor:
        """(B,) KL of one group: in closed form, or over the samples."""
        if self.analytic and has_closed_form(group.q, group.p):
            return _over_samples(kl_per_dim(group.q, group.p).sum(-1), group)
        return (group.log_qz - group.log_pz).mean(0)

    def _reduced(self, log_w: Tensor) -> Tensor:
        """(B,) of log-weights (K, B)."""
        assert self.reduce is not None
        try:
            reduced = self.reduce(log_w)
        except TypeError as error:
            raise ConfigError(f"reduce takes the log-weights (K, B) alone: {error}") from error
        shape = getattr(reduced, "shape", None)
        if shape != log_w.shape[1:]:
            raise ConfigError(
                f"reduce maps log-weights (K, B) to (B,), here {tuple(log_w.shape)} to "
                f"{tuple(log_w.shape[1:])}; got {shape if shape is None else tuple(shape)}"
            )
        return reduced

    def _penalty(self, trace: Trace, rate: Tensor) -> Tensor:
        """(B,) what beta multiplies: the rate, less the entropy that is not counted."""
        if self.free_bits:
            if not all(has_closed_form(group.q, group.p) for group in trace.groups):
                raise ConfigError("free bits need a diagonal Gaussian posterior and a normal prior")
            floors = [_floor(group, least=self.free_bits) for group in trace.groups]
            return sum(floors[1:], start=floors[0]).expand_as(rate)
        if self.entropy == 1.0:
            return rate
        entropies = [self._entropy(group) for group in trace.groups]
        return rate + (1.0 - self.entropy) * sum(entropies[1:], start=entropies[0])

    def _entropy(self, group: TraceGroup) -> Tensor:
        """(B,) entropy of q: in closed form where the rate has one, or over the samples."""
        if self.analytic and has_closed_form(group.q, group.p):
            return _over_samples(group.q.entropy(), group)
        return -group.log_qz.mean(0)


def _over_samples(values: Tensor, group: TraceGroup) -> Tensor:
    """(B,) the mean over the samples, where a group depends on those of another."""
    return values.mean(0) if values.shape == group.log_qz.shape else values


def _floor(group: TraceGroup, *, least: float) -> Tensor:
    """() the KL of all dimensions, each averaged over the batch and at least so much."""
    kl = kl_per_dim(group.q, group.p)
    return kl.flatten(0, -2).mean(0).clamp(min=least).sum()


def has_closed_form(q: Distribution, prior: Distribution) -> bool:
    """Whether the rate between two distributions has the closed form of `kl_per_dim`.

    Args:
        q: the posterior.
        prior: the prior.

    Returns:
        True where both are diagonal Gaussians.
    """
    return all(isinstance(p, Independent) and isinstance(p.base_dist, Normal) for p in (q, prior))


def kl_per_dim(q: Distribution, prior: Distribution) -> Tensor:
    r"""KL of each latent dimension, for diagonal Gaussians.

    .. math:: \mathrm{KL}_d = \tfrac12\Big(\frac{\sigma_d^2 + (\mu_d - m_d)^2}{s_d^2} - 1
        - \log\frac{\sigma_d^2}{s_d^2}\Big)

    Args:
        q: batch (B,), event (D,).
        prior: event (D,).

    Returns:
        (B, D) in nats.
    """
    assert isinstance(q, Independent)
    assert isinstance(prior, Independent)
    return kl_divergence(q.base_dist, prior.base_dist)


def rate_weight(
    epoch: float, *, schedule: Literal["constant", "linear", "cyclical"], warmup: int
) -> float:
    """Weight of the rate at a point of training, between 0 and 1.

    Args:
        epoch: epochs done, with their fraction.
        schedule: constant; linear: rises over the warm-up; cyclical: rises over the first half
            of every cycle of ``warmup`` epochs.
        warmup: epochs.

    Returns:
        The weight.

    Example:
        >>> [rate_weight(e, schedule="linear", warmup=10) for e in (0, 5, 20)]
        [0.0, 0.5, 1.0]
        >>> [rate_weight(e, schedule="cyclical", warmup=10) for e in (2.5, 7.0, 12.5)]
        [0.5, 1.0, 0.5]

    Source:
        Bowman et al. 2016, arXiv:1511.06349 (linear); Fu et al. 2019, arXiv:1903.10145
        (cyclical).
    """
    if schedule == "linear":
        return min(1.0, epoch / warmup)
    if schedule == "cyclical":
        return min(1.0, 2.0 * (epoch % warmup) / warmup)
    return 1.0


def set_rate_weight(objective: nn.Module, *, weight: float) -> None:
    """Set the weight of the rate in every bound of an objective, without a recompilation.

    Args:
        objective: a bound, or a sum that holds some.
        weight: between 0 and 1; multiplied with beta.
    """
    for part in objective.modules():
        if isinstance(part, Bound):
            part.weight.fill_(weight)
