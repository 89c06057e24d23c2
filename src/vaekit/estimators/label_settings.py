"""Settings of a classifier that learns from few labels, as they follow from its table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vaekit.errors import ConfigError
from vaekit.estimators.fitting import Auto, TableSettings, choose_settings

__all__ = ["LabelSettings", "choose_label_settings"]

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
