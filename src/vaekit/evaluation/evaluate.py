"""Measure a trained model."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vaekit.data import Batches
from vaekit.distributions import Point
from vaekit.errors import DataError
from vaekit.evaluation.likelihood import RowScores, score_rows
from vaekit.evaluation.notes import write_notes
from vaekit.evaluation.result import ACTIVE_VARIANCE, Evaluation
from vaekit.models import VAE
from vaekit.numerics import compute_settings, fixed_noise
from vaekit.objectives import has_closed_form, kl_per_dim

__all__ = ["evaluate"]


@torch.no_grad()
def evaluate(
    model: VAE,
    batches: Batches,
    *,
    preprocessing: nn.Module | None = None,
    split: str = "test",
    samples: int = 500,
    memory_mb: int = 16,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Measure a trained model on the rows of one split, in float32.

    Every number is of the model itself, with all weights of the training objective at 1.

    Args:
        model: the model; put into evaluation mode.
        batches: the rows, in order.
        preprocessing: from raw rows to what the model sees.
        split: its name, for the record.
        samples: K, importance samples for each row.
        memory_mb: size in MB of the largest intermediate array.
        seed: of the samples, and of a dynamic binarization.
        progress: called with the number of rows done since the last call.

    Returns:
        The numbers.

    Raises:
        DataError: there are no rows.
    """
    if batches.rows == 0:
        raise DataError(f"the {split} split has no rows to measure on; take another split")
    model.eval()
    parts: list[_Part] = []
    device = next(model.parameters()).device.type
    with fixed_noise(seed), compute_settings(device=device):
        for rows in batches.epoch():
            x = preprocessing(rows) if preprocessing is not None else rows
            parts.append(_measure(model, x, samples=samples, memory_mb=memory_mb))
            if progress is not None:
                progress(len(rows))
    return _summarise(parts, split=split, samples=samples)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What is kept of one batch."""

    scores: RowScores
    mean: Tensor  # (B, D)
    kl: Tensor | None  # (B, D)
    error: Tensor  # (B,)
    features: int
    dense: bool


def _measure(model: VAE, x: Tensor, *, samples: int, memory_mb: int) -> _Part:
    """One batch of preprocessed rows."""
    q, prior = model.posterior(x), model.prior()
    row_bytes = 4 * x.numel()  # one float32 sample of every row of the batch
    chunk = max(1, min(samples, memory_mb * 2**20 // row_bytes))
    return _Part(
        scores=score_rows(model, x, q=q, samples=samples, chunk=chunk),
        mean=q.mean.double(),
        kl=kl_per_dim(q, prior).double() if has_closed_form(q, prior) else None,
        error=(model.likelihood(q.mean).mean - x).square().sum(-1).double(),
        features=x.shape[-1],
        dense=not isinstance(q, Point),
    )


def _summarise(parts: list[_Part], *, split: str, samples: int) -> Evaluation:
    """Means over rows, never over batches."""
    rows = torch.cat([part.scores.log_likelihood for part in parts])
    mean = torch.cat([part.mean for part in parts])
    kl = [part.kl for part in parts if part.kl is not None]
    per_dim = torch.cat(kl).mean(0) if kl else None
    sampled_rate = torch.cat([part.scores.rate for part in parts]).mean()
    rate = float(sampled_rate if per_dim is None else per_dim.sum())
    distortion = float(torch.cat([part.scores.distortion for part in parts]).mean())
    effective = float(torch.cat([part.scores.effective_samples for part in parts]).median())
    variance = mean.var(0, correction=0)
    active = int((variance > ACTIVE_VARIANCE).sum())
    dense, bits = parts[0].dense, -float(rows.mean()) / (parts[0].features * math.log(2))
    return Evaluation(
        split=split,
        rows=len(rows),
        samples=samples,
        unit="nats per row",
        elbo=-(distortion + rate),
        distortion=distortion,
        rate=rate,
        log_likelihood=float(rows.mean()) if dense else None,
        log_likelihood_se=float(rows.std(correction=0)) / len(rows) ** 0.5 if dense else None,
        bits_per_dim=bits if dense else None,
        effective_sample_size=effective if dense else None,
        latent_dim=mean.shape[-1],
        active_units=active,
        mean_variance=variance.tolist(),
        kl_per_dim=None if per_dim is None else per_dim.tolist(),
        reconstruction_error=float(torch.cat([part.error for part in parts]).mean()),
        notes=write_notes(
            dense=dense,
            rate=rate,
            active=active,
            latent_dim=mean.shape[-1],
            effective=effective,
            samples=samples,
        ),
    )
