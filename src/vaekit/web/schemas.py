"""Request and response schemas of the explorer."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

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
    "LatentGroup",
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
]


class Limits(BaseModel):
    """Limits of requests and responses."""

    codes: int = 4096
    """Codes in one request."""
    values: int = 16_000_000
    """Pixels or cells in one answer."""
    frames: int = 240
    """Of a path or a GIF."""
    side: int = 64
    """Cells along each side of a background."""
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
    """A JSON body: no unknown fields, no conversion of strings to numbers."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )


class Place(_Request):
    """A point of the latent space; exactly one of the three."""

    row: Number | None = None
    """A row that is shown, from 0."""
    label: Number | None = None
    """A class: the centroid of its codes."""
    code: Code | None = None
    """The code itself, D numbers."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one({"row": self.row, "label": self.label, "code": self.code})
        return self


class DecodeRequest(_Request):
    """Codes to decode."""

    codes: Annotated[list[Code], Field(min_length=1, max_length=LIMITS.codes)]
    """B lists of D numbers."""
    draw: bool = False
    """Sample from p(x|z) instead of taking its mean."""
    seed: Seed = 0
    """Of the samples."""


class BackgroundRequest(_Request):
    """What a part of a plane decodes to."""

    plane: Annotated[str, Field(max_length=40)]
    """Id of the plane."""
    extent: Extent
    """Smallest and largest x, smallest and largest y."""
    side: Annotated[int, Field(ge=1, le=LIMITS.side)] = 20
    """Cells along each axis."""
    base: Code | None = None
    """A code whose component orthogonal to the plane is kept."""

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
    """Samples of its posterior."""
    seed: Seed = 0
    """Of the noise."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one({"row": self.row, "pixels": self.pixels, "cells": self.cells})
        return self


class TraverseRequest(_Request):
    """Traversals of single dimensions."""

    code: Code
    """The code at which the other dimensions stay."""
    dims: Places
    """Dimensions to vary, from 0."""
    steps: Annotated[int, Field(ge=2, le=25)] = 9
    """Values of each dimension."""


class PathRequest(_Request):
    """A path from one point to another."""

    start: Place
    """Its first code."""
    end: Place
    """Its last."""
    frames: Annotated[int, Field(ge=2, le=LIMITS.frames)] = 30
    """Codes on the path, both ends included."""
    path: Literal["linear", "spherical", "density"] = "linear"
    """Straight, spherical, or through regions of high density."""


class ArithmeticRequest(_Request):
    """The code a + scale (c - b)."""

    a: Place
    """The code that is changed."""
    b: Place
    """Subtracted."""
    c: Place
    """Added."""
    scale: Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)] = 1.0
    """Factor of the difference."""


class SampleRequest(_Request):
    """Samples of the prior."""

    count: Annotated[int, Field(ge=1, le=LIMITS.count)] = 12
    """Number of codes."""
    temperature: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 1.0
    """1 for the prior itself, less for codes nearer to its mean; 1 where codes are discrete."""
    seed: Seed = 0
    """Of the samples."""


class GifRequest(_Request):
    """An animation of decoded codes."""

    codes: Annotated[list[Code], Field(min_length=2, max_length=LIMITS.frames)]
    """One for each frame."""
    milliseconds: Annotated[int, Field(ge=20, le=2000)] = 60
    """Between two frames."""
    scale: Annotated[int, Field(ge=1, le=32)] = 4
    """Integer magnification."""
    bounce: bool = False
    """Append the frames in reverse order."""


def _exactly_one(given: Mapping[str, object]) -> None:
    """Raise unless exactly one of the fields is given."""
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        raise ValueError(f"expected exactly one of {', '.join(given)}; got {len(named)}")


