"""Check output files before the work, and write results to them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError
from vaekit.figures import animation_kind, save_animation, save_figure
from vaekit.io import write_atomically
from vaekit.report import as_shown, raw_units
from vaekit.runs import Run, load_run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from vaekit.data import Preprocessing

__all__ = [
    "ANIMATION_KINDS",
    "PICTURE_KINDS",
    "ROW_KINDS",
    "check_out",
    "is_image",
    "load_run_for",
    "write_array",
    "write_decoded",
    "write_frame",
    "write_rows",
]


ROW_KINDS = (".png", ".npy", ".csv")
PICTURE_KINDS = (".png", ".svg", ".npy", ".csv")
ANIMATION_KINDS = (".gif", ".webp", ".mp4")


def check_out(path: Path, *, kinds: Sequence[str], force: bool) -> str:
    """Check the name of an output file before any work is done.

    Args:
        path: the file.
        kinds: endings that are known.
        force: whether an existing file may be replaced.

    Returns:
        The ending, in lower case.

    Raises:
        ConfigError: another ending, an existing file, or no such folder.
        MissingExtraError: a video is asked for and PyAV is not installed.
    """
    kind = path.suffix.lower()
    if kind not in kinds:
        raise ConfigError(f"--out {path}: expected a file that ends in {', '.join(kinds)}")
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise ConfigError(f"--out {path}: {what}; name a file in a folder that exists")
    if path.exists() and not force:
        raise ConfigError(f"--out {path}: exists already; take another name, or --force")
    if kind in ANIMATION_KINDS:
        animation_kind(path)  # refuses where the package for videos is missing
    return kind


def load_run_for(
    path: Path, *, out: Path, force: bool, kinds: Sequence[str] = PICTURE_KINDS
) -> Run:
    """Load the run of a command that shows decoded rows, once its output file is checked.

    Args:
        path: the run folder.
        out: the output file.
        force: whether an existing file may be replaced.
        kinds: endings of output files that are known.

    Returns:
        The run.

    Raises:
        ConfigError: as of `check_out`, or a picture of rows that are not images.
        RunError: no run, or an unfinished or damaged one.
    """
    kind = check_out(out, kinds=kinds, force=force)
    run = load_run(path)
    if not is_image(run.preprocessing) and kind not in (".npy", ".csv"):
        raise ConfigError(
            f"--out {out}: the rows of this run are no images and cannot be drawn; take a file "
            "that ends in .csv or .npy for their values"
        )
    return run


def is_image(preprocessing: "Preprocessing") -> bool:
    """Whether the rows of a model are images.

    Args:
        preprocessing: of the model.
    """
    return len(preprocessing.shape) == 3


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array as npy.

    Args:
        path: the file.
        array: any shape.
    """

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.save(file, array)

    write_atomically(path, write)


def write_frame(path: Path, frame: "pd.DataFrame", *, safe: bool = False) -> None:
    """Write columns as parquet, or as csv with numbers as short as they can be without loss.

    Args:
        path: ends in .parquet or .csv.
        frame: the columns.
        safe: whether to prefix texts that a spreadsheet would take for formulas in a csv.

    Raises:
        MissingExtraError: parquet is asked for and pyarrow is not installed.
    """
    if path.suffix.lower() == ".parquet":
        from vaekit.tables import write_table

        write_table(frame, path)
    else:
        from vaekit.tables import safe_cells

        text = frame.to_csv(index=False, lineterminator="\n")
        content = (safe_cells(text) if safe else text).encode()
        write_atomically(path, lambda temporary: temporary.write_bytes(content))


def write_rows(
    path: Path, values: NDArray[Any], *, preprocessing: "Preprocessing", safe: bool = False
) -> None:
    """Write rows in the units of the data, as npy or csv.

    Args:
        path: ends in .npy, where images are (rows, height, width[, 3]), or in .csv, with the
            columns of the data, pixel0, pixel1, ... for images, x0, x1, ... otherwise.
        values: (B, F) in the units that the model sees.
        preprocessing: of that model.
        safe: as in ``write_frame``; names of columns are texts too.
    """
    raw = raw_units(values, preprocessing).astype(preprocessing.shift.numpy().dtype)
    if path.suffix.lower() == ".csv":
        import pandas as pd

        stem = "pixel" if is_image(preprocessing) else "x"
        names = preprocessing.columns or [f"{stem}{feature}" for feature in range(raw.shape[1])]
        write_frame(path, pd.DataFrame(raw, columns=list(names)), safe=safe)
        return
    shaped = raw.reshape(len(raw), *preprocessing.shape)
    if is_image(preprocessing):
        shaped = shaped[:, 0] if shaped.shape[1] == 1 else np.moveaxis(shaped, 1, -1)
    write_array(path, np.ascontiguousarray(shaped))


def write_decoded(
    path: Path,
    rows: NDArray[Any],
    *,
    run: Run,
    draw: "Callable[[NDArray[np.float64]], Figure]",
    safe: bool = False,
) -> None:
    """Write decoded rows.

    Args:
        path: ends in .npy or .csv for the rows in the units of the data, in .gif, .webp or .mp4
            for an animation, in .png or .svg for a figure.
        rows: (B, F) in the units that the model sees.
        run: whose model made them.
        draw: makes that figure of rows (B, F), in [0, 1] where they are images.
        safe: as in ``write_frame``.
    """
    pre, kind = run.preprocessing, path.suffix.lower()
    if kind in (".npy", ".csv"):
        write_rows(path, rows, preprocessing=pre, safe=safe)
    elif kind in ANIMATION_KINDS:
        save_animation(as_shown(rows, pre), shape=pre.shape, path=path)
    else:
        save_figure(draw(as_shown(rows, pre)), path=path)
