"""How probable the known cells of rows are, each row on its own, and which cells are odd."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.distributions import Independent

from vaekit.errors import ConfigError
from vaekit.models import VAE
from vaekit.tasks.codes import check_rows, chunks, codes_alike, in_double, seen_and_kept

__all__ = ["Scores", "score"]

_CHUNK_NUMBERS = 2**21
_BLOCK_NUMBERS = 2**18
_BLOCK_ROWS = 64
_DECIMALS = 6


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
    without the cell. Rows go through the model in blocks, all with the same noise, and in double
    precision where the device has it. A matrix product may round a row otherwise in another
    place of its block, so results are rounded to a millionth of a nat: what is said of a row
    does not depend on the rows that go with it, but for a chance of about one in a million that a
    number lies on the edge between two such millionths. Blocks and chunks of samples are of
    bounded memory.

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
    _check(rows, samples=samples)
    model.eval()
    exact = in_double(model)
    known = ~np.isnan(rows)
    log_likelihood = np.zeros(len(rows))
    effective = np.full(len(rows), float(samples))
    surprise = np.full(rows.shape, np.nan)
    size = min(_BLOCK_ROWS, max(1, _BLOCK_NUMBERS // (samples * max(1, rows.shape[1]))))
    for block in _blocks(len(rows), size=size):
        sums = _weigh(exact, rows[block], samples=samples, seed=seed)
        log_likelihood[block] = sums.whole - math.log(samples)
        effective[block] = np.exp(2 * sums.whole - sums.squares)
        surprise[block] = np.where(known[block], sums.without - sums.whole[:, None], np.nan)
        if advance is not None:
            advance(len(np.unique(block)))
    empty = ~known.any(1)
    log_likelihood[empty], effective[empty] = 0.0, samples
    return Scores(
        log_likelihood=np.round(log_likelihood, _DECIMALS),
        effective_samples=np.round(effective, _DECIMALS),
        surprise=np.round(surprise, _DECIMALS),
    )


def _check(rows: NDArray[np.floating[Any]], *, samples: int) -> None:
    """Whether the rows and the settings can be used."""
    if samples < 1:
        raise ConfigError(f"expected samples >= 1; got {samples}")
    check_rows(rows)


def _blocks(count: int, *, size: int) -> Iterator[NDArray[np.int64]]:
    """Positions of rows, so many at a time; the last one comes again where a block is not full."""
    for start in range(0, count, size):
        yield np.minimum(np.arange(start, start + size), count - 1)


@dataclass(frozen=True, kw_only=True)
class _Sums:
    """Logarithms of sums over the samples of each row of a block."""

    whole: NDArray[np.float64]
    """(B,) of the weights."""
    squares: NDArray[np.float64]
    """(B,) of their squares."""
    without: NDArray[np.float64]
    """(B, F) of the weights without each cell."""


def _weigh(model: VAE, rows: NDArray[np.floating[Any]], *, samples: int, seed: int) -> _Sums:
    """Sample codes of the rows of a block, weigh them, and sum in chunks."""
    x, kept = seen_and_kept(model, rows)
    z, ratio = codes_alike(model, x, kept=kept, samples=samples, seed=seed)
    row, there, parts, start = x[:, None], kept[:, None], [], 0
    for size in chunks(samples, size=max(1, _CHUNK_NUMBERS // x.numel())):
        part = slice(start, start + size)
        p = cast("Independent[Any]", model.likelihood(z[:, part].contiguous()))
        each = p.base_dist.log_prob(row)
        each = torch.where(there, each, torch.zeros_like(each)).double()
        log_w = (each.sum(-1) + ratio[:, part])[..., None]
        parts.append(torch.cat([log_w, 2 * log_w, log_w - each], -1).logsumexp(1))
        start += size
    sums = torch.stack(parts).logsumexp(0).cpu().numpy()
    return _Sums(whole=sums[:, 0], squares=sums[:, 1], without=sums[:, 2:])
