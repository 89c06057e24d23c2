"""The models of the semi-supervised classifier: M1, M2 and M1+M2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.semi_supervised import LabelSpreading
from torch import Tensor, nn
from torch.distributions import Distribution

from vaekit.data import BalancedBatches, Batches
from vaekit.errors import ConfigError, DataError
from vaekit.estimators.fitting import (
    Auto,
    Budget,
    Precision,
    TableSettings,
    choose_settings,
    train_step,
)
from vaekit.estimators.tables import point_estimates
from vaekit.models import VAE, Amortized, ColumnSpec, DiagonalGaussian, LabelledVAE, StandardNormal
from vaekit.models.labelled import (
    RowParts,
    SampledCodes,
    build_labelled,
    code_parts,
    column_parts,
    pixel_parts,
    split_missing,
)
from vaekit.networks import MLP
from vaekit.numerics import fixed_noise
from vaekit.objectives import Bound
from vaekit.training import LabelStep, Step

__all__ = [
    "CodeClassifier",
    "LabelModel",
    "LabelSettings",
    "LabelledModel",
    "choose_label_settings",
    "choose_likelihood",
    "encode_rows",
    "fit_features",
    "fit_label_model",
    "fit_label_spreading",
    "fit_labelled",
]


Rows = NDArray[np.float32]
Specs = Sequence[ColumnSpec] | None
"""Columns of a table; none of pixels."""

_NEIGHBOURS = 10
_MAX_SPREADING_ROWS = 20_000
_LABELLED_SHARE = 0.25
_ENCODED_ROWS = 1000
_MIN_PIXELS = 16
_BUDGET = Budget(epochs=100, min_steps=1500, max_steps=6000, min_epochs=10)
_MANY_ROWS = 20_000
_MANY_COLUMNS = 100
_SOME_COLUMNS = 50
_BATCH_SIZE = 200
_COLUMNS_PER_LABEL = 16


class CodeClassifier:
    """M1: a model of rows, and label spreading over the means of its codes.

    Args:
        features: of rows.
        classifier: of codes, fitted.
        specs: columns; none of pixels.
    """

    def __init__(self, features: VAE, classifier: LabelSpreading, *, specs: Specs) -> None:
        self.features = features
        self.classifier = classifier
        self.specs = specs

    def predict_proba(self, rows: Rows) -> NDArray[np.float64]:
        """Compute probabilities of the classes.

        Args:
            rows: (N, F) as the model sees them.

        Returns:
            (N, C)
        """
        codes = _mean_codes(self.features, torch.from_numpy(rows))
        found: NDArray[np.float64] = self.classifier.predict_proba(codes.numpy())
        return found

    @torch.no_grad()
    def sample(self, n: int, *, label: int | None) -> NDArray[np.float64]:
        """Draw new rows.

        Args:
            n: how many.
            label: not used; the model has no labels.

        Returns:
            (n, F) as the model sees them.
        """
        z = self.features.code_distribution().sample(torch.Size([n]))
        return _draw(self.features.decode(z), specs=self.specs)


class LabelledModel:
    """M2: a labelled model of rows, or of the codes of another model (M1+M2).

    Args:
        model: of rows, or of codes, and their labels.
        features: the model of rows whose codes the other reads; none where it reads rows.
        specs: columns; none of pixels.
    """

    def __init__(self, model: LabelledVAE, *, features: VAE | None = None, specs: Specs) -> None:
        self.model = model
        self.features = features
        self.specs = specs

    def predict_proba(self, rows: Rows) -> NDArray[np.float64]:
        """Compute probabilities of the classes.

        Args:
            rows: (N, F) as the model sees them.

        Returns:
            (N, C)
        """
        found: NDArray[np.float64]
        found = self._log_qy(self._inputs(rows)).double().softmax(-1).numpy()
        return found

    @torch.no_grad()
    def sample(self, n: int, *, label: int | None) -> NDArray[np.float64]:
        """Draw new rows.

        Args:
            n: how many.
            label: position of their class; of all classes when absent.

        Returns:
            (n, F) as the model sees them.
        """
        size = torch.Size([n])
        y = self.model.label_prior().sample(size) if label is None else torch.full((n,), label)
        p = self.model.decode(self.model.code_distribution().sample(size), y)
        if self.features is not None:
            p = self.features.decode(p.sample())
        return _draw(p, specs=self.specs)

    @torch.no_grad()
    def relabel(self, rows: Rows, *, label: int) -> NDArray[np.float64]:
        """Decode the codes of rows, inferred under their most probable label, under another.

        Args:
            rows: (N, F) as the model sees them.
            label: position of the other class.

        Returns:
            (N, F)
        """
        inputs = self._inputs(rows)
        x, mask = split_missing(inputs)
        z = self.model.encode(x, self._log_qy(inputs).argmax(-1), mask=mask).mean
        p = self.model.decode(z, torch.full((len(inputs),), label))
        if self.features is not None:
            p = self.features.decode(p.mean)
        return point_estimates(p, specs=self.specs)

    def _inputs(self, rows: Rows) -> Tensor:
        """What the labelled model reads: rows, or means of their codes."""
        inputs = torch.from_numpy(rows)
        return inputs if self.features is None else _mean_codes(self.features, inputs)

    def _log_qy(self, inputs: Tensor) -> Tensor:
        """(N, C) log-probabilities of the classes."""

        def log_qy(row: Tensor) -> Tensor:
            x, mask = split_missing(row)
            return self.model.log_qy(x, mask=mask)

        return _map_each(log_qy, inputs)


LabelModel = CodeClassifier | LabelledModel


def _mean_codes(model: VAE, rows: Tensor) -> Tensor:
    """(N, D) posterior means of rows, NaN where missing."""

    def mean(row: Tensor) -> Tensor:
        x, mask = split_missing(row)
        return model.encode(x, mask=mask).mean

    return _map_each(mean, rows)


def _map_each(function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Apply to one row at a time, so that the result does not depend on the other rows."""
    with torch.no_grad():
        return torch.cat([function(row) for row in torch.split(inputs, 1)])


