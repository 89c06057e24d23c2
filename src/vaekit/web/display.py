"""From what a model makes to what a browser paints: bytes of pixels, or cells of a table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data import Dataset, Preprocessing
from vaekit.errors import DataError

__all__ = ["Display", "display_of"]


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
