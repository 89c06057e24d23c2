"""A labelled model whose log p(x, y) and log p(x) are known exactly.

Each label has a linear-Gaussian model of its own (see oracle.py), so p(x) is a mixture of
Gaussians and p(y|x) is known too.
"""

import torch
from oracle import LinearGaussian
from torch import Tensor
from torch.distributions import (
    Categorical,
    Distribution,
    Independent,
    MultivariateNormal,
    Normal,
)

from vaekit.models import Conditional, LabelledConditional, LabelledVAE, LabelPrior, StandardNormal


class EachLikelihood(LabelledConditional):
    def __init__(self, parts: list[LinearGaussian]) -> None:
        super().__init__()
        self.weight = torch.stack([part.model.likelihood.weight for part in parts])  # (C, F, D)
        self.bias = torch.stack([part.model.likelihood.bias for part in parts])  # (C, F)
        self.scale = parts[0].model.likelihood.scale

    def forward(self, context: Tensor, label: Tensor) -> Distribution:
        mean = (self.weight[label] @ context.unsqueeze(-1)).squeeze(-1) + self.bias[label]
        return Independent(Normal(mean, self.scale), 1)


class EachPosterior(LabelledConditional):
    """The exact posteriors, moved and widened as those of the parts are."""

    def __init__(self, parts: list[LinearGaussian]) -> None:
        super().__init__()
        every = [part.model.posterior for part in parts]
        self.gain, self.bias = (
            torch.stack([getattr(q, n) for q in every]) for n in ("gain", "bias")
        )
        self.covariance = torch.stack([q.widen * q.covariance for q in every])
        self.shift = every[0].shift

    def forward(self, context: Tensor, label: Tensor) -> Distribution:
        offset = (context - self.bias[label]).unsqueeze(-1)
        mean = (self.gain[label] @ offset).squeeze(-1) + self.shift
        return MultivariateNormal(mean, self.covariance[label])


class ExactClassifier(Conditional):
    """p(y|x), flattened on request."""

    def __init__(
        self, marginals: list[Distribution], log_py: Tensor, *, temperature: float
    ) -> None:
        super().__init__()
        self.marginals, self.log_py, self.temperature = marginals, log_py, temperature

    def forward(self, context: Tensor | None = None) -> Distribution:
        joint = torch.stack([p.log_prob(context) for p in self.marginals], -1) + self.log_py
        return Categorical(logits=joint / self.temperature)


class LabelledLinearGaussian:
    """A labelled VAE with known evidence.

    Attributes:
        model: in float64.
        x: (B, F) rows drawn from it.
        label: (B,) their labels.
        log_pxy: (C, B) log p(x, y) of every label.
        log_px: (B,) log p(x).
    """

    def __init__(
        self,
        *,
        classes: int = 3,
        rows: int = 8,
        shift: float = 0.0,
        widen: float = 1.0,
        temperature: float = 1.0,
        classifier: bool = True,
    ) -> None:
        parts = [
            LinearGaussian(rows=rows, shift=shift, widen=widen, seed=seed)
            for seed in range(classes)
        ]
        prior = LabelPrior([1.0 + number for number in range(classes)]).double()
        marginals = [self.marginal(part) for part in parts]
        log_py = prior().logits
        self.label = torch.arange(rows) % classes
        self.x = torch.stack([part.x for part in parts])[self.label, torch.arange(rows)]
        self.log_pxy = torch.stack([p.log_prob(self.x) for p in marginals]) + log_py.unsqueeze(-1)
        self.log_px = self.log_pxy.logsumexp(0)
        exact = ExactClassifier(marginals, log_py, temperature=temperature)
        self.model = LabelledVAE(
            label_prior=prior,
            prior=StandardNormal(2).double(),
            posterior=EachPosterior(parts),
            likelihood=EachLikelihood(parts),
            classifier=exact if classifier else None,
        )

    @staticmethod
    def marginal(part: LinearGaussian) -> MultivariateNormal:
        """p(x|y) of one label."""
        likelihood = part.model.likelihood
        weight = likelihood.weight
        eye = torch.eye(len(weight), dtype=weight.dtype)
        return MultivariateNormal(likelihood.bias, weight @ weight.T + likelihood.scale**2 * eye)
