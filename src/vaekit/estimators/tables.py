"""Input tables of the estimators: validate, encode, decode."""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution

from vaekit.errors import ConfigError
from vaekit.inference import Imputation, impute
from vaekit.models import VAE, ColumnSpec
from vaekit.tables import Column, Schema, infer_schema, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LEVELLED",
    "ArrayForm",
    "FrameForm",
    "Layout",
    "TableForm",
    "centre",
    "fill",
    "frame_of",
    "is_frame",
    "lay_out",
    "open_form",
    "write_cells",
    "write_rows",
]


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """The columns of a table that a model sees, in units that float32 can hold.

    Real columns are standardised and positive ones divided by their geometric mean here, in
    float64: a float32 does not tell the seconds of a date apart.

    Args:
        places: (F,) positions of the columns in the table.
        specs: F, as the model sees the columns.
        shift: (F,) taken off a cell first.
        scale: (F,) by which it is divided then.
    """

    places: NDArray[np.int64]
    specs: tuple[ColumnSpec, ...]
    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    def to_model(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cells as the model sees them.

        Args:
            cells: (N, C) NaN where missing.

        Returns:
            (N, F)
        """
        seen: NDArray[np.float64] = (cells[:, self.places] - self.shift) / self.scale
        return seen

    def from_model(
        self, seen: NDArray[np.floating[Any]], *, cells: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Put what a model says into the gaps of a table; known cells stand as they came.

        Args:
            seen: (N, F) in units of the model.
            cells: (N, C) NaN where missing.

        Returns:
            (N, C)
        """
        found = cells.copy()
        found[:, self.places] = np.where(
            np.isnan(cells[:, self.places]), seen * self.scale + self.shift, cells[:, self.places]
        )
        return found

    def weigh(
        self, weights: Mapping[str, float] | None, *, columns: Sequence[Column]
    ) -> list[float] | None:
        """Weights in the order of the columns that the model sees.

        Args:
            weights: column to weight.
            columns: C, of the table.

        Returns:
            F of them, 1 where nothing is said; none where nothing is said at all.

        Raises:
            ConfigError: there is no such column, or a weight is not above 0.
        """
        if not weights:
            return None
        names = [columns[place].name for place in self.places]
        said = {str(name): weight for name, weight in weights.items()}
        for name, weight in said.items():
            if name not in names:
                raise ConfigError(
                    f"weights: {name!r} is no column that the model sees"
                    f"{nearest(name, among=names)}"
                )
            if not 0.0 < weight < math.inf:
                raise ConfigError(f"weights: expected {name} above 0; got {weight!r}")
        return [float(said.get(name, 1.0)) for name in names]


def lay_out(
    cells: NDArray[np.float64], *, columns: Sequence[Column], beyond: bool = False
) -> Layout:
    """Units of every column from the cells that are known.

    Args:
        cells: (N, C) NaN where missing.
        columns: C; those without a known cell are left out, as are constants.
        beyond: whether missing values may be larger than all that are known.

    Returns:
        The layout; without a column where nothing is to be modelled.
    """
    places = [
        place
        for place, column in enumerate(columns)
        if column.modelled and not np.isnan(cells[:, place]).all()
    ]
    made = [_units(columns[place], cells[:, place]) for place in places]
    specs = [spec._replace(most=math.inf) if beyond else spec for spec, _, _ in made]
    return Layout(
        places=np.array(places, np.int64),
        specs=tuple(specs),
        shift=np.array([shift for _, shift, _ in made]),
        scale=np.array([scale for _, _, scale in made]),
    )


def fill(
    cells: NDArray[np.float64],
    *,
    layout: Layout,
    model: VAE | None,
    samples: int,
    draws: int = 0,
    interval: float | None = None,
    seed: int = 0,
) -> Imputation:
    """Fill the gaps of cells with what a model says of them.

    Args:
        cells: (N, C) NaN where missing.
        layout: the columns that the model sees.
        model: a trained model; none where there was nothing to model.
        samples: K for each row.
        draws: M, tables to draw.
        interval: coverage of the interval of each gap.
        seed: of the noise.

    Returns:
        As :func:`vaekit.inference.impute` gives it, for all columns (N, C); gaps stay in those that
        the model does not see.
    """
    if model is None:
        return Imputation(
            filled=cells,
            draws=np.repeat(cells[None], draws, axis=0),
            low=cells,
            high=cells,
            effective_samples=np.full(len(cells), float(samples)),
        )
    seen = layout.to_model(cells)
    made = impute(model, rows=seen, samples=samples, draws=draws, interval=interval, seed=seed)
    return Imputation(
        filled=layout.from_model(made.filled, cells=cells),
        draws=np.array([layout.from_model(each, cells=cells) for each in made.draws]).reshape(
            draws, *cells.shape
        ),
        low=layout.from_model(made.low, cells=cells),
        high=layout.from_model(made.high, cells=cells),
        effective_samples=made.effective_samples,
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


def centre(p: Distribution, *, specs: Sequence[ColumnSpec] | None) -> NDArray[np.float64]:
    """Means, and most probable levels.

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
    made: NDArray[np.float64] = found.double().numpy()
    return made


def write_cells(
    cells: NDArray[np.floating[Any]],
    *,
    form: TableForm,
    names: Any,  # noqa: ANN401 - whatever pandas takes
    dtype: np.dtype[Any],
) -> Any:  # noqa: ANN401 - an array or a frame
    """A table of cells that nobody gave.

    Args:
        cells: (N, C) of the columns of the form.
        form: how the table is read and written.
        names: of the columns of a DataFrame; none of an array.
        dtype: of an array; object for a DataFrame, whose columns have types of their own.

    Returns:
        A DataFrame where there are names, else an array; constants have their value, identifiers
        are missing.
    """
    like: Any = np.full((len(cells), len(form.all_columns)), np.nan, dtype)
    if names is not None:
        like = frame_of(like, names=names)
    return form.write(cells, like=like, keep_empty=True)


def write_rows(
    seen: NDArray[np.float64],
    *,
    layout: Layout,
    form: TableForm,
    names: Any,  # noqa: ANN401 - whatever pandas takes
) -> Any:  # noqa: ANN401 - an array or a frame
    """A table of rows that a model says.

    Args:
        seen: (N, F) in units of the model.
        layout: the columns that the model sees, and their units.
        form: how the table is read and written.
        names: of the columns of a DataFrame; none of an array.

    Returns:
        As ``write_cells``; an array is of float64.
    """
    gaps = np.full((len(seen), len(form.columns)), np.nan)
    cells = layout.from_model(seen, cells=gaps)
    dtype = np.dtype(np.float64 if names is None else object)
    return write_cells(cells, form=form, names=names, dtype=dtype)
