"""``vaekit outliers``."""

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

__all__ = ["outliers"]


_SHOWN = 5  # outliers that are printed


def outliers(
    table: TablePath,
    /,
    *,
    out: Out,
    contamination: float = 0.05,
    explain: bool = False,
    missing: str | None = None,
    keep_missing: str | None = None,
    columns: str = "",
    epochs: int | None = None,
    seed: int = 0,
    safe_csv: SafeCsv = False,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    file: FileFlags = None,
) -> None:
    """Detect outliers in a table.

    A model of all columns is trained without labels on four fifths of the rows, but for those that
    look most unusual at first, since the table may hold outliers. A row is an outlier where its
    log-density is below almost all of those of the held-out fifth.

    Args:
        table: A .csv, .tsv, .txt, .data or .parquet file; cells may be missing.
        out: File to write, .csv, .tsv or .parquet: for each row, in the order of the table, its
            score (log-density, in nats), p_value (how often an inlier scores as low) and
            outlier.
        contamination: Share of inliers that may be called outliers, above 0 and up to 0.5.
        explain: Write a column why_NAME for each column too: how surprising the cell is given
            the rest of its row, in nats above what inliers have.
        missing: Further markers of missing values, with commas between, as in "-999,unknown".
        keep_missing: Markers that are values in this table, as in "NA" where it is Namibia.
        columns: Kinds of columns where they are known better, as in
            "age=count,score=bounded:0:100".
        epochs: Passes over the rows in training; as the size of the table asks for when absent.
        seed: Seed of training.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        quiet: Show no progress.
        as_json: Print one JSON object to stdout and nothing else.
        file: How a delimited file is written.
    """
    from vaekit.cli.writers import check_out
    from vaekit.estimators import VAEOutlierDetector
    from vaekit.tables import write_table

    check_out(out, kinds=TABLE_KINDS, force=force)
    output = Output(as_json=as_json, quiet=quiet)
    settings = training_settings(columns=columns, epochs=epochs, seed=seed, output=output)
    source = read_source(table, missing=missing, keep_missing=keep_missing, file=file)
    frame = source.frame
    detector = VAEOutlierDetector(contamination=contamination, **settings).fit(frame)
    found = frame[[]].copy()
    found["score"] = detector.score_samples(frame)
    found["p_value"] = detector.p_values(frame)
    found["outlier"] = found["score"] < detector.offset_
    reasons = detector.explain(frame) if explain else None
    found_and_why = found if reasons is None else found.join(reasons.add_prefix("why_"))
    write_table(found_and_why, out, safe=safe_csv)
    count, rate = int(found["outlier"].sum()), detector.false_alarm_rate_
    lines = [
        *source_lines(source),
        f"{count:,} outliers in {len(found):,} rows, at a false-alarm rate of {rate:.3f}: {out}",
    ]
    for row in found["score"].to_numpy().argsort(kind="stable")[: min(count, _SHOWN)].tolist():
        most = "" if reasons is None else f", most by {reasons.iloc[row].astype(float).idxmax()}"
        lines.append(f"  row {row + 1}: p = {found['p_value'].iloc[row]:.3f}{most}")
    output.result(
        {"out": str(out), "rows": len(found), "outliers": count, "false_alarm_rate": rate},
        lines=lines,
    )
