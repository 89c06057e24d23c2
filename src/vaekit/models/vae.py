r"""A variational autoencoder is three conditional distributions; one pass leaves a trace.

Shapes, here and in every file:

    K  samples of z for each row        D  latent dimensions
    B  rows of a batch                  F  features of a row (pixels, columns)
    C  classes, components, channels    H  hidden units
"""

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent

from vaekit.distributions import SideBySideVector, log_density, sample_with_log_prob
from vaekit.models.base import Conditional
from vaekit.models.missingness import Missingness, complete
from vaekit.numerics import masked_sum

__all__ = ["VAE", "Trace", "row_log_prob", "with_mask"]


class Trace(NamedTuple):
    """All that an objective may look at. Log-densities are in nats."""

    x: Tensor
    """(B, F) the rows."""
    z: Tensor
    """(K, B, D) samples of q(z|x)."""
    log_px: Tensor
    """(K, B) log p(x|z), over the observed entries only; with a model of the gaps, and a mask s,
    log p(s|x) is added."""
    log_pz: Tensor
    """(K, B) log p(z)."""
    log_qz: Tensor
    """(K, B) log q(z|x)."""
    q: Distribution
    """The posterior, for closed forms and moments; batch (B,), event (D,)."""
    prior: Distribution
    """The prior; event (D,)."""
    weighted_log_px: Tensor | None = None
    """(K, B) log_px with the weights of the features, which a loss takes in its place and nothing
    that is reported does; none where all weights are 1."""


class VAE(nn.Module):
    """Three conditional distributions: p(z), q(z|x) and p(x|z); a fourth where gaps depend on x.

    Args:
        prior: called without a context; event shape (D,).
        posterior: from rows (B, F) to a distribution over (B, D).
        likelihood: from codes (K, B, D) to a distribution over (K, B, F), independent over
            the features given z.
        missingness: p(s|x), the chance that each entry is observed; none where gaps do not
            depend on what is missing.

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
        Mattei and Frellsen 2021, arXiv:2006.12871, for the model of the gaps.
    """

    def __init__(
        self,
        *,
        prior: Conditional,
        posterior: Conditional,
        likelihood: Conditional,
        missingness: Missingness | None = None,
    ) -> None:
        super().__init__()
        self.prior = prior
        self.posterior = posterior
        self.likelihood = likelihood
        self.missingness = missingness

    def forward(
        self,
        x: Tensor,
        *,
        samples: int = 1,
        mask: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Trace:
        """Encode, sample, decode, and keep every log-density on the way.

        A posterior that sees the mask gets x, with 0 where an entry is missing, and the mask
        behind it; another gets x as it is, fill values included.

        Args:
            x: (B, F) rows; entries that the mask hides hold any finite fill value.
            samples: K, samples of z for each row.
            mask: (B, F) true where an entry is observed; all are when absent.
            weights: (F,) how much each feature counts in training; none for 1.

        Returns:
            The trace.
        """
        q = self.posterior(with_mask(x, mask) if self.posterior.sees_mask else x)
        prior = self.prior()
        with torch.autocast(device_type=x.device.type, enabled=False):
            z, log_qz = sample_with_log_prob(q, (samples,))
            log_pz = log_density(prior, z)
        p = self.likelihood(z)
        with torch.autocast(device_type=x.device.type, enabled=False):
            log_px = row_log_prob(p, x, mask)
            if self.missingness is not None and mask is not None:
                whole, score = complete(p, x, mask)
                log_px = log_px + self.missingness(whole).log_prob(mask.to(x.dtype)) + score
            weighted = None
            if weights is not None:  # what they add to the loss and to nothing else
                weighted = log_px + row_log_prob(p, x, mask, weights=weights - 1)
        return Trace(
            x=x,
            z=z,
            log_px=log_px,
            log_pz=log_pz,
            log_qz=log_qz,
            q=q,
            prior=prior,
            weighted_log_px=weighted,
        )


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
    if weights is None and isinstance(p, SideBySideVector):
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
