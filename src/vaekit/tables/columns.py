"""Columns of a mixed table: kinds, construction, encoding to numbers and decoding to cells."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError, DataError, VaekitWarning
from vaekit.tables.cells import EXACT, Cells, as_levels
from vaekit.tables.frames import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "HOLDS",
    "KINDS",
    "LEVELLED",
    "NOT_MODELLED",
    "Column",
    "Kind",
    "RequestedKind",
    "are_whole",
    "build_column",
    "encode_cells",
    "expect_numbers",
    "misfit_error",
    "misfits",
    "parse_kinds",
    "resolve_kinds",
    "restore",
]


Kind = Literal[
    "real",
    "positive",
    "count",
    "binary",
    "categorical",
    "ordinal",
    "bounded",
    "datetime",
    "constant",
    "identifier",
]

KINDS: tuple[Kind, ...] = get_args(Kind)
LEVELLED: tuple[Kind, ...] = ("binary", "categorical", "ordinal")
NOT_MODELLED: tuple[Kind, ...] = ("constant", "identifier")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: its kind, and the type in which its cells are written.

    Args:
        name: as text; a name that is a number is written as one.
        kind: what its cells are. A model sees neither a constant nor an identifier.
        levels: of binary, categorical and ordinal: the values in order; of constant: its value.
        low: of bounded: the least value there can be.
        high: of bounded: the greatest.
        dtype: as pandas names it.
        whole: all values are whole numbers, or times at the start of a day, so results are
            rounded.

    Example:
        >>> Column(name="score", kind="bounded", low=0, high=100).modelled
        True
    """

    name: str
    kind: Kind
    levels: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    dtype: str = ""
    whole: bool = False

    @property
    def modelled(self) -> bool:
        """Whether a model sees this column."""
        return self.kind not in NOT_MODELLED


def misfits(
    numbers: NDArray[np.float64], *, kind: Kind, low: float | None = None, high: float | None = None
) -> NDArray[np.bool_]:
    """Return which numbers a kind cannot hold.

    Args:
        numbers: (N,) NaN where missing, which every kind can hold.
        kind: real, positive, count or bounded.
        low: of bounded.
        high: of bounded.

    Returns:
        (N,) True for a number at or below 0 in positive, a negative or a fraction in count, and
        one outside the limits in bounded.

    Example:
        >>> misfits(np.array([2.0, 0.5, -1.0]), kind="count")
        array([False,  True,  True])
    """
    if kind == "positive":
        return numbers <= 0
    if kind == "count":
        fraction = numbers != np.rint(numbers)
        return np.asarray(((numbers < 0) | fraction) & ~np.isnan(numbers))
    if kind == "bounded" and low is not None and high is not None:
        return (numbers < low) | (numbers > high)
    return np.zeros(numbers.shape, np.bool_)


@dataclass(frozen=True, kw_only=True)
class RequestedKind:
    """A kind requested for a column, with its options.

    Args:
        kind: asked for.
        limits: of bounded: lowest and highest; none to take them from the data.
        order: of ordinal: the levels as texts, the lowest first; none to sort them.
    """

    kind: Kind
    limits: tuple[float, float] | None = None
    order: tuple[str, ...] = ()


def parse_kinds(text: str) -> dict[str, str]:
    """Parse kinds from one line, as for a command.

    Args:
        text: ``column=kind`` with commas between; "bounded:0:100" gives limits, and
            "ordinal:low:mid:high" an order. A name with a comma needs the mapping from Python.

    Returns:
        The kind of each column named, as ``infer_schema`` takes it.

    Raises:
        ConfigError: not of this form, a kind that there is not, or a column named twice.

    Example:
        >>> parse_kinds("age=count, score=bounded:0:100")
        {'age': 'count', 'score': 'bounded:0:100'}
    """
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, kind = (piece.strip() for piece in part.partition("="))
        if not name or not kind:
            raise ConfigError(f"kinds: expected column=kind with commas between; got {part!r}")
        if name in found:
            raise ConfigError(f"kinds: expected {name} once; got {found[name]!r} and {kind!r}")
        _parse_kind(kind, name=name)
        found[name] = kind
    return found


