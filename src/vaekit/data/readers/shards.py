"""A folder of .npy or parquet files: the rows of one data set in parts."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from vaekit.data.contents import Contents, array_contents, table_shape
from vaekit.data.labels import arrange_labels
from vaekit.data.readers.arrays import damaged
from vaekit.data.readers.parquet import ParquetTable
from vaekit.data.shards import ShardedRows
from vaekit.errors import DataError

__all__ = ["find_shards", "read_parquet_shards", "read_shards"]


def find_shards(folder: Path, *, ending: str) -> list[Path]:
    """The files of one kind in a folder, in the order of their names.

    Args:
        folder: where to look; not in the folders in it.
        ending: of their names, .npy or .parquet.
    """
    return sorted(path for path in folder.glob(f"*{ending}") if not path.name.startswith("."))


def read_shards(folder: Path) -> Contents:
    """Rows of all .npy files in a folder, one after another, left on the disk.

    Of each file only the head is read. All must have rows of one shape and of one of the types
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
    """Rows of all parquet files in a folder, one after another.

    Of each file only the foot is read, and the column of labels. It is converted into the cache
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
    """Positions in the names of all classes, of which a file may have some alone."""
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
