"""``vaekit encode``."""

from vaekit.cli.options import AsJson, Force, Label, Out, RunPath, SplitOrAll
from vaekit.cli.output import Output, read_launch

__all__ = ["encode"]


def encode(
    run: RunPath,
    /,
    *,
    out: Out,
    data: str | None = None,
    label: Label = None,
    split: SplitOrAll = "all",
    seed: int = 0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Turn rows into codes.

    Processes that torchrun starts share the rows.

    Args:
        run: A run folder.
        out: File to write: .npy holds the means (rows, latent dimensions); .csv and .parquet
            hold for each row its number, its label, the means z1, z2, ... and the standard
            deviations sd1, sd2, ...
        data: A name or a path; the data of the run when absent.
        label: Column of --data that holds the labels, or "none"; as in training when absent.
        split: Rows to encode.
        seed: Of the noise of a dynamic binarization.
        force: Replace a file that is there.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit.cli.output import together
    from vaekit.cli.writers import CODE_KINDS, check_out, write_codes
    from vaekit.data import look_together
    from vaekit.inference import encode as encode_rows
    from vaekit.runs import load_run
    from vaekit.runs.run import rows_for

    check_out(out, kinds=CODE_KINDS, force=force)
    found = load_run(run)
    with together(device="cpu") as processes:
        with look_together(processes):
            dataset = rows_for(found, source=data, label=label)
        index = dataset.split.of(split)
        codes = encode_rows(
            found.model, preprocessing=found.preprocessing, rows=dataset.rows, index=index,
            seed=seed, processes=processes,
        )  # fmt: skip
    if not read_launch().main:
        return
    write_codes(out, codes, dataset=dataset, index=index)
    rows, dims = codes.mean.shape
    Output(as_json=as_json).result(
        {"out": str(out), "rows": rows, "latent_dim": dims},
        lines=[f"{rows:,} codes of {dims} dimensions: {out}"],
    )
