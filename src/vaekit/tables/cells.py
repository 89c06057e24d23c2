"""The cells of one column as numbers, or as codes and levels, with the missing ones marked."""

from __future__ import annotations

import datetime
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
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
    """Values that stand for a missing one, besides NaN, None, NaT and NA.

    Args:
        texts: without spaces around.
        numbers: as floats.
    """

    texts: frozenset[str]
    numbers: frozenset[float]

    def mark(self, value: object) -> bool:
        """Return whether a cell with this value is missing.

        Args:
            value: of the cell.
        """
        if isinstance(value, str):
            return value.strip() in self.texts
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and value in self.numbers


def read_markers(missing: Sequence[str | float]) -> Markers:
    """Return markers from a list in which a number may be written as text.

    Args:
        missing: texts and numbers; each counts as text in cells of text and, where it can be read
            as a number, as a number in cells of numbers.

    Returns:
        The markers.

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
        dtype: as pandas names it; "date" for dates as objects.
        numbers: (N,) NaN where missing; seconds since 1970 for times, and seconds for durations;
            absent when the cells are something else.
        codes: (N,) positions in ``levels``, -1 where missing; empty for numbers.
        levels: the values in order: as declared in a pandas category, sorted elsewhere.
        declared: it is a pandas category, whose levels stand whether or not they occur.
        ordered: it is a pandas category with an order.
        temporal: its numbers are times or durations.
        daily: all times are at the start of a day.
        large: it has whole numbers that float64 does not hold exactly.
    """

    name: str
    dtype: str
    numbers: NDArray[np.float64] | None = None
    codes: NDArray[np.int64]
    levels: tuple[Any, ...] = ()
    declared: bool = False
    ordered: bool = False
    temporal: bool = False
    daily: bool = False
    large: bool = False

    @property
    def known(self) -> NDArray[np.bool_]:
        """(N,) True for each cell that is not missing."""
        known: NDArray[np.bool_]
        known = self.codes >= 0 if self.numbers is None else ~np.isnan(self.numbers)
        return known


SINGLE = float(np.finfo(np.float32).max)
NO_CODES = np.empty(0, np.int64)


