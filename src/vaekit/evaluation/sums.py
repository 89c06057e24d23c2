"""Sums over rows, of which every number of an evaluation is made."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vaekit.distributions import Point
from vaekit.evaluation.likelihood import RowScores
from vaekit.evaluation.notes import write_notes
from vaekit.evaluation.result import ACTIVE_VARIANCE, Evaluation
from vaekit.models import VAE
from vaekit.objectives import has_closed_form

__all__ = ["Layout", "summarise"]

_SINGLE = 6  # numbers before those that there are one of for each latent dimension


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What stands where in the sums over a batch, and what the model knows in closed form.

    Args:
        features: F.
        latent_dim: D.
        dense: whether the posterior has a density.
        closed_form: whether the rate has one for each dimension.
    """

    features: int
    latent_dim: int
    dense: bool
    closed_form: bool

    @classmethod
    def of(cls, model: VAE, x: Tensor) -> "Layout":
        """For a model.

        Args:
            model: any.
            x: (1, F) a row as it sees them.
        """
        q = model.posterior(x)
        return cls(
            features=x.shape[-1],
            latent_dim=q.mean.shape[-1],
            dense=not isinstance(q, Point),
            closed_form=has_closed_form(q, model.prior()),
        )

    @property
    def width(self) -> int:
        """How many sums."""
        return _SINGLE + (2 + self.closed_form) * self.latent_dim

    def sums(self, scores: RowScores, *, mean: Tensor, kl: Tensor | None, error: Tensor) -> Tensor:
        """Sums over a batch.

        Args:
            scores: of its rows.
            mean: (B, D) of the posterior.
            kl: (B, D), where it has a closed form.
            error: (B,) squared error of the reconstruction.

        Returns:
            (width,)
        """
        log_p = scores.log_likelihood
        single = [torch.ones_like(log_p), log_p, log_p.square()]
        single += [scores.distortion, scores.rate, error]
        parts = [torch.stack(single, 1), mean, mean.square(), *([] if kl is None else [kl])]
        return torch.cat(parts, 1).sum(0)


def summarise(
    sums: Tensor, *, effective: Tensor, layout: Layout, split: str, samples: int
) -> Evaluation:
    """Means over rows, never over batches.

    Args:
        sums: (batches, width) over each batch, float64.
        effective: (rows,) effective samples.
        layout: of the sums.
        split: which rows.
        samples: K.

    Returns:
        The numbers.
    """
    total = sums.sum(0)
    rows = int(total[0])
    log_p, square, distortion, sampled_rate, error = (total[1:_SINGLE] / rows).tolist()
    mean, second, *kl = torch.split(total[_SINGLE:] / rows, layout.latent_dim)
    per_dim = kl[0] if kl else None
    rate = sampled_rate if per_dim is None else float(per_dim.sum())
    variance = (second - mean.square()).clamp_min(0)
    active = int((variance > ACTIVE_VARIANCE).sum())
    median, dense = float(effective.median()), layout.dense
    spread = math.sqrt(max(square - log_p**2, 0.0)) if math.isfinite(square) else math.nan
    notes = write_notes(
        dense=dense, rate=rate, active=active, latent_dim=layout.latent_dim,
        effective=median, samples=samples,
    )  # fmt: skip
    return Evaluation(
        split=split,
        rows=rows,
        samples=samples,
        unit="nats per row",
        elbo=-(distortion + rate),
        distortion=distortion,
        rate=rate,
        log_likelihood=log_p if dense else None,
        log_likelihood_se=spread / rows**0.5 if dense else None,
        bits_per_dim=-log_p / (layout.features * math.log(2)) if dense else None,
        effective_sample_size=median if dense else None,
        latent_dim=layout.latent_dim,
        active_units=active,
        mean_variance=variance.tolist(),
        kl_per_dim=None if per_dim is None else per_dim.tolist(),
        reconstruction_error=error,
        notes=notes,
    )
