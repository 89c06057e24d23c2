"""Fit a model to a table with missing values, with settings that follow from its size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor, nn

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import BalancedBatches, Batches
from vaekit.errors import ConfigError
from vaekit.estimators.linear_start import start_linear
from vaekit.models import (
    VAE,
    Amortized,
    Columns,
    ColumnSpec,
    DiagonalGaussian,
    Missingness,
    StandardNormal,
    TableInputs,
)
from vaekit.networks import MLP
from vaekit.numerics import fixed_noise, logmeanexp
from vaekit.objectives import Bound
from vaekit.training import Callback, Step, TrainingStep, fit, fit_stacked, progress

__all__ = [
    "COMBINED_IMPUTATION",
    "IMPUTATION",
    "Auto",
    "Budget",
    "LinearPlusMLP",
    "Precision",
    "TableSettings",
    "TableTask",
    "build_table_model",
    "choose_settings",
    "fit_tables",
    "prepare",
    "train_step",
]


class LinearPlusMLP(nn.Module):
    r"""The sum of a linear map and a multilayer perceptron.

    .. math:: y = W x + \mathrm{MLP}(x)

    Much of a table is linear, which a linear map learns in few steps and from few rows.

    Args:
        in_features: numbers in a row.
        hidden: widths of the hidden layers.
        out_features: numbers put out for a row.

    Example:
        >>> import torch
        >>> LinearPlusMLP(6, hidden=(8,), out_features=4)(torch.zeros(5, 6)).shape
        torch.Size([5, 4])
    """

    def __init__(self, in_features: int, *, hidden: tuple[int, ...], out_features: int) -> None:
        super().__init__()
        self.mlp = MLP(in_features, hidden, out_features, activation="gelu")
        self.linear = nn.Linear(in_features, out_features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        out: Tensor = self.linear(x) + self.mlp(x)
        return out


Auto = Literal["auto"]
Precision = Literal["32", "auto"]

_WIDTH = 128
_RATE = 2e-3
_MIN_STACKED_STEPS = 100  # starting stacked training takes about as long


class Budget(NamedTuple):
    """How long "auto" trains: some epochs, within limits of steps."""

    epochs: int = 300
    """Passes over the rows, where the limits allow."""
    min_steps: int = 3000
    """Least number of steps."""
    max_steps: int = 8000
    """Greatest number of steps."""
    min_epochs: int = 20
    """Least number of passes, whatever the number of steps."""

    def count_epochs(self, rows: int, *, batch_size: int) -> int:
        """Return the number of epochs for a table.

        Args:
            rows: N.
            batch_size: rows in a step.

        Example:
            >>> Budget().count_epochs(569, batch_size=64)
            375
        """
        steps = max(1, rows // min(batch_size, max(rows, 1)))
        wanted = min(max(self.epochs * steps, self.min_steps), self.max_steps)
        return max(self.min_epochs, math.ceil(wanted / steps))


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
    linear_start: bool = False
    """Whether the model starts at the factor analysis of the columns."""


IMPUTATION = Budget()
COMBINED_IMPUTATION = Budget(epochs=43, min_steps=200, max_steps=1200, min_epochs=1)


def choose_settings(
    *,
    rows: int,
    latent_dim: int | Auto = "auto",
    hidden: Sequence[int] | Auto = "auto",
    samples: int | Auto = 20,
    epochs: int | Auto = "auto",
    batch_size: int | Auto = "auto",
    learning_rate: float | Auto = "auto",
    budget: Budget = IMPUTATION,
) -> TableSettings:
    """Replace "auto" by what suits a table.

    Ten latent dimensions and two layers of 128 units; batches of 64 rows, and of 256 in tables of
    20,000 rows or more; epochs by the budget.

    Args:
        rows: N, of the table.
        latent_dim: D.
        hidden: widths of the hidden layers; none makes the networks linear.
        samples: K; auto is 20.
        epochs: passes over the rows.
        batch_size: rows in a step.
        learning_rate: initial step size; auto is 2e-3.
        budget: how long "auto" trains.

    Returns:
        The settings.

    Raises:
        ConfigError: a word other than "auto", or a number out of range.

    Example:
        >>> chosen = choose_settings(rows=569)
        >>> chosen.latent_dim, chosen.batch_size, chosen.epochs
        (10, 64, 375)
    """
    dim = 10 if latent_dim == "auto" else latent_dim
    size = batch_size if batch_size != "auto" else 64 if rows < 20_000 else 256
    few = 20 if samples == "auto" else samples
    _check_number("samples", few)
    _check_number("batch_size", size)
    _check_number("latent_dim", dim)
    passes = budget.count_epochs(rows, batch_size=size) if epochs == "auto" else epochs
    _check_number("epochs", passes)
    if hidden != "auto" and (isinstance(hidden, str) or not isinstance(hidden, Iterable)):
        raise ConfigError(
            f'expected hidden to be widths such as (128, 128), or "auto"; got {hidden!r}'
        )
    widths = (_WIDTH, _WIDTH) if hidden == "auto" else tuple(hidden)
    for width in widths:
        _check_number("each width of hidden", width)
    rate = _RATE if learning_rate == "auto" else learning_rate
    if not isinstance(rate, (int, float, np.number)) or not rate > 0:
        raise ConfigError(f"expected learning_rate above 0; got {learning_rate!r}")
    return TableSettings(
        latent_dim=dim,
        hidden=tuple(int(width) for width in widths),
        samples=few,
        epochs=passes,
        batch_size=size,
        learning_rate=float(rate),
    )


def _check_number(name: str, number: object) -> None:
    if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or number < 1:
        raise ConfigError(f"expected {name} to be a whole number from 1; got {number!r}")


def build_table_model(
    specs: Sequence[ColumnSpec],
    *,
    settings: TableSettings,
    missingness: Missingness | None = None,
    rows: NDArray[np.float64] | None = None,
    seed: int = 0,
) -> VAE:
    """Build a model of the columns of a table, whose encoder sees which cells are known.

    Args:
        specs: F columns.
        settings: latent dimensions and widths.
        missingness: a model of why cells are missing, where that is not ignorable.
        rows: (N, F) to start at the factor analysis of; the networks start at random when absent.
        seed: chooses among many rows.

    Returns:
        The model, untrained.
    """
    dim, head = settings.latent_dim, Columns(specs)
    inputs, posterior = TableInputs(specs), DiagonalGaussian(dim)
    encoder = LinearPlusMLP(
        inputs.out_features, hidden=settings.hidden, out_features=posterior.inputs
    )
    decoder = LinearPlusMLP(dim, hidden=settings.hidden, out_features=head.inputs)
    if rows is not None:
        start_linear(rows, inputs=inputs, encoder=encoder, decoder=decoder, head=head, seed=seed)
    return VAE(
        prior=StandardNormal(dim),
        posterior=Amortized(nn.Sequential(inputs, encoder), posterior, sees_mask=True),
        likelihood=Amortized(decoder, head),
        missingness=missingness,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class TableTask:
    """A table to train a model on."""

    rows: NDArray[np.float64]
    """(N, F) rows as the model sees them, NaN where missing."""
    specs: Sequence[ColumnSpec]
    """F columns."""
    seed: int
    """Of weights, order and noise."""
    missingness: Missingness | None = None
    """An untrained model of why cells are missing."""
    weights: Sequence[float] | None = None
    """F, by which the log-density of each column is multiplied in the loss."""


def fit_tables(
    tasks: Sequence[TableTask], *, settings: TableSettings, verbose: bool = False
) -> list[VAE]:
    r"""Train a model on the known cells of each of several tables.

    The importance-weighted bound is maximised:

    .. math::
        \max_\theta \sum_n E\Big[\log \frac1K \sum_{k=1}^K
            \frac{p(x_{o,n}|z_k)\,p(z_k)}{q(z_k|x_{o,n})}\Big], \quad z_k \sim q(z|x_{o,n})

    A model of missingness multiplies the weights by
    :math:`p(s_n | x_{o,n}, x_{m,k}), x_{m,k} \sim p(x_m|z_k)`.

    Tables of the same columns and about as many rows are trained together, which is quicker; each
    model is what it would have been by itself, but for rounding, which training enlarges. Where
    tables differ by a few rows all take as many steps as the shortest.

    Args:
        tasks: M tables.
        settings: of models and training.
        verbose: show a progress bar on stderr.

    Returns:
        The models, in evaluation mode. The global generators are left as they were.

    Source:
        Mattei and Frellsen 2019, arXiv:1812.02633 (the MIWAE bound); Ipsen, Mattei and Frellsen
        2021, arXiv:2006.12871 (not-MIWAE).
    """
    prepared, states = [], []
    for task in tasks:
        with fixed_noise(task.seed):
            prepared.append(prepare(task, settings=settings))
            states.append(torch.get_rng_state())
    if _are_stackable(tasks, settings=settings):
        fit_stacked(
            [step for step, _ in prepared],
            train=[batches for _, batches in prepared],
            random_states=states,
            config=_training_config(settings),
            callbacks=_callbacks(verbose),
        )
    else:
        for (step, batches), state in zip(prepared, states, strict=True):
            with fixed_noise(0):
                torch.set_rng_state(state)
                fit(
                    step,
                    train=batches,
                    config=_training_config(settings),
                    callbacks=_callbacks(verbose),
                )
    return [cast(VAE, step.model.eval()) for step, _ in prepared]  # as prepare built them


def prepare(task: TableTask, *, settings: TableSettings) -> tuple[Step, Batches]:
    """Build an untrained model in its training step, and the batches of its rows.

    Args:
        task: the table; the weights of the model come from the global generator.
        settings: of the model.

    Returns:
        Both; rows without a known cell are left out.
    """
    model = build_table_model(
        task.specs,
        settings=settings,
        missingness=task.missingness,
        rows=task.rows if settings.linear_start else None,
        seed=task.seed,
    )
    step = Step(
        model,
        Bound(reduce=logmeanexp),
        samples=settings.samples,
        has_missing=True,
        weights=None if task.weights is None else torch.tensor(task.weights),
    )
    batches = Batches(
        task.rows.astype(np.float32),
        np.flatnonzero(~np.isnan(task.rows).all(1)),
        batch_size=settings.batch_size,
        seed=task.seed,
        drop_last=True,
    )
    return step, batches


def train_step(
    step: TrainingStep,
    batches: Batches | BalancedBatches,
    *,
    settings: TableSettings,
    precision: Precision = "32",
    warmup: int = 0,
    verbose: bool = False,
) -> None:
    """Train in place on the CPU with Adam and a cosine schedule.

    Args:
        step: what is trained.
        batches: the rows.
        settings: of training.
        precision: of the matrix multiplications; auto is bf16 where the processor has it.
        warmup: epochs over which the weight of the rate grows; none when 0.
        verbose: show a progress bar on stderr.
    """
    fit(
        step,
        train=batches,
        config=_training_config(settings, precision=precision),
        objective=ObjectiveConfig(schedule="linear", warmup=warmup) if warmup else None,
        callbacks=_callbacks(verbose),
    )


def _training_config(settings: TableSettings, *, precision: Precision = "32") -> TrainingConfig:
    return TrainingConfig(
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        schedule="cosine",
        precision=precision,
        device="cpu",
    )


def _callbacks(verbose: bool) -> list[Callback]:
    return [progress(Console(stderr=True))] if verbose else []


def _are_stackable(tasks: Sequence[TableTask], *, settings: TableSettings) -> bool:
    """Whether the models and their batches have one shape, and stacking pays for its start."""
    rows = [int((~np.isnan(task.rows).all(1)).sum()) for task in tasks]
    shapes = {
        (
            tuple((spec.kind, spec.levels) for spec in task.specs),
            min(settings.batch_size, count),
            task.weights is None,
        )
        for task, count in zip(tasks, rows, strict=True)
    }
    steps = settings.epochs * max(1, min(rows) // settings.batch_size)
    return (
        len(tasks) > 1
        and len(shapes) == 1
        and steps >= _MIN_STACKED_STEPS
        and all(task.missingness is None for task in tasks)
    )
