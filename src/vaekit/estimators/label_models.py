"""The models of the semi-supervised classifier: M1, M2 and M1+M2."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from sklearn.semi_supervised import LabelSpreading
from torch import Tensor, nn
from torch.distributions import Distribution

from vaekit.config import ObjectiveConfig, TrainingConfig
from vaekit.data import BalancedBatches, Batches
from vaekit.errors import ConfigError, DataError
from vaekit.estimators.fitting import Auto, TableSettings, choose_settings
from vaekit.estimators.tables import centre
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
from vaekit.training import LabelStep, Step, Unit, fit, progress

__all__ = [
    "LABEL_MODELS",
    "CodesAndClassifier",
    "LabelModel",
    "LabelSettings",
    "Labelled",
    "Lesson",
    "Rows",
    "Specs",
    "Stacked",
    "choose_label_settings",
    "choose_likelihood",
    "encode_rows",
    "fit_features",
    "fit_labelled",
    "fit_on_codes",
]


_NEIGHBOURS = 10
_MOST_ROWS = 20_000


def fit_on_codes(
    codes: NDArray[np.float32], label: NDArray[np.int64], *, seed: int
) -> LabelSpreading:
    """Let known labels spread to near codes: label spreading over the 10 nearest neighbours.

    On validation rows of MNIST it was better with 100 labels, and as good with 1000, as the
    support vector machine on the same codes.

    Args:
        codes: (N, D).
        label: (N,) -1 where it is unknown.
        seed: of the choice of 20,000 rows without a label, where there are more.

    Returns:
        The classifier, fitted.

    Source:
        Zhou et al. 2004, "Learning with local and global consistency", NIPS 16.
    """
    unknown = np.random.default_rng(seed).permutation(np.flatnonzero(label < 0))
    kept = np.sort(np.concatenate([np.flatnonzero(label >= 0), unknown[:_MOST_ROWS]]))
    neighbours = min(_NEIGHBOURS, len(kept) - 1)
    # alpha is the share of its label that a row takes from its neighbours
    made = LabelSpreading(kernel="knn", n_neighbors=neighbours, alpha=0.8, max_iter=200)
    return made.fit(codes[kept], label[kept])


_MANY_ROWS = 20_000
_MANY_COLUMNS = 100
_SOME_COLUMNS = 50
_BATCH = 200
_STEPS = (1500, 6000)
_EPOCHS = 100
_LEAST_EPOCHS = 10
_COLUMNS_PER_LABEL = 16


@dataclass(frozen=True, kw_only=True)
class LabelSettings:
    """How the model of rows and the one on its codes are built and trained."""

    rows: TableSettings
    """Of the model that reads rows."""
    top: TableSettings
    """Of the labelled model that reads codes."""
    alpha: float
    """Weight of the classifier's cross-entropy on labelled rows, for a model that reads rows."""
    top_alpha: float
    """The same for one that reads codes."""
    precision: Literal["32", "auto"]
    """Of the matrix products."""


