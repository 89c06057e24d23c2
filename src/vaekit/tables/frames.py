"""Whatever is taken as a table, as a pandas frame with names that are told apart."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_frame", "nearest", "places"]


def as_frame(table: pd.DataFrame | NDArray[Any]) -> pd.DataFrame:
    """A table as a pandas frame.

    Args:
        table: a frame, taken as it is; or an array (N, F), whose columns are named x0, x1, ...

    Returns:
        The frame, (N, F).

    Raises:
        DataError: neither of the two, no row, no column, or two columns of the same name.
        MissingExtraError: pandas is not installed.

    Example:
        >>> as_frame(np.zeros((3, 2))).columns.tolist()
        ['x0', 'x1']
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError("pandas", extra="tables", purpose="a table") from error
    if isinstance(table, np.ndarray) and table.ndim == 2:
        table = pd.DataFrame(table, columns=[f"x{place}" for place in range(table.shape[1])])
    if not isinstance(table, pd.DataFrame):
        came = f"an array of shape {table.shape}" if isinstance(table, np.ndarray) else type(table)
        raise DataError(f"expected a pandas DataFrame or an array (rows, columns); got {came}")
    if table.empty:
        raise DataError(
            f"expected a table with rows and columns; got {len(table)} rows of "
            f"{table.shape[1]} columns"
        )
    names = [str(name) for name in table.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            f"expected columns with names of their own; {twice!r} is there "
            f"{names.count(twice)} times. Rename all but one"
        )
    return table


def places(frame: pd.DataFrame, *, names: Sequence[str]) -> list[int]:
    """Where the columns with these names stand in a frame, which holds them and no others.

    Args:
        frame: with its columns in any order.
        names: of the columns, as text.

    Returns:
        The position of each name.

    Raises:
        DataError: a column is missing, or there is one that is not named.

    Example:
        >>> places(as_frame(np.zeros((3, 2))), names=["x1", "x0"])
        [1, 0]
    """
    found = {str(name): place for place, name in enumerate(frame.columns)}
    absent = next((name for name in names if name not in found), None)
    if absent is not None:
        raise DataError(
            f"expected a column {absent!r}; there is none{nearest(absent, among=found)}. Give a "
            "table with the columns of the one that the schema was made from"
        )
    more = sorted(set(found) - set(names))
    if more:
        raise DataError(
            f"expected the {len(names)} columns of the schema; got {more[0]!r} besides. Drop it, "
            "or make a new schema"
        )
    return [found[name] for name in names]


def nearest(word: str, *, among: Iterable[str]) -> str:
    """A hint at what was meant.

    Args:
        word: as it was written.
        among: the words that there are.

    Returns:
        The end of a sentence, with the nearest word, or with all of them where none is near.

    Example:
        >>> nearest("agee", among=["age", "sex"])
        '; did you mean "age"?'
    """
    known = list(among)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f'; did you mean "{near[0]}"?'
    shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return f"; there are {shown}"
