"""Pythae's ``get_nll`` on given weights and rows, asked for by lines on standard input.

Run by ``benchmarks.likelihood`` with a Python that has Pythae. For each line, a number of rows, it
prints one: the seconds that they took, and the mean of their log-likelihoods.
"""

import itertools
import sys
import time
from argparse import ArgumentParser

import torch
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from torch import nn


def layers(*widths):
    """Linear layers with tanh between them."""
    parts = []
    for before, after in itertools.pairwise(widths):
        parts += [nn.Linear(before, after), nn.Tanh()]
    return nn.Sequential(*parts[:-1])


class Encoder(BaseEncoder):
    """Means and log-variances, side by side from one layer."""

    def __init__(self):
        BaseEncoder.__init__(self)
        self.layers = layers(784, 200, 200, 100)

    def forward(self, x):
        mean, log_variance = self.layers(x).chunk(2, -1)
        return ModelOutput(embedding=mean, log_covariance=log_variance)


class Decoder(BaseDecoder):
    """Probabilities, as Pythae wants them."""

    def __init__(self):
        BaseDecoder.__init__(self)
        self.layers = layers(50, 200, 200, 784)

    def forward(self, z):
        return ModelOutput(reconstruction=self.layers(z).sigmoid())


def main():
    """See the module."""
    parser = ArgumentParser()
    parser.add_argument("weights")
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    given = torch.load(args.weights, weights_only=True)
    config = VAEConfig(input_dim=(784,), latent_dim=50, reconstruction_loss="bce")
    encoder, decoder = Encoder(), Decoder()
    encoder.layers.load_state_dict(given["encoder"])
    decoder.layers.load_state_dict(given["decoder"])
    model = VAE(config, encoder=encoder, decoder=decoder).eval()
    for line in sys.stdin:
        rows = given["rows"][: int(line)]
        with torch.no_grad():
            start = time.perf_counter()
            mean = model.get_nll(rows, n_samples=args.samples)  # of log p(x), in spite of its name
            print(time.perf_counter() - start, mean, flush=True)


if __name__ == "__main__":
    main()
