"""Fit a model to a table with missing values, with settings that follow from its size."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor, nn

from vaekit.config import TrainingConfig
from vaekit.data import Batches
from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.tables import Layout
from vaekit.models import (
    MASKS,
    VAE,
    Amortized,
    Columns,
    ColumnSpec,
    DiagonalGaussian,
    End,
    Mask,
    Missingness,
    StandardNormal,
    TableInputs,
)
from vaekit.networks import MLP
from vaekit.numerics import fixed_noise, logmeanexp
from vaekit.objectives import Bound
from vaekit.tables import Column
from vaekit.training import Callback, Step, fit, fit_stacked, progress

__all__ = [
    "Auto",
    "Bent",
    "Reason",
    "TableSettings",
    "TableTask",
    "build_table_model",
    "check_reason",
    "choose_settings",
    "fit_table",
    "fit_tables",
    "model_gaps",
    "prepare",
    "run",
    "warn_of_empty",
]


class Bent(nn.Module):
    r"""A linear map, bent by a perceptron that reads the same numbers.

    .. math:: y = W x + \mathrm{MLP}(x)

    Much of a table is linear, and a linear map finds that in few steps and from few rows.

    Args:
        in_features: numbers in a row.
        hidden: widths of the hidden layers.
        out_features: numbers put out for a row.

    Example:
        >>> import torch
        >>> Bent(6, hidden=(8,), out_features=4)(torch.zeros(5, 6)).shape
        torch.Size([5, 4])
    """

    def __init__(self, in_features: int, *, hidden: tuple[int, ...], out_features: int) -> None:
        super().__init__()
        self.bend = MLP(in_features, hidden, out_features, activation="gelu")
        self.linear = nn.Linear(in_features, out_features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        out: Tensor = self.linear(x) + self.bend(x)
        return out


Reason = Literal["ignorable"] | Mask


def check_reason(
    reason: str, *, missing_when: End | Mapping[str, End], columns: Sequence[Column]
) -> None:
    """Refuse what nobody can model.

    Args:
        reason: why cells are missing.
        missing_when: at which end numbers go missing, for all columns or by name.
        columns: of the table.

    Raises:
        ConfigError: an unknown reason, end or column.
    """
    if reason not in ("ignorable", *MASKS):
        raise ConfigError(
            f"expected missingness to be one of ignorable, {', '.join(MASKS)}; got {reason!r}"
        )
    ends = {"": missing_when} if isinstance(missing_when, str) else missing_when
    wrong = [end for end in ends.values() if end not in ("high", "low")]
    if wrong:
        raise ConfigError(f"expected missing_when to be high or low; got {wrong[0]!r}")
    unknown = sorted(set(ends) - {column.name for column in columns} - {""})
    if unknown:
        raise ConfigError(
            f"missing_when names {unknown[0]!r}, which is no column that a model sees: "
            f"{', '.join(column.name for column in columns if column.modelled)}"
        )


def model_gaps(
    seen: NDArray[np.float64],
    *,
    layout: Layout,
    columns: Sequence[Column],
    reason: Reason,
    missing_when: End | Mapping[str, End],
) -> Missingness | None:
    """The model of the gaps of a table, untrained.

    Args:
        seen: (N, F) rows as the model sees them, NaN where missing.
        layout: which columns these are.
        columns: C, of the table.
        reason: why cells are missing.
        missing_when: at which end numbers go missing, for all columns or by name; "high" for
            those that are not named.

    Returns:
        None where the reason is ignorable, or nothing is missing.
    """
    gaps: list[bool] = np.asarray(np.isnan(seen).any(0)).tolist()
    if reason == "ignorable" or not any(gaps):
        return None
    names = [columns[place].name for place in layout.places]
    ends: list[End] = [
        missing_when if isinstance(missing_when, str) else missing_when.get(name, "high")
        for name in names
    ]
    return Missingness(layout.specs, kind=reason, has_missing=gaps, missing_when=ends)


def warn_of_empty(empty: Sequence[int], *, kept: bool) -> None:
    """Tell of columns that nothing is known of.

    Args:
        empty: their positions.
        kept: whether they stay in the filled table.
    """
    if empty:
        what = "kept" if kept else "left out"
        warnings.warn(
            f"columns without a known cell are {what}: {list(empty)} (from 0)",
            VaekitWarning,
            stacklevel=5,
        )


Auto = Literal["auto"]

_STEPS = (3000, 8000)
_EPOCHS = 300
_LEAST_EPOCHS = 20
_WIDTH = 128


@dataclass(frozen=True, kw_only=True)
class TableSettings:
    """How a model of a table is built and trained; every number is known."""

    latent_dim: int
    """D."""
    hidden: tuple[int, ...]
    """Widths of the hidden layers of the encoder, and of the decoder."""
    samples: int
    """K, importance samples of each row in training."""
    epochs: int
    """Passes over the rows."""
    batch_size: int
    """Rows in a step."""
    learning_rate: float
    """Step size at the start; it falls to 0 along a cosine."""


def choose_settings(
    *,
    rows: int,
    latent_dim: int | Auto = "auto",
    hidden: Sequence[int] | Auto = "auto",
    samples: int = 20,
    epochs: int | Auto = "auto",
    batch_size: int | Auto = "auto",
    learning_rate: float = 2e-3,
) -> TableSettings:
    """Replace "auto" by what suits a table.

    Ten latent dimensions and two layers of 128 units; batches of 64 rows, and of 256 in tables of
    20,000 rows or more; 300 epochs, but no fewer than 3000 steps, no more than 8000, and never
    fewer than 20 epochs.

    Args:
        rows: N, of the table.
        latent_dim: D.
        hidden: widths of the hidden layers; none makes the networks linear.
        samples: K.
        epochs: passes over the rows.
        batch_size: rows in a step.
        learning_rate: step size at the start.

    Returns:
        The settings.

    Raises:
        ConfigError: a word other than "auto", or a number out of range.

    Example:
        >>> chosen = choose_settings(rows=569)
        >>> chosen.latent_dim, chosen.batch_size, chosen.epochs
        (10, 64, 375)
    """
    size = batch_size if batch_size != "auto" else 64 if rows < 20_000 else 256
    numbers = {"samples": samples, "batch_size": size}
    numbers |= {"latent_dim": 10 if latent_dim == "auto" else latent_dim}
    for name, number in numbers.items():
        _check_number(name, number)
    steps = max(1, rows // min(int(size), max(rows, 1)))
    passes = _count_epochs(steps) if epochs == "auto" else epochs
    _check_number("epochs", passes)
    widths = (_WIDTH, _WIDTH) if hidden == "auto" else _widths(hidden)
    if not learning_rate > 0:
        raise ConfigError(f"expected learning_rate above 0; got {learning_rate!r}")
    return TableSettings(
        latent_dim=numbers["latent_dim"],
        hidden=widths,
        samples=samples,
        epochs=passes,
        batch_size=size,
        learning_rate=learning_rate,
    )


def _count_epochs(steps: int) -> int:
    """Epochs for a table that takes so many steps in each."""
    least, most = _STEPS
    wanted = min(max(_EPOCHS * steps, least), most)
    return max(_LEAST_EPOCHS, math.ceil(wanted / steps))


def _check_number(name: str, number: object) -> None:
    if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or number < 1:
        raise ConfigError(f"expected {name} to be a whole number from 1; got {number!r}")


def _widths(hidden: Sequence[int] | str) -> tuple[int, ...]:
    if isinstance(hidden, str):
        raise ConfigError(f"expected hidden to be widths such as (128, 128), or auto; got {hidden}")
    for width in hidden:
        _check_number("each width of hidden", width)
    return tuple(int(width) for width in hidden)


def build_table_model(
    specs: Sequence[ColumnSpec],
    *,
    settings: TableSettings,
    missingness: Missingness | None = None,
) -> VAE:
    """A model of the columns of a table whose encoder sees which cells are known.

    Args:
        specs: F columns.
        settings: latent dimensions and widths.
        missingness: the chance of a gap, where it depends on what is missing.

    Returns:
        The model, untrained.
    """
    dim, head = settings.latent_dim, Columns(specs)
    inputs, posterior = TableInputs(specs), DiagonalGaussian(dim)
    encoder = Bent(inputs.out_features, hidden=settings.hidden, out_features=posterior.inputs)
    decoder = Bent(dim, hidden=settings.hidden, out_features=head.inputs)
    return VAE(
        prior=StandardNormal(dim),
        posterior=Amortized(nn.Sequential(inputs, encoder), posterior, sees_mask=True),
        likelihood=Amortized(decoder, head),
        missingness=missingness,
    )


def fit_table(
    seen: NDArray[np.float64],
    *,
    specs: Sequence[ColumnSpec],
    settings: TableSettings,
    seed: int,
    missingness: Missingness | None = None,
    weights: Sequence[float] | None = None,
    verbose: bool = False,
) -> VAE:
    r"""Train a model on the known cells of a table by the importance-weighted bound.

    .. math::
        \max_\theta \sum_n E\Big[\log \frac1K \sum_{k=1}^K
            \frac{p(x_{o,n}|z_k)\,p(z_k)}{q(z_k|x_{o,n})}\Big], \quad z_k \sim q(z|x_{o,n})

    With a model of the gaps s, :math:`p(s_n | x_{o,n}, x_{m,k}), x_{m,k} \sim p(x_m|z_k)`, is one
    more factor.

    Args:
        seen: (N, F) rows as the model sees them, NaN where missing.
        specs: F columns.
        settings: of model and training.
        seed: of weights, order and noise; the global generators are left as they were.
        missingness: a model of the gaps, untrained.
        weights: F, by which the log-density of each column is multiplied in the loss.
        verbose: show a progress bar on stderr.

    Returns:
        The model, in evaluation mode.

    Source:
        Mattei and Frellsen 2019, arXiv:1812.02633 (the MIWAE bound); Ipsen, Mattei and Frellsen
        2021, arXiv:2006.12871 (not-MIWAE).
    """
    task = TableTask(seen=seen, specs=specs, seed=seed, missingness=missingness, weights=weights)
    with fixed_noise(seed):
        step, batches = prepare(task, settings=settings)
        run(step, batches, settings=settings, uniform=missingness is None, verbose=verbose)
    return cast(VAE, step.model.eval())  # as prepare built it


@dataclass(frozen=True, kw_only=True, eq=False)
class TableTask:
    """A table to be learned."""

    seen: NDArray[np.float64]
    """(N, F) rows as the model sees them, NaN where missing."""
    specs: Sequence[ColumnSpec]
    """F columns."""
    seed: int
    """Of weights, order and noise."""
    missingness: Missingness | None = None
    """A model of the gaps, untrained."""
    weights: Sequence[float] | None = None
    """F, by which the log-density of each column is multiplied in the loss."""


def prepare(task: TableTask, *, settings: TableSettings) -> tuple[Step, Batches]:
    """A fresh model inside its step, and the rows in batches.

    Args:
        task: the table; the weights of the model come from the global generator.
        settings: of the model.

    Returns:
        Both.
    """
    known = np.flatnonzero(~np.isnan(task.seen).all(1))
    model = build_table_model(task.specs, settings=settings, missingness=task.missingness)
    step = Step(
        model,
        Bound(reduce=logmeanexp),
        samples=settings.samples,
        gaps=True,
        weights=None if task.weights is None else torch.tensor(task.weights),
    )
    batches = Batches(
        task.seen.astype(np.float32),
        known,
        batch_size=settings.batch_size,
        seed=task.seed,
        drop_last=True,
    )
    return step, batches


def run(
    step: Step,
    batches: Batches,
    *,
    settings: TableSettings,
    uniform: bool = False,
    verbose: bool,
) -> None:
    """Train in place.

    Args:
        step: what is trained.
        batches: the rows.
        settings: of training.
        uniform: as :func:`vaekit.training.fit` takes it.
        verbose: show a progress bar on stderr.
    """
    fit(
        step,
        train=batches,
        config=_training(settings),
        callbacks=_callbacks(verbose),
        uniform=uniform,
    )


def _training(settings: TableSettings) -> TrainingConfig:
    return TrainingConfig(
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        schedule="cosine",
        precision="32",
        device="cpu",
    )


def _callbacks(verbose: bool) -> list[Callback]:
    return [progress(Console(stderr=True))] if verbose else []


_WORTH_STEPS = 100
"""Recording a step takes about as long as so many steps."""


def fit_tables(
    tasks: Sequence[TableTask], *, settings: TableSettings, verbose: bool = False
) -> list[VAE]:
    """Train a model for each of several tables, all at once where that is possible.

    The model of a table is that of :func:`vaekit.estimators.fitting.fit_table` but for rounding,
    which training enlarges; where tables differ by a few rows all take as many steps as the
    shortest. Tables of other columns, and models of the gaps, are trained one after another.

    Args:
        tasks: M tables.
        settings: of models and training.
        verbose: show a progress bar on stderr.

    Returns:
        The models, in evaluation mode.
    """
    made, states = [], []
    for task in tasks:
        with fixed_noise(task.seed):
            made.append(prepare(task, settings=settings))
            states.append(torch.get_rng_state())
    if _alike(tasks, settings=settings):
        fit_stacked(
            [step for step, _ in made],
            train=[batches for _, batches in made],
            random_states=states,
            config=_training(settings),
            callbacks=_callbacks(verbose),
        )
    else:
        for (step, batches), state in zip(made, states, strict=True):
            with fixed_noise(0):
                torch.set_rng_state(state)
                uniform = step.model.missingness is None
                run(step, batches, settings=settings, uniform=uniform, verbose=verbose)
    return [cast(VAE, step.model.eval()) for step, _ in made]


def _alike(tasks: Sequence[TableTask], *, settings: TableSettings) -> bool:
    """Whether the models have one shape, and their batches too, and it is worth the start."""
    first = tasks[0]
    kinds = [[(spec.kind, spec.levels) for spec in task.specs] for task in tasks]
    known = [int((~np.isnan(task.seen).all(1)).sum()) for task in tasks]
    sizes = {min(settings.batch_size, rows) for rows in known}
    steps = settings.epochs * max(1, min(known) // settings.batch_size)
    return (
        len(tasks) > 1
        and steps >= _WORTH_STEPS
        and len(sizes) == 1
        and all(each == kinds[0] for each in kinds)
        and all(task.missingness is None for task in tasks)
        and all((task.weights is None) == (first.weights is None) for task in tasks)
    )
