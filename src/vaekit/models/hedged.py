"""A posterior that is not relied upon: half of its codes come from the prior."""

from torch import Tensor
from torch.distributions import Distribution

from vaekit.distributions import Either
from vaekit.models.conditional import Conditional

__all__ = ["Hedged"]


class Hedged(Conditional):
    r"""A posterior to draw importance samples from, mixed with the prior.

    .. math:: \tfrac12 q(z|x) + \tfrac12 p(z)

    Where a posterior is too narrow, or wrong, a few samples far out carry all the weight. Of this
    one the weights :math:`p(x|z)\,p(z)/q` are at most twice p(x|z), and no more than half of the
    samples are lost where the posterior is right.

    Args:
        posterior: q(z|x); its density has to be known everywhere, which excludes planar and
            radial flows.
        prior: p(z).

    Example:
        >>> import torch
        >>> from vaekit.models import MixtureOfGaussians, StandardNormal
        >>> from vaekit.models.conditional import Amortized
        >>> from vaekit.models.posteriors import DiagonalGaussian
        >>> posterior = Amortized(torch.nn.Linear(6, 4), DiagonalGaussian(2))
        >>> Hedged(posterior, StandardNormal(2))(torch.zeros(3, 6)).sample((7,)).shape
        torch.Size([7, 3, 2])

    Source:
        Hesterberg 1995, Technometrics 37 (defensive mixtures).
    """

    def __init__(self, posterior: Conditional, prior: Conditional) -> None:
        super().__init__()
        self.posterior = posterior
        self.prior = prior
        self.sees_mask = posterior.sees_mask

    def forward(self, context: Tensor | None = None) -> Distribution:
        """Batch (B,), event (D,)."""
        return Either(self.posterior(context), self.prior())
