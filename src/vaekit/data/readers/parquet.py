"""Parquet tables, written once to the cache as an array that can be memory-mapped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.data.cache import build_once, file_key
from vaekit.data.checks import check_count, check_finite_values
from vaekit.data.contents import Contents, table_contents
from vaekit.data.labels import arrange_labels, find_label_column
from vaekit.data.looking import look_together
from vaekit.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from pyarrow import Array, Schema
    from pyarrow.parquet import ParquetFile

__all__ = ["ParquetTable", "read_parquet"]

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
    table = ParquetTable.read(path, label=label)
    check_count(table.count, where=str(path))
    labels, classes = (None, ()) if table.label is None else table.labels()
    found = table_contents(table.rows(), columns=table.features)
    return replace(found, labels=labels, classes=classes)


@dataclass(frozen=True, kw_only=True)
class ParquetTable:
    """What the foot of a parquet file tells; its rows are read when they are asked for."""

    path: Path
    """The file."""
    count: int
    """How many rows it has."""
    features: tuple[str, ...]
    """Names of the columns of numbers."""
    label: str | None
    """Name of the column of labels."""
    dtype: np.dtype[Any]
    """Of the rows: uint8 where all columns are, else float32."""

    @classmethod
    def read(cls, path: Path, *, label: str | None) -> ParquetTable:
        """Read the foot alone.

        Args:
            path: the file.
            label: the column of labels, by name or position.

        Raises:
            DataError: damaged, without rows or columns, or a column of something other than
                numbers.
            MissingExtraError: pyarrow is not installed.
        """
        with _opened(path) as file:
            schema, count = file.schema_arrow, file.metadata.num_rows
        names = [name for name in schema.names if name != INDEX_COLUMN]
        at = find_label_column(label, names=names, where=str(path))
        features = tuple(name for place, name in enumerate(names) if place != at)
        _check_types(schema, features=features, where=str(path))
        if count == 0 or not features:
            raise DataError(
                f"{path}: expected rows and columns of numbers; got {count} rows of "
                f"{len(features)} such columns"
            )
        narrow = all(str(schema.field(name).type) == "uint8" for name in features)
        return cls(
            path=path,
            count=count,
            features=features,
            label=None if at is None else names[at],
            dtype=np.dtype(np.uint8 if narrow else np.float32),
        )

    def rows(self) -> NDArray[Any]:
        """All rows (N, F) as a memory map, converted into the cache the first time.

        Raises:
            DataError: damaged, or missing cells; nothing is left in the cache then.
        """
        folder = build_once(file_key(self.path, kind=f"rows but {self.label}"), fill=self._fill)
        found: NDArray[Any] = np.load(folder / "rows.npy", mmap_mode="r")
        return found

    def labels(self) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Positions (N,) of the labels in the names of their classes, as a memory map.

        Raises:
            DataError: damaged, a label that is missing, or fractions.
        """
        folder = build_once(file_key(self.path, kind=f"labels {self.label}"), fill=self._fill_codes)
        classes = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
        return np.load(folder / "labels.npy", mmap_mode="r"), tuple(classes)

    def _fill(self, draft: Path) -> None:
        """Write the rows, some thousand at a time."""
        shape = self.count, len(self.features)
        rows = np.lib.format.open_memmap(draft / "rows.npy", "w+", self.dtype, shape)
        start = 0
        with _opened(self.path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(self.features)):
                stop = start + len(batch)
                for place, name in enumerate(self.features):
                    rows[start:stop, place] = _numbers(batch.column(name))
                start = stop
        rows.flush()
        with look_together(None):  # others may convert files of their own meanwhile
            found = table_contents(rows, columns=self.features)
            check_finite_values(found, where=str(self.path))

    def _fill_codes(self, draft: Path) -> None:
        """Write the labels and the names of the classes."""
        assert self.label is not None, "a table without labels was asked for them"
        names: dict[str, int] = {}
        with _opened(self.path) as file:
            parts = [
                _codes(batch.column(self.label), names)
                for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=[self.label])
            ]
        where = f"{self.path}, column {self.label!r}"
        labels, classes = arrange_labels(list(names), np.concatenate(parts), where=where)
        np.save(draft / "labels.npy", labels)
        (draft / "classes.json").write_text(json.dumps(classes), encoding="utf-8")


@contextmanager
def _opened(path: Path) -> Iterator[ParquetFile]:
    """The file; what is wrong with it becomes an error of ours."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", extra="tables", purpose="reading parquet") from error
    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except ArrowException as error:
        raise DataError(
            f"{path}: expected a parquet file; it is cut off or damaged ({error})"
        ) from error


def _codes(column: Array, names: dict[str, int]) -> NDArray[np.int64]:
    """Positions of labels in their names, to which new ones are added."""
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    coded = column.dictionary_encode(null_encoding="encode")
    texts = ["" if text is None else str(text) for text in coded.dictionary.to_pylist()]
    places = np.array([names.setdefault(text, len(names)) for text in texts], np.int64)
    found: NDArray[np.int64] = places[coded.indices.to_numpy(zero_copy_only=False)]
    return found


def _numbers(column: Array) -> NDArray[np.float64]:
    """A column as float64; missing cells become NaN."""
    numbers: NDArray[np.float64] = column.cast("float64", safe=False).to_numpy(zero_copy_only=False)
    return numbers


def _check_types(schema: Schema, *, features: tuple[str, ...], where: str) -> None:
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    for name in features:
        kind = schema.field(name).type
        if not any(test(kind) for test in tests):
            raise DataError(
                f"{where}, column {name!r}: expected numbers; got {kind}. If this column holds "
                f"the classes, say so with --data.label {name}; else drop it or write it as numbers"
            )
