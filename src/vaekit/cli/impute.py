"""``vaekit impute``."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vaekit.cli.options import AsJson, Force, Out, Quiet, SafeCsv
from vaekit.cli.output import Output
from vaekit.cli.tables import (
    TABLE_KINDS,
    FileFlags,
    TablePath,
    read_source,
    source_lines,
    training_settings,
)
from vaekit.errors import ConfigError, DataError

if TYPE_CHECKING:
    from vaekit.estimators import Pooled, PooledAnalysis
    from vaekit.estimators.imputer import ImputationReport
    from vaekit.estimators.table_imputer import Completed
    from vaekit.models import End

__all__ = ["impute"]


def impute(
    table: TablePath,
    /,
    *,
    out: Out,
    multiple: int = 0,
    pool: str = "",
    intervals: float | None = None,
    missing: str | None = None,
    keep_missing: str | None = None,
    columns: str = "",
    weights: str = "",
    missingness: Literal[
        "ignorable", "self-masking", "self-masking-known", "agnostic"
    ] = "ignorable",
    missing_when: str = "high",
    method: Literal["auto", "vae"] = "auto",
    check: float = 0.1,
    epochs: int | None = None,
    seed: int = 0,
    safe_csv: SafeCsv = False,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    file: FileFlags = None,
) -> None:
    """Impute the missing values of a table.

    A model of all columns is trained on the observed cells. Its quality is printed first: the
    error on held-out cells, beside that of simple imputers on the same cells.

    Args:
        table: A .csv, .tsv, .txt, .data or .parquet file.
        out: File to write, .csv, .tsv or .parquet: the table without missing values.
        multiple: Write so many more tables, in FILE-1, FILE-2, ...: draws for multiple imputation,
            which takes the uncertainty of the imputed values into account.
        pool: Analyses of the tables of --multiple, pooled by Rubin's rules, semicolons between:
            "mean(income) by town", "share(income > 2000)", "share(town = Bath)",
            "slope(income ~ age)".
        intervals: Write the ends of intervals of this coverage, such as 0.9, to FILE-intervals:
            for each column of numbers NAME_low and NAME_high.
        missing: Further markers of missing values, with commas between, as in "-999,unknown".
        keep_missing: Markers that are values in this table, as in "NA" where it is Namibia.
        columns: Kinds of columns where they are known better, as in
            "age=count,score=bounded:0:100". There are real, positive, count, binary,
            categorical, ordinal, bounded, datetime, constant and identifier.
        weights: How much columns count in training, as in "age=2,income=0.5"; 1 where not said.
        missingness: Why cells are missing: for reasons that the observed cells explain (ignorable),
            because of their own value (self-masking), known to be high or low
            (self-masking-known), or because of anything in the row (agnostic).
        missing_when: For self-masking-known, which numbers go missing: "high", "low", or by
            column, as in "income=high,age=low".
        method: What imputes: a mean of the model, a Gaussian and forests, weighted on held-out
            cells (auto), or the model alone (vae), which is trained twice for the comparison.
        check: Share of the observed cells to hold out for the comparison; 0 for no comparison.
        epochs: Passes over the rows in training; as the size of the table asks for when absent.
        seed: Seed of training and of the draws.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace existing files, and write values that the checks call implausible.
        quiet: Show no progress.
        as_json: Print one JSON object to stdout and nothing else.
        file: How a delimited file is written.
    """
    import warnings

    from vaekit.estimators import VAEImputer
    from vaekit.io import written_together
    from vaekit.tables import parse_weights, write_table

    paths = _output_paths(out, multiple=multiple, intervals=intervals, force=force)
    analyses = _analyses(pool, multiple=multiple)
    output = Output(as_json=as_json, quiet=quiet)
    settings = training_settings(columns=columns, epochs=epochs, seed=seed, output=output)
    source = read_source(table, missing=missing, keep_missing=keep_missing, file=file)
    frame = source.frame
    for analysis in analyses:
        analysis.check_columns([str(name) for name in frame.columns])
    imputer = VAEImputer(
        weights=parse_weights(weights),
        method=method,
        check=check,
        missingness=missingness,
        missing_when=_missing_when(missing_when),
        keep_empty_features=True,
        **settings,
    ).fit(frame)
    with warnings.catch_warnings():  # the number of these rows is printed below
        warnings.filterwarnings("ignore", message=".* importance samples is below")
        warnings.filterwarnings("ignore", message="the imputed values lie over ten")
        completed = imputer.complete(frame, multiple=multiple, coverage=intervals)
    _check_plausible(imputer.report_, completed, force=force)
    tables = [completed.filled, *completed.draws]
    if intervals is not None:
        low, high = completed.low, completed.high
        ends = low.add_suffix("_low").join(high.add_suffix("_high"))
        tables.append(ends[[f"{name}_{end}" for name in low.columns for end in ("low", "high")]])
    with written_together():
        for path, each in zip(paths, tables, strict=True):
            write_table(each, path, source=source, safe=safe_csv)

    pooled = {str(each): each.pool(completed.draws) for each in analyses}
    report, missing_cells = imputer.report_, frame.isna().to_numpy()
    count, collapsed = int(missing_cells.sum()), int(completed.collapsed.sum())
    lines = [
        *source_lines(source),
        f"{count:,} missing cells in {int(missing_cells.any(1).sum()):,} of {len(frame):,} rows",
    ]
    ensemble = imputer.ensemble_
    if ensemble is not None:
        errors = ", ".join(f"{name} {error:.3f}" for name, error in ensemble.errors.items())
        shares = ", ".join(f"{name} {weight:.2f}" for name, weight in ensemble.weights.items())
        lines.append(f"imputed by the weighted mean of: {shares}")
        lines += [f"squared error of each on held-out cells: {errors}"] if errors else []
        if "network" not in ensemble.errors:
            lines.append("there are too few known cells to train the network")
        elif not ensemble.has_network:
            lines.append("the network does not lower the error here, and is not used")
    if report is not None:
        lines += str(report).splitlines()
        if missingness != "ignorable":
            lines.append(
                "the compared cells were hidden at random: cells that are missing because of their "
                "value are harder than these"
            )
    if collapsed:
        lines.append(
            f"rows with too small an effective number of importance samples: {collapsed:,}; do not "
            "rely on their imputed values"
        )
    lines += [line for name, groups in pooled.items() for line in _pooled_lines(name, groups)]
    left = completed.filled.isna().sum()
    for name in left[left > 0].index:
        kind = next(c.kind for c in imputer.format_.all_columns if c.name == str(name))
        why = (
            "an identifier, free text or a name is not imputed"
            if kind == "identifier"
            else "no cell is known"
        )
        lines.append(f"still missing: {left[name]:,} cells of {name!r} ({why})")
    values = {
        "rows": len(frame),
        "missing_cells": count,
        "still_missing": {str(name): int(left[name]) for name in left[left > 0].index},
        "collapsed_rows": collapsed,
        "imputed_by": {} if ensemble is None else dict(ensemble.weights),
        "held_back_cells": 0 if report is None else report.cells,
        "error_numbers": {} if report is None else dict(report.numbers),
        "error_levels": {} if report is None else dict(report.levels),
        "pooled": {
            name: {group: _pooled_values(each) for group, each in groups.items()}
            for name, groups in pooled.items()
        },
        "out": [str(path) for path in paths],
    }
    output.result(values, lines=[*lines, *(f"wrote {path}" for path in paths)])


def _analyses(pool: str, *, multiple: int) -> "list[PooledAnalysis]":
    """The analyses of --pool."""
    from vaekit.estimators import parse_analysis

    analyses = [parse_analysis(each) for each in pool.split(";") if each.strip()]
    if analyses and multiple < 2:
        raise ConfigError(f"--pool needs several tables; got --multiple {multiple}: take 20")
    return analyses


def _pooled_values(pooled: "Pooled") -> dict[str, float | None]:
    """Field to number; none for an infinite one."""
    numbers = {name: float(number) for name, number in vars(pooled).items()}
    return {name: number if math.isfinite(number) else None for name, number in numbers.items()}


def _pooled_lines(name: str, groups: "Mapping[str, Pooled]") -> list[str]:
    """A table of the groups of an analysis."""
    width = max(len(name), *map(len, groups))
    heads = ("estimate", "std. error", "low 95 %", "high 95 %", "df", "missing inf.")
    lines = [f"{name:{width}}  " + "  ".join(f"{head:>12}" for head in heads)]
    for group, each in groups.items():
        numbers = (
            each.estimate,
            each.standard_error,
            each.low,
            each.high,
            each.degrees_of_freedom,
            each.missing_information,
        )
        lines.append(f"{group:{width}}  " + "  ".join(f"{float(n):12.5g}" for n in numbers))
    return lines


def _check_plausible(
    report: "ImputationReport | None", completed: "Completed", *, force: bool
) -> None:
    """Refuse imputed values that are far worse than the mean of their column."""
    worse = {} if report is None else dict.fromkeys(report.implausible, "worse")
    names = [*dict.fromkeys([*worse, *completed.implausible])]
    if names and not force:
        why = (
            "their squared error on held-out cells is over a hundred times that of the mean"
            if worse
            else "they lie over ten standard deviations from the mean of the known ones"
        )
        raise DataError(
            f"the imputed values of {', '.join(map(repr, names))} are implausible: {why}. Nothing "
            f'is written. Give a better kind, as in --columns "{names[0]}=real", or call the '
            f'column a label with "{names[0]}=identifier"; --force writes them nevertheless'
        )


def _output_paths(out: Path, *, multiple: int, intervals: float | None, force: bool) -> list[Path]:
    """Return all files to write, checked before any work is done."""
    from vaekit.cli.writers import check_out

    if multiple < 0:
        raise ConfigError(f"--multiple {multiple}: expected a number of tables, or 0")
    if intervals is not None and not 0.0 < intervals < 1.0:
        raise ConfigError(f"--intervals {intervals}: expected a number between 0 and 1, as in 0.9")
    names = ["", *(f"-{number + 1}" for number in range(multiple))]
    names += ["-intervals"] if intervals is not None else []
    paths = [out.with_name(f"{out.stem}{name}{out.suffix}") for name in names]
    for path in paths:
        check_out(path, kinds=TABLE_KINDS, force=force)
    more = out.with_name(f"{out.stem}-{multiple + 1}{out.suffix}")
    if multiple and more.exists():
        raise ConfigError(
            f"--multiple {multiple}: {more} exists, of a larger set, and would seem to be of this "
            "one: remove it, or take another --out"
        )
    return paths


def _missing_when(text: str) -> "End | dict[str, End]":
    """Parse at which end numbers go missing: one word, or NAME=END with commas between."""
    words: dict[str, End] = {"high": "high", "low": "low"}
    parts = [part.rpartition("=") for part in text.split(",")]
    ends = {name.strip(): words[end.strip()] for name, _, end in parts if end.strip() in words}
    if len(ends) < len(parts) or ("" in ends and len(parts) > 1):
        raise ConfigError(f'--missing-when {text}: expected high, low, or "COLUMN=high,COLUMN=low"')
    return ends.get("", ends)
