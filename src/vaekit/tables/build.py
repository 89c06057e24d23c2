"""A column of a given kind from its cells, refused where the kind cannot hold them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import DataError, VaekitWarning
from vaekit.tables.cells import EXACT, Cells, as_levels
from vaekit.tables.column import LEVELLED, Column, misfits
from vaekit.tables.kinds import Wish

__all__ = ["HOLDS", "are_whole", "build_column", "numbers_of", "refuse"]

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
    """Whether all cells that are known are whole numbers, small enough to be exact.

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


def build_column(cells: Cells, wish: Wish) -> Column:
    """The description of a column that holds these cells as this kind.

    Args:
        cells: of the column.
        wish: the kind, with limits or order where they were given.

    Returns:
        The column.

    Raises:
        DataError: a cell that this kind cannot hold.
    """
    if wish.kind == "identifier":
        return Column(name=cells.name, kind=wish.kind, dtype=cells.dtype)
    if wish.kind == "constant":
        return _constant(cells)
    if wish.kind in LEVELLED:
        return _levelled(cells, wish)
    numbers = numbers_of(cells, kind=wish.kind)
    low, high = wish.limits or (None, None)
    if wish.kind == "bounded" and wish.limits is None:
        low, high = _limits(numbers, name=cells.name)
    wrong = misfits(numbers, kind=wish.kind, low=low, high=high)
    if wrong.any():
        raise refuse(cells.name, kind=wish.kind, numbers=numbers, wrong=wrong)
    return Column(
        name=cells.name,
        kind=wish.kind,
        low=low,
        high=high,
        dtype=cells.dtype,
        whole=are_whole(cells),
    )


def numbers_of(cells: Cells, *, kind: str) -> NDArray[np.float64]:
    """The numbers of a column of a kind that needs numbers.

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


def refuse(
    name: str, *, kind: str, numbers: NDArray[np.float64], wrong: NDArray[np.bool_]
) -> DataError:
    """The error for a number that a kind cannot hold.

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
        f"({int(wrong.sum())} such rows). Mend or blank these cells, or say {INSTEAD[kind]}"
    )


def _limits(numbers: NDArray[np.float64], *, name: str) -> tuple[float, float]:
    known = numbers[~np.isnan(numbers)]
    if not known.size or known.min() == known.max():
        raise DataError(
            f"column {name!r}: bounded takes its limits from the data, which needs two different "
            "values. Give them, as in bounded:0:100"
        )
    return float(known.min()), float(known.max())


def _constant(cells: Cells) -> Column:
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


def _levelled(cells: Cells, wish: Wish) -> Column:
    _, levels = as_levels(cells)
    if wish.kind == "ordinal":
        levels = _in_order(cells, levels=levels, order=wish.order)
    if len(levels) < 2 or (wish.kind == "binary" and len(levels) > 2):
        few = "exactly two" if wish.kind == "binary" else "two or more"
        raise DataError(
            f"column {cells.name!r}: {wish.kind} expects {few} different values; got "
            f"{len(levels)} ({', '.join(repr(level) for level in levels[:3])}). Say "
            f"{'constant' if len(levels) < 2 else 'categorical'}"
        )
    return Column(
        name=cells.name,
        kind=wish.kind,
        levels=levels,
        dtype=cells.dtype,
        whole=are_whole(cells),
    )


def _in_order(cells: Cells, *, levels: tuple[Any, ...], order: Sequence[str]) -> tuple[Any, ...]:
    """Levels in the order asked for, else as declared, by size or by the alphabet."""
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
            f"{absent[0]!r}. Name it in its place in the order, or blank these cells"
        )
    return wanted if numeric else tuple(by_text.get(text, text) for text in order)


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number
