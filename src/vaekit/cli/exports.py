"""Rows and codes as files in the formats that people use next."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit import figures
from vaekit.cli.files import Column, write_array, write_csv, write_parquet
from vaekit.cli.rows import rows_for
from vaekit.data import Dataset, Preprocessing
from vaekit.gallery import as_shown, raw_units
from vaekit.runs import Run
from vaekit.tasks import Codes, Reconstruction

__all__ = ["CODE_KINDS", "RAW_KINDS", "draw_pairs", "draw_samples", "write_codes", "write_rows"]

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
