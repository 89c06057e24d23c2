"""The variational autoencoder, composed of three conditional distributions."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent

from vaekit.distributions import BlockProductVector, EqualMixture, log_density, sample_with_log_prob
from vaekit.models.base import (
    Conditional,
    LatentGroup,
    LatentSpace,
    Model,
    Trace,
    TraceGroup,
)
from vaekit.models.columns import Columns
from vaekit.models.missingness import Missingness, complete
from vaekit.numerics import masked_sum

__all__ = ["VAE", "DefensiveMixture", "row_log_prob", "with_mask"]


class VAE(Model):
    """Three conditional distributions, p(z), q(z|x) and p(x|z), and p(s|x) of the missingness.

    A posterior that sees the mask gets x, with 0 where an entry is missing, and the mask behind
    it; another gets x as it is, fill values included.

    Args:
        prior: called without a context; event shape (D,).
        posterior: from rows (B, F) to a distribution over (B, D).
        likelihood: from codes (K, B, D) to a distribution over (K, B, F), independent over
            the features given z.
        missingness: p(s|x), the probability that each entry is observed; none where missingness
            does not depend on what is missing.

    Example:
        >>> from vaekit import MLP, Amortized, Bernoulli, DiagonalGaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(64, [32], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [32], 64), Bernoulli(64)),
        ... )
        >>> trace = model(torch.zeros(5, 64), samples=3)
        >>> trace.z.shape, trace.log_px.shape
        (torch.Size([3, 5, 2]), torch.Size([3, 5]))

    Source:
        Kingma and Welling 2014, arXiv:1312.6114; Rezende, Mohamed and Wierstra 2014; Ipsen,
        Mattei and Frellsen 2021, arXiv:2006.12871, for the model of the missingness.
    """

    def __init__(
        self,
        *,
        prior: Conditional,
        posterior: Conditional,
        likelihood: Conditional,
        missingness: Missingness | None = None,
    ) -> None:
        head = getattr(likelihood, "head", None)
        super().__init__(columns=head.columns if isinstance(head, Columns) else None)
        self.prior = prior
        self.posterior = posterior
        self.likelihood = likelihood
        self.missingness = missingness

    @property
    def latent(self) -> LatentSpace:
        """One group of real numbers."""
        dims = int(self.prior().event_shape[-1])
        return LatentSpace(groups=(LatentGroup(name="z", dims=dims),))

    def trace(
        self,
        x: Tensor,
        *,
        samples: int = 1,
        mask: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Trace:
        """See the interface."""
        q, p = self.encode(x, mask=mask), self.prior()
        return _single_group(self, x, q=q, p=p, samples=samples, mask=mask, weights=weights)

    def encode(self, x: Tensor, *, mask: Tensor | None = None) -> Distribution:
        """See the interface."""
        q: Distribution = self.posterior(with_mask(x, mask) if self.posterior.sees_mask else x)
        return q

    def decode(self, z: Tensor) -> Distribution:
        """See the interface."""
        p: Distribution = self.likelihood(z)
        return p

    def code_distribution(self) -> Distribution:
        """See the interface."""
        p: Distribution = self.prior()
        return p

    def parts(self) -> Mapping[str, nn.Module]:
        """See the interface."""
        return {"encoder": self.posterior, "decoder": self.likelihood, "prior": self.prior}

    def with_prior(self, prior: Conditional) -> "VAE":
        """Return the model with another prior; the other parts are shared, not copied.

        Args:
            prior: called without a context; event shape (D,).
        """
        return VAE(
            prior=prior,
            posterior=self.posterior,
            likelihood=self.likelihood,
            missingness=self.missingness,
        )


class DefensiveMixture(Model):
    r"""A model whose posterior is mixed with the prior, to draw importance samples from.

    .. math:: \tfrac12 q(z|x) + \tfrac12 p(z)

    Where a posterior is too narrow, or wrong, a few samples far out carry all the weight. Of this
    mixture the weights :math:`p(x|z)\,p(z)/q` are at most twice p(x|z), and no more than half of
    the samples are lost where the posterior is right.

    Args:
        model: with one posterior of known density, which excludes planar and radial flows.

    Example:
        >>> from vaekit import MLP, Amortized, Bernoulli, DiagonalGaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(6, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [], 6), Bernoulli(6)),
        ... )
        >>> DefensiveMixture(model).encode(torch.zeros(3, 6)).sample((7,)).shape
        torch.Size([7, 3, 2])

    Source:
        Hesterberg 1995, Technometrics 37.
    """

    def __init__(self, model: Model) -> None:
        super().__init__(columns=model.columns, missingness=model.missingness)
        self.model = model

    @property
    def latent(self) -> LatentSpace:
        """That of the model."""
        return self.model.latent

    def trace(
        self,
        x: Tensor,
        *,
        samples: int = 1,
        mask: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Trace:
        """See the interface."""
        q, p = self.encode(x, mask=mask), self.code_distribution()
        return _single_group(self, x, q=q, p=p, samples=samples, mask=mask, weights=weights)

    def encode(self, x: Tensor, *, mask: Tensor | None = None) -> Distribution:
        """Return the mixture."""
        return EqualMixture(self.model.encode(x, mask=mask), self.model.code_distribution())

    def decode(self, z: Tensor) -> Distribution:
        """See the interface."""
        return self.model.decode(z)

    def code_distribution(self) -> Distribution:
        """See the interface."""
        return self.model.code_distribution()

    def parts(self) -> Mapping[str, nn.Module]:
        """See the interface."""
        return self.model.parts()


def _single_group(
    model: Model,
    x: Tensor,
    *,
    q: Distribution,
    p: Distribution,
    samples: int,
    mask: Tensor | None,
    weights: Tensor | None,
) -> Trace:
    """Sample q, decode, and keep every log-density on the way; in float32 outside the networks."""
    with torch.autocast(device_type=x.device.type, enabled=False):
        z, log_qz = sample_with_log_prob(q, (samples,))
        log_pz = log_density(p, z)
    rows = model.decode(z)
    with torch.autocast(device_type=x.device.type, enabled=False):
        log_px = row_log_prob(rows, x, mask)
        if model.missingness is not None and mask is not None:
            completed, score = complete(rows, x, mask)
            log_px = log_px + model.missingness(completed).log_prob(mask.to(x.dtype)) + score
        weighted = None
        if weights is not None:  # what they add to the loss and to nothing else
            weighted = log_px + row_log_prob(rows, x, mask, weights=weights - 1)
    group = TraceGroup(name="z", z=z, log_pz=log_pz, log_qz=log_qz, q=q, p=p)
    return Trace(x=x, log_px=log_px, groups=(group,), weighted_log_px=weighted)


def row_log_prob(
    p: Distribution, x: Tensor, mask: Tensor | None = None, *, weights: Tensor | None = None
) -> Tensor:
    """Log-probability of rows, over their observed entries.

    Args:
        p: batch (K, B), event (F,); ``p.base_dist`` is the distribution of each feature, as in
            ``torch.distributions.Independent``.
        x: (B, F).
        mask: (B, F) true where an entry is observed.
        weights: (F,) by which the log-probability of each feature is multiplied.

    Returns:
        (K, B) in nats.
    """
    if mask is None and weights is None:
        return p.log_prob(x)
    if weights is None and isinstance(p, BlockProductVector):
        return p.row_log_prob(x, mask)
    each = cast("Independent[Any]", p).base_dist.log_prob(x)  # ours are built alike
    return masked_sum(each if weights is None else weights * each, mask)


def with_mask(x: Tensor, mask: Tensor | None) -> Tensor:
    """Rows, 0 where an entry is missing, and behind them their mask.

    Args:
        x: (B, F) rows.
        mask: (B, F) true where an entry is observed; all are when absent.

    Returns:
        (B, 2 F)
    """
    if mask is None:
        return torch.cat([x, torch.ones_like(x)], -1)
    return torch.cat([torch.where(mask, x, torch.zeros_like(x)), mask.to(x.dtype)], -1)
