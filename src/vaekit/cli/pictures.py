"""Decoded rows as a picture, an animation or numbers, as the name of the file says."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vaekit.cli.exports import write_rows
from vaekit.cli.files import check_out
from vaekit.errors import ConfigError
from vaekit.figures import animation_kind, save_animation, save_figure
from vaekit.gallery import as_shown
from vaekit.runs import Run

__all__ = [
    "ANIMATION_KINDS",
    "PICTURE_KINDS",
    "check_moving",
    "need_images",
    "write_decoded",
]

PICTURE_KINDS = (".png", ".svg", ".npy", ".csv")
ANIMATION_KINDS = (".gif", ".webp", ".mp4")


def check_moving(path: Path, *, still: Sequence[str], force: bool) -> str:
    """Look at the name of an output file that may be an animation, before any work is done.

    Args:
        path: the file.
        still: endings that are known beside those of animations.
        force: whether a file that is there may be replaced.

    Returns:
        The ending, in lower case.

    Raises:
        ConfigError: another ending, a file that is there, or no such folder.
        MissingExtraError: a video is asked for and PyAV is not installed.
    """
    kind = check_out(path, kinds=(*still, *ANIMATION_KINDS), force=force)
    return animation_kind(path) if kind in ANIMATION_KINDS else kind


def need_images(run: Run, *, out: Path) -> None:
    """Refuse a picture of rows that are no images, before the work.

    Args:
        run: whose rows.
        out: the file that is asked for.

    Raises:
        ConfigError: a picture or an animation of a table.
    """
    if len(run.preprocessing.shape) != 3 and out.suffix.lower() not in (".npy", ".csv"):
        raise ConfigError(
            f"--out {out}: the rows of this run are no images and cannot be shown so; take a file "
            "that ends in .csv or .npy for their values"
        )


def write_decoded(
    path: Path, rows: NDArray[Any], *, run: Run, draw: Callable[[NDArray[np.float64]], Figure]
) -> None:
    """Write decoded rows.

    Args:
        path: ends in .npy or .csv for the rows in the units of the data, in .gif, .webp or .mp4
            for an animation, in .png or .svg for a figure.
        rows: (B, F) in the units that the model sees.
        run: whose model made them.
        draw: makes that figure of images (B, F) in [0, 1].
    """
    pre, kind = run.preprocessing, path.suffix.lower()
    if kind in (".npy", ".csv"):
        write_rows(path, rows, preprocessing=pre)
    elif kind in ANIMATION_KINDS:
        save_animation(as_shown(rows, pre), shape=pre.shape, path=path)
    else:
        save_figure(draw(as_shown(rows, pre)), path=path)
