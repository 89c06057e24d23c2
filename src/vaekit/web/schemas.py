"""Request and response schemas of the explorer."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from fastapi import Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "LIMITS",
    "ArithmeticRequest",
    "BackgroundRequest",
    "ClassSummary",
    "CodeAnswer",
    "ColumnSummary",
    "DecodeRequest",
    "Dimension",
    "EncodeRequest",
    "Encoded",
    "ErrorAnswer",
    "GifRequest",
    "Limits",
    "Linear",
    "Overview",
    "PathRequest",
    "Place",
    "PlaneSummary",
    "ReferenceAnswer",
    "RowAnswer",
    "RunName",
    "Runs",
    "SampleRequest",
    "TraverseRequest",
    "Working",
    "binary",
]


class Limits(BaseModel):
    """The largest request that is answered."""

    codes: int = 4096
    """Codes in one request."""
    values: int = 16_000_000
    """Pixels or cells in one answer."""
    frames: int = 240
    """Of a path or a GIF."""
    side: int = 64
    """Parts along each side of a background."""
    draws: int = 64
    """Draws from a posterior."""
    count: int = 2048
    """Rows or samples in one answer."""
    body_bytes: int = 2**20
    """Of a JSON body."""
    upload_bytes: int = 8 * 2**20
    """Of an image file."""


LIMITS = Limits()

Coordinate = Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]
Code = Annotated[list[Coordinate], Field(min_length=1, max_length=4096)]
Cell = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Number = Annotated[int, Field(ge=0, lt=2**31)]
Places = Annotated[list[Number], Field(min_length=1, max_length=256)]
Extent = Annotated[list[Coordinate], Field(min_length=4, max_length=4)]


class _Request(BaseModel):
    """A body of JSON: no unknown fields, and no text where a number stands."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )


class Place(_Request):
    """A place in the latent space; exactly one of the three."""

    row: Number | None = None
    """A row that is shown, from 0."""
    label: Number | None = None
    """A class: the mean code of its rows."""
    code: Code | None = None
    """The place itself, D numbers."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one({"row": self.row, "label": self.label, "code": self.code})
        return self


class DecodeRequest(_Request):
    """Codes to decode."""

    codes: Annotated[list[Code], Field(min_length=1, max_length=LIMITS.codes)]
    """B lists of D numbers."""
    draw: bool = False
    """Draw from p(x|z) instead of taking its mean."""
    seed: Seed = 0
    """Of the draws."""


class BackgroundRequest(_Request):
    """What a part of a plane decodes to."""

    plane: Annotated[str, Field(max_length=40)]
    """Its id."""
    extent: Extent
    """Smallest and largest x, smallest and largest y."""
    side: Annotated[int, Field(ge=1, le=LIMITS.side)] = 20
    """Parts along each axis."""
    base: Code | None = None
    """A code whose part off the plane is kept."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        left, right, bottom, top = self.extent
        if not (left < right and bottom < top):
            raise ValueError("extent: expected smallest x < largest x, smallest y < largest y")
        return self


class EncodeRequest(_Request):
    """A row to encode; exactly one of the first three."""

    row: Number | None = None
    """A row that is shown, from 0."""
    pixels: Annotated[list[Annotated[int, Field(ge=0, le=255)]] | None, Field(max_length=2**18)] = (
        None
    )
    """An image, H x W x C bytes: line by line, the channels of a pixel together."""
    cells: Annotated[list[Cell | None] | None, Field(max_length=4096)] = None
    """A row of a table in units of the data, null where a cell is missing."""
    draws: Annotated[int, Field(ge=0, le=LIMITS.draws)] = 0
    """Codes to draw from its posterior."""
    seed: Seed = 0
    """Of the noise."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one({"row": self.row, "pixels": self.pixels, "cells": self.cells})
        return self


class TraverseRequest(_Request):
    """Strips along single dimensions."""

    code: Code
    """Where they cross."""
    dims: Places
    """Which dimensions, from 0."""
    steps: Annotated[int, Field(ge=2, le=25)] = 9
    """Places along each."""


class PathRequest(_Request):
    """A way from one place to another."""

    start: Place
    """Its first code."""
    end: Place
    """Its last."""
    frames: Annotated[int, Field(ge=2, le=LIMITS.frames)] = 30
    """Codes on the way, both ends included."""
    path: Literal["linear", "spherical", "density"] = "linear"
    """Straight, around the origin, or along the data."""


class ArithmeticRequest(_Request):
    """The code a + scale (c - b)."""

    a: Place
    """Where to begin."""
    b: Place
    """What is taken away."""
    c: Place
    """What is added."""
    scale: Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)] = 1.0
    """How much of the difference."""


class SampleRequest(_Request):
    """Codes of the prior."""

    count: Annotated[int, Field(ge=1, le=LIMITS.count)] = 12
    """How many."""
    temperature: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 1.0
    """1 for the prior itself, less for codes nearer to its mean."""
    seed: Seed = 0
    """Of the draws."""


class GifRequest(_Request):
    """An animation of decoded codes."""

    codes: Annotated[list[Code], Field(min_length=2, max_length=LIMITS.frames)]
    """One for each frame."""
    milliseconds: Annotated[int, Field(ge=20, le=2000)] = 60
    """Between two frames."""
    scale: Annotated[int, Field(ge=1, le=32)] = 4
    """Dots along the side of a pixel."""
    bounce: bool = False
    """Go back again after the last frame."""


def _exactly_one(given: Mapping[str, object]) -> None:
    """Refuse none and several."""
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        raise ValueError(f"expected exactly one of {', '.join(given)}; got {len(named)}")


class _Answer(BaseModel):
    """A body of JSON."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class ErrorAnswer(_Answer):
    """What went wrong."""

    error: str
    """One sentence for a person."""


