"""Untrained models of 8 x 8 binary images that are no VAE: discrete codes, and no encoder."""

import torch
from torch import nn
from torch.distributions import Bernoulli, Categorical, Independent, Normal

from vaekit.errors import ConfigError
from vaekit.models import LatentGroup, LatentSpace, Model, Trace, TraceGroup

DIMS, VALUES = 3, 4


class Tiny(Model):
    """A decoder of 64 binary pixels, on which the models of these tests are built."""

    def __init__(self):
        super().__init__()
        self.prior = nn.Identity()
        self.decoder = nn.Linear(self.latent.dims, 64)

    def decode(self, z):
        return Independent(Bernoulli(logits=self.decoder(z.float()), validate_args=False), 1)

    def parts(self):
        return {"prior": self.prior, "encoder": self.prior, "decoder": self.decoder}


class Discrete(Tiny):
    """Codes of three numbers from 0 to 3."""

    latent = LatentSpace(groups=(LatentGroup(name="codebook", dims=DIMS, values=VALUES),))

    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(64, DIMS * VALUES)

    def encode(self, x, *, mask=None):
        return self._categorical(self.encoder(x).unflatten(-1, (DIMS, VALUES)))

    def code_distribution(self):
        return self._categorical(torch.zeros(DIMS, VALUES))

    def _categorical(self, logits):
        return Independent(Categorical(logits=logits, validate_args=False), 1)

    def trace(self, x, *, samples=1, mask=None, weights=None):
        q, p = self.encode(x), self.code_distribution()
        z = q.sample((samples,))
        group = TraceGroup("codebook", z, p.log_prob(z), q.log_prob(z), q, p)
        return Trace(x, self.decode(z).log_prob(x), (group,))


class Generator(Tiny):
    """Two real dimensions, and no encoder."""

    latent = LatentSpace(groups=(LatentGroup(name="z", dims=2),), encoder=False)

    def encode(self, x, *, mask=None):
        raise ConfigError("a generator has no encoder")

    trace = encode

    def code_distribution(self):
        return Independent(Normal(torch.zeros(2), torch.full((2,), 2.0)), 1)
