"""Latent arithmetic and analogies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import ConfigError
from vaekit.inference.decode import decode
from vaekit.inference.encode import require_real_codes
from vaekit.inference.landmarks import class_means
from vaekit.models import LabelledVAE, Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vaekit.inference.encode import Codes, require_real_codes

__all__ = ["Board", "analogies", "arithmetic", "classify"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Board:
    """A row for each class, a column for each scale."""

    classes: NDArray[np.int64]
    """(C,), the labels that occur, ascending."""
    scales: NDArray[np.float64]
    """(S,)."""
    direction: NDArray[np.float64]
    """(D,), what is added at scale 1."""
    codes: NDArray[np.float64]
    """(C, S, D)."""
    rows: NDArray[np.float32]
    """(C, S, F) decoded means, in the units that the model sees."""

    def plot(self, ax: "Axes", *, shape: tuple[int, ...], classes: Sequence[str] = ()) -> None:
        """Draw the board into axes, a class beside each row and a scale above each column.

        Values outside [0, 1] are clipped; ``dataclasses.replace`` puts rows of another range,
        brought to this one, in their place.

        Args:
            ax: of any figure.
            shape: (C, H, W) of a row, in pixels.
            classes: names of the labels; the numbers themselves when absent.

        Raises:
            InputError: rows that are no images of this shape.

        Example:
            >>> from matplotlib.figure import Figure
            >>> ax, codes, rows = Figure().add_subplot(), np.zeros((1, 2, 2)), np.ones((1, 2, 64))
            >>> one, two, way = np.array([0]), np.array([0.0, 0.5]), np.ones(2)
            >>> board = Board(classes=one, scales=two, direction=way, codes=codes, rows=rows)
            >>> board.plot(ax, shape=(1, 8, 8), classes=["cat"])
            >>> [text.get_text() for text in (*ax.get_yticklabels(), *ax.get_xticklabels())]
            ['cat', '0', '0.5']
        """
        from vaekit.figures import format_number, image_grid

        labels = self.classes.tolist()
        names = [classes[label] if label < len(classes) else str(label) for label in labels]
        images = self.rows.reshape(-1, self.rows.shape[-1])
        columns = [format_number(scale) for scale in self.scales.tolist()]
        image_grid(images, shape=shape, row_labels=names, column_labels=columns, ax=ax)


def arithmetic(
    model: Model,
    *,
    codes: NDArray[np.floating[Any]],
    labels: NDArray[np.int64],
    scales: ArrayLike,
    add: int,
    subtract: int | None = None,
) -> Board:
    r"""Add the difference of two mean codes to the mean code of every class.

    .. math:: z_{cs} = m_c + s \, (m_{\mathrm{add}} - m_{\mathrm{subtract}})

    with the mean code :math:`m_c` of class c, and without ``subtract`` the mean code of all rows
    in its place.

    Args:
        model: a trained model.
        codes: (B, D), of labelled rows.
        labels: (B,); below 0 for rows without one.
        scales: (S,), how much of the difference is added.
        add: label of the class that is added.
        subtract: label of the class that is taken away; the mean of all codes when absent.

    Returns:
        Codes and decoded means; ``preprocessing.inverse`` gives raw units.

    Raises:
        ConfigError: no scales, or no code of a class.
        DataError: not one label for each code.

    Example:
        >>> from vaekit.builders import build_model
        >>> from vaekit.config import ModelConfig
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> codes, labels = np.eye(2), np.array([0, 1])
        >>> board = arithmetic(model, codes=codes, labels=labels, scales=[0, 1, 2], add=1)
        >>> board.rows.shape, board.direction
        ((2, 3, 64), array([-0.5,  0.5]))

    Source:
        Larsen et al. 2016, arXiv:1512.09300, section 4.2; White 2016, arXiv:1609.04468.
    """
    require_real_codes(model)
    steps = np.asarray(scales, dtype=np.float64)
    if steps.ndim != 1 or len(steps) == 0:
        raise ConfigError(f"expected a list of scales, got an array of shape {steps.shape}")
    means = class_means(codes, labels=labels)
    for label in {add, subtract} - {None}:
        if label not in means:
            raise ConfigError(f"no row has the label {label}; there are {sorted(means)}")
    away = codes.mean(0, dtype=np.float64) if subtract is None else means[subtract]
    direction = means[add] - away
    places = np.stack(list(means.values()))[:, None] + steps[:, None] * direction
    rows = decode(model, codes=places.reshape(-1, places.shape[-1]))
    return Board(
        classes=np.array(list(means), dtype=np.int64),
        scales=steps,
        direction=direction,
        codes=places,
        rows=rows.reshape(*places.shape[:2], -1),
    )


@torch.no_grad()
def classify(labelled: LabelledVAE, *, codes: "Codes") -> NDArray[np.float32]:
    """Probabilities of the labels of rows, from their codes.

    Args:
        labelled: a labelled model of codes.
        codes: of the rows; their means are read.

    Returns:
        (B, C)
    """
    found: NDArray[np.float32] = labelled.log_qy(torch.from_numpy(codes.mean)).exp().numpy()
    return found


@torch.no_grad()
def analogies(
    model: Model, *, labelled: LabelledVAE, codes: "Codes", labels: NDArray[Any] | None = None
) -> NDArray[np.float32]:
    """What rows would be under every label, in the style that they have under their own.

    The style is the mean of q(z|code, label); it is decoded to a code under each label, and that
    to a row.

    Args:
        model: of rows.
        labelled: of its codes.
        codes: (B, D) of rows.
        labels: (B,) their labels; the most probable ones when absent.

    Returns:
        (B, C, F) in the units that the model sees.

    Example:
        >>> from vaekit.builders import build_label_model, build_model
        >>> from vaekit.config import LabelsConfig, ModelConfig
        >>> from vaekit.inference.encode import Codes
        >>> model = build_model(ModelConfig(), shape=(1, 8, 8), support="unit")
        >>> labelled = build_label_model(LabelsConfig(), codes=2, classes=3)
        >>> zeros = np.zeros((5, 2), np.float32)
        >>> analogies(model, labelled=labelled, codes=Codes(mean=zeros, variance=zeros)).shape
        (5, 3, 64)

    Source:
        Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, section 4.2 and figure 1.
    """
    seen = torch.from_numpy(codes.mean)
    own = classify(labelled, codes=codes).argmax(1) if labels is None else labels
    style = labelled.encode(seen, torch.as_tensor(own, dtype=torch.long)).mean
    every = labelled.decode(style, labelled.every_label).mean  # (C, B, D)
    rows = decode(model, codes=every.transpose(0, 1).reshape(-1, every.shape[-1]))
    return rows.reshape(len(seen), len(every), -1)
