"""How probable the known cells of rows are, each row on its own, and which cells are odd."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution, Independent

from vaekit.distributions import sample_with_log_prob
from vaekit.errors import ConfigError, DataError
from vaekit.models import VAE
from vaekit.numerics import fixed_noise
from vaekit.tasks.stream import device_of

__all__ = ["Scores", "score"]

_CHUNK_NUMBERS = 2**21


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """What importance sampling says of each row, in nats."""

    log_likelihood: NDArray[np.float64]
    """(N,) log p(x_o), of the known cells; 0 for a row without one."""
    effective_samples: NDArray[np.float64]
    """(N,) how many of the samples carry it: (sum w)^2 / sum w^2."""
    surprise: NDArray[np.float64]
    """(N, F) -log p(x_f | the other known cells of the row); NaN where a cell is missing."""


@torch.no_grad()
def score(
    model: VAE,
    *,
    rows: NDArray[np.floating[Any]],
    samples: int = 500,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> Scores:
    r"""Estimate the log-density of the known cells of rows, and of each given the others.

    .. math::
        \log p(x_o) \approx \log \frac1K \sum_k w_k, \quad
        -\log p(x_f | x_{o \setminus f}) \approx
            \log \sum_k \frac{w_k}{p(x_f|z_k)} - \log \sum_k w_k, \quad
        w_k = \frac{p(x_o|z_k)\,p(z_k)}{q(z_k|x_o)}, \quad z_k \sim q(z|x_o)

    The second is the difference of two estimates of the first kind: of the row, and of the row
    without the cell. Rows go through the model one at a time, with the same noise, so what is
    said of a row does not depend on the rows that go with it; samples go in chunks of bounded
    memory.

    Args:
        model: a trained model; put into evaluation mode.
        rows: (N, F) as the model sees them, NaN where a cell is missing.
        samples: K for each row.
        seed: of the noise.
        advance: told the number of rows done since the last call.

    Returns:
        Log-densities, effective sample sizes, and how surprising each cell is.

    Raises:
        ConfigError: fewer than one sample.
        DataError: rows that are no table, or that hold an infinite value.

    Example:
        >>> from vaekit import MLP, Amortized, DiagonalGaussian, Gaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(1),
        ...     posterior=Amortized(MLP(3, [], 2), DiagonalGaussian(1)),
        ...     likelihood=Amortized(MLP(1, [], 3), Gaussian(3)),
        ... )
        >>> found = score(model, rows=np.array([[1.0, np.nan, 2.0]]), samples=50)
        >>> found.log_likelihood.shape, np.isnan(found.surprise)
        ((1,), array([[False,  True, False]]))

    Source:
        Mattei and Frellsen 2019, arXiv:1812.02633, equation 4; Gelfand, Dey and Chang 1992,
        Bayesian Statistics 4, for the cell given the others (conditional predictive ordinate).
    """
    if samples < 1:
        raise ConfigError(f"expected samples >= 1; got {samples}")
    if rows.ndim != 2:
        raise DataError(f"expected a table (N, F); got an array of shape {rows.shape}")
    if np.isinf(rows).any():
        raise DataError("expected finite values and NaN where a cell is missing; got an infinity")
    model.eval()
    known = ~np.isnan(rows)
    log_likelihood = np.zeros(len(rows))
    effective = np.full(len(rows), float(samples))
    surprise = np.full(rows.shape, np.nan)
    for at, mask in enumerate(known):
        if mask.any():
            with fixed_noise(seed):
                sums = _weigh(model, rows[at], mask=mask, samples=samples)
            log_likelihood[at] = sums.whole - math.log(samples)
            effective[at] = math.exp(2 * sums.whole - sums.squares)
            surprise[at, mask] = (sums.without.numpy() - sums.whole)[mask]
        if advance is not None:
            advance(1)
    return Scores(log_likelihood=log_likelihood, effective_samples=effective, surprise=surprise)


@dataclass(frozen=True, kw_only=True)
class _Sums:
    """Logarithms of sums over the samples of one row."""

    whole: float
    """Of the weights."""
    squares: float
    """Of their squares."""
    without: Tensor
    """(F,) of the weights without each cell."""


def _weigh(
    model: VAE, row: NDArray[np.floating[Any]], *, mask: NDArray[np.bool_], samples: int
) -> _Sums:
    """Sample codes of one row, weigh them, and sum in chunks."""
    device, dtype = device_of(model), _dtype(model)
    x = torch.from_numpy(np.where(mask, row, 0.0)[None]).to(device, dtype)
    kept = torch.from_numpy(mask[None]).to(device)
    q, prior = _posterior(model, x, kept), model.prior()
    parts = []
    for size in _chunks(samples, size=max(1, _CHUNK_NUMBERS // len(row))):
        z, log_qz = sample_with_log_prob(q, (size,))
        each = cast("Independent[Any]", model.likelihood(z)).base_dist.log_prob(x)
        each = torch.where(kept, each, torch.zeros_like(each))[:, 0].double()
        ratio = (prior.log_prob(z) - log_qz)[:, 0].double()
        log_w = each.sum(-1) + ratio
        terms = [log_w[:, None], 2 * log_w[:, None], log_w[:, None] - each]
        parts.append(torch.cat(terms, -1).logsumexp(0))
    sums = torch.stack(parts).logsumexp(0).cpu()
    return _Sums(whole=float(sums[0]), squares=float(sums[1]), without=sums[2:])


def _posterior(model: VAE, x: Tensor, mask: Tensor) -> Distribution:
    """q(z|x_o), as the forward pass of the model asks for it."""
    sees_mask = model.posterior.sees_mask
    q: Distribution = model.posterior(torch.cat([x, mask.to(x)], -1) if sees_mask else x)
    return q


def _dtype(model: VAE) -> torch.dtype:
    """In which the model computes."""
    held = chain(model.parameters(), model.buffers())
    return next((t.dtype for t in held if t.is_floating_point()), torch.get_default_dtype())


def _chunks(samples: int, *, size: int) -> Iterator[int]:
    """Sizes that sum to exactly the samples asked for."""
    for start in range(0, samples, size):
        yield min(size, samples - start)
