"""Input tables of the estimators: encode to numbers, scale for the model, and decode."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray
from torch import Tensor
from torch.distributions import Distribution

from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.yeo_johnson import YeoJohnson, fit_yeo_johnson
from vaekit.models import ColumnSpec
from vaekit.tables import Column, Schema, infer_schema, misfits, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LEVELLED",
    "ArrayFormat",
    "FrameFormat",
    "TableFormat",
    "TableScaler",
    "decimal_places",
    "fit_scaler",
    "is_frame",
    "point_estimates",
    "round_cells",
    "table_format",
]


LEVELLED = ("binary", "categorical", "ordinal")
_MOST_SCORE_LEVELS = 100
_MOST_READ = 10_000
_MAX_DECIMALS = 6
_ROUNDED_SHARE = 0.95


class ArrayFormat:
    """The format of an array: columns with at most one value are constants, others are real.

    Args:
        table: (N, C) training table, NaN where missing.

    Attributes:
        columns: a constant has its value as its only level, and none where no cell is known.
        all_columns: the same.
        empty: positions of columns without a known cell.
        dtype: of the training table.
    """

    def __init__(self, table: NDArray[np.floating[Any]]) -> None:
        self.columns = tuple(_array_column(place, cells) for place, cells in enumerate(table.T))
        self.all_columns = self.columns
        self.empty = tuple(
            place
            for place, column in enumerate(self.columns)
            if not column.modelled and not column.levels
        )
        self.dtype = table.dtype

    def encode(self, table: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the array in float64.

        Args:
            table: (N, C) NaN where missing.
        """
        return table.astype(np.float64)

    def positions(self, table: NDArray[Any]) -> list[int]:
        """Return the positions of the C columns in a table.

        Args:
            table: (N, C).
        """
        return list(range(table.shape[1]))

    def unseen(self, table: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Find values that training never saw: others in columns of constants.

        Args:
            table: (N, C) NaN where missing.

        Returns:
            (N, C) true where a constant has another value, in the lower of both precisions.
        """
        found = np.zeros(table.shape, np.bool_)
        dtype = min(self.dtype, table.dtype, key=lambda each: each.itemsize)
        for place, column in enumerate(self.columns):
            if not column.modelled and column.levels:
                cells = table[:, place].astype(dtype)
                found[:, place] = ~np.isnan(cells) & (cells != dtype.type(column.levels[0]))
        return found

    def decode(
        self, cells: NDArray[np.floating[Any]], *, like: NDArray[Any], keep_empty: bool = True
    ) -> NDArray[Any]:
        """Fill the missing cells of a table.

        Args:
            cells: (N, C) encoded values.
            like: the table to fill; its known cells and its dtype are kept.
            keep_empty: keep columns without a known cell in training.

        Returns:
            The filled table; constants have their value, empty columns are 0.
        """
        filled = self.decode_numbers(cells, like=like, keep_empty=True)
        filled = np.where(np.isnan(like), filled, like).astype(like.dtype)
        return filled if keep_empty else np.delete(filled, self.empty, axis=1)

    def decode_numbers(
        self, numbers: NDArray[np.floating[Any]], *, like: NDArray[Any], keep_empty: bool
    ) -> NDArray[np.float64]:
        """Return numbers that belong to cells, such as interval bounds, as a table.

        Args:
            numbers: (N, C).
            like: the table that the cells were read from.
            keep_empty: keep columns without a known cell in training.

        Returns:
            float64; constants have their value, empty columns are 0.
        """
        filled = numbers.astype(np.float64)
        for place, column in enumerate(self.columns):
            if not column.modelled:
                value = column.levels[0] if column.levels else 0.0
                filled[:, place] = np.where(np.isnan(filled[:, place]), value, filled[:, place])
        return filled if keep_empty else np.delete(filled, self.empty, axis=1)

    def new_table(
        self, cells: NDArray[np.floating[Any]], *, dtype: DTypeLike | None = None
    ) -> NDArray[Any]:
        """Decode new rows.

        Args:
            cells: (N, C) encoded values.
            dtype: of the table; that of training when absent.

        Returns:
            A table like that of training.
        """
        return self.decode(cells, like=np.full(cells.shape, np.nan, dtype or self.dtype))


class FrameFormat:
    """The format of a DataFrame with columns of all kinds.

    Args:
        table: (N, ...) training table.
        kinds: column to kind, where it is known better than it can be inferred.

    Attributes:
        schema: of all columns.
        columns: those that a model sees.
        all_columns: with constants and identifiers.
        empty: positions in the DataFrame of columns without a known cell.
        names: of the columns, as the DataFrame has them.
        decimals: with how many the numbers of each column are written; none where they have more
            than six.

    Raises:
        DataError: a column that cannot be modelled as its kind.
    """

    def __init__(self, table: pd.DataFrame, *, kinds: Mapping[str, str] | None = None) -> None:
        self.schema = infer_schema(table, kinds=kinds)
        self.columns = self.schema.modelled
        self.all_columns = self.schema.columns
        self.empty = tuple(np.flatnonzero(table.isna().to_numpy().all(0)).tolist())
        self.names = table.columns
        self.decimals = decimal_places(self.encode(table.iloc[:_MOST_READ]))

    def as_frame(self, table: Any) -> pd.DataFrame:  # noqa: ANN401 - whatever pandas takes
        """Return a table as a DataFrame.

        Args:
            table: (N, ...) a DataFrame, which is returned as it is, or an array.

        Returns:
            The DataFrame; an array gets the names of the training columns.
        """
        import pandas as pd

        names = [column.name for column in self.schema.columns]
        return table if is_frame(table) else pd.DataFrame(np.asarray(table), columns=names)

    def encode(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Encode numbers as they are, levels as their positions.

        Args:
            table: (N, ...) with the columns of training.

        Returns:
            (N, C) NaN where missing.
        """
        return self.schema.encode(table)

    def positions(self, table: pd.DataFrame) -> list[int]:
        """Return the positions of the C columns in a table.

        Args:
            table: (N, ...) with the columns of training.
        """
        names = [str(name) for name in table.columns]
        return [names.index(column.name) for column in self.columns]

    def unseen(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """Find impossible values, and those that training never saw.

        Args:
            table: (N, ...) with the columns of training.

        Returns:
            (N, ...) true where a cell has a new level, another value in a column of constants, or
            a number that its kind cannot hold: a negative count, one outside of limits.
        """
        names = [str(name) for name in table.columns]
        columns = tuple(
            replace(column, kind="categorical") if column.levels else column
            for column in self.all_columns
            if column.levels or column.kind in ("count", "positive", "bounded")
        )
        places = [names.index(column.name) for column in columns]
        found = np.zeros(table.shape, np.bool_)
        if not places:
            return found
        known = table.iloc[:, places]
        free = tuple(replace(c, kind="real") if c.kind == "bounded" else c for c in columns)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VaekitWarning)  # that they count as missing
            encoded = Schema(columns=free, missing=self.schema.missing).encode(known)
        for place, (column, values) in enumerate(zip(columns, encoded.T, strict=True)):
            impossible = np.isnan(values)
            if column.kind == "bounded":
                impossible = misfits(values, kind="bounded", low=column.low, high=column.high)
            found[:, places[place]] = known.iloc[:, place].notna().to_numpy() & impossible
        return found

    def decode(
        self, cells: NDArray[np.floating[Any]], *, like: pd.DataFrame, keep_empty: bool = True
    ) -> pd.DataFrame:
        """Fill the missing cells of a table.

        Args:
            cells: (N, C) encoded values.
            like: the table to fill; its known cells, types, order and index are kept.
            keep_empty: keep columns without a known cell in training.

        Returns:
            The filled table, with as many decimals as the columns had; constants have their value.
        """
        # the schema leaves NaN as it came: known cells, and levels that training did not see
        missing = like.isna().to_numpy()[:, self.positions(like)]
        numbers = cells.astype(np.float64)
        cells = round_cells(numbers, decimals=self.decimals, columns=self.columns)
        filled = self.schema.decode(np.where(missing, cells, np.nan), like=like)
        return filled if keep_empty else filled.drop(columns=like.columns[list(self.empty)])

    def decode_numbers(
        self, numbers: NDArray[np.floating[Any]], *, like: pd.DataFrame, keep_empty: bool
    ) -> pd.DataFrame:
        """Return numbers that belong to cells, such as interval bounds, as a table.

        Args:
            numbers: (N, C).
            like: the table that the cells were read from.
            keep_empty: not used; columns without a known cell have no numbers.

        Returns:
            float64, of the numeric columns only.
        """
        import pandas as pd

        places = [at for at, column in enumerate(self.columns) if column.kind not in LEVELLED]
        names = [self.columns[at].name for at in places]
        return pd.DataFrame(numbers[:, places], index=like.index, columns=names)

    def new_table(
        self, cells: NDArray[np.floating[Any]], *, dtype: DTypeLike | None = None
    ) -> pd.DataFrame:
        """Decode new rows.

        Args:
            cells: (N, C) encoded values.
            dtype: not used; columns have the types of training.

        Returns:
            A table like that of training; constants have their value, identifiers are missing.
        """
        import pandas as pd

        empty = np.full((len(cells), len(self.names)), np.nan, object)
        return self.decode(cells, like=pd.DataFrame(empty, columns=self.names))


TableFormat = ArrayFormat | FrameFormat
"""Columns of a training table, and how tables are encoded as numbers and decoded."""


def is_frame(table: object) -> bool:
    """Whether a table is a pandas DataFrame; pandas need not be installed for one that is not.

    Args:
        table: anything.
    """
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(table, pandas.DataFrame)


def table_format(
    table: Any,  # noqa: ANN401 - an array or a frame
    *,
    kinds: Mapping[str, str] | None = None,
    scores_as_ordinal: bool = False,
) -> TableFormat:
    """Return the format of a training table.

    Args:
        table: a DataFrame, or an array (N, C) of numbers.
        kinds: for a DataFrame, column to kind.
        scores_as_ordinal: model whole numbers that vary less than any Poisson variable, such as
            marks and scores, as ordinal, where there are at most 100 of them and ``kinds`` does
            not name the column.

    Returns:
        The format.

    Raises:
        ConfigError: kinds for an array.
        DataError: a column that cannot be modelled as its kind.
    """
    if not is_frame(table):
        if kinds:
            raise ConfigError(
                "kinds name the columns of a DataFrame; got an array. Make it a DataFrame"
            )
        return ArrayFormat(table)
    found = FrameFormat(table, kinds=kinds)
    if not scores_as_ordinal:
        return found
    named = {str(name): kind for name, kind in (kinds or {}).items()}
    scores = {
        column.name: "ordinal"
        for column, cells in zip(found.columns, found.encode(table).T, strict=True)
        if column.kind == "count" and column.name not in named and _is_score(cells)
    }
    return FrameFormat(table, kinds={**named, **scores}) if scores else found


def _array_column(place: int, cells: NDArray[np.floating[Any]]) -> Column:
    values = np.unique(cells[~np.isnan(cells)])
    if len(values) > 1:
        return Column(name=f"x{place}", kind="real")
    return Column(name=f"x{place}", kind="constant", levels=tuple(values.tolist()))


def _is_score(cells: NDArray[np.float64]) -> bool:
    """Whether whole numbers are few, and their variance is below their mean."""
    known = cells[~np.isnan(cells)]
    few = len(np.unique(known)) <= _MOST_SCORE_LEVELS
    return few and bool(np.var(known) < np.mean(known))


@dataclass(frozen=True, kw_only=True, eq=False)
class TableScaler:
    """Selects the columns that a model sees and scales them to units that float32 can hold.

    Real columns are standardised and positive ones divided by their geometric mean, in float64:
    float32 does not resolve, say, dates in seconds.

    Args:
        columns: C, of the encoded table.
        places: (F,) positions of the columns that the model sees.
        specs: F, as the model sees the columns.
        shift: (F,) subtracted first.
        scale: (F,) divisor.
        powers: a power transform of skewed columns that comes before; none when absent.
    """

    columns: Sequence[Column]
    places: NDArray[np.int64]
    specs: tuple[ColumnSpec, ...]
    shift: NDArray[np.float64]
    scale: NDArray[np.float64]
    powers: YeoJohnson | None = None

    @property
    def names(self) -> list[str]:
        """F names of the columns that the model sees."""
        return [self.columns[place].name for place in self.places]

    def transform(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scale cells.

        Args:
            cells: (N, C) NaN where missing.

        Returns:
            (N, F) rows as the model sees them.
        """
        straight = cells if self.powers is None else self.powers.transform(cells)
        rows: NDArray[np.float64] = (straight[:, self.places] - self.shift) / self.scale
        return rows

    def inverse_transform(self, rows: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Undo the scaling; there is no way back through a power transform.

        Args:
            rows: (..., F) as the model sees them.

        Returns:
            (..., C) NaN in columns that the model does not see.
        """
        assert self.powers is None
        cells = np.full((*rows.shape[:-1], len(self.columns)), np.nan)
        cells[..., self.places] = rows * self.scale + self.shift
        return cells

    def order_weights(self, weights: Mapping[str, float] | None) -> list[float] | None:
        """Return column weights in the order of the columns that the model sees.

        Args:
            weights: column to weight.

        Returns:
            F weights, 1 for columns that are not named; none where there are no weights.

        Raises:
            ConfigError: there is no such column, or a weight is not above 0.
        """
        if not weights:
            return None
        named = {str(name): weight for name, weight in weights.items()}
        for name, weight in named.items():
            if name not in self.names:
                raise ConfigError(
                    f"weights: {name!r} is no column that the model sees"
                    f"{nearest(name, among=self.names)}"
                )
            if not 0.0 < weight < math.inf:
                raise ConfigError(f"weights: expected {name} above 0; got {weight!r}")
        return [float(named.get(name, 1.0)) for name in self.names]


def fit_scaler(
    cells: NDArray[np.float64],
    *,
    columns: Sequence[Column],
    unbounded: bool = False,
    powers: bool = False,
) -> TableScaler:
    """Find the units of every column from the known cells.

    Args:
        cells: (N, C) NaN where missing.
        columns: C; those without a known cell are left out, as are constants.
        unbounded: missing values may be larger than all known ones.
        powers: apply a Yeo-Johnson transform to real columns first.

    Returns:
        The scaler; without columns where there is nothing to model.
    """
    found = fit_yeo_johnson(cells, columns=columns) if powers else None
    cells = cells if found is None else found.transform(cells)
    places = [
        place
        for place, column in enumerate(columns)
        if column.modelled and not np.isnan(cells[:, place]).all()
    ]
    units = [_units(columns[place], cells[:, place]) for place in places]
    return TableScaler(
        columns=columns,
        places=np.array(places, np.int64),
        specs=tuple(spec._replace(most=math.inf) if unbounded else spec for spec, _, _ in units),
        shift=np.array([shift for _, shift, _ in units]),
        scale=np.array([scale for _, _, scale in units]),
        powers=found,
    )


def _units(column: Column, cells: NDArray[np.float64]) -> tuple[ColumnSpec, float, float]:
    """A column as the model sees it, with shift and scale."""
    known = cells[~np.isnan(cells)]
    if column.kind in ("real", "datetime"):
        return ColumnSpec("real"), *_moments(known)
    if column.kind == "positive":
        location, scale = _moments(np.log(known))
        size = float(np.exp(location))
        return ColumnSpec("positive", scale=scale, most=float(known.max()) / size), 0.0, size
    if column.kind == "count":
        location, scale = _moments(np.log1p(known))
        most = float(known.max())
        return ColumnSpec("count", location=location, scale=scale, most=most), 0.0, 1.0
    if column.kind == "bounded":
        low, high = float(column.low or 0.0), float(1.0 if column.high is None else column.high)
        location, scale = _moments((known - low) / (high - low))
        return ColumnSpec("bounded", location=location, scale=scale), low, high - low
    return ColumnSpec(column.kind, levels=len(column.levels)), 0.0, 1.0


def _moments(values: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation, without overflow; 1 where all values are equal."""
    size = float(np.abs(values).max()) or 1.0
    scale = float(np.std(values / size)) * size
    return float(np.mean(values / size)) * size, scale if scale > 0 else 1.0


def point_estimates(p: Distribution, *, specs: Sequence[ColumnSpec] | None) -> NDArray[np.float64]:
    """Return the means of numbers and the most probable levels of a distribution over rows.

    Args:
        p: batch (N,), event (F,).
        specs: F columns; none where all are numbers.

    Returns:
        (N, F)
    """
    found: Tensor = p.mean.clone()
    for place, spec in enumerate(specs or ()):
        if spec.kind in LEVELLED:
            found[:, place] = cast("Any", p).probabilities(place).argmax(-1).to(found)
    estimates: NDArray[np.float64] = found.double().numpy()
    return estimates


def decimal_places(cells: NDArray[np.float64]) -> tuple[int | None, ...]:
    """Find with how many decimals the numbers of each column are written.

    Args:
        cells: (N, C) NaN where missing.

    Returns:
        For each column, from 0 to 6; none where that is not enough for 95 % of the known cells.

    Example:
        >>> decimal_places(np.array([[1.0, 0.25, np.pi], [2.0, np.nan, 1.0]]))
        (0, 2, None)
    """
    return tuple(_decimals(column[~np.isnan(column)]) for column in cells.T)


def _decimals(known: NDArray[np.float64]) -> int | None:
    for digits in range(_MAX_DECIMALS + 1) if len(known) else ():
        if np.mean(np.round(known, digits) == known) >= _ROUNDED_SHARE:
            return digits
    return None


def round_cells(
    cells: NDArray[np.float64], *, decimals: Sequence[int | None], columns: Sequence[Column]
) -> NDArray[np.float64]:
    """Round numbers to the decimals of training.

    A positive number that would become 0 keeps the least that can be written.

    Args:
        cells: (N, C) NaN where missing.
        decimals: C of them, as :func:`decimal_places` gives them.
        columns: C of them.

    Returns:
        (N, C)

    Example:
        >>> real = Column(name="x", kind="real")
        >>> round_cells(np.array([[0.123]]), decimals=[1], columns=[real])
        array([[0.1]])
    """
    found = cells.copy()
    for place, (digits, column) in enumerate(zip(decimals, columns, strict=True)):
        if digits is not None:
            found[:, place] = np.round(cells[:, place], digits)
            if column.kind == "positive":
                found[:, place] = np.maximum(found[:, place], 10.0**-digits)
    return found
