"""``vaekit synthesize``."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from vaekit.cli.options import AsJson, Force, Out, Quiet
from vaekit.cli.output import Output
from vaekit.cli.writers import TABLE_ENDINGS, read_frame

if TYPE_CHECKING:
    import pandas as pd

    from vaekit.estimators import SynthesisReport, VariationalAutoencoder

__all__ = ["synthesize"]


_LEAST_ROWS = 10
_MOST_HELD_OUT = 5000


def synthesize(
    table: Annotated[Path, Parameter(name="TABLE")],
    /,
    *,
    out: Out,
    number: Annotated[int, Parameter(name=("--number", "-n"))],
    given: Annotated[tuple[str, ...], Parameter(name="--given")] = (),
    missing: str | None = None,
    columns: str = "",
    weights: str = "",
    check: float = 0.2,
    epochs: int | None = None,
    seed: int = 0,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make up rows like those of a table.

    A model of all columns is trained on the rows that are not held out. It says first what rows
    of it are worth: how alike they are to the held-out rows, beside real rows, and whether they
    are nearer to those of training than the held-out rows are.

    Args:
        table: A .csv, .tsv, .txt, .data or .parquet file; cells may be missing.
        out: File to write, .csv, .tsv or .parquet: rows without gaps, with the columns of the
            table; identifiers are left empty.
        number: How many rows to make up.
        given: Make up only rows with these cells, as in "--given town=Bonn age=30".
        missing: What else stands for a gap, with commas between, as in "-999,unknown".
        columns: Kinds of columns where they are known better, as in
            "age=count,score=bounded:0:100".
        weights: How much columns count in training, as in "age=2,income=0.5"; 1 where not said.
        check: Share of the rows that is held out to say what the rows are worth; 0 for none.
        epochs: Passes over the rows in training; as the size of the table asks for when absent.
        seed: Of training and of the rows.
        force: Replace a file that is there.
        quiet: Show no progress.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit.estimators import VariationalAutoencoder
    from vaekit.estimators.tables import table_format
    from vaekit.tables import parse_given, parse_kinds, parse_weights, read_given, write_table

    _check(out, number=number, force=force)
    cells, kinds = parse_given(given), parse_kinds(columns)
    train, held_out = _split(read_frame(table, missing=missing), share=check, seed=seed)
    if cells:  # before the training, not after it
        read_given(
            cells, columns=table_format(train, kinds=kinds, scores_as_ordinal=True).all_columns
        )
    coder = VariationalAutoencoder(
        epochs="auto" if epochs is None else epochs,
        kinds=kinds,
        weights=parse_weights(weights),
        random_state=seed,
        verbose=sys.stderr.isatty() and not quiet and not as_json,
    ).fit(train)
    drawn = coder.synthesizer_.draw(number, given=cells, seed=seed)
    made = coder.synthesizer_.write(drawn)
    report = _judge(coder, train, held_out)
    write_table(made, out)
    lines = [] if report is None else str(report).splitlines()
    if cells:
        lines.append(f"{drawn.effective_samples:,.0f} codes carry the rows with the given cells")
    Output(as_json=as_json).result(
        {
            "out": str(out),
            "rows": number,
            "effective_samples": drawn.effective_samples,
            "nats": coder.column_nats(train),
            "report": None if report is None else asdict(report),
        },
        lines=[*lines, f"{number:,} rows made up: {out}"],
    )


def _check(out: Path, *, number: int, force: bool) -> None:
    """What can be found wrong before the table is read."""
    from vaekit.cli.writers import check_out
    from vaekit.errors import ConfigError

    check_out(out, kinds=TABLE_ENDINGS, force=force)
    if number < 1:
        raise ConfigError(f"-n {number}: expected at least 1 row")


def _split(
    frame: "pd.DataFrame", *, share: float, seed: int
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Rows to learn from, and rows to judge by; 5000 of these are enough."""
    import numpy as np

    from vaekit.errors import ConfigError, DataError

    if not 0.0 <= share < 1.0:
        raise ConfigError(f"--check {share}: expected a share from 0 up to 1")
    count = min(round(share * len(frame)), _MOST_HELD_OUT)
    if share and not _LEAST_ROWS <= count <= len(frame) - _LEAST_ROWS:
        raise DataError(
            f"--check {share}: expected {_LEAST_ROWS} rows to hold out and as many to learn from; "
            f"got {len(frame)} rows in all. Take --check 0, or another share"
        )
    order = np.random.default_rng(seed).permutation(len(frame))
    train, held_out = np.sort(order[count:]), np.sort(order[:count])
    return frame.iloc[train].reset_index(drop=True), frame.iloc[held_out].reset_index(drop=True)


def _judge(
    coder: "VariationalAutoencoder", train: "pd.DataFrame", held_out: "pd.DataFrame"
) -> "SynthesisReport | None":
    """What rows of the model are worth, beside the held-out ones."""
    from vaekit.estimators import evaluate_synthesis

    if not len(held_out) or coder.model_ is None:
        return None
    made = coder.sample(min(len(train), _MOST_HELD_OUT))
    return evaluate_synthesis(
        made, train=train, held_out=held_out, kinds=coder.kinds, seed=coder.seed_
    )
