"""The modules."""

import torch
from torch.distributions import Independent, Laplace
from torch.distributions import Poisson as PoissonDistribution
from torch.nn.functional import softplus

from vaekit import Conditional, Head


class LaplacePrior(Conditional):
    """Independent Laplace distributions around 0."""

    loc: torch.Tensor

    def __init__(self, dim, *, scale=1.0):
        super().__init__()
        self.scale = scale
        self.register_buffer("loc", torch.zeros(dim), persistent=False)

    def forward(self, context=None):
        scale = torch.full_like(self.loc, self.scale)
        return Independent(Laplace(self.loc, scale, validate_args=False), 1, validate_args=False)


class Poisson(Head):
    """Independent counts."""

    def __init__(self, features):
        super().__init__()
        self.inputs = features

    def forward(self, context=None):
        rate = softplus(context) + 1e-6
        return Independent(PoissonDistribution(rate, validate_args=False), 1, validate_args=False)
