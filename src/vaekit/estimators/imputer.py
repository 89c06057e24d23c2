"""Impute missing values by a variational autoencoder."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from vaekit.errors import ConfigError, DataError, VaekitWarning
from vaekit.estimators.density import door
from vaekit.estimators.fitting import (
    Auto,
    Reason,
    TableSettings,
    TableTask,
    check_reason,
    choose_settings,
    fit_tables,
    model_gaps,
    warn_of_empty,
)
from vaekit.estimators.tables import Layout, TableForm, fill, lay_out, open_form
from vaekit.inference import Imputation
from vaekit.models import VAE, End
from vaekit.tables import Column

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Completed",
    "ImputationReport",
    "VAEImputer",
    "collapsed",
    "compare",
    "fit_imputers",
    "hold_back",
    "write_completed",
]


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


class VAEImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill in missing cells with what a variational autoencoder expects there.

    It learns from the known cells alone, of complete and incomplete rows, by the
    importance-weighted bound, and fills a gap with its mean given the known cells of the row, or
    with the most probable level. Known cells come back as they went in.

    An array holds numbers. A DataFrame may hold anything: each column gets the distribution of
    its kind (see :func:`vaekit.tables.infer_schema`), and its type, order and index come back.
    Constants are filled with their value, identifiers are left alone. A level that training did
    not see tells the model nothing and stays where it is. A column without a known cell in
    training is dropped, as by scikit-learn's imputers, unless ``keep_empty_features``.

    Args:
        latent_dim: D, or "auto": 10.
        hidden: widths of the hidden layers, or "auto": (128, 128).
        samples: K, importance samples of each row in training.
        epochs: passes over the rows in training, or "auto": about 300.
        batch_size: rows in a step, or "auto": 64, and 256 from 20,000 rows.
        learning_rate: step size at the start; it falls to 0.
        imputation_samples: K, importance samples of each row when gaps are filled.
        kinds: for a DataFrame, column to kind where it is known better: "count", "bounded:0:100".
        weights: column to how much it counts in training, 1 where absent (x0, x1, ... in an array).
        check: share of the known cells that is held back to say what the imputer is worth, in
            ``report_``; it costs a second training.
        missingness: why cells are missing. "ignorable": for reasons that the known cells tell.
            Otherwise the chance of a gap is modelled too: "self-masking": it depends on the
            missing value itself; "self-masking-known": and it is known at which end;
            "agnostic": it depends on all columns.
        missing_when: for "self-masking-known": whether "high" or "low" numbers go missing, for
            all columns or for each by name (x0, x1, ... in an array).
        keep_empty_features: keep columns without a known cell in training: zeros in an array, as
            they came in a DataFrame.
        random_state: seed, or generator, of training; the noise of ``transform`` is fixed then.
        verbose: show the progress of training on stderr.

    Attributes:
        report_: what it is worth beside simple imputers, or none.
        model_: the model; none where there was nothing to model.
        form_: how the table is read, and the kinds of its columns.
        layout_: the columns that the model sees, and their units.
        seed_: of the noise of ``transform``.
        n_features_in_: columns in training.
        feature_names_in_: their names, where they had any.

    Example:
        >>> table = np.repeat(np.linspace(-1, 1, 60), 3).reshape(60, 3)
        >>> table[::4, 1] = np.nan
        >>> imputer = VAEImputer(epochs=3, hidden=(8,), imputation_samples=20, random_state=0)
        >>> filled = imputer.fit_transform(table)
        >>> filled.shape, bool(np.isnan(filled).any())
        ((60, 3), False)

    Source:
        Mattei and Frellsen 2019, arXiv:1812.02633 (MIWAE); Ipsen, Mattei and Frellsen 2021,
        arXiv:2006.12871 (not-MIWAE).
    """

    report_: ImputationReport | None
    form_: TableForm
    layout_: Layout
    model_: VAE | None
    seed_: int

    def __init__(
        self,
        *,
        latent_dim: int | Auto = "auto",
        hidden: Sequence[int] | Auto = "auto",
        samples: int = 20,
        epochs: int | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate: float = 2e-3,
        imputation_samples: int = 1000,
        kinds: Mapping[str, str] | None = None,
        weights: Mapping[str, float] | None = None,
        check: float = 0.0,
        missingness: Reason = "ignorable",
        missing_when: End | Mapping[str, End] = "high",
        keep_empty_features: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.samples = samples
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.imputation_samples = imputation_samples
        self.kinds = kinds
        self.weights = weights
        self.check = check
        self.missingness = missingness
        self.missing_when = missing_when
        self.keep_empty_features = keep_empty_features
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike | pd.DataFrame, y: object = None) -> VAEImputer:
        """Learn from the known cells of a table.

        Args:
            X: (N, C) an array of numbers, or a DataFrame; gaps are NaN, None or NA.
            y: ignored.

        Returns:
            Itself.

        Raises:
            ConfigError: a parameter out of range.
            DataError: a column that cannot be modelled as its kind.
            TrainingError: the loss is not finite.
        """
        fit_imputers([self], [X])
        return self

    def transform(self, X: ArrayLike | pd.DataFrame) -> Any:  # noqa: ANN401 - as X came
        """Fill the gaps of a table; the same for a row whatever rows go with it.

        Args:
            X: (N, C) with the columns of training.

        Returns:
            The filled table (N, C'): a DataFrame where one came, else an array.

        Raises:
            DataError: a cell that its column cannot hold.
        """
        return self.complete(X).filled

    def complete(
        self, X: ArrayLike | pd.DataFrame, *, multiple: int = 0, coverage: float | None = None
    ) -> Completed:
        """Fill the gaps of a table, and say how unsure they are.

        Args:
            X: (N, C) with the columns of training.
            multiple: how many filled tables to draw too, for analyses that shall know how unsure
                the gaps are.
            coverage: probability, by the model, that a missing number lies in its interval.

        Returns:
            The filled table, draws, intervals and effective sample sizes.

        Raises:
            ConfigError: a negative number of tables, or a coverage that is not between 0 and 1.
            DataError: a cell that its column cannot hold.
        """
        check_is_fitted(self)
        table = door(self, X, form=self.form_)
        cells = self.form_.read(table)
        return write_completed(
            self._fill(cells, draws=multiple, interval=coverage),
            form=self.form_,
            like=table,
            gaps=np.asarray(np.isnan(cells).any(1)),
            samples=self.imputation_samples,
            keep_empty=self.keep_empty_features,
        )

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Names of the columns of a filled table.

        Args:
            input_features: names of the columns of training; only for arrays are they free.

        Returns:
            (C',) names.
        """
        names: NDArray[Any] = super().get_feature_names_out(input_features)
        return names if self.keep_empty_features else np.delete(names, self.form_.empty)

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _fill(
        self, cells: NDArray[np.float64], *, draws: int = 0, interval: float | None = None
    ) -> Imputation:
        """What the model says of the gaps of cells (N, C)."""
        return fill(
            cells,
            layout=self.layout_,
            model=self.model_,
            samples=self.imputation_samples,
            draws=draws,
            interval=interval,
            seed=self.seed_,
        )


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


_SEEDS = 2**31 - 1


def fit_imputers(imputers: Sequence[VAEImputer], tables: Sequence[Any]) -> None:
    """Fit several imputers, each to a table of its own, and train their models as one.

    For the same table under several masks, or with several seeds. What each learns is what its
    ``fit`` would have learned, but for rounding, which training enlarges. Imputers with the same
    settings of model and training, whose tables have columns of the same kinds and about as many
    rows, share the time in which a step starts; others are trained one after another. With few
    importance samples that is most of the time, with twenty a part of it.

    Args:
        imputers: M of them.
        tables: M arrays of numbers or DataFrames, as ``fit`` takes them.

    Raises:
        ConfigError: not one table for each imputer, or a parameter out of range.
        DataError: a column that cannot be modelled as its kind.
        TrainingError: a loss is not finite.

    Example:
        >>> from vaekit.estimators import VAEImputer
        >>> table = np.repeat(np.linspace(-1, 1, 60), 3).reshape(60, 3)
        >>> masks = [np.random.default_rng(seed).random(table.shape) < 0.2 for seed in range(2)]
        >>> tables = [np.where(mask, np.nan, table) for mask in masks]
        >>> small = {"epochs": 3, "hidden": (8,), "imputation_samples": 20}
        >>> imputers = [VAEImputer(**small, random_state=seed) for seed in range(2)]
        >>> fit_imputers(imputers, tables)
        >>> [imputer.transform(t).shape for imputer, t in zip(imputers, tables, strict=True)]
        [(60, 3), (60, 3)]
    """
    if len(imputers) != len(tables):
        raise ConfigError(
            f"expected one table for each imputer; got {len(imputers)} and {len(tables)}"
        )
    cells = [_open(imputer, table) for imputer, table in zip(imputers, tables, strict=True)]
    _judge(imputers, cells)
    verbose = any(imputer.verbose for imputer in imputers)
    plans = [_plan(imputer, each) for imputer, each in zip(imputers, cells, strict=True)]
    for imputer, plan, model in zip(imputers, plans, _learn(plans, verbose=verbose), strict=True):
        imputer.layout_, imputer.model_ = plan.layout, model


@dataclass(frozen=True, kw_only=True, eq=False)
class _Plan:
    """What is to be trained for a table."""

    layout: Layout
    task: TableTask | None
    """None where there is nothing to model."""
    settings: TableSettings


def _open(imputer: VAEImputer, table: Any) -> NDArray[np.float64]:  # noqa: ANN401 - as X came
    """Check parameters and table, and read its cells (N, C)."""
    if not 0.0 <= imputer.check < 1.0:
        raise ConfigError(f"expected check to be a share from 0 up to 1; got {imputer.check}")
    imputer.seed_ = int(check_random_state(imputer.random_state).randint(_SEEDS))
    checked = door(imputer, table, least=1)
    imputer.form_ = open_form(checked, kinds=imputer.kinds)
    cells = imputer.form_.read(checked)
    check_reason(
        imputer.missingness, missing_when=imputer.missing_when, columns=imputer.form_.columns
    )
    warn_of_empty(imputer.form_.empty, kept=imputer.keep_empty_features)
    return cells


def _judge(imputers: Sequence[VAEImputer], cells: Sequence[NDArray[np.float64]]) -> None:
    """Where asked for, train on a part of the known cells, and compare on the others."""
    asked = []
    for imputer, each in zip(imputers, cells, strict=True):
        imputer.report_ = None
        if imputer.check:
            columns, seed = imputer.form_.columns, imputer.seed_
            held = hold_back(each, columns=columns, share=imputer.check, seed=seed)
            hidden = np.where(held, np.nan, each)
            asked.append((imputer, each, held, hidden, _plan(imputer, hidden)))
    models = _learn([plan for *_, plan in asked], verbose=any(each[0].verbose for each in asked))
    for (imputer, each, held, hidden, plan), model in zip(asked, models, strict=True):
        made = fill(
            hidden,
            layout=plan.layout,
            model=model,
            samples=imputer.imputation_samples,
            seed=imputer.seed_,
        )
        columns = imputer.form_.columns
        imputer.report_ = compare(made.filled, cells=each, held=held, columns=columns)


def _plan(imputer: VAEImputer, cells: NDArray[np.float64]) -> _Plan:
    """Units, settings and task of the known cells (N, C)."""
    columns = imputer.form_.columns
    beyond = imputer.missingness != "ignorable"  # large values may be what is hidden
    layout = lay_out(cells, columns=columns, beyond=beyond)
    settings = choose_settings(
        rows=len(cells),
        latent_dim=imputer.latent_dim,
        hidden=imputer.hidden,
        samples=imputer.samples,
        epochs=imputer.epochs,
        batch_size=imputer.batch_size,
        learning_rate=imputer.learning_rate,
    )
    if not layout.specs:
        return _Plan(layout=layout, task=None, settings=settings)
    seen = layout.to_model(cells)
    gaps = model_gaps(
        seen,
        layout=layout,
        columns=columns,
        reason=imputer.missingness,
        missing_when=imputer.missing_when,
    )
    task = TableTask(
        seen=seen,
        specs=layout.specs,
        seed=imputer.seed_,
        missingness=gaps,
        weights=layout.weigh(imputer.weights, columns=columns),
    )
    return _Plan(layout=layout, task=task, settings=settings)


def _learn(plans: Sequence[_Plan], *, verbose: bool) -> list[VAE | None]:
    """The models; those of the same settings at once."""
    models: dict[int, VAE] = {}
    for settings in {plan.settings for plan in plans if plan.task}:
        alike = [at for at, plan in enumerate(plans) if plan.task and plan.settings == settings]
        tasks = [plans[at].task for at in alike]
        known = [task for task in tasks if task is not None]
        models |= zip(alike, fit_tables(known, settings=settings, verbose=verbose), strict=True)
    return [models.get(at) for at in range(len(plans))]
