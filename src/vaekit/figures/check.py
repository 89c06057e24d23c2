"""Arrays are checked before they are drawn."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import InputError

__all__ = ["as_rows", "is_image"]


def as_rows(values: ArrayLike, *, features: int | None = None, name: str) -> NDArray[np.float64]:
    """Take an array of rows as float64, or say what is wrong with it.

    Args:
        values: (B, F).
        features: the F that is expected; any when absent.
        name: what the array is, for the message.

    Returns:
        (B, F).

    Raises:
        InputError: not two-dimensional, without rows, or with another number of features.

    Example:
        >>> as_rows([[0, 1]], name="codes")
        array([[0., 1.]])
        >>> as_rows([0, 1], name="codes")
        Traceback (most recent call last):
        vaekit.errors.InputError: codes: expected an array (rows, features) with at least one
        row, got the shape (2,)
    """
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or rows.size == 0:
        raise InputError(
            f"{name}: expected an array (rows, features) with at least one row, "
            f"got the shape {rows.shape}"
        )
    if features is not None and rows.shape[1] != features:
        raise InputError(
            f"{name}: expected {features} features in a row, got {rows.shape[1]}; "
            "pass the shape of the data that these rows belong to"
        )
    return rows


def is_image(shape: tuple[int, ...]) -> bool:
    """Tell images (C, H, W), with C of 1 or 3, from tables and points (F,).

    Raises:
        InputError: any other shape.

    Example:
        >>> is_image((1, 8, 8)), is_image((30,))
        (True, False)
    """
    if len(shape) == 3 and shape[0] in (1, 3) and math.prod(shape) > 0:
        return True
    if len(shape) == 1 and shape[0] > 0:
        return False
    raise InputError(
        f"expected the shape (1, height, width), (3, height, width) or (features,), got {shape}"
    )
