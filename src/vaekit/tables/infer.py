"""Guess what kind each column of a table is."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import VaekitWarning
from vaekit.tables.build import are_whole, build_column
from vaekit.tables.cells import Cells, Markers, as_levels, read_cells, read_markers
from vaekit.tables.column import Column, Kind
from vaekit.tables.frames import as_frame
from vaekit.tables.kinds import Wish, read_wishes
from vaekit.tables.schema import Schema

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["guess_kind", "infer_schema"]

MANY = 20
"""Rows from which a column without repetitions is held to name them."""
NEARLY_ALL = 0.9
"""Share of texts that differ, above which they name rows rather than groups of them."""
SKEWED = 1.0
"""Skewness from which numbers above 0 are looked at on the scale of their logarithms."""
ROW_NAMES = re.compile(r"(?:^|[\W_])(?:id|index|uuid)$", flags=re.IGNORECASE)
ROW_NAMES_IN_CAMEL_CASE = re.compile(r"[a-z](?:Id|ID)$")


def infer_schema(
    frame: pd.DataFrame | NDArray[Any],
    *,
    kinds: Mapping[str, str] | None = None,
    missing: Sequence[str | float] = (),
) -> Schema:
    """What kind of thing each column holds; the first rule that fits decides.

    1. constant: no more than one value.
    2. identifier: whole numbers, all different and none missing, in a column that is named id,
       index or uuid (or ends so: user_id, userId), or that are 0..N-1 or 1..N in 20 rows or more;
       and texts, 20 or more of them, of which over nine in ten differ. Other numbers are never
       identifiers: measurements are often all different.
    3. binary: two values of whatever type, and true and false.
    4. ordinal: a pandas category with an order.
    5. categorical: any other text and any other pandas category.
    6. count: whole numbers from 0 up, also when there are few of them (children, rooms, years of
       school). A code looks the same, but as a count it loses little, whereas an amount that is
       taken as categorical loses its order and every value that was not seen; so a code in
       numbers has to be called categorical.
    7. positive: numbers above 0 of which the logarithm is far less skewed: skewness of the
       values at least 1, and that of their logarithms at most half of it in size.
    8. real: all other numbers.

    Bounded is never guessed, for a largest value is no limit; ask for it with "bounded" (limits
    from the data) or "bounded:0:100". "ordinal:low:mid:high" gives an order.

    Args:
        frame: (N, F) a frame, or an array whose columns are named x0, x1, ...
        kinds: what columns are, where it is known better.
        missing: texts and numbers that stand for a gap; NaN, None, NaT and NA always do.

    Returns:
        The schema, of all columns in their order.

    Raises:
        DataError: not a table, a kind that cannot hold its column, dates, infinite numbers.
        ConfigError: ``kinds`` names a column or a kind that there is not.
        MissingExtraError: pandas is not installed.

    Example:
        >>> table = np.array([[0.5, 3, 1], [1.5, 0, 0], [-0.2, 7, 1]])
        >>> [column.kind for column in infer_schema(table, kinds={"x2": "count"}).columns]
        ['real', 'count', 'count']
    """
    table = as_frame(frame)
    names = [str(name) for name in table.columns]
    wishes = read_wishes(kinds or {}, names=names)
    markers = read_markers(missing)
    columns = tuple(
        _column(table.iloc[:, place], name=name, wish=wishes.get(name), markers=markers)
        for place, name in enumerate(names)
    )
    return Schema(columns=columns, missing=tuple(_in_json(marker) for marker in missing))


def _in_json(marker: str | float) -> str | float:
    """A marker that JSON can hold: infinity only as text, which is read as a number again."""
    if isinstance(marker, str):
        return marker
    number = float(marker)
    return (
        str(number) if not np.isfinite(number) else int(number) if number.is_integer() else number
    )


def _column(series: pd.Series[Any], *, name: str, wish: Wish | None, markers: Markers) -> Column:
    if wish is not None and wish.kind == "identifier":  # may hold what no model can
        return Column(name=name, kind="identifier", dtype=str(series.dtype))
    cells = read_cells(series, name=name, markers=markers)
    if wish is None:
        _warn_of_texts(cells)
    return build_column(cells, wish or Wish(kind=guess_kind(cells)))


def guess_kind(cells: Cells) -> Kind:
    """The kind of a column by the rules of ``infer_schema``.

    Args:
        cells: of the column.

    Returns:
        The first kind of which the rule fits; real when none does.
    """
    rules: dict[Kind, Callable[[Cells], bool]] = {
        "constant": _is_constant,
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


def _is_identifier(cells: Cells) -> bool:
    codes, levels = as_levels(cells)
    if cells.numbers is None:
        texts = all(isinstance(level, str) for level in levels) and not cells.declared
        known = int(cells.known.sum())
        return texts and known >= MANY and len(levels) > NEARLY_ALL * known
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
    return are_whole(cells) and bool(np.nanmin(_numbers(cells)) >= 0)


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
    """Third moment of the standardised values; scaled first, so that no power overflows."""
    centred = values / np.abs(values).max() if np.abs(values).max() > 0 else values
    centred = centred - centred.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return float(np.mean((centred / spread) ** 3)) if spread > 0 else 0.0


def _warn_of_texts(cells: Cells) -> None:
    """Tell of numbers that are written as text: one stray cell makes a whole column text."""
    if len(cells.levels) <= 2 or cells.declared:
        return
    try:
        numbers = [float(level) for level in cells.levels if isinstance(level, str)]
    except ValueError:
        return
    if len(numbers) == len(cells.levels):
        warnings.warn(
            f"column {cells.name!r}: its numbers are written as text ({cells.levels[0]!r}) and are "
            "taken as names. If they are amounts, convert them with pandas.to_numeric; if not, say "
            "categorical or identifier",
            VaekitWarning,
            stacklevel=4,
        )
