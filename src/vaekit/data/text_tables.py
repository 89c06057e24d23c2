"""Rows of numbers from delimited text files."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data.contents import Contents, arrange_labels, find_label_column, table_contents
from vaekit.errors import DataError, VaekitWarning
from vaekit.tables.cell_text import is_missing, looks_numeric
from vaekit.tables.delimited import (
    DelimitedOptions,
    Layout,
    detect_layout,
    iterate_records,
    open_delimited,
)

__all__ = ["read_delimited"]


def read_delimited(
    path: Path, *, label: str | None = None, options: DelimitedOptions | None = None
) -> Contents:
    """Read a delimited file whose cells are numbers, except for one column of labels.

    See :func:`vaekit.tables.delimited.open_delimited` for what is detected, and which texts are
    numbers. Columns that are all named pixel... make images.

    Args:
        path: the file; unpacked when its name ends in .gz.
        label: the column of labels, by name or position; one named "label" is found by itself.
        options: how the file is written, where that shall not be detected.

    Returns:
        Rows, names of the columns, and labels if there are any.

    Raises:
        DataError: a line has more or fewer cells than the first, a cell is text or missing, the
            label column is unknown, or the file is cut off.
    """
    layout = detect_layout(path, options)
    names = layout.names if layout.header else tuple(map(str, range(len(layout.names))))
    at = find_label_column(label, names=names, where=str(path))
    frame = open_delimited(path, layout, texts=() if at is None else (at,)).frame
    if frame.empty:
        raise DataError(f"{path}: expected at least two rows; got a header only")
    features = [place for place in range(frame.shape[1]) if place != at]
    rows = np.empty((len(frame), len(features)))
    for to, place in enumerate(features):
        numbers = _numbers(frame.iloc[:, place])
        if numbers is None:
            raise _wrong_cell(path, layout, names=names, label=at)
        rows[:, to] = numbers
    rows, columns = _without_row_numbers(rows, [names[f] for f in features], where=str(path))
    contents = replace(table_contents(rows, columns=tuple(columns)), layout=layout.describe())
    if at is None:
        return contents
    codes, labels = frame.iloc[:, at].factorize()
    where = f"{path}, column {names[at]!r}"
    positions, classes = arrange_labels([str(text) for text in labels], codes, where=where)
    return replace(contents, labels=positions, classes=classes)


def _numbers(column: Any) -> NDArray[Any] | None:  # noqa: ANN401 - a pandas Series
    """Return a column as numbers; None where a cell is text or missing."""
    import pandas as pd

    if column.dtype.kind not in "biuf":  # codes with leading zeros are numbers here, too
        column = pd.to_numeric(column, errors="coerce")
    return None if column.hasnans else column.to_numpy()


def _wrong_cell(
    path: Path, layout: Layout, *, names: Sequence[str], label: int | None
) -> DataError:
    """Return the error that names the first ragged line or text, or else the missing cells."""
    missing, first = 0, ""
    features = [place for place in range(len(names)) if place != label]
    for cells, line in iterate_records(path, layout):
        where = f"{path}, line {line}"
        if len(cells) != len(names):
            return DataError(
                f"{where}: expected {len(names)} cells as in the first line; got {len(cells)}. A "
                "separator is missing or one too many"
            )
        absent = [at for at in features if is_missing(cells[at])]
        texts = [at for at in features if at not in absent and not looks_numeric(cells[at])]
        if texts and len(texts) == len(cells):
            return DataError(f"{path}: expected columns of numbers; line {line} has none")
        if texts:
            name = names[texts[0]]
            return DataError(
                f"{where}, column {name!r}: expected a number; got {cells[texts[0]]!r}. If this "
                f"column holds the classes, say so with --data.label {name}; else drop it or "
                "write it as numbers"
            )
        first = first or (f"line {line}, column {names[absent[0]]!r}" if absent else "")
        missing += len(absent)
    if missing:
        return DataError(
            f"{path}: expected a number in each cell; {missing} are missing, the first in {first}. "
            "Drop or fill these rows first; a table with missing cells is a job for imputation"
        )
    return DataError(
        f"{path}: expected numbers of one style in a column; one has decimal commas and decimal "
        "points. Write them alike"
    )


def _without_row_numbers(
    rows: NDArray[np.float64], columns: list[str], *, where: str
) -> tuple[NDArray[np.float64], list[str]]:
    """Leave out the unnamed first column in which pandas writes the numbers of the rows."""
    if len(columns) < 2 or columns[0] not in ("", "Unnamed: 0"):
        return rows, columns
    if not np.array_equal(rows[:, 0] - rows[0, 0], np.arange(len(rows))):
        return rows, columns
    warnings.warn(
        f"{where}: the first column has no name and counts the rows; it is left out. Save with "
        "to_csv(index=False)",
        VaekitWarning,
        stacklevel=5,
    )
    return rows[:, 1:], columns[1:]