class Working(_Answer):
    """It is being computed: ask again."""

    state: Literal["working"] = "working"
    """Always so."""
    done: float | None = None
    """Share that is done, where it is known."""


class RunName(_Answer):
    """A run of the server."""

    index: int
    """Its number in addresses."""
    name: str
    """From its config."""
    folder: str
    """Name of its folder."""


class Runs(_Answer):
    """What the server shows."""

    version: str
    """Of vaekit."""
    runs: list[RunName]
    """One, or two to compare."""
    limits: Limits
    """The largest request."""


class ColumnSummary(_Answer):
    """A column of a table, over the rows that are shown."""

    low: float
    """Least value."""
    high: float
    """Greatest value."""
    median: float
    """Middle value."""
    whole: bool
    """Whether all are whole numbers."""


class ClassSummary(_Answer):
    """Where a class lies."""

    label: int
    """Its position in the classes."""
    count: int
    """Rows of it."""
    mean: list[float]
    """Mean code."""
    own: float
    """Share of the class among the ten codes nearest to it."""
    densest: int
    """A row where the class is dense."""


class Dimension(_Answer):
    """A latent dimension."""

    dim: int
    """Its number from 0."""
    kl: float | None
    """Nats per row; null where it was not measured."""
    variance: float
    """Of its posterior mean over the rows."""
    active: bool
    """Whether that is above 0.01."""
    low: float
    """Where its slider begins."""
    high: float
    """Where its slider ends."""


class Linear(_Answer):
    """A plane: the place (x, y) is the code origin + x axes[0] + y axes[1]."""

    origin: list[float]
    """D numbers."""
    axes: list[list[float]]
    """Two of D numbers."""


class PlaneSummary(_Answer):
    """A plane to see codes on."""

    id: str
    """In addresses."""
    title: str
    """For a person."""
    axes: list[str]
    """Names of x and y."""
    linear: Linear | None
    """From places to codes; null where there is no way back."""
    extent: list[float] | None
    """Limits that hold most rows; null before they are known."""
    rows: int
    """Points on it."""


class Overview(_Answer):
    """A run."""

    index: int
    """Its number in addresses."""
    name: str
    """From its config."""
    kind: Literal["image", "table"]
    """What a row is."""
    shape: list[int]
    """C, H, W of an image; F of a row."""
    columns: list[str]
    """Of a table."""
    column_stats: list[ColumnSummary]
    """Of a table."""
    latent_dim: int
    """D."""
    rows: int
    """N, that are shown."""
    split: str
    """Which rows they are."""
    source: str
    """Where the data came from: a name, or the name of a file."""
    classes: list[str]
    """Names of the labels."""
    class_places: list[ClassSummary]
    """Where each class lies."""
    dims: list[Dimension]
    """Those that carry most first."""
    prior: str
    """In words."""
    likelihood: str
    """In words."""
    planes: list[PlaneSummary]
    """The first is the one to begin with."""
    evaluation: dict[str, float | None] | None
    """What was measured, in nats per row; null where nothing was."""


class RowAnswer(_Answer):
    """A row that is shown."""

    row: int
    """From 0 to N - 1."""
    position: int
    """In the data set."""
    label: int | None
    """Position in the classes."""
    class_: str | None = Field(serialization_alias="class")
    """Name of its class."""
    mean: list[float]
    """Of its posterior."""
    spread: list[float]
    """Standard deviations of its posterior."""


class ReferenceAnswer(_Answer):
    """Log-likelihoods of rows of the split."""

    ready: bool
    """Whether all are measured."""
    done: float
    """Share that is measured."""
    samples: int
    """Importance samples for each row."""
    rows: int
    """How many there will be."""
    values: list[float]
    """Ascending, in nats; empty before all are measured."""


class Encoded(_Answer):
    """What the model says of a row."""

    mean: list[float | None]
    """Of its posterior."""
    spread: list[float | None]
    """Standard deviations of its posterior."""
    draws: list[list[float | None]]
    """Codes drawn from it."""
    log_likelihood: float | None
    """Of its known cells, in nats; null where none can be told."""
    samples: int
    """Importance samples behind it."""
    percentile: float | None
    """Share of the reference rows below it in percent; null with gaps, or before they are known."""
    reference_ready: bool
    """Whether the reference rows are measured."""
    rate: float | None
    """Divergence of the posterior from the prior, in nats."""
    filled: list[float | None] | None
    """The row without gaps, in units of the data; null where it had none."""
    low: list[float | None] | None
    """Lower ends of 90% intervals."""
    high: list[float | None] | None
    """Upper ends."""
    effective_samples: float | None
    """How many samples carry the log-likelihood."""
    note: str
    """What a person should know; may be empty."""


class CodeAnswer(_Answer):
    """A code."""

    code: list[float]
    """D numbers."""


def binary(array: NDArray[Any]) -> Response:
    """An array as bytes: little endian, the last axis fastest; type and shape in the header.

    Args:
        array: uint8, int32 or float32, any shape.

    Returns:
        The response.

    Example:
        >>> made = binary(np.zeros((2, 3), np.float32))
        >>> made.headers["x-dtype"], made.headers["x-shape"], len(made.body)
        ('float32', '2,3', 24)
    """
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    shape = ",".join(map(str, array.shape))
    return Response(
        plain.tobytes(),
        media_type="application/octet-stream",
        headers={"X-Dtype": array.dtype.name, "X-Shape": shape},
    )
