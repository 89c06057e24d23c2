"""Impute missing values and score rows."""

import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution, Independent
from torch.nn import functional

from vaekit.data import Preprocessing
from vaekit.distributions import sample_with_log_prob
from vaekit.errors import ConfigError
from vaekit.inference.encode import (
    check_rows,
    chunks,
    observed_tensors,
    sample_codes,
    to_double,
)
from vaekit.models import Model, complete
from vaekit.models.vae import row_log_prob
from vaekit.numerics import fixed_noise, nth_seed

__all__ = [
    "Imputation",
    "RowLikelihoods",
    "Scores",
    "impute",
    "impute_means",
    "score",
    "score_raw",
    "see",
]


_CHUNK_NUMBERS = 2**21
_INTERVAL_DRAWS = 2000
_MEAN_CODES = 2**13


@dataclass(frozen=True, kw_only=True, eq=False)
class Imputation:
    """Imputed tables; observed cells are unchanged in all of them."""

    filled: NDArray[np.floating[Any]]
    """(N, F) the mean of each missing cell given the observed ones; for a column of levels, the
    most probable one."""
    draws: NDArray[np.floating[Any]]
    """(M, N, F) tables drawn from the same distribution."""
    low: NDArray[np.floating[Any]]
    """(N, F) lower end of the interval of each missing cell; the filled table where none was
    asked for."""
    high: NDArray[np.floating[Any]]
    """(N, F) upper end."""
    effective_samples: NDArray[np.float64]
    """(N,) how many of the samples carry a row: (sum w)^2 / sum w^2; near 1 they have collapsed
    onto one, and the row is not to be trusted. All of them where nothing is missing."""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """Weighted samples for one row."""

    z: Tensor
    """(K, 1, D)."""
    whole: Tensor | None
    """(K, F) rows that were drawn and weighed with the codes; none where codes alone were."""
    weights: Tensor
    """(K,) float64, their sum is 1."""
    best: Tensor
    """(F,) float64: means, and most probable levels."""


class _Levels(Protocol):
    """A distribution over rows that knows the probabilities of the levels of a column."""

    def probabilities(self, column: int) -> Tensor:
        """(..., L) for the column."""


