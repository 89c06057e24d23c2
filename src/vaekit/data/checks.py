"""The check at the door: rows that pass it need no further one."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data.chunks import chunks
from vaekit.data.contents import Contents
from vaekit.data.looking import is_first, look_together
from vaekit.errors import DataError, VaekitWarning

__all__ = ["check_contents"]

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
    rows = contents.rows
    if rows.shape[1] == 0:
        raise DataError(f"{where}: expected at least one column of numbers; got none")
    if len(rows) < 2:
        got = "none" if len(rows) == 0 else "only one"
        raise DataError(f"{where}: expected at least two rows; got {got}")
    found = contents.extremes
    finite = bool(np.isfinite(found.low).all() and np.isfinite(found.high).all())
    if found.missing or not finite:
        with look_together(None):  # whoever tells of it has to see all
            raise DataError(_describe_gaps(rows, where=where, columns=contents.columns))
    if len(contents.shape) == 3:
        _check_pixels(float(found.low.min()), float(found.high.max()), where=where)
    else:
        _warn_constant(found.low == found.high, where=where, columns=contents.columns)


def _describe_gaps(rows: NDArray[Any], *, where: str, columns: tuple[str, ...]) -> str:
    """How many values are NaN or infinite, and where the first is."""
    missing = infinite = 0
    first = ""
    for start, piece in chunks(rows):
        wrong = ~np.isfinite(piece)
        if not first and wrong.any():
            row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
            name = repr(columns[column]) if columns else str(column)
            first = f"row {start + int(row) + 1}, column {name}"
        gaps = int(np.isnan(piece).sum())
        missing, infinite = missing + gaps, infinite + int(wrong.sum()) - gaps
    return (
        f"{where}: expected finite numbers; got {missing} NaN (missing) and {infinite} infinite "
        f"of {rows.size} values, the first in {first} (rows count from 1). Drop or fill these "
        "rows first; a table with missing cells is a job for imputation"
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
