"""Importance-weighted log-likelihood, with exactly the asked number of samples."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaekit.distributions import sample_with_log_prob
from vaekit.evaluation.decoding import Decoding
from vaekit.models import VAE

__all__ = ["RowScores", "score_rows"]


@dataclass(frozen=True, kw_only=True)
class RowScores:
    """What importance sampling says about each row, in nats; every tensor is (B,) float64."""

    log_likelihood: Tensor
    """log p(x), estimated."""
    effective_samples: Tensor
    """How many of the samples carry the estimate: (sum w)^2 / sum w^2."""
    distortion: Tensor
    """-E_q[log p(x|z)]."""
    rate: Tensor
    """E_q[log q(z|x) - log p(z)], sampled."""


@torch.no_grad()
def score_rows(
    model: VAE,
    x: Tensor,
    *,
    q: Distribution,
    samples: int,
    chunk: int,
    decoding: Decoding | None = None,
) -> RowScores:
    r"""Estimate log p(x) for each row with samples of its posterior.

    .. math::
        \log \hat p(x) = \log \frac1K \sum_{k=1}^K w_k, \quad
        w_k = \frac{p(x|z_k)\,p(z_k)}{q(z_k|x)}, \quad z_k \sim q(z|x)

    The samples are drawn in chunks of bounded memory and joined by one running logsumexp, so
    the number of samples is exactly the one asked for whatever the chunk.

    Args:
        model: in evaluation mode.
        x: (B, F) preprocessed rows.
        q: the posterior of these rows.
        samples: K.
        chunk: samples drawn at once.
        decoding: how codes become log p(x|z), where it was compiled for other rows too.

    Returns:
        The scores.

    Source:
        Rezende, Mohamed and Wierstra 2014, arXiv:1401.4082, appendix E; Burda, Grosse and
        Salakhutdinov 2016, arXiv:1509.00519, section 5.
    """
    prior, decoding = model.prior(), decoding or Decoding(model)
    empty = torch.full((len(x),), -torch.inf, dtype=torch.float64, device=x.device)
    log_sum, log_sum_squares = empty, empty
    distortion = rate = torch.zeros_like(empty)
    for start in range(0, samples, chunk):
        z, log_qz = sample_with_log_prob(q, (min(chunk, samples - start),))
        log_px = decoding(z, x).double()
        log_ratio = (prior.log_prob(z) - log_qz).double()
        log_w = log_px + log_ratio
        log_sum = torch.logaddexp(log_sum, torch.logsumexp(log_w, 0))
        log_sum_squares = torch.logaddexp(log_sum_squares, torch.logsumexp(2 * log_w, 0))
        distortion = distortion - log_px.sum(0) / samples
        rate = rate - log_ratio.sum(0) / samples
    return RowScores(
        log_likelihood=log_sum - torch.tensor(float(samples)).log(),
        effective_samples=(2 * log_sum - log_sum_squares).exp(),
        distortion=distortion,
        rate=rate,
    )
