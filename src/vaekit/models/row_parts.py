"""What the networks of a model of rows read, and the distribution that they write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vaekit.models.column_spec import ColumnSpec
from vaekit.models.columns import Columns
from vaekit.models.conditional import Amortized, Head
from vaekit.models.labelled import Label, LabelledAmortized, LabelledVAE, LabelPrior
from vaekit.models.likelihoods import Bernoulli
from vaekit.models.posteriors import DiagonalGaussian
from vaekit.models.priors import StandardNormal
from vaekit.models.table_inputs import TableInputs
from vaekit.networks import MLP, LabelledMLP

__all__ = [
    "RowParts",
    "SampledCodes",
    "build_labelled",
    "code_parts",
    "column_parts",
    "masked",
    "pixel_parts",
]


@dataclass(frozen=True, kw_only=True)
class RowParts:
    """How networks read rows, and the distribution that they write."""

    width: int
    """Numbers that the first layer of an encoder reads."""
    head: Head
    """The likelihood of a row."""
    inputs: nn.Module | None = None
    """What makes these numbers of a row; none where they are the row."""
    sees_mask: bool = False
    """Whether rows may have gaps, which the encoder is told."""


def pixel_parts(features: int) -> RowParts:
    """Rows of numbers in [0, 1], each with a Bernoulli distribution.

    Args:
        features: F.

    Returns:
        The parts.
    """
    return RowParts(width=features, head=Bernoulli(features))


def column_parts(specs: Sequence[ColumnSpec]) -> RowParts:
    """Rows of a table, with gaps.

    Args:
        specs: F columns.

    Returns:
        The parts.
    """
    inputs = TableInputs(specs)
    return RowParts(width=inputs.out_features, head=Columns(specs), inputs=inputs, sees_mask=True)


def code_parts(dim: int) -> RowParts:
    """Codes of another model, each number Gaussian with the mean and variance of the network.

    Args:
        dim: of the codes.

    Returns:
        The parts.
    """
    return RowParts(width=dim, head=Columns([ColumnSpec("real")] * dim, tails="gaussian"))


class SampledCodes(nn.Module):
    """Codes drawn afresh from their posteriors at each step of training; elsewhere their means.

    A model of drawn codes cannot learn the rows of training by heart.

    Example:
        >>> sampled = SampledCodes().eval()
        >>> sampled(torch.tensor([[1.0, 2.0, 0.1, 0.1]]))
        tensor([[1., 2.]])
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Map means with standard deviations behind them, (B, 2 D), to codes (B, D)."""
        mean, scale = rows.chunk(2, -1)
        return mean + scale * torch.randn_like(mean) if self.training else mean


def masked(rows: Tensor) -> Tensor:
    """Rows with 0 where a number is missing, and behind them what is known.

    Args:
        rows: (N, F) NaN where missing.

    Returns:
        (N, 2 F)
    """
    return torch.cat([rows.nan_to_num(0.0), (~rows.isnan()).to(rows.dtype)], -1)


def build_labelled(
    parts: RowParts,
    *,
    latent_dim: int,
    hidden: Sequence[int],
    label_prior: Sequence[float],
) -> LabelledVAE:
    """A labelled model of perceptrons: encoder, decoder and classifier of the same widths.

    Args:
        parts: how rows are read and written.
        latent_dim: D, of z.
        hidden: widths of the hidden layers of encoder and classifier; the decoder's are reversed.
        label_prior: C probabilities.

    Returns:
        The model, untrained.

    Example:
        >>> model = build_labelled(
        ...     code_parts(5), latent_dim=2, hidden=[8], label_prior=[1.0] * 3
        ... )
        >>> model.log_qy(torch.zeros(7, 5)).shape
        torch.Size([7, 3])
    """
    classes = len(label_prior)
    encoder = LabelledMLP(
        parts.width,
        classes=classes,
        hidden=hidden,
        out_features=2 * latent_dim,
        inputs=parts.inputs,
    )
    decoder = LabelledMLP(
        latent_dim, classes=classes, hidden=hidden[::-1], out_features=parts.head.inputs
    )
    classifier: nn.Module = MLP(parts.width, hidden, classes)
    if parts.inputs is not None:
        classifier = nn.Sequential(parts.inputs, classifier)
    return LabelledVAE(
        label_prior=LabelPrior(list(label_prior)),
        prior=StandardNormal(latent_dim),
        posterior=LabelledAmortized(
            encoder, DiagonalGaussian(latent_dim), sees_mask=parts.sees_mask
        ),
        likelihood=LabelledAmortized(decoder, parts.head),
        classifier=Amortized(classifier, Label(classes), sees_mask=parts.sees_mask),
    )
