"""Cells that a user gives by name: checked against their columns, and as numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vaekit.errors import ConfigError, DataError
from vaekit.tables.build import HOLDS
from vaekit.tables.cells import EXACT
from vaekit.tables.column import LEVELLED, Column, misfits
from vaekit.tables.frames import nearest

__all__ = ["parse_given", "parse_weights", "read_given"]


def parse_given(texts: Sequence[str]) -> dict[str, str]:
    """Given cells from a command line.

    Args:
        texts: each ``column=value``; what stands behind the first = is the value.

    Returns:
        Column to value.

    Raises:
        ConfigError: not of this form, or a column given twice.

    Example:
        >>> parse_given(["age=30", "town=Bonn"])
        {'age': '30', 'town': 'Bonn'}
    """
    return _pairs(texts, what="given")


def parse_weights(text: str) -> dict[str, float]:
    """Weights of columns from one line, as for a command.

    Args:
        text: ``column=weight`` with commas between.

    Returns:
        Column to weight.

    Raises:
        ConfigError: not of this form, no number, or a column named twice.

    Example:
        >>> parse_weights("age=2, income=0.5")
        {'age': 2.0, 'income': 0.5}
    """
    found = _pairs(text.split(",") if text.strip() else [], what="weights")
    weights = {name: _as_float(weight) for name, weight in found.items()}
    for name, weight in weights.items():
        if math.isnan(weight):
            raise ConfigError(f"weights: expected {name} to be a number; got {found[name]!r}")
    return weights


def read_given(given: Mapping[str, Any], *, columns: Sequence[Column]) -> dict[str, float]:
    """Given cells as the numbers of their columns.

    Args:
        given: column to value: of the type of the column, or as text.
        columns: all of the table.

    Returns:
        Column to number, or to the position of its level; a constant is checked and left out.

    Raises:
        ConfigError: there is no such column.
        DataError: a value that the column cannot hold, an identifier, or no value at all.

    Example:
        >>> town = Column(name="town", kind="categorical", levels=("Aachen", "Bonn"))
        >>> read_given({"town": "Bonn"}, columns=[town])
        {'town': 1.0}
    """
    by_name = {column.name: column for column in columns}
    found: dict[str, float] = {}
    for name, value in ((str(name), value) for name, value in given.items()):
        if name not in by_name:
            raise ConfigError(f"given: there is no column {name!r}{nearest(name, among=by_name)}")
        column = by_name[name]
        if column.kind == "identifier":
            raise DataError(f"given: {name!r} is an identifier, which no model sees. Set it later")
        if column.kind in LEVELLED or column.kind == "constant":
            place = _place(column, value)
            found |= {name: float(place)} if column.modelled else {}
        else:
            found[name] = _number(column, value)
    return found


def _pairs(texts: Sequence[str], *, what: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = (piece.strip() for piece in text.partition("="))
        if not name or not value:
            raise ConfigError(f"{what}: expected column=value; got {text!r}")
        if name in found:
            raise ConfigError(f"{what}: expected {name} once; got {found[name]!r} and {value!r}")
        found[name] = value
    return found


def _place(column: Column, value: Any) -> int:  # noqa: ANN401 - whatever a cell holds
    """Position of a level."""
    levels = list(column.levels)
    for known in (levels, [str(level) for level in levels]):
        if value in known:
            return known.index(value)
    as_number = _as_float(value)
    same = [place for place, level in enumerate(levels) if _as_float(level) == as_number]
    if same:
        return same[0]
    if not levels:
        raise DataError(f"given: {column.name!r} has no known cell, so nothing goes with it")
    shown = ", ".join(map(str, levels[:12])) + (", ..." if len(levels) > 12 else "")
    raise DataError(f"given: {column.name!r} was never {value!r}; it is one of {shown}")


def _number(column: Column, value: Any) -> float:  # noqa: ANN401 - the same
    number = _as_float(value)
    if not math.isfinite(number):
        raise DataError(f"given: {column.name!r} expects a number; got {value!r}")
    if column.whole and (number != round(number) or abs(number) >= EXACT):
        raise DataError(f"given: {column.name!r} expects whole numbers below 2^53; got {value!r}")
    wrong = misfits(np.array([number]), kind=column.kind, low=column.low, high=column.high)
    if wrong.any():
        limits = f" {column.low:g} to {column.high:g}" if column.kind == "bounded" else ""
        raise DataError(
            f"given: {column.name!r} ({column.kind}) expects {HOLDS[column.kind]}{limits}; got "
            f"{value!r}"
        )
    return number


def _as_float(value: object) -> float:
    """NaN for what is no number, such as true and false."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (str, int, float, np.number)):
        return math.nan
    try:
        return float(value)
    except ValueError:
        return math.nan