def choose_label_settings(
    *,
    shape: tuple[int, ...],
    latent_dim: int | Auto = "auto",
    hidden: Sequence[int] | Auto = "auto",
    epochs: int | Auto = "auto",
    batch_size: int | Auto = "auto",
    learning_rate: float = 2e-3,
    alpha: float | Auto = "auto",
) -> LabelSettings:
    """Replace "auto" by what suits a table.

    Ten latent dimensions, 20 from 50 columns, and one hidden layer of 256 units; 50 dimensions
    and two layers of 600 in tables of at least 20,000 rows and 100 columns. Batches of 64 rows,
    and of 200 from 20,000 rows; 100 epochs, but from 1500 to 6000 steps and never fewer than 10
    epochs. The model on codes has ten latent dimensions at most and one hidden layer, as wide as
    the last of these and no more than 300. Alpha is 1 on codes, and on rows a sixteenth of the
    columns where that is more: the nats of a label stand beside those of the whole row.

    Args:
        shape: of the table, (N, F).
        latent_dim: D.
        hidden: widths of the hidden layers.
        epochs: passes over the rows.
        batch_size: rows in a step.
        learning_rate: step size at the start.
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
    rows, many = shape[0], shape[0] >= _MANY_ROWS
    wide = many and shape[1] >= _MANY_COLUMNS
    if alpha != "auto" and not (isinstance(alpha, (int, float)) and alpha >= 0):
        raise ConfigError(f'expected alpha to be 0 or more, or "auto"; got {alpha!r}')
    dim = 50 if wide else 20 if shape[1] >= _SOME_COLUMNS else 10
    made = choose_settings(
        rows=rows,
        latent_dim=dim if latent_dim == "auto" else latent_dim,
        hidden=((600, 600) if wide else (256,)) if hidden == "auto" else hidden,
        samples=1,
        epochs=epochs,
        batch_size=_BATCH if many and batch_size == "auto" else batch_size,
        learning_rate=learning_rate,
    )
    if epochs == "auto":
        steps = max(1, rows // min(made.batch_size, max(rows, 1)))
        wanted = min(max(_EPOCHS * steps, _STEPS[0]), _STEPS[1])
        made = replace(made, epochs=max(_LEAST_EPOCHS, math.ceil(wanted / steps)))
    top = replace(
        made,
        latent_dim=min(made.latent_dim, 10),
        hidden=tuple(min(width, 300) for width in made.hidden[-1:]),
    )
    return LabelSettings(
        rows=made,
        top=top,
        alpha=max(1.0, shape[1] / _COLUMNS_PER_LABEL) if alpha == "auto" else alpha,
        top_alpha=1.0 if alpha == "auto" else alpha,
        precision="auto" if wide else "32",
    )


Rows = NDArray[np.float32]
Specs = Sequence[ColumnSpec] | None
"""Columns of a table; none of pixels."""


class LabelModel(ABC):
    """What was learned of rows and their labels."""

    @abstractmethod
    def probabilities(self, seen: Rows) -> NDArray[np.float64]:
        """Probabilities of the classes.

        Args:
            seen: (N, F) rows as the model sees them.

        Returns:
            (N, C)
        """

    @abstractmethod
    def draw(self, n: int, *, place: int | None) -> NDArray[np.float64]:
        """New rows.

        Args:
            n: how many.
            place: of which class; of all when absent.

        Returns:
            (n, F) as the model sees them.
        """

    @abstractmethod
    def relabel(self, seen: Rows, *, place: int) -> NDArray[np.float64]:
        """Rows in the style of others, with another label.

        Args:
            seen: (N, F) rows as the model sees them.
            place: position of the other label.

        Returns:
            (N, F)
        """


class CodesAndClassifier(LabelModel):
    """M1: a model of rows, and a classifier of scikit-learn on the means of its codes.

    Args:
        features: of rows.
        classifier: of codes, fitted; none where there is one class.
        specs: columns; none of pixels.
    """

    def __init__(self, features: VAE, classifier: Any, *, specs: Specs) -> None:  # noqa: ANN401
        self.features = features
        self.classifier = classifier
        self.specs = specs

    def probabilities(self, seen: Rows) -> NDArray[np.float64]:
        """See the interface."""
        codes = _mean_codes(self.features, seen)
        found: NDArray[np.float64] = self.classifier.predict_proba(codes.numpy())
        return found

    def draw(self, n: int, *, place: int | None) -> NDArray[np.float64]:
        """See the interface; without a class."""
        with torch.no_grad():
            z = self.features.code_distribution().sample(torch.Size([n]))
            return _drawn(self.features.decode(z), specs=self.specs)

    def relabel(self, seen: Rows, *, place: int) -> NDArray[np.float64]:
        """There is no label in this model.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("M1 has no model of rows given a label")