def _draw(p: Distribution, *, specs: Specs) -> NDArray[np.float64]:
    """Draw rows of a table; of pixels take the means, as independent noise is no picture."""
    rows = p.mean if specs is None else p.sample()
    found: NDArray[np.float64] = rows.double().numpy()
    return found


@dataclass(frozen=True, kw_only=True)
class LabelSettings:
    """How the model of rows and the one of codes are built and trained."""

    rows: TableSettings
    """Of the model that reads rows."""
    top: TableSettings
    """Of the labelled model that reads codes."""
    alpha: float
    """Weight of the classifier's cross-entropy on labelled rows, for a model that reads rows."""
    top_alpha: float
    """The same for one that reads codes."""
    precision: Precision
    """Of the matrix multiplications."""


def choose_label_settings(
    *,
    shape: tuple[int, ...],
    latent_dim: int | Auto = "auto",
    hidden: Sequence[int] | Auto = "auto",
    epochs: int | Auto = "auto",
    batch_size: int | Auto = "auto",
    learning_rate: float | Auto = 2e-3,
    alpha: float | Auto = "auto",
) -> LabelSettings:
    """Replace "auto" by what suits a table.

    Ten latent dimensions, 20 from 50 columns, and one hidden layer of 256 units; 50 dimensions
    and two layers of 600 in tables of at least 20,000 rows and 100 columns. Batches of 64 rows,
    and of 200 from 20,000 rows; 100 epochs, but from 1500 to 6000 steps and never fewer than 10
    epochs. The model of codes has ten latent dimensions at most and one hidden layer, as wide as
    the last of these and no more than 300. Alpha is 1 for codes, and for rows a sixteenth of the
    columns where that is more, because the nats of a label are weighed against those of the row.

    Args:
        shape: of the table, (N, F).
        latent_dim: D.
        hidden: widths of the hidden layers.
        epochs: passes over the rows.
        batch_size: rows in a step.
        learning_rate: initial step size.
        alpha: weight of the classifier's cross-entropy.

    Returns:
        The settings.

    Raises:
        ConfigError: a number out of range.

    Example:
        >>> chosen = choose_label_settings(shape=(60_000, 784))
        >>> chosen.rows.latent_dim, chosen.rows.hidden, chosen.rows.epochs, chosen.top.hidden
        (50, (600, 600), 20, (300,))
        >>> chosen.alpha, chosen.top_alpha
        (49.0, 1.0)
    """
    many = shape[0] >= _MANY_ROWS
    wide = many and shape[1] >= _MANY_COLUMNS
    if alpha != "auto" and not (isinstance(alpha, (int, float)) and alpha >= 0):
        raise ConfigError(f'expected alpha to be 0 or more, or "auto"; got {alpha!r}')
    dim = 50 if wide else 20 if shape[1] >= _SOME_COLUMNS else 10
    rows = choose_settings(
        rows=shape[0],
        latent_dim=dim if latent_dim == "auto" else latent_dim,
        hidden=((600, 600) if wide else (256,)) if hidden == "auto" else hidden,
        samples=1,
        epochs=epochs,
        batch_size=_BATCH_SIZE if many and batch_size == "auto" else batch_size,
        learning_rate=learning_rate,
        budget=_BUDGET,
    )
    top = replace(
        rows,
        latent_dim=min(rows.latent_dim, 10),
        hidden=tuple(min(width, 300) for width in rows.hidden[-1:]),
    )
    return LabelSettings(
        rows=rows,
        top=top,
        alpha=max(1.0, shape[1] / _COLUMNS_PER_LABEL) if alpha == "auto" else alpha,
        top_alpha=1.0 if alpha == "auto" else alpha,
        precision="auto" if wide else "32",
    )


