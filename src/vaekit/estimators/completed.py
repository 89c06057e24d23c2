"""All that an imputer says of a table, from one set of importance samples."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import VaekitWarning
from vaekit.estimators.reading import TableForm
from vaekit.tasks import Imputation

__all__ = ["Completed", "collapsed", "write_completed"]

_FEW = 5.0
_ENOUGH = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class Completed:
    """A table without gaps, and how sure of them one can be."""

    filled: Any
    """The table (N, C'): means, and most probable levels, in its gaps."""
    draws: list[Any]
    """Filled tables, drawn from what the gaps may hold."""
    low: Any
    """Lower ends of intervals, float64; of a DataFrame only the columns of numbers. The filled
    numbers where no interval was asked for; a known cell is both of its ends."""
    high: Any
    """Upper ends."""
    effective_samples: NDArray[np.float64]
    """(N,) how many of the importance samples carry what is said of each row."""
    collapsed: NDArray[np.bool_]
    """(N,) rows with gaps of which fewer than 5 samples carry what is said."""


def write_completed(
    made: Imputation,
    *,
    form: TableForm,
    like: Any,  # noqa: ANN401 - an array or a frame
    gaps: NDArray[np.bool_],
    samples: int,
    keep_empty: bool,
) -> Completed:
    """Imputed cells as tables like the one that came.

    Args:
        made: of the cells of the table.
        form: how the table was read.
        like: the table.
        gaps: (N,) whether a row has gaps.
        samples: K, of each row.
        keep_empty: keep columns without a known cell in training.

    Returns:
        The tables. A ``VaekitWarning`` says in how many rows the weights have collapsed.
    """
    few = collapsed(made.effective_samples, gaps=gaps, samples=samples)
    if few.any():
        warnings.warn(
            f"in {int(few.sum()):,} of {int(gaps.sum()):,} rows with gaps fewer than {_FEW:g} of "
            f"{samples:,} importance samples count: do not rely on what is said of their gaps, or "
            "raise imputation_samples",
            VaekitWarning,
            stacklevel=4,
        )
    low, high = (
        form.write_numbers(ends, like=like, keep_empty=keep_empty) for ends in (made.low, made.high)
    )
    return Completed(
        filled=form.write(made.filled, like=like, keep_empty=keep_empty),
        draws=[form.write(drawn, like=like, keep_empty=keep_empty) for drawn in made.draws],
        low=low,
        high=high,
        effective_samples=made.effective_samples,
        collapsed=few,
    )


def collapsed(
    effective: NDArray[np.float64], *, gaps: NDArray[np.bool_], samples: int
) -> NDArray[np.bool_]:
    """Rows of which too few of the samples that were asked for count.

    Args:
        effective: (N,) effective sample sizes.
        gaps: (N,) whether a row has gaps.
        samples: K; below 50 nobody asked for much.

    Returns:
        (N,)

    Example:
        >>> collapsed(np.array([1.2, 300.0]), gaps=np.array([True, True]), samples=1000)
        array([ True, False])
    """
    few: NDArray[np.bool_] = (effective < _FEW) & gaps & (samples >= _ENOUGH)
    return few
