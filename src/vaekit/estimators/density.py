"""Densities of table rows: one model or the mean of several."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from vaekit.estimators.fitting import Budget, TableSettings, TableTask, fit_tables
from vaekit.estimators.tables import TableScaler, fit_scaler
from vaekit.inference import Scores, score
from vaekit.models import VAE, ColumnSpec
from vaekit.tables import Column

__all__ = ["Density", "blur", "density_budget", "fit_density"]


_STEPS = (1500, 6000)
_MIN_STEPS = 600
_MAX_COPIES = 50
_MIN_PASSES = 15
_MAX_BLURRED_NUMBERS = 2**23


def density_budget(models: int = 1) -> Budget:
    """Return how long a density trains: 100 epochs, from 1500 to 6000 steps.

    Args:
        models: how many models share the least number of steps, but for 600 steps of each.
    """
    least, most = _STEPS
    return Budget(
        epochs=100, min_steps=max(least // models, _MIN_STEPS), max_steps=most, min_epochs=5
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Density:
    """One or more models of the same columns; their mean log-density is the score of a row."""

    scaler: TableScaler
    """The columns that the models see, and their units."""
    models: tuple[VAE, ...]
    """Trained models; none where there was nothing to model."""

    def score(
        self, cells: NDArray[np.float64], *, samples: int, seed: int, member: int | None = None
    ) -> Scores:
        """Compute log-densities of the known cells of rows, in the units that the models see.

        Args:
            cells: (N, C) NaN where missing.
            samples: K for each row and model.
            seed: of the noise.
            member: position of the only model to use; all when absent.

        Returns:
            Means over the models; 0 where there is none. ``surprise`` is (N, F).
        """
        models = self.models if member is None else self.models[member : member + 1]
        if not models:
            return Scores(
                log_likelihood=np.zeros(len(cells)),
                effective_samples=np.full(len(cells), float(samples)),
                surprise=np.empty((len(cells), 0)),
            )
        rows = self.scaler.transform(cells)
        scores = [score(model, rows=rows, samples=samples, seed=seed) for model in models]
        return Scores(
            log_likelihood=np.mean([each.log_likelihood for each in scores], axis=0),
            effective_samples=np.mean([each.effective_samples for each in scores], axis=0),
            surprise=np.mean([each.surprise for each in scores], axis=0),
        )


def fit_density(
    cells: NDArray[np.float64],
    *,
    columns: Sequence[Column],
    settings: TableSettings,
    held_out: Sequence[NDArray[np.int64]] = (np.empty(0, np.int64),),
    noise: float = 0.0,
    hide: float = 0.0,
    powers: bool = False,
    weights: Mapping[str, float] | None = None,
    seed: int,
    verbose: bool = False,
) -> Density:
    """Train one or more models on blurred copies of the rows of a table.

    Args:
        cells: (N, C) NaN where missing.
        columns: C of them.
        settings: of model and training.
        held_out: for each model the positions of the rows that it does not see.
        noise: standard deviation of the blur, as in :func:`blur`.
        hide: share of hidden cells, as in :func:`blur`.
        powers: apply a Yeo-Johnson transform to real columns.
        weights: column to its weight in the loss, 1 where absent.
        seed: of everything; model m takes ``seed + m``.
        verbose: show a progress bar on stderr.

    Returns:
        The models, with units from all rows that any of them sees.
    """
    tables = [np.delete(cells, part, axis=0) for part in held_out]
    unused = reduce(np.intersect1d, held_out)
    scaler = fit_scaler(_scaling_rows(cells, unused=unused), columns=columns, powers=powers)
    if not scaler.specs:
        return Density(scaler=scaler, models=())
    rows = [scaler.transform(table) for table in tables]
    most = min(settings.epochs // _MIN_PASSES, _MAX_BLURRED_NUMBERS // max(r.size for r in rows))
    copies = max(1, min(_MAX_COPIES, most))
    order = scaler.order_weights(weights)
    tasks = [
        TableTask(
            rows=blur(
                each, specs=scaler.specs, noise=noise, hide=hide, copies=copies, seed=seed + at
            ),
            specs=scaler.specs,
            seed=seed + at,
            weights=order,
        )
        for at, each in enumerate(rows)
    ]
    settings = replace(settings, epochs=settings.epochs // copies)
    return Density(
        scaler=scaler, models=tuple(fit_tables(tasks, settings=settings, verbose=verbose))
    )


def _scaling_rows(cells: NDArray[np.float64], *, unused: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rows that give the units: those in use, and all cells of columns that are constant there."""
    used = np.delete(cells, unused, axis=0)
    if not len(unused):
        return used
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without a known cell
        constant = ~(np.nanmax(used, axis=0) > np.nanmin(used, axis=0))
    return np.vstack([used, np.where(constant, cells[unused], np.nan)])


def blur(
    rows: NDArray[np.float64],
    *,
    specs: Sequence[ColumnSpec],
    noise: float,
    hide: float,
    copies: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return copies of rows with noise on their numbers and with missing cells.

    A density that is learned from few rows grows a spike on each of them; from blurred copies it
    cannot. Missing cells teach the encoder rows with missing values where training had none.

    Args:
        rows: (N, F) rows as the model sees them, NaN where missing.
        specs: F columns; only real and positive ones get noise, positive ones a factor.
        noise: standard deviation, in units of that of each column (of its logarithm).
        hide: share of the cells that are hidden; it differs from copy to copy, up to twice that.
        copies: of each row.
        seed: of noise and hidden cells.

    Returns:
        (N copies, F)

    Example:
        >>> two = [ColumnSpec("real")] * 2
        >>> blur(np.zeros((4, 2)), specs=two, noise=0.1, hide=0.2, copies=3, seed=0).shape
        (12, 2)
    """
    draw = np.random.default_rng(seed)
    blurred = np.repeat(rows, copies, axis=0)
    for place, spec in enumerate(specs):
        if spec.kind == "real":
            blurred[:, place] += noise * spec.scale * draw.standard_normal(len(blurred))
        elif spec.kind == "positive":
            blurred[:, place] *= np.exp(noise * spec.scale * draw.standard_normal(len(blurred)))
    share = 2 * hide * draw.random((len(blurred), 1))
    return np.where(draw.random(blurred.shape) < share, np.nan, blurred)
