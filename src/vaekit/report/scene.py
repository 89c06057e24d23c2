"""Rows and codes that the figures of a report share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vaekit import figures, inference
from vaekit.data import Dataset, Preprocessing
from vaekit.runs import Run

__all__ = ["Panel", "Scene", "as_shown", "look", "raw_units", "still"]


def as_shown(values: NDArray[Any], preprocessing: Preprocessing) -> NDArray[np.float64]:
    """What the model sees, or makes, in the units in which it is drawn.

    Args:
        values: (B, F) in the units that the model sees.
        preprocessing: of that model.

    Returns:
        (B, F): images in [0, 1], those of no known range stretched to it; tables in raw units.

    Example:
        >>> from vaekit import load_dataset
        >>> pre = Preprocessing.fit(load_dataset("digits"))
        >>> float(as_shown(np.full((2, 64), 0.5, dtype=np.float32), pre).max())
        0.5
    """
    if len(preprocessing.shape) != 3:
        return raw_units(values, preprocessing)
    if preprocessing.support != "real":
        return values.astype(np.float64)
    raw = raw_units(values, preprocessing)
    stretched: NDArray[np.float64] = (raw - raw.min()) / max(float(np.ptp(raw)), 1e-12)
    return stretched


def raw_units(values: NDArray[Any], preprocessing: Preprocessing) -> NDArray[np.float64]:
    """What the model sees, or makes, in the units of the data.

    Args:
        values: (B, F) in the units that the model sees.
        preprocessing: of that model.

    Returns:
        (B, F) in raw units.

    Example:
        >>> from vaekit import load_dataset
        >>> pre = Preprocessing.fit(load_dataset("digits"))
        >>> float(raw_units(np.full((2, 64), 0.5, dtype=np.float32), pre).max())
        8.0
    """
    shift, scale = preprocessing.shift.numpy(), preprocessing.scale.numpy()
    raw: NDArray[np.float64] = values.astype(np.float64) / scale + shift
    return raw


_MOST_POINTS = 10_000


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A figure that is not drawn yet, and what is said of it."""

    file: str
    """Name of its file: .png, or .webp where it moves."""
    title: str
    """Above it."""
    write: Callable[[Path], object]
    """Draws it into a file."""
    caption: str
    """What is drawn, of which rows."""
    reading: str
    """Two sentences for a reader who met VAEs today: what to look for, and what it would mean."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A run and the rows that its figures show."""

    run: Run
    """The run."""
    dataset: Dataset
    """The rows it was trained on, and the others."""
    split: str
    """Which of them are shown."""
    index: NDArray[np.int64]
    """(B,), their positions; spread evenly over the split where it has very many rows."""
    codes: inference.Codes
    """(B, D), of these rows; none where the model has no encoder."""
    kl: list[float] | None
    """(D,) divergence of each dimension from the prior in nats per row, where it was measured."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W) of an image, (F,) of a row of a table."""
        return self.run.preprocessing.shape

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(B,), where there are any."""
        return None if self.dataset.labels is None else self.dataset.labels[self.index]

    @property
    def latent_dim(self) -> int:
        """D."""
        return int(self.codes.mean.shape[1])

    def some(self, most: int) -> NDArray[np.int64]:
        """Positions of at most so many of the rows, spread evenly.

        Args:
            most: rows.
        """
        return self.index[inference.evenly(len(self.index), most=most)]

    def shown(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """What the model sees or makes, as it is drawn.

        Args:
            values: (B, F) in the units that the model sees.
        """
        return as_shown(values, self.run.preprocessing)


def look(run: Run, *, dataset: Dataset, split: str, kl: list[float] | None = None) -> Scene:
    """Encode the rows that are shown.

    Args:
        run: the run.
        dataset: the rows it was trained on, and the others.
        split: which of them are shown.
        kl: (D,), as evaluation measured it.

    Returns:
        What figures look at.
    """
    rows = dataset.split.of(split)
    index = rows[inference.evenly(len(rows), most=_MOST_POINTS)]
    if run.model.latent.encoder:
        codes = inference.encode(
            run.model, preprocessing=run.preprocessing, rows=dataset.rows, index=index
        )
    else:
        none = np.empty((0, run.model.latent.dims), np.float32)
        codes = inference.Codes(mean=none, variance=none)
    return Scene(run=run, dataset=dataset, split=split, index=index, codes=codes, kl=kl)


def still(drawing: Figure) -> Callable[[Path], object]:
    """How a figure that does not move is written.

    Args:
        drawing: the figure.
    """
    return lambda path: figures.save_figure(drawing, path=path)
