"""Write a new prior, a Laplace distribution for sparse codes, and use it in a model."""

import torch
from torch.distributions import Independent, Laplace

from vaekit import MLP, VAE, Amortized, Bernoulli, Bound, Conditional, DiagonalGaussian


class LaplacePrior(Conditional):
    def __init__(self, dim):
        super().__init__()
        self.log_scale = torch.nn.Parameter(torch.zeros(dim))

    def forward(self, context=None):
        scale = self.log_scale.exp()
        return Independent(Laplace(torch.zeros_like(scale), scale), 1)


q, p = DiagonalGaussian(2), Bernoulli(64)
model = VAE(
    prior=LaplacePrior(2),
    posterior=Amortized(MLP(64, [32], q.inputs), q),
    likelihood=Amortized(MLP(2, [32], p.inputs), p),
)
terms = Bound()(model(torch.rand(5, 64).round(), samples=3))
print(f"rate {terms.rate.mean():.2f}, distortion {terms.distortion.mean():.2f} nats per row")
