"""Numbers of a model back to the cells of a column, in the type that they came in."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.tables.cells import EXACT
from vaekit.tables.column import LEVELLED, Column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["restore"]


def restore(column: Column, values: NDArray[np.float64], *, like: pd.Series[Any]) -> pd.Series[Any]:
    """Write numbers back as a column.

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
    if left.any():
        cells = cells.astype(object)
        cells[left] = like.to_numpy(object)[left]
    return _typed(column, cells, like=like)


def _cells(column: Column, values: NDArray[np.float64], *, dtype: str) -> NDArray[Any]:
    """Levels as they are written, or numbers that the column can hold; anything where NaN."""
    if column.kind in LEVELLED:
        places = np.clip(np.rint(np.nan_to_num(values)), 0, len(column.levels) - 1).astype(int)
        return np.take(_objects(column.levels), places)
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


def _objects(values: Collection[object] | NDArray[Any]) -> NDArray[Any]:
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _range(dtype: str) -> tuple[float, float]:
    """The least and the greatest number that a type of whole numbers holds."""
    try:
        limits = np.iinfo(np.dtype(dtype.lower()))
    except (TypeError, ValueError):  # no type of NumPy, or none of whole numbers
        return -EXACT, EXACT
    return max(limits.min, -EXACT), min(limits.max, EXACT)


def _typed(column: Column, cells: NDArray[Any], *, like: pd.Series[Any]) -> pd.Series[Any]:
    """The cells in the type of the schema, that of ``like``, or as objects: what holds them."""
    import pandas as pd

    for dtype in (_dtype(column, cells, like=like), like.dtype):
        if dtype == np.bool_ and pd.isna(cells).any():  # which NumPy would take as true
            continue
        try:
            return pd.Series(cells, index=like.index).astype(dtype)
        except (TypeError, ValueError):
            continue
    return pd.Series(cells, index=like.index, dtype=object)


def _dtype(column: Column, cells: NDArray[Any], *, like: pd.Series[Any]) -> Any:  # noqa: ANN401 - pandas has no name for all that its astype takes
    """The type that the column came in; that of ``like`` where it has the same name."""
    import pandas as pd

    same = str(like.dtype) == column.dtype
    if column.dtype != "category":
        return like.dtype if same else column.dtype
    declared = like.cat.categories.tolist() if same else []
    if same and set(column.levels) <= set(declared):
        return like.dtype
    more = [cell for cell in [*declared, *cells] if not pd.isna(cell)]
    ordered = bool(like.cat.ordered) if same else column.kind == "ordinal"
    return pd.CategoricalDtype(list(dict.fromkeys([*column.levels, *more])), ordered=ordered)
