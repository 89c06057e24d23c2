"""``vaekit project``."""

from typing import Literal

from vaekit.cli.options import AsJson, Force, Out, RunPath, SafeCsv, SplitOrAll
from vaekit.cli.output import Output

__all__ = ["project"]


_MOST_ROWS = 5000


def project(
    run: RunPath,
    /,
    *,
    out: Out,
    method: Literal["pca", "tsne", "umap"] = "pca",
    dims: Literal[2, 3] = 2,
    split: SplitOrAll | None = None,
    seed: int = 0,
    safe_csv: SafeCsv = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Project codes of many dimensions to two or three.

    At most 5,000 rows are taken, spread evenly over the split.

    Args:
        run: A run folder.
        out: File to write: .png and .svg show the rows by class; .npy holds the coordinates;
            .csv holds for each row its number, its label and its coordinates.
        method: pca keeps the directions of largest variance; tsne keeps neighbours together,
            but sizes of clusters and distances between them have no meaning; umap likewise, but
            it keeps more of the global structure, and needs the package umap-learn.
        dims: Number of dimensions of the projection.
        split: Rows to project; when absent those that the run is measured on.
        seed: Seed of t-SNE and UMAP.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import figures, inference
    from vaekit.cli.latent_points import rows_with_codes
    from vaekit.cli.writers import PICTURE_KINDS, check_out, write_array, write_frame
    from vaekit.runs import load_run

    kind = check_out(out, kinds=PICTURE_KINDS, force=force)
    coded = rows_with_codes(load_run(run), split=split, most=_MOST_ROWS)
    projection = inference.project(coded.codes.mean, method=method, dims=dims, seed=seed)
    points = projection.points.astype("float32")
    if kind == ".npy":
        write_array(out, points)
    elif kind == ".csv":
        write_frame(out, coded.frame({method: points}), safe=safe_csv)
    else:
        drawing = figures.latent_scatter(
            projection.points,
            labels=coded.labels,
            classes=coded.dataset.classes,
            axis_labels=projection.axis_labels,
        )
        figures.save_figure(drawing, path=out)
    explained = projection.explained
    shares = None if explained is None else [round(float(share), 6) for share in explained]
    kept = "" if shares is None else f", {sum(shares):.0%} of the variance"
    values = {"out": str(out), "rows": len(coded.index), "split": coded.split, "method": method}
    Output(as_json=as_json).result(
        values | {"dims": dims, "explained": shares},
        lines=[f"{len(coded.index):,} {coded.split} rows in {dims} dimensions{kept}: {out}"],
    )