class Labelled(LabelModel):
    """M2.

    Args:
        model: of rows and labels.
        specs: columns; none of pixels.
    """

    def __init__(self, model: LabelledVAE, *, specs: Specs) -> None:
        self.model = model
        self.specs = specs

    def probabilities(self, seen: Rows) -> NDArray[np.float64]:
        """See the interface."""
        return _probabilities(self.model, torch.from_numpy(seen))

    def draw(self, n: int, *, place: int | None) -> NDArray[np.float64]:
        """See the interface."""
        with torch.no_grad():
            return _drawn(_given_label(self.model, n, place=place), specs=self.specs)

    def relabel(self, seen: Rows, *, place: int) -> NDArray[np.float64]:
        """See the interface."""
        with torch.no_grad():
            p = _other_label(self.model, torch.from_numpy(seen), place=place)
            return centre(p, specs=self.specs)


class Stacked(LabelModel):
    """M1+M2: a labelled model of the codes of another.

    Args:
        features: of rows.
        model: of their codes and labels.
        specs: columns; none of pixels.
    """

    def __init__(self, features: VAE, model: LabelledVAE, *, specs: Specs) -> None:
        self.features = features
        self.model = model
        self.specs = specs

    def probabilities(self, seen: Rows) -> NDArray[np.float64]:
        """See the interface."""
        return _probabilities(self.model, _mean_codes(self.features, seen))

    def draw(self, n: int, *, place: int | None) -> NDArray[np.float64]:
        """See the interface."""
        with torch.no_grad():
            codes = _given_label(self.model, n, place=place).sample()
            return _drawn(self.features.decode(codes), specs=self.specs)

    def relabel(self, seen: Rows, *, place: int) -> NDArray[np.float64]:
        """See the interface."""
        with torch.no_grad():
            codes = _other_label(self.model, _mean_codes(self.features, seen), place=place).mean
            return centre(self.features.decode(codes), specs=self.specs)


def _mean_codes(model: VAE, seen: Rows) -> Tensor:
    """(N, D) posterior means of rows, NaN where missing."""

    def mean(row: Tensor) -> Tensor:
        x, mask = split_missing(row)
        return model.encode(x, mask=mask).mean

    return _each(mean, torch.from_numpy(seen))


def _each(function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    """Apply to one row at a time: the result is the same whatever rows go with it."""
    with torch.no_grad():
        return torch.cat([function(row) for row in torch.split(rows, 1)])


def _log_qy(model: LabelledVAE, rows: Tensor) -> Tensor:
    """(N, C) for rows, NaN where missing."""

    def log_qy(row: Tensor) -> Tensor:
        x, mask = split_missing(row)
        return model.log_qy(x, mask=mask)

    return _each(log_qy, rows)


def _probabilities(model: LabelledVAE, rows: Tensor) -> NDArray[np.float64]:
    """(N, C) of the classes."""
    found: NDArray[np.float64] = _log_qy(model, rows).double().softmax(-1).numpy()
    return found


def _given_label(model: LabelledVAE, n: int, *, place: int | None) -> Distribution:
    """p(x|y,z) of n codes from the prior."""
    size = torch.Size([n])
    label = model.label_prior().sample(size) if place is None else torch.full((n,), place)
    return model.decode(model.code_distribution().sample(size), label)


def _other_label(model: LabelledVAE, rows: Tensor, *, place: int) -> Distribution:
    """p(x|y',z) at the mean of q(z|x,y), y the most probable label and y' another."""
    x, mask = split_missing(rows)
    z = model.encode(x, _log_qy(model, rows).argmax(-1), mask=mask).mean
    return model.decode(z, torch.full((len(rows),), place))


def _drawn(p: Distribution, *, specs: Specs) -> NDArray[np.float64]:
    """Draws of a table, and the means of pixels: noise of each on its own is no picture."""
    rows = p.mean if specs is None else p.sample()
    found: NDArray[np.float64] = rows.double().numpy()
    return found


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
            x, mask = split_missing(rows)
            q = model.encode(x, mask=mask)
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
        ),
        objective=ObjectiveConfig(schedule="linear", warmup=warmup) if warm else None,
        callbacks=[progress(Console(stderr=True))] if verbose else [],
    )


