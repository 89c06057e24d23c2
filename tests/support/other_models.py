"""Models that are no VAE of three conditionals: a ladder, a quantised code, and a generator.

They implement ``Model`` and nothing else, to show that all outside of models/ works with them. The
generator has no encoder, and learns against a discriminator with an optimizer of its own.
"""

import math

import torch
from torch import nn
from torch.distributions import Categorical, Distribution, Independent

from vaekit.distributions import Point
from vaekit.errors import ConfigError
from vaekit.models import (
    Bernoulli,
    DiagonalGaussian,
    Head,
    LatentGroup,
    LatentSpace,
    Model,
    StandardNormal,
    Trace,
    TraceGroup,
    row_log_prob,
)
from vaekit.networks import MLP
from vaekit.training import Executor, StepOutput, TrainingStep, build_optimizers, stack_sums


class Chain(Distribution):
    """Two groups side by side, (last, first), of which the last depends on the first or not."""

    def __init__(self, first, then, *, first_stands, sizes):
        super().__init__(validate_args=False)
        self.first, self.then = first, then
        self.first_stands, self.sizes = first_stands, sizes  # 0 or 1: where the first one stands
        self._batch_shape = first.batch_shape
        self._event_shape = torch.Size([sum(sizes)])

    def _join(self, first, other):
        return torch.cat((first, other) if self.first_stands == 0 else (other, first), -1)

    def rsample_and_log_prob(self, shape):
        first = self.first.rsample(shape)
        after = self.then(first)
        other = after.rsample()
        return self._join(first, other), self.first.log_prob(first) + after.log_prob(other)

    def rsample(self, sample_shape=()):
        return self.rsample_and_log_prob(torch.Size(sample_shape))[0]

    def sample(self, sample_shape=()):
        with torch.no_grad():
            return self.rsample(sample_shape)

    def log_prob(self, value):
        parts = value.split(self.sizes, -1)
        first, other = parts[self.first_stands], parts[1 - self.first_stands]
        return self.first.log_prob(first) + self.then(first).log_prob(other)

    @property
    def mean(self):
        return self._join(self.first.mean, self.then(self.first.mean).mean)

    @property
    def variance(self):
        return self.rsample((1000,)).var(0)


class Ladder(Model):
    """q(z1|x) q(z2|z1) and p(z2) p(z1|z2) p(x|z1); a code is (z2, z1)."""

    def __init__(self, *, features, dims=(2, 3), hidden=32):
        super().__init__()
        top, bottom = dims
        self.dims = dims
        self.up1 = MLP(features, [hidden], 2 * bottom)
        self.up2 = MLP(bottom, [hidden], 2 * top)
        self.down1 = MLP(top, [hidden], 2 * bottom)
        self.down2 = MLP(bottom, [hidden], features)
        self.top, self.bottom = DiagonalGaussian(top), DiagonalGaussian(bottom)
        self.prior_top, self.rows = StandardNormal(top), Bernoulli(features)

    @property
    def latent(self):
        top, bottom = self.dims
        return LatentSpace(
            groups=(LatentGroup(name="z2", dims=top), LatentGroup(name="z1", dims=bottom))
        )

    def _q2(self, z1):
        return self.top(self.up2(z1))

    def _p1(self, z2):
        return self.bottom(self.down1(z2))

    def trace(self, x, *, samples=1, mask=None, weights=None):
        q1 = self.bottom(self.up1(x))
        z1 = q1.rsample((samples,))
        q2, p2 = self._q2(z1), self.prior_top()
        z2 = q2.rsample()
        p1 = self._p1(z2)
        groups = (
            TraceGroup(name="z2", z=z2, log_pz=p2.log_prob(z2), log_qz=q2.log_prob(z2), q=q2, p=p2),
            TraceGroup(name="z1", z=z1, log_pz=p1.log_prob(z1), log_qz=q1.log_prob(z1), q=q1, p=p1),
        )
        log_px = row_log_prob(self.rows(self.down2(z1)), x, mask)
        return Trace(x=x, log_px=log_px, groups=groups)

    def encode(self, x, *, mask=None):
        return Chain(self.bottom(self.up1(x)), self._q2, first_stands=1, sizes=self.dims)

    def decode(self, z):
        return self.rows(self.down2(z[..., self.dims[0] :]))

    def code_distribution(self):
        return Chain(self.prior_top(), self._p1, first_stands=0, sizes=self.dims)

    def parts(self):
        return {
            "encoder": nn.ModuleList([self.up1, self.up2]),
            "decoder": self.down2,
            "prior": self.down1,
        }


