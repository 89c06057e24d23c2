"""``vaekit synthesize``."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

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
    import pandas as pd

    from vaekit.estimators import SynthesisReport, VariationalAutoencoder

__all__ = ["synthesize"]


_LEAST_ROWS = 10
_MOST_HELD_OUT = 5000


def synthesize(
    table: TablePath,
    /,
    *,
    out: Out,
    number: Annotated[int, Parameter(name=("--number", "-n"))],
    given: Annotated[tuple[str, ...], Parameter(name="--given")] = (),
    missing: str | None = None,
    keep_missing: str | None = None,
    columns: str = "",
    weights: str = "",
    check: float = 0.2,
    epochs: int | None = None,
    seed: int = 0,
    safe_csv: SafeCsv = False,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    file: FileFlags = None,
) -> None:
    """Generate synthetic rows like those of a table.

    A model of all columns is trained on the rows that are not held out. The quality of its rows
    is printed first: how similar they are to the held-out rows, beside real rows, and whether
    they are nearer to the training rows than the held-out rows are.

    Args:
        table: A .csv, .tsv, .txt, .data or .parquet file; cells may be missing.
        out: File to write, .csv, .tsv or .parquet: rows without missing values, with the
            columns of the table; identifiers are left empty.
        number: How many rows to generate.
        given: Generate only rows with these cells, as in "--given town=Bonn age=30".
        missing: Further markers of missing values, with commas between, as in "-999,unknown".
        keep_missing: Markers that are values in this table, as in "NA" where it is Namibia.
        columns: Kinds of columns where they are known better, as in
            "age=count,score=bounded:0:100".
        weights: How much columns count in training, as in "age=2,income=0.5"; 1 where not said.
        check: Share of the rows that is held out to measure the quality; 0 for none.
        epochs: Passes over the rows in training; as the size of the table asks for when absent.
        seed: Seed of training and of the rows.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        quiet: Show no progress.
        as_json: Print one JSON object to stdout and nothing else.
        file: How a delimited file is written.

    Raises:
        ConfigError: fewer than 1 row is asked for.
    """
    from vaekit.cli.writers import check_out
    from vaekit.estimators import VariationalAutoencoder
    from vaekit.estimators.tables import table_format
    from vaekit.tables import parse_given, parse_weights, read_given, write_table

    check_out(out, kinds=TABLE_KINDS, force=force)
    if number < 1:
        raise ConfigError(f"-n {number}: expected at least 1 row")
    output = Output(as_json=as_json, quiet=quiet)
    settings = training_settings(columns=columns, epochs=epochs, seed=seed, output=output)
    conditions = parse_given(given)
    source = read_source(table, missing=missing, keep_missing=keep_missing, file=file)
    train, held_out = _split(source.frame, share=check, seed=seed)
    if conditions:  # before the training, not after it
        form = table_format(train, kinds=settings["kinds"], scores_as_ordinal=True)
        read_given(conditions, columns=form.all_columns)
    model = VariationalAutoencoder(weights=parse_weights(weights), **settings).fit(train)
    drawn = model.synthesizer_.draw(number, given=conditions, seed=seed)
    rows = model.synthesizer_.write(drawn)
    report = _compare_with_held_out(model, train, held_out)
    write_table(rows, out, source=source, safe=safe_csv)
    lines = [*source_lines(source), *([] if report is None else str(report).splitlines())]
    if conditions:
        lines.append(
            f"effective number of codes for the given cells: {drawn.effective_samples:,.0f}"
        )
    output.result(
        {
            "out": str(out),
            "rows": number,
            "effective_samples": drawn.effective_samples,
            "nats": model.column_nats(train),
            "report": None if report is None else asdict(report),
        },
        lines=[*lines, f"{number:,} synthetic rows: {out}"],
    )


def _split(
    frame: "pd.DataFrame", *, share: float, seed: int
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Split a table into rows to train on, and held-out rows; 5000 of these are enough."""
    import numpy as np

    if not 0.0 <= share < 1.0:
        raise ConfigError(f"--check {share}: expected a share from 0 up to 1")
    count = min(round(share * len(frame)), _MOST_HELD_OUT)
    if share and not _LEAST_ROWS <= count <= len(frame) - _LEAST_ROWS:
        raise DataError(
            f"--check {share}: expected {_LEAST_ROWS} held-out rows and as many to train on; "
            f"got {len(frame)} rows in all. Take --check 0, or another share"
        )
    order = np.random.default_rng(seed).permutation(len(frame))
    train, held_out = np.sort(order[count:]), np.sort(order[:count])
    return frame.iloc[train].reset_index(drop=True), frame.iloc[held_out].reset_index(drop=True)


def _compare_with_held_out(
    model: "VariationalAutoencoder", train: "pd.DataFrame", held_out: "pd.DataFrame"
) -> "SynthesisReport | None":
    """Compare synthetic rows with held-out rows, where there are any."""
    from vaekit.estimators import evaluate_synthesis

    if not len(held_out) or model.model_ is None:
        return None
    rows = model.sample(min(len(train), _MOST_HELD_OUT))
    return evaluate_synthesis(
        rows, train=train, held_out=held_out, kinds=model.kinds, seed=model.seed_
    )
