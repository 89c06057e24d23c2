"""What an imputer is worth: its error on known cells that it did not see, beside simple ones."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import DataError
from vaekit.tables import Column

__all__ = ["ImputationReport", "compare", "hold_back"]

OURS = "VAEImputer"
LEVELLED = ("binary", "categorical", "ordinal")
_MOST_ROWS = 5000
_MOST_COLUMNS = 60


@dataclass(frozen=True, kw_only=True)
class ImputationReport:
    """Errors on the cells that were held back, of every imputer on the same cells."""

    numbers: Mapping[str, float]
    """Imputer to mean squared error in units of the variance of each column; empty where no
    number was held back."""
    levels: Mapping[str, float]
    """Imputer to share of wrong levels; empty where no level was held back."""
    cells: int
    """How many cells were held back."""

    @property
    def winner(self) -> str:
        """The imputer with the least error: of numbers, or of levels where there are none."""
        return _least(self.numbers or self.levels)

    def __str__(self) -> str:
        """A table, and a sentence that says who wins."""
        title = f"on {self.cells:,} known cells"
        width = max(map(len, (title, *(self.numbers or self.levels))))
        said = [f"{title:{width}}  numbers   levels"]
        for name in self.numbers or self.levels:
            shown = (_shown(errors.get(name)) for errors in (self.numbers, self.levels))
            said.append(f"{name:{width}}  " + "  ".join(shown))
        said.append("numbers: squared error / variance of the column; levels: share that is wrong")
        for what, errors in (("numbers", self.numbers), ("levels", self.levels)):
            best = _least(errors) if errors else OURS
            if best != OURS:
                said.append(f"{best} is better on {what} here: use that one for them")
        return "\n".join(said)


def hold_back(
    cells: NDArray[np.float64], *, columns: Sequence[Column], share: float, seed: int
) -> NDArray[np.bool_]:
    """Choose known cells to be hidden.

    Args:
        cells: (N, C) NaN where missing.
        columns: C of them; constants are left alone.
        share: of the known cells, in at most 5000 rows: those that simple imputers can take.
        seed: of the choice.

    Returns:
        (N, C) true where a cell is hidden. Every column keeps two known cells of its own.

    Raises:
        DataError: there are too few known cells.
    """
    draw = np.random.default_rng(seed)
    chosen = draw.permutation(len(cells))[:_MOST_ROWS]
    held = np.zeros(cells.shape, np.bool_)
    for place in (place for place, column in enumerate(columns) if column.modelled):
        known = draw.permutation(chosen[~np.isnan(cells[chosen, place])])
        # what stays must still tell a column from a constant
        _, first = np.unique(cells[known, place], return_index=True)
        free = np.delete(known, first[:2])
        held[free[: round(share * len(known))], place] = True
    if not held.any():
        raise DataError(
            f"expected enough known cells to hold back a share of {share:g}; got "
            f"{int((~np.isnan(cells)).sum())} in {cells.shape[1]} columns. Take check=0"
        )
    return held


def compare(
    filled: NDArray[np.floating[Any]],
    *,
    cells: NDArray[np.float64],
    held: NDArray[np.bool_],
    columns: Sequence[Column],
) -> ImputationReport:
    """Errors of an imputer and of scikit-learn's on the same cells.

    Args:
        filled: (N, C) by the imputer, which did not see the cells that were held back.
        cells: (N, C) NaN where missing.
        held: (N, C) true where a cell was held back.
        columns: C of them.

    Returns:
        The report.
    """
    rows, used = held.any(1), np.flatnonzero(held.any(0)).tolist()
    others = ~rows & (np.cumsum(~rows) <= max(0, _MOST_ROWS - int(rows.sum())))
    taken = np.flatnonzero(rows | others)
    part = np.ix_(taken, np.array(used))
    known, hidden = cells[part], held[part]
    levelled = np.array([columns[place].kind in LEVELLED for place in used])
    spread = np.nanstd(np.where(hidden, np.nan, known), axis=0)
    scale = np.where(levelled | (spread == 0), 1.0, spread)
    shift = np.where(levelled, 0.0, np.nanmean(np.where(hidden, np.nan, known), axis=0))
    gaps = np.where(hidden, np.nan, (known - shift) / scale)
    found = {OURS: (filled[part] - shift) / scale, **_baselines(gaps, levelled=levelled)}
    truth = (known - shift) / scale
    numbers, levels = hidden & ~levelled, hidden & levelled
    return ImputationReport(
        numbers=_errors(found, truth=truth, where=numbers, levels=False),
        levels=_errors(found, truth=truth, where=levels, levels=True),
        cells=int(hidden.sum()),
    )


def _baselines(
    gaps: NDArray[np.float64], *, levelled: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]]:
    """Tables filled by scikit-learn, of which every column has a known cell."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - it asks for that
    from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

    mean = SimpleImputer().fit_transform(gaps)
    mode = SimpleImputer(strategy="most_frequent").fit_transform(gaps)
    made = {
        "mean or mode": np.where(levelled, mode, mean),
        "5 nearest neighbours": KNNImputer(n_neighbors=5).fit_transform(gaps),
    }
    if gaps.shape[1] <= _MOST_COLUMNS:  # its time grows with the fourth power of the columns
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged is said by its error
            made["iterative"] = IterativeImputer(random_state=0).fit_transform(gaps)
    return made


def _errors(
    found: Mapping[str, NDArray[np.float64]],
    *,
    truth: NDArray[np.float64],
    where: NDArray[np.bool_],
    levels: bool,
) -> dict[str, float]:
    if not where.any():
        return {}
    if levels:
        return {n: float((np.rint(t) != truth)[where].mean()) for n, t in found.items()}
    return {n: float(((t - truth)[where] ** 2).mean()) for n, t in found.items()}


def _least(errors: Mapping[str, float]) -> str:
    """Name of the least error; ours where another is as good."""
    return min(errors, key=lambda name: (errors[name], name != OURS))


def _shown(error: float | None) -> str:
    return f"{'-' if error is None else format(error, '.3f'):>7}"
