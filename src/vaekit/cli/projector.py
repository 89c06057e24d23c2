"""``vaekit projector``."""

from vaekit.cli.flags import AsJson, Force, Out, RunPath, SplitOrAll
from vaekit.cli.output import Output
from vaekit.errors import ConfigError

__all__ = ["projector"]


def projector(
    run: RunPath,
    /,
    *,
    out: Out,
    rows: int = 2000,
    split: SplitOrAll | None = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write codes as a folder that TensorBoard's embedding projector opens.

    The folder can be moved; tensorboard --logdir FOLDER shows it, and is not needed to write it.

    Args:
        run: A run folder.
        out: Folder to write: posterior means, labels and row numbers, and thumbnails where rows
            are images.
        rows: At most so many are taken, spread evenly over the split.
        split: Rows to show; when absent those that the run is measured on.
        force: Write into a folder that is not empty: a projector's files in it are replaced,
            others stay.
        as_json: Print one JSON object to stdout and nothing else.

    Raises:
        ConfigError: fewer than 1 row.
    """
    from vaekit.cli.places import coded_rows
    from vaekit.cli.projector_folder import check_folder, write_projector
    from vaekit.runs import load_run

    check_folder(out, force=force)
    if rows < 1:
        raise ConfigError(f"--rows {rows}: expected at least 1 row")
    found = load_run(run)
    coded = coded_rows(found, split=split, most=rows)
    sprite = write_projector(found, coded=coded, path=out)
    count, dims = coded.codes.mean.shape
    Output(as_json=as_json).result(
        {"out": str(out), "rows": count, "split": coded.split, "latent_dim": dims,
         "thumbnail": None if sprite is None else list(sprite.thumbnail)},
        lines=[
            f"{count:,} {coded.split} codes of {dims} dimensions: {out}",
            f"look at them with: tensorboard --logdir {out}",
        ],
    )  # fmt: skip
