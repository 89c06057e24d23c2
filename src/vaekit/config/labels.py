"""Classifiers that learn from few labels, on the codes of the trained model."""

from typing import Annotated

from pydantic import Field

from vaekit.config.section import Section

__all__ = ["LabelsConfig"]

Count = Annotated[int, Field(ge=1)]


class LabelsConfig(Section):
    """Classifiers that learn from few labels, on the codes of the trained model (M1+M2)."""

    counts: tuple[Count, ...] = ()
    """Numbers of labels, the same for each class; a labelled model of the codes is learned from
    each, and measured on the rows that are measured. None for no classifier."""

    latent_dim: int = Field(default=10, ge=1)
    """Latent dimensions of the labelled model: the style of a row within its class."""

    hidden: tuple[Count, ...] = (300,)
    """Widths of the hidden layers of its encoder and classifier; its decoder has them reversed."""

    epochs: int = Field(default=20, ge=1)
    """Passes over the training rows, for each number of labels."""

    batch_size: int = Field(default=200, ge=1)
    """Rows without a label in a step; a quarter as many with one come on top."""

    learning_rate: float = Field(default=3e-3, gt=0.0)
    """Step size at the start; it falls to 0 along a cosine."""

    alpha: float = Field(default=1.0, ge=0.0)
    """Weight of the classifier's cross-entropy on labelled rows."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the choice of labels."""
