"""``vaekit score``."""

from vaekit.cli.options import AsJson, Force, Label, Out, RunPath, SafeCsv, SplitOrAll
from vaekit.cli.output import Output

__all__ = ["score"]


_KINDS = (".csv", ".parquet")


def score(
    run: RunPath,
    /,
    *,
    out: Out,
    data: str | None = None,
    label: Label = None,
    split: SplitOrAll | None = None,
    samples: int | None = None,
    seed: int = 0,
    safe_csv: SafeCsv = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Score rows: write the log-likelihood of each, with its standard error.

    The numbers are nats of the row as the model sees it. Standard errors are those of the
    importance sampling; an estimate that few effective samples carry is too low.

    Args:
        run: A run folder.
        out: File to write, .csv or .parquet: for each row its number, its label,
            log_likelihood, standard_error and effective_samples.
        data: A name or a path; the data of the run when absent.
        label: Column of --data that holds the labels, or "none"; as in training when absent.
        split: Rows to score; all of --data, or those that the run is measured on.
        samples: Importance samples for each row; as the run is measured when absent.
        seed: Seed of the samples.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.
    """
    import numpy as np
    import pandas as pd

    from vaekit.cli.writers import check_out, write_frame
    from vaekit.inference import score_raw
    from vaekit.runs import load_run
    from vaekit.runs.run import rows_for

    check_out(out, kinds=_KINDS, force=force)
    loaded = load_run(run)
    dataset = rows_for(loaded, source=data, label=label)
    settings = loaded.config.evaluation
    wanted = split or (
        "all" if data is not None else dataset.split.usable(settings.split, purpose="scored")
    )
    index = dataset.split.of(wanted)
    output = Output(as_json=as_json)
    count = samples or settings.samples
    output.say(f"scoring {len(index):,} rows with {count:,} importance samples each")
    with output.progress_bar("scoring rows", rows=len(index)) as advance:
        found = score_raw(
            loaded.model,
            preprocessing=loaded.preprocessing,
            rows=np.asarray(dataset.rows[index], dtype=np.float64),
            samples=count,
            seed=seed,
            advance=advance,
        )
    frame = pd.DataFrame({"row": index})
    if dataset.labels is not None:
        frame["label"] = [dataset.classes[label] for label in dataset.labels[index]]
    for name in ("log_likelihood", "standard_error", "effective_samples"):
        frame[name] = getattr(found, name)
    write_frame(out, frame, safe=safe_csv)
    mean, error = float(found.log_likelihood.mean()), None
    spread = ""
    if len(frame) > 1:
        error = float(found.log_likelihood.std(ddof=1) / len(frame) ** 0.5)
        spread = f" ± {error:.2f}"
    median = float(np.median(found.effective_samples))
    output.result(
        {
            "out": str(out),
            "rows": len(frame),
            "log_likelihood": mean,
            "standard_error": error,
            "median_effective_samples": median,
        },
        lines=[
            f"{len(frame):,} rows, {mean:.2f}{spread} nats per row on average: {out}",
            f"median of the effective samples: {median:.1f} of {count:,}",
        ],
    )
