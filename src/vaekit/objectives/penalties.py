"""Penalties added to a bound: of each row, and of a whole batch."""

import math

import torch
from torch import Tensor
from torch.distributions import Independent

from vaekit.errors import ConfigError
from vaekit.models.base import Trace
from vaekit.objectives.base import BatchObjective, Objective, Terms
from vaekit.objectives.bound import has_closed_form

__all__ = ["MMD", "MeanPenalty", "Penalty", "TotalCorrelation"]


class MeanPenalty(Objective):
    r"""Half the squared norm of the posterior mean.

    .. math:: \ell(x) = w \, \tfrac12 \lVert \mu(x) \rVert^2

    It is -log p(z) at the mean of q under a standard normal prior, less its constant: with
    ``Bound(beta=0.0)`` it makes the EM variant of "VAE against EM", which has no entropy term.

    Args:
        weight: w.
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, trace: Trace) -> Terms:
        """See the class."""
        return _terms(trace, loss=0.5 * self.weight * trace.q.mean.square().sum(-1))


class Penalty(Objective):
    r"""A penalty that the model itself defines, such as the commitment of a codebook.

    .. math:: \ell(x) = w \, r(x)

    Args:
        name: of the penalty in ``trace.penalties``.
        weight: w.

    Example:
        >>> from vaekit.objectives import Bound, Sum
        >>> vector_quantised = Sum(Bound(beta=0.0), Penalty("commitment", weight=0.25))
    """

    def __init__(self, name: str, *, weight: float = 1.0) -> None:
        super().__init__()
        self.name = name
        self.weight = weight

    def forward(self, trace: Trace) -> Terms:
        """Weigh the penalty.

        Raises:
            ConfigError: when the model has no such penalty.
        """
        if self.name not in trace.penalties:
            known = ", ".join(trace.penalties) or "none"
            raise ConfigError(f"the model has no penalty {self.name!r}; it has {known}")
        return _terms(trace, loss=self.weight * trace.penalties[self.name])


class MMD(BatchObjective):
    r"""Maximum mean discrepancy between the aggregate posterior and the prior.

    .. math::
        \ell = w \, \big(E[k(z, z')] - 2 E[k(z, y)] + E[k(y, y')]\big), \quad
        z, z' \sim q(z) = E_x[q(z|x)], \quad y, y' \sim p(z)

    with the sum of inverse multiquadratic kernels
    :math:`k(a, b) = \sum_s s C / (s C + \lVert a - b \rVert^2)`, C = 2 D, s = .1, .2, .5, 1, 2,
    5, 10, and the unbiased estimate from the codes of the batch and as many draws of the prior,
    which may be below 0. The draws are normal noise of PyTorch's generator.

    Args:
        weight: w, nats per row for each unit of the discrepancy.

    Example:
        >>> from vaekit.objectives import Bound, Sum
        >>> info_vae = Sum(Bound(), MMD(10.0))

    Source:
        Zhao, Song and Ermon 2019, arXiv:1706.02262 (InfoVAE); Tolstikhin et al. 2018,
        arXiv:1711.01558, section 4 (the kernels); Gretton et al. 2012, JMLR 13, equation 3.
    """

    SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, trace: Trace) -> Tensor:
        """Estimate the discrepancy.

        Raises:
            ConfigError: when the batch has a single row.
        """
        z = trace.z[0].flatten(0, -2)
        if len(z) < 2:
            raise ConfigError("the MMD of a batch needs at least two rows; take larger batches")
        y = trace.prior.sample(torch.Size([len(z)]))
        return self.weight * (
            _mean_off_diagonal(self._kernel(z, z))
            + _mean_off_diagonal(self._kernel(y, y))
            - 2.0 * self._kernel(z, y).mean()
        )

    def _kernel(self, a: Tensor, b: Tensor) -> Tensor:
        """(M, N) the kernel of all pairs."""
        squares = (a.unsqueeze(1) - b.unsqueeze(0)).square().sum(-1)
        widths = [2.0 * a.shape[-1] * scale for scale in self.SCALES]
        return torch.stack([width / (width + squares) for width in widths]).sum(0)


class TotalCorrelation(BatchObjective):
    r"""Total correlation of the aggregate posterior: how far its dimensions depend on each other.

    .. math:: \ell = w \, E_{q(z)}\Big[\log q(z) - \sum_d \log q(z_d)\Big]

    With ``Bound()`` it makes the beta-TC-VAE, w = beta - 1. The aggregate posterior q(z) is
    estimated as the mixture of the posteriors of the batch; with ``rows`` the estimate is the
    minibatch-weighted one of the paper, whose constants count all rows of the data.

    Args:
        weight: w.
        rows: N of the data, for the estimate of the paper; none for the mixture of the batch.

    Example:
        >>> from vaekit.objectives import Bound, Sum
        >>> beta_tc_vae = Sum(Bound(), TotalCorrelation(5.0))

    Source:
        Chen, Li, Grosse and Duvenaud 2018, arXiv:1802.04942, sections 3 and 4 and appendix C.1.
    """

    def __init__(self, weight: float = 1.0, *, rows: int | None = None) -> None:
        super().__init__()
        self.weight = weight
        self.rows = rows

    def forward(self, trace: Trace) -> Tensor:
        """Estimate the total correlation.

        Raises:
            ConfigError: when the posterior is no diagonal Gaussian.
        """
        q = trace.q
        if not has_closed_form(q, q):
            raise ConfigError("the total correlation needs a diagonal Gaussian posterior")
        assert isinstance(q, Independent)
        z = trace.z[0].unsqueeze(1)  # (B, 1, D) under all B posteriors
        each: Tensor = q.base_dist.log_prob(z)
        size = len(each)
        log_count = math.log(size if self.rows is None else size * self.rows)
        joint = each.sum(-1).logsumexp(1) - log_count
        marginals = (each.logsumexp(1) - log_count).sum(-1)
        return self.weight * (joint - marginals).mean()


def _terms(trace: Trace, *, loss: Tensor) -> Terms:
    """A penalty with the bound of the trace beside it."""
    rate = (trace.log_qz - trace.log_pz).mean(0)
    distortion = -trace.log_px.mean(0)
    return Terms(loss=loss, distortion=distortion, rate=rate, bound=-(distortion + rate))


def _mean_off_diagonal(kernel: Tensor) -> Tensor:
    """() the mean over pairs of different rows."""
    size = len(kernel)
    return (kernel.sum() - kernel.diagonal().sum()) / (size * (size - 1))
