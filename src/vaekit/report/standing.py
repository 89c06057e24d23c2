"""Where our numbers stand beside published ones."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from vaekit.report.numbers import format_number, with_error

__all__ = ["standing", "with_standing"]


def standing(line: Mapping[str, Any]) -> str:
    """Say by how much our number is better or worse than a published one.

    Args:
        line: ``ours`` and ``value``, and where they are known ``unit``, ``better`` (lower or
            higher) and ``ours_se``, the standard error of ours.

    Returns:
        The words; empty where one of the two is no number.

    Example:
        >>> line = {"ours": 87.72, "value": 86.76, "unit": "nats per row", "better": "lower"}
        >>> standing({**line, "ours_se": 0.24})
        'behind by 0.96 nats per row (4 standard errors)'
        >>> standing({"ours": 22, "value": 19})
        'higher by 3'
    """
    ours, value = line.get("ours"), line.get("value")
    if not (_is_number(ours) and _is_number(value)):
        return ""
    difference = ours - value
    if difference == 0:
        return "the same as published"
    direction = _direction(difference, line.get("better"))
    return f"{direction} by {_size(abs(difference), line)}"


def with_standing(published: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put to each published number where ours stands, and ours as it is shown.

    Args:
        published: lines as those of `standing`.

    Returns:
        The lines with ``standing`` and ``shown`` added.
    """
    return [
        {**line, "standing": standing(line), "shown": _shown(line.get("ours"), line.get("ours_se"))}
        for line in published
    ]


def _shown(ours: object, error: object) -> str:
    if _is_number(ours) and _is_number(error) and error > 0:
        return with_error(ours, error=error)
    return format_number(ours)


def _direction(difference: float, better: object) -> str:
    if better not in ("lower", "higher"):
        return "higher" if difference > 0 else "lower"
    return "ahead" if (difference > 0) == (better == "higher") else "behind"


def _size(difference: float, line: Mapping[str, Any]) -> str:
    """The difference with its unit, and in standard errors where one is known."""
    error = line.get("ours_se")
    if not (_is_number(error) and error > 0):
        return format_number(float(f"{difference:.3g}")) + _unit(line)
    size = with_error(difference, error=error).partition(" ")[0]
    return f"{size}{_unit(line)} ({_errors(difference / error)})"


def _unit(line: Mapping[str, Any]) -> str:
    """The unit of a difference: that of 19 of 50 and 22 of 50 is not "of 50"."""
    unit = str(line.get("unit") or "")
    return f" {unit}" if unit and not unit.startswith("of ") else ""


def _errors(count: float) -> str:
    """How many standard errors, in two digits at most."""
    if count < 1:
        return "less than one standard error"
    shown = format_number(float(f"{count:.2g}"))
    return f"{shown} standard error{'s' if shown != '1' else ''}"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