class _Answer(BaseModel):
    """A JSON body."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class ErrorAnswer(_Answer):
    """An error."""

    error: str
    """One sentence for a person."""


class Working(_Answer):
    """It is being computed: ask again."""

    state: Literal["working"] = "working"
    """Constant."""
    done: float | None = None
    """Share that is computed, where it is known."""


class RunName(_Answer):
    """A run of the server."""

    index: int
    """Number of the run in addresses."""
    name: str
    """From its config."""
    folder: str
    """Name of its folder."""


class Runs(_Answer):
    """The runs of a server."""

    version: str
    """Of vaekit."""
    runs: list[RunName]
    """One, or two to compare."""
    limits: Limits
    """Limits of requests."""


class ColumnSummary(_Answer):
    """A column of a table, over the rows that are shown."""

    low: float
    """Minimum."""
    high: float
    """Maximum."""
    median: float
    """Median."""
    whole: bool
    """Whether all values are integers."""


class ClassSummary(_Answer):
    """A class and its centroid."""

    label: int
    """Position in the list of classes."""
    count: int
    """Number of its rows."""
    mean: list[float]
    """Mean code."""
    own: float
    """Share of the class among the ten codes nearest to it."""
    densest: int
    """Row of the class with the highest local density."""


class Dimension(_Answer):
    """A latent dimension."""

    dim: int
    """Its number from 0."""
    kl: float | None
    """Nats per row; null where it was not measured."""
    variance: float
    """Of its posterior mean over the rows; of the prior without an encoder."""
    active: bool
    """Whether the variance is above 0.01."""
    low: float
    """Lower limit of its slider."""
    high: float
    """Upper limit of its slider."""


class Linear(_Answer):
    """A plane: the point (x, y) is the code origin + x axes[0] + y axes[1]."""

    origin: list[float]
    """D numbers."""
    axes: list[list[float]]
    """Two of D numbers."""


class PlaneSummary(_Answer):
    """A two-dimensional view of the codes."""

    id: str
    """Identifier in requests."""
    title: str
    """Name for display."""
    axes: list[str]
    """Names of x and y."""
    linear: Linear | None
    """From points to codes; null where there is no inverse."""
    extent: list[float] | None
    """Limits that hold most rows; null before they are known."""
    rows: int
    """Number of its points."""


class LatentGroup(_Answer):
    """A group of latent variables, such as a level of a hierarchical model."""

    name: str
    """Name of the group."""
    dims: int
    """Number of its dimensions."""
    values: int
    """Values that each dimension takes, 0 to V - 1; 0 where they are real numbers."""


class Overview(_Answer):
    """A run."""

    index: int
    """Number of the run in addresses."""
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
    latent_groups: list[LatentGroup]
    """Groups of latent variables, in the order of their numbers in a code."""
    continuous: bool
    """Whether codes are real: otherwise there are no planes, traversals, paths or arithmetic."""
    encoder: bool
    """Whether there is a posterior q(z|x): otherwise rows have no codes, and none are shown."""
    limitations: list[str]
    """A sentence for each of the last two that is false."""
    rows: int
    """N, rows that are shown."""
    split: str
    """Split from which the rows are."""
    source: str
    """Name of the data set, or of its file."""
    classes: list[str]
    """Names of the labels."""
    class_places: list[ClassSummary]
    """The classes and their centroids."""
    dims: list[Dimension]
    """Latent dimensions, the most informative first; empty where codes are discrete."""
    prior: str
    """In words."""
    likelihood: str
    """In words."""
    planes: list[PlaneSummary]
    """The default plane first; empty where codes are discrete."""
    evaluation: dict[str, float | None] | None
    """Results of the evaluation, in nats per row; null without one."""


class RowAnswer(_Answer):
    """A row that is shown."""

    row: int
    """From 0 to N - 1."""
    position: int
    """In the data set."""
    label: int | None
    """Position in the list of classes."""
    class_: str | None = Field(serialization_alias="class")
    """Name of its class."""
    mean: list[float]
    """Of its posterior."""
    spread: list[float]
    """Standard deviations of its posterior."""


class ReferenceAnswer(_Answer):
    """Log-likelihoods of rows of the split."""

    ready: bool
    """Whether all are computed."""
    done: float
    """Share that is computed."""
    samples: int
    """Importance samples per row."""
    rows: int
    """Number of rows."""
    values: list[float]
    """Ascending, in nats; empty until all are computed."""


class Encoded(_Answer):
    """Posterior and scores of a row."""

    mean: list[float | None]
    """Of its posterior; the most probable code where codes are discrete."""
    spread: list[float | None]
    """Standard deviations of its posterior."""
    draws: list[list[float | None]]
    """Samples of its posterior."""
    log_likelihood: float | None
    """Of its observed cells, in nats; null where it cannot be estimated."""
    samples: int
    """Importance samples used."""
    percentile: float | None
    """Share of the reference rows below it in percent; null with missing values, or until they are
    computed."""
    reference_ready: bool
    """Whether the log-likelihoods of the reference rows are computed."""
    rate: float | None
    """Divergence of the posterior from the prior, in nats."""
    filled: list[float | None] | None
    """The row with missing values imputed, in units of the data; null for a complete row."""
    low: list[float | None] | None
    """Lower ends of 90% intervals of missing values."""
    high: list[float | None] | None
    """Upper ends."""
    effective_samples: float | None
    """Effective sample size of the log-likelihood."""
    note: str
    """A caveat about these numbers; may be empty."""


class CodeAnswer(_Answer):
    """A code."""

    code: list[float]
    """D numbers."""
