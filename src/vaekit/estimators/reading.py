"""Tables as they come to an estimator: arrays of numbers, and frames of anything."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError
from vaekit.tables import Column, Schema, infer_schema

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEVELLED", "ArrayForm", "FrameForm", "TableForm", "frame_of", "is_frame", "open_form"]

LEVELLED = ("binary", "categorical", "ordinal")


class TableForm(ABC):
    """How a table becomes cells, and filled cells a table.

    Attributes:
        columns: C of the cells.
        all_columns: of the whole table.
        empty: positions in the whole table of columns without a known cell.
    """

    columns: tuple[Column, ...]
    all_columns: tuple[Column, ...]
    empty: tuple[int, ...]

    @abstractmethod
    def read(self, table: Any) -> NDArray[np.float64]:  # noqa: ANN401 - an array or a frame
        """Cells of a table.

        Args:
            table: (N, ...) with the columns of training.

        Returns:
            (N, C) NaN where missing.
        """

    @abstractmethod
    def write(self, filled: NDArray[np.floating[Any]], *, like: Any, keep_empty: bool) -> Any:  # noqa: ANN401
        """Fill the gaps of a table.

        Args:
            filled: (N, C) cells without gaps, where anything is known of them.
            like: the table that they were read from; its known cells stand.
            keep_empty: keep columns without a known cell.

        Returns:
            The table without gaps, in the container and types that it came in.
        """

    @abstractmethod
    def write_numbers(
        self,
        numbers: NDArray[np.floating[Any]],
        *,
        like: Any,  # noqa: ANN401
        keep_empty: bool,
    ) -> Any:  # noqa: ANN401
        """Numbers that belong to the cells of a table, such as the ends of intervals.

        Args:
            numbers: (N, C).
            like: the table.
            keep_empty: keep columns without a known cell.

        Returns:
            float64 in the container of the table; of a frame only the columns of numbers.
        """


class ArrayForm(TableForm):
    """An array of numbers: constants where there is at most one value, the rest real.

    Args:
        table: (N, C) of training, NaN where missing.

    Attributes:
        columns: a constant has its value as its only level, and none where no cell is known.
        all_columns: the same.
        empty: positions of columns without a known cell.
    """

    def __init__(self, table: NDArray[np.floating[Any]]) -> None:
        self.columns = tuple(_array_column(place, cells) for place, cells in enumerate(table.T))
        self.all_columns = self.columns
        self.empty = tuple(
            place
            for place, column in enumerate(self.columns)
            if not column.modelled and not column.levels
        )

    def read(self, table: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The array itself, in float64."""
        return table.astype(np.float64)

    def write(
        self, filled: NDArray[np.floating[Any]], *, like: NDArray[Any], keep_empty: bool
    ) -> NDArray[Any]:
        """See the interface; the type of the array is kept."""
        found = np.where(np.isnan(like), self._constants(filled), like).astype(like.dtype)
        return found if keep_empty else np.delete(found, self.empty, axis=1)

    def write_numbers(
        self, numbers: NDArray[np.floating[Any]], *, like: NDArray[Any], keep_empty: bool
    ) -> NDArray[np.float64]:
        """See the interface."""
        found = self._constants(numbers)
        return found if keep_empty else np.delete(found, self.empty, axis=1)

    def _constants(self, cells: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Constants with their value in the gaps, and 0 where none is known."""
        found = cells.astype(np.float64)
        for place, column in enumerate(self.columns):
            if not column.modelled:
                value = column.levels[0] if column.levels else 0.0
                found[:, place] = np.where(np.isnan(found[:, place]), value, found[:, place])
        return found


class FrameForm(TableForm):
    """A DataFrame with columns of all kinds.

    Args:
        table: (N, ...) of training.
        kinds: column to kind, where it is known better than it can be guessed.

    Attributes:
        schema: of all columns.
        columns: those that a model sees.
        all_columns: with constants and identifiers.
        empty: positions, in the frame, of columns without a known cell.

    Raises:
        DataError: a column that cannot be modelled as its kind.
    """

    def __init__(self, table: pd.DataFrame, *, kinds: Mapping[str, str] | None = None) -> None:
        self.schema: Schema = infer_schema(table, kinds=kinds)
        self.columns = self.schema.modelled
        self.all_columns = self.schema.columns
        self.empty = tuple(np.flatnonzero(table.isna().to_numpy().all(0)).tolist())

    def framed(self, table: Any) -> pd.DataFrame:  # noqa: ANN401 - whatever pandas takes
        """A table with the names of training, where it came without.

        Args:
            table: (N, ...) a frame, which is left as it is, or an array.

        Returns:
            The frame.
        """
        return (
            table
            if is_frame(table)
            else frame_of(table, names=[c.name for c in self.schema.columns])
        )

    def read(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Numbers as they are, levels as their positions."""
        return self.schema.encode(table)

    def write(
        self, filled: NDArray[np.floating[Any]], *, like: pd.DataFrame, keep_empty: bool
    ) -> pd.DataFrame:
        """See the interface; the types, order and index of the frame are kept."""
        names = [str(name) for name in like.columns]
        places = [names.index(column.name) for column in self.columns]
        # what the schema does not write it leaves as it came: known cells, unseen levels too
        gaps = like.isna().to_numpy()[:, places]
        found = self.schema.decode(np.where(gaps, filled, np.nan), like=like)
        return found if keep_empty else found.drop(columns=like.columns[list(self.empty)])

    def write_numbers(
        self, numbers: NDArray[np.floating[Any]], *, like: pd.DataFrame, keep_empty: bool
    ) -> pd.DataFrame:
        """See the interface."""
        import pandas as pd

        places = [at for at, column in enumerate(self.columns) if column.kind not in LEVELLED]
        names = [self.columns[at].name for at in places]
        return pd.DataFrame(numbers[:, places], index=like.index, columns=names)


def is_frame(table: object) -> bool:
    """Whether a table is a pandas DataFrame; pandas need not be installed for one that is not."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(table, pandas.DataFrame)


def frame_of(table: Any, *, names: Any) -> pd.DataFrame:  # noqa: ANN401 - whatever pandas takes
    """A table without names as a DataFrame.

    Args:
        table: (N, C).
        names: of its columns.

    Returns:
        The frame.
    """
    import pandas as pd

    return pd.DataFrame(np.asarray(table), columns=names)


def open_form(table: Any, *, kinds: Mapping[str, str] | None = None) -> TableForm:  # noqa: ANN401
    """The form of a table of training.

    Args:
        table: a DataFrame, or an array (N, C) of numbers.
        kinds: for a DataFrame, column to kind.

    Returns:
        The form.

    Raises:
        ConfigError: kinds for an array.
        DataError: a column that cannot be modelled as its kind.
    """
    if is_frame(table):
        return FrameForm(table, kinds=kinds)
    if kinds:
        raise ConfigError(
            "kinds name the columns of a DataFrame; got an array. Make it a DataFrame"
        )
    return ArrayForm(table)


def _array_column(place: int, cells: NDArray[np.floating[Any]]) -> Column:
    values = np.unique(cells[~np.isnan(cells)])
    if len(values) > 1:
        return Column(name=f"x{place}", kind="real")
    return Column(name=f"x{place}", kind="constant", levels=tuple(values.tolist()))
