"""Every class turning into every other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from vaekit.models import VAE
from vaekit.tasks.decode import decode
from vaekit.tasks.interpolate import walk
from vaekit.tasks.places import class_means

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Morph", "morph"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Morph:
    """Walks between the mean codes of all pairs of classes, and what is decoded on the way."""

    classes: NDArray[np.int64]
    """(C,), the labels that occur, ascending."""
    codes: NDArray[np.float64]
    """(T, C, C, D): at moment t on the way from the first class to the second."""
    rows: NDArray[np.float32]
    """(T, C, C, F) decoded means, in the units that the model sees."""

    def plot(self, ax: "Axes", *, shape: tuple[int, ...], classes: Sequence[str] = ()) -> None:
        """Draw the middle of all walks as a board; rows are left, columns are reached.

        Images are drawn as they are and clipped to [0, 1]; bring other rows to that range first
        with ``dataclasses.replace(made, rows=...)``.

        Args:
            ax: of any figure.
            shape: (C, H, W) of a row, in pixels.
            classes: names of the labels; the numbers themselves when absent.

        Raises:
            InputError: rows that are no images of this shape.

        Example:
            >>> from matplotlib.figure import Figure
            >>> ax, pair = Figure().add_subplot(), np.array([0, 1])
            >>> codes, rows = np.zeros((3, 2, 2, 2)), np.ones((3, 2, 2, 4))
            >>> Morph(classes=pair, codes=codes, rows=rows).plot(ax, shape=(1, 2, 2))
            >>> [text.get_text() for text in ax.get_yticklabels()]
            ['0', '1']
        """
        from vaekit.figures import draw_board

        labels = self.classes.tolist()
        names = [classes[label] if label < len(classes) else str(label) for label in labels]
        middle = self.rows[len(self.rows) // 2]
        images = middle.reshape(-1, middle.shape[-1])
        draw_board(ax, images, shape=shape, rows=names, columns=names)


def morph(
    model: VAE,
    *,
    codes: NDArray[np.floating[Any]],
    labels: NDArray[np.int64],
    frames: int = 20,
    path: Literal["linear", "spherical"] = "linear",
) -> Morph:
    """Walk from the mean code of each class to that of each other, and decode on the way.

    Args:
        model: a trained model.
        codes: (B, D), of labelled rows.
        labels: (B,); below 0 for rows without one.
        frames: T, how many codes of a walk, both ends included.
        path: how to go, as in ``walk``.

    Returns:
        Codes and decoded means, for each moment a board: a row for the class that is left, a
        column for the one that is reached; ``preprocessing.inverse`` gives raw units.

    Raises:
        ConfigError: fewer than 2 frames, or codes of another width than the latent space.
        DataError: not one label for each code, or no code has one.

    Example:
        >>> from vaekit.assembly import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> made = morph(model, codes=np.eye(2), labels=np.array([0, 1]), frames=5)
        >>> made.rows.shape, made.codes[2, 0, 1]
        ((5, 2, 2, 64), array([0.5, 0.5]))
    """
    means = class_means(codes, labels=labels)
    ends = list(means.values())
    walks = [[walk(a, b, frames=frames, path=path) for b in ends] for a in ends]
    places = np.moveaxis(np.array(walks), 2, 0)
    rows = decode(model, codes=places.reshape(-1, places.shape[-1]))
    return Morph(
        classes=np.array(list(means), dtype=np.int64),
        codes=places,
        rows=rows.reshape(*places.shape[:3], -1),
    )
