"""A model whose log p(x) is known exactly: the oracle of every bound and estimator.

Probabilistic PCA: z ~ N(0, I), x|z ~ N(Wz + b, s^2 I), so x ~ N(b, WW' + s^2 I) and the true
posterior is a Gaussian with full covariance.
"""

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, MultivariateNormal, Normal

from vaekit.models import VAE, Conditional, StandardNormal


class LinearLikelihood(Conditional):
    def __init__(self, weight: Tensor, bias: Tensor, scale: float) -> None:
        super().__init__()
        self.weight, self.bias, self.scale = weight, bias, scale  # (F, D), (F,)

    def forward(self, context: Tensor | None = None) -> Distribution:
        return Independent(Normal(context @ self.weight.T + self.bias, self.scale), 1)


class LinearPosterior(Conditional):
    """The exact posterior, moved and widened on request."""

    def __init__(self, likelihood: LinearLikelihood, *, shift: float, widen: float) -> None:
        super().__init__()
        weight, variance = likelihood.weight, likelihood.scale**2
        eye = torch.eye(weight.shape[1], dtype=weight.dtype)
        self.covariance = torch.linalg.inv(eye + weight.T @ weight / variance)
        self.gain = self.covariance @ weight.T / variance
        self.bias, self.shift, self.widen = likelihood.bias, shift, widen

    def forward(self, context: Tensor | None = None) -> Distribution:
        mean = (context - self.bias) @ self.gain.T + self.shift
        return MultivariateNormal(mean, self.widen * self.covariance)


class MaskedLinearPosterior(Conditional):
    """The exact posterior given what a mask keeps of each row, moved and widened on request."""

    sees_mask = True

    def __init__(self, likelihood: LinearLikelihood, *, shift: float, widen: float) -> None:
        super().__init__()
        self.likelihood, self.shift, self.widen = likelihood, shift, widen

    def forward(self, context: Tensor | None = None) -> Distribution:
        x, mask = context.chunk(2, -1)
        weight, variance = self.likelihood.weight, self.likelihood.scale**2
        kept = mask.unsqueeze(-1) * weight  # (B, F, D)
        eye = torch.eye(weight.shape[1], dtype=weight.dtype)
        covariance = torch.linalg.inv(eye + kept.mT @ weight / variance)
        pull = ((x - self.likelihood.bias).unsqueeze(-1) * kept).sum(-2) / variance
        mean = (covariance @ pull.unsqueeze(-1)).squeeze(-1) + self.shift
        return MultivariateNormal(mean, self.widen * covariance)


class LinearGaussian:
    """A VAE with known evidence.

    Attributes:
        model: the VAE, in float64; with gaps, its posterior sees the mask.
        x: (B, F) rows drawn from it, whole.
        mask: (B, F) what is observed: all of it without gaps.
        log_px: (B,) the exact log-density of what is observed.
    """

    def __init__(
        self,
        *,
        rows: int = 12,
        features: int = 5,
        latent_dim: int = 2,
        shift: float = 0.0,
        widen: float = 1.0,
        gaps: float = 0.0,
        seed: int = 0,
    ) -> None:
        draw = torch.Generator().manual_seed(seed)
        options = {"generator": draw, "dtype": torch.float64}
        weight = torch.randn(features, latent_dim, **options)
        bias = torch.randn(features, **options)
        likelihood = LinearLikelihood(weight, bias, 0.6)
        marginal = MultivariateNormal(
            bias, weight @ weight.T + 0.36 * torch.eye(features, dtype=torch.float64)
        )
        noise = torch.randn(rows, features, **options)
        self.x = bias + noise @ torch.linalg.cholesky(marginal.covariance_matrix).T
        self.mask = torch.ones_like(self.x, dtype=torch.bool)
        if gaps:
            self.mask = torch.rand(rows, features, **options) >= gaps
        self.log_px = torch.stack(
            [log_marginal(marginal, x, kept) for x, kept in zip(self.x, self.mask, strict=True)]
        )
        posterior = MaskedLinearPosterior if gaps else LinearPosterior
        self.model = VAE(
            prior=StandardNormal(latent_dim).double(),
            posterior=posterior(likelihood, shift=shift, widen=widen),
            likelihood=likelihood,
        )


def log_marginal(joint: MultivariateNormal, x: Tensor, kept: Tensor) -> Tensor:
    """Log-density of some entries of a Gaussian vector; 0 of none."""
    if not kept.any():
        return torch.zeros((), dtype=x.dtype)
    covariance = joint.covariance_matrix[kept][:, kept]
    return MultivariateNormal(joint.loc[kept], covariance).log_prob(x[kept])
