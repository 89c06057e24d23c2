"""Rows with gaps as a model reads them, and codes of them that are drawn with the same noise."""

import copy
from collections.abc import Iterator
from itertools import chain
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

from vaekit.distributions import sample_with_log_prob
from vaekit.errors import DataError
from vaekit.models import VAE
from vaekit.numerics import fixed_noise
from vaekit.tasks.stream import device_of

__all__ = ["check_rows", "chunks", "codes_alike", "in_double", "posterior_of", "seen_and_kept"]


def check_rows(rows: NDArray[np.floating[Any]]) -> None:
    """Refuse what is no table of numbers with gaps.

    Args:
        rows: (N, F) NaN where a cell is missing.

    Raises:
        DataError: another shape, or an infinite value.
    """
    if rows.ndim != 2:
        raise DataError(f"expected a table (N, F); got an array of shape {rows.shape}")
    if np.isinf(rows).any():
        raise DataError("expected finite values and NaN where a cell is missing; got an infinity")


def in_double(model: VAE) -> VAE:
    """A copy of a model that computes in double precision, on a device that can.

    Args:
        model: which stays as it is.

    Returns:
        The copy; the model itself on Apple's GPUs, which know single precision only.
    """
    return model if device_of(model).type == "mps" else copy.deepcopy(model).double()


def seen_and_kept(model: VAE, rows: NDArray[np.floating[Any]]) -> tuple[Tensor, Tensor]:
    """Rows on the device and in the precision of a model, and which of their cells are known.

    Args:
        model: whose device and precision it is.
        rows: (B, F) NaN where a cell is missing.

    Returns:
        (B, F) with 0 in the gaps, and (B, F) true where a cell is known.
    """
    held = chain(model.parameters(), model.buffers())
    dtype = next((t.dtype for t in held if t.is_floating_point()), torch.get_default_dtype())
    known = ~np.isnan(rows)
    x = torch.from_numpy(np.where(known, rows, 0.0)).to(device_of(model), dtype)
    return x, torch.from_numpy(known).to(device_of(model))


def posterior_of(model: VAE, x: Tensor, kept: Tensor) -> Distribution:
    """q(z|x_o), as the forward pass of the model asks for it.

    Args:
        model: whose posterior it is.
        x: (B, F) with any number in the gaps.
        kept: (B, F) true where a cell is known.

    Returns:
        Batch (B,), event (D,).
    """
    sees_mask = model.posterior.sees_mask
    q: Distribution = model.posterior(torch.cat([x, kept.to(x)], -1) if sees_mask else x)
    return q


def codes_alike(
    model: VAE, x: Tensor, *, kept: Tensor, samples: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Codes of rows, each drawn with the noise that it would get on its own.

    A diagonal Gaussian moves and scales the same noise for all rows at once; any other posterior
    is asked for one row at a time.

    Args:
        model: in evaluation mode.
        x: (B, F) with any number in the gaps.
        kept: (B, F) true where a cell is known.
        samples: K.
        seed: of the noise.

    Returns:
        (B, K, D), and log p(z) - log q(z|x_o) of each, (B, K) float64.
    """
    q = posterior_of(model, x, kept)
    if isinstance(q, Independent) and isinstance(q.base_dist, Normal):
        with fixed_noise(seed):
            noise = torch.randn(samples, 1, q.mean.shape[-1], dtype=x.dtype).to(x.device)
        z = q.mean + q.stddev * noise
        log_qz: Tensor = cast("Distribution", q).log_prob(z)
    else:
        drawn = []
        for at in range(len(x)):
            one = posterior_of(model, x[at : at + 1], kept[at : at + 1])
            with fixed_noise(seed):
                drawn.append(sample_with_log_prob(one, (samples,)))
        z, log_qz = (torch.cat(each, 1) for each in zip(*drawn, strict=True))
    ratio = (model.prior().log_prob(z) - log_qz).double()
    return z.transpose(0, 1).contiguous(), ratio.T


def chunks(samples: int, *, size: int) -> Iterator[int]:
    """Sizes that sum to exactly the samples asked for.

    Args:
        samples: K.
        size: of each chunk but the last.

    Yields:
        The sizes.

    Example:
        >>> list(chunks(5, size=2))
        [2, 2, 1]
    """
    for start in range(0, samples, size):
        yield min(size, samples - start)
