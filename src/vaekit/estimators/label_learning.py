"""Learning M1, M2, and M2 on the codes of M1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError, DataError
from vaekit.estimators.label_fitting import encode_rows, fit_features, fit_labelled
from vaekit.estimators.label_models import (
    CodesAndClassifier,
    Labelled,
    LabelModel,
    Rows,
    Specs,
    Stacked,
)
from vaekit.estimators.label_settings import LabelSettings
from vaekit.estimators.labels_on_codes import fit_on_codes
from vaekit.models import VAE
from vaekit.models.row_parts import RowParts, code_parts, column_parts, pixel_parts

__all__ = ["LABEL_MODELS", "Lesson", "choose_likelihood"]

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