def choose_likelihood(
    likelihood: str, *, cells: NDArray[np.float64], framed: bool
) -> Literal["bernoulli", "columns"]:
    """Replace "auto" by what suits a table.

    Args:
        likelihood: auto, bernoulli or columns.
        cells: (N, F) of training, NaN where missing.
        framed: they come from a DataFrame.

    Returns:
        bernoulli or columns.

    Raises:
        ConfigError: another word.
        DataError: bernoulli for values that are missing or outside [0, 1].
    """
    if likelihood not in ("auto", "bernoulli", "columns"):
        raise ConfigError(f"likelihood is one of auto, bernoulli, columns; got {likelihood!r}")
    inside = bool(((cells >= 0) & (cells <= 1)).all())  # not so where one is NaN
    if likelihood == "bernoulli" and not inside:
        raise DataError(
            "likelihood='bernoulli' expects values from 0 to 1, none missing; got "
            f"{np.nanmin(cells):g} to {np.nanmax(cells):g}. Take likelihood='columns'"
        )
    pixels = inside and not framed and cells.shape[1] >= _MIN_PIXELS
    return (
        "bernoulli" if likelihood == "bernoulli" or (likelihood == "auto" and pixels) else "columns"
    )


def fit_label_model(
    kind: Literal["M1", "M2", "M1+M2"],
    rows: Rows,
    label: NDArray[np.int64],
    *,
    specs: Specs,
    settings: LabelSettings,
    label_prior: Sequence[float],
    seed: int,
    verbose: bool = False,
) -> LabelModel:
    """Train a model of rows with and without labels.

    Args:
        kind: M1, M2 or M1+M2.
        rows: (N, F) as the model sees them, NaN where missing.
        label: (N,) positions of classes, -1 where unknown.
        specs: columns; none of pixels.
        settings: of models and training.
        label_prior: C probabilities.
        seed: of everything.
        verbose: show progress bars on stderr.

    Returns:
        The model.
    """
    parts = pixel_parts(rows.shape[1]) if specs is None else column_parts(specs)
    shared = partial(
        fit_labelled,
        label=label,
        label_prior=label_prior,
        seed=seed,
        precision=settings.precision,
        verbose=verbose,
    )
    if kind == "M2":
        model = shared(rows, parts=parts, settings=settings.rows, alpha=settings.alpha)
        return LabelledModel(model, specs=specs)
    features = fit_features(
        rows,
        parts=parts,
        settings=settings.rows,
        seed=seed,
        precision=settings.precision,
        verbose=verbose,
    )
    mean, scale = encode_rows(features, rows)
    if kind == "M1":
        return CodeClassifier(features, fit_label_spreading(mean, label, seed=seed), specs=specs)
    model = shared(
        np.concatenate([mean, scale], 1),
        parts=code_parts(settings.rows.latent_dim),
        settings=settings.top,
        alpha=settings.top_alpha,
        sampled=True,
    )
    return LabelledModel(model, features=features, specs=specs)


