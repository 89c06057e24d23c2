"""Synthesize table rows by a variational autoencoder."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.distributions import Distribution

from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.calibration import Calibration, calibrate
from vaekit.estimators.tables import (
    TableFormat,
    TableScaler,
    decimal_places,
    point_estimates,
    round_cells,
)
from vaekit.inference import Drawn, draw_rows
from vaekit.models import VAE, Conditional, MixtureOfGaussians
from vaekit.numerics import fixed_noise
from vaekit.tables import read_given

__all__ = [
    "Synthesizer",
    "column_log_likelihoods",
    "encode_means",
    "fit_mixture",
    "fit_synthesizer",
]


_FEW_SAMPLES = 20
_REFERENCE_ROWS = 10_000
_COMPONENTS = 20
_CODES = (5000, 20_000)
_CODES_PER_COMPONENT = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class Synthesizer:
    """Table rows from the codes of a model.

    Args:
        format: of the training table.
        scaler: the columns that the model sees, and their units.
        model: with the density of codes as its prior; none where there was nothing to model.
        decimals: of each column of the format.
        calibration: from columns as the model draws them to columns as the table has them; none
            leaves them as they are drawn.
    """

    format: TableFormat
    scaler: TableScaler
    model: VAE | None
    decimals: tuple[int | None, ...]
    calibration: Calibration | None

    def draw(self, n: int, *, given: Mapping[str, Any], seed: int) -> Drawn:
        """Draw synthetic rows.

        Args:
            n: how many.
            given: column to value.
            seed: of the noise.

        Returns:
            Cells (n, C), of the columns of the format; a ``VaekitWarning`` tells where the
            effective number of codes is below 20.

        Raises:
            ConfigError: n is below 1, or there is no such column.
            DataError: a value that its column cannot hold.
        """
        if n < 1:
            raise ConfigError(f"expected at least 1 row to draw; got n = {n}")
        columns = self.format.columns
        known = read_given(given, columns=self.format.all_columns)
        row = np.array([known.get(column.name, np.nan) for column in columns])[None]
        if self.model is None:
            return Drawn(rows=np.repeat(row, n, axis=0), effective_samples=float(n))
        as_drawn = row if self.calibration is None else self.calibration.to_model(row[0])[None]
        drawn = draw_rows(self.model, n=n, given=self.scaler.transform(as_drawn)[0], seed=seed)
        cells = self.scaler.inverse_transform(drawn.rows)
        if self.calibration is not None:
            cells = self.calibration.to_table(cells, seed=seed)
        cells = round_cells(cells, decimals=self.decimals, columns=columns)
        few = min(n, _FEW_SAMPLES)
        if drawn.effective_samples < few:
            warnings.warn(
                f"the effective number of codes of these rows is {drawn.effective_samples:.1f}, "
                f"expected at least {few}: they are too alike, because the given cells are rare "
                "together. Give fewer",
                VaekitWarning,
                stacklevel=3,
            )
        return Drawn(
            rows=np.where(np.isnan(row), cells, row), effective_samples=drawn.effective_samples
        )

    def decode(self, codes: NDArray[np.float32]) -> Any:  # noqa: ANN401 - an array or a frame
        """Decode codes to rows.

        Args:
            codes: (N, D).

        Returns:
            (N, C) means of numbers, most probable levels.
        """
        if self.model is None:
            return self.format.new_table(np.full((len(codes), len(self.format.columns)), np.nan))
        with torch.no_grad():
            p = self.model.decode(torch.from_numpy(codes))
        return self.format.new_table(
            self.scaler.inverse_transform(point_estimates(p, specs=self.scaler.specs))
        )

    def write(self, drawn: Drawn) -> Any:  # noqa: ANN401 - an array or a frame
        """Decode drawn cells to a table.

        Args:
            drawn: cells (n, C) of the columns of the format.

        Returns:
            A table like that of training: types, levels and order, constants with their value,
            identifiers missing.
        """
        return self.format.new_table(drawn.rows)


def fit_synthesizer(
    cells: NDArray[np.float64],
    *,
    format: TableFormat,
    scaler: TableScaler,
    model: VAE | None,
    mixture: bool,
    seed: int,
) -> Synthesizer:
    """Return a synthesizer of the rows that a model was trained on.

    Args:
        cells: (N, C) training rows, NaN where missing.
        format: how they were read.
        scaler: the columns that the model sees, and their units.
        model: trained on them; none where there was nothing to model.
        mixture: draw codes from a mixture fitted to those of the rows, and not from the prior.
        seed: of the fit.

    Returns:
        The synthesizer; the model is left as it is.
    """
    calibration = None
    if model is not None:
        if mixture:
            density = fit_mixture(model, scaler.transform(cells), seed=seed)
            model = model.with_prior(density)
        drawn = draw_rows(model, n=_REFERENCE_ROWS, seed=seed).rows
        calibration = calibrate(
            scaler.inverse_transform(drawn), cells=cells, columns=format.columns
        )
    return Synthesizer(
        format=format,
        scaler=scaler,
        model=model,
        decimals=decimal_places(cells),
        calibration=calibration,
    )


@torch.no_grad()
def encode_means(model: VAE, rows: NDArray[np.float64]) -> NDArray[np.float32]:
    """Encode each row by itself, so that its code does not depend on the other rows.

    Args:
        model: whose posterior sees the mask.
        rows: (N, F) as the model sees them, NaN where missing.

    Returns:
        (N, D) means of the posteriors.
    """
    codes: NDArray[np.float32] = torch.cat(
        [_posterior(model, row[None]).mean for row in rows]
    ).numpy()
    return codes


@torch.no_grad()
def fit_mixture(model: VAE, rows: NDArray[np.float64], *, seed: int) -> Conditional:
    r"""Fit a mixture of Gaussians to the codes of rows (the aggregate posterior).

    .. math:: \hat p(z) = \sum_c \pi_c N(z; \mu_c, \mathrm{diag}(\sigma_c^2))
        \approx \frac1N \sum_n q(z|x_n)

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
        drawn = _posterior(model, rows[np.sort(chosen)]).sample(torch.Size([copies]))
    codes = drawn.flatten(0, 1).double().numpy()
    # the number of components follows from the rows; copies add no information
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
def column_log_likelihoods(model: VAE, rows: NDArray[np.float64], *, seed: int) -> list[float]:
    r"""Compute the mean log-likelihood of each column, whatever its weight in training.

    .. math:: \frac{1}{N_f} \sum_n \log p(x_{nf}|z_n), \quad z_n \sim q(z|x_n)

    Args:
        model: a trained model.
        rows: (N, F) as the model sees them, NaN where missing.
        seed: of the codes.

    Returns:
        F of them in nats, over the rows where the cell is known.
    """
    with fixed_noise(seed):
        z = _posterior(model, rows).sample()
    p = cast("Any", model.decode(z)).base_dist
    known = torch.from_numpy(~np.isnan(rows))
    each = p.log_prob(torch.from_numpy(rows).float().nan_to_num(0.0))
    sums = torch.where(known, each, torch.zeros_like(each)).sum(0)
    found: list[float] = (sums / known.sum(0).clamp(min=1)).tolist()
    return found


def _posterior(model: VAE, rows: NDArray[np.float64]) -> Distribution:
    """q(z|x) of rows (N, F), NaN where missing."""
    x = torch.from_numpy(rows).float()
    return model.encode(x.nan_to_num(0.0), mask=~x.isnan())
