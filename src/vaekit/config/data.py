"""Where the rows come from and what happens to them before the model sees them."""

from typing import Literal

from pydantic import Field

from vaekit.config.section import Section

__all__ = ["DataConfig"]


class DataConfig(Section):
    """Where the rows come from and what happens to them before the model sees them."""

    source: str = "digits"
    """A name (digits, breast-cancer, swiss-roll, mnist, fashion-mnist, binarized-mnist), or a
    path: idx, npy, npz, csv, parquet, a folder of images or of npy or parquet files."""

    label: str | None = None
    """Column of a table that holds the labels, by name or by position from 0 (negative counts
    from the end); a column named "label" is found by itself."""

    image_size: int | None = Field(default=None, ge=2)
    """Side in pixels to which the images of a folder are scaled and cropped."""

    scale: Literal["auto", "unit", "standard", "none"] = "auto"
    """unit: to [0, 1]; standard: mean 0 and variance 1 of each column, from the training rows;
    none: as it is; auto: unit for images and for values in [0, 1], standard for tables."""

    binarize: Literal["none", "threshold", "dynamic"] = "none"
    """threshold: 1 where a value is at least one half; dynamic: a new Bernoulli draw of each
    value at each use, with the value as its probability."""

    validation: float = Field(default=0.1, ge=0.0, lt=1.0)
    """Share of the training rows that is set aside for validation; 0 for none."""

    test: float = Field(default=0.1, ge=0.0, lt=1.0)
    """Share of all rows that is set aside for testing, where the source brings no test rows."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the split: the same rows are set aside whatever the seed of training."""

    limit: int | None = Field(default=None, ge=2)
    """Use only so many rows of each split, for a first look."""