def resolve_kinds(kinds: Mapping[str, str], *, names: Sequence[str]) -> dict[str, RequestedKind]:
    """Resolve requested kinds column by column.

    Args:
        kinds: column to kind.
        names: of the columns that there are.

    Returns:
        Column to requested kind.

    Raises:
        ConfigError: there is no such column or no such kind, or its limits or order are wrong.

    Example:
        >>> resolve_kinds({"score": "bounded:0:100"}, names=["score"])["score"].limits
        (0.0, 100.0)
    """
    texts = {str(name): kind for name, kind in kinds.items()}
    for name in texts:
        if name not in names:
            raise ConfigError(f"kinds: there is no column {name!r}{nearest(name, among=names)}")
    return {name: _parse_kind(kind, name=name) for name, kind in texts.items()}


def _parse_kind(text: str, *, name: str) -> RequestedKind:
    word, *options = (part.strip() for part in text.split(":"))
    if word not in KINDS:
        raise ConfigError(f"kinds: {name}={word} is not a kind{nearest(word, among=KINDS)}")
    kind: Kind = word
    if kind == "ordinal" and len(options) != 1 and len(set(options)) == len(options):
        return RequestedKind(kind=kind, order=tuple(options))
    if kind == "bounded" and options:
        return RequestedKind(kind=kind, limits=_parse_limits(options, text=f"{name}={text}"))
    if options:
        raise ConfigError(
            f"kinds: expected {name}={kind} or bounded:lowest:highest or ordinal:first:second:... "
            f"with each level once; got {name}={text}"
        )
    return RequestedKind(kind=kind)


def _parse_limits(options: Sequence[str], *, text: str) -> tuple[float, float]:
    try:
        low, high = (float(option) for option in options)
    except ValueError:
        low = high = 0.0
    if not -float("inf") < low < high < float("inf"):
        raise ConfigError(
            f"kinds: expected bounded:lowest:highest with two numbers, the lower first; got {text}"
        )
    return low, high


def restore(column: Column, values: NDArray[np.float64], *, like: pd.Series[Any]) -> pd.Series[Any]:
    """Decode numbers to a column.

    Args:
        column: what it holds.
        values: (N,) as ``encode_cells`` gives them, or near: positions are rounded and kept
            within the levels, bounded within the limits, count and positive from 0 and 1 up where
            they are whole. NaN leaves the cell of ``like``.
        like: (N,) the column to write into: its index, its type, and the cells that are left.

    Returns:
        (N,) of the type that the schema was made from, where it can hold every cell; else of that
        of ``like``.
    """
    left = np.isnan(values)
    cells = _cells(column, values, dtype=column.dtype)
    decimals = column.dtype == "object" or column.dtype.startswith("decimal")
    first = next(iter(like.dropna()), None) if decimals else None
    if isinstance(first, Decimal):
        digits = -int(first.as_tuple().exponent)
        cells = _objects([Decimal(f"{cell:.{max(digits, 0)}f}") for cell in np.nan_to_num(values)])
    if column.dtype == "category" and str(like.dtype) == "category":
        named = {str(level): level for level in like.cat.categories}  # intervals are texts here
        cells = _objects([named.get(cell, cell) for cell in cells])
    if left.any():
        cells = cells.astype(object)
        cells[left] = like.to_numpy(object)[left]
    return _typed(column, cells, like=like)


