"""The density of the rows of a table: one model, or the mean of several that saw other rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vaekit.estimators.density import blur, count_copies
from vaekit.estimators.fitting import TableSettings, TableTask
from vaekit.estimators.layout import Layout, lay_out
from vaekit.estimators.powers import Powers, find_powers
from vaekit.estimators.stacking import fit_tables
from vaekit.models import VAE
from vaekit.tables import Column
from vaekit.tasks import Scores, score

__all__ = ["Density", "Units", "find_units", "fit_densities"]

_NOISE = 0.3
_HIDE = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """From cells to what the models of a density see of them."""

    powers: Powers
    """Of the real columns."""
    layout: Layout
    """Which columns are seen, and in which units."""

    def to_model(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cells (N, C) as a model sees them, (N, F)."""
        return self.layout.to_model(self.powers.straighten(cells))


def find_units(cells: NDArray[np.float64], *, columns: Sequence[Column]) -> Units:
    """Powers and units of the columns of a table.

    Args:
        cells: (N, C) NaN where missing.
        columns: C of them.

    Returns:
        The units; without a column where every one is constant.
    """
    powers = find_powers(cells, columns=columns)
    return Units(powers=powers, layout=lay_out(powers.straighten(cells), columns=columns))


@dataclass(frozen=True, kw_only=True, eq=False)
class Density:
    """One or more models of the same columns; their mean log-density is the score of a row."""

    units: Units
    """What the models see."""
    models: tuple[VAE, ...]
    """None where there was nothing to model."""

    def score(
        self, cells: NDArray[np.float64], *, samples: int, seed: int, member: int | None = None
    ) -> Scores:
        """Log-densities of the known cells of rows, in the units that the models see.

        Args:
            cells: (N, C) NaN where missing.
            samples: K for each row and model.
            seed: of the noise.
            member: position of the only model that is asked; all when absent.

        Returns:
            Means over the models; 0 where there is none. ``surprise`` is (N, F).
        """
        asked = self.models if member is None else self.models[member : member + 1]
        if not asked:
            return Scores(
                log_likelihood=np.zeros(len(cells)),
                effective_samples=np.full(len(cells), float(samples)),
                surprise=np.empty((len(cells), 0)),
            )
        seen = self.units.to_model(cells)
        each = [score(model, rows=seen, samples=samples, seed=seed) for model in asked]
        return Scores(
            log_likelihood=np.mean([one.log_likelihood for one in each], axis=0),
            effective_samples=np.mean([one.effective_samples for one in each], axis=0),
            surprise=np.mean([one.surprise for one in each], axis=0),
        )

    def score_held(
        self,
        cells: NDArray[np.float64],
        *,
        parts: Sequence[NDArray[np.int64]],
        samples: int,
        seed: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores of held-out rows, each by the model that did not see it.

        Args:
            cells: (N, C) NaN where missing.
            parts: as in training.
            samples: K for each row.
            seed: of the noise.

        Returns:
            (n,) log-densities and (n, F) surprise, part by part.
        """
        found = [
            self.score(cells[part], samples=samples, seed=seed, member=member)
            for member, part in enumerate(parts)
        ]
        scores = np.concatenate([each.log_likelihood for each in found])
        return scores, np.concatenate([each.surprise for each in found])


def fit_densities(
    cells: NDArray[np.float64],
    *,
    parts: Sequence[NDArray[np.int64]],
    columns: Sequence[Column],
    settings: TableSettings,
    seed: int,
    verbose: bool = False,
) -> Density:
    """Train a model for each part of a table, without the rows of the part.

    Numbers are blurred and cells hidden, see :func:`vaekit.estimators.density.blur`.

    Args:
        cells: (N, C) NaN where missing.
        parts: for each model the positions of the rows that it does not see.
        columns: C of them.
        settings: of model and training.
        seed: of everything.
        verbose: show a progress bar on stderr.

    Returns:
        The models, and units from all rows that any of them sees.
    """
    seen = [np.delete(cells, part, axis=0) for part in parts]
    units = find_units(seen[0] if len(parts) == 1 else cells, columns=columns)
    models = _fit_all(
        [units.to_model(rows) for rows in seen if units.layout.specs],
        units=units,
        settings=settings,
        seed=seed,
        verbose=verbose,
    )
    return Density(units=units, models=tuple(models))


def _fit_all(
    seen: Sequence[NDArray[np.float64]],
    *,
    units: Units,
    settings: TableSettings,
    seed: int,
    verbose: bool,
) -> list[VAE]:
    """A model of blurred copies of each of these tables of rows."""
    if not seen:
        return []
    specs = units.layout.specs
    copies = min(count_copies(rows, settings=settings) for rows in seen)
    tasks = [
        TableTask(
            seen=blur(rows, specs=specs, noise=_NOISE, hide=_HIDE, copies=copies, seed=seed + at),
            specs=specs,
            seed=seed + at,
        )
        for at, rows in enumerate(seen)
    ]
    each = replace(settings, epochs=settings.epochs // copies)
    return fit_tables(tasks, settings=each, verbose=verbose)
