"""Numbers about a trained model, and what they say in plain words."""

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["ACTIVE_VARIANCE", "Evaluation"]

ACTIVE_VARIANCE = 0.01
"""A latent dimension is active if its posterior mean varies by more than this over the rows."""


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
    """Its standard error over the rows."""
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
