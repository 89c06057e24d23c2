"""Posterior, log-likelihood and per-cell scores of one row."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution

from vaekit.distributions import Point
from vaekit.evaluation.likelihood import RowScores, score_rows
from vaekit.inference import evenly, impute, posterior_variance
from vaekit.inference.encode import codes_alike, seen_and_kept
from vaekit.models import VAE, Bernoulli, Hedged
from vaekit.models.vae import row_log_prob
from vaekit.numerics import fixed_noise
from vaekit.objectives import has_closed_form, kl_per_dim
from vaekit.runs import Run
from vaekit.web.run_view import Shown

__all__ = ["SAMPLES", "Reference", "Told", "log_likelihoods", "see", "tell", "tell_with_gaps"]


SAMPLES = 100
"""Importance samples behind the log-likelihood of a row."""

_GAP_SAMPLES = 1000
_COVERAGE = 0.9
_CHUNK_NUMBERS = 2**20


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """What a model says of one row."""

    mean: NDArray[np.floating[Any]]
    """(D,) of q(z|x); with gaps, of p(z|x_o) by importance sampling."""
    spread: NDArray[np.floating[Any]]
    """(D,) standard deviations of the same."""
    draws: NDArray[np.floating[Any]]
    """(S, D) codes drawn from the same."""
    log_likelihood: float | None
    """log p(x) of the known cells, in nats; none where q has no density."""
    samples: int
    """How many are behind it."""
    rate: float | None = None
    """Divergence of q(z|x) from the prior, in nats; none with gaps."""
    effective_samples: float | None = None
    """How many of the samples carry the log-likelihood."""
    filled: NDArray[np.floating[Any]] | None = None
    """(F,) the row with its gaps filled in; none without gaps."""
    low: NDArray[np.floating[Any]] | None = None
    """(F,) lower ends of 90% intervals of the gaps."""
    high: NDArray[np.floating[Any]] | None = None
    """(F,) upper ends."""
    note: str = ""
    """What a person should know about these numbers."""


def see(run: Run, raw: NDArray[Any], *, seed: int) -> Tensor:
    """Bring one row to what the model sees.

    Args:
        run: whose model.
        raw: (F,) in units of the data.
        seed: of a dynamic binarization.

    Returns:
        (1, F)
    """
    with fixed_noise(seed):
        seen: Tensor = run.preprocessing(torch.from_numpy(raw[None]))
    return seen


@torch.no_grad()
def tell(run: Run, x: Tensor, *, draws: int, seed: int) -> Told:
    """Encode one row, draw from its posterior, and measure it.

    Args:
        run: whose model.
        x: (1, F) as the model sees it, no cell missing.
        draws: S.
        seed: of the noise.

    Returns:
        What the model says.
    """
    q, prior = run.model.posterior(x), run.model.prior()
    dense = not isinstance(q, Point)
    with fixed_noise(seed):
        spread = posterior_variance(q).sqrt()[0]
        drawn = q.sample(torch.Size([draws]))[:, 0]
        scores = _scores(run.model, x, q) if dense else None
    rate = None if scores is None else float(scores.rate[0])
    if has_closed_form(q, prior):
        rate = float(kl_per_dim(q, prior).sum())
    return Told(
        mean=q.mean[0].numpy(),
        spread=spread.numpy(),
        draws=drawn.numpy(),
        log_likelihood=None if scores is None else float(scores.log_likelihood[0]),
        samples=SAMPLES,
        rate=rate,
        effective_samples=None if scores is None else float(scores.effective_samples[0]),
        note=_note(run, dense=dense),
    )


@torch.no_grad()
def log_likelihoods(run: Run, x: Tensor, *, seed: int) -> NDArray[np.float64]:
    """Log-likelihoods of rows, measured as ``tell`` measures one.

    Args:
        run: whose model.
        x: (B, F) as the model sees them.
        seed: of the noise.

    Returns:
        (B,) in nats; empty where the posterior has no density.
    """
    q = run.model.posterior(x)
    if isinstance(q, Point):
        return np.empty(0)
    with fixed_noise(seed):
        found: NDArray[np.float64] = _scores(run.model, x, q).log_likelihood.numpy()
    return found


@torch.no_grad()
def tell_with_gaps(run: Run, raw: NDArray[Any], *, draws: int, seed: int) -> Told:
    r"""Say what a row with gaps may be: its code, and what stands in the gaps.

    Codes come half from q(z|x_o) and half from the prior, and are weighted:

    .. math:: w_k \propto \frac{p(x_o|z_k)\,p(z_k)}{\tfrac12 q(z_k|x_o) + \tfrac12 p(z_k)}

    Args:
        run: whose model.
        raw: (F,) in units of the data, NaN where a cell is missing.
        draws: S.
        seed: of the noise.

    Returns:
        What the model says, the filled row in units of the data.
    """
    gaps = np.isnan(raw)
    seen = see(run, raw, seed=seed).numpy()
    seen[:, gaps] = np.nan
    model = run.model
    hedged = VAE(
        prior=model.prior,
        posterior=Hedged(model.posterior, model.prior),
        likelihood=model.likelihood,
    )
    made = impute(hedged, rows=seen, samples=_GAP_SAMPLES, interval=_COVERAGE, seed=seed)
    z, log_w = _weighed(hedged, seen, seed=seed)
    weights = torch.softmax(log_w, 0)
    mean = weights @ z
    with fixed_noise(seed):
        at = torch.multinomial(weights, max(draws, 1), replacement=True)[:draws]
    effective = float(1 / weights.square().sum())
    return Told(
        mean=mean.numpy(),
        spread=(weights @ (z - mean).square()).sqrt().numpy(),
        draws=z[at].numpy(),
        log_likelihood=float(torch.logsumexp(log_w, 0)) - math.log(len(log_w)),
        samples=_GAP_SAMPLES,
        effective_samples=effective,
        filled=_filled(run, made.filled[0], raw),
        low=_filled(run, made.low[0], raw),
        high=_filled(run, made.high[0], raw),
        note="few samples carry this answer: do not rely on it" if effective < _FEW else "",
    )


_FEW = 10


def _scores(model: VAE, x: Tensor, q: Distribution) -> RowScores:
    """Importance sampling in chunks of bounded memory."""
    chunk = max(1, _CHUNK_NUMBERS // x.numel())
    return score_rows(model, x, q=q, samples=SAMPLES, chunk=chunk)


def _weighed(model: VAE, seen: NDArray[Any], *, seed: int) -> tuple[Tensor, Tensor]:
    """Codes (K, D) of one row with gaps and their log-weights (K,), both float64."""
    x, kept = seen_and_kept(model, seen)
    z, ratio = codes_alike(model, x, kept=kept, samples=_GAP_SAMPLES, seed=seed)
    log_px = row_log_prob(model.likelihood(z[0][:, None]), x, kept)[:, 0]
    return z[0].double(), log_px.double() + ratio[0]


def _filled(run: Run, values: NDArray[Any], raw: NDArray[Any]) -> NDArray[np.float64]:
    """Cells in units of the data; those that are known as they came."""
    shift, scale = run.preprocessing.shift.numpy(), run.preprocessing.scale.numpy()
    whole: NDArray[np.float64] = np.where(np.isnan(raw), values / scale + shift, raw)
    return whole


def _note(run: Run, *, dense: bool) -> str:
    """What is special about the log-likelihood of this run."""
    if not dense:
        return "the posterior of this run is a point, so no log-likelihood can be estimated"
    head = getattr(run.model.likelihood, "head", None)
    if isinstance(head, Bernoulli) and run.preprocessing.support != "binary":
        return "pixels between black and white: the log-likelihood is a cross-entropy"
    return ""


_MOST_ROWS = 1000
_MOST_AT_ONCE = 64
_SHORT, _LONG = 0.02, 0.06  # seconds of a step


class Reference:
    """Log-likelihoods of rows of the split, measured a few at a time.

    Args:
        shown: whose rows; at most 1000, spread evenly, are measured.
    """

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._places = evenly(shown.rows, most=_MOST_ROWS)
        self._found: list[float] = []
        self._done = 0

    @property
    def rows(self) -> int:
        """How many rows are measured in the end."""
        return len(self._places)

    @property
    def done(self) -> float:
        """Share of them that is measured."""
        return self._done / self.rows

    @property
    def ready(self) -> bool:
        """Whether all are measured."""
        return self._done == self.rows

    @property
    def values(self) -> NDArray[np.float64]:
        """(R,) ascending, in nats; empty before all are there, or where there is no density."""
        return np.sort(np.array(self._found)) if self.ready else np.empty(0)

    def percentile(self, log_likelihood: float) -> float | None:
        """Share of the rows below a log-likelihood.

        Args:
            log_likelihood: of a row, in nats.

        Returns:
            From 0 to 100; none before all are measured.
        """
        values = self.values
        if len(values) == 0:
            return None
        return 100.0 * float(np.searchsorted(values, log_likelihood)) / len(values)

    def steps(self) -> Iterator[int]:
        """Measure the rows, in steps of a few hundredths of a second.

        Yields:
            Rows measured so far.
        """
        size = 4
        while not self.ready:
            began = time.perf_counter()
            places = self._places[self._done : self._done + size]
            found = log_likelihoods(self._shown.run, self._shown.seen(places), seed=self._done)
            self._found += found[np.isfinite(found)].tolist()
            self._done += len(places)
            spent = time.perf_counter() - began
            size = max(1, size // 2) if spent > _LONG else size
            size = min(_MOST_AT_ONCE, 2 * size) if spent < _SHORT else size
            yield self._done
