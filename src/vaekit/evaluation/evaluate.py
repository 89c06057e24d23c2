"""Measure a trained model."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from vaekit.data import Batches
from vaekit.errors import DataError
from vaekit.evaluation.decoding import Decoding
from vaekit.evaluation.likelihood import score_rows
from vaekit.evaluation.result import Evaluation
from vaekit.evaluation.share import Alone, Shared
from vaekit.evaluation.sums import Layout, summarise
from vaekit.models import VAE
from vaekit.numerics import compute_settings, fixed_noise, nth_seed
from vaekit.objectives import kl_per_dim

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
    compiled: bool = False,
    progress: Callable[[int], None] | None = None,
    processes: Shared | None = None,
) -> Evaluation:
    """Measure a trained model on the rows of one split, in float32.

    Every number is of the model itself, with all weights of the training objective at 1. The
    noise of a batch depends on the seed and on its number, so the result is the same for any
    number of processes.

    Args:
        model: the model; put into evaluation mode.
        batches: the rows, in order.
        preprocessing: from raw rows to what the model sees.
        split: its name, for the record.
        samples: K, importance samples for each row.
        memory_mb: size in MB of the largest intermediate array.
        seed: of the samples, and of a dynamic binarization.
        compiled: compile the decoder, on a CPU; it has to do the same for all codes and rows of
            a shape. Numbers differ by rounding. See :func:`worth_compiling`.
        progress: called with the number of rows done since the last call.
        processes: that share the batches, each of which goes through this function with the
            same arguments; one alone when absent.

    Returns:
        The numbers, of all rows, in every process.

    Raises:
        DataError: there are no rows.
    """
    if batches.rows == 0:
        raise DataError(f"the {split} split has no rows to measure on; take another split")
    model.eval()
    see, together = preprocessing or nn.Identity(), processes or Alone()
    device, decoding = next(model.parameters()).device.type, Decoding(model, compiled=compiled)
    with compute_settings(device=device):
        with fixed_noise(seed):
            layout = Layout.of(model, see(next(batches.epoch())[:1]))
        sums = torch.zeros(len(batches), layout.width, dtype=torch.float64)
        effective = torch.zeros(batches.rows, dtype=torch.float64)
        for step in range(together.part.number, len(batches), together.part.of):
            first = step * batches.batch_size
            with fixed_noise(nth_seed(seed, number=step)):
                x = see(next(batches.epoch(start=step)))
                row = _measure(decoding, x, layout=layout, samples=samples, memory_mb=memory_mb)
            sums[step], effective[first : first + len(x)] = (each.cpu() for each in row)
            if progress is not None:
                progress(len(x))
    return summarise(
        together.total(sums),
        effective=together.total(effective),
        layout=layout,
        split=split,
        samples=samples,
    )


def _measure(
    decoding: Decoding, x: Tensor, *, layout: Layout, samples: int, memory_mb: int
) -> tuple[Tensor, Tensor]:
    """Sums over one batch of preprocessed rows, and effective samples of each."""
    model = decoding.model
    q, prior = model.posterior(x), model.prior()
    row_bytes = 4 * x.numel()  # one float32 sample of every row of the batch
    chunk = max(1, min(samples, memory_mb * 2**20 // row_bytes))
    scores = score_rows(model, x, q=q, samples=samples, chunk=chunk, decoding=decoding)
    sums = layout.sums(
        scores,
        mean=q.mean.double(),
        kl=kl_per_dim(q, prior).double() if layout.closed_form else None,
        error=(model.likelihood(q.mean).mean - x).square().sum(-1).double(),
    )
    return sums, scores.effective_samples
