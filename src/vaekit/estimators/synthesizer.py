"""From codes to the rows of a table, made up or not."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.calibration import Calibration, calibrate
from vaekit.estimators.layout import Layout
from vaekit.estimators.reading import TableForm, is_frame
from vaekit.estimators.synthesis import decimals_of, fit_codes, round_cells
from vaekit.estimators.writing import centre, write_cells
from vaekit.models import VAE
from vaekit.tables import read_given
from vaekit.tasks import Drawn, draw_rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Synthesizer", "fit_synthesizer"]

_FEW_SAMPLES = 20
_REFERENCE = 10_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Synthesizer:
    """Rows of a table from the codes of a model.

    Args:
        form: of the table of training.
        layout: the columns that the model sees.
        model: with the density of codes in the place of its prior; none where there was nothing
            to model.
        decimals: of each column of the form.
        calibration: from columns as the model draws them to columns as the table has them; none
            leaves them as they are drawn.
        names: of the columns of a DataFrame; none of an array.
        dtype: of an array; object of a DataFrame, whose columns have types of their own.
    """

    form: TableForm
    layout: Layout
    model: VAE | None
    decimals: tuple[int | None, ...]
    calibration: Calibration | None
    names: pd.Index[Any] | None
    dtype: np.dtype[Any]

    def draw(self, n: int, *, given: Mapping[str, Any], seed: int) -> Drawn:
        """Make rows up.

        Args:
            n: how many.
            given: column to value.
            seed: of the noise.

        Returns:
            Cells (n, C), of the columns of the form; a ``VaekitWarning`` tells where fewer than
            20 codes carry them.

        Raises:
            ConfigError: n is below 1, or there is no such column.
            DataError: a value that its column cannot hold.
        """
        if n < 1:
            raise ConfigError(f"expected at least 1 row to draw; got n = {n}")
        columns = self.form.columns
        known = read_given(given, columns=self.form.all_columns)
        row = np.array([known.get(column.name, np.nan) for column in columns])[None]
        if self.model is None:
            return Drawn(rows=np.repeat(row, n, axis=0), effective_samples=float(n))
        seen = row if self.calibration is None else self.calibration.to_model(row[0])[None]
        drawn = draw_rows(self.model, n=n, given=self.layout.to_model(seen)[0], seed=seed)
        made = self.layout.from_model(drawn.rows, cells=np.full((n, len(columns)), np.nan))
        if self.calibration is not None:
            made = self.calibration.to_table(made, seed=seed)
        made = round_cells(made, decimals=self.decimals, columns=columns)
        cells = np.where(np.isnan(row), made, row)
        few = min(n, _FEW_SAMPLES)
        if drawn.effective_samples < few:
            warnings.warn(
                f"{drawn.effective_samples:.1f} codes carry these rows, expected {few} at least: "
                "they are too alike, for the given cells are rare together. Give fewer",
                VaekitWarning,
                stacklevel=3,
            )
        return Drawn(rows=cells, effective_samples=drawn.effective_samples)

    def decode(self, codes: NDArray[np.float32]) -> NDArray[Any] | pd.DataFrame:
        """Rows that codes stand for.

        Args:
            codes: (N, D).

        Returns:
            (N, C) means of numbers, most probable levels.
        """
        gaps = np.full((len(codes), len(self.form.columns)), np.nan)
        if self.model is None:
            return self.write(Drawn(rows=gaps, effective_samples=float(len(codes))))
        with torch.no_grad():
            middle = centre(self.model.likelihood(torch.from_numpy(codes)), specs=self.layout.specs)
        cells = self.layout.from_model(middle, cells=gaps)
        return self.write(Drawn(rows=cells, effective_samples=float(len(codes))))

    def write(self, drawn: Drawn) -> NDArray[Any] | pd.DataFrame:
        """Cells as a table.

        Args:
            drawn: cells (n, C) of the columns of the form.

        Returns:
            A table as that of training: types, levels and order, constants with their value,
            identifiers missing.
        """
        made: NDArray[Any] | pd.DataFrame = write_cells(
            drawn.rows, form=self.form, names=self.names, dtype=self.dtype
        )
        return made


def fit_synthesizer(
    cells: NDArray[np.float64],
    *,
    form: TableForm,
    layout: Layout,
    model: VAE | None,
    table: Any,  # noqa: ANN401 - an array or a frame
    mixture: bool,
    seed: int,
) -> Synthesizer:
    """A synthesizer of the rows that a model was trained on.

    Args:
        cells: (N, C) the rows, NaN where missing.
        form: how they were read.
        layout: the columns that the model sees.
        model: trained on them; none where there was nothing to model.
        table: that they were read from.
        mixture: draw codes from a mixture that is fitted to theirs, and not from the prior.
        seed: of the fit.

    Returns:
        The synthesizer; the model is left as it is.
    """
    if model is not None and mixture:
        density = fit_codes(model, layout.to_model(cells), seed=seed)
        model = VAE(prior=density, posterior=model.posterior, likelihood=model.likelihood)
    calibration = None
    if model is not None:
        drawn = draw_rows(model, n=_REFERENCE, seed=seed).rows
        made = layout.from_model(drawn, cells=np.full((len(drawn), cells.shape[1]), np.nan))
        calibration = calibrate(made, cells=cells, columns=form.columns)
    return Synthesizer(
        form=form,
        layout=layout,
        model=model,
        decimals=decimals_of(cells),
        calibration=calibration,
        names=table.columns if is_frame(table) else None,
        dtype=np.dtype(object) if is_frame(table) else table.dtype,
    )
