"""A run, the rows the explorer shows of it, and how they are displayed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.builders import load_rows
from vaekit.data import Dataset, Preprocessing
from vaekit.errors import DataError
from vaekit.inference import ClassPlace, Codes, class_place, encode, evenly
from vaekit.inference.encode import noisy_batches
from vaekit.runs import Run, load_run

__all__ = ["Display", "Shown", "display_of", "open_run"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Display:
    """How a row is shown: a number v of the model as gain * v + offset.

    For images that is a brightness in [0, 1], for tables a cell in units of the data.
    """

    shape: tuple[int, ...]
    """(C, H, W) of an image, (F,) of a row of a table."""
    gain: NDArray[np.float64]
    """(F,)"""
    offset: NDArray[np.float64]
    """(F,)"""
    low: float
    """Of a pixel in the data, shown black; 0 for tables."""
    high: float
    """Of a pixel in the data, shown white; 1 for tables."""

    @property
    def is_image(self) -> bool:
        """True when a row is an image."""
        return len(self.shape) == 3

    def made(self, values: NDArray[Any]) -> NDArray[Any]:
        """Rows in the units that the model sees, such as it decodes, to what is painted.

        Args:
            values: (B, F).

        Returns:
            Images as uint8 (B, H, W, C), rows of a table as float32 (B, F) in units of the data.
        """
        return self._block(values.astype(np.float64) * self.gain + self.offset)

    def raw(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Rows in units of the data to what is painted.

        Args:
            rows: (B, F).

        Returns:
            As ``made``.
        """
        return self._block((rows.astype(np.float64) - self.low) / (self.high - self.low))

    def from_bytes(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """A painted image to a row in units of the data.

        Args:
            pixels: (H, W, C).

        Returns:
            (F,)

        Raises:
            DataError: the run is of a table, or the image is of another size.
        """
        if not self.is_image:
            raise DataError("this run is of a table and reads no images; send cells")
        channels, height, width = self.shape
        if pixels.shape != (height, width, channels):
            raise DataError(
                f"expected an image of {height} x {width} pixels and {channels} channels, got "
                f"{pixels.shape}"
            )
        shares = pixels.transpose(2, 0, 1).reshape(-1).astype(np.float64) / 255
        return (self.low + shares * (self.high - self.low)).astype(np.float32)

    def _block(self, shown: NDArray[np.float64]) -> NDArray[Any]:
        if not self.is_image:
            return shown.astype(np.float32)
        channels, height, width = self.shape
        dots = np.round(np.clip(np.nan_to_num(shown), 0.0, 1.0) * 255).astype(np.uint8)
        return dots.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)


def display_of(preprocessing: Preprocessing, dataset: Dataset) -> Display:
    """How the rows of a run are shown.

    Args:
        preprocessing: from raw rows to what the model sees.
        dataset: whose range of pixels is shown from black to white.

    Returns:
        The scale.

    Example:
        >>> from vaekit.data import load_dataset
        >>> digits = load_dataset("digits")
        >>> shown = display_of(Preprocessing.fit(digits), digits)
        >>> shown.made(np.full((1, 64), 0.5)).max(), shown.raw(digits.rows[:3]).shape
        (np.uint8(128), (3, 8, 8, 1))
    """
    low, high = dataset.value_range or (0.0, 1.0)
    low, high = (low, high) if dataset.is_image else (0.0, 1.0)
    shift = preprocessing.shift.double().numpy()
    scale = preprocessing.scale.double().numpy()
    return Display(
        shape=preprocessing.shape,
        gain=1 / (scale * (high - low)),
        offset=(shift - low) / (high - low),
        low=low,
        high=high,
    )


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
