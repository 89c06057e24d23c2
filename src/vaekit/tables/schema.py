"""What the columns of a table are: from a table to the numbers of a model, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import DataError
from vaekit.tables.cells import Markers, as_levels, read_cells, read_markers
from vaekit.tables.column import KINDS, Column
from vaekit.tables.encode import encode_cells
from vaekit.tables.frames import as_frame, places
from vaekit.tables.restore import restore

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Schema"]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The columns of a table, and what stands for a gap in it.

    Args:
        columns: all of the table, in its order.
        missing: texts and numbers that stand for a gap, besides NaN, None, NaT and NA.

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
        """Columns that a model sees: neither constants nor identifiers."""
        return tuple(column for column in self.columns if column.modelled)

    def encode(self, frame: pd.DataFrame | NDArray[Any]) -> NDArray[np.float64]:
        """A table as numbers.

        Args:
            frame: (N, ...) with the columns of the schema, in any order.

        Returns:
            (N, F) a column for each of ``modelled``: numbers as they are, levels as 0..L-1, NaN
            where missing. A level that the schema does not have counts as missing, and a number
            outside its limits as the nearer limit, with a ``VaekitWarning``.

        Raises:
            DataError: other columns than those of the schema, or cells that they cannot hold.
        """
        table = as_frame(frame)
        found = places(table, names=[column.name for column in self.columns])
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
        """Numbers as a table again.

        Args:
            values: (N, F) as ``encode`` gives them, or near: positions of levels and whole numbers
                are rounded, bounded ones kept within their limits, counts from 0 up. NaN leaves
                the cell of ``like``.
            like: (N, ...) the table to write into: its index, the order of its columns, its
                constants and identifiers. Gaps of a constant are filled with its value.

        Returns:
            (N, ...) with the types that the schema was made from, where they can hold every cell.

        Raises:
            DataError: not N rows of F values, or other columns than those of the schema.
        """
        import pandas as pd

        table = as_frame(like)
        found = places(table, names=[column.name for column in self.columns])
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
        """The schema in plain types, as JSON holds them.

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
        """A schema from what ``describe`` gave.

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
    """A constant with its value in the gaps, and whatever else it came with."""
    codes, _ = as_levels(read_cells(series, name=column.name, markers=markers))
    values = np.where(codes < 0, 0.0, np.nan)
    as_level = dataclasses.replace(column, kind="categorical")
    return restore(as_level, values, like=series) if (codes < 0).any() else series
