"""What the explorer answers: JSON of a known form, or bytes with their type and shape."""

from typing import Any, Literal

import numpy as np
from fastapi import Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vaekit.web.requests import Limits

__all__ = [
    "ClassSummary",
    "CodeAnswer",
    "ColumnSummary",
    "Dimension",
    "Encoded",
    "ErrorAnswer",
    "Linear",
    "Overview",
    "PlaneSummary",
    "ReferenceAnswer",
    "RowAnswer",
    "RunName",
    "Runs",
    "Working",
    "binary",
]


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
