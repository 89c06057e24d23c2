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
    """Interpolate between the centroids of all classes, on one board.

    In a row of the board all images begin at the mean code of the same class and end at the mean
    code of the class above their column. Of more than twelve classes the largest are taken.

    Args:
        run: A run folder.
        out: File to write: .gif, .webp and .mp4 go there and back; .png and .svg show the middle.
        frames: Images on the way, both ends included.
        path: linear goes straight; spherical turns around the origin.
        split: Rows whose codes are averaged; when absent those that the run is measured on.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import figures, inference
    from vaekit.cli.latent_points import rows_with_codes
    from vaekit.cli.writers import ANIMATION_KINDS, load_run_for
    from vaekit.report import as_shown

    loaded = load_run_for(run, out=out, force=force, kinds=(*_STILL, *ANIMATION_KINDS))
    coded = rows_with_codes(loaded, split=split)
    board = inference.morph(
        loaded.model,
        codes=coded.codes.mean,
        labels=_labels_of_largest(coded),
        frames=frames,
        path=path,
    )
    names = coded.class_names(board.classes)
    shape, title = loaded.preprocessing.shape, "Every class turning into every other"
    rows = board.rows.reshape(frames * len(names) ** 2, -1)
    images = as_shown(rows, loaded.preprocessing).reshape(frames, len(names) ** 2, -1)
    if out.suffix.lower() in _STILL:
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


def _labels_of_largest(coded: "CodedRows") -> "NDArray[np.int64]":
    """Return the labels (B,), below 0 for rows of classes that are left out."""
    import numpy as np

    labels = coded.labels
    if labels is None:
        raise ConfigError(f"{coded.dataset.name} has no labels, so it has no classes to morph")
    sizes = np.bincount(labels[labels >= 0])
    largest = np.argsort(-sizes, kind="stable")[:_MOST_CLASSES]
    return np.where(np.isin(labels, largest), labels, -1)
