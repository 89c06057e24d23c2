"""``vaekit traverse``."""

from vaekit.cli.options import AsJson, Force, Out, RunPath, SplitOrAll
from vaekit.cli.output import Output

__all__ = ["traverse"]


def traverse(
    run: RunPath,
    /,
    *,
    out: Out,
    columns: int = 11,
    split: SplitOrAll | None = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Show what each latent dimension does: a row for each, from one tail to the other.

    Dimensions stand in the order of what they carry; those that carry nothing are left out. The
    places along a dimension are normal quantiles of even probability, from 1% to 99%; all other
    dimensions stay at the mean of the codes.

    Args:
        run: A run folder.
        out: File to write: .png and .svg are the board; .npy and .csv hold the decoded rows,
            dimension by dimension, in the units of the data.
        columns: Places along each dimension.
        split: Rows whose codes tell the middle and the spread; when absent those that the run is
            measured on.
        force: Replace a file that is there.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import inference
    from vaekit.cli.latent_points import coded_rows, rate_per_dim
    from vaekit.cli.writers import PICTURE_KINDS, check_out, need_images, write_decoded
    from vaekit.figures import format_number, image_grid
    from vaekit.runs import load_run

    check_out(out, kinds=PICTURE_KINDS, force=force)
    found = load_run(run)
    need_images(found, out=out)
    coded = coded_rows(found, split=split)
    kl = rate_per_dim(found)
    made = inference.traverse(found.model, codes=coded.codes, kl=kl, columns=columns)
    carried = coded.codes.mean.var(0).tolist() if kl is None else kl
    unit = "variance of the mean" if kl is None else "nats per row"
    names = [f"z{dim + 1}" for dim in made.dims.tolist()]
    amounts = [carried[dim] for dim in made.dims.tolist()]
    folded = f"; {len(made.inactive)} inactive left out" if len(made.inactive) else ""
    write_decoded(
        out, made.rows.reshape(len(names) * columns, -1), run=found,
        draw=lambda images: image_grid(
            images, shape=found.preprocessing.shape,
            row_labels=[f"{name}  {nats:.2f}" for name, nats in zip(names, amounts, strict=True)],
            column_labels=[format_number(offset) for offset in made.offsets],
            title=f"{len(names)} latent dimensions by what they carry{folded}",
            caption=f"left: {unit}; above: standard deviations",
        ),
    )  # fmt: skip
    Output(as_json=as_json).result(
        {"out": str(out), "dims": names, "carried": amounts, "unit": unit,
         "inactive": [f"z{dim + 1}" for dim in made.inactive.tolist()], "split": coded.split},
        lines=[f"{len(names)} latent dimensions{folded}: {out}"],
    )  # fmt: skip
