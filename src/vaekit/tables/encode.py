"""One column as the numbers that a model sees."""

import warnings

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import VaekitWarning
from vaekit.tables.build import numbers_of, refuse
from vaekit.tables.cells import Cells, as_levels
from vaekit.tables.column import LEVELLED, Column, misfits

__all__ = ["encode_cells"]


def encode_cells(column: Column, cells: Cells) -> NDArray[np.float64]:
    """The cells of a column as numbers.

    Args:
        column: what it holds.
        cells: (N,) of this or of another table with such a column.

    Returns:
        (N,) the numbers themselves, or positions in the levels; NaN where missing. A level that
        the column does not have is missing, and a number outside of limits is moved to the
        nearer one; both are told in a ``VaekitWarning``.

    Raises:
        DataError: text where numbers are expected, or numbers that the kind cannot hold.
    """
    if column.kind in LEVELLED:
        return _positions(column, cells)
    numbers = numbers_of(cells, kind=column.kind)
    wrong = misfits(numbers, kind=column.kind, low=column.low, high=column.high)
    if wrong.any() and column.kind != "bounded":
        raise refuse(column.name, kind=column.kind, numbers=numbers, wrong=wrong)
    if wrong.any():
        _warn(
            f"column {column.name!r}: {numbers[wrong][0]:g} is outside {column.low:g} to "
            f"{column.high:g} ({int(wrong.sum())} such rows) and is taken as the nearer limit"
        )
        return np.clip(numbers, column.low, column.high)
    return numbers


def _positions(column: Column, cells: Cells) -> NDArray[np.float64]:
    codes, levels = as_levels(cells)
    place_of = {level: place for place, level in enumerate(column.levels)}
    positions = [float(place_of.get(level, np.nan)) for level in levels]
    found = np.array([*positions, np.nan])[codes]  # the last is for the code -1
    unseen = np.unique(codes[np.isnan(found) & (codes >= 0)])
    if unseen.size:
        shown = ", ".join(repr(levels[code]) for code in unseen[:5])
        rows = int(np.isin(codes, unseen).sum())
        _warn(
            f"column {column.name!r}: {shown}{', ...' if unseen.size > 5 else ''} "
            f"({rows} rows) is not among its levels and counts as missing"
        )
    return found


def _warn(text: str) -> None:
    warnings.warn(text, VaekitWarning, stacklevel=4)
