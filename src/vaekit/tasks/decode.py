"""From codes to rows: those of the prior, or any others."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.errors import ConfigError
from vaekit.models import VAE
from vaekit.numerics import fixed_noise
from vaekit.tasks.stream import device_of

__all__ = ["decode", "draw_codes", "sample"]


@torch.no_grad()
def decode(
    model: VAE,
    *,
    codes: NDArray[Any] | Tensor,
    draw: bool = False,
    batch_size: int = 1024,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Decode codes.

    Args:
        model: a trained model.
        codes: (B, D).
        draw: draw from p(x|z) instead of taking its mean.
        batch_size: codes that go through the model at once.
        seed: of the draws.

    Returns:
        (B, F) in the units that the model sees; ``preprocessing.inverse`` gives raw units.

    Raises:
        ConfigError: codes of another width than the latent space.

    Example:
        >>> from vaekit.assembly import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> decode(model, codes=np.zeros((3, 2))).shape
        (3, 64)
    """
    model.eval()
    z = torch.as_tensor(codes, dtype=torch.float32, device=device_of(model))
    dim = model.prior().event_shape[0]
    if z.ndim != 2 or z.shape[1] != dim:
        raise ConfigError(f"expected codes of shape (rows, {dim}), got {tuple(z.shape)}")
    parts: list[Tensor] = []
    with fixed_noise(seed):
        for part in torch.split(z, batch_size):
            p = model.likelihood(part)
            parts.append((p.sample() if draw else p.mean).cpu())
    rows: NDArray[np.float32] = torch.cat(parts).numpy()
    return rows


@torch.no_grad()
def sample(
    model: VAE,
    *,
    n: int,
    temperature: float = 1.0,
    draw: bool = False,
    batch_size: int = 1024,
    seed: int = 0,
) -> NDArray[np.float32]:
    r"""Make rows up: draw codes from the prior and decode them.

    With a temperature T the codes are drawn towards the mean m of the prior,
    :math:`m + T (z - m)`: for a Gaussian prior its standard deviations times T.

    Args:
        model: a trained model.
        n: how many rows.
        temperature: T; 1 for the prior itself, less for more typical and less varied rows.
        draw: draw from p(x|z) instead of taking its mean, which looks better than it is likely.
        batch_size: codes that go through the model at once.
        seed: of the codes and the draws.

    Returns:
        (n, F) in the units that the model sees; ``preprocessing.inverse`` gives raw units.

    Raises:
        ConfigError: n is below 1, or the temperature negative or not finite.

    Example:
        >>> from vaekit.assembly import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> sample(model, n=3).shape
        (3, 64)
    """
    z = draw_codes(model, n=n, temperature=temperature, seed=seed)
    # Another seed: the noise of the pixels must not be that of the codes.
    return decode(model, codes=z, draw=draw, batch_size=batch_size, seed=(seed + 1) % 2**32)


@torch.no_grad()
def draw_codes(
    model: VAE, *, n: int, temperature: float = 1.0, seed: int = 0
) -> NDArray[np.float32]:
    r"""Draw codes from the prior, or towards its mean: :math:`m + T (z - m)`.

    Args:
        model: a trained model.
        n: how many.
        temperature: T, as in ``sample``.
        seed: of the codes.

    Returns:
        (n, D).

    Raises:
        ConfigError: n is below 1, or the temperature negative or not finite.

    Example:
        >>> from vaekit.assembly import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> draw_codes(model, n=3, temperature=0.0)
        array([[0., 0.],
               [0., 0.],
               [0., 0.]], dtype=float32)
    """
    if n < 1:
        raise ConfigError(f"expected at least 1 sample to draw, got {n}")
    if not 0.0 <= temperature < float("inf"):
        raise ConfigError(f"expected a temperature of at least 0, got {temperature}")
    model.eval()
    with fixed_noise(seed):
        prior = model.prior()
        z = prior.sample(torch.Size([n]))
        if temperature != 1.0:
            z = prior.mean + temperature * (z - prior.mean)
    codes: NDArray[np.float32] = z.cpu().numpy()
    return codes
