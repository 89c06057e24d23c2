"""From the cells of a table to what a model sees of them, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError
from vaekit.models import VAE, ColumnSpec
from vaekit.tables import Column, nearest
from vaekit.tasks import Imputation, impute

__all__ = ["Layout", "fill", "lay_out"]


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
        As :func:`vaekit.tasks.impute` gives it, for all columns (N, C); gaps stay in those that
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
    if column.kind == "real":
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
