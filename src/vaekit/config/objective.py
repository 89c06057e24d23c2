"""What training minimises, in nats per row."""

from typing import Literal

from pydantic import Field

from vaekit.config.section import Section

__all__ = ["ObjectiveConfig"]


class ObjectiveConfig(Section):
    """What training minimises: -reduce_k[log p(x|z) + beta (log p(z) - entropy log q(z|x))]."""

    reduce: Literal["mean", "logmeanexp"] = "mean"
    """Over the samples of z: mean gives the evidence lower bound (VAE), logmeanexp the
    importance-weighted bound (IWAE)."""

    samples: int = Field(default=1, ge=1)
    """Samples of z for each row in a training step (k)."""

    beta: float = Field(default=1.0, ge=0.0)
    """Weight of the rate KL(q || p), the C of the classic examples; 0 for an autoencoder."""

    entropy: float = Field(default=1.0, ge=0.0)
    """Weight of the entropy of q within the rate; 0 for the EM autoencoder."""

    analytic: bool = True
    """Use the closed form of the rate where there is one (reduce = mean only)."""

    mean_penalty: float = Field(default=0.0, ge=0.0)
    """Weight of |mean of q|^2 / 2; with beta = 0 and weight 1, the EM variant of the R article."""

    free_bits: float = Field(default=0.0, ge=0.0)
    """Nats of each latent dimension that the rate does not penalise."""

    schedule: Literal["constant", "linear", "cyclical"] = "constant"
    """How the weight of the rate grows from 0: linear over the warm-up, or in cycles."""

    warmup: int = Field(default=10, ge=1)
    """Epochs until the weight is full (linear), or of one cycle (cyclical: it rises over the
    first half of the cycle and stays full over the second)."""
