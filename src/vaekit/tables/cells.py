"""The cells of one column as plain numbers or levels, with the gaps marked."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXACT", "Cells", "Markers", "as_levels", "read_cells", "read_markers"]


EXACT = 2**53
"""Whole numbers below this are exact as float64, and so is the way back."""


@dataclass(frozen=True, kw_only=True)
class Markers:
    """What stands in a cell for "not known", besides NaN, None, NaT and NA.

    Args:
        texts: without spaces around.
        numbers: as floats.
    """

    texts: frozenset[str]
    numbers: frozenset[float]

    def mark(self, value: object) -> bool:
        """Whether a cell with this value is a gap.

        Args:
            value: of the cell.
        """
        if isinstance(value, str):
            return value.strip() in self.texts
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and value in self.numbers


def read_markers(missing: Sequence[str | float]) -> Markers:
    """Markers from a list in which a number may be written as text, as on a command line.

    Args:
        missing: texts and numbers; each counts as text in cells of text and, where it can be read
            as a number, as a number in cells of numbers.

    Returns:
        Both sets.

    Example:
        >>> markers = read_markers(("?", -999))
        >>> markers.mark(" ? "), markers.mark("-999"), markers.mark(-999.0), markers.mark(9)
        (True, True, True, False)
    """
    numbers = [number for marker in missing if (number := _number(marker)) is not None]
    whole = [str(int(number)) for number in numbers if number.is_integer()]
    texts = {str(marker).strip() for marker in missing}
    return Markers(texts=frozenset(texts | set(whole)), numbers=frozenset(numbers))


def _number(marker: str | float) -> float | None:
    try:
        return float(marker)
    except ValueError:
        return None


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The cells of a column: numbers, or else codes and levels.

    Args:
        name: of the column.
        dtype: as pandas names it.
        numbers: (N,) NaN where missing; absent when the cells are something else.
        codes: (N,) positions in ``levels``, -1 where missing; empty for numbers.
        levels: the values in order: as declared in a pandas category, sorted elsewhere.
        declared: it is a pandas category, whose levels stand whether or not they occur.
        ordered: it is a pandas category with an order.
    """

    name: str
    dtype: str
    numbers: NDArray[np.float64] | None = None
    codes: NDArray[np.int64]
    levels: tuple[Any, ...] = ()
    declared: bool = False
    ordered: bool = False

    @property
    def known(self) -> NDArray[np.bool_]:
        """(N,) whether each cell has a value."""
        known: NDArray[np.bool_]
        known = self.codes >= 0 if self.numbers is None else ~np.isnan(self.numbers)
        return known


SINGLE = float(np.finfo(np.float32).max)
NO_CODES = np.empty(0, np.int64)