def fit_label_spreading(
    codes: NDArray[np.float32], label: NDArray[np.int64], *, seed: int
) -> LabelSpreading:
    """Fit scikit-learn's LabelSpreading over the 10 nearest neighbours.

    On validation rows of MNIST it was better with 100 labels, and as good with 1000, as the
    support vector machine on the same codes.

    Args:
        codes: (N, D).
        label: (N,) -1 where it is unknown.
        seed: of the choice of 20,000 rows without a label, where there are more.

    Returns:
        The fitted classifier.

    Source:
        Zhou et al. 2004, "Learning with local and global consistency", NIPS 16.
    """
    unknown = np.random.default_rng(seed).permutation(np.flatnonzero(label < 0))
    kept = np.sort(np.concatenate([np.flatnonzero(label >= 0), unknown[:_MAX_SPREADING_ROWS]]))
    neighbours = min(_NEIGHBOURS, len(kept) - 1)
    # alpha is the share of its label that a row takes from its neighbours
    spreading = LabelSpreading(kernel="knn", n_neighbors=neighbours, alpha=0.8, max_iter=200)
    return spreading.fit(codes[kept], label[kept])


def fit_features(
    rows: Rows,
    *,
    parts: RowParts,
    settings: TableSettings,
    seed: int,
    precision: Precision = "32",
    verbose: bool = False,
) -> VAE:
    """Train a model of rows without looking at labels ("M1").

    The weight of the rate grows over the first third of the epochs, which leaves more latent
    dimensions in use.

    Args:
        rows: (N, F) as the model sees them, NaN where missing.
        parts: how they are read and written.
        settings: of model and training.
        seed: of weights, order and noise.
        precision: of the matrix multiplications; auto is bf16 where the processor has it.
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
        train_step(
            Step(model, Bound(), has_missing=parts.sees_mask),
            Batches(
                rows,
                np.arange(len(rows)),
                batch_size=settings.batch_size,
                seed=seed,
                drop_last=True,
            ),
            settings=settings,
            precision=precision,
            warmup=max(1, settings.epochs // 3),
            verbose=verbose,
        )
    model.eval()
    return model


def fit_labelled(
    rows: Rows,
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

    Each batch has a quarter as many labelled rows as unlabelled ones, and more where more of all
    rows are labelled, but never more than there are. The rate has its full weight from the start:
    while a code costs nothing it holds the label too, and the classifier learns nothing of use.

    Args:
        rows: (N, F) as the model sees them, NaN where missing; with ``sampled``, (N, 2 F) means
            with standard deviations behind them.
        label: (N,) -1 where it is unknown.
        parts: how rows are read and written.
        settings: of model and training.
        label_prior: C probabilities.
        alpha: weight of the classifier's cross-entropy on labelled rows.
        sampled: rows are codes, to be drawn afresh at each step.
        seed: of weights, order and noise.
        precision: of the matrix multiplications; auto is bf16 where the processor has it.
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
            has_missing=parts.sees_mask,
        )
        batches = _label_batches(rows, label, size=settings.batch_size, seed=seed)
        train_step(step, batches, settings=settings, precision=precision, verbose=verbose)
    model.eval()
    return model


def encode_rows(model: VAE, rows: Rows) -> tuple[Rows, Rows]:
    """Compute means and standard deviations of the codes of rows.

    Args:
        model: trained.
        rows: (N, F) as the model sees them, NaN where missing.

    Returns:
        Two arrays (N, D).
    """
    means, scales = [], []
    with torch.no_grad():
        for batch in torch.split(torch.from_numpy(rows), _ENCODED_ROWS):
            x, mask = split_missing(batch)
            q = model.encode(x, mask=mask)
            means.append(q.mean)
            scales.append(q.stddev)
    return torch.cat(means).numpy(), torch.cat(scales).numpy()


def _label_batches(
    rows: Rows, label: NDArray[np.int64], *, size: int, seed: int
) -> Batches | BalancedBatches:
    """Batches of rows with their label behind them, of both kinds where there are both."""
    rows = np.concatenate([rows, label[:, None].astype(np.float32)], 1)
    known, unknown = np.flatnonzero(label >= 0), np.flatnonzero(label < 0)
    if not len(unknown):
        return Batches(rows, known, batch_size=size, seed=seed, drop_last=True)
    few = max(
        1, min(len(known), round(_LABELLED_SHARE * size)), round(size * len(known) / len(rows))
    )
    return BalancedBatches(
        rows, many=unknown, few=known, batch_size=size + few, few_size=few, seed=seed
    )
