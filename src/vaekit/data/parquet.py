"""Read parquet files, and folders of parquet or npy files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from vaekit.data.array_files import damaged
from vaekit.data.cache import build_once, file_key
from vaekit.data.chunks import share_reading
from vaekit.data.contents import (
    Contents,
    arrange_labels,
    array_contents,
    check_count,
    check_finite_values,
    find_label_column,
    table_contents,
    table_shape,
)
from vaekit.data.shards import ShardedRows
from vaekit.errors import DataError, MissingExtraError
from vaekit.io import (
    PARQUET_EXPANSION,
    check_disk,
    check_expansion,
    check_memory,
    check_width,
)

if TYPE_CHECKING:
    from pyarrow import Array, Schema
    from pyarrow.parquet import ParquetFile

__all__ = ["ParquetTable", "find_shards", "read_parquet", "read_parquet_shards", "read_shards"]


BATCH_ROWS, BATCH_VALUES = 2**14, 2**24
INDEX_COLUMN = "__index_level_0__"  # in which pandas keeps the numbers of the rows


def read_parquet(path: Path, *, label: str | None = None) -> Contents:
    """Read the rows of a parquet file as a memory map, in bounded memory.

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
    """Metadata from the footer of a parquet file; rows and labels are read on demand."""

    path: Path
    """The file."""
    count: int
    """How many rows it has."""
    features: tuple[str, ...]
    """Names of the columns of numbers."""
    label: str | None
    """Name of the column of labels."""
    dtype: np.dtype[Any]
    """Of the rows: uint8 where all columns are, else float32, float64 where that loses values."""

    @classmethod
    def read(cls, path: Path, *, label: str | None) -> ParquetTable:
        """Read the footer alone.

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
            groups = [
                file.metadata.row_group(at).total_byte_size for at in range(file.num_row_groups)
            ]
        check_memory(max(groups, default=0), where=f"{path}, row group")
        names = [name for name in schema.names if name != INDEX_COLUMN]
        at = find_label_column(label, names=names, where=str(path))
        features = tuple(name for place, name in enumerate(names) if place != at)
        _check_types(schema, features=features, where=str(path))
        if count == 0 or not features:
            raise DataError(
                f"{path}: expected rows and columns of numbers; got {count} rows of "
                f"{len(features)} such columns"
            )
        check_width(len(features), where=str(path))
        narrow = all(str(schema.field(name).type) == "uint8" for name in features)
        wide = not narrow and _needs_double(path, features)
        dtype = np.dtype(np.uint8 if narrow else np.float64 if wide else np.float32)
        expanded, packed = count * len(features) * dtype.itemsize, path.stat().st_size
        check_expansion(expanded, packed=packed, where=str(path), ratio=PARQUET_EXPANSION)
        return cls(
            path=path,
            count=count,
            features=features,
            label=None if at is None else names[at],
            dtype=dtype,
        )

    def rows(self) -> NDArray[Any]:
        """Return all rows (N, F) as a memory map, converted into the cache on first use.

        Raises:
            DataError: damaged, or missing cells; nothing is left in the cache then.
        """
        folder = build_once(
            file_key(self.path, kind=f"rows but {self.label}, {self.dtype}"), fill=self._fill
        )
        found: NDArray[Any] = np.load(folder / "rows.npy", mmap_mode="r")
        return found

    def labels(self) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Return the labels (N,) as positions in their classes, as a memory map.

        Raises:
            DataError: damaged, a label that is missing, or fractions.
        """
        folder = build_once(file_key(self.path, kind=f"labels {self.label}"), fill=self._fill_codes)
        classes = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
        return np.load(folder / "labels.npy", mmap_mode="r"), tuple(classes)

    def _fill(self, draft: Path) -> None:
        """Write the rows in batches."""
        shape = self.count, len(self.features)
        check_disk(prod(shape) * self.dtype.itemsize, folder=draft, where=str(self.path))
        size = max(1, min(BATCH_ROWS, BATCH_VALUES // len(self.features)))
        rows = np.lib.format.open_memmap(draft / "rows.npy", "w+", self.dtype, shape)
        start = 0
        with _opened(self.path) as file:
            for batch in file.iter_batches(batch_size=size, columns=list(self.features)):
                stop = start + len(batch)
                with np.errstate(over="ignore"):  # becomes infinite, which is refused below
                    for place, name in enumerate(self.features):
                        rows[start:stop, place] = _numbers(batch.column(name))
                start = stop
        rows.flush()
        with share_reading(None):  # others may convert files of their own meanwhile
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


def _needs_double(path: Path, features: tuple[str, ...]) -> bool:
    """Return whether float32 rounds some column by more than a thousandth of its range.

    The least and greatest values are in the footer of most files; else the columns are read.
    """
    with _opened(path) as file:
        kinds = {name: str(file.schema_arrow.field(name).type) for name in features}
        wide = [name for name, kind in kinds.items() if kind.endswith(("double", "32", "64"))]
        if not wide:
            return False
        return any(
            _rounds(low, high, whole="int" in kinds[name])
            for name, (low, high) in zip(wide, _extremes(file, wide), strict=True)
        )


def _rounds(low: float, high: float, *, whole: bool) -> bool:
    """Return whether float32 can round numbers of a range by a thousandth, or cannot hold them."""
    most = max(abs(low), abs(high))
    if most > float(np.finfo(np.float32).max):
        return True
    exact = whole and most <= 2**24
    return not exact and most * 2.0**-24 > 1e-3 * (high - low) > 0


def _extremes(file: ParquetFile, names: list[str]) -> list[tuple[float, float]]:
    """Return the least and greatest value of each column."""
    from pyarrow import compute

    footer = file.metadata
    places = {footer.schema.column(at).path: at for at in range(footer.num_columns)}
    found: dict[str, list[float]] = {name: [] for name in names}
    unknown = []
    for name in names:
        for group in range(footer.num_row_groups):
            statistics = footer.row_group(group).column(places[name]).statistics
            if statistics is None or not statistics.has_min_max:
                unknown.append(name)
                break
            found[name] += [float(statistics.min), float(statistics.max)]
    if unknown:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=unknown):
            for name in unknown:
                ends = compute.min_max(batch.column(name)).as_py()
                found[name] += [float(each) for each in ends.values() if each is not None]
    return [(min(each, default=0.0), max(each, default=0.0)) for each in found.values()]


@contextmanager
def _opened(path: Path) -> Iterator[ParquetFile]:
    """Open a parquet file; damage becomes a DataError."""
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
    """Encode labels as positions in their names, to which new ones are added."""
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    coded = column.dictionary_encode(null_encoding="encode")
    texts = ["" if text is None else str(text) for text in coded.dictionary.to_pylist()]
    places = np.array([names.setdefault(text, len(names)) for text in texts], np.int64)
    found: NDArray[np.int64] = places[coded.indices.to_numpy(zero_copy_only=False)]
    return found


def _numbers(column: Array) -> NDArray[np.float64]:
    """Return a column as float64 with NaN where missing."""
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


def find_shards(folder: Path, *, ending: str) -> list[Path]:
    """List the files of one kind in a folder, sorted by name.

    Args:
        folder: to search, without its sub-folders.
        ending: of their names, .npy or .parquet.
    """
    return sorted(path for path in folder.glob(f"*{ending}") if not path.name.startswith("."))


def read_shards(folder: Path) -> Contents:
    """Read all .npy files of a folder as one array of rows, by memory maps.

    Only the header of each file is read. All must have rows of one shape and of one of the types
    uint8 and float32, so that nothing has to be converted.

    Args:
        folder: where they are.

    Returns:
        Rows in shards.

    Raises:
        DataError: a file that is damaged, empty, or unlike the first.
    """
    paths = find_shards(folder, ending=".npy")
    arrays = [_open(path) for path in paths]
    first = arrays[0]
    for path, array in zip(paths, arrays, strict=True):
        _check_alike(path, _kind(array), paths[0], _kind(first))
    if first.dtype not in (np.uint8, np.float32) or (first.ndim == 4 and first.shape[3] == 3):
        raise DataError(
            f"{folder}: expected shards of uint8 or float32, colours before height and width; got "
            f"{first.dtype} of shape {first.shape[1:]}. Write them so, and nothing has to be "
            "converted at every start"
        )
    found = array_contents(first, where=str(paths[0]))
    rows = ShardedRows(
        [partial(np.load, path, mmap_mode="r") for path in paths],
        counts=[len(array) for array in arrays],
        features=prod(first.shape[1:]),
        dtype=first.dtype,
    )
    return replace(found, rows=_like_array(rows))


def read_parquet_shards(folder: Path, *, label: str | None = None) -> Contents:
    """Read all parquet files of a folder as one array of rows.

    Only the footer and the column of labels of each file are read. It is converted into the cache
    when rows of it are first needed, by the process that needs them.

    Args:
        folder: where they are.
        label: the column of labels, by name or position; one named "label" is found by itself.

    Returns:
        Rows in shards, and labels if there are any.

    Raises:
        DataError: a file that cannot be read, or that has other columns than the first.
        MissingExtraError: pyarrow is not installed.
    """
    parts = [
        ParquetTable.read(path, label=label) for path in find_shards(folder, ending=".parquet")
    ]
    if any(part.dtype == np.float64 for part in parts):  # one needs it, so all are read so
        parts = [replace(part, dtype=np.dtype(np.float64)) for part in parts]
    first = parts[0]
    for part in parts:
        _check_alike(part.path, _names(part), first.path, _names(first))
    width = len(first.features)
    shape = table_shape(width, kind=first.dtype, columns=first.features)
    rows = ShardedRows(
        [part.rows for part in parts],
        counts=[part.count for part in parts],
        features=width,
        dtype=first.dtype,
    )
    columns = first.features if len(shape) == 1 else ()
    found = Contents(rows=_like_array(rows), shape=shape, columns=columns)
    if first.label is None:
        return found
    labels, classes = _joined_labels(parts, where=str(folder))
    return replace(found, labels=labels, classes=classes)


def _joined_labels(
    parts: Sequence[ParquetTable], *, where: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return labels as positions in the classes of all files."""
    names: dict[str, int] = {}
    found = []
    for part in parts:
        labels, classes = part.labels()
        places = np.array([names.setdefault(name, len(names)) for name in classes], np.int64)
        found.append(places[labels])
    return arrange_labels(list(names), np.concatenate(found), where=where)


def _like_array(rows: ShardedRows) -> NDArray[Any]:
    return cast(NDArray[Any], rows)  # what is asked of an array of rows can be asked of these


def _kind(array: NDArray[Any]) -> str:
    return f"{array.dtype} of shape {array.shape[1:]}"


def _names(part: ParquetTable) -> str:
    labelled = "without" if part.label is None else "with"
    return f"{part.dtype}, {labelled} labels, in the columns {', '.join(part.features)}"


def _check_alike(path: Path, kind: str, first: Path, expected: str) -> None:
    if kind != expected:
        raise DataError(f"{path}: expected rows like those of {first.name}, {expected}; got {kind}")


def _open(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.lib.format.open_memmap(path, "r")
    except (ValueError, EOFError) as error:
        raise damaged(path, error) from error
    if array.ndim < 2 or len(array) == 0:
        raise DataError(f"{path}: expected rows; got an array of shape {array.shape}")
    return array
