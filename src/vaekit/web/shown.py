"""A run, the rows that are shown of it, and their codes: all that the explorer reads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.assembly import load_rows
from vaekit.data import Dataset
from vaekit.runs import Run, load_run
from vaekit.tasks import ClassPlace, Codes, class_place, encode, evenly
from vaekit.tasks.encode import noisy_batches
from vaekit.web.display import Display, display_of

__all__ = ["Shown", "open_run"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A run and the N rows of it that are shown."""

    run: Run
    """The run."""
    dataset: Dataset
    """Its rows, shown or not."""
    split: str
    """Which of them are shown."""
    index: NDArray[np.int64]
    """(N,) their positions in the data set."""
    codes: Codes
    """(N, D), encoded once."""
    display: Display
    """How a row is painted."""
    evaluation: dict[str, Any]
    """What was measured of the run; empty where nothing was."""
    places: dict[int, ClassPlace]
    """By label, where each class lies; empty without labels."""
    bits: NDArray[np.uint8] | None
    """(N, F / 8) the rows as they were binarized with noise, packed; none for other runs."""

    @property
    def rows(self) -> int:
        """N."""
        return len(self.index)

    @property
    def latent_dim(self) -> int:
        """D."""
        return int(self.codes.mean.shape[1])

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(N,), below 0 for rows without one; none where the data have none."""
        return None if self.dataset.labels is None else self.dataset.labels[self.index]

    @property
    def kl(self) -> list[float] | None:
        """(D,) divergence of each dimension from the prior in nats, where it was measured."""
        found: list[float] | None = self.evaluation.get("kl_per_dim")
        return found

    def raw(self, places: NDArray[np.int64]) -> NDArray[Any]:
        """Rows in units of the data.

        Args:
            places: (B,) from 0 to N - 1.

        Returns:
            (B, F)
        """
        return np.asarray(self.dataset.rows[self.index[places]])

    def seen(self, places: NDArray[np.int64]) -> Tensor:
        """Rows as the model sees them, with the noise with which their codes were made.

        Args:
            places: (B,) from 0 to N - 1.

        Returns:
            (B, F) float32.
        """
        if self.bits is None:
            seen: Tensor = self.run.preprocessing(torch.from_numpy(self.raw(places)))
            return seen
        width = self.run.preprocessing.features
        return torch.from_numpy(np.unpackbits(self.bits[places], axis=1, count=width)).float()


def open_run(path: str | Path, *, split: str | None = None, most: int = 20_000) -> Shown:
    """Load a run and its rows, and encode those that are shown.

    Args:
        path: the run folder.
        split: train, validation, test or all; the one that the run is measured on when absent.
        most: rows to show, spread evenly over the split where it has more.

    Returns:
        What the explorer reads.

    Raises:
        RunError: no run, an unfinished or damaged one.
        DataError: its rows cannot be read, or are of another kind.
    """
    run = load_run(path)
    dataset = load_rows(run.config.data)
    run.preprocessing.check(dataset)
    chosen = dataset.split.usable(split or run.config.evaluation.split, purpose="shown")
    rows = dataset.split.of(chosen)
    index = rows[evenly(len(rows), most=most)]
    codes = encode(run.model, preprocessing=run.preprocessing, rows=dataset.rows, index=index)
    labels = None if dataset.labels is None else dataset.labels[index]
    dynamic = run.preprocessing.binarize == "dynamic"
    folder = run.folder
    return Shown(
        run=run,
        dataset=dataset,
        split=chosen,
        index=index,
        codes=codes,
        display=display_of(run.preprocessing, dataset),
        evaluation=folder.read_json(folder.evaluation) if folder.evaluation.is_file() else {},
        places=_places(codes.mean, labels),
        bits=_binarized(run, dataset.rows, index) if dynamic else None,
    )


def _binarized(run: Run, rows: NDArray[Any], index: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The rows as ``encode`` saw them, with the same noise."""
    seen = noisy_batches(run.model, preprocessing=run.preprocessing, rows=rows, index=index)
    return np.concatenate([np.packbits(x.numpy() > 0, axis=1) for _, x in seen])


def _places(codes: NDArray[np.float32], labels: NDArray[np.int64] | None) -> dict[int, ClassPlace]:
    """Mean code of each class that occurs, and whether it is a place of the class."""
    present = [] if labels is None else np.unique(labels[labels >= 0]).tolist()
    if labels is None or len(present) > _MOST_CLASSES:
        return {}
    return {label: class_place(codes, labels=labels, label=label) for label in present}


_MOST_CLASSES = 50  # to place one takes a tenth of a second
