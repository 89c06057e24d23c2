"""``vaekit reconstruct``."""

from vaekit.cli.options import AsJson, Force, Label, Out, RunPath, SafeCsv, SplitOrAll
from vaekit.cli.output import Output
from vaekit.errors import ConfigError

__all__ = ["reconstruct"]


_PICTURE_ROWS = 40


def reconstruct(
    run: RunPath,
    /,
    *,
    out: Out,
    data: str | None = None,
    label: Label = None,
    split: SplitOrAll | None = None,
    rows: int | None = None,
    seed: int = 0,
    safe_csv: SafeCsv = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Reconstruct rows: encode them and decode their mean codes.

    Args:
        run: A run folder.
        out: File to write: .png shows inputs beside reconstructions; .npy and .csv are the
            reconstructions in the units of the data.
        data: A name or a path; the data of the run when absent.
        label: Column of --data that holds the labels, or "none"; as in training when absent.
        split: Rows to reconstruct; when absent test for the data of the run, all for others.
        rows: Only the first so many of them; when absent 40 for a picture of images, else all.
        seed: Seed of the noise of a dynamic binarization.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.

    Raises:
        ConfigError: no rows are asked for.
    """
    from vaekit import figures, inference
    from vaekit.cli.writers import ROW_KINDS, check_out, write_decoded
    from vaekit.report import as_shown
    from vaekit.runs import load_run
    from vaekit.runs.run import rows_for

    kind = check_out(out, kinds=ROW_KINDS, force=force)
    if rows is not None and rows < 1:
        raise ConfigError(f"--rows {rows}: expected at least 1 row to reconstruct")
    loaded = load_run(run)
    dataset, pre = rows_for(loaded, source=data, label=label), loaded.preprocessing
    if rows is None and kind == ".png" and dataset.is_image:
        rows = _PICTURE_ROWS
    default = "all" if data is not None else "test"
    chosen = split or dataset.split.usable(default, purpose="reconstructed")
    index = dataset.split.of(chosen)[:rows]
    pairs = inference.reconstruct(
        loaded.model, preprocessing=pre, rows=dataset.rows, index=index, seed=seed
    )
    write_decoded(
        out,
        pairs.outputs,
        run=loaded,
        safe=safe_csv,
        draw=lambda outputs: figures.reconstructions(
            as_shown(pairs.inputs, pre), outputs=outputs, shape=pre.shape, names=pre.columns
        ),
    )
    error = float(((pairs.inputs - pairs.outputs) ** 2).sum(1).mean())
    Output(as_json=as_json).result(
        {"out": str(out), "rows": len(index), "split": chosen, "reconstruction_error": error},
        lines=[
            f"{len(index):,} reconstructions: {out}",
            f"squared error {error:.4g} per row, in the units that the model sees",
        ],
    )
