"""Evaluate a trained model on the rows of a split."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from vaekit.data import Batches, Part
from vaekit.distributions import Point
from vaekit.errors import ConfigError, DataError
from vaekit.evaluation.likelihood import DecoderLikelihood, RowScores, score_rows
from vaekit.models import Model
from vaekit.numerics import compute_settings, fixed_noise, nth_seed
from vaekit.objectives import has_closed_form, kl_per_dim

__all__ = [
    "ACTIVE_VARIANCE",
    "Evaluation",
    "ProcessGroup",
    "SingleProcess",
    "evaluate",
    "write_notes",
]

ACTIVE_VARIANCE = 0.01
"""A latent dimension is active if its posterior mean varies by more than this over the rows."""
_COLLAPSED_NATS = 0.1
_SCALARS = 6  # sums that precede those of each latent dimension


class ProcessGroup(Protocol):
    """Processes that share the batches of an evaluation, each taking every n-th batch.

    The noise of a row depends on its batch alone, so results are the same for any number of
    processes. :class:`vaekit.training.distributed.Processes` implements this.

    Attributes:
        part: rank and size of the group.
    """

    part: Part

    def total(self, sums: Tensor) -> Tensor:
        """Return the sums over all processes (all-reduce).

        Args:
            sums: of this process, on the CPU.
        """


class SingleProcess:
    """A group of one process.

    Example:
        >>> SingleProcess().part
        Part(number=0, of=1)
    """

    def __init__(self) -> None:
        self.part = Part()

    def total(self, sums: Tensor) -> Tensor:
        """Return the sums unchanged.

        Args:
            sums: any tensor.
        """
        return sums


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Numbers about a trained model on one split. Means are over rows."""

    split: str
    """Which rows."""
    rows: int
    """How many."""
    samples: int
    """Importance samples for each row."""
    unit: str
    """Of elbo, log_likelihood, distortion, rate and KL."""
    elbo: float
    """Evidence lower bound: -(distortion + rate), every weight at 1."""
    distortion: float
    """-E_q[log p(x|z)]."""
    rate: float
    """KL(q(z|x) || p(z)), in closed form where there is one."""
    log_likelihood: float | None
    """Importance-weighted estimate of log p(x); none where q has no density."""
    log_likelihood_se: float | None
    """Its standard error over the rows; none where there is one row."""
    bits_per_dim: float | None
    """-log_likelihood / (F log 2)."""
    effective_sample_size: float | None
    """Median over rows of how many samples carry the estimate."""
    latent_dim: int
    """D."""
    active_units: int
    """Dimensions whose posterior mean varies over the rows by more than 0.01."""
    mean_variance: list[float]
    """Variance over the rows of the posterior mean of each dimension."""
    kl_per_dim: list[float] | None
    """Rate of each dimension, where posterior and prior are diagonal Gaussians."""
    reconstruction_error: float
    """Mean over rows of the squared distance between a row and the decoded mean of its code."""
    notes: tuple[str, ...] = ()
    """What a person should know about these numbers."""

    def as_dict(self) -> dict[str, Any]:
        """For ``evaluation.json``."""
        return asdict(self) | {"notes": list(self.notes)}


@torch.no_grad()
def evaluate(
    model: Model,
    batches: Batches,
    *,
    preprocessing: nn.Module | None = None,
    split: str = "test",
    samples: int = 500,
    memory_mb: int = 16,
    seed: int = 0,
    compiled: bool = False,
    progress: Callable[[int], None] | None = None,
    processes: ProcessGroup | None = None,
) -> Evaluation:
    """Evaluate a trained model on the rows of one split, in float32.

    Every number is of the model itself, with all weights of the training objective at 1. The
    noise of a batch depends on the seed and on its number, so the result is the same for any
    number of processes.

    Args:
        model: the model; set to evaluation mode.
        batches: the rows, in order.
        preprocessing: from raw rows to the inputs of the model.
        split: its name, for the record.
        samples: K, importance samples for each row.
        memory_mb: size in MB of the largest intermediate array.
        seed: of the samples, and of a dynamic binarization.
        compiled: compile the decoder, on a CPU; its operations must not depend on the values of
            codes and rows. Results differ by rounding. See :func:`worth_compiling`.
        progress: called with the number of rows done since the last call.
        processes: that share the batches; each calls this function with the same arguments. A
            single one when absent.

    Returns:
        The numbers, of all rows, in every process.

    Raises:
        ConfigError: the model has no encoder.
        DataError: there are no rows.
    """
    if not model.latent.encoder:
        raise ConfigError(
            "the model has no encoder, so neither a bound nor a log-likelihood can be estimated"
        )
    if batches.rows == 0:
        raise DataError(f"the {split} split has no rows to measure on; take another split")
    model.eval()
    preprocess, group = preprocessing or nn.Identity(), processes or SingleProcess()
    device, decoding = (
        next(model.parameters()).device.type,
        DecoderLikelihood(model, compiled=compiled),
    )
    with compute_settings(device=device):
        with fixed_noise(seed):
            row = preprocess(next(batches.epoch())[:1])
        q = model.encode(row)
        dims, closed = q.mean.shape[-1], has_closed_form(q, model.code_distribution())
        width = _SCALARS + (2 + closed) * dims
        sums = torch.zeros(len(batches), width, dtype=torch.float64)
        effective = torch.zeros(batches.rows, dtype=torch.float64)
        for step in range(group.part.number, len(batches), group.part.of):
            first = step * batches.batch_size
            with fixed_noise(nth_seed(seed, number=step)):
                x = preprocess(next(batches.epoch(start=step)))
                found = _evaluate_batch(decoding, x, samples=samples, memory_mb=memory_mb)
            sums[step], effective[first : first + len(x)] = (each.cpu() for each in found)
            if progress is not None:
                progress(len(x))
    total, median = group.total(sums).sum(0), float(group.total(effective).median())
    dense, features = not isinstance(q, Point), row.shape[-1]
    return _summarize(
        total, median=median, dims=dims, dense=dense, features=features, split=split,
        samples=samples,
    )  # fmt: skip


