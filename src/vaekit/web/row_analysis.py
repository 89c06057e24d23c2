"""Posterior, log-likelihood and imputation of one row."""

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
from vaekit.inference.encode import observed_tensors, sample_codes
from vaekit.models import Bernoulli, DefensiveMixture, Model
from vaekit.models.vae import row_log_prob
from vaekit.numerics import fixed_noise
from vaekit.objectives import has_closed_form, kl_per_dim
from vaekit.runs import Run
from vaekit.web import schemas
from vaekit.web.run_view import RunView, most_probable

__all__ = ["ReferenceLikelihoods", "RowAnalysis", "analyze_row"]


_SAMPLES = 100  # importance samples of the log-likelihood of a row
_SAMPLES_MISSING = 1000  # for a row with missing values
_COVERAGE = 0.9
_CHUNK_NUMBERS = 2**20
_MIN_EFFECTIVE_SAMPLES = 10
_REFERENCE_ROWS = 1000
_MAX_REFERENCE_BATCH = 64
_SHORT_STEP, _LONG_STEP = 0.02, 0.06  # seconds


@dataclass(frozen=True, kw_only=True, eq=False)
class RowAnalysis:
    """Posterior and scores of one row."""

    mean: NDArray[np.floating[Any]]
    """(D,) of q(z|x); with missing values of p(z|x_o), by importance sampling. Where codes are
    discrete, the most probable code."""
    spread: NDArray[np.floating[Any]]
    """(D,) standard deviations of the same; zeros where codes are discrete."""
    draws: NDArray[np.floating[Any]]
    """(S, D) samples of the same."""
    log_likelihood: float | None
    """log p(x) of the observed cells, in nats; none where q has no density."""
    samples: int
    """Importance samples used."""
    rate: float | None = None
    """Divergence of q(z|x) from the prior, in nats; none with missing values."""
    effective_samples: float | None = None
    """Effective sample size of the log-likelihood."""
    filled: NDArray[np.floating[Any]] | None = None
    """(F,) the row with its missing values imputed; none for a complete row."""
    low: NDArray[np.floating[Any]] | None = None
    """(F,) lower ends of 90% intervals of the missing values."""
    high: NDArray[np.floating[Any]] | None = None
    """(F,) upper ends."""
    note: str = ""
    """A caveat about these numbers; may be empty."""


@torch.no_grad()
def analyze_row(
    view: RunView, row: int | NDArray[np.floating[Any]], *, draws: int, seed: int
) -> RowAnalysis:
    """Compute the posterior and scores of a row, and impute its missing values.

    Args:
        view: the run.
        row: the number of a row that is shown, or (F,) in units of the data, NaN where a value is
            missing.
        draws: S, samples of the posterior.
        seed: of the noise, including that of a dynamic binarization.

    Returns:
        The analysis.
    """
    run = view.run
    if isinstance(row, int):
        return _analyze_complete(run, view.model_rows(np.array([row])), draws=draws, seed=seed)
    with fixed_noise(seed):
        x = run.preprocessing(torch.from_numpy(row[None]))
    if np.isnan(row).any():
        return _analyze_incomplete(run, row, x.numpy(), draws=draws, seed=seed)
    return _analyze_complete(run, x, draws=draws, seed=seed)


def _analyze_complete(run: Run, x: Tensor, *, draws: int, seed: int) -> RowAnalysis:
    """Analyze a row (1, F), as the model sees it."""
    q, prior = run.model.encode(x), run.model.code_distribution()
    dense, real = not isinstance(q, Point), run.model.latent.real
    with fixed_noise(seed):
        spread = posterior_variance(q).sqrt()[0] if real else torch.zeros(q.event_shape)
        drawn = q.sample(torch.Size([draws]))[:, 0]
        scores = _scores(run.model, x, q) if dense else None
    rate = None if scores is None else float(scores.rate[0])
    if has_closed_form(q, prior):
        rate = float(kl_per_dim(q, prior).sum())
    return RowAnalysis(
        mean=(q.mean if real else most_probable(q))[0].numpy(),
        spread=spread.numpy(),
        draws=drawn.numpy(),
        log_likelihood=None if scores is None else float(scores.log_likelihood[0]),
        samples=_SAMPLES,
        rate=rate,
        effective_samples=None if scores is None else float(scores.effective_samples[0]),
        note=_note(run, dense=dense),
    )


