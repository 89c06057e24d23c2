"""The loop that a careful engineer would write in PyTorch, without a library."""

import itertools
import math
import time

import torch
from torch import nn
from torch.nn import functional


class PlainVAE(nn.Module):
    """Dense encoder and decoder, Gaussian codes, Bernoulli pixels; layers as MLP makes them."""

    def __init__(self, *, hidden, latent, activation=nn.ReLU, features=784):
        super().__init__()
        self.encoder = dense([features, *hidden, 2 * latent], activation)
        self.decoder = dense([latent, *reversed(hidden), features], activation)

    def forward(self, x, samples):
        mean, log_variance = self.encoder(x).float().chunk(2, -1)
        noise = torch.randn(samples, *mean.shape)
        z = mean + (0.5 * log_variance).exp() * noise
        return self.decoder(z).float(), mean, log_variance, z, noise


def dense(widths, activation):
    layers = []
    for before, after in itertools.pairwise(widths[:-1]):
        layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(*layers, nn.Linear(*widths[-2:]))


def elbo_loss(x, logits, mean, log_variance, z, noise):
    """Minus the evidence lower bound, with the rate in closed form."""
    distortion = functional.binary_cross_entropy_with_logits(logits[0], x, reduction="sum")
    rate = -0.5 * torch.sum(1 + log_variance - mean.square() - log_variance.exp())
    return (distortion + rate) / len(x)


def iwae_loss(x, logits, mean, log_variance, z, noise):
    """Minus the importance-weighted bound."""
    rows = x.expand(logits.shape)
    log_px = -functional.binary_cross_entropy_with_logits(logits, rows, reduction="none").sum(-1)
    log_pz = -0.5 * z.square().sum(-1)
    log_qz = -0.5 * (noise.square() + log_variance).sum(-1)
    log_w = log_px + log_pz - log_qz  # the constants of the two Gaussians cancel
    return -(torch.logsumexp(log_w, 0) - math.log(len(log_w))).mean()


def bare_loop(
    rows, *, batch, loss, hidden, latent, activation=nn.ReLU, samples=1, bf16=False, compiled=False
):
    """Rows in memory as float32, one index a batch, fused Adam, the loss read once an epoch.

    Nothing is saved or shown. With bf16, products are cast by autocast; compiled by torch.compile,
    model and loss as one function.
    """
    x = torch.from_numpy(rows).float() / 255
    torch.manual_seed(0)
    model = PlainVAE(hidden=hidden, latent=latent, activation=activation, features=x.shape[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def forward(some):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            seen = model(some, samples)
        return loss(some, *seen)

    forward = torch.compile(forward) if compiled else forward

    def epoch():
        began = time.perf_counter()
        order, total = torch.randperm(len(x)), torch.zeros(())
        for start in range(0, len(x) - batch + 1, batch):
            some = x[order[start : start + batch]]
            found = forward(some)
            optimizer.zero_grad()
            found.backward()
            optimizer.step()
            total += found.detach()
        assert math.isfinite(total.item())
        return time.perf_counter() - began

    return epoch
