"""Images one after another in time."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from vaekit.errors import InputError
from vaekit.figures.mosaic import as_tiles
from vaekit.files import write_atomically

__all__ = ["save_animation"]

_SIDE = 256  # dots, about, of the longer side
_FRAME = 80  # milliseconds
_REST = 600  # milliseconds at either end


def save_animation(images: ArrayLike, *, shape: tuple[int, ...], path: str | Path) -> Path:
    """Write images as an animation that goes there and back for ever, and rests at both ends.

    Each pixel becomes a square of whole dots. The same images give the same bytes.

    Args:
        images: (T, F) in [0, 1], channel by channel; values outside are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        path: where to; ends in .gif or .webp. Folders on the way are made.

    Returns:
        The path.

    Raises:
        InputError: the path ends in something else, or there are fewer than 2 images.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = save_animation(np.eye(4), shape=(1, 2, 2), path=Path(folder) / "walk.gif")
        ...     with Image.open(path) as walk:
        ...         walk.n_frames, walk.size
        (6, (256, 256))
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in (".gif", ".webp"):
        raise InputError(f"{path}: an animation ends in .gif, .webp")
    tiles = as_tiles(images, shape=shape, name="images")
    if len(tiles) < 2:
        raise InputError(f"expected at least 2 images for an animation, got {len(tiles)}")
    there = [_frame(tile) for tile in tiles]
    durations = [_REST, *[_FRAME] * (len(there) - 2), _REST, *[_FRAME] * (len(there) - 2)]
    buffer = io.BytesIO()
    there[0].save(
        buffer,
        format=kind[1:],
        save_all=True,
        append_images=[*there[1:], *there[-2:0:-1]],
        duration=durations,
        loop=0,
        lossless=True,
    )
    write_atomically(path, lambda beside: beside.write_bytes(buffer.getvalue()))
    return path


def _frame(tile: NDArray[np.float64]) -> Image.Image:
    """One image, enlarged."""
    factor = max(1, _SIDE // max(tile.shape[:2]))
    dots = np.round(tile * 255).astype(np.uint8).repeat(factor, axis=0).repeat(factor, axis=1)
    return Image.fromarray(dots)