_FEWEST_PIXELS = 16


def choose_likelihood(
    asked: str, *, cells: NDArray[np.float64], framed: bool
) -> Literal["bernoulli", "columns"]:
    """Replace "auto" by what suits a table.

    Args:
        asked: auto, bernoulli or columns.
        cells: (N, F) of training, NaN where missing.
        framed: they come from a DataFrame.

    Returns:
        bernoulli or columns.

    Raises:
        ConfigError: another word.
        DataError: bernoulli for values that are missing or outside [0, 1].
    """
    if asked not in ("auto", "bernoulli", "columns"):
        raise ConfigError(f"likelihood is one of auto, bernoulli, columns; got {asked!r}")
    inside = bool(((cells >= 0) & (cells <= 1)).all())  # not so where one is NaN
    if asked == "bernoulli" and not inside:
        raise DataError(
            "likelihood='bernoulli' expects values from 0 to 1 without gaps; got "
            f"{np.nanmin(cells):g} to {np.nanmax(cells):g}. Take likelihood='columns'"
        )
    pixels = inside and not framed and cells.shape[1] >= _FEWEST_PIXELS
    return "bernoulli" if asked == "bernoulli" or (asked == "auto" and pixels) else "columns"


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """What there is to learn from, and how."""

    seen: Rows
    """(N, F) rows as the model sees them, NaN where missing."""
    label: NDArray[np.int64]
    """(N,) -1 where it is unknown."""
    specs: Specs
    """Columns; none of pixels."""
    settings: LabelSettings
    """Of models and training."""
    label_prior: Sequence[float]
    """C probabilities."""
    seed: int
    """Of everything."""
    verbose: bool
    """Show progress bars on stderr."""


def _fit_m1(lesson: Lesson) -> LabelModel:
    """Learn M1."""
    features = _features(lesson)
    codes = encode_rows(features, lesson.seen)[0]
    classifier = fit_on_codes(codes, lesson.label, seed=lesson.seed)
    return CodesAndClassifier(features, classifier, specs=lesson.specs)


def _fit_m2(lesson: Lesson) -> LabelModel:
    """Learn M2."""
    model = fit_labelled(
        lesson.seen,
        lesson.label,
        parts=_parts(lesson),
        settings=lesson.settings.rows,
        label_prior=lesson.label_prior,
        alpha=lesson.settings.alpha,
        seed=lesson.seed,
        precision=lesson.settings.precision,
        verbose=lesson.verbose,
    )
    return Labelled(model, specs=lesson.specs)


def _fit_m1_m2(lesson: Lesson) -> LabelModel:
    """Learn M1, and M2 of its codes."""
    features = _features(lesson)
    model = fit_labelled(
        np.concatenate(encode_rows(features, lesson.seen), 1),
        lesson.label,
        parts=code_parts(lesson.settings.rows.latent_dim),
        settings=lesson.settings.top,
        label_prior=lesson.label_prior,
        alpha=lesson.settings.top_alpha,
        sampled=True,
        seed=lesson.seed,
        precision=lesson.settings.precision,
        verbose=lesson.verbose,
    )
    return Stacked(features, model, specs=lesson.specs)


LABEL_MODELS: Mapping[str, Callable[[Lesson], LabelModel]] = {
    "M1": _fit_m1,
    "M2": _fit_m2,
    "M1+M2": _fit_m1_m2,
}
"""What learns each."""


def _features(lesson: Lesson) -> VAE:
    return fit_features(
        lesson.seen,
        parts=_parts(lesson),
        settings=lesson.settings.rows,
        seed=lesson.seed,
        precision=lesson.settings.precision,
        verbose=lesson.verbose,
    )


def _parts(lesson: Lesson) -> RowParts:
    specs = lesson.specs
    return pixel_parts(lesson.seen.shape[1]) if specs is None else column_parts(specs)
