"""The check at the door: rows that pass it need no further one."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data.chunks import chunks
from vaekit.data.contents import Contents
from vaekit.data.looking import gathered, is_first
from vaekit.errors import DataError, VaekitWarning

__all__ = ["check_contents", "check_count", "check_finite_values"]

SHOWN = 5


def check_contents(contents: Contents, *, where: str) -> None:
    """Refuse what a model cannot learn from.

    Args:
        contents: what a reader found.
        where: the source, named in errors.

    Raises:
        DataError: fewer than two rows, no columns, NaN or infinite values, or pixels outside
            [0, 1] and 0..255.
    """
    if contents.rows.shape[1] == 0:
        raise DataError(f"{where}: expected at least one column of numbers; got none")
    check_count(len(contents.rows), where=where)
    check_finite_values(contents, where=where)
    found = contents.extremes
    if len(contents.shape) == 3:
        _check_pixels(float(found.low.min()), float(found.high.max()), where=where)
    else:
        _warn_constant(found.low == found.high, where=where, columns=contents.columns)


def check_count(rows: int, *, where: str) -> None:
    """Refuse a source with fewer than two rows.

    Args:
        rows: how many there are.
        where: the source, named in the error.

    Raises:
        DataError: none, or only one.
    """
    if rows < 2:
        got = "none" if rows == 0 else "only one"
        raise DataError(f"{where}: expected at least two rows; got {got}")


def check_finite_values(contents: Contents, *, where: str) -> None:
    """Refuse rows with values that are missing or infinite.

    Args:
        contents: what a reader found.
        where: the source, named in the error.

    Raises:
        DataError: with how many there are, and where the first is.
    """
    found = contents.extremes
    finite = bool(np.isfinite(found.low).all() and np.isfinite(found.high).all())
    if found.missing or not finite:
        raise DataError(_describe_gaps(contents.rows, where=where, columns=contents.columns))


def _describe_gaps(rows: NDArray[Any], *, where: str, columns: tuple[str, ...]) -> str:
    """How many values are NaN or infinite, and where the first is; of all that look together."""
    missing = infinite = 0
    first = rows.shape
    for start, piece in chunks(rows):
        wrong = ~np.isfinite(piece)
        if first == rows.shape and wrong.any():
            row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
            first = start + int(row), int(column)
        gaps = int(np.isnan(piece).sum())
        missing, infinite = missing + gaps, infinite + int(wrong.sum()) - gaps
    found = gathered([missing, infinite, *first]).astype(np.int64)
    missing, infinite = found[:, :2].sum(0).tolist()
    row, column = min(found[:, 2:].tolist())
    name = repr(columns[column]) if columns else str(column)
    return (
        f"{where}: expected finite numbers; got {missing} NaN (missing) and {infinite} infinite "
        f"of {rows.size} values, the first in row {row + 1}, column {name} (rows count from 1). "
        "Drop or fill these rows first; a table with missing cells is a job for imputation"
    )


def _check_pixels(low: float, high: float, *, where: str) -> None:
    if low < 0 or high > 255:
        raise DataError(
            f"{where}: expected pixels in [0, 1] or in 0..255; got values from {low:g} to "
            f"{high:g}. Shift and scale the images, or give the rows as a table (rows, columns)"
        )


def _warn_constant(constant: NDArray[np.bool_], *, where: str, columns: tuple[str, ...]) -> None:
    places = np.flatnonzero(constant)
    if len(places) == 0 or not is_first():
        return
    names = [repr(columns[place]) if columns else str(place) for place in places[:SHOWN]]
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    warnings.warn(
        f"{where}: {len(places)} of {len(constant)} columns have one value only: "
        f"{', '.join(names)}{more}. They tell a model nothing; consider dropping them",
        VaekitWarning,
        stacklevel=4,
    )
