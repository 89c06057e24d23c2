"""Missing cells: what a model says of them, given those of the row that are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution
from torch.nn import functional

from vaekit.distributions import sample_with_log_prob
from vaekit.errors import ConfigError
from vaekit.models import VAE, Columns, complete
from vaekit.models.vae import row_log_prob
from vaekit.numerics import fixed_noise
from vaekit.tasks.codes import check_rows, chunks, posterior_of, seen_and_kept

__all__ = ["Imputation", "impute"]

_CHUNK_NUMBERS = 2**21
_INTERVAL_DRAWS = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class Imputation:
    """Missing cells filled in; observed cells stand in every table as they came."""

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
    model: VAE,
    *,
    rows: NDArray[np.floating[Any]],
    samples: int = 1000,
    draws: int = 0,
    interval: float | None = None,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> Imputation:
    r"""Fill in missing cells by self-normalised importance sampling.

    .. math::
        E[x_m | x_o] \approx \sum_{k=1}^K \bar w_k\, E[x_m | z_k], \quad
        \bar w_k \propto \frac{p(x_o|z_k)\,p(z_k)}{q(z_k|x_o)}, \quad z_k \sim q(z|x_o)

    Draws and intervals come from resampling the codes by their weights and drawing
    :math:`x_m \sim p(x|z)` afresh from each. A model of the gaps multiplies the weights by
    :math:`p(s|x_o, x_{m,k})`, with one :math:`x_{m,k} \sim p(x|z_k)` for each code, and these
    stand for the missing cells in means, draws and intervals. Rows go through the model one at a
    time, with the same noise, so what is said of a row does not depend on the rows that go with
    it; memory does not grow with the number of rows.

    Args:
        model: a trained model; put into evaluation mode.
        rows: (N, F) as the model sees them, NaN where a cell is missing.
        samples: K for each row.
        draws: M, tables to draw.
        interval: coverage of the interval of each missing cell, between 0 and 1.
        seed: of the noise.
        advance: told the number of rows done since the last call.

    Returns:
        The filled table, draws, interval ends and effective sample sizes.

    Raises:
        ConfigError: fewer than one sample, fewer than no draws, or an impossible coverage.
        DataError: rows that are no table, or that hold an infinite value.

    Example:
        >>> from vaekit import MLP, Amortized, DiagonalGaussian, Gaussian, StandardNormal
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
        Ipsen, Mattei and Frellsen 2021, arXiv:2006.12871 (not-MIWAE), for a model of the gaps.
    """
    _check(rows, samples=samples, draws=draws, interval=interval)
    model.eval()
    missing = np.isnan(rows)
    filled = rows.copy()
    low, high = rows.copy(), rows.copy()
    drawn = np.repeat(rows[None], draws, axis=0)
    effective = np.full(len(rows), float(samples))
    for at, gaps in enumerate(missing):
        if gaps.any():
            with fixed_noise(seed):
                row = _weigh(model, rows[at], gaps=gaps, samples=samples)
                filled[at, gaps] = row.best[torch.from_numpy(gaps)].numpy()
                drawn[:, at, gaps] = _draw(model, row, count=draws)[:, gaps]
                ends = _interval(model, row, coverage=interval)
            low[at, gaps], high[at, gaps] = ends[0][gaps], ends[1][gaps]
            effective[at] = float(1.0 / row.weights.square().sum())
        if advance is not None:
            advance(1)
    return Imputation(filled=filled, draws=drawn, low=low, high=high, effective_samples=effective)


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
    model: VAE, row: NDArray[np.floating[Any]], *, gaps: NDArray[np.bool_], samples: int
) -> _Row:
    """Sample codes of one row, weigh them, and average what they say of its cells."""
    x, mask = seen_and_kept(model, np.where(gaps, np.nan, row)[None])
    q, prior = posterior_of(model, x, mask), model.prior()
    codes, rows, log_weights = [], [], []
    best = _Best(levels=_levels(model, features=len(row)))
    for size in chunks(samples, size=_chunk(len(row))):
        z, log_qz = sample_with_log_prob(q, (size,))
        p = model.likelihood(z)
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


def _draw(model: VAE, row: _Row, *, count: int) -> NDArray[np.float64]:
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
        drawn.append(model.likelihood(row.z[part.to(row.z.device)]).sample()[:, 0].cpu())
    return torch.cat(drawn).double().numpy()


def _interval(
    model: VAE, row: _Row, *, coverage: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends (F,) of the central interval; what was filled in where none is asked for."""
    if coverage is None:
        return row.best.numpy(), row.best.numpy()
    drawn = _draw(model, row, count=_INTERVAL_DRAWS)
    low, high = np.quantile(
        drawn, [0.5 - coverage / 2, 0.5 + coverage / 2], axis=0, method="inverted_cdf"
    )
    return low, high


def _levels(model: VAE, *, features: int) -> list[int]:
    """Number of levels of each column, 0 where it holds numbers."""
    head = getattr(model.likelihood, "head", None)
    if not isinstance(head, Columns):
        return [0] * features
    return [2 if column.kind == "binary" else column.levels for column in head.columns]


def _chunk(features: int) -> int:
    """Samples of a row that are decoded at once."""
    return max(1, _CHUNK_NUMBERS // features)