def _cells(column: Column, values: NDArray[np.float64], *, dtype: str) -> NDArray[Any]:
    """Return levels, or numbers that the column can hold; arbitrary where NaN."""
    if column.kind in LEVELLED:
        places = np.clip(np.rint(np.nan_to_num(values)), 0, len(column.levels) - 1).astype(int)
        return np.take(_objects(column.levels), places)
    if _is_temporal(dtype):
        return _times(values, dtype=dtype, daily=column.whole)
    numbers = values
    if column.kind == "bounded":
        numbers = np.clip(numbers, column.low, column.high)
    if column.kind == "count":
        numbers = np.maximum(np.rint(numbers), 0)
    if not column.whole:
        return numbers
    least = 1 if column.kind == "positive" else -EXACT
    numbers = np.clip(np.rint(numbers), least, EXACT)
    numbers = np.clip(numbers, *_range(dtype))
    if dtype == "object":
        return _objects([int(number) for number in np.nan_to_num(numbers)])
    return numbers


def _is_temporal(dtype: str) -> bool:
    return dtype.startswith(("date", "period", "time"))


def _times(seconds: NDArray[np.float64], *, dtype: str, daily: bool) -> NDArray[Any]:
    """Return seconds as times or durations of the type of a column; missing ones are NaT."""
    import pandas as pd

    micros = np.clip(np.rint(seconds), -MOST_SECONDS, MOST_SECONDS) * 1e6
    whole = np.where(np.isnan(micros), np.iinfo(np.int64).min, np.nan_to_num(micros)).astype("i8")
    if dtype.startswith("timedelta"):
        return np.asarray(whole.view("timedelta64[us]").astype(dtype))
    named = re.search(r", (?:tz=)?([^\]]+)\]", dtype)
    zone = named[1] if named else "UTC" if dtype == "datetime" else None
    times = pd.DatetimeIndex(whole.view("datetime64[us]"), tz="UTC").tz_convert(zone)
    if daily:
        days = (times.tz_localize(None) + pd.Timedelta(hours=12)).floor("D")
        times = days.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    times = times if zone else times.tz_localize(None)
    if dtype.startswith("period"):
        return _objects(times.to_period(dtype[7:-1]))
    return _objects(times.date if dtype == "date" else times)


def _objects(values: Collection[object] | NDArray[Any]) -> NDArray[Any]:
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _range(dtype: str) -> tuple[float, float]:
    """Return the limits of a type of whole numbers."""
    try:
        limits = np.iinfo(np.dtype(dtype.lower()))
    except (TypeError, ValueError):  # no type of NumPy, or none of whole numbers
        return -EXACT, EXACT
    return max(limits.min, -EXACT), min(limits.max, EXACT)


def _typed(column: Column, cells: NDArray[Any], *, like: pd.Series[Any]) -> pd.Series[Any]:
    """Return the cells in the first type that holds them: of the schema, of ``like``, or object."""
    import pandas as pd

    for dtype in (_dtype(column, cells, like=like), like.dtype):
        if dtype == np.bool_ and pd.isna(cells).any():  # which NumPy would take as true
            continue
        try:
            return pd.Series(cells, index=like.index).astype(dtype)
        except (TypeError, ValueError, NotImplementedError):
            continue
    return pd.Series(cells, index=like.index, dtype=object)


def _dtype(column: Column, cells: NDArray[Any], *, like: pd.Series[Any]) -> Any:  # noqa: ANN401 - pandas has no name for all that its astype takes
    """Return the type of the column; that of ``like`` where it has the same name."""
    import pandas as pd

    same = str(like.dtype) == column.dtype
    if column.dtype != "category":
        return like.dtype if same else column.dtype
    declared = like.cat.categories.tolist() if same else []
    if same and set(column.levels) <= {*declared, *map(str, declared)}:
        return like.dtype
    more = [cell for cell in [*declared, *cells] if not pd.isna(cell)]
    ordered = bool(like.cat.ordered) if same else column.kind == "ordinal"
    return pd.CategoricalDtype(list(dict.fromkeys([*column.levels, *more])), ordered=ordered)


