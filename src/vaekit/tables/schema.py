"""The schema of a table, declared or inferred: encode a table to numbers and decode it."""

from __future__ import annotations

import dataclasses
import math
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError, DataError, VaekitWarning
from vaekit.tables.cells import EXACT, Cells, Markers, as_levels, read_cells, read_markers
from vaekit.tables.columns import (
    HOLDS,
    KINDS,
    LEVELLED,
    Column,
    Kind,
    RequestedKind,
    are_whole,
    build_column,
    encode_cells,
    misfits,
    resolve_kinds,
    restore,
)
from vaekit.tables.frames import as_frame, column_positions, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Schema", "guess_kind", "infer_schema", "parse_given", "parse_weights", "read_given"]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The columns of a table, and the markers of its missing values.

    Args:
        columns: all of the table, in its order.
        missing: texts and numbers that stand for a missing value, besides NaN, None, NaT and NA.

    Example:
        >>> table = np.array([[0.5, 1, 7], [-1.5, np.nan, 7], [0.0, 3, 7]])
        >>> schema = Schema(
        ...     columns=(
        ...         Column(name="x0", kind="real", dtype="float64"),
        ...         Column(name="x1", kind="count", dtype="float64", whole=True),
        ...         Column(name="x2", kind="constant", levels=(7,), dtype="float64"),
        ...     )
        ... )
        >>> values = schema.encode(table)
        >>> values.shape
        (3, 2)
        >>> schema.decode(np.nan_to_num(values, nan=1.7), like=table).iloc[1].tolist()
        [-1.5, 2.0, 7.0]
    """

    columns: tuple[Column, ...]
    missing: tuple[str | float, ...] = ()

    @property
    def modelled(self) -> tuple[Column, ...]:
        """Columns that a model sees: all but constants and identifiers."""
        return tuple(column for column in self.columns if column.modelled)

    def encode(self, frame: pd.DataFrame | NDArray[Any]) -> NDArray[np.float64]:
        """Encode a table as numbers.

        Args:
            frame: (N, ...) with the columns of the schema, in any order.

        Returns:
            (N, F) a column for each of ``modelled``: numbers as they are, levels as 0..L-1, NaN
            where missing. A level that the schema does not have and a number that its kind cannot
            hold, such as a negative count, count as missing, and a number outside its limits as
            the nearer limit, with a ``VaekitWarning``.

        Raises:
            DataError: other columns than those of the schema, or text where numbers are expected.
        """
        table = as_frame(frame)
        found = column_positions(table, names=[column.name for column in self.columns])
        markers = read_markers(self.missing)
        values = np.empty((len(table), len(self.modelled)))
        pairs = [pair for pair in zip(self.columns, found, strict=True) if pair[0].modelled]
        for place, (column, at) in enumerate(pairs):
            cells = read_cells(table.iloc[:, at], name=column.name, markers=markers)
            values[:, place] = encode_cells(column, cells)
        return values

    def decode(
        self, values: NDArray[np.float64], *, like: pd.DataFrame | NDArray[Any]
    ) -> pd.DataFrame:
        """Decode numbers to a table.

        Args:
            values: (N, F) as ``encode`` gives them, or near: positions of levels and whole numbers
                are rounded, bounded ones kept within their limits, counts from 0 up. NaN leaves
                the cell of ``like``.
            like: (N, ...) the table to write into: its index, the order of its columns, its
                constants and identifiers. Missing cells of a constant are filled with its value.

        Returns:
            (N, ...) with the types that the schema was made from, where they can hold every cell.

        Raises:
            DataError: not N rows of F values, or other columns than those of the schema.
        """
        import pandas as pd

        table = as_frame(like)
        found = column_positions(table, names=[column.name for column in self.columns])
        expected = (len(table), len(self.modelled))
        if np.shape(values) != expected:
            raise DataError(
                f"expected values of shape {expected}, a row for each of the table and a column "
                f"for each that a model sees; got {np.shape(values)}"
            )
        series = dict(enumerate(_series(table)))
        restored = iter(np.asarray(values, np.float64).T)
        markers = read_markers(self.missing)
        for column, at in zip(self.columns, found, strict=True):
            if column.modelled:
                series[at] = restore(column, next(restored), like=series[at])
            elif column.levels:
                series[at] = _filled(column, series[at], markers=markers)
        frame = pd.DataFrame(series, index=table.index)
        frame.columns = table.columns
        return frame

    def describe(self) -> dict[str, Any]:
        """Return the schema in plain types, as JSON holds them.

        Example:
            >>> schema = Schema(columns=(Column(name="a", kind="binary", levels=(False, True)),))
            >>> Schema.from_description(schema.describe()) == schema
            True
        """
        columns = [dataclasses.asdict(column) for column in self.columns]
        for column in columns:
            column["levels"] = list(column["levels"])
        return {"columns": columns, "missing": list(self.missing)}

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Schema:
        """Build a schema from its description.

        Args:
            description: also after a way through JSON.

        Returns:
            The same schema.

        Raises:
            DataError: not such a description.
        """
        try:
            columns = tuple(
                Column(**{**column, "levels": tuple(column["levels"])})
                for column in description["columns"]
            )
            missing = tuple(description["missing"])
        except (KeyError, TypeError) as error:
            raise DataError(
                f"expected the description of a schema, with columns and missing; {error!r} in it. "
                "Make a new schema from the table"
            ) from error
        unknown = [column for column in columns if column.kind not in KINDS]
        if unknown:
            raise DataError(
                f"column {unknown[0].name!r}: expected one of {', '.join(KINDS)}; got "
                f"{unknown[0].kind!r}. The schema was written by a newer vaekit, or is damaged"
            )
        return cls(columns=columns, missing=missing)


def _series(table: pd.DataFrame) -> list[pd.Series[Any]]:
    return [table.iloc[:, place] for place in range(table.shape[1])]


def _filled(column: Column, series: pd.Series[Any], *, markers: Markers) -> pd.Series[Any]:
    """Fill the missing cells of a constant with its value."""
    codes, _ = as_levels(read_cells(series, name=column.name, markers=markers))
    values = np.where(codes < 0, 0.0, np.nan)
    as_level = dataclasses.replace(column, kind="categorical")
    return restore(as_level, values, like=series) if (codes < 0).any() else series


def parse_given(texts: Sequence[str]) -> dict[str, str]:
    """Parse given cells from a command line.

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
    """Parse weights of columns from one line, as for a command.

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
    """Encode given cells as the numbers of their columns.

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
    """Return the position of a level."""
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
    """Return a value as a float; NaN for what is not a number, such as true and false."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (str, int, float, np.number)):
        return math.nan
    try:
        return float(value)
    except ValueError:
        return math.nan


MANY = 20
"""Rows from which a column without repetitions is held to name them."""
NEARLY_ALL = 0.9
MANY_LEVELS, ROWS_OF_LEVEL = 100, 20
"""Share of texts that differ, above which they name rows rather than groups of them."""
SKEWED = 1.0
"""Skewness from which the logarithms of numbers above 0 are considered."""
ROW_NAMES = re.compile(r"(?:^|[\W_])(?:id|index|uuid)$", flags=re.IGNORECASE)
ROW_NAMES_IN_CAMEL_CASE = re.compile(r"[a-z](?:Id|ID)$")


def infer_schema(
    frame: pd.DataFrame | NDArray[Any],
    *,
    kinds: Mapping[str, str] | None = None,
    missing: Sequence[str | float] = (),
) -> Schema:
    """Infer the kind of each column; the first rule that fits decides.

    1. constant: no more than one value.
    2. datetime: dates and times, as seconds since 1970; durations are real.
    3. identifier: whole numbers, all different and none missing, in a column that is named id,
       index or uuid (or ends so: user_id, userId), or that are 0..N-1 or 1..N in 20 rows or more;
       texts, 20 or more of them, of which over nine in ten differ, and free text and names: more
       than 100 texts with fewer than 20 rows for each, of which no model learns; and whole
       numbers beyond 2^53, which float64 does not hold. Other numbers are never
       identifiers: measurements are often all different.
    4. binary: two values of whatever type, and true and false.
    5. ordinal: a pandas category with an order.
    6. categorical: any other text and any other pandas category.
    7. count: whole numbers from 0 up, also when there are few of them (children, rooms, years of
       school), but for those that lie far from 0: whose mean is above ten standard deviations, and
       above 1000 or above four times the variance (years, dates as 20240131, seconds since 1970),
       which are real. A code looks the same, but as a count it loses little, whereas an amount
       that is taken as categorical loses its order and every value that was not seen; so a code
       in numbers has to be called categorical.
    8. positive: numbers above 0 of which the logarithm is far less skewed: skewness of the
       values at least 1, and that of their logarithms at most half of it in size.
    9. real: all other numbers.

    Bounded is never guessed, for a largest value is no limit; ask for it with "bounded" (limits
    from the data) or "bounded:0:100". "ordinal:low:mid:high" gives an order.

    Args:
        frame: (N, F) a frame, or an array whose columns are named x0, x1, ...
        kinds: what columns are, where it is known better.
        missing: texts and numbers that stand for a missing value; NaN, None, NaT and NA always do.

    Returns:
        The schema, of all columns in their order.

    Raises:
        DataError: not a table, a kind that cannot hold its column, infinite numbers.
        ConfigError: ``kinds`` names a column or a kind that there is not.

    Example:
        >>> table = np.array([[0.5, 3, 1], [1.5, 0, 0], [-0.2, 7, 1]])
        >>> [column.kind for column in infer_schema(table, kinds={"x2": "count"}).columns]
        ['real', 'count', 'count']
    """
    table = as_frame(frame)
    names = [str(name) for name in table.columns]
    requested = resolve_kinds(kinds or {}, names=names)
    markers = read_markers(missing)
    columns = tuple(
        _column(table.iloc[:, place], name=name, requested=requested.get(name), markers=markers)
        for place, name in enumerate(names)
    )
    return Schema(columns=columns, missing=tuple(_in_json(marker) for marker in missing))


def _in_json(marker: str | float) -> str | float:
    """Return a marker that JSON can hold: infinity as text."""
    if isinstance(marker, str):
        return marker
    number = float(marker)
    return (
        str(number) if not np.isfinite(number) else int(number) if number.is_integer() else number
    )


def _column(
    series: pd.Series[Any], *, name: str, requested: RequestedKind | None, markers: Markers
) -> Column:
    if requested is not None and requested.kind == "identifier":  # may hold what no model can
        return Column(name=name, kind="identifier", dtype=str(series.dtype))
    cells = read_cells(series, name=name, markers=markers)
    if requested is None:
        _warn_of_texts(cells)
    return build_column(cells, requested or RequestedKind(kind=guess_kind(cells)))


_FAR, _LARGE, _NARROW = 10.0, 1000.0, 4.0


def guess_kind(cells: Cells) -> Kind:
    """Guess the kind of a column by the rules of ``infer_schema``.

    Args:
        cells: of the column.

    Returns:
        The first kind of which the rule fits; real when none does.
    """
    if cells.large:
        return "identifier"
    rules: dict[Kind, Callable[[Cells], bool]] = {
        "constant": _is_constant,
        "datetime": _is_datetime,
        "real": _is_duration,
        "identifier": _is_identifier,
        "binary": _is_binary,
        "ordinal": _is_ordinal,
        "categorical": _is_categorical,
        "count": _is_count,
        "positive": _is_positive,
    }
    return next((kind for kind, fits in rules.items() if fits(cells)), "real")


def _is_constant(cells: Cells) -> bool:
    codes, _ = as_levels(cells)
    return len(np.unique(codes[codes >= 0])) <= 1


def _is_datetime(cells: Cells) -> bool:
    return cells.temporal and not _is_duration(cells)


def _is_duration(cells: Cells) -> bool:
    return cells.dtype.startswith("timedelta")


def _is_identifier(cells: Cells) -> bool:
    codes, levels = as_levels(cells)
    if cells.numbers is None:
        texts = all(isinstance(level, str) for level in levels) and not cells.declared
        known = int(cells.known.sum())
        rare = len(levels) > MANY_LEVELS and known < ROWS_OF_LEVEL * len(levels)
        return texts and known >= MANY and (len(levels) > NEARLY_ALL * known or rare)
    if not are_whole(cells) or len(levels) != len(codes):
        return False
    runs = levels[0] in (0, 1) and levels[-1] - levels[0] == len(levels) - 1
    return _names_rows(cells.name) or (runs and len(levels) >= MANY)


def _names_rows(name: str) -> bool:
    return bool(ROW_NAMES.search(name) or ROW_NAMES_IN_CAMEL_CASE.search(name))


def _is_binary(cells: Cells) -> bool:
    return len(as_levels(cells)[1]) == 2


def _is_ordinal(cells: Cells) -> bool:
    return cells.ordered


def _is_categorical(cells: Cells) -> bool:
    return cells.numbers is None


def _is_count(cells: Cells) -> bool:
    return are_whole(cells) and bool(np.nanmin(_numbers(cells)) >= 0) and not _is_far_from_0(cells)


def _is_far_from_0(cells: Cells) -> bool:
    """Whether no distribution of counts, with a variance near its mean or above, fits numbers."""
    numbers = _numbers(cells)
    mean, deviation = float(np.mean(numbers)), float(np.std(numbers))
    return mean > _FAR * deviation and (mean > _LARGE or mean > _NARROW * deviation**2)


def _is_positive(cells: Cells) -> bool:
    numbers = _numbers(cells)
    if numbers.min() <= 0:
        return False
    skewness = _skewness(numbers)
    return skewness >= SKEWED and abs(_skewness(np.log(numbers))) <= skewness / 2


def _numbers(cells: Cells) -> NDArray[np.float64]:
    assert cells.numbers is not None
    return cells.numbers[cells.known]


def _skewness(values: NDArray[np.float64]) -> float:
    """Return the third standardised moment; scaled first, so that no power overflows."""
    centred = values / np.abs(values).max() if np.abs(values).max() > 0 else values
    centred = centred - centred.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return float(np.mean((centred / spread) ** 3)) if spread > 0 else 0.0


def _warn_of_texts(cells: Cells) -> None:
    """Warn of numbers that are written as text; not of codes such as 01067."""
    texts = [level for level in cells.levels if isinstance(level, str)]
    codes = any(re.match(r"0\d", text) for text in texts)
    if len(texts) <= 2 or len(texts) < len(cells.levels) or cells.declared or codes:
        return
    try:
        list(map(float, texts))
    except ValueError:
        return
    warnings.warn(
        f"column {cells.name!r}: its numbers are written as text ({texts[0]!r}) and are taken as "
        "names. If they are amounts, convert the column to numbers; if not, declare it categorical "
        "or an identifier",
        VaekitWarning,
        stacklevel=4,
    )
