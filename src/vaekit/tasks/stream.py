"""Rows through a model a batch at a time, so that memory does not grow with the rows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.data import Batches, Preprocessing
from vaekit.errors import DataError
from vaekit.models import VAE

__all__ = ["device_of", "seen_batches"]


def device_of(model: VAE) -> torch.device:
    """Where the parameters of a model lie; the CPU for one that has none."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def seen_batches(
    model: VAE,
    *,
    preprocessing: Preprocessing,
    rows: NDArray[Any],
    index: NDArray[np.int64] | None = None,
    batch_size: int = 1024,
) -> Iterator[Tensor]:
    """Rows as the model sees them, on its device, in order.

    Args:
        model: put into evaluation mode.
        preprocessing: from raw rows to what the model sees.
        rows: (N, F) raw, in memory or mapped.
        index: positions of the rows to take; all when absent.
        batch_size: B.

    Yields:
        (B, F) float32.

    Raises:
        DataError: rows of another width than those of training, or none at all.
    """
    if rows.ndim != 2 or rows.shape[1] != preprocessing.features:
        raise DataError(
            f"the model was trained on rows of {preprocessing.features} values; got an array of "
            f"shape {rows.shape}"
        )
    model.eval()
    positions = np.arange(len(rows)) if index is None else index
    batches = Batches(
        rows, positions, batch_size=batch_size, device=device_of(model), resident_limit_mb=0
    )
    for batch in batches.epoch():
        seen: Tensor = preprocessing(batch)
        yield seen
