"""From what a model says of rows to a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution

from vaekit.estimators.layout import Layout
from vaekit.estimators.reading import LEVELLED, TableForm, frame_of
from vaekit.models import ColumnSpec

__all__ = ["centre", "write_cells", "write_rows"]


def centre(p: Distribution, *, specs: Sequence[ColumnSpec] | None) -> NDArray[np.float64]:
    """Means, and most probable levels.

    Args:
        p: batch (N,), event (F,).
        specs: F columns; none where all are numbers.

    Returns:
        (N, F)
    """
    found: Tensor = p.mean.clone()
    for place, spec in enumerate(specs or ()):
        if spec.kind in LEVELLED:
            found[:, place] = cast("Any", p).probabilities(place).argmax(-1).to(found)
    made: NDArray[np.float64] = found.double().numpy()
    return made


def write_cells(
    cells: NDArray[np.floating[Any]],
    *,
    form: TableForm,
    names: Any,  # noqa: ANN401 - whatever pandas takes
    dtype: np.dtype[Any],
) -> Any:  # noqa: ANN401 - an array or a frame
    """A table of cells that nobody gave.

    Args:
        cells: (N, C) of the columns of the form.
        form: how the table is read and written.
        names: of the columns of a DataFrame; none of an array.
        dtype: of an array; object for a DataFrame, whose columns have types of their own.

    Returns:
        A DataFrame where there are names, else an array; constants have their value, identifiers
        are missing.
    """
    like: Any = np.full((len(cells), len(form.all_columns)), np.nan, dtype)
    if names is not None:
        like = frame_of(like, names=names)
    return form.write(cells, like=like, keep_empty=True)


def write_rows(
    seen: NDArray[np.float64],
    *,
    layout: Layout,
    form: TableForm,
    names: Any,  # noqa: ANN401 - whatever pandas takes
) -> Any:  # noqa: ANN401 - an array or a frame
    """A table of rows that a model says.

    Args:
        seen: (N, F) in units of the model.
        layout: the columns that the model sees, and their units.
        form: how the table is read and written.
        names: of the columns of a DataFrame; none of an array.

    Returns:
        As ``write_cells``; an array is of float64.
    """
    gaps = np.full((len(seen), len(form.columns)), np.nan)
    cells = layout.from_model(seen, cells=gaps)
    dtype = np.dtype(np.float64 if names is None else object)
    return write_cells(cells, form=form, names=names, dtype=dtype)
