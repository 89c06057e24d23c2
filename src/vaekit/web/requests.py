"""What may be asked of the explorer: sizes and values are checked before anything is computed."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "LIMITS",
    "ArithmeticRequest",
    "BackgroundRequest",
    "DecodeRequest",
    "EncodeRequest",
    "GifRequest",
    "Limits",
    "PathRequest",
    "Place",
    "SampleRequest",
    "TraverseRequest",
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
