"""Where a decoder starts before it has learned anything."""

import torch
from torch import Tensor, nn

from vaekit.errors import ConfigError
from vaekit.models import VAE, Amortized, Bernoulli
from vaekit.networks import MLP

__all__ = ["start_at_mean"]

_LEAST = 0.001


@torch.no_grad()
def start_at_mean(model: VAE, mean: Tensor) -> None:
    r"""Set the last bias of a decoder to the logits of the mean row.

    .. math:: b_f = \log \frac{m_f}{1 - m_f}, \quad m_f \in [0.001, 0.999]

    Otherwise the first epochs turn hidden units into what should be a bias, and with many
    importance samples it can stay so: one half of a latent dimension then decodes to the
    negative image, which the importance weights forgive.

    Args:
        model: with an mlp decoder and a Bernoulli likelihood; changed.
        mean: (F,) of the rows as the model sees them.

    Raises:
        ConfigError: another decoder or another likelihood.

    Example:
        >>> from vaekit import DiagonalGaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(2),
        ...     posterior=Amortized(MLP(8, [], 4), DiagonalGaussian(2)),
        ...     likelihood=Amortized(MLP(2, [], 8), Bernoulli(8)),
        ... )
        >>> start_at_mean(model, torch.full((8,), 0.25))
        >>> model.likelihood(torch.zeros(2)).mean[0].item()
        0.25

    Source:
        The code of Burda, Grosse and Salakhutdinov 2016, which starts so.
    """
    likelihood = model.likelihood
    assert isinstance(likelihood, Amortized)
    network = likelihood.network
    if not isinstance(network, MLP) or not isinstance(likelihood.head, Bernoulli):
        raise ConfigError(
            "model.likelihood.start = mean needs an mlp decoder and a bernoulli likelihood; "
            "take start = network"
        )
    last = network.layers[-1]
    assert isinstance(last, nn.Linear)
    last.bias.copy_(mean.clamp(_LEAST, 1.0 - _LEAST).logit())
