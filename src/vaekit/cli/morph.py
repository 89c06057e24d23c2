"""``vaekit morph``."""

from typing import TYPE_CHECKING, Literal

from vaekit.cli.options import AsJson, Force, Out, RunPath, SplitOrAll
from vaekit.cli.output import Output
from vaekit.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vaekit.cli.latent_points import CodedRows

__all__ = ["morph"]


_STILL = (".png", ".svg")
_MOST_CLASSES = 12


def morph(
    run: RunPath,
    /,
    *,
    out: Out,
    frames: int = 20,
    path: Literal["linear", "spherical"] = "linear",
    split: SplitOrAll | None = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Turn every class into every other, on one board.

    In a row of the board all images begin at the mean code of the same class; each walks to the
    mean code of the class above its column. Of more than twelve classes the largest are taken.

    Args:
        run: A run folder.
        out: File to write: .gif, .webp and .mp4 go there and back; .png and .svg show the middle.
        frames: Images on the way, both ends included.
        path: linear goes straight; spherical turns around the origin.
        split: Rows whose codes are averaged; when absent those that the run is measured on.
        force: Replace a file that is there.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import figures, inference
    from vaekit.cli.latent_points import coded_rows
    from vaekit.cli.writers import check_moving, need_images
    from vaekit.report import as_shown
    from vaekit.runs import load_run

    kind = check_moving(out, still=_STILL, force=force)
    found = load_run(run)
    need_images(found, out=out)
    coded = coded_rows(found, split=split)
    labels = _largest(coded)
    made = inference.morph(
        found.model, codes=coded.codes.mean, labels=labels, frames=frames, path=path
    )
    names = [coded.dataset.classes[label] for label in made.classes.tolist()]
    rows = made.rows.reshape(frames * len(names) ** 2, -1)
    images = as_shown(rows, found.preprocessing).reshape(frames, len(names) ** 2, -1)
    shape, title = found.preprocessing.shape, "Every class turning into every other"
    if kind in _STILL:
        drawing = figures.image_grid(
            images[frames // 2], shape=shape, row_labels=names, column_labels=names, title=title
        )
        figures.save_figure(drawing, path=out)
    else:
        figures.save_grid_animation(
            images, shape=shape, row_labels=names, column_labels=names, path=out, title=title
        )
    Output(as_json=as_json).result(
        {"out": str(out), "classes": names, "path": path, "frames": frames, "split": coded.split},
        lines=[f"{len(names)} classes turning into each other in {frames} images: {out}"],
    )


def _largest(coded: "CodedRows") -> "NDArray[np.int64]":
    """Labels (B,), below 0 for rows of classes that are left out."""
    import numpy as np

    labels = coded.labels
    if labels is None:
        raise ConfigError(f"{coded.dataset.name} has no labels, so it has no classes to turn")
    sizes = np.bincount(labels[labels >= 0])
    largest = np.argsort(-sizes, kind="stable")[:_MOST_CLASSES]
    return np.where(np.isin(labels, largest), labels, -1)
