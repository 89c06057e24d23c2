"""Synthesize table rows by a variational autoencoder."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.distributions import Distribution

from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.calibration import Calibration, calibrate
from vaekit.estimators.tables import (
    FrameForm,
    Layout,
    TableForm,
    centre,
    is_frame,
    open_form,
    write_cells,
)
from vaekit.inference import Drawn, draw_rows
from vaekit.models import VAE, Conditional, MixtureOfGaussians
from vaekit.numerics import fixed_noise
from vaekit.tables import Column, read_given

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Synthesizer",
    "decimals_of",
    "encoded",
    "fit_codes",
    "fit_synthesizer",
    "mean_codes",
    "nats_of_columns",
    "open_steady_form",
    "round_cells",
]


_COMPONENTS = 20
_CODES = (5000, 20_000)
_CODES_PER_COMPONENT = 50
_MOST_LEVELS = 100
_MOST_DECIMALS = 6
_WRITTEN_SO = 0.95


def open_steady_form(table: Any, *, kinds: Mapping[str, str] | None) -> TableForm:  # noqa: ANN401
    """The form of a table of which rows are to be made up.

    No count varies less than a Poisson variable; whole numbers that do, such as marks and scores,
    are taken as ordinal where nothing else is said of them and there are at most 100 of them.

    Args:
        table: a DataFrame, or an array (N, C) of numbers.
        kinds: for a DataFrame, column to kind.

    Returns:
        The form.

    Raises:
        ConfigError: kinds for an array.
        DataError: a column that cannot be modelled as its kind.
    """
    form = open_form(table, kinds=kinds)
    if not isinstance(form, FrameForm):
        return form
    said = {str(name): kind for name, kind in (kinds or {}).items()}
    steady = {
        column.name: "ordinal"
        for column, cells in zip(form.columns, form.read(table).T, strict=True)
        if column.kind == "count" and column.name not in said and _is_steady(cells)
    }
    return open_form(table, kinds={**said, **steady}) if steady else form


def _is_steady(cells: NDArray[np.float64]) -> bool:
    known = cells[~np.isnan(cells)]
    few = len(np.unique(known)) <= _MOST_LEVELS
    return few and bool(np.var(known) < np.mean(known))


def encoded(model: VAE, rows: NDArray[np.float64]) -> Distribution:
    """Posteriors of rows.

    Args:
        model: whose posterior sees the mask.
        rows: (N, F) as the model sees them, NaN where missing.

    Returns:
        q(z|x), batch (N,).
    """
    seen = torch.from_numpy(rows).float()
    return model.encode(seen.nan_to_num(0.0), mask=~seen.isnan())


@torch.no_grad()
def mean_codes(model: VAE, rows: NDArray[np.float64]) -> NDArray[np.float32]:
    """Means of posteriors, of each row by itself: the same whatever rows go with it.

    Args:
        model: whose posterior sees the mask.
        rows: (N, F) as the model sees them, NaN where missing.

    Returns:
        (N, D)
    """
    codes: NDArray[np.float32] = torch.cat([encoded(model, row[None]).mean for row in rows]).numpy()
    return codes


@torch.no_grad()
def fit_codes(model: VAE, rows: NDArray[np.float64], *, seed: int) -> Conditional:
    r"""A density of the codes of rows: what the decoder has learned to read.

    .. math:: \hat p(z) = \sum_c \pi_c N(z; \mu_c, \mathrm{diag}(\sigma_c^2))
        \approx \frac1N \sum_n q(z|x_n)

    The prior is where training draws codes to, not where they are in the end.

    Args:
        model: a trained model.
        rows: (N, F) as the model sees them, NaN where missing.
        seed: of the codes that are drawn from q(z|x), and of the start of the fit.

    Returns:
        A mixture of at most 20 Gaussians, to take the place of the prior.

    Source:
        Ghosh, Sajjadi, Vergari, Black and Schoelkopf 2020, arXiv:1903.12436 (ex-post density).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    least, most = _CODES
    chosen = np.random.default_rng(seed).permutation(len(rows))[:most]
    copies = -(-least // len(chosen))
    with fixed_noise(seed):
        drawn = encoded(model, rows[np.sort(chosen)]).sample(torch.Size([copies]))
    codes = drawn.flatten(0, 1).double().numpy()
    # components are for rows, of which copies tell nothing more
    count = max(1, min(_COMPONENTS, len(chosen) // _CODES_PER_COMPONENT))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture nearly as good will do
        found = GaussianMixture(
            count, covariance_type="diag", reg_covar=1e-4, random_state=seed
        ).fit(codes)
    density = MixtureOfGaussians(codes.shape[1], components=count)
    density.load_state_dict(
        {
            "logits": torch.from_numpy(found.weights_).log().float(),
            "loc": torch.from_numpy(found.means_).float(),
            "raw_log_variance": torch.from_numpy(found.covariances_).log().float(),
        }
    )
    return density.requires_grad_(False)


@torch.no_grad()
def nats_of_columns(model: VAE, rows: NDArray[np.float64], *, seed: int) -> list[float]:
    r"""What each column adds to the log-likelihood of rows, whatever its weight in training.

    .. math:: \frac{1}{N_f} \sum_n \log p(x_{nf}|z_n), \quad z_n \sim q(z|x_n)

    Args:
        model: a trained model.
        rows: (N, F) as the model sees them, NaN where missing.
        seed: of the codes.

    Returns:
        F of them in nats, over the rows where the cell is known.
    """
    with fixed_noise(seed):
        z = encoded(model, rows).sample()
    p = cast("Any", model.decode(z)).base_dist
    known = torch.from_numpy(~np.isnan(rows))
    each = p.log_prob(torch.from_numpy(rows).float().nan_to_num(0.0))
    sums = torch.where(known, each, torch.zeros_like(each)).sum(0)
    found: list[float] = (sums / known.sum(0).clamp(min=1)).tolist()
    return found


def decimals_of(cells: NDArray[np.float64]) -> tuple[int | None, ...]:
    """With how many decimals the numbers of each column are written.

    Args:
        cells: (N, C) NaN where missing.

    Returns:
        For each column, from 0 to 6; none where that is not enough for 95 % of the known cells.

    Example:
        >>> decimals_of(np.array([[1.0, 0.25, np.pi], [2.0, np.nan, 1.0]]))
        (0, 2, None)
    """
    return tuple(_decimals(column[~np.isnan(column)]) for column in cells.T)


def _decimals(known: NDArray[np.float64]) -> int | None:
    for digits in range(_MOST_DECIMALS + 1) if len(known) else ():
        if np.mean(np.round(known, digits) == known) >= _WRITTEN_SO:
            return digits
    return None


def round_cells(
    cells: NDArray[np.float64], *, decimals: Sequence[int | None], columns: Sequence[Column]
) -> NDArray[np.float64]:
    """Numbers with as many decimals as those of training.

    A positive number that would become 0 keeps the least that can be written.

    Args:
        cells: (N, C) NaN where missing.
        decimals: C of them, as ``decimals_of`` gives them.
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
            middle = centre(self.model.decode(torch.from_numpy(codes)), specs=self.layout.specs)
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
        model = model.with_prior(density)
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
