"""``vaekit encode``."""

from vaekit.cli.options import AsJson, Force, Label, Out, RunPath, SafeCsv, SplitOrAll
from vaekit.cli.output import Output, read_launch

__all__ = ["encode"]


_KINDS = (".npy", ".csv", ".parquet")


def encode(
    run: RunPath,
    /,
    *,
    out: Out,
    data: str | None = None,
    label: Label = None,
    split: SplitOrAll = "all",
    seed: int = 0,
    safe_csv: SafeCsv = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Encode rows: write the mean and standard deviation of the posterior of each.

    Processes that torchrun starts share the rows.

    Args:
        run: A run folder.
        out: File to write: .npy holds the means (rows, latent dimensions); .csv and .parquet
            hold for each row its number, its label, the means z1, z2, ... and the standard
            deviations sd1, sd2, ...
        data: A name or a path; the data of the run when absent.
        label: Column of --data that holds the labels, or "none"; as in training when absent.
        split: Rows to encode.
        seed: Seed of the noise of a dynamic binarization.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.
    """
    import numpy as np

    from vaekit.cli.latent_points import rows_with_codes
    from vaekit.cli.output import joined_processes
    from vaekit.cli.writers import check_out, write_array, write_frame
    from vaekit.data import share_reading
    from vaekit.runs import load_run
    from vaekit.runs.run import rows_for

    kind = check_out(out, kinds=_KINDS, force=force)
    loaded = load_run(run)
    with joined_processes(device="cpu") as processes:
        with share_reading(processes):
            dataset = rows_for(loaded, source=data, label=label)
        coded = rows_with_codes(
            loaded, split=split, dataset=dataset, seed=seed, processes=processes
        )
    if not read_launch().main:
        return
    codes = coded.codes
    if kind == ".npy":
        write_array(out, codes.mean)
    else:
        write_frame(
            out, coded.frame({"z": codes.mean, "sd": np.sqrt(codes.variance)}), safe=safe_csv
        )
    rows, dims = codes.mean.shape
    Output(as_json=as_json).result(
        {"out": str(out), "rows": rows, "latent_dim": dims},
        lines=[f"{rows:,} codes of {dims} dimensions: {out}"],
    )