@torch.no_grad()
def impute(
    model: Model,
    *,
    rows: NDArray[np.floating[Any]],
    samples: int = 1000,
    draws: int = 0,
    interval: float | None = None,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> Imputation:
    r"""Impute missing cells by self-normalized importance sampling.

    .. math::
        E[x_m | x_o] \approx \sum_{k=1}^K \bar w_k\, E[x_m | z_k], \quad
        \bar w_k \propto \frac{p(x_o|z_k)\,p(z_k)}{q(z_k|x_o)}, \quad z_k \sim q(z|x_o)

    Draws and intervals come from resampling the codes by their weights and drawing
    :math:`x_m \sim p(x|z)` afresh from each. A model of the missingness multiplies the weights by
    :math:`p(s|x_o, x_{m,k})`, with one :math:`x_{m,k} \sim p(x|z_k)` for each code, and these
    stand for the missing cells in means, draws and intervals. Rows go through the model one at a
    time. The noise of a row follows from its values, so that draws of different rows are
    independent and the means of a row do not depend on the rows that go with it; of equal rows
    only the draws differ. Memory does not grow with the number of rows.

    Args:
        model: a trained model; put into evaluation mode.
        rows: (N, F) as the model sees them, NaN where a cell is missing.
        samples: K for each row.
        draws: M, tables to draw.
        interval: coverage of the interval of each missing cell, between 0 and 1.
        seed: of the noise.
        advance: called with the number of rows done since the last call.

    Returns:
        The filled table, draws, interval ends and effective sample sizes.

    Raises:
        ConfigError: fewer than one sample, fewer than no draws, or an impossible coverage.
        DataError: rows that are no table, or that hold an infinite value.

    Example:
        >>> from vaekit import MLP, VAE, Amortized, DiagonalGaussian, Gaussian, StandardNormal
        >>> model = VAE(
        ...     prior=StandardNormal(1),
        ...     posterior=Amortized(MLP(3, [], 2), DiagonalGaussian(1)),
        ...     likelihood=Amortized(MLP(1, [], 3), Gaussian(3)),
        ... )
        >>> made = impute(model, rows=np.array([[1.0, np.nan, 2.0]]), samples=50, draws=4)
        >>> made.filled[0, [0, 2]], bool(np.isfinite(made.filled).all()), made.draws.shape
        (array([1., 2.]), True, (4, 1, 3))

    Source:
        Mattei and Frellsen 2019, arXiv:1812.02633 (MIWAE), on single and multiple imputation;
        Ipsen, Mattei and Frellsen 2021, arXiv:2006.12871 (not-MIWAE), for the missingness.
    """
    _check(rows, samples=samples, draws=draws, interval=interval)
    model.eval()
    filled = rows.copy()
    low, high = rows.copy(), rows.copy()
    drawn = np.repeat(rows[None], draws, axis=0)
    effective = np.full(len(rows), float(samples))
    repeats: Counter[bytes] = Counter()
    for at, missing in enumerate(np.isnan(rows)):
        if missing.any():
            content = rows[at].tobytes()
            own = nth_seed(seed, number=1 + zlib.crc32(content))
            repeats[content] += 1
            with fixed_noise(own):
                row = _weigh(model, rows[at], missing=missing, samples=samples)
            # equal rows have the same means, and draws of their own
            with fixed_noise(nth_seed(own, number=repeats[content])):
                filled[at, missing] = row.best[torch.from_numpy(missing)].numpy()
                drawn[:, at, missing] = _draw(model, row, count=draws)[:, missing]
                ends = _interval(model, row, coverage=interval)
            low[at, missing], high[at, missing] = (
                ends[0][missing],
                ends[1][missing],
            )
            effective[at] = float(1.0 / row.weights.square().sum())
        if advance is not None:
            advance(1)
    return Imputation(filled=filled, draws=drawn, low=low, high=high, effective_samples=effective)


@torch.no_grad()
def impute_means(
    model: Model, *, rows: NDArray[np.floating[Any]], samples: int = 64, seed: int = 0
) -> tuple[NDArray[np.float64], dict[int, NDArray[np.float64]]]:
    r"""Estimate the means of numbers and the probabilities of levels, in blocks of rows.

    The estimate of :func:`impute`, without draws and intervals and for a model without a model
    of the missingness, and many rows at once. All rows have the same noise, from a Sobol sequence:
    a row gets the same means in any block, but for rounding.

    Args:
        model: a trained model; put into evaluation mode.
        rows: (N, F) as the model sees them, NaN where a cell is missing.
        samples: K for each row.
        seed: of the noise.

    Returns:
        (N, F) means; column of levels to probabilities (N, L). Known cells are not kept.

    Raises:
        ConfigError: fewer than one sample.
        DataError: rows that are no table, or that hold an infinite value.

    Source:
        Mattei and Frellsen 2019, arXiv:1812.02633 (MIWAE); Owen 1998, Journal of Complexity 14
        (scrambled sequences).
    """
    _check_samples(rows, samples=samples)
    model.eval()
    means = np.zeros(rows.shape)
    counts = _levels(model, features=rows.shape[1])
    levels = {f: np.zeros((len(rows), count)) for f, count in enumerate(counts) if count}
    size = max(1, _MEAN_CODES // samples)
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        x, kept = observed_tensors(model, rows[part])
        z, ratio = sample_codes(model, x, kept=kept, samples=samples, seed=seed, quasi=True)
        p = cast("Independent[Any]", model.decode(z))
        each = p.base_dist.log_prob(x[:, None])
        log_w = torch.where(kept[:, None], each, torch.zeros_like(each)).double().sum(-1) + ratio
        weights = torch.softmax(log_w, 1)[..., None]
        means[part] = (weights * p.mean.double()).sum(1).cpu().numpy()
        for f, found in levels.items():
            shares = cast("_Levels", p).probabilities(f).double()
            found[part] = (weights * shares).sum(1).cpu().numpy()
    return means, levels


def _check(
    rows: NDArray[np.floating[Any]], *, samples: int, draws: int, interval: float | None
) -> None:
    """Whether the rows and the settings can be used."""
    if samples < 1 or draws < 0:
        raise ConfigError(f"expected samples >= 1 and draws >= 0; got {samples} and {draws}")
    if interval is not None and not 0.0 < interval < 1.0:
        raise ConfigError(f"expected an interval between 0 and 1, such as 0.9; got {interval}")
    check_rows(rows)


def _weigh(
    model: Model, row: NDArray[np.floating[Any]], *, missing: NDArray[np.bool_], samples: int
) -> _Row:
    """Sample codes of one row, weigh them, and average what they say of its cells."""
    x, mask = observed_tensors(model, np.where(missing, np.nan, row)[None])
    q, prior = model.encode(x, mask=mask), model.code_distribution()
    codes, rows, log_weights = [], [], []
    best = _Best(levels=_levels(model, features=len(row)))
    for size in chunks(samples, size=_chunk(len(row))):
        z, log_qz = sample_with_log_prob(q, (size,))
        p = model.decode(z)
        log_w = row_log_prob(p, x, mask) + prior.log_prob(z) - log_qz
        drawn = None
        if model.missingness is not None:
            drawn, _ = complete(p, x, mask)
            log_w = log_w + model.missingness(drawn).log_prob(mask.to(x))
            rows.append(drawn[:, 0])
        best.add(p, log_w[:, 0].double(), drawn=drawn)
        codes.append(z)
        log_weights.append(log_w[:, 0].double())
    weights = torch.softmax(torch.cat(log_weights), 0)
    return _Row(
        z=torch.cat(codes),
        whole=torch.cat(rows) if rows else None,
        weights=weights.cpu(),
        best=best.value(),
    )


class _Best:
    """A running weighted mean of what samples say of cells, in one pass over them.

    Args:
        levels: of each column, 0 where it holds numbers.
    """

    def __init__(self, *, levels: Sequence[int]) -> None:
        self.levels = levels
        self.log_sum = torch.tensor(-torch.inf, dtype=torch.float64)
        self.parts = [torch.zeros((), dtype=torch.float64)] * (1 + sum(n > 0 for n in levels))

    def add(self, p: Distribution, log_w: Tensor, *, drawn: Tensor | None) -> None:
        """Take in a chunk: p(x|z) with batch (k, 1), log-weights (k,), of p or of what it drew."""
        said = [p.mean if drawn is None else drawn]
        said += [
            cast("_Levels", p).probabilities(f)
            if drawn is None
            else functional.one_hot(drawn[..., f].long(), n).to(drawn)
            for f, n in enumerate(self.levels)
            if n
        ]
        total = torch.logaddexp(self.log_sum.to(log_w.device), log_w.logsumexp(0))
        weights, kept = (log_w - total).exp(), (self.log_sum.to(log_w.device) - total).exp()
        self.parts = [
            part.to(log_w.device) * kept + weights @ each[:, 0].double()
            for part, each in zip(self.parts, said, strict=True)
        ]
        self.log_sum = total

    def value(self) -> Tensor:
        """(F,) the mean, or the most probable level."""
        mean, *probabilities = [part.cpu() for part in self.parts]
        for column, each in zip(np.flatnonzero(self.levels), probabilities, strict=True):
            mean[column] = float(each.argmax())
        return mean


def _draw(model: Model, row: _Row, *, count: int) -> NDArray[np.float64]:
    """(count, F) rows from codes that are resampled by their weights."""
    if count == 0:
        return np.empty((0, len(row.best)))
    # Stratified: one uniform number in each of as many equal parts, then shuffled, so that any
    # few of the draws are as good as any others.
    places = (torch.arange(count) + torch.rand(count)).double() / count
    chosen = torch.searchsorted(row.weights.cumsum(0), places).clamp(max=len(row.weights) - 1)
    chosen = chosen[torch.randperm(count)]
    if row.whole is not None:
        return row.whole[chosen.to(row.whole.device)].cpu().double().numpy()
    drawn = []
    for part in torch.split(chosen, _chunk(len(row.best))):
        drawn.append(model.decode(row.z[part.to(row.z.device)]).sample()[:, 0].cpu())
    return torch.cat(drawn).double().numpy()


def _interval(
    model: Model, row: _Row, *, coverage: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends (F,) of the central interval; what was filled in where none is asked for."""
    if coverage is None:
        return row.best.numpy(), row.best.numpy()
    drawn = _draw(model, row, count=_INTERVAL_DRAWS)
    low, high = np.quantile(
        drawn, [0.5 - coverage / 2, 0.5 + coverage / 2], axis=0, method="inverted_cdf"
    )
    return low, high


def _levels(model: Model, *, features: int) -> list[int]:
    """Number of levels of each column, 0 where it holds numbers."""
    if model.columns is None:
        return [0] * features
    return [2 if column.kind == "binary" else column.levels for column in model.columns]


def _chunk(features: int) -> int:
    """Samples of a row that are decoded at once."""
    return max(1, _CHUNK_NUMBERS // features)


_BLOCK_NUMBERS = 2**18
_BLOCK_ROWS = 64
_DECIMALS = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """Importance-sampled scores of each row, in nats."""

    log_likelihood: NDArray[np.float64]
    """(N,) log p(x_o), of the known cells; 0 for a row without one."""
    effective_samples: NDArray[np.float64]
    """(N,) how many of the samples carry it: (sum w)^2 / sum w^2."""
    surprise: NDArray[np.float64]
    """(N, F) -log p(x_f | the other known cells of the row); NaN where a cell is missing."""


@torch.no_grad()
def score(
    model: Model,
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
        advance: called with the number of rows done since the last call.

    Returns:
        Log-densities, effective sample sizes, and how surprising each cell is.

    Raises:
        ConfigError: fewer than one sample.
        DataError: rows that are no table, or that hold an infinite value.

    Example:
        >>> from vaekit import MLP, VAE, Amortized, DiagonalGaussian, Gaussian, StandardNormal
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
    _check_samples(rows, samples=samples)
    model.eval()
    exact = to_double(model)
    known = ~np.isnan(rows)
    log_likelihood = np.zeros(len(rows))
    effective = np.full(len(rows), float(samples))
    surprise = np.full(rows.shape, np.nan)
    size = min(_BLOCK_ROWS, max(1, _BLOCK_NUMBERS // (samples * max(1, rows.shape[1]))))
    for block in _blocks(len(rows), size=size):
        sums = _weigh_block(exact, rows[block], samples=samples, seed=seed)
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


@dataclass(frozen=True, kw_only=True, eq=False)
class RowLikelihoods:
    """Importance-sampled log-likelihoods of rows, in nats of the row as the model sees it."""

    log_likelihood: NDArray[np.float64]
    """(N,) estimates of log p(x) of the known values."""
    standard_error: NDArray[np.float64]
    """(N,) of the estimates, by the delta method: sqrt(1 / effective samples - 1 / K)."""
    effective_samples: NDArray[np.float64]
    """(N,) how many of the K samples carry each estimate: (sum w)^2 / sum w^2."""

    def __len__(self) -> int:
        return len(self.log_likelihood)


def score_raw(
    model: Model,
    *,
    preprocessing: Preprocessing,
    rows: NDArray[np.floating[Any]],
    samples: int = 500,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> RowLikelihoods:
    """Estimate the log-likelihoods of rows in raw units, with standard errors.

    Args:
        model: a trained model.
        preprocessing: from raw rows to what it sees.
        rows: (N, F) raw, NaN where a value is missing.
        samples: K for each row.
        seed: of the samples and of a dynamic binarization.
        advance: called with the number of rows done since the last call.

    Returns:
        The estimates.

    Raises:
        ConfigError: the model has no encoder, or fewer than one sample.
        DataError: rows that are no table, or that hold an infinite value.
    """
    if not model.latent.encoder:
        raise ConfigError("the model has no encoder, so no likelihood can be estimated")
    seen = see(preprocessing, rows=rows, seed=seed)
    found = score(model, rows=seen, samples=samples, seed=seed, advance=advance)
    variance = 1 / np.maximum(found.effective_samples, 1.0) - 1 / samples
    return RowLikelihoods(
        log_likelihood=found.log_likelihood,
        standard_error=np.sqrt(np.maximum(variance, 0.0)),
        effective_samples=found.effective_samples,
    )


def see(
    preprocessing: Preprocessing, *, rows: NDArray[np.floating[Any]], seed: int
) -> NDArray[np.float64]:
    """Transform raw rows to what a model sees; missing values stay missing.

    Args:
        preprocessing: from raw rows to what the model sees.
        rows: (N, F) raw, NaN where a value is missing.
        seed: of a dynamic binarization.

    Returns:
        (N, F), NaN where a value is missing.

    Raises:
        DataError: rows that are no table, or that hold an infinite value.
    """
    check_rows(rows)
    with fixed_noise(seed), torch.no_grad():
        seen: NDArray[np.float64] = preprocessing(torch.tensor(rows)).double().numpy()
    return np.where(np.isnan(rows), np.nan, seen)


def _check_samples(rows: NDArray[np.floating[Any]], *, samples: int) -> None:
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


def _weigh_block(
    model: Model, rows: NDArray[np.floating[Any]], *, samples: int, seed: int
) -> _Sums:
    """Sample codes of the rows of a block, weigh them, and sum in chunks."""
    x, kept = observed_tensors(model, rows)
    z, ratio = sample_codes(model, x, kept=kept, samples=samples, seed=seed)
    row, there, parts, start = x[:, None], kept[:, None], [], 0
    for size in chunks(samples, size=max(1, _CHUNK_NUMBERS // x.numel())):
        part = slice(start, start + size)
        p = cast("Independent[Any]", model.decode(z[:, part].contiguous()))
        each = p.base_dist.log_prob(row)
        each = torch.where(there, each, torch.zeros_like(each)).double()
        log_w = (each.sum(-1) + ratio[:, part])[..., None]
        parts.append(torch.cat([log_w, 2 * log_w, log_w - each], -1).logsumexp(1))
        start += size
    sums = torch.stack(parts).logsumexp(0).cpu().numpy()
    return _Sums(whole=sums[:, 0], squares=sums[:, 1], without=sums[:, 2:])