def _scores(model: Model, x: Tensor, q: Distribution) -> RowScores:
    """Score rows by importance sampling, in chunks of bounded memory."""
    chunk = max(1, _CHUNK_NUMBERS // x.numel())
    return score_rows(model, x, q=q, samples=_SAMPLES, chunk=chunk)


def _note(run: Run, *, dense: bool) -> str:
    """Return what is special about the log-likelihood of this run."""
    if not dense:
        return "the posterior of this run is a point, so no log-likelihood can be estimated"
    head = getattr(run.model.parts()["decoder"], "head", None)
    if isinstance(head, Bernoulli) and run.preprocessing.support != "binary":
        return "pixels between black and white: the log-likelihood is a cross-entropy"
    return ""


def _analyze_incomplete(
    run: Run, raw: NDArray[Any], x: NDArray[Any], *, draws: int, seed: int
) -> RowAnalysis:
    r"""Analyze a row with missing values, in units of the data (F,) and of the model (1, F).

    Codes are drawn from an equal mixture of q(z|x_o) and the prior, and weighted:

    .. math:: w_k \propto \frac{p(x_o|z_k)\,p(z_k)}{\tfrac12 q(z_k|x_o) + \tfrac12 p(z_k)}
    """
    x[:, np.isnan(raw)] = np.nan
    model = run.model
    defensive = DefensiveMixture(model)
    imputed = impute(defensive, rows=x, samples=_SAMPLES_MISSING, interval=_COVERAGE, seed=seed)
    z, log_w = _weighted_codes(defensive, x, seed=seed)
    weights = torch.softmax(log_w, 0)
    if model.latent.real:
        mean = weights @ z
        spread = (weights @ (z - mean).square()).sqrt()
    else:
        mean, spread = z[weights.argmax()], torch.zeros(model.latent.dims)
    with fixed_noise(seed):
        drawn = torch.multinomial(weights, max(draws, 1), replacement=True)[:draws]
    effective = float(1 / weights.square().sum())
    few = effective < _MIN_EFFECTIVE_SAMPLES
    return RowAnalysis(
        mean=mean.numpy(),
        spread=spread.numpy(),
        draws=z[drawn].numpy(),
        log_likelihood=float(torch.logsumexp(log_w, 0)) - math.log(len(log_w)),
        samples=_SAMPLES_MISSING,
        effective_samples=effective,
        filled=_to_data(run, imputed.filled[0], raw),
        low=_to_data(run, imputed.low[0], raw),
        high=_to_data(run, imputed.high[0], raw),
        note="few samples carry this answer: do not rely on it" if few else "",
    )


def _weighted_codes(model: Model, rows: NDArray[Any], *, seed: int) -> tuple[Tensor, Tensor]:
    """Return codes (K, D) of one row with missing values and log-weights (K,), both float64."""
    x, kept = observed_tensors(model, rows)
    z, ratio = sample_codes(model, x, kept=kept, samples=_SAMPLES_MISSING, seed=seed)
    log_px = row_log_prob(model.decode(z[0][:, None]), x, kept)[:, 0]
    return z[0].double(), log_px.double() + ratio[0]


def _to_data(run: Run, values: NDArray[Any], raw: NDArray[Any]) -> NDArray[np.float64]:
    """Return imputed cells in units of the data, and observed ones unchanged."""
    shift, scale = run.preprocessing.shift.numpy(), run.preprocessing.scale.numpy()
    row: NDArray[np.float64] = np.where(np.isnan(raw), values / scale + shift, raw)
    return row


class ReferenceLikelihoods:
    """Log-likelihoods of rows of the split, against which a row is ranked.

    Args:
        view: whose rows; at most 1000, spread evenly, are scored.
    """

    def __init__(self, view: RunView) -> None:
        self._view = view
        self._rows = evenly(view.rows, most=_REFERENCE_ROWS)
        self._values: list[float] = []
        self._done = 0

    @property
    def ready(self) -> bool:
        """Whether all rows are scored."""
        return self._done == len(self._rows)

    @property
    def values(self) -> NDArray[np.float64]:
        """(R,) ascending, in nats; empty until all are scored, or where there is no density."""
        return np.sort(np.array(self._values)) if self.ready else np.empty(0)

    def summarize(self) -> schemas.ReferenceAnswer:
        """Return the log-likelihoods, and how many are computed."""
        return schemas.ReferenceAnswer(
            ready=self.ready,
            done=self._done / len(self._rows) if len(self._rows) else 1.0,
            samples=_SAMPLES,
            rows=len(self._rows),
            values=self.values.tolist(),
        )

    def percentile(self, log_likelihood: float) -> float | None:
        """Return the share of the rows below a log-likelihood.

        Args:
            log_likelihood: of a row, in nats.

        Returns:
            From 0 to 100; None until all are scored.
        """
        values = self.values
        if len(values) == 0:
            return None
        return 100.0 * float(np.searchsorted(values, log_likelihood)) / len(values)

    def compute(self) -> Iterator[int]:
        """Score the rows in steps of a few hundredths of a second.

        Yields:
            Rows scored so far.
        """
        size = 4
        while not self.ready:
            start = time.perf_counter()
            rows = self._rows[self._done : self._done + size]
            found = _log_likelihoods(self._view.run, self._view.model_rows(rows), seed=self._done)
            self._values += found[np.isfinite(found)].tolist()
            self._done += len(rows)
            seconds = time.perf_counter() - start
            if seconds > _LONG_STEP:
                size = max(1, size // 2)
            elif seconds < _SHORT_STEP:
                size = min(_MAX_REFERENCE_BATCH, 2 * size)
            yield self._done


@torch.no_grad()
def _log_likelihoods(run: Run, x: Tensor, *, seed: int) -> NDArray[np.float64]:
    """Return log-likelihoods (B,) of complete rows; empty where the posterior has no density."""
    q = run.model.encode(x)
    if isinstance(q, Point):
        return np.empty(0)
    with fixed_noise(seed):
        found: NDArray[np.float64] = _scores(run.model, x, q).log_likelihood.numpy()
    return found
