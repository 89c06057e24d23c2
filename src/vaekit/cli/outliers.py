"""``vaekit outliers``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from vaekit.cli.options import AsJson, Force, Out, Quiet
from vaekit.cli.output import Output
from vaekit.cli.writers import TABLE_ENDINGS, read_frame

if TYPE_CHECKING:
    import pandas as pd

    from vaekit.estimators import VAEOutlierDetector

__all__ = ["outliers"]


_SHOWN = 5


def outliers(
    table: Annotated[Path, Parameter(name="TABLE")],
    /,
    *,
    out: Out,
    contamination: float = 0.05,
    explain: bool = False,
    missing: str | None = None,
    columns: str = "",
    epochs: int | None = None,
    seed: int = 0,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Find the odd rows of a table.

    A model of all columns is trained on four fifths of the rows, without knowing which are odd. A
    row is called odd where its log-density is below almost all of those of the other fifth.

    Args:
        table: A .csv, .tsv, .txt, .data or .parquet file; cells may be missing.
        out: File to write, .csv, .tsv or .parquet: for each row, in the order of the table, its
            score (log-density, in nats), p_value (how often a usual row scores as low) and
            outlier.
        contamination: Share of usual rows that may be called odd, above 0 and up to 0.5.
        explain: Write a column why_NAME for each column too: how surprising the cell is given
            the rest of its row, in nats above what is usual.
        missing: What else stands for a gap, with commas between, as in "-999,unknown".
        columns: Kinds of columns where they are known better, as in
            "age=count,score=bounded:0:100".
        epochs: Passes over the rows in training; as the size of the table asks for when absent.
        seed: Of training.
        force: Replace a file that is there.
        quiet: Show no progress.
        as_json: Print one JSON object to stdout and nothing else.
    """
    import sys

    from vaekit.cli.writers import check_out
    from vaekit.estimators import VAEOutlierDetector
    from vaekit.tables import parse_kinds, write_table

    check_out(out, kinds=TABLE_ENDINGS, force=force)
    frame = read_frame(table, missing=missing)
    detector = VAEOutlierDetector(
        contamination=contamination,
        epochs="auto" if epochs is None else epochs,
        kinds=parse_kinds(columns),
        random_state=seed,
        verbose=sys.stderr.isatty() and not quiet and not as_json,
    ).fit(frame)
    found = _scored(detector, frame)
    why = detector.explain(frame) if explain else None
    write_table(found if why is None else found.join(why.add_prefix("why_")), out)
    odd, rate = int(found["outlier"].sum()), detector.false_alarm_rate_
    lines = [f"{odd:,} of {len(found):,} rows are odd, at a false-alarm rate of {rate:.3f}: {out}"]
    for place in found["score"].to_numpy().argsort(kind="stable")[: min(odd, _SHOWN)].tolist():
        most = "" if why is None else f", most by {why.iloc[place].astype(float).idxmax()}"
        lines.append(f"  row {place + 1}: p = {found['p_value'].iloc[place]:.3f}{most}")
    Output(as_json=as_json).result(
        {"out": str(out), "rows": len(found), "outliers": odd, "false_alarm_rate": rate},
        lines=lines,
    )


def _scored(detector: "VAEOutlierDetector", frame: "pd.DataFrame") -> "pd.DataFrame":
    """Score, p-value and verdict of each row."""
    found = frame[[]].copy()
    found["score"] = detector.score_samples(frame)
    found["p_value"] = detector.p_values(frame)
    found["outlier"] = found["score"] < detector.offset_
    return found
