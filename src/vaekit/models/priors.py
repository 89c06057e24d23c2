"""Priors: distributions over codes, called without a context."""

import torch
from torch import Tensor, nn
from torch.distributions import Categorical, Distribution, Independent, MixtureSameFamily, Normal

from vaekit.models.base import Conditional
from vaekit.numerics import bound_log_variance

__all__ = ["MixtureOfGaussians", "StandardNormal", "VampPrior"]


class StandardNormal(Conditional):
    """The standard normal prior N(0, I).

    Args:
        dim: latent dimensions D.

    Example:
        >>> StandardNormal(2)().log_prob(torch.zeros(2)).exp()  # 1 / (2 pi)
        tensor(0.1592)
    """

    loc: Tensor
    scale: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("loc", torch.zeros(dim), persistent=False)
        self.register_buffer("scale", torch.ones(dim), persistent=False)

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Batch (), event (D,)."""
        return Independent(
            Normal(self.loc, self.scale, validate_args=False), 1, validate_args=False
        )


class MixtureOfGaussians(Conditional):
    r"""A learned mixture of diagonal Gaussians.

    .. math:: p(z) = \sum_c \pi_c N(z; \mu_c, \mathrm{diag}(e^{b(r_c)}))

    Weights start equal, means as draws from N(0, I), variances at 1. The log-variances are kept
    inside (-15, 15) by :func:`vaekit.numerics.bound_log_variance`.

    Args:
        dim: latent dimensions D.
        components: C.

    Attributes:
        logits: (C,) of the weights.
        loc: (C, D) means.
        raw_log_variance: (C, D).

    Example:
        >>> MixtureOfGaussians(2, components=10)().log_prob(torch.zeros(3, 5, 2)).shape
        torch.Size([3, 5])

    Source:
        Dilokthanakul et al. 2016, arXiv:1611.02648; Tomczak and Welling 2018, arXiv:1705.07120.
    """

    def __init__(self, dim: int, *, components: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(components))
        self.loc = nn.Parameter(torch.randn(components, dim))
        self.raw_log_variance = nn.Parameter(torch.zeros(components, dim))

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Batch (), event (D,)."""
        scale = (0.5 * bound_log_variance(self.raw_log_variance)).exp()
        each = Independent(Normal(self.loc, scale, validate_args=False), 1, validate_args=False)
        return _mixture(self.logits, each)


class VampPrior(Conditional):
    r"""The average posterior of learned pseudo-inputs.

    .. math:: p(z) = \frac{1}{C} \sum_c q(z \mid x_c)

    The posterior is shared with the model, so its weights occur twice in a state dict; its
    density has to be known everywhere, which excludes planar and radial flows.

    Args:
        posterior: q(z|x), the model's own.
        pseudo_inputs: (C, F) rows that the pseudo-inputs start from, as the model sees rows.
        unit: keep them inside [0, 1].

    Attributes:
        pseudo_inputs: (C, F), learned.

    Example:
        >>> from vaekit.models.base import Amortized
        >>> from vaekit.models.posteriors import DiagonalGaussian
        >>> posterior = Amortized(nn.Linear(64, 4), DiagonalGaussian(2))
        >>> VampPrior(posterior, pseudo_inputs=torch.rand(10, 64))().log_prob(torch.zeros(2)).shape
        torch.Size([])

    Source:
        Tomczak and Welling 2018, arXiv:1705.07120, equation 9.
    """

    logits: Tensor

    def __init__(
        self, posterior: Conditional, *, pseudo_inputs: Tensor, unit: bool = False
    ) -> None:
        super().__init__()
        self.posterior = posterior
        self.pseudo_inputs = nn.Parameter(pseudo_inputs.detach().clone().float())
        self.unit = unit
        self.register_buffer("logits", torch.zeros(len(pseudo_inputs)), persistent=False)

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Batch (), event (D,)."""
        rows = self.pseudo_inputs.clamp(0, 1) if self.unit else self.pseudo_inputs
        return _mixture(self.logits, self.posterior(rows))


def _mixture(logits: Tensor, components: Distribution) -> Distribution:
    """Mixture of the C components in the batch of a distribution; logits (C,)."""
    weights = Categorical(logits=logits, validate_args=False)
    return MixtureSameFamily(weights, components, validate_args=False)