MOST_SECONDS = 9e9
"""Times farther from 1970 are not held by nanoseconds of 64 bits."""
HOLDS = {
    "positive": "numbers above 0",
    "count": "whole numbers from 0 up",
    "bounded": "numbers within its limits",
}
INSTEAD = {
    "positive": "count where they are whole, else real",
    "count": "real",
    "bounded": "other limits, as in bounded:0:100, or real",
}


def are_whole(cells: Cells) -> bool:
    """Return whether all observed cells are whole numbers below 2^53.

    Args:
        cells: of one column.

    Returns:
        False also for cells that are no numbers, and where no cell is known.

    Example:
        >>> none = np.empty(0, np.int64)
        >>> are_whole(Cells(name="n", dtype="", numbers=np.array([1.0, np.nan]), codes=none))
        True
    """
    if cells.numbers is None or not cells.known.any():
        return False
    numbers = cells.numbers[cells.known]
    return bool(np.all((numbers == np.rint(numbers)) & (np.abs(numbers) < EXACT)))


def build_column(cells: Cells, requested: RequestedKind) -> Column:
    """Describe a column that holds these cells as this kind.

    Args:
        cells: of the column.
        requested: the kind, with limits or order where they were given.

    Returns:
        The column.

    Raises:
        DataError: a cell that this kind cannot hold.
    """
    if requested.kind == "identifier":
        return Column(name=cells.name, kind=requested.kind, dtype=cells.dtype)
    if requested.kind == "constant":
        return _constant_column(cells)
    if requested.kind in LEVELLED:
        return _levelled_column(cells, requested)
    numbers = expect_numbers(cells, kind=requested.kind)
    if requested.kind == "datetime" and not cells.temporal:
        raise DataError(
            f"column {cells.name!r}: datetime expects dates or times; got {cells.dtype}. Convert "
            "it with pandas.to_datetime"
        )
    if cells.large:
        raise DataError(
            f"column {cells.name!r}: expected whole numbers below 2^53, which a model holds "
            "exactly. Divide them, or declare the column an identifier, which is passed through"
        )
    low, high = requested.limits or (None, None)
    if requested.kind == "bounded" and requested.limits is None:
        low, high = _observed_limits(numbers, name=cells.name)
    wrong = misfits(numbers, kind=requested.kind, low=low, high=high)
    if wrong.any():
        raise misfit_error(cells.name, kind=requested.kind, numbers=numbers, wrong=wrong)
    return Column(
        name=cells.name,
        kind=requested.kind,
        low=low,
        high=high,
        dtype=cells.dtype,
        whole=cells.daily if cells.temporal else are_whole(cells),
    )


def expect_numbers(cells: Cells, *, kind: str) -> NDArray[np.float64]:
    """Return the numbers of a column; raise if it has none.

    Args:
        cells: of the column.
        kind: named in the error.

    Returns:
        (N,) NaN where missing.

    Raises:
        DataError: the cells are text, true and false, or a pandas category.
    """
    if cells.numbers is not None:
        return cells.numbers
    came = "a pandas category" if cells.declared else f"{cells.levels[0]!r}"
    raise DataError(
        f"column {cells.name!r}: {kind} expects numbers; got {came}. Make it numbers with "
        "pandas.to_numeric, or say categorical, ordinal or identifier"
    )


def misfit_error(
    name: str, *, kind: str, numbers: NDArray[np.float64], wrong: NDArray[np.bool_]
) -> DataError:
    """Return the error for numbers that a kind cannot hold.

    Args:
        name: of the column.
        kind: of the column.
        numbers: (N,) the cells.
        wrong: (N,) which of them do not fit; one at least.

    Returns:
        The error, to be raised.
    """
    row = int(np.flatnonzero(wrong)[0])
    return DataError(
        f"column {name!r}: {kind} expects {HOLDS[kind]}; row {row + 1} has {numbers[row]:g} "
        f"({int(wrong.sum())} such rows). Correct or empty these cells, or declare the column "
        f"{INSTEAD[kind]}"
    )


