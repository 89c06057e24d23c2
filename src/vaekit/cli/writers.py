"""Write the results of a command to files."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vaekit import figures
from vaekit.data import Dataset, Preprocessing
from vaekit.errors import ConfigError, MissingExtraError
from vaekit.figures import animation_kind, save_animation, save_figure
from vaekit.inference import Codes, Reconstruction
from vaekit.io import write_atomically
from vaekit.report import as_shown, raw_units
from vaekit.runs import Run
from vaekit.runs.run import rows_for

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ANIMATION_KINDS",
    "CODE_KINDS",
    "PICTURE_KINDS",
    "RAW_KINDS",
    "TABLE_ENDINGS",
    "Column",
    "check_moving",
    "check_out",
    "draw_pairs",
    "draw_samples",
    "need_images",
    "read_frame",
    "write_array",
    "write_codes",
    "write_csv",
    "write_decoded",
    "write_parquet",
    "write_rows",
]


Column = Sequence[Any] | NDArray[Any]


def check_out(path: Path, *, kinds: Sequence[str], force: bool) -> str:
    """Look at the name of an output file before any work is done.

    Args:
        path: the file.
        kinds: endings that are known.
        force: whether a file that is there may be replaced.

    Returns:
        The ending, in lower case.

    Raises:
        ConfigError: another ending, a file that is there, or no such folder.
    """
    kind = path.suffix.lower()
    if kind not in kinds:
        raise ConfigError(f"--out {path}: expected a file that ends in {', '.join(kinds)}")
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise ConfigError(f"--out {path}: {what}; name a file in a folder that exists")
    if path.exists() and not force:
        raise ConfigError(f"--out {path}: is there already; take another name, or --force")
    return kind


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


def write_csv(path: Path, table: Sequence[tuple[str, Column]]) -> None:
    """Write columns as csv with a header; numbers as short as they can be without loss.

    Args:
        path: the file.
        table: names and columns, all of one length.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _ in table])
    writer.writerows(zip(*(_plain(column) for _, column in table), strict=True))
    write_atomically(path, lambda temporary: temporary.write_bytes(text.getvalue().encode("utf-8")))