def as_levels(cells: Cells) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Return cells, also those of numbers, as positions in a list of levels.

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

    Levels of a pandas category that are neither text nor numbers, such as the intervals of
    ``pandas.cut``, are read as texts.

    Args:
        series: (N,) the column.
        name: of the column.
        markers: what else stands for a missing value.

    Returns:
        Its cells.

    Raises:
        DataError: complex numbers, lists and other objects, and infinite numbers.
    """
    import pandas as pd
    from pandas.api import types

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _read_category(series, name=name, markers=markers)
    if types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return _read_times(series, name=name, dtype=str(dtype))
    if types.is_timedelta64_dtype(dtype):
        numbers = series.dt.total_seconds().to_numpy(np.float64, na_value=np.nan)
        return Cells(name=name, dtype=str(dtype), numbers=numbers, codes=NO_CODES, temporal=True)
    objects = str(dtype).startswith("dictionary") or types.is_object_dtype(dtype)
    if types.is_bool_dtype(dtype) or objects or types.is_string_dtype(dtype):
        return _read_objects(series, name=name, markers=markers)
    if not types.is_numeric_dtype(dtype) or types.is_complex_dtype(dtype):
        raise _unreadable(name, str(dtype))
    numbers = np.array(series.to_numpy(np.float64, na_value=np.nan))
    marks = markers.numbers
    if str(dtype).lower() == "float32":  # a marker such as 1e20 is rounded in such a column
        marks = marks | {float(np.float32(mark)) for mark in marks if abs(mark) < SINGLE}
    numbers[np.isin(numbers, list(marks))] = np.nan
    return _number_cells(numbers, name=name, dtype=dtype, integers=types.is_integer_dtype(dtype))


def _number_cells(
    numbers: NDArray[np.float64], *, name: str, dtype: object, integers: bool
) -> Cells:
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        row = int(infinite[0])
        raise _infinite(name, float(numbers[row]), where=f"row {row + 1}")
    large = integers and bool((np.abs(numbers) >= EXACT).any())
    return Cells(name=name, dtype=str(dtype), numbers=numbers, codes=NO_CODES, large=large)


def _read_times(series: pd.Series[Any], *, name: str, dtype: str) -> Cells:
    """Read times as seconds since 1970, in UTC where they have a time zone."""
    import pandas as pd

    if isinstance(series.dtype, pd.PeriodDtype):
        series = series.dt.start_time
    try:
        if isinstance(series.dtype, pd.ArrowDtype):
            series = series.astype(object)
        times = pd.to_datetime(series, utc=dtype in ("date", "datetime"))
        zone = times.dt.tz_convert("UTC").dt.tz_localize(None) if times.dt.tz else times
    except (TypeError, ValueError, AttributeError) as error:
        raise _unreadable(name, f"dates that pandas does not hold ({error})") from error
    numbers = zone.to_numpy("datetime64[us]").astype(np.float64) / 1e6
    numbers[times.isna().to_numpy()] = np.nan
    local = times.dt.tz_localize(None) if times.dt.tz else times
    daily = bool((local.dropna() == local.dropna().dt.normalize()).all())
    return Cells(
        name=name, dtype=dtype, numbers=numbers, codes=NO_CODES, temporal=True, daily=daily
    )


def _read_category(series: pd.Series[Any], *, name: str, markers: Markers) -> Cells:
    declared = [_plain(level) for level in series.cat.categories]
    declared = [level if _is_level(level) else str(level) for level in declared]
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
    """Read text, true and false, dates, or Python's own numbers."""
    import pandas as pd

    dtype = str(series.dtype)
    try:
        codes, uniques = pd.factorize(series)
    except TypeError:  # it holds lists, or other values that cannot be hashed
        odd = next(cell for cell in series if not isinstance(cell, Hashable))
        raise _unreadable(name, f"{type(odd).__name__} ({odd!r})") from None
    values = [_plain(value) for value in uniques]
    kept = [place for place, value in enumerate(values) if not markers.mark(value)]
    known = [values[place] for place in kept]
    if known and all(isinstance(value, datetime.date) for value in known):
        day = not any(isinstance(value, datetime.datetime) for value in known)
        return _read_times(series, name=name, dtype="date" if day else "datetime")
    _check_types(known, name=name)
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known):
        floats = np.full(len(values) + 1, np.nan)
        floats[kept] = known
        integers = all(isinstance(value, int) for value in known)
        return _number_cells(floats[codes], name=name, dtype=dtype, integers=integers)
    kept.sort(key=lambda place: (type(values[place]).__name__, values[place]))
    place_of = np.full(len(values) + 1, -1, np.int64)
    place_of[kept] = np.arange(len(kept))
    levels = tuple(values[place] for place in kept)
    return Cells(name=name, dtype=dtype, codes=place_of[codes], levels=levels)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value.item() if isinstance(value, np.generic) else value


def _is_level(value: object) -> bool:
    return isinstance(value, (str, bool, int, float))


def _check_types(values: Sequence[Any], *, name: str) -> None:
    for value in values:
        if not _is_level(value):
            raise _unreadable(name, f"{type(value).__name__} ({value!r})")
        if isinstance(value, float) and not math.isfinite(value):
            raise _infinite(name, value, where="a cell")


def _infinite(name: str, value: float, *, where: str) -> DataError:
    return DataError(
        f"column {name!r}: expected finite numbers; {where} has {value}. Replace it, or name "
        f"{str(value)!r} as a missing value"
    )


def _unreadable(name: str, came: str) -> DataError:
    return DataError(
        f"column {name!r}: expected numbers, text, dates, true and false, or a pandas category; "
        f"got {came}. Take from it what matters as numbers or text, drop it, or declare it an "
        "identifier, which is passed through"
    )
