"""Numbers of an epoch, and whether they are numbers."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vaekit.data import Batches
from vaekit.errors import TrainingError
from vaekit.numerics import fixed_noise
from vaekit.training.checkpoint import Position
from vaekit.training.processes import Processes
from vaekit.training.unit import SUMS, Unit

__all__ = ["check_finite", "means", "measure"]


@torch.no_grad()
def measure(
    step: Unit, batches: Batches, *, processes: Processes | None = None
) -> dict[str, float]:
    """Means over the rows of a split, in float32, with the same noise at every call.

    Args:
        step: model, objective and preprocessing; left in evaluation mode.
        batches: the rows.
        processes: that share them; this one alone when absent.

    Returns:
        Loss, distortion, rate and bound in nats per row.
    """
    step.eval()
    with fixed_noise(0):
        unit = step if processes is None else processes.unit(step)
        parts = batches.epoch() if processes is None else processes.epoch(batches)
        sums = torch.stack([unit(rows)[1] for rows in parts]).cpu()
    return means(sums if processes is None else processes.total(sums), rows=batches.rows)


def means(sums: Tensor, *, rows: int) -> dict[str, float]:
    """Means over rows from sums over batches: a short batch counts as little as it should.

    Args:
        sums: (steps, 4) sums over the rows of each step.
        rows: how many rows they are of.

    Returns:
        Loss, distortion, rate and bound in nats per row.
    """
    return dict(zip(SUMS, (sums.double().sum(0) / rows).tolist(), strict=True))


def check_finite(parameters: Sequence[Tensor], position: Position, *, saved: bool) -> None:
    """Stop where the loss or a parameter is not finite.

    Args:
        parameters: all that are trained, and others.
        position: how far training is, with the sums of the steps of this epoch.
        saved: whether there are checkpoints.

    Raises:
        TrainingError: with the step, the part that blew up and what to change.
    """
    done = position.history[: position.step]
    where = f"epoch {position.epoch + 1}"
    if not _are_finite([done]):
        bad = (~torch.isfinite(done)).nonzero()
        at = int(bad[0, 0])
        parts = [SUMS[int(column)] for row, column in bad if int(row) == at]
        blamed = next((part for part in ("distortion", "rate") if part in parts), "loss")
        where = f"{where}, step {at + 1}: the {blamed} is {done[at, SUMS.index(blamed)]:g}"
    elif _are_finite(parameters):
        return
    else:
        where = f"{where}: a parameter is not finite after step {position.step}"
    kept = " The last good checkpoint stays." if saved else ""
    raise TrainingError(
        f"{where}. Lower training.learning_rate, set training.clip_norm (1.0 is usual), take "
        f"training.precision = 32, or check the scale of the data.{kept}"
    )


@torch.no_grad()
def _are_finite(tensors: Sequence[Tensor]) -> bool:
    """A sum is finite only if all its terms are, and is ten times as fast to come by."""
    if math.isfinite(float(torch.stack([tensor.sum() for tensor in tensors]).sum())):
        return True
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)
