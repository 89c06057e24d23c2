"""``vaekit interpolate``."""

from typing import Annotated, Literal

from cyclopts import Parameter

from vaekit.cli.options import AsJson, Force, Out, RunPath, SplitOrAll
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
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Walk from one code to another and show what is decoded on the way.

    Args:
        run: A run folder.
        start: Where the walk begins: the name of a class, for the mean of its codes, or the
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
        force: Replace a file that is there.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import figures, inference
    from vaekit.cli.latent_points import code_at, coded_rows
    from vaekit.cli.writers import (
        ANIMATION_KINDS,
        PICTURE_KINDS,
        check_moving,
        need_images,
        write_decoded,
    )
    from vaekit.runs import load_run

    kind = check_moving(out, still=PICTURE_KINDS, force=force)
    found = load_run(run)
    need_images(found, out=out)
    coded = coded_rows(found, split=split)
    first, a = code_at(coded, place=start, flag="--from")
    last, b = code_at(coded, place=end, flag="--to")
    usual = _ANIMATION if kind in ANIMATION_KINDS else _STRIP
    count = usual if frames is None else frames
    codes = coded.codes.mean[inference.evenly(len(coded.index), most=_MOST_STOPS)]
    made = inference.interpolate(found.model, start=a, end=b, frames=count, path=path, codes=codes)
    write_decoded(
        out, made.rows, run=found,
        draw=lambda images: figures.image_sequence(
            images, shape=found.preprocessing.shape, start=first, end=last
        ),
    )  # fmt: skip
    Output(as_json=as_json).result(
        {"out": str(out), "from": first, "to": last, "path": path, "frames": count,
         "split": coded.split},
        lines=[f"{count} images from {first} to {last}: {out}"],
    )  # fmt: skip
