"""Quantile mapping: columns of a model distributed as those of the training table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vaekit.tables import Column

__all__ = ["Calibration", "calibrate"]


_UNORDERED = ("binary", "categorical")


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    r"""A monotone map of each column, from quantiles of a model to those of the table.

    .. math:: x' = F_{\mathrm{table}}^{-1}(F_{\mathrm{model}}(x))

    No smooth density has the spikes of a table: forty hours a week, no capital gain. The map
    restores them and keeps the ranks of each column, so dependences between columns stay. Numbers
    stay within the range of the table. Levels without an order are left alone.

    Args:
        model: of each column, sorted numbers that the model drew; empty where it is not mapped.
        table: of each column, its sorted known numbers.
        whole: of each column, whether only numbers of the table may come out.

    Source:
        Panofsky and Brier 1968, Some Applications of Statistics to Meteorology (quantile mapping).
    """

    model: tuple[NDArray[np.float64], ...]
    table: tuple[NDArray[np.float64], ...]
    whole: tuple[bool, ...]

    def to_table(self, cells: NDArray[np.float64], *, seed: int) -> NDArray[np.float64]:
        """Map cells that the model drew to the distribution of the table.

        Args:
            cells: (N, C) without missing values in the columns that are mapped.
            seed: of the ranks among equal numbers.

        Returns:
            (N, C)
        """
        draw = np.random.default_rng(seed)
        found = cells.copy()
        for place, (model, table, whole) in enumerate(
            zip(self.model, self.table, self.whole, strict=True)
        ):
            if len(model):
                below, up_to = _ends(model, cells[:, place])
                rank = below + draw.random(len(cells)) * np.maximum(up_to - below, 1)
                method: Literal["inverted_cdf", "linear"] = "inverted_cdf" if whole else "linear"
                share = np.clip(rank / len(model), 0.0, 1.0)
                found[:, place] = np.quantile(table, share, method=method)
        return found

    def to_model(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map known cells of a row to the distribution of the model.

        Args:
            row: (C,) NaN where a cell is not known.

        Returns:
            (C,) a number outside the range of the table stays as it is.
        """
        found = row.copy()
        for place, (model, table) in enumerate(zip(self.model, self.table, strict=True)):
            value = row[place]
            if len(model) and table[0] <= value <= table[-1]:
                below, up_to = _ends(table, np.array([value]))
                share = float(below[0] + up_to[0]) / (2 * len(table))
                found[place] = np.quantile(model, share, method="inverted_cdf")
        return found


def calibrate(
    drawn: NDArray[np.float64], *, cells: NDArray[np.float64], columns: Sequence[Column]
) -> Calibration:
    """Find the map from the draws of a model to the rows of a table.

    Args:
        drawn: (n, C) rows that the model drew, NaN in columns that it does not see.
        cells: (N, C) those of the table, NaN where missing.
        columns: C of them.

    Returns:
        The map.

    Example:
        >>> columns = [Column(name="x", kind="real")]
        >>> drawn, real = np.arange(9.0)[:, None], 10 * np.arange(9.0)[:, None]
        >>> calibrate(drawn, cells=real, columns=columns).to_model(np.array([40.0]))
        array([4.])
    """
    empty = np.empty(0)
    mapped = [
        column.modelled and column.kind not in _UNORDERED and not np.isnan(numbers).any()
        for column, numbers in zip(columns, drawn.T, strict=True)
    ]
    return Calibration(
        model=tuple(np.sort(d) if m else empty for d, m in zip(drawn.T, mapped, strict=True)),
        table=tuple(
            np.sort(c[~np.isnan(c)]) if m else empty for c, m in zip(cells.T, mapped, strict=True)
        ),
        whole=tuple(column.whole or column.kind in ("count", "ordinal") for column in columns),
    )


def _ends(
    among: NDArray[np.float64], numbers: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many of the sorted numbers are below each, and how many are not above it."""
    below: NDArray[np.int64] = np.searchsorted(among, numbers, side="left")
    up_to: NDArray[np.int64] = np.searchsorted(among, numbers, side="right")
    return below, up_to
