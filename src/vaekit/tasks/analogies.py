"""Rows in the style of others, under every label."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit.models import VAE, LabelledVAE
from vaekit.tasks.decode import decode

if TYPE_CHECKING:
    from vaekit.tasks.encode import Codes

__all__ = ["analogies", "classify"]


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
    model: VAE, *, labelled: LabelledVAE, codes: "Codes", labels: NDArray[Any] | None = None
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
        >>> from vaekit.assembly import build_label_model, build_model
        >>> from vaekit.config import LabelsConfig, ModelConfig
        >>> from vaekit.tasks.encode import Codes
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
    style = labelled.posterior(seen, torch.as_tensor(own, dtype=torch.long)).mean
    every = labelled.likelihood(style, labelled.every_label).mean  # (C, B, D)
    rows = decode(model, codes=every.transpose(0, 1).reshape(-1, every.shape[-1]))
    return rows.reshape(len(seen), len(every), -1)
