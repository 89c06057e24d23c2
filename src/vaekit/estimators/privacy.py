"""Whether rows that were made up are nearer to those of training than other people's rows are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Privacy", "check_privacy"]

_NEAREST = 0.05
_WITHIN = 1e-9


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """Distances to the nearest row of training: of rows made up, beside those of held-out rows.

    A check and no guarantee: it finds a model that repeats its rows, not all that a model tells.
    """

    nearer: float
    """Probability that a row made up is nearer to training than a held-out row, ties counted half:
    near one half it is no nearer than new rows are; above, the model repeats."""
    nearest: float
    """Share of rows made up that are nearer than the nearest 5 % of the held-out rows."""
    copies: int
    """How many rows made up are equal to a row of training."""
    held_out_copies: int
    """How many of the held-out rows are: what chance and coarse columns do."""
    rows: int
    """How many rows made up were looked at."""
    held_out_rows: int
    """How many held-out rows."""

    def __str__(self) -> str:
        """Two sentences and a warning."""
        return "\n".join(
            [
                f"nearer to a training row than a held-out row is: {self.nearer:.0%} of the time "
                "(50 % is as near as new rows are; more: rows are repeated; less: blurred)",
                f"nearer than the nearest {_NEAREST:.0%} of held-out rows: {self.nearest:.0%}; "
                f"copies of a training row: {self.copies:,} of {self.rows:,} (held-out rows: "
                f"{self.held_out_copies:,} of {self.held_out_rows:,})",
                "this is a check and no guarantee: there is no differential privacy in it",
            ]
        )


def check_privacy(
    made: NDArray[np.float64],
    *,
    train: NDArray[np.float64],
    held_out: NDArray[np.float64],
    levelled: NDArray[np.bool_],
) -> Privacy:
    r"""Compare distances to the nearest row of training.

    .. math:: d(x, y)^2 = \sum_{\mathrm{numbers}} \frac{(x_f - y_f)^2}{s_f^2}
        + \sum_{\mathrm{levels}} [x_f \ne y_f]

    with the standard deviations of training. A gap counts as the mean of its column, or as half
    of a mismatch with any level.

    Args:
        made: (N, C) rows made up.
        train: (T, C) rows that the model was trained on.
        held_out: (M, C) rows that it was not.
        levelled: (C,) which columns hold levels.

    Returns:
        The comparison.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> train, new = draw.normal(size=(200, 2)), draw.normal(size=(100, 2))
        >>> none = np.array([False, False])
        >>> found = check_privacy(train[:50], train=train, held_out=new, levelled=none)
        >>> found.nearer, found.copies
        (1.0, 50)
    """
    from sklearn.neighbors import NearestNeighbors

    space = _Space(train, levelled=levelled)
    near = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(space.place(train))
    found, usual = (
        np.sort(near.kneighbors(space.place(rows))[0][:, 0]) for rows in (made, held_out)
    )
    known = {row.tobytes() for row in train}
    # distances come with rounding errors: what differs by them is a tie
    below = np.searchsorted(found, usual - _WITHIN, side="left")
    up_to = np.searchsorted(found, usual + _WITHIN, side="right")
    return Privacy(
        nearer=float((below + up_to).mean() / (2 * len(found))),
        nearest=float((found < np.quantile(usual, _NEAREST) - _WITHIN).mean()),
        copies=sum(row.tobytes() in known for row in made),
        held_out_copies=sum(row.tobytes() in known for row in held_out),
        rows=len(made),
        held_out_rows=len(held_out),
    )


class _Space:
    """Rows as points whose Euclidean distance is that of ``check_privacy``."""

    def __init__(self, train: NDArray[np.float64], *, levelled: NDArray[np.bool_]) -> None:
        numbers = train[:, ~levelled]
        self.levelled = levelled
        self.mean = np.nan_to_num(np.nanmean(numbers, axis=0))
        spread = np.nan_to_num(np.nanstd(numbers, axis=0))
        self.scale = np.where(spread > 0, spread, 1.0)
        self.levels = [np.unique(column[~np.isnan(column)]) for column in train[:, levelled].T]

    def place(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, C) to (N, P): numbers standardised, levels one-hot, so that a mismatch is 1."""
        numbers = np.nan_to_num((rows[:, ~self.levelled] - self.mean) / self.scale)
        levels = rows[:, self.levelled].T
        hot = [
            (column[:, None] == known) / np.sqrt(2.0)
            for column, known in zip(levels, self.levels, strict=True)
        ]
        return np.concatenate([numbers, *hot], axis=1)
