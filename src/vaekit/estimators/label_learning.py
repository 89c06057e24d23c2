"""Learning M1, M2, and M2 on the codes of M1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

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

__all__ = ["LABEL_MODELS", "FitsLabels", "choose_likelihood"]

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


def _fit_m1(
    seen: Rows,
    label: NDArray[np.int64],
    *,
    specs: Specs,
    settings: LabelSettings,
    label_prior: Sequence[float],
    seed: int,
    verbose: bool,
) -> LabelModel:
    """Learn M1."""
    features = _features(seen, specs=specs, settings=settings, seed=seed, verbose=verbose)
    codes = encode_rows(features, seen)[0]
    classifier = fit_on_codes(codes, label, seed=seed)
    return CodesAndClassifier(features, classifier, specs=specs)


def _fit_m2(
    seen: Rows,
    label: NDArray[np.int64],
    *,
    specs: Specs,
    settings: LabelSettings,
    label_prior: Sequence[float],
    seed: int,
    verbose: bool,
) -> LabelModel:
    """Learn M2."""
    model = fit_labelled(
        seen,
        label,
        parts=_parts(seen, specs),
        settings=settings.rows,
        label_prior=label_prior,
        alpha=settings.alpha,
        seed=seed,
        precision=settings.precision,
        verbose=verbose,
    )
    return Labelled(model, specs=specs)


def _fit_m1_m2(
    seen: Rows,
    label: NDArray[np.int64],
    *,
    specs: Specs,
    settings: LabelSettings,
    label_prior: Sequence[float],
    seed: int,
    verbose: bool,
) -> LabelModel:
    """Learn M1, and M2 of its codes."""
    features = _features(seen, specs=specs, settings=settings, seed=seed, verbose=verbose)
    codes = np.concatenate(encode_rows(features, seen), 1)
    model = fit_labelled(
        codes,
        label,
        parts=code_parts(settings.rows.latent_dim),
        settings=settings.top,
        label_prior=label_prior,
        alpha=settings.top_alpha,
        sampled=True,
        seed=seed,
        precision=settings.precision,
        verbose=verbose,
    )
    return Stacked(features, model, specs=specs)


class FitsLabels(Protocol):
    """What learns a model of rows and labels."""

    def __call__(
        self,
        seen: Rows,
        label: NDArray[np.int64],
        *,
        specs: Specs,
        settings: LabelSettings,
        label_prior: Sequence[float],
        seed: int,
        verbose: bool,
    ) -> LabelModel:
        """Learn it."""


LABEL_MODELS: Mapping[str, FitsLabels] = {"M1": _fit_m1, "M2": _fit_m2, "M1+M2": _fit_m1_m2}
"""What learns each."""


def _features(
    seen: Rows, *, specs: Specs, settings: LabelSettings, seed: int, verbose: bool
) -> VAE:
    return fit_features(
        seen,
        parts=_parts(seen, specs),
        settings=settings.rows,
        seed=seed,
        precision=settings.precision,
        verbose=verbose,
    )


def _parts(seen: Rows, specs: Specs) -> RowParts:
    return pixel_parts(seen.shape[1]) if specs is None else column_parts(specs)