def _observed_limits(numbers: NDArray[np.float64], *, name: str) -> tuple[float, float]:
    known = numbers[~np.isnan(numbers)]
    if not known.size or known.min() == known.max():
        raise DataError(
            f"column {name!r}: bounded takes its limits from the data, which needs two different "
            "values. Give them, as in bounded:0:100"
        )
    return float(known.min()), float(known.max())


def _constant_column(cells: Cells) -> Column:
    codes, levels = as_levels(cells)
    used = [levels[code] for code in np.unique(codes[codes >= 0])]
    if len(used) > 1:
        raise DataError(
            f"column {cells.name!r}: constant expects one value; got {used[0]!r} and {used[1]!r}. "
            "To leave the column out of the model, say identifier"
        )
    return Column(
        name=cells.name,
        kind="constant",
        levels=tuple(used),
        dtype=cells.dtype,
        whole=are_whole(cells),
    )


def _levelled_column(cells: Cells, requested: RequestedKind) -> Column:
    _, levels = as_levels(cells)
    if requested.kind == "ordinal":
        levels = _ordered_levels(cells, levels=levels, order=requested.order)
    if len(levels) < 2 or (requested.kind == "binary" and len(levels) > 2):
        few = "exactly two" if requested.kind == "binary" else "two or more"
        raise DataError(
            f"column {cells.name!r}: {requested.kind} expects {few} different values; got "
            f"{len(levels)} ({', '.join(repr(level) for level in levels[:3])}). Say "
            f"{'constant' if len(levels) < 2 else 'categorical'}"
        )
    return Column(
        name=cells.name,
        kind=requested.kind,
        levels=levels,
        dtype=cells.dtype,
        whole=are_whole(cells),
    )


def _ordered_levels(
    cells: Cells, *, levels: tuple[Any, ...], order: Sequence[str]
) -> tuple[Any, ...]:
    """Return levels in the requested order, else as declared or sorted."""
    if not order:
        if not cells.ordered and any(isinstance(level, str) for level in levels):
            shown = ":".join(str(level) for level in levels[:12])
            warnings.warn(
                f"column {cells.name!r}: ordinal without an order; taken in that of the table or "
                f"of the alphabet. To be sure, give it: {cells.name}=ordinal:{shown}",
                VaekitWarning,
                stacklevel=2,
            )
        return levels
    numeric = cells.numbers is not None
    try:
        wanted = tuple(_number(text) if numeric else text for text in order)
    except ValueError:
        wanted = ()
    by_text = {str(level): level for level in levels}
    absent = [level for level in levels if (level if numeric else str(level)) not in wanted]
    if absent:
        raise DataError(
            f"column {cells.name!r}: expected only the levels {', '.join(order)}; got "
            f"{absent[0]!r}. Name it in its place in the order, or empty these cells"
        )
    return wanted if numeric else tuple(by_text.get(text, text) for text in order)


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def encode_cells(column: Column, cells: Cells) -> NDArray[np.float64]:
    """Encode the cells of a column as numbers.

    Args:
        column: what it holds.
        cells: (N,) of this or of another table with such a column.

    Returns:
        (N,) the numbers themselves, or positions in the levels; NaN where missing. A level that
        the column does not have and a number that its kind cannot hold are missing, and a number
        outside of limits is moved to the nearer one; all with a ``VaekitWarning``.

    Raises:
        DataError: text where numbers are expected.
    """
    if column.kind in LEVELLED:
        return _positions(column, cells)
    numbers = expect_numbers(cells, kind=column.kind)
    wrong = misfits(numbers, kind=column.kind, low=column.low, high=column.high)
    if wrong.any() and column.kind != "bounded":
        row = int(np.flatnonzero(wrong)[0])
        _warn(
            f"column {column.name!r}: {column.kind} expects {HOLDS[column.kind]}; row {row + 1} "
            f"has {numbers[row]:g} ({int(wrong.sum())} such rows), which counts as missing"
        )
        return np.where(wrong, np.nan, numbers)
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
