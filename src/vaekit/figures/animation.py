"""Images one after another in time."""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from vaekit.figures.frames import animation_kind, write_frames
from vaekit.figures.mosaic import as_tiles

__all__ = ["save_animation"]

_SIDE = 256  # dots, about, of the longer side


def save_animation(images: ArrayLike, *, shape: tuple[int, ...], path: str | Path) -> Path:
    """Write images as an animation that goes there and back for ever, and rests at both ends.

    Each pixel becomes a square of whole dots. The same images give the same bytes. A video has a
    constant number of frames in a second and loses what is hardly seen; it ends where it began.

    Args:
        images: (T, F) in [0, 1], channel by channel; values outside are clipped.
        shape: (C, H, W) with C of 1 (grey) or 3 (red, green, blue), in pixels.
        path: where to; ends in .gif, .webp or .mp4. Folders on the way are made.

    Returns:
        The path.

    Raises:
        InputError: the path ends in something else, or there are fewer than 2 images.
        MissingExtraError: a video is asked for and PyAV is not installed.
        WriteError: the folder cannot be written, or the disk is full.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = save_animation(np.eye(4), shape=(1, 2, 2), path=Path(folder) / "walk.gif")
        ...     with Image.open(path) as walk:
        ...         walk.n_frames, walk.size
        (6, (256, 256))
    """
    animation_kind(path)
    tiles = as_tiles(images, shape=shape, name="images")
    factor = max(1, _SIDE // max(tiles.shape[1:3]))
    dots = np.round(tiles * 255).astype(np.uint8)
    return write_frames([*dots.repeat(factor, axis=1).repeat(factor, axis=2)], path=path)
