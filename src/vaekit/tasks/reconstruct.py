"""Through the code and back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit.data import Preprocessing
from vaekit.models import VAE
from vaekit.numerics import fixed_noise
from vaekit.tasks.stream import seen_batches

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Reconstruction", "reconstruct"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reconstruction:
    """Rows and what comes back, in the units that the model sees."""

    inputs: NDArray[np.float32]
    """(B, F) as the model saw them: scaled, and binarized where it was trained so."""
    outputs: NDArray[np.float32]
    """(B, F) means of p(x|z) at the mean of q(z|x)."""

    def plot(
        self, ax: "Axes", *, shape: tuple[int, ...], columns: int = 10, most: int = 20
    ) -> None:
        """Draw each input with its output below it into axes, in bands.

        Values outside [0, 1] are clipped; ``dataclasses.replace`` puts rows of another range,
        brought to this one, in their place.

        Args:
            ax: of any figure.
            shape: (C, H, W) of a row, in pixels.
            columns: pairs in a band.
            most: pairs to draw, the first ones.

        Raises:
            InputError: rows that are no images of this shape.

        Example:
            >>> from matplotlib.figure import Figure
            >>> ax, rows = Figure().add_subplot(), np.ones((3, 64))
            >>> Reconstruction(inputs=rows, outputs=rows).plot(ax, shape=(1, 8, 8))
            >>> [text.get_text() for text in ax.get_yticklabels()]
            ['input', 'output']
        """
        from vaekit.figures import draw_pairs

        draw_pairs(
            ax, self.inputs[:most], outputs=self.outputs[:most], shape=shape, columns=columns
        )


@torch.no_grad()
def reconstruct(
    model: VAE,
    *,
    preprocessing: Preprocessing,
    rows: NDArray[Any],
    index: NDArray[np.int64] | None = None,
    batch_size: int = 1024,
    seed: int = 0,
) -> Reconstruction:
    """Encode rows and decode the means of their codes.

    ``preprocessing.inverse`` brings both arrays back to raw units.

    Args:
        model: a trained model.
        preprocessing: from raw rows to what it sees.
        rows: (N, F) raw, in memory or mapped.
        index: positions of the rows to take; all when absent.
        batch_size: rows that go through the model at once.
        seed: of a dynamic binarization.

    Returns:
        Inputs and outputs.

    Raises:
        DataError: rows of another width than those of training, or none at all.

    Example:
        >>> from vaekit import load_dataset
        >>> from vaekit.assembly import build_model
        >>> from vaekit.config import ModelConfig
        >>> digits = load_dataset("digits", limit=20)
        >>> pre = Preprocessing.fit(digits)
        >>> model = build_model(ModelConfig(), shape=pre.shape, support=pre.support)
        >>> reconstruct(model, preprocessing=pre, rows=digits.rows[:5]).outputs.shape
        (5, 64)
    """
    inputs, outputs = [], []
    with fixed_noise(seed):
        for x in seen_batches(
            model, preprocessing=preprocessing, rows=rows, index=index, batch_size=batch_size
        ):
            inputs.append(x.cpu())
            outputs.append(model.likelihood(model.posterior(x).mean).mean.cpu())
    return Reconstruction(inputs=torch.cat(inputs).numpy(), outputs=torch.cat(outputs).numpy())
