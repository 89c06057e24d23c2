"""Models that learn from few labels: features without labels, and labelled models on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import nn

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import BalancedBatches, Batches
from vaekit.estimators.fitting import TableSettings
from vaekit.models import VAE, Amortized, DiagonalGaussian, LabelledVAE, StandardNormal
from vaekit.models.row_parts import RowParts, SampledCodes, build_labelled, masked
from vaekit.networks import MLP
from vaekit.numerics import fixed_noise
from vaekit.objectives import Bound
from vaekit.training import LabelStep, Step, Unit, fit, progress

__all__ = ["encode_rows", "fit_features", "fit_labelled"]

Precision = Literal["32", "auto"]

_FEW_SHARE = 0.25
_ENCODED_ROWS = 1000


def fit_features(
    seen: NDArray[np.float32],
    *,
    parts: RowParts,
    settings: TableSettings,
    seed: int,
    precision: Precision = "32",
    verbose: bool = False,
) -> VAE:
    """Train a model of rows without looking at labels ("M1").

    The rate comes in over the first third of the epochs, which leaves more dimensions in use.

    Args:
        seen: (N, F) rows as the model sees them, NaN where missing.
        parts: how they are read and written.
        settings: of model and training.
        seed: of weights, order and noise.
        precision: of the matrix products; auto is bf16 where the processor has it.
        verbose: show a progress bar on stderr.

    Returns:
        The model, in evaluation mode.
    """
    dim, hidden = settings.latent_dim, settings.hidden
    with fixed_noise(seed):
        encoder: nn.Module = MLP(parts.width, hidden, 2 * dim, activation="relu")
        if parts.inputs is not None:
            encoder = nn.Sequential(parts.inputs, encoder)
        decoder = MLP(dim, hidden[::-1], parts.head.inputs, activation="relu")
        model = VAE(
            prior=StandardNormal(dim),
            posterior=Amortized(encoder, DiagonalGaussian(dim), sees_mask=parts.sees_mask),
            likelihood=Amortized(decoder, parts.head),
        )
        step = Step(model, Bound(), gaps=parts.sees_mask)
        size = settings.batch_size
        index = np.arange(len(seen))
        batches = Batches(seen, index, batch_size=size, seed=seed, drop_last=True)
        _train(step, batches, settings=settings, precision=precision, verbose=verbose, warm=True)
    model.eval()
    return model


def fit_labelled(
    seen: NDArray[np.float32],
    label: NDArray[np.int64],
    *,
    parts: RowParts,
    settings: TableSettings,
    label_prior: Sequence[float],
    alpha: float,
    sampled: bool = False,
    seed: int,
    precision: Precision = "32",
    verbose: bool = False,
) -> LabelledVAE:
    """Train a labelled model on rows with and without labels ("M2").

    A quarter as many labelled rows as unlabelled ones come in each batch, and more where more of
    all rows are labelled, but never more than there are. The rate is there from the start: while a
    code costs nothing it holds the label too, and the classifier learns nothing of use.

    Args:
        seen: (N, F) rows as the model sees them, NaN where missing; with ``sampled``, (N, 2 F)
            means with standard deviations behind them.
        label: (N,) -1 where it is unknown.
        parts: how rows are read and written.
        settings: of model and training.
        label_prior: C probabilities.
        alpha: weight of the classifier's cross-entropy on labelled rows.
        sampled: rows are codes, to be drawn afresh at each step.
        seed: of weights, order and noise.
        precision: of the matrix products; auto is bf16 where the processor has it.
        verbose: show a progress bar on stderr.

    Returns:
        The model, in evaluation mode.
    """
    with fixed_noise(seed):
        model = build_labelled(
            parts,
            latent_dim=settings.latent_dim,
            hidden=settings.hidden,
            label_prior=label_prior,
        )
        step = LabelStep(
            model,
            Bound(),
            share=float((label >= 0).mean()),
            alpha=alpha,
            preprocessing=SampledCodes() if sampled else None,
            gaps=parts.sees_mask,
        )
        _train(
            step,
            _label_batches(seen, label, size=settings.batch_size, seed=seed),
            settings=settings,
            precision=precision,
            verbose=verbose,
        )
    model.eval()
    return model


def encode_rows(
    model: VAE, seen: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Means and standard deviations of the codes of rows.

    Args:
        model: trained.
        seen: (N, F) rows as the model sees them, NaN where missing.

    Returns:
        Two arrays (N, D).
    """
    means, scales = [], []
    with torch.no_grad():
        for rows in torch.split(torch.from_numpy(seen), _ENCODED_ROWS):
            q = model.posterior(masked(rows) if model.posterior.sees_mask else rows)
            means.append(q.mean)
            scales.append(q.stddev)
    return torch.cat(means).numpy(), torch.cat(scales).numpy()


def _label_batches(
    seen: NDArray[np.float32], label: NDArray[np.int64], *, size: int, seed: int
) -> Batches | BalancedBatches:
    """Batches of rows with their label behind them, of both kinds where there are both."""
    rows = np.concatenate([seen, label[:, None].astype(np.float32)], 1)
    known, unknown = np.flatnonzero(label >= 0), np.flatnonzero(label < 0)
    if not len(unknown):
        return Batches(rows, known, batch_size=size, seed=seed, drop_last=True)
    few = max(1, min(len(known), round(_FEW_SHARE * size)), round(size * len(known) / len(rows)))
    return BalancedBatches(
        rows,
        many=unknown,
        few=known,
        batch_size=size + few,
        few_size=few,
        seed=seed,
    )


def _train(
    unit: Unit,
    batches: Batches | BalancedBatches,
    *,
    settings: TableSettings,
    precision: Precision,
    verbose: bool,
    warm: bool = False,
) -> None:
    """Adam along a cosine, on the CPU; the rate may come in slowly, over a third of the epochs."""
    warmup = max(1, settings.epochs // 3)
    fit(
        unit,
        train=batches,
        config=TrainingConfig(
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            schedule="cosine",
            precision=precision,
            device="cpu",
            threads=torch.get_num_threads(),  # a trial could end otherwise the next time
        ),
        objective=ObjectiveConfig(schedule="linear", warmup=warmup) if warm else None,
        callbacks=[progress(Console(stderr=True))] if verbose else [],
    )
