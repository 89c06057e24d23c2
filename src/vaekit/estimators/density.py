"""Densities of table rows: one model or the mean of several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from vaekit.errors import ConfigError, DataError
from vaekit.estimators.fitting import (
    Auto,
    TableSettings,
    TableTask,
    choose_settings,
    fit_table,
    fit_tables,
)
from vaekit.estimators.tables import FrameForm, Layout, TableForm, is_frame, lay_out
from vaekit.estimators.yeo_johnson import Powers, find_powers
from vaekit.inference import Scores, score
from vaekit.models import VAE, ColumnSpec
from vaekit.tables import Column

__all__ = [
    "Density",
    "Units",
    "blur",
    "check_names",
    "choose_density_settings",
    "count_copies",
    "door",
    "find_units",
    "fit_densities",
    "fit_density",
    "score_cells",
]


_FLOATS = (np.float64, np.float32)
_STEPS = (1500, 6000)
_LEAST_STEPS = 600
_EPOCHS = 100
_COPIES = 50
_LEAST_PASSES = 15
_BLURRED_NUMBERS = 2**23


def door(estimator: Any, X: Any, *, form: TableForm | None = None, least: int = 2) -> Any:  # noqa: ANN401
    """Check a table as scikit-learn does, and note its width and names in training.

    Args:
        estimator: whose table it is.
        X: an array, or a DataFrame.
        form: of the table of training; none in training.
        least: rows that training needs.

    Returns:
        A DataFrame where training had one; otherwise an array of floating-point numbers.

    Raises:
        DataError: a DataFrame of fewer rows in training.
        ValueError: what scikit-learn refuses.
    """
    reset = form is None
    framed = is_frame(X) if reset else isinstance(form, FrameForm)
    if not framed:
        return validate_data(
            estimator,
            X,
            reset=reset,
            dtype=_FLOATS,
            ensure_all_finite="allow-nan",
            ensure_min_samples=least if reset else 1,
        )
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if reset and len(X) < least:
        raise DataError(f"expected at least {least} rows to learn from; got {len(X)}")
    return form.framed(X) if isinstance(form, FrameForm) else X


def check_names(estimator: Any, names: Any) -> None:  # noqa: ANN401 - whatever NumPy takes
    """Check names that are given for the columns of training, as scikit-learn does.

    Args:
        estimator: fitted.
        names: of the columns; none are fine.

    Raises:
        ConfigError: other names than those of training, or another number of them.
    """
    if names is None:
        return
    given = np.asarray(names, dtype=object)
    known = getattr(estimator, "feature_names_in_", None)
    if known is not None and not np.array_equal(given, known):
        raise ConfigError("input_features is not equal to feature_names_in_")
    if len(given) != estimator.n_features_in_:
        raise ConfigError(
            "input_features should have length equal to number of features "
            f"({estimator.n_features_in_}), got {len(given)}"
        )


def choose_density_settings(
    *,
    rows: int,
    models: int = 1,
    latent_dim: int | Auto,
    hidden: Sequence[int] | Auto,
    samples: int,
    epochs: int | Auto,
    batch_size: int | Auto,
    learning_rate: float,
) -> TableSettings:
    """Settings as of the imputer, but for fewer steps: 100 epochs, from 1500 to 6000 steps.

    Several models share the least number of steps, but each takes at least 600.

    Args:
        rows: N, to train on.
        models: how many are trained.
        latent_dim: D.
        hidden: widths of the hidden layers.
        samples: K.
        epochs: passes over the rows.
        batch_size: rows in a step.
        learning_rate: step size at the start.

    Returns:
        The settings.

    Raises:
        ConfigError: a number out of range.

    Example:
        >>> choose_density_settings(
        ...     rows=640, latent_dim="auto", hidden="auto", samples=5, epochs="auto",
        ...     batch_size="auto", learning_rate=2e-3,
        ... ).epochs
        150
    """  # fmt: skip
    made = choose_settings(
        rows=rows,
        latent_dim=latent_dim,
        hidden=hidden,
        samples=samples,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
    )
    if epochs != "auto":
        return made
    steps = max(1, rows // min(made.batch_size, max(rows, 1)))
    least = max(_STEPS[0] // models, _LEAST_STEPS)
    wanted = min(max(_EPOCHS * steps, least), _STEPS[1])
    return replace(made, epochs=max(5, math.ceil(wanted / steps)))


def blur(
    seen: NDArray[np.float64],
    *,
    specs: Sequence[ColumnSpec],
    noise: float,
    hide: float,
    copies: int,
    seed: int,
) -> NDArray[np.float64]:
    """Copies of rows with noise on their numbers and with gaps.

    A density that is learned from few rows grows a spike on each of them; from blurred copies it
    cannot. Gaps make the encoder know rows with gaps where training had none.

    Args:
        seen: (N, F) rows as the model sees them, NaN where missing.
        specs: F columns; only real and positive ones get noise, positive ones a factor.
        noise: standard deviation, in units of that of each column (of its logarithm).
        hide: share of the cells that are hidden; it differs from copy to copy, up to twice that.
        copies: of each row.
        seed: of noise and gaps.

    Returns:
        (N copies, F)

    Example:
        >>> two = [ColumnSpec("real")] * 2
        >>> blur(np.zeros((4, 2)), specs=two, noise=0.1, hide=0.2, copies=3, seed=0).shape
        (12, 2)
    """
    draw = np.random.default_rng(seed)
    rows = np.repeat(seen, copies, axis=0)
    for place, spec in enumerate(specs):
        if spec.kind == "real":
            rows[:, place] += noise * spec.scale * draw.standard_normal(len(rows))
        elif spec.kind == "positive":
            rows[:, place] *= np.exp(noise * spec.scale * draw.standard_normal(len(rows)))
    share = 2 * hide * draw.random((len(rows), 1))
    return np.where(draw.random(rows.shape) < share, np.nan, rows)


def fit_density(
    cells: NDArray[np.float64],
    *,
    columns: Sequence[Column],
    settings: TableSettings,
    noise: float,
    hide: float,
    seed: int,
    weights: Mapping[str, float] | None = None,
    verbose: bool = False,
) -> tuple[Layout, VAE | None]:
    """Train a model of rows on blurred copies of them.

    Args:
        cells: (N, C) NaN where missing.
        columns: C of them.
        settings: of model and training.
        noise: as in ``blur``.
        hide: as in ``blur``.
        seed: of everything.
        weights: column to its weight in the loss, 1 where absent.
        verbose: show a progress bar on stderr.

    Returns:
        Units and model; no model where every column is constant.
    """
    layout = lay_out(cells, columns=columns)
    if not layout.specs:
        return layout, None
    seen, specs = layout.to_model(cells), layout.specs
    copies = count_copies(seen, settings=settings)
    model = fit_table(
        blur(seen, specs=specs, noise=noise, hide=hide, copies=copies, seed=seed),
        specs=specs,
        settings=replace(settings, epochs=settings.epochs // copies),
        seed=seed,
        weights=layout.weigh(weights, columns=columns),
        verbose=verbose,
    )
    return layout, model


def count_copies(seen: NDArray[np.float64], *, settings: TableSettings) -> int:
    """How many blurred copies of rows take the place of as many epochs.

    Args:
        seen: (N, F) rows.
        settings: with the epochs of training without copies.

    Returns:
        At least 1, and so many that memory is bounded and a copy is seen a few times.
    """
    most = min(_COPIES, settings.epochs // _LEAST_PASSES, _BLURRED_NUMBERS // seen.size)
    return max(1, most)


def score_cells(
    cells: NDArray[np.float64], *, layout: Layout, model: VAE | None, samples: int, seed: int
) -> Scores:
    """Log-densities of the known cells of rows, in the units that the model sees.

    Args:
        cells: (N, C) NaN where missing.
        layout: the columns that the model sees.
        model: a trained model; none where there was nothing to model.
        samples: K for each row.
        seed: of the noise.

    Returns:
        The scores; 0 where there is no model. ``surprise`` is (N, F), of the layout's columns.
    """
    if model is None:
        return Scores(
            log_likelihood=np.zeros(len(cells)),
            effective_samples=np.full(len(cells), float(samples)),
            surprise=np.empty((len(cells), 0)),
        )
    return score(model, rows=layout.to_model(cells), samples=samples, seed=seed)


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
