"""``vaekit project``."""

from typing import TYPE_CHECKING, Literal

from vaekit.cli.options import AsJson, Force, Out, RunPath, SplitOrAll
from vaekit.cli.output import Output

if TYPE_CHECKING:
    from pathlib import Path

    from vaekit.cli.latent_points import CodedRows
    from vaekit.inference import Projection

__all__ = ["project"]


_MOST_ROWS = 5000
_KINDS = (".png", ".svg", ".npy", ".csv")


def project(
    run: RunPath,
    /,
    *,
    out: Out,
    method: Literal["pca", "tsne", "umap"] = "pca",
    dims: Literal[2, 3] = 2,
    split: SplitOrAll | None = None,
    seed: int = 0,
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
            and says nothing with sizes of clusters or distances between them; umap likewise, with
            somewhat more of how clusters lie to each other, and needs the package umap-learn.
        dims: Of the picture.
        split: Rows to project; when absent those that the run is measured on.
        seed: Of t-SNE and UMAP.
        force: Replace a file that is there.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import inference
    from vaekit.cli.latent_points import coded_rows
    from vaekit.cli.writers import check_out
    from vaekit.runs import load_run

    kind = check_out(out, kinds=_KINDS, force=force)
    coded = coded_rows(load_run(run), split=split, most=_MOST_ROWS)
    made = inference.project(coded.codes.mean, method=method, dims=dims, seed=seed)
    if kind in (".npy", ".csv"):
        _write(out, made, coded=coded, stem=method)
    else:
        _draw(out, made, coded=coded)
    shares = None if made.explained is None else [round(float(s), 6) for s in made.explained]
    kept = "" if shares is None else f", {sum(shares):.0%} of the variance"
    Output(as_json=as_json).result(
        {"out": str(out), "rows": len(coded.index), "split": coded.split, "method": method,
         "dims": dims, "explained": shares},
        lines=[f"{len(coded.index):,} {coded.split} rows in {dims} dimensions{kept}: {out}"],
    )  # fmt: skip


def _write(path: "Path", made: "Projection", *, coded: "CodedRows", stem: str) -> None:
    """Coordinates as npy or csv."""
    from vaekit.cli.latent_points import row_columns
    from vaekit.cli.writers import write_array, write_csv

    points = made.points.astype("float32")
    if path.suffix.lower() == ".npy":
        write_array(path, points)
        return
    axes = [(f"{stem}{axis + 1}", column) for axis, column in enumerate(points.T)]
    write_csv(path, [*row_columns(coded), *axes])


def _draw(path: "Path", made: "Projection", *, coded: "CodedRows") -> None:
    """Points by class, from one side or two."""
    from vaekit import figures

    drawing = figures.latent_scatter(
        made.points,
        labels=coded.labels,
        classes=coded.dataset.classes,
        axis_labels=made.axis_labels,
    )
    figures.save_figure(drawing, path=path)
