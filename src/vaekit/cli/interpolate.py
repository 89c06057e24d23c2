"""``vaekit interpolate``."""

from typing import Annotated, Literal

from cyclopts import Parameter

from vaekit.cli.options import AsJson, Force, Out, RunPath, SafeCsv, SplitOrAll
from vaekit.cli.output import Output

__all__ = ["interpolate"]


_STRIP, _ANIMATION = 10, 40  # frames
_MOST_STOPS = 5000


def interpolate(
    run: RunPath,
    /,
    *,
    start: Annotated[str, Parameter(name="--from")],
    end: Annotated[str, Parameter(name="--to")],
    out: Out,
    frames: int | None = None,
    path: Literal["linear", "spherical", "density"] = "linear",
    split: SplitOrAll | None = None,
    safe_csv: SafeCsv = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Interpolate between two latent points and decode the points on the way.

    Args:
        run: A run folder.
        start: Where the path begins: the name of a class, for the mean of its codes, or the
            number of a row in the split, counted from 0. Where classes are named by numbers,
            "#12" is row 12.
        end: Where it ends.
        out: File to write: .png and .svg are a strip; .gif, .webp and .mp4 an animation that
            goes there and back; .npy and .csv hold the decoded rows in the units of the data.
        frames: Images on the way, both ends included; when absent 40 for an animation, else 10.
        path: linear goes straight; spherical turns around the origin; density steps from row to
            near row, so that images on the way stay plausible.
        split: Rows that classes and row numbers refer to; when absent those that the run is
            measured on.
        safe_csv: Prefix texts that a spreadsheet would run as formulas (those that begin with =,
            +, - or @) by a single quote.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import figures, inference
    from vaekit.cli.latent_points import resolve_latent_point, rows_with_codes
    from vaekit.cli.writers import ANIMATION_KINDS, PICTURE_KINDS, load_run_for, write_decoded

    loaded = load_run_for(run, out=out, force=force, kinds=(*PICTURE_KINDS, *ANIMATION_KINDS))
    coded = rows_with_codes(loaded, split=split)
    first, start_code = resolve_latent_point(coded, name=start, flag="--from")
    last, end_code = resolve_latent_point(coded, name=end, flag="--to")
    if frames is None:
        frames = _ANIMATION if out.suffix.lower() in ANIMATION_KINDS else _STRIP
    walk = inference.interpolate(
        loaded.model,
        start=start_code,
        end=end_code,
        frames=frames,
        path=path,
        codes=coded.codes.mean[inference.evenly(len(coded.index), most=_MOST_STOPS)],
    )
    write_decoded(
        out,
        walk.rows,
        run=loaded,
        safe=safe_csv,
        draw=lambda images: figures.image_sequence(
            images, shape=loaded.preprocessing.shape, start=first, end=last
        ),
    )
    values = {"out": str(out), "from": first, "to": last, "path": path, "frames": frames}
    Output(as_json=as_json).result(
        values | {"split": coded.split},
        lines=[f"{frames} images from {first} to {last}: {out}"],
    )
