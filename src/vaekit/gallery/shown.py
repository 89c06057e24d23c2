"""From what a model sees and makes to what a person is shown."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data import Preprocessing

__all__ = ["as_shown", "raw_units"]


def as_shown(values: NDArray[Any], preprocessing: Preprocessing) -> NDArray[np.float64]:
    """What the model sees, or makes, in the units in which it is drawn.

    Args:
        values: (B, F) in the units that the model sees.
        preprocessing: of that model.

    Returns:
        (B, F): images in [0, 1], those of no known range stretched to it; tables in raw units.

    Example:
        >>> from vaekit import load_dataset
        >>> pre = Preprocessing.fit(load_dataset("digits"))
        >>> float(as_shown(np.full((2, 64), 0.5, dtype=np.float32), pre).max())
        0.5
    """
    if len(preprocessing.shape) != 3:
        return raw_units(values, preprocessing)
    if preprocessing.support != "real":
        return values.astype(np.float64)
    raw = raw_units(values, preprocessing)
    stretched: NDArray[np.float64] = (raw - raw.min()) / max(float(np.ptp(raw)), 1e-12)
    return stretched


def raw_units(values: NDArray[Any], preprocessing: Preprocessing) -> NDArray[np.float64]:
    """What the model sees, or makes, in the units of the data.

    Args:
        values: (B, F) in the units that the model sees.
        preprocessing: of that model.

    Returns:
        (B, F) in raw units.

    Example:
        >>> from vaekit import load_dataset
        >>> pre = Preprocessing.fit(load_dataset("digits"))
        >>> float(raw_units(np.full((2, 64), 0.5, dtype=np.float32), pre).max())
        8.0
    """
    shift, scale = preprocessing.shift.numpy(), preprocessing.scale.numpy()
    raw: NDArray[np.float64] = values.astype(np.float64) / scale + shift
    return raw