def write_parquet(path: Path, table: Sequence[tuple[str, Column]]) -> None:
    """Write columns as parquet.

    Args:
        path: the file.
        table: names and columns, all of one length.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", extra="tables", purpose="writing parquet") from None
    made = pyarrow.table({name: np.asarray(column) for name, column in table})
    write_atomically(path, lambda temporary: pyarrow.parquet.write_table(made, temporary))


def _plain(column: Column) -> list[Any]:
    """Values of a column; float32 as the shortest text that gives it back."""
    if isinstance(column, np.ndarray) and column.dtype == np.float32:
        return [str(value) for value in column]
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


TABLE_ENDINGS = (".csv", ".tsv", ".parquet")
"""Files that a table is written to."""


def read_frame(table: Path, *, missing: str | None) -> "pd.DataFrame":
    """Read the table of a command.

    Args:
        table: the file.
        missing: what ``--missing`` was given: markers of a gap, with commas between.

    Returns:
        The table.

    Raises:
        DataError: no such file, or one that is no table.
    """
    from vaekit.tables import MISSING, read_table

    given = [marker.strip() for marker in (missing or "").split(",") if marker.strip()]
    return read_table(table, missing=(*MISSING, *given))


RAW_KINDS = (".png", ".npy", ".csv")
CODE_KINDS = (".npy", ".csv", ".parquet")
_MOST_POINTS = 2000


def write_rows(path: Path, values: NDArray[Any], *, preprocessing: Preprocessing) -> None:
    """Write rows in the units of the data, as npy or csv.

    Args:
        path: ends in .npy, where images are (rows, height, width[, 3]), or in .csv, with the
            columns of the data, pixel0, pixel1, ... for images, x0, x1, ... otherwise.
        values: (B, F) in the units that the model sees.
        preprocessing: of that model.
    """
    raw = raw_units(values, preprocessing).astype(np.float32)
    if path.suffix.lower() == ".csv":
        stem = "pixel" if len(preprocessing.shape) == 3 else "x"
        names = preprocessing.columns or tuple(f"{stem}{f}" for f in range(raw.shape[1]))
        write_csv(path, list(zip(names, raw.T, strict=True)))
        return
    shaped = raw.reshape(len(raw), *preprocessing.shape)
    if shaped.ndim == 4:
        shaped = shaped[:, 0] if shaped.shape[1] == 1 else np.moveaxis(shaped, 1, -1)
    write_array(path, np.ascontiguousarray(shaped))


def write_codes(path: Path, codes: Codes, *, dataset: Dataset, index: NDArray[np.int64]) -> None:
    """Write codes as npy, csv or parquet.

    Args:
        path: ends in .npy for the means alone, or in .csv or .parquet for a table.
        codes: of these rows.
        dataset: the rows, with their labels.
        index: positions in it.
    """
    if path.suffix.lower() == ".npy":
        write_array(path, codes.mean)
        return
    table: list[tuple[str, Column]] = [("row", index)]
    if dataset.labels is not None:
        names = [dataset.classes[label] for label in dataset.labels[index].tolist()]
        table.append(("label", names))
    for stem, values in (("z", codes.mean), ("sd", np.sqrt(codes.variance))):
        table += [(f"{stem}{d + 1}", column) for d, column in enumerate(values.T)]
    write = write_csv if path.suffix.lower() == ".csv" else write_parquet
    write(path, table)


def draw_samples(run: Run, values: NDArray[Any], *, path: Path) -> None:
    """Draw made-up rows: a grid of images, or columns beside those of the data.

    Args:
        run: whose model made them.
        values: (B, F) in the units that the model sees.
        path: ends in .png.
    """
    pre = run.preprocessing
    data = None
    if len(pre.shape) != 3:
        dataset = rows_for(run)
        wanted = dataset.split.usable(run.config.evaluation.split, purpose="taken")
        data = dataset.rows[dataset.split.of(wanted)[:_MOST_POINTS]]
    drawing = figures.samples(as_shown(values, pre), shape=pre.shape, data=data, names=pre.columns)
    figures.save_figure(drawing, path=path)


def draw_pairs(run: Run, made: Reconstruction, *, path: Path) -> None:
    """Draw inputs beside reconstructions.

    Args:
        run: whose model made them.
        made: both, in the units that the model sees.
        path: ends in .png.
    """
    pre = run.preprocessing
    drawing = figures.reconstructions(
        as_shown(made.inputs, pre), outputs=as_shown(made.outputs, pre), shape=pre.shape,
        names=pre.columns,
    )  # fmt: skip
    figures.save_figure(drawing, path=path)


PICTURE_KINDS = (".png", ".svg", ".npy", ".csv")
ANIMATION_KINDS = (".gif", ".webp", ".mp4")


def check_moving(path: Path, *, still: Sequence[str], force: bool) -> str:
    """Look at the name of an output file that may be an animation, before any work is done.

    Args:
        path: the file.
        still: endings that are known beside those of animations.
        force: whether a file that is there may be replaced.

    Returns:
        The ending, in lower case.

    Raises:
        ConfigError: another ending, a file that is there, or no such folder.
        MissingExtraError: a video is asked for and PyAV is not installed.
    """
    kind = check_out(path, kinds=(*still, *ANIMATION_KINDS), force=force)
    return animation_kind(path) if kind in ANIMATION_KINDS else kind


def need_images(run: Run, *, out: Path) -> None:
    """Refuse a picture of rows that are no images, before the work.

    Args:
        run: whose rows.
        out: the file that is asked for.

    Raises:
        ConfigError: a picture or an animation of a table.
    """
    if len(run.preprocessing.shape) != 3 and out.suffix.lower() not in (".npy", ".csv"):
        raise ConfigError(
            f"--out {out}: the rows of this run are no images and cannot be shown so; take a file "
            "that ends in .csv or .npy for their values"
        )


def write_decoded(
    path: Path, rows: NDArray[Any], *, run: Run, draw: Callable[[NDArray[np.float64]], Figure]
) -> None:
    """Write decoded rows.

    Args:
        path: ends in .npy or .csv for the rows in the units of the data, in .gif, .webp or .mp4
            for an animation, in .png or .svg for a figure.
        rows: (B, F) in the units that the model sees.
        run: whose model made them.
        draw: makes that figure of images (B, F) in [0, 1].
    """
    pre, kind = run.preprocessing, path.suffix.lower()
    if kind in (".npy", ".csv"):
        write_rows(path, rows, preprocessing=pre)
    elif kind in ANIMATION_KINDS:
        save_animation(as_shown(rows, pre), shape=pre.shape, path=path)
    else:
        save_figure(draw(as_shown(rows, pre)), path=path)
