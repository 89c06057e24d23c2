"""A model for a table with gaps, with settings that follow from the size of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import nn

from vaekit.config import TrainingConfig
from vaekit.data import Batches, StackedBatches
from vaekit.errors import ConfigError
from vaekit.estimators.network import Bent
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
from vaekit.numerics import fixed_noise, logmeanexp
from vaekit.objectives import Bound
from vaekit.training import Step, Unit, fit, progress

__all__ = [
    "Auto",
    "TableSettings",
    "TableTask",
    "build_table_model",
    "choose_settings",
    "fit_table",
    "prepare",
    "run",
]

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
    return step.model.eval()


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
    unit: Unit,
    batches: Batches | StackedBatches,
    *,
    settings: TableSettings,
    uniform: bool = False,
    verbose: bool,
) -> None:
    """Train in place.

    Args:
        unit: what is trained.
        batches: the rows.
        settings: of training.
        uniform: as :func:`vaekit.training.fit` takes it.
        verbose: show a progress bar on stderr.
    """
    fit(
        unit,
        train=batches,
        config=TrainingConfig(
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            schedule="cosine",
            precision="32",
            device="cpu",
            threads=torch.get_num_threads(),  # a trial could end otherwise the next time
        ),
        callbacks=[progress(Console(stderr=True))] if verbose else [],
        uniform=uniform,
    )
