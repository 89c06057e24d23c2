"""Why cells are missing, as a user says it, and the model of the gaps that follows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError, VaekitWarning
from vaekit.estimators.layout import Layout
from vaekit.models import MASKS, End, Mask, Missingness
from vaekit.tables import Column

__all__ = ["Reason", "check_reason", "model_gaps", "warn_of_empty"]

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
    return Missingness(layout.specs, kind=reason, gaps=gaps, missing_when=ends)


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
