"""One column of a table: what kind of thing its cells are, and what it takes to restore them."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "LEVELLED", "NOT_MODELLED", "Column", "Kind", "misfits"]

Kind = Literal[
    "real",
    "positive",
    "count",
    "binary",
    "categorical",
    "ordinal",
    "bounded",
    "constant",
    "identifier",
]

KINDS: tuple[Kind, ...] = get_args(Kind)
LEVELLED: tuple[Kind, ...] = ("binary", "categorical", "ordinal")
NOT_MODELLED: tuple[Kind, ...] = ("constant", "identifier")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column, its kind, and how to write its cells back as they came.

    Args:
        name: as text; a name that is a number is written as one.
        kind: what its cells are. A model sees neither a constant nor an identifier.
        levels: of binary, categorical and ordinal: the values in order; of constant: its value.
        low: of bounded: the least value there can be.
        high: of bounded: the greatest.
        dtype: as pandas names it.
        whole: all values are whole numbers, so results are rounded.

    Example:
        >>> Column(name="score", kind="bounded", low=0, high=100).modelled
        True
    """

    name: str
    kind: Kind
    levels: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    dtype: str = ""
    whole: bool = False

    @property
    def modelled(self) -> bool:
        """Whether a model sees this column."""
        return self.kind not in NOT_MODELLED


def misfits(
    numbers: NDArray[np.float64], *, kind: Kind, low: float | None = None, high: float | None = None
) -> NDArray[np.bool_]:
    """Which numbers a kind cannot hold.

    Args:
        numbers: (N,) NaN where missing, which every kind can hold.
        kind: real, positive, count or bounded.
        low: of bounded.
        high: of bounded.

    Returns:
        (N,) True for a number at or below 0 in positive, a negative or a fraction in count, and
        one outside the limits in bounded.

    Example:
        >>> misfits(np.array([2.0, 0.5, -1.0]), kind="count")
        array([False,  True,  True])
    """
    if kind == "positive":
        return numbers <= 0
    if kind == "count":
        fraction = numbers != np.rint(numbers)
        return np.asarray(((numbers < 0) | fraction) & ~np.isnan(numbers))
    if kind == "bounded" and low is not None and high is not None:
        return (numbers < low) | (numbers > high)
    return np.zeros(numbers.shape, np.bool_)
