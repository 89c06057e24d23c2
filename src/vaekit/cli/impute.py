"""``vaekit impute``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from vaekit.cli.options import AsJson, Force, Out, Quiet
from vaekit.cli.output import Output
from vaekit.cli.writers import TABLE_ENDINGS, read_frame

if TYPE_CHECKING:
    import pandas as pd

    from vaekit.estimators import Completed, VAEImputer
    from vaekit.models import End

__all__ = ["impute"]


def impute(
    table: Annotated[Path, Parameter(name="TABLE")],
    /,
    *,
    out: Out,
    multiple: int = 0,
    intervals: float | None = None,
    missing: str | None = None,
    columns: str = "",
    weights: str = "",
    missingness: Literal[
        "ignorable", "self-masking", "self-masking-known", "agnostic"
    ] = "ignorable",
    missing_when: str = "high",
    check: float = 0.1,
    epochs: int | None = None,
    seed: int = 0,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fill the missing cells of a table.

    A model of all columns is trained on the known cells. It says first what it is worth: its
    error on known cells that it did not see, beside that of simple imputers on the same cells.

    Args:
        table: A .csv, .tsv, .txt, .data or .parquet file.
        out: File to write, .csv, .tsv or .parquet: the table as it came, without gaps.
        multiple: Write so many tables more, in FILE-1, FILE-2, ...: draws, for analyses that
            take into account how unsure the gaps are.
        intervals: Write the ends of intervals of this coverage, such as 0.9, to FILE-intervals:
            for each column of numbers NAME_low and NAME_high.
        missing: What else stands for a gap, with commas between, as in "-999,unknown".
        columns: Kinds of columns where they are known better, as in
            "age=count,score=bounded:0:100". There are real, positive, count, binary,
            categorical, ordinal, bounded, constant and identifier.
        weights: How much columns count in training, as in "age=2,income=0.5"; 1 where not said.
        missingness: Why cells are missing: for reasons that the known cells tell (ignorable), by
            their own value (self-masking), and it is known at which end (self-masking-known), or
            by anything in the row (agnostic).
        missing_when: For self-masking-known, which numbers go missing: "high", "low", or by
            column, as in "income=high,age=low".
        check: Share of the known cells to compare on, which costs a second training; 0 for none.
        epochs: Passes over the rows in training; as the size of the table asks for when absent.
        seed: Of training and of draws.
        force: Replace files that are there.
        quiet: Show no progress.
        as_json: Print one JSON object to stdout and nothing else.
    """
    import sys

    from vaekit.estimators import VAEImputer
    from vaekit.tables import parse_kinds, parse_weights, write_table

    paths = _paths(out, multiple=multiple, intervals=intervals, force=force)
    frame = read_frame(table, missing=missing)
    imputer = VAEImputer(
        epochs="auto" if epochs is None else epochs,
        kinds=parse_kinds(columns),
        weights=parse_weights(weights),
        check=check,
        missingness=missingness,
        missing_when=_ends(missing_when),
        keep_empty_features=True,
        random_state=seed,
        verbose=sys.stderr.isatty() and not quiet and not as_json,
    ).fit(frame)
    made = _completed(imputer, frame, multiple=multiple, coverage=intervals)
    for path, each in zip(paths, _tables(made, intervals=intervals is not None), strict=True):
        write_table(each, path)
    values, lines = _said(imputer, frame, made)
    Output(as_json=as_json).result(
        {**values, "out": [str(path) for path in paths]},
        lines=[*lines, *(f"wrote {path}" for path in paths)],
    )


def _paths(out: Path, *, multiple: int, intervals: float | None, force: bool) -> list[Path]:
    """All files that are asked for, found good before any work is done."""
    from vaekit.cli.writers import check_out
    from vaekit.errors import ConfigError

    if multiple < 0:
        raise ConfigError(f"--multiple {multiple}: expected a number of tables, or 0")
    if intervals is not None and not 0.0 < intervals < 1.0:
        raise ConfigError(f"--intervals {intervals}: expected a number between 0 and 1, as in 0.9")
    names = ["", *(f"-{number + 1}" for number in range(multiple))]
    names += ["-intervals"] if intervals is not None else []
    paths = [out.with_name(f"{out.stem}{name}{out.suffix}") for name in names]
    for path in paths:
        check_out(path, kinds=TABLE_ENDINGS, force=force)
    return paths


def _ends(text: str) -> "End | dict[str, End]":
    """At which end numbers go missing: one word, or NAME=END with commas between."""
    from vaekit.errors import ConfigError

    words: dict[str, End] = {"high": "high", "low": "low"}
    parts = [part.rpartition("=") for part in text.split(",")]
    found = {name.strip(): words.get(word.strip()) for name, _, word in parts}
    ends = {name: end for name, end in found.items() if end is not None}
    if len(ends) < len(parts) or ("" in ends and len(parts) > 1):
        raise ConfigError(f'--missing-when {text}: expected high, low, or "COLUMN=high,COLUMN=low"')
    return ends.get("", ends)


def _completed(
    imputer: "VAEImputer", frame: "pd.DataFrame", *, multiple: int, coverage: float | None
) -> "Completed":
    """All that is said of the gaps; that weights collapsed is one of the lines that are printed."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* importance samples is below")
        return imputer.complete(frame, multiple=multiple, coverage=coverage)


def _tables(made: "Completed", *, intervals: bool) -> "list[pd.DataFrame]":
    """The filled table, the draws, and the ends of the intervals."""
    tables = [made.filled, *made.draws]
    if intervals:
        ends = made.low.add_suffix("_low").join(made.high.add_suffix("_high"))
        order = [f"{name}_{end}" for name in made.low.columns for end in ("low", "high")]
        tables.append(ends[order])
    return tables


def _said(
    imputer: "VAEImputer", frame: "pd.DataFrame", made: "Completed"
) -> tuple[dict[str, Any], list[str]]:
    """What is told of the imputation, as JSON and as lines."""
    gaps = frame.isna().to_numpy()
    collapsed = int(made.collapsed.sum())
    lines = [
        f"{int(gaps.sum()):,} missing cells in {int(gaps.any(1).sum()):,} of {len(gaps):,} rows"
    ]
    if imputer.report_ is not None:
        lines += str(imputer.report_).splitlines()
    if imputer.report_ is not None and imputer.missingness != "ignorable":
        lines.append("hidden at random: cells that hide by their value are harder than these")
    if collapsed:
        lines.append(
            f"rows of which too few of the importance samples count: {collapsed:,}; do not rely on "
            "what is said of their gaps"
        )
    report = imputer.report_
    values = {
        "rows": len(gaps),
        "missing_cells": int(gaps.sum()),
        "collapsed_rows": collapsed,
        "held_back_cells": 0 if report is None else report.cells,
        "error_numbers": {} if report is None else dict(report.numbers),
        "error_levels": {} if report is None else dict(report.levels),
    }
    return values, lines