def as_levels(cells: Cells) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Cells as positions in a list of levels, also those of numbers.

    Args:
        cells: of one column.

    Returns:
        (N,) positions, -1 where missing, and the levels; whole numbers as int.

    Example:
        >>> as_levels(Cells(name="n", dtype="", numbers=np.array([5, np.nan, 2]), codes=NO_CODES))
        (array([ 1, -1,  0]), (2, 5))
    """
    if cells.numbers is None:
        return cells.codes, cells.levels
    codes = np.full(len(cells.numbers), -1, np.int64)
    values, positions = np.unique(cells.numbers[cells.known], return_inverse=True)
    codes[cells.known] = positions.reshape(-1)
    return codes, tuple(
        int(value) if value.is_integer() and abs(value) < EXACT else value
        for value in values.tolist()
    )


def read_cells(series: pd.Series[Any], *, name: str, markers: Markers) -> Cells:
    """Read the cells of a column.

    Args:
        series: (N,) the column.
        name: of the column.
        markers: what else stands for a gap.

    Returns:
        Its cells.

    Raises:
        DataError: dates, complex numbers, things in cells that are no values, infinite numbers,
            and whole numbers of 2^53 or more.
    """
    import pandas as pd
    from pandas.api import types

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _read_category(series, name=name, markers=markers)
    if types.is_bool_dtype(dtype) or types.is_object_dtype(dtype) or types.is_string_dtype(dtype):
        return _read_objects(series, name=name, markers=markers)
    if not types.is_numeric_dtype(dtype) or types.is_complex_dtype(dtype):
        raise _unreadable(name, str(dtype))
    numbers = np.array(series.to_numpy(np.float64, na_value=np.nan))
    marks = markers.numbers
    if str(dtype).lower() == "float32":  # a marker such as 1e20 is rounded in such a column
        marks = marks | {float(np.float32(mark)) for mark in marks if abs(mark) < SINGLE}
    numbers[np.isin(numbers, list(marks))] = np.nan
    _check(numbers, name=name, integers=types.is_integer_dtype(dtype))
    return Cells(name=name, dtype=str(dtype), numbers=numbers, codes=NO_CODES)


def _read_category(series: pd.Series[Any], *, name: str, markers: Markers) -> Cells:
    declared = [_plain(level) for level in series.cat.categories]
    kept = [place for place, level in enumerate(declared) if not markers.mark(level)]
    levels = tuple(declared[place] for place in kept)
    _check_types(levels, name=name)
    place_of = np.full(len(declared) + 1, -1, np.int64)  # the last is for the code -1
    place_of[kept] = np.arange(len(kept))
    return Cells(
        name=name,
        dtype="category",
        codes=place_of[series.cat.codes.to_numpy()],
        levels=levels,
        declared=True,
        ordered=bool(series.cat.ordered),
    )


def _read_objects(series: pd.Series[Any], *, name: str, markers: Markers) -> Cells:
    """Cells of text, of true and false, or of Python's own values: numbers if all of them are."""
    import pandas as pd

    try:
        codes, uniques = pd.factorize(series)
    except TypeError:  # it holds lists, or other things that cannot be told apart
        odd = next(cell for cell in series if not isinstance(cell, Hashable))
        raise _unreadable(name, f"{type(odd).__name__} ({odd!r})") from None
    values = [_plain(value) for value in uniques]
    kept = [place for place, value in enumerate(values) if not markers.mark(value)]
    _check_types([values[place] for place in kept], name=name)
    if all(isinstance(values[place], (int, float)) for place in kept) and not any(
        isinstance(values[place], bool) for place in kept
    ):
        floats = np.full(len(values) + 1, np.nan)
        floats[kept] = [values[place] for place in kept]
        integers = all(isinstance(values[place], int) for place in kept)
        _check(floats[codes], name=name, integers=integers)
        return Cells(name=name, dtype=str(series.dtype), numbers=floats[codes], codes=NO_CODES)
    kept.sort(key=lambda place: (type(values[place]).__name__, values[place]))
    place_of = np.full(len(values) + 1, -1, np.int64)
    place_of[kept] = np.arange(len(kept))
    levels = tuple(values[place] for place in kept)
    return Cells(name=name, dtype=str(series.dtype), codes=place_of[codes], levels=levels)


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _check_types(values: Sequence[Any], *, name: str) -> None:
    for value in values:
        if not isinstance(value, (str, bool, int, float)):
            raise _unreadable(name, f"{type(value).__name__} ({value!r})")
        if isinstance(value, float) and not math.isfinite(value):
            raise DataError(_infinite(name, value, where="a cell"))


def _check(numbers: NDArray[np.float64], *, name: str, integers: bool) -> None:
    """Refuse what no model can hold."""
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        row = int(infinite[0])
        raise DataError(_infinite(name, float(numbers[row]), where=f"row {row + 1}"))
    large = np.flatnonzero(np.abs(numbers) >= EXACT)
    if integers and large.size:
        row = int(large[0])
        raise DataError(
            f"column {name!r}: expected whole numbers below 2^53, which a model holds exactly; "
            f"row {row + 1} has {numbers[row]:.0f}. Divide them, or pass the column through with "
            f"kinds={{{name!r}: 'identifier'}}"
        )


def _infinite(name: str, value: float, *, where: str) -> str:
    return (
        f"column {name!r}: expected finite numbers; {where} has {value}. Replace it, or have it "
        f"taken as missing with missing=({str(value)!r},)"
    )


def _unreadable(name: str, came: str) -> DataError:
    dates = any(word in came.lower() for word in ("date", "time", "period"))
    take = f"frame[{name!r}].dt.year, or days since some day" if dates else "as numbers or text"
    return DataError(
        f"column {name!r}: expected numbers, text, true and false, or a pandas category; got "
        f"{came}. Take from it what matters ({take}), drop it, or pass it through with "
        f"kinds={{{name!r}: 'identifier'}}"
    )
