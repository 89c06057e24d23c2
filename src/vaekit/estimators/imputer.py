"""Impute missing values by a variational autoencoder."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaekit.errors import ConfigError, DataError, VaekitWarning
from vaekit.estimators.fitting import (
    COMBINED_IMPUTATION,
    IMPUTATION,
    Auto,
    TableSettings,
    TableTask,
    choose_settings,
    fit_tables,
)
from vaekit.estimators.forests import fit_forests
from vaekit.estimators.gaussian import Indicators, fit_gaussian, fit_indicators
from vaekit.estimators.imputer_ensemble import ImputerEnsemble, Network, fit_ensemble
from vaekit.estimators.table_imputer import FAR_WORSE, TableImputer
from vaekit.estimators.tables import LEVELLED, TableScaler, fit_scaler
from vaekit.inference import Imputation, impute, impute_means
from vaekit.models import MASKS, VAE, End, Mask, Missingness
from vaekit.tables import Column

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ImputationReport",
    "VAEImputer",
    "compare_imputers",
    "fit_imputers",
    "hold_out_cells",
]


_COLLAPSED = 5.0
_MIN_COMPARED = 30
_MIN_SAMPLES = 50
_OURS = "VAEImputer"
_MEAN = "mean or mode"
_HELD_OUT = 0.1
_MIN_CELLS = 300  # as many as leave 30 to hold out
_FEW_SAMPLES = 5
_COMBINED_RATE = 1e-2
_BATCH_SIZE = 128
_LARGE_BATCH_ROWS = 20_000
_MEAN_SAMPLES = 64
_MEAN_SAMPLES_OF_MANY = 16
_MAX_ROWS = 5000
_MAX_COLUMNS = 60
_FOREST_ROUNDS = 3
_FOREST_TREES = 20


class VAEImputer(TableImputer):
    """Impute missing values by a variational autoencoder.

    The model is fitted to the known cells of complete and incomplete rows by the
    importance-weighted bound. A missing number is imputed by its mean given the known cells of
    the row, a missing level by the most probable one. Known cells are kept as they are.

    By default a tenth of the known cells, in at most 5000 rows, is held out from the training of
    the model, and decides between it, a Gaussian fitted by expectation maximisation, forests of
    randomised trees that refine either, and means of these. The model is not used where it does
    not lower the error by 1 %, nor where fewer than 30 cells can be held out. Intervals have the
    width of the errors on held-out cells (conformal prediction).

    An array holds numbers. A DataFrame may hold anything: each column gets the distribution of
    its kind (see :func:`vaekit.tables.infer_schema`), and its type, order and index come back.
    Constants are filled with their value, identifiers are ignored. A level that training did
    not see counts as missing for the model, and is kept. A column without a known cell in
    training is dropped, as by scikit-learn's imputers, unless ``keep_empty_features``.

    Args:
        latent_dim: D, or "auto": 10.
        hidden: widths of the hidden layers, or "auto": (128, 128).
        samples: K, importance samples of each row in training, or "auto": 5, and 20 where the
            method is "vae".
        epochs: passes over the rows in training, or "auto": about 43, and 300 where the method
            is "vae".
        batch_size: rows in a step, or "auto": 128, and 64 where the method is "vae"; 256 from
            20,000 rows.
        learning_rate: initial step size, or "auto": 1e-2, and 2e-3 where the method is "vae"; it
            falls to 0.
        imputation_samples: K, importance samples of each row in imputation; where the method is
            "auto" at most 64, and 16 if there were 20,000 training rows or more, from a Sobol
            sequence.
        method: "auto", or "vae": the model alone, fitted to all known cells. Where missingness is
            not ignorable, and where weights differ, the model is always alone.
        kinds: for a DataFrame, column to kind where it is known better: "count", "bounded:0:100".
        weights: column to its weight in the loss, 1 where absent (x0, x1, ... in an array).
        check: share of the known cells that is held out to compare the imputer with simple ones,
            in ``report_``; where the method is "vae" it costs a second training.
        missingness: why cells are missing. "ignorable": it depends on the known cells only (missing
            at random). Otherwise the probability that a cell is missing is modelled too:
            "self-masking": it depends on the missing value itself; "self-masking-known": and it
            is known at which end; "agnostic": it depends on all columns.
        missing_when: for "self-masking-known": whether "high" or "low" numbers go missing, for
            all columns or for each by name (x0, x1, ... in an array).
        keep_empty_features: keep columns without a known cell in training: zeros in an array, as
            they came in a DataFrame.
        random_state: seed, or generator, of training; the noise of ``transform`` is fixed then.
        verbose: show the progress of training on stderr.

    Attributes:
        report_: its errors and those of simple imputers, or none.
        model_: the model; none where there was nothing to model, or where it is not used.
        ensemble_: which imputers are combined, and their errors; none where the model is alone.
        format_: how tables are encoded, and the kinds of their columns.
        scaler_: the columns that the model sees, and their units.
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
    scaler_: TableScaler
    model_: VAE | None
    ensemble_: ImputerEnsemble | None

    def __init__(
        self,
        *,
        latent_dim: int | Auto = "auto",
        hidden: Sequence[int] | Auto = "auto",
        samples: int | Auto = "auto",
        epochs: int | Auto = "auto",
        batch_size: int | Auto = "auto",
        learning_rate: float | Auto = "auto",
        imputation_samples: int = 1000,
        method: Literal["auto", "vae"] = "auto",
        kinds: Mapping[str, str] | None = None,
        weights: Mapping[str, float] | None = None,
        check: float = 0.0,
        missingness: Literal["ignorable"] | Mask = "ignorable",
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
        self.method = method
        self.kinds = kinds
        self.weights = weights
        self.check = check
        self.missingness = missingness
        self.missing_when = missing_when
        self.keep_empty_features = keep_empty_features
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike | pd.DataFrame, y: object = None) -> VAEImputer:
        """Fit the model to the known cells of a table.

        Args:
            X: (N, C) an array of numbers, or a DataFrame; missing values are NaN, None or NA.
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

    def _complete_cells(
        self, cells: NDArray[np.float64], *, draws: int, coverage: float | None
    ) -> Imputation:
        """Impute the missing cells (N, C)."""
        if self.ensemble_ is not None:
            return self.ensemble_.complete(
                cells,
                network=self._network(
                    scaler=self.scaler_, model=self.model_, rows=self.ensemble_.rows
                ),
                draws=draws,
                coverage=coverage,
                seed=self.seed_,
            )
        return self._fill(
            cells, scaler=self.scaler_, model=self.model_, draws=draws, interval=coverage
        )

    def _probabilities(self, cells: NDArray[np.float64], *, place: int) -> NDArray[np.float64]:
        """(N, L) of the levels of a column, all cells of which are missing."""
        if self.ensemble_ is not None:
            network = self._network(
                scaler=self.scaler_, model=self.model_, rows=self.ensemble_.rows
            )
            features = self.ensemble_.fill(cells, network=network)
            return self.ensemble_.indicators.probabilities(features, place=place)
        assert self.model_ is not None  # it has a column of levels
        rows = self.scaler_.transform(cells)
        samples = min(self.imputation_samples, _MEAN_SAMPLES)
        _, levels = impute_means(self.model_, rows=rows, samples=samples, seed=self.seed_)
        return levels[int(np.flatnonzero(self.scaler_.places == place)[0])]

    def _collapsed(
        self, cells: NDArray[np.float64], effective: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Rows (N,) whose importance samples have collapsed, with a warning."""
        incomplete = np.asarray(np.isnan(cells).any(1))
        few = (effective < _COLLAPSED) & incomplete
        few &= self.imputation_samples >= _MIN_SAMPLES  # fewer are a quick look
        if few.any():
            warnings.warn(
                f"in {int(few.sum()):,} of {int(incomplete.sum()):,} rows with missing values the "
                f"effective number of importance samples is below {_COLLAPSED:g} of "
                f"{self.imputation_samples:,}: do not rely on their imputed values, or raise "
                "imputation_samples",
                VaekitWarning,
                stacklevel=3,
            )
        return few

    def _open(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401 - table or array
        """Check parameters and the training table, and return its cells (N, C)."""
        if not 0.0 <= self.check < 1.0:
            raise ConfigError(f"expected check to be a share from 0 up to 1; got {self.check}")
        if self.method not in ("auto", "vae"):
            raise ConfigError(f"expected method to be auto or vae; got {self.method!r}")
        self.report_ = None
        cells = self._open_table(X)
        self._check_missingness()
        return cells

    def _check_missingness(self) -> None:
        """Refuse an unknown missingness, end or column."""
        kinds = ("ignorable", *MASKS)
        if self.missingness not in kinds:
            raise ConfigError(
                f"expected missingness to be one of {', '.join(kinds)}; got {self.missingness!r}"
            )
        when, columns = self.missing_when, self.format_.columns
        ends = {"": when} if isinstance(when, str) else when
        wrong = [end for end in ends.values() if end not in ("high", "low")]
        if wrong:
            raise ConfigError(f"expected missing_when to be high or low; got {wrong[0]!r}")
        unknown = sorted(set(ends) - {column.name for column in columns} - {""})
        if unknown:
            raise ConfigError(
                f"missing_when names {unknown[0]!r}, which is no column that a model sees: "
                f"{', '.join(column.name for column in columns if column.modelled)}"
            )

    @property
    def _combines(self) -> bool:
        """Whether imputers are combined."""
        equal = all(weight == 1 for weight in (self.weights or {}).values())
        return self.method == "auto" and self.missingness == "ignorable" and equal

    def _hold_out(self, cells: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Choose the cells (N, C) to judge by; none where there are too few and none is asked."""
        columns, seed = self.format_.columns, self.seed_
        try:
            return hold_out_cells(cells, columns=columns, share=self.check or _HELD_OUT, seed=seed)
        except DataError:
            if self.check:
                raise
            return np.zeros(cells.shape, np.bool_)

    def _settings(self, *, rows: int) -> TableSettings:
        """Replace "auto" by what suits a table of so many rows."""
        combines = self._combines
        few = combines and self.samples == "auto"
        rate: float | Auto = _COMBINED_RATE if combines else "auto"
        large = rows >= _LARGE_BATCH_ROWS
        size: int | Auto = _BATCH_SIZE if combines and not large else "auto"
        chosen = choose_settings(
            rows=rows,
            latent_dim=self.latent_dim,
            hidden=self.hidden,
            samples=_FEW_SAMPLES if few else self.samples,
            epochs=self.epochs,
            batch_size=size if self.batch_size == "auto" else self.batch_size,
            learning_rate=rate if self.learning_rate == "auto" else self.learning_rate,
            budget=COMBINED_IMPUTATION if combines else IMPUTATION,
        )
        return replace(chosen, linear_start=combines)

    def _network(self, *, scaler: TableScaler, model: VAE | None, rows: int) -> Network | None:
        """Return the model, trained on so many rows, as a function from cells to features."""
        if model is None:
            return None

        most = _MEAN_SAMPLES if rows < _LARGE_BATCH_ROWS else _MEAN_SAMPLES_OF_MANY
        samples = min(self.imputation_samples, most)

        def fill(cells: NDArray[np.float64], indicators: Indicators) -> NDArray[np.float64]:
            means, levels = impute_means(
                model, rows=scaler.transform(cells), samples=samples, seed=self.seed_
            )
            missing = np.isnan(cells)
            given = np.where(missing, scaler.inverse_transform(means), cells)
            features = indicators.transform(given)
            for f, shares in levels.items():
                place = int(scaler.places[f])
                at = indicators.features(place)
                expected = (shares - indicators.shift[at]) / indicators.scale[at]
                features[:, at] = np.where(missing[:, [place]], expected, features[:, at])
            return features

        return fill

    def _combine(
        self,
        cells: NDArray[np.float64],
        *,
        held_out: NDArray[np.bool_],
        scaler: TableScaler,
        model: VAE | None,
    ) -> None:
        """Choose and fit the ensemble of a table (N, C)."""
        self.scaler_ = scaler
        self.ensemble_, filled = fit_ensemble(
            cells,
            held_out=held_out,
            columns=self.format_.columns,
            network=self._network(scaler=scaler, model=model, rows=len(cells)),
            seed=self.seed_,
        )
        self.model_ = model if self.ensemble_.has_network else None
        if self.check:
            self._report(cells, held_out=held_out, filled=filled)

    def _report(
        self,
        cells: NDArray[np.float64],
        *,
        held_out: NDArray[np.bool_],
        filled: NDArray[np.floating[Any]],
    ) -> None:
        """Compare the filled table (N, C) with those of other imputers."""
        self.report_ = compare_imputers(
            filled, cells=cells, held_out=held_out, columns=self.format_.columns
        )
        if self.report_.implausible:
            warnings.warn(
                "on held-out cells the squared error is over a hundred times that of the mean, in "
                f"the columns {', '.join(self.report_.implausible)}: do not use their imputed "
                "values; give a better kind (kinds=), or leave the columns out",
                VaekitWarning,
                stacklevel=4,
            )

    def _task(self, cells: NDArray[np.float64], *, scaler: TableScaler) -> TableTask:
        """What is to be trained on the cells (N, C)."""
        rows = scaler.transform(cells)
        missing: list[bool] = np.asarray(np.isnan(rows).any(0)).tolist()
        missingness = None
        if self.missingness != "ignorable" and any(missing):
            when = self.missing_when
            ends: list[End] = [
                when if isinstance(when, str) else when.get(name, "high") for name in scaler.names
            ]
            missingness = Missingness(
                scaler.specs, kind=self.missingness, has_missing=missing, missing_when=ends
            )
        return TableTask(
            rows=rows,
            specs=scaler.specs,
            seed=self.seed_,
            missingness=missingness,
            weights=scaler.order_weights(self.weights),
        )

    def _fill(
        self,
        cells: NDArray[np.float64],
        *,
        scaler: TableScaler,
        model: VAE | None,
        draws: int = 0,
        interval: float | None = None,
    ) -> Imputation:
        """Impute the missing cells (N, C) of the columns that the model sees."""
        if model is None:
            return Imputation(
                filled=cells,
                draws=np.repeat(cells[None], draws, axis=0),
                low=cells,
                high=cells,
                effective_samples=np.full(len(cells), float(self.imputation_samples)),
            )
        made = impute(
            model,
            rows=scaler.transform(cells),
            samples=self.imputation_samples,
            draws=draws,
            interval=interval,
            seed=self.seed_,
        )

        def restore(rows: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
            return np.where(np.isnan(cells), scaler.inverse_transform(rows), cells)

        return replace(
            made,
            filled=restore(made.filled),
            draws=restore(made.draws),
            low=restore(made.low),
            high=restore(made.high),
        )


@dataclass(frozen=True, kw_only=True)
class ImputationReport:
    """Errors of every imputer on the same held-out cells."""

    numbers: Mapping[str, float]
    """Imputer to mean squared error in units of the variance of each column; empty where no
    number was held out."""
    levels: Mapping[str, float]
    """Imputer to share of wrong levels; empty where no level was held out."""
    cells: int
    """How many cells were held out."""
    implausible: tuple[str, ...] = ()
    """Columns of numbers whose squared error is over a hundred times that of their mean."""

    @property
    def winner(self) -> str:
        """The imputer with the least error: of numbers, or of levels where there are none."""
        return _best(self.numbers or self.levels)

    def _is_sound(self, name: str) -> bool:
        """Whether an imputer is not worse than the mean or mode, or is ours."""
        pairs = ((each.get(name), each.get(_MEAN)) for each in (self.numbers, self.levels))
        return name == _OURS or all(
            mean is None or (error is not None and error <= 1.1 * mean) for error, mean in pairs
        )

    def __str__(self) -> str:
        """A table, and a sentence that says where another imputer is better."""
        title = f"on {self.cells:,} known cells"
        names = list(self.numbers or self.levels)
        width = max(map(len, (title, *names)))
        lines = [f"{title:{width}}  numbers   levels"]
        for name in names:
            errors = (each.get(name) for each in (self.numbers, self.levels))
            shown = (f"{'-' if error is None else format(error, '.3f'):>7}" for error in errors)
            lines.append(f"{name:{width}}  " + "  ".join(shown))
        lines.append("numbers: squared error / variance of the column; levels: share that is wrong")
        if self.cells < _MIN_COMPARED:
            lines.append("too few cells to say which one to use")
            return "\n".join(lines)
        for what, found in (("numbers", self.numbers), ("levels", self.levels)):
            # an imputer that is worse than the mean on the other kind is not recommended
            sound = {name: error for name, error in found.items() if self._is_sound(name)}
            best = _best(sound) if sound else _OURS
            if best != _OURS:
                lines.append(f"{best} is better on {what} here: use that one for them")
            elif found:
                lines.append(f"use {_OURS} for {what}")
        return "\n".join(lines)


def _best(errors: Mapping[str, float]) -> str:
    """Name of the imputer with the least error; ours where another is as good."""
    return min(errors, key=lambda name: (errors[name], name != _OURS))


def hold_out_cells(
    cells: NDArray[np.float64], *, columns: Sequence[Column], share: float, seed: int
) -> NDArray[np.bool_]:
    """Choose known cells to hold out.

    Args:
        cells: (N, C) NaN where missing.
        columns: C of them; constants are left alone.
        share: of the known cells, in at most 5000 rows: those that simple imputers can take.
        seed: of the choice.

    Returns:
        (N, C) true where a cell is held out. Every column keeps two different known cells.

    Raises:
        DataError: there are too few known cells.
    """
    draw = np.random.default_rng(seed)
    chosen = draw.permutation(len(cells))[:_MAX_ROWS]
    held_out = np.zeros(cells.shape, np.bool_)
    for place in (place for place, column in enumerate(columns) if column.modelled):
        known = draw.permutation(chosen[~np.isnan(cells[chosen, place])])
        # what stays must not be constant
        _, first = np.unique(cells[known, place], return_index=True)
        free = np.delete(known, first[:2])
        held_out[free[: round(share * len(known))], place] = True
    if not held_out.any():
        raise DataError(
            f"expected enough known cells to hold out a share of {share:g}; got "
            f"{int((~np.isnan(cells)).sum())} in {cells.shape[1]} columns. Take check=0"
        )
    return held_out


def compare_imputers(
    filled: NDArray[np.floating[Any]],
    *,
    cells: NDArray[np.float64],
    held_out: NDArray[np.bool_],
    columns: Sequence[Column],
) -> ImputationReport:
    """Compute the errors of an imputer and of scikit-learn's on the same cells.

    Args:
        filled: (N, C) by the imputer, which did not see the cells that were held out.
        cells: (N, C) NaN where missing.
        held_out: (N, C) true where a cell was held out.
        columns: C of them.

    Returns:
        The report.
    """
    rows, used = held_out.any(1), np.flatnonzero(held_out.any(0)).tolist()
    others = ~rows & (np.cumsum(~rows) <= max(0, _MAX_ROWS - int(rows.sum())))
    part = np.ix_(np.flatnonzero(rows | others), np.array(used))
    known, hidden = cells[part], held_out[part]
    levelled = np.array([columns[place].kind in LEVELLED for place in used])
    given = np.where(hidden, np.nan, known)
    spread = np.nanstd(given, axis=0)
    scale = np.where(levelled | (spread == 0), 1.0, spread)
    shift = np.where(levelled, 0.0, np.nanmean(given, axis=0))
    truth = (known - shift) / scale
    tables = {_OURS: (filled[part] - shift) / scale}
    tables |= _baselines((given - shift) / scale, levelled=levelled)
    tables |= {
        name: (table - shift) / scale
        for name, table in _rivals(given, columns=[columns[place] for place in used]).items()
    }
    numbers, levels = hidden & ~levelled, hidden & levelled
    return ImputationReport(
        numbers={
            name: float(((table - truth)[numbers] ** 2).mean())
            for name, table in tables.items()
            if numbers.any()
        },
        levels={
            name: float((np.rint(table) != truth)[levels].mean())
            for name, table in tables.items()
            if levels.any()
        },
        cells=int(hidden.sum()),
        implausible=tuple(
            columns[place].name
            for at, place in enumerate(used)
            if (chosen := numbers[:, at]).any()
            and _far_worse(
                tables[_OURS][chosen, at], than=tables[_MEAN][chosen, at], truth=truth[chosen, at]
            )
        ),
    )


def _far_worse(
    filled: NDArray[np.float64], *, than: NDArray[np.float64], truth: NDArray[np.float64]
) -> bool:
    """Return whether a squared error is over a hundred times another."""
    error, other = (float(((each - truth) ** 2).mean()) for each in (filled, than))
    return not error <= FAR_WORSE * max(other, float(np.finfo(np.float32).eps))


def _baselines(
    given: NDArray[np.float64], *, levelled: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]]:
    """Tables filled by scikit-learn, of which every column has a known cell."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - it asks for that
    from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

    mean = SimpleImputer().fit_transform(given)
    mode = SimpleImputer(strategy="most_frequent").fit_transform(given)
    found = {
        _MEAN: np.where(levelled, mode, mean),
        "5 nearest neighbours": KNNImputer(n_neighbors=5).fit_transform(given),
    }
    if given.shape[1] <= _MAX_COLUMNS:  # its time grows with the fourth power of the columns
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its error tells that it has not converged
            found["iterative"] = IterativeImputer(random_state=0).fit_transform(given)
    return found


def _rivals(
    given: NDArray[np.float64], *, columns: Sequence[Column]
) -> dict[str, NDArray[np.float64]]:
    """Tables (N, C) filled by the Gaussian and by chained forests."""
    indicators = fit_indicators(given, columns=columns)
    rows = indicators.transform(given)
    missing = np.isnan(rows)
    tables = {"Gaussian by EM": fit_gaussian(rows).fill(rows)[0]}
    chained = np.where(missing, 0.0, rows)  # the mean
    for turn in range(_FOREST_ROUNDS):
        forests = fit_forests(
            chained, missing=missing, indicators=indicators, trees=_FOREST_TREES, seed=turn
        )
        chained = forests.refine(chained, missing=missing)
    tables["chained forests"] = chained
    return {name: indicators.inverse_transform(table) for name, table in tables.items()}


def fit_imputers(imputers: Sequence[VAEImputer], tables: Sequence[Any]) -> None:
    """Fit several imputers, each to a table of its own, and train their models together.

    For the same table under several masks, or with several seeds. Each model is what ``fit``
    would have given, but for rounding, which training enlarges. Imputers with the same
    settings of model and training, whose tables have columns of the same kinds and about as many
    rows, are trained together; others one after another. With few importance samples that saves
    most of the time, with twenty a part of it.

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
    cells = [imputer._open(table) for imputer, table in zip(imputers, tables, strict=True)]
    # the first training hides the cells that judge, the second has all
    judging = [at for at, each in enumerate(imputers) if each.check or each._combines]
    held_out = {at: imputers[at]._hold_out(cells[at]) for at in judging}
    final = [at for at, imputer in enumerate(imputers) if not imputer._combines]
    judged = _fit_models(
        [imputers[at] for at in judging],
        [np.where(held_out[at], np.nan, cells[at]) for at in judging],
    )
    for at, (scaler, model) in zip(judging, judged, strict=True):
        imputer, each, hidden = imputers[at], cells[at], held_out[at]
        if imputer._combines:
            imputer._combine(each, held_out=hidden, scaler=scaler, model=model)
        else:
            filled = imputer._fill(
                np.where(hidden, np.nan, each), scaler=scaler, model=model
            ).filled
            imputer._report(each, held_out=hidden, filled=filled)
    fitted = _fit_models([imputers[at] for at in final], [cells[at] for at in final])
    for at, (scaler, model) in zip(final, fitted, strict=True):
        imputers[at].scaler_, imputers[at].model_ = scaler, model
        imputers[at].ensemble_ = None


def _fit_models(
    imputers: Sequence[VAEImputer], tables: Sequence[NDArray[np.float64]]
) -> list[tuple[TableScaler, VAE | None]]:
    """Train the models of imputers on known cells (N, C); those of the same settings together."""
    scalers = [
        # large values may be what is missing, unless that is ignorable
        fit_scaler(
            cells,
            columns=imputer.format_.columns,
            unbounded=imputer.missingness != "ignorable",
        )
        for imputer, cells in zip(imputers, tables, strict=True)
    ]
    models: list[VAE | None] = [None] * len(imputers)
    groups: dict[TableSettings, list[int]] = {}
    for at, (imputer, cells) in enumerate(zip(imputers, tables, strict=True)):
        settings = imputer._settings(rows=len(cells))
        scalers[at].order_weights(imputer.weights)  # refuses wrong ones before any training
        few = imputer._combines and int((~np.isnan(cells)).sum()) < _MIN_CELLS
        if scalers[at].specs and not few:
            groups.setdefault(settings, []).append(at)
    verbose = any(imputer.verbose for imputer in imputers)
    for settings, group in groups.items():
        tasks = [imputers[at]._task(tables[at], scaler=scalers[at]) for at in group]
        found = fit_tables(tasks, settings=settings, verbose=verbose)
        for at, model in zip(group, found, strict=True):
            models[at] = model
    return list(zip(scalers, models, strict=True))
