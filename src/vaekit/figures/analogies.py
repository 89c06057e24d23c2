"""The style of some images under every label."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaekit.errors import InputError
from vaekit.figures.board import image_board

__all__ = ["analogy_board"]


def analogy_board(
    images: ArrayLike,
    *,
    made: ArrayLike,
    shape: tuple[int, ...],
    names: Sequence[str],
    title: str | None = None,
) -> Figure:
    """Draw each image at the left, and in its row what it would be under every label.

    Args:
        images: (B, F) in [0, 1].
        made: (B, C, F) in [0, 1].
        shape: (channels, H, W), in pixels.
        names: of the C labels.
        title: above the board.

    Returns:
        The figure.

    Raises:
        InputError: the numbers of images, labels and names do not go together.

    Example:
        >>> board = analogy_board(
        ...     np.zeros((2, 4)), made=np.ones((2, 3, 4)), shape=(1, 2, 2), names=["a", "b", "c"]
        ... )
        >>> [text.get_text() for text in board.axes[0].get_xticklabels()]
        ['', '', 'a', 'b', 'c']
    """
    given, found = np.asarray(images, np.float64), np.asarray(made, np.float64)
    if found.ndim != 3 or found.shape[:2] != (len(given), len(names)):
        raise InputError(
            f"expected made of shape ({len(given)}, {len(names)}, F), as there are images and "
            f"names; got {found.shape}"
        )
    white = np.ones_like(given[:, None])  # between what is and what is made
    rows = np.concatenate([given[:, None], white, found], 1)
    return image_board(
        rows.reshape(-1, given.shape[1]),
        shape=shape,
        rows=[""] * len(given),
        columns=["", "", *names],
        title=title,
    )
