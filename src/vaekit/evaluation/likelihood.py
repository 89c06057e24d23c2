"""Importance-sampled log-likelihood with exactly the requested number of samples."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaekit.compiler import Replay, compile_work
from vaekit.distributions import sample_with_log_prob
from vaekit.models import Model
from vaekit.models.vae import row_log_prob

__all__ = ["DecoderLikelihood", "RowScores", "score_rows", "worth_compiling"]


_CACHE_BYTES = 3 * 2**20  # of decoded rows: little enough for the cache, enough for fast products
_WORTH = 2 * 10**12
"""Multiplications of a measurement: they take a minute of a core, of which compiling saves a
quarter and takes eight seconds, or twenty on a machine that never compiled."""
_TOLERANCE = 1e-3
"""Nats by which a compiled log-density of hundreds may differ from a plain one."""


def worth_compiling(model: Model, *, rows: int, samples: int) -> bool:
    """Return whether an evaluation is long enough to gain from a compiled decoder.

    Args:
        model: the model.
        rows: of the evaluation.
        samples: K for each row.

    Returns:
        True from 2e12 multiplications in the dense layers of the decoder on; never on another
        device than a CPU.
    """
    weights = [each for each in model.parts()["decoder"].parameters() if each.dim() == 2]
    on_cpu = all(weight.device.type == "cpu" for weight in weights)
    return on_cpu and rows * samples * sum(weight.numel() for weight in weights) >= _WORTH


class DecoderLikelihood:
    """Map codes (K, B, D) of rows (B, F) to log p(x|z), (K, B).

    On a CPU samples are decoded in blocks whose intermediate results fit into the cache.

    Args:
        model: in evaluation mode, with parameters that do not change any more.
        compiled: compile the decoder for the shape of the first block; its operations must not
            depend on the values of codes and rows. Blocks of other shapes are decoded eagerly,
            and all are where the compiler fails or its first result differs from the eager one.

    Attributes:
        model: the model.
    """

    def __init__(self, model: Model, *, compiled: bool = False) -> None:
        self.model = model
        decoder = model.parts()["decoder"]
        self._held = [*decoder.parameters(), *decoder.buffers()]
        self._compile_first = compiled
        self._shapes: tuple[torch.Size, torch.Size] | None = None
        self._compiled: Replay | None = None

    def __call__(self, z: Tensor, x: Tensor) -> Tensor:
        """Return log p(x|z).

        Args:
            z: (K, B, D).
            x: (B, F).

        Returns:
            (K, B) nats.
        """
        if z.device.type != "cpu":
            return self._eager(z, x)
        block = max(1, _CACHE_BYTES // (x.numel() * x.element_size()))
        return torch.cat([self._block(part, x) for part in torch.split(z, block)])

    def _eager(self, z: Tensor, x: Tensor) -> Tensor:
        return row_log_prob(self.model.decode(z), x)

    def _block(self, z: Tensor, x: Tensor) -> Tensor:
        if self._compile_first and self._shapes is None:
            self._compile(z, x)
        if self._compiled is None or (z.shape, x.shape) != self._shapes:
            return self._eager(z, x)
        return self._compiled(z, x, *self._held)[0]

    def _compile(self, z: Tensor, x: Tensor) -> None:
        """Compile for blocks of this shape, the first and most frequent."""
        self._shapes = z.shape, x.shape
        play = compile_work(
            lambda z, x: (self._eager(z, x),),
            inputs=[z, x],
            held=self._held,
            what="the decoder",
            instead="The run is measured",
        )
        if play is not None:
            found, plain = play(z, x, *self._held)[0], self._eager(z, x)
            close = bool(torch.isclose(found, plain, rtol=1e-5, atol=_TOLERANCE).all())
            self._compiled = play if close else None


@dataclass(frozen=True, kw_only=True)
class RowScores:
    """Importance-sampled estimates of each row, in nats; every tensor is (B,) float64."""

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
    model: Model,
    x: Tensor,
    *,
    q: Distribution,
    samples: int,
    chunk: int,
    decoding: DecoderLikelihood | None = None,
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
        decoding: the decoder, where it was compiled for other rows already.

    Returns:
        The scores.

    Source:
        Rezende, Mohamed and Wierstra 2014, arXiv:1401.4082, appendix E; Burda, Grosse and
        Salakhutdinov 2016, arXiv:1509.00519, section 5.
    """
    prior, decoding = model.code_distribution(), decoding or DecoderLikelihood(model)
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
