"""Several imputers fitted at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from vaekit.errors import ConfigError
from vaekit.estimators.density import door
from vaekit.estimators.fitting import TableSettings, TableTask, choose_settings
from vaekit.estimators.gaps import check_reason, model_gaps, warn_of_empty
from vaekit.estimators.layout import Layout, fill, lay_out
from vaekit.estimators.reading import open_form
from vaekit.estimators.report import compare, hold_back
from vaekit.estimators.stacking import fit_tables
from vaekit.models import VAE

if TYPE_CHECKING:
    from vaekit.estimators.imputer import VAEImputer

__all__ = ["fit_imputers"]

_SEEDS = 2**31 - 1


def fit_imputers(imputers: Sequence[VAEImputer], tables: Sequence[Any]) -> None:
    """Fit several imputers, each to a table of its own, and train their models as one.

    For the same table under several masks, or with several seeds. What each learns is what its
    ``fit`` would have learned, but for rounding, which training enlarges. Imputers with the same
    settings of model and training, whose tables have columns of the same kinds and about as many
    rows, share the time in which a step starts; others are trained one after another. With few
    importance samples that is most of the time, with twenty a part of it.

    Args:
        imputers: M of them.
        tables: M arrays of numbers or DataFrames, as ``fit`` takes them.

    Raises:
        ConfigError: not one table for each imputer, or a parameter out of range.
        DataError: a column that cannot be modelled as its kind.
        TrainingError: a loss is not finite.

    Example:
        >>> from vaekit.estimators import VAEImputer
        >>> table = np.repeat(np.linspace(-1, 1, 60), 3).reshape(60, 3)
        >>> masks = [np.random.default_rng(seed).random(table.shape) < 0.2 for seed in range(2)]
        >>> tables = [np.where(mask, np.nan, table) for mask in masks]
        >>> small = {"epochs": 3, "hidden": (8,), "imputation_samples": 20}
        >>> imputers = [VAEImputer(**small, random_state=seed) for seed in range(2)]
        >>> fit_imputers(imputers, tables)
        >>> [imputer.transform(t).shape for imputer, t in zip(imputers, tables, strict=True)]
        [(60, 3), (60, 3)]
    """
    if len(imputers) != len(tables):
        raise ConfigError(
            f"expected one table for each imputer; got {len(imputers)} and {len(tables)}"
        )
    cells = [_open(imputer, table) for imputer, table in zip(imputers, tables, strict=True)]
    _judge(imputers, cells)
    verbose = any(imputer.verbose for imputer in imputers)
    plans = [_plan(imputer, each) for imputer, each in zip(imputers, cells, strict=True)]
    for imputer, plan, model in zip(imputers, plans, _learn(plans, verbose=verbose), strict=True):
        imputer.layout_, imputer.model_ = plan.layout, model


@dataclass(frozen=True, kw_only=True, eq=False)
class _Plan:
    """What is to be trained for a table."""

    layout: Layout
    task: TableTask | None
    """None where there is nothing to model."""
    settings: TableSettings


def _open(imputer: VAEImputer, table: Any) -> NDArray[np.float64]:  # noqa: ANN401 - as X came
    """Check parameters and table, and read its cells (N, C)."""
    if not 0.0 <= imputer.check < 1.0:
        raise ConfigError(f"expected check to be a share from 0 up to 1; got {imputer.check}")
    imputer.seed_ = int(check_random_state(imputer.random_state).randint(_SEEDS))
    checked = door(imputer, table, least=1)
    imputer.form_ = open_form(checked, kinds=imputer.kinds)
    cells = imputer.form_.read(checked)
    check_reason(
        imputer.missingness, missing_when=imputer.missing_when, columns=imputer.form_.columns
    )
    warn_of_empty(imputer.form_.empty, kept=imputer.keep_empty_features)
    return cells


def _judge(imputers: Sequence[VAEImputer], cells: Sequence[NDArray[np.float64]]) -> None:
    """Where asked for, train on a part of the known cells, and compare on the others."""
    asked = []
    for imputer, each in zip(imputers, cells, strict=True):
        imputer.report_ = None
        if imputer.check:
            columns, seed = imputer.form_.columns, imputer.seed_
            held = hold_back(each, columns=columns, share=imputer.check, seed=seed)
            hidden = np.where(held, np.nan, each)
            asked.append((imputer, each, held, hidden, _plan(imputer, hidden)))
    models = _learn([plan for *_, plan in asked], verbose=any(each[0].verbose for each in asked))
    for (imputer, each, held, hidden, plan), model in zip(asked, models, strict=True):
        made = fill(
            hidden,
            layout=plan.layout,
            model=model,
            samples=imputer.imputation_samples,
            seed=imputer.seed_,
        )
        columns = imputer.form_.columns
        imputer.report_ = compare(made.filled, cells=each, held=held, columns=columns)


def _plan(imputer: VAEImputer, cells: NDArray[np.float64]) -> _Plan:
    """Units, settings and task of the known cells (N, C)."""
    columns = imputer.form_.columns
    beyond = imputer.missingness != "ignorable"  # large values may be what is hidden
    layout = lay_out(cells, columns=columns, beyond=beyond)
    settings = choose_settings(
        rows=len(cells),
        latent_dim=imputer.latent_dim,
        hidden=imputer.hidden,
        samples=imputer.samples,
        epochs=imputer.epochs,
        batch_size=imputer.batch_size,
        learning_rate=imputer.learning_rate,
    )
    if not layout.specs:
        return _Plan(layout=layout, task=None, settings=settings)
    seen = layout.to_model(cells)
    gaps = model_gaps(
        seen,
        layout=layout,
        columns=columns,
        reason=imputer.missingness,
        missing_when=imputer.missing_when,
    )
    task = TableTask(
        seen=seen,
        specs=layout.specs,
        seed=imputer.seed_,
        missingness=gaps,
        weights=layout.weigh(imputer.weights, columns=columns),
    )
    return _Plan(layout=layout, task=task, settings=settings)


def _learn(plans: Sequence[_Plan], *, verbose: bool) -> list[VAE | None]:
    """The models; those of the same settings at once."""
    models: dict[int, VAE] = {}
    for settings in {plan.settings for plan in plans if plan.task}:
        alike = [at for at, plan in enumerate(plans) if plan.task and plan.settings == settings]
        tasks = [plans[at].task for at in alike]
        known = [task for task in tasks if task is not None]
        models |= zip(alike, fit_tables(known, settings=settings, verbose=verbose), strict=True)
    return [models.get(at) for at in range(len(plans))]