def _evaluate_batch(
    decoding: DecoderLikelihood, x: Tensor, *, samples: int, memory_mb: int
) -> tuple[Tensor, Tensor]:
    """Sums over one batch of preprocessed rows, and the effective samples of each row."""
    model = decoding.model
    q, prior = model.encode(x), model.code_distribution()
    row_bytes = 4 * x.numel()  # one float32 sample of every row of the batch
    chunk = max(1, min(samples, memory_mb * 2**20 // row_bytes))
    scores: RowScores = score_rows(model, x, q=q, samples=samples, chunk=chunk, decoding=decoding)
    log_p, mean = scores.log_likelihood, q.mean.double()
    error = (model.decode(q.mean).mean - x).square().sum(-1).double()
    scalars = [torch.ones_like(log_p), log_p, log_p.square(), scores.distortion, scores.rate, error]
    parts = [torch.stack(scalars, 1), mean, mean.square()]
    if has_closed_form(q, prior):
        parts.append(kl_per_dim(q, prior).double())
    return torch.cat(parts, 1).sum(0), scores.effective_samples


def _summarize(
    total: Tensor,
    *,
    median: float,
    dims: int,
    dense: bool,
    features: int,
    split: str,
    samples: int,
) -> Evaluation:
    """Means over rows, never over batches, from the sums over all rows."""
    rows = int(total[0])
    log_p, square, distortion, sampled_rate, error = (total[1:_SCALARS] / rows).tolist()
    mean, second, *kl = torch.split(total[_SCALARS:] / rows, dims)
    rate = float(kl[0].sum()) if kl else sampled_rate
    variance = (second - mean.square()).clamp_min(0)
    active = int((variance > ACTIVE_VARIANCE).sum())
    spread = math.sqrt(max(square - log_p**2, 0.0)) if math.isfinite(square) else math.nan
    return Evaluation(
        split=split,
        rows=rows,
        samples=samples,
        unit="nats per row",
        elbo=-(distortion + rate),
        distortion=distortion,
        rate=rate,
        log_likelihood=log_p if dense else None,
        log_likelihood_se=spread / rows**0.5 if dense and rows > 1 else None,
        bits_per_dim=-log_p / (features * math.log(2)) if dense else None,
        effective_sample_size=median if dense else None,
        latent_dim=dims,
        active_units=active,
        mean_variance=variance.tolist(),
        kl_per_dim=kl[0].tolist() if kl else None,
        reconstruction_error=error,
        notes=write_notes(
            dense=dense, rate=rate, active=active, latent_dim=dims, effective=median,
            samples=samples,
        ),
    )  # fmt: skip


def write_notes(
    *,
    dense: bool,
    rate: float,
    active: int,
    latent_dim: int,
    effective: float,
    samples: int,
) -> tuple[str, ...]:
    """Return warnings about an evaluation: collapse, unused dimensions, few effective samples.

    Args:
        dense: whether the posterior has a density.
        rate: in nats per row.
        active: active latent dimensions.
        latent_dim: D.
        effective: median effective sample size.
        samples: K.

    Returns:
        The sentences; none when all is well.

    Example:
        >>> write_notes(
        ...     dense=True, rate=0.0, active=0, latent_dim=2, effective=90.0, samples=100
        ... )[0][:9]
        'Collapsed'
    """
    if not dense:
        return (
            "The posterior is a point and has no density: there is no log-likelihood, and the "
            "rate is only the cross-entropy -log p(z) at the code.",
        )
    notes = []
    if rate < _COLLAPSED_NATS:
        notes.append(
            f"Collapsed: the code carries {rate:.2g} nats and {active} of {latent_dim} dimensions "
            "vary with the data, so the decoder ignores it. Warm the rate up (objective.schedule "
            "= linear), lower objective.beta, set objective.free_bits, or take a weaker decoder."
        )
    elif active == 0:
        notes.append(
            f"No mean of a code varies by more than 0.01, yet the rate is {rate:.3g} nats: the "
            "posteriors are far narrower than the prior, and samples of the prior miss the codes."
        )
    elif 2 * active < latent_dim:
        notes.append(
            f"{latent_dim - active} of {latent_dim} latent dimensions are unused; the model "
            "would lose little with fewer."
        )
    if samples >= 10 and effective < max(2.0, 0.001 * samples):
        notes.append(
            f"Half of the rows rest on fewer than {effective:.1f} effective samples of {samples}: "
            "the log-likelihood is a lower bound that more samples would raise."
        )
    return tuple(notes)
