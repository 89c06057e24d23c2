"""What made-up rows are worth: how alike to real ones, and how near to those of training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import DataError
from vaekit.estimators.fidelity import (
    associations,
    marginal_distances,
    predictabilities,
    ranks,
    told_apart,
)
from vaekit.estimators.privacy import Privacy, check_privacy
from vaekit.estimators.reading import LEVELLED, is_frame, open_form

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fidelity", "SynthesisReport", "judge_synthesis"]

MADE = "synthetic"
REAL = "real rows"
APART = "columns apart"
_MOST_ROWS = 5000
_MOST_COLUMNS = 40
_TARGETS = 5
LEAST_ROWS = 10


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """How alike a sample is to the held-out rows."""

    marginals: Mapping[str, float]
    """Column to the distance of its distributions, from 0 to 1."""
    associations: float
    """Mean difference between the associations of pairs of columns; 0 where there is no pair."""
    prediction: float
    """Mean share of variance of some columns of the held-out rows that a forest explains which
    learned on the sample."""
    told_apart: float
    """Area under the ROC curve of a forest that tells the sample from the held-out rows."""

    @property
    def marginal(self) -> float:
        """Mean distance over the columns."""
        return float(np.mean(list(self.marginals.values())))


@dataclass(frozen=True, kw_only=True)
class SynthesisReport:
    """Made-up rows beside two references, all compared with the same held-out rows."""

    fidelity: Mapping[str, Fidelity]
    """Of the synthetic rows, of as many real ones, and of real columns put together at random."""
    targets: tuple[str, ...]
    """Columns that were predicted."""
    privacy: Privacy
    """Whether rows of training are repeated."""
    held_out_rows: int
    """How many rows they were compared with."""

    def __str__(self) -> str:
        """A table, and a sentence for each line of it."""
        made = self.fidelity[MADE]
        lines = {
            "columns": {name: each.marginal for name, each in self.fidelity.items()},
            "pairs": {name: each.associations for name, each in self.fidelity.items()},
            "prediction": {name: each.prediction for name, each in self.fidelity.items()},
            "told apart": {name: each.told_apart for name, each in self.fidelity.items()},
        }
        title = f"on {self.held_out_rows:,} held-out rows"
        said = [f"{title:26}" + "".join(f"{name:>15}" for name in self.fidelity)]
        for name, numbers in lines.items():
            said.append(f"{name:26}" + "".join(f"{each:15.3f}" for each in numbers.values()))
        worst = max(made.marginals, key=lambda name: made.marginals[name])
        return "\n".join(
            [
                *said,
                "real rows: what can be reached; columns apart: what needs no model of the rows",
                "columns: distance between the distributions of a column, from 0 to 1; the worst "
                f"is {worst}, {made.marginals[worst]:.3f}",
                "pairs: mean difference between associations of two columns; 0 is best",
                f"prediction: share of the variance of {', '.join(self.targets)} that a forest "
                "explains, which learned on these rows; 1 is best, 0 is a guess",
                "told apart: how often a forest tells such a row from a held-out one (area under "
                "the ROC curve); 0.5 is never, 1 always",
                str(self.privacy),
            ]
        )


def judge_synthesis(
    made: ArrayLike | pd.DataFrame,
    *,
    train: ArrayLike | pd.DataFrame,
    held_out: ArrayLike | pd.DataFrame,
    kinds: Mapping[str, str] | None = None,
    seed: int = 0,
) -> SynthesisReport:
    """Say what made-up rows are worth, whoever made them.

    Only known cells count; at most 5000 rows of each table are looked at, for distances of
    columns and pairs as many of each as are held out; at most 40 columns, of which five are
    predicted from the others.

    Args:
        made: (N, C) rows made up, with the columns of the others.
        train: (T, C) real rows that they were learned from.
        held_out: (M, C) real rows that were held out.
        kinds: for DataFrames, column to kind where it is known better.
        seed: of the choice of rows, of the forests, and of the columns put together.

    Returns:
        The report.

    Raises:
        DataError: fewer than 10 rows in one of the tables, no column to compare, or a cell that
            its column cannot hold.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> train, new, made = draw.normal(size=(3, 60, 2))
        >>> report = judge_synthesis(made, train=train, held_out=new)
        >>> sorted(report.fidelity), report.privacy.copies
        (['columns apart', 'real rows', 'synthetic'], 0)
    """
    names, levelled, tables = _read(made, train, held_out, kinds=kinds)
    draw = np.random.default_rng(seed)
    taken = [rows[draw.permutation(len(rows))[:_MOST_ROWS]] for rows in tables]
    privacy = check_privacy(taken[0], train=tables[1], held_out=taken[2], levelled=levelled)
    kept = _evenly(len(names), most=_MOST_COLUMNS)
    targets = kept[_evenly(len(kept), most=_TARGETS)]
    samples = {MADE: taken[0], REAL: taken[1]}
    samples |= {APART: np.stack([draw.permutation(column) for column in taken[1].T], axis=1)}
    fidelity = {
        name: _fidelity(
            rows[:, kept],
            held_out=taken[2][:, kept],
            among=taken[1][:, kept],
            levelled=levelled[kept],
            names=[names[place] for place in kept],
            targets=np.searchsorted(kept, targets),
            seed=seed,
        )
        for name, rows in samples.items()
    }
    return SynthesisReport(
        fidelity=fidelity,
        targets=tuple(names[place] for place in targets),
        privacy=privacy,
        held_out_rows=len(taken[2]),
    )


def _read(
    *tables: Any,  # noqa: ANN401 - arrays or frames
    kinds: Mapping[str, str] | None,
) -> tuple[list[str], NDArray[np.bool_], list[NDArray[np.float64]]]:
    """Names and kinds of the columns that can be compared, and the cells of three tables."""
    made, train, held_out = (t if is_frame(t) else np.asarray(t, np.float64) for t in tables)
    for what, table in (("made up", made), ("of training", train), ("held out", held_out)):
        if len(table) < LEAST_ROWS:
            raise DataError(f"expected {LEAST_ROWS} rows {what} at least; got {len(table)}")
    form = open_form(_joined(train, held_out), kinds=kinds)
    # any number can be compared, whatever its column says that it can hold
    plain = {c.name: "real" for c in form.columns if c.modelled and c.kind not in LEVELLED}
    if is_frame(train):
        form = open_form(_joined(train, held_out), kinds={**(kinds or {}), **plain})
    cells = [form.read(table) for table in (made, train, held_out)]
    used = [
        place
        for place, column in enumerate(form.columns)
        if column.modelled and not any(np.isnan(each[:, place]).all() for each in cells)
    ]
    if not used:
        raise DataError("expected a column that varies and is known in all three tables; got none")
    columns = [form.columns[place] for place in used]
    levelled = np.array([column.kind in LEVELLED for column in columns])
    return [column.name for column in columns], levelled, [each[:, used] for each in cells]


def _joined(one: Any, two: Any) -> Any:  # noqa: ANN401 - arrays or frames
    if not is_frame(one):
        return np.concatenate([one, two])
    import pandas as pd

    return pd.concat([one, two], ignore_index=True)


def _evenly(count: int, *, most: int) -> NDArray[np.int64]:
    """Positions of at most so many of so many things, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _fidelity(
    rows: NDArray[np.float64],
    *,
    held_out: NDArray[np.float64],
    among: NDArray[np.float64],
    levelled: NDArray[np.bool_],
    names: list[str],
    targets: NDArray[np.int64],
    seed: int,
) -> Fidelity:
    size = min(len(rows), len(held_out))  # of different sizes, noise would differ
    distances = marginal_distances(rows[:size], held_out[:size], levelled=levelled)
    ranked, tested = (ranks(each, among=among, levelled=levelled) for each in (rows, held_out))
    found, real = (associations(each[:size], levelled=levelled) for each in (ranked, tested))
    explained = predictabilities(
        ranked, tested=tested, levelled=levelled, targets=targets, seed=seed
    )
    return Fidelity(
        marginals=dict(zip(names, distances.tolist(), strict=True)),
        associations=float(np.abs(found - real).mean()) if len(found) else 0.0,
        prediction=float(explained.mean()),
        told_apart=told_apart(ranked[:size], tested[:size], seed=seed),
    )
