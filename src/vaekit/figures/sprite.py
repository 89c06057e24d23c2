"""Sprite sheets of thumbnails for projectors and web pages."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from vaekit.errors import InputError
from vaekit.figures.images import as_tiles

__all__ = ["Sprite", "sprite_sheet"]


_SHEET = 8192  # dots; browsers draw no larger texture
_THUMBNAIL = 96  # dots; a projector shows no more of them


@dataclass(frozen=True, kw_only=True, eq=False)
class Sprite:
    """A sheet of thumbnails, as many in a row as in a column."""

    sheet: NDArray[np.uint8]
    """(height, width) grey, or (height, width, 3), in dots; white where there is no thumbnail."""
    thumbnail: tuple[int, int]
    """Width and height of each, in dots."""


def sprite_sheet(
    images: ArrayLike, *, shape: tuple[int, ...], largest: int = _SHEET, thumbnail: int = _THUMBNAIL
) -> Sprite:
    """Put images side by side, line by line from the top left, with nothing between them.

    The sheet has as many lines as columns. Images are made smaller where they are too large for a
    thumbnail or for the sheet, and never larger.

    Args:
        images: (B, F) in [0, 1], channel by channel; values outside are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        largest: width and height that the sheet may have, in dots.
        thumbnail: width and height that a thumbnail may have, in dots.

    Returns:
        The sheet and the size of a thumbnail.

    Raises:
        InputError: there are more images than the sheet has dots.

    Example:
        >>> sprite = sprite_sheet(np.zeros((5, 64)), shape=(1, 8, 8))
        >>> sprite.sheet.shape, sprite.thumbnail
        ((24, 24), (8, 8))

    Source:
        TensorBoard, "Visualizing data using the embedding projector", for the order and the limit.
    """
    tiles = as_tiles(images, shape=shape, name="images")
    side = math.isqrt(len(tiles) - 1) + 1
    if side > largest:
        raise InputError(
            f"expected at most {largest**2:,} images for a sheet of {largest} dots, "
            f"got {len(tiles):,}"
        )
    width, height = _fitted(shape[2], shape[1], most=min(thumbnail, largest // side))
    small = _shrunk(tiles, width=width, height=height)
    cells = np.full((side * side, *small.shape[1:]), 255, dtype=np.uint8)
    cells[: len(small)] = small
    lines = cells.reshape(side, side, height, width, -1).swapaxes(1, 2)
    sheet = lines.reshape(side * height, side * width, -1)
    return Sprite(sheet=sheet[..., 0] if tiles.ndim == 3 else sheet, thumbnail=(width, height))


def _fitted(width: int, height: int, *, most: int) -> tuple[int, int]:
    """Width and height of no more than so many dots, in about the same ratio."""
    scale = min(1.0, most / max(width, height))
    return max(1, int(width * scale)), max(1, int(height * scale))


def _shrunk(tiles: NDArray[np.float64], *, width: int, height: int) -> NDArray[np.uint8]:
    """Tiles (B, H, W[, 3]) in [0, 1] as bytes of another size."""
    made = np.round(tiles * 255).astype(np.uint8)
    if made.shape[1:3] == (height, width):
        return made
    box = Image.Resampling.BOX
    return np.stack(
        [np.asarray(Image.fromarray(each).resize((width, height), box)) for each in made]
    )
