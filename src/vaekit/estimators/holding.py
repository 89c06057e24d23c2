"""Rows that a model does not see, and the threshold that their scores give."""

from __future__ import annotations

import math
import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError, VaekitWarning

__all__ = ["Held", "choose_rank", "hold_out"]

Held = float | Literal["auto"]

_SHARE = 0.2
_FOLDS = 5
_FEW_ROWS = 500


def hold_out(rows: int, *, held_out: Held, seed: int) -> list[NDArray[np.int64]]:
    """Which rows each model shall not see.

    Args:
        rows: N, at least two.
        held_out: share of the rows that the only model does not see. "auto" is a fifth in tables
            of 500 rows or more; in smaller ones there are five models, each of which does not see
            a fifth of its own, so that every row is held out once (two rows make two models).
        seed: of the choice.

    Returns:
        For each model the positions that are held out, ascending.

    Raises:
        ConfigError: not a share.

    Example:
        >>> [len(part) for part in hold_out(60, held_out="auto", seed=0)]
        [12, 12, 12, 12, 12]
        >>> [len(part) for part in hold_out(60, held_out=0.5, seed=0)]
        [30]
    """
    if held_out != "auto" and not (isinstance(held_out, (int, float)) and 0.0 < held_out < 1.0):
        raise ConfigError(
            f'expected held_out to be a share, such as 0.2, or "auto"; got {held_out!r}'
        )
    order = np.random.default_rng(seed).permutation(rows)
    if held_out == "auto" and rows < _FEW_ROWS:
        return [np.sort(part) for part in np.array_split(order, min(_FOLDS, rows))]
    share = _SHARE if held_out == "auto" else held_out
    return [np.sort(order[: min(max(1, round(share * rows)), rows - 1)])]


def choose_rank(held: int, *, contamination: float) -> int:
    """Which of the held-out scores, from the lowest, is the threshold.

    Args:
        held: n, how many there are.
        contamination: share of usual rows that may be called odd.

    Returns:
        k, the contamination of n + 1 rounded down, and at least 1.

    Warns:
        VaekitWarning: there are so few that even the lowest of them is called odd more often.

    Example:
        >>> choose_rank(99, contamination=0.05)
        5
    """
    rank = int(contamination * (held + 1) + 1e-9)
    if rank < 1:
        warnings.warn(
            f"{held} held-out rows cannot tell a contamination of {contamination:g}: usual rows "
            f"will be called odd at a rate of {1 / (held + 1):.3g}. It takes "
            f"{math.ceil(1 / contamination - 1e-9) - 1} held-out rows; give more rows, or a "
            "larger contamination",
            VaekitWarning,
            stacklevel=3,
        )
    return max(1, rank)
