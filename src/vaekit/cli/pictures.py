"""Decoded rows as a picture, an animation or numbers, as the name of the file says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vaekit.cli.drawing import as_shown
from vaekit.cli.exports import write_rows
from vaekit.errors import ConfigError
from vaekit.figures import save_animation, save_figure
from vaekit.runs import Run

__all__ = ["ANIMATION_KINDS", "PICTURE_KINDS", "need_images", "signed", "write_decoded"]

PICTURE_KINDS = (".png", ".svg", ".npy", ".csv")
ANIMATION_KINDS = (".gif", ".webp")


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


def signed(value: float) -> str:
    """A number as it stands above a column: two decimals at most, and a true minus sign.

    Args:
        value: any.

    Returns:
        The text.

    Example:
        >>> signed(-1.504), signed(0.0)
        ('−1.5', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


def write_decoded(
    path: Path, rows: NDArray[Any], *, run: Run, draw: Callable[[NDArray[np.float64]], Figure]
) -> None:
    """Write decoded rows.

    Args:
        path: ends in .npy or .csv for the rows in the units of the data, in .gif or .webp for an
            animation, in .png or .svg for a figure.
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
