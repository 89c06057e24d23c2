"""Evidence lower bound, importance-weighted bound, and their weighted variants."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal, kl_divergence

from vaekit.errors import ConfigError
from vaekit.models.vae import Trace
from vaekit.numerics import logmeanexp
from vaekit.objectives.base import Objective, Terms

__all__ = ["Bound", "has_closed_form", "kl_per_dim", "rate_weight", "set_rate_weight"]


Reduce = Callable[[Tensor], Tensor]


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

    Args:
        beta: weight of the rate.
        entropy: weight of the entropy of q within the rate, eta.
        reduce: ``torch.mean`` or ``logmeanexp``, over the samples.
        analytic: take the rate in closed form where q and p are diagonal Gaussians (and, with
            ``entropy=0``, where q is one and p standard normal or any diagonal Gaussian);
            elsewhere it is sampled. Only the mean has a closed form.
        free_bits: nats of each latent dimension that are not penalised: the closed-form KL of
            a dimension, averaged over the batch, counts only where it exceeds this.

    Raises:
        ConfigError: an analytic rate asked for together with another reduction than the mean,
            or free bits without it.

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
        tight = reduce is logmeanexp
        if free_bits and (tight or not analytic or entropy != 1.0):
            raise ConfigError(
                "free bits need the closed-form rate: reduce = mean, analytic = true, entropy = 1"
            )
        self.beta = beta
        self.entropy = entropy
        self.tight = tight
        self.analytic = analytic and not tight
        self.free_bits = free_bits
        # A schedule fills this buffer: a Python float would recompile the step at every change.
        self.register_buffer("weight", torch.tensor(1.0), persistent=False)

    def forward(self, trace: Trace) -> Terms:
        """See the class."""
        log_w = trace.log_px + trace.log_pz - trace.log_qz
        distortion = -trace.log_px.mean(0)
        closed = self.analytic and has_closed_form(trace.q, trace.prior)
        rate = (
            kl_per_dim(trace.q, trace.prior).sum(-1)
            if closed
            else (trace.log_qz - trace.log_pz).mean(0)
        )
        bound = logmeanexp(log_w) if self.tight else -(distortion + rate)
        beta = self.beta * self.weight
        fitted = trace.log_px if trace.weighted_log_px is None else trace.weighted_log_px
        if self.tight:
            loss = -logmeanexp(fitted + beta * (trace.log_pz - self.entropy * trace.log_qz))
        else:
            loss = beta * self._penalty(trace, rate, closed=closed) - fitted.mean(0)
        return Terms(loss=loss, distortion=distortion, rate=rate, bound=bound)

    def _penalty(self, trace: Trace, rate: Tensor, *, closed: bool) -> Tensor:
        """(B,) what beta multiplies: the rate, less the entropy that is not counted."""
        if self.free_bits:
            if not closed:
                raise ConfigError("free bits need a diagonal Gaussian posterior and a normal prior")
            floor = kl_per_dim(trace.q, trace.prior).mean(0).clamp(min=self.free_bits)
            return floor.sum().expand_as(rate)
        if self.entropy == 1.0:
            return rate
        entropy = trace.q.entropy() if closed else -trace.log_qz.mean(0)
        return rate + (1.0 - self.entropy) * entropy


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
