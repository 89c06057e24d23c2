"""``vaekit traverse``."""

from vaekit.cli.options import AsJson, Force, Out, RunPath, SafeCsv, SplitOrAll
from vaekit.cli.output import Output

__all__ = ["traverse"]


def traverse(
    run: RunPath,
    /,
    *,
    out: Out,
    columns: int = 11,
    split: SplitOrAll | None = None,
    safe_csv: SafeCsv = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Traverse each latent dimension, from one tail of its codes to the other.

    Dimensions are ordered by their KL divergence; inactive ones are left out. The points along a
    dimension are normal quantiles of even probability, from 1% to 99%; all other dimensions stay
    at the mean of the codes.

    Args:
        run: A run folder.
        out: File to write: .png and .svg are the board; .npy and .csv hold the decoded rows,
            dimension by dimension, in the units of the data.
        columns: Points along each dimension.
        split: Rows whose codes give the mean and the standard deviations; when absent those
            that the run is measured on.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import inference
    from vaekit.cli.latent_points import kl_per_dim, rows_with_codes
    from vaekit.cli.writers import load_run_for, write_decoded
    from vaekit.figures import format_number, image_grid

    loaded = load_run_for(run, out=out, force=force)
    coded = rows_with_codes(loaded, split=split)
    kl = kl_per_dim(loaded)
    board = inference.traverse(loaded.model, codes=coded.codes, kl=kl, columns=columns)
    carried = coded.codes.mean.var(0).tolist() if kl is None else kl
    unit = "variance of the mean" if kl is None else "nats per row"
    names = [f"z{dim + 1}" for dim in board.dims.tolist()]
    amounts = [carried[dim] for dim in board.dims.tolist()]
    left_out = f"; {len(board.inactive)} inactive left out" if len(board.inactive) else ""
    write_decoded(
        out,
        board.rows.reshape(len(names) * columns, -1),
        run=loaded,
        safe=safe_csv,
        draw=lambda images: image_grid(
            images,
            shape=loaded.preprocessing.shape,
            row_labels=[f"{name}  {nats:.2f}" for name, nats in zip(names, amounts, strict=True)],
            column_labels=[format_number(offset) for offset in board.offsets],
            title=f"{len(names)} latent dimensions by what they carry{left_out}",
            caption=f"left: {unit}; above: standard deviations",
        ),
    )
    inactive = [f"z{dim + 1}" for dim in board.inactive.tolist()]
    values = {"out": str(out), "dims": names, "carried": amounts, "unit": unit}
    Output(as_json=as_json).result(
        values | {"inactive": inactive, "split": coded.split},
        lines=[f"{len(names)} latent dimensions{left_out}: {out}"],
    )