class VectorQuantised(Model):
    """Every position of a code is the number of the nearest entry of a codebook (VQ-VAE)."""

    def __init__(self, *, features, positions=3, entries=8, width=4, hidden=32):
        super().__init__()
        self.positions, self.entries, self.width = positions, entries, width
        self.encoder = MLP(features, [hidden], positions * width)
        self.codebook = nn.Parameter(torch.randn(entries, width))
        self.decoder = MLP(positions * width, [hidden], features)
        self.rows: Head = Bernoulli(features)

    @property
    def latent(self):
        group = LatentGroup(name="codes", dims=self.positions, values=self.entries)
        return LatentSpace(groups=(group,))

    def _nearest(self, x):
        """Vectors of the encoder (B, P, E) and the entries nearest to them (B, P)."""
        vectors = self.encoder(x).unflatten(-1, (self.positions, self.width))
        return vectors, torch.cdist(vectors, self.codebook.expand(len(x), -1, -1)).argmin(-1)

    def trace(self, x, *, samples=1, mask=None, weights=None):
        vectors, numbers = self._nearest(x)
        entries = self.codebook[numbers]
        straight = vectors + (entries - vectors).detach()
        p = self.rows(self.decoder(straight.flatten(-2)))
        z = numbers.to(x.dtype)
        zero = x.new_zeros(samples, len(x))
        group = TraceGroup(
            name="codes",
            z=z.expand(samples, -1, -1),
            log_pz=zero - self.positions * math.log(self.entries),
            log_qz=zero,
            q=Point(z),
            p=self.code_distribution(),
        )
        penalties = {
            "codebook": (vectors.detach() - entries).square().sum((-2, -1)),
            "commitment": (vectors - entries.detach()).square().sum((-2, -1)),
        }
        log_px = row_log_prob(p, x, mask).expand(samples, -1)
        return Trace(x=x, log_px=log_px, groups=(group,), penalties=penalties)

    def encode(self, x, *, mask=None):
        return Point(self._nearest(x)[1].to(x.dtype))

    def decode(self, z):
        numbers = z.round().long().clamp(0, self.entries - 1)
        return self.rows(self.decoder(self.codebook[numbers].flatten(-2)))

    def code_distribution(self):
        logits = self.codebook.new_zeros(self.positions, self.entries)
        return Independent(Categorical(logits=logits), 1)

    def parts(self):
        return {"encoder": self.encoder, "decoder": self.decoder, "prior": nn.Identity()}


class Generator(Model):
    """z from N(0, I), x = g(z): no encoder, and no density of its own."""

    def __init__(self, *, features, dims=4, hidden=32):
        super().__init__()
        self.network = MLP(dims, [hidden], features)
        self.prior, self.rows = StandardNormal(dims), Bernoulli(features)
        self.dims = dims

    @property
    def latent(self):
        return LatentSpace(groups=(LatentGroup(name="z", dims=self.dims),), encoder=False)

    def trace(self, x, *, samples=1, mask=None, weights=None):
        raise ConfigError("a generator has no encoder")

    def encode(self, x, *, mask=None):
        raise ConfigError("a generator has no encoder")

    def decode(self, z):
        return self.rows(self.network(z))

    def code_distribution(self):
        return self.prior()

    def parts(self):
        return {"decoder": self.network, "prior": self.prior}


class Alternating(Executor):
    """A step of the discriminator, then one of the generator, on the same rows."""

    def __init__(self, step, settings):
        super().__init__(build_optimizers(step, settings.config, device=settings.device))
        self.step = step

    def __call__(self, rows):
        for name in ("discriminator", "generator"):
            output = self.step(rows)
            self.step.zero_grad(set_to_none=True)
            output.losses[name].backward()
            self.optimizers[name].step()
        return stack_sums(self.step, output)


class AdversarialStep(TrainingStep):
    """The losses of Goodfellow et al. 2014, arXiv:1406.2661, the generator's not saturating."""

    sum_names = ("generator", "discriminator")
    executor = Alternating

    def __init__(self, model, objective, *, preprocessing, samples):
        super().__init__()
        self.optimized = {"generator": "model", "discriminator": "discriminator"}
        self.model, self.preprocessing = model, preprocessing
        self.discriminator = MLP(model.network.out_features, [16], 1)

    def forward(self, rows):
        x = self.preprocessing(rows)
        made = self.model.decode(self.model.code_distribution().rsample((len(x),))).mean
        real, fake = self.discriminator(x), self.discriminator(made)
        fixed = self.discriminator(made.detach())
        softplus = nn.functional.softplus
        losses = {
            "generator": softplus(-fake).mean(),
            "discriminator": (softplus(-real) + softplus(fixed)).mean(),
        }
        return StepOutput(losses, {name: len(x) * each.detach() for name, each in losses.items()})
