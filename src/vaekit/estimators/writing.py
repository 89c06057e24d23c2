"""From what a model says of rows to a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution

from vaekit.estimators.layout import Layout
from vaekit.estimators.reading import LEVELLED, FrameForm, TableForm, frame_of
from vaekit.models import ColumnSpec

__all__ = ["centre", "write_rows"]


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


def write_rows(
    seen: NDArray[np.float64],
    *,
    layout: Layout,
    form: TableForm,
    names: Any,  # noqa: ANN401 - whatever pandas takes
    width: int,
) -> Any:  # noqa: ANN401 - an array or a frame
    """A table of rows that a model says.

    Args:
        seen: (N, F) in units of the model.
        layout: the columns that the model sees, and their units.
        form: how the table is read and written.
        names: of the columns of a DataFrame.
        width: columns of the table.

    Returns:
        (N, width) a DataFrame where the form is that of one, else an array; constants have their
        value, identifiers are missing.
    """
    gaps = np.full((len(seen), len(form.columns)), np.nan)
    cells = layout.from_model(seen, cells=gaps)
    like: Any = np.full((len(seen), width), np.nan)
    if isinstance(form, FrameForm):
        like = frame_of(like.astype(object), names=names)
    return form.write(cells, like=like, keep_empty=True)
