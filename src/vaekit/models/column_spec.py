"""What a model needs to know of a column of a table, as plain numbers."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from vaekit.errors import ConfigError

__all__ = ["ColumnSpec", "check_columns", "column_values"]

SCALED = ("real", "positive", "count", "bounded")
LEVELLED = ("categorical", "ordinal")


class ColumnSpec(NamedTuple):
    """One column, in the units of the raw data."""

    kind: str
    """real, positive, count, binary, categorical, ordinal or bounded."""
    levels: int = 0
    """L of a categorical or ordinal column, whose values are 0, 1, ..., L - 1."""
    location: float = 0.0
    """Mean of the observed values: of their logarithm for positive, of log(1 + x) for count."""
    scale: float = 1.0
    """Standard deviation of the same."""
    low: float = 0.0
    """Lower end of a bounded column."""
    high: float = 1.0
    """Upper end of a bounded column."""
    most: float = math.inf
    """Greatest value seen of a positive column or a count; draws and means stop there."""


def check_columns(columns: Sequence[ColumnSpec]) -> None:
    """Refuse columns that no distribution can be made for.

    Args:
        columns: of a table.

    Raises:
        ConfigError: there is none, a kind is unknown, a scale is not positive, a column has
            fewer than two levels, or an interval is empty.
    """
    if not columns:
        raise ConfigError("a table of at least one column is expected; got none")
    for place, column in enumerate(columns):
        if wrong := _complaint(column):
            raise ConfigError(f"column {place}: {wrong}")


def column_values(columns: Sequence[ColumnSpec], *, name: str) -> Tensor:
    """One number of each column.

    Args:
        columns: of a table.
        name: of the field.

    Returns:
        (F,)
    """
    return torch.tensor([float(getattr(column, name)) for column in columns])


def _complaint(column: ColumnSpec) -> str:
    """What is wrong with a column; empty when nothing is."""
    kinds = (*SCALED, "binary", *LEVELLED)
    if column.kind not in kinds:
        return f"kind is one of {', '.join(kinds)}; got {column.kind!r}"
    if column.kind in LEVELLED and column.levels < 2:
        return f"a {column.kind} column has at least 2 levels; got {column.levels}: leave it out"
    if column.kind in SCALED:
        if not math.isfinite(column.location):
            return f"a finite location is expected; got {column.location}"
        if not (math.isfinite(column.scale) and column.scale > 0):
            return f"a positive scale is expected; got {column.scale}: leave a constant column out"
    if column.kind == "bounded" and not column.low < column.high:
        return f"low below high is expected; got {column.low} and {column.high}"
    return ""
