"""Parquet tables, written once to the cache as an array that can be memory-mapped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data.cache import build_once, file_key
from vaekit.data.checks import check_contents
from vaekit.data.contents import Contents, table_contents
from vaekit.data.labels import arrange_labels, find_label_column
from vaekit.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from pyarrow import Array, Schema
    from pyarrow.parquet import ParquetFile

__all__ = ["read_parquet"]

BATCH_ROWS = 2**14
INDEX_COLUMN = "__index_level_0__"  # in which pandas keeps the numbers of the rows


def read_parquet(path: Path, *, label: str | None = None) -> Contents:
    """Rows of a parquet file as a memory map; memory stays flat however large the file is.

    Args:
        path: the file.
        label: the column of labels, by name or position; one named "label" is found by itself.

    Returns:
        Rows, names of the columns, and labels if there are any.

    Raises:
        DataError: damaged, a column of something other than numbers, or missing cells.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", extra="tables", purpose="reading parquet") from error
    try:
        with parquet.ParquetFile(path) as file:
            folder = build_once(
                file_key(path, kind=f"label {label}"),
                fill=lambda draft: _convert(file, label=label, draft=draft, where=str(path)),
            )
    except ArrowException as error:
        raise DataError(
            f"{path}: expected a parquet file; it is cut off or damaged ({error})"
        ) from error
    return _open(folder)


def _open(folder: Path) -> Contents:
    notes = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    labels = folder / "labels.npy"
    found = table_contents(
        np.load(folder / "rows.npy", mmap_mode="r"), columns=tuple(notes["columns"])
    )
    if not labels.is_file():
        return found
    return Contents(
        rows=found.rows,
        shape=found.shape,
        columns=found.columns,
        labels=np.load(labels, mmap_mode="r"),
        classes=tuple(notes["classes"]),
    )


def _convert(file: ParquetFile, *, label: str | None, draft: Path, where: str) -> None:
    """Write rows, labels and names into the draft, some thousand rows at a time."""
    schema = file.schema_arrow
    names = [name for name in schema.names if name != INDEX_COLUMN]
    at = find_label_column(label, names=names, where=where)
    features = [name for place, name in enumerate(names) if place != at]
    _check_types(schema, features=features, where=where)
    bytes_only = all(str(schema.field(name).type) == "uint8" for name in features)
    count = file.metadata.num_rows
    if count == 0 or not features:
        raise DataError(
            f"{where}: expected rows and columns of numbers; got {count} rows of "
            f"{len(features)} such columns"
        )
    rows = np.lib.format.open_memmap(
        draft / "rows.npy", "w+", np.uint8 if bytes_only else np.float32, (count, len(features))
    )
    codes = _copy(
        file,
        rows=rows,
        features=features,
        label=None if at is None else names[at],
        draft=draft,
        where=where,
    )
    rows.flush()
    notes = {"columns": features, "classes": codes}
    (draft / "columns.json").write_text(json.dumps(notes), encoding="utf-8")
    check_contents(table_contents(rows, columns=tuple(features)), where=where)


def _copy(
    file: ParquetFile,
    *,
    rows: NDArray[Any],
    features: Sequence[str],
    label: str | None,
    draft: Path,
    where: str,
) -> list[str]:
    """Fill the rows and write the labels; the names of the classes."""
    positions = np.empty(len(rows), np.int64)
    names: dict[str, int] = {}
    start = 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        stop = start + len(batch)
        for place, name in enumerate(features):
            rows[start:stop, place] = _numbers(batch.column(name))
        if label is not None:
            texts = ["" if text is None else str(text) for text in batch.column(label).to_pylist()]
            positions[start:stop] = [names.setdefault(text, len(names)) for text in texts]
        start = stop
    if label is None:
        return []
    labels, classes = arrange_labels(list(names), positions, where=f"{where}, column {label!r}")
    np.save(draft / "labels.npy", labels)
    return list(classes)


def _numbers(column: Array) -> NDArray[np.float64]:
    """A column as float64; missing cells become NaN."""
    numbers: NDArray[np.float64] = column.cast("float64", safe=False).to_numpy(zero_copy_only=False)
    return numbers


def _check_types(schema: Schema, *, features: Sequence[str], where: str) -> None:
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    for name in features:
        kind = schema.field(name).type
        if not any(test(kind) for test in tests):
            raise DataError(
                f"{where}, column {name!r}: expected numbers; got {kind}. If this column holds "
                f"the classes, say so with --data.label {name}; else drop it or write it as numbers"
            )
