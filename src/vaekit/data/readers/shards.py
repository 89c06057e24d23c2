"""A folder of .npy or parquet files: the rows of one data set in parts."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from vaekit.data.contents import Contents, array_contents
from vaekit.data.readers.arrays import damaged
from vaekit.data.readers.parquet import read_parquet
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
    return replace(found, rows=_joined(paths, arrays))


def read_parquet_shards(folder: Path, *, label: str | None = None) -> Contents:
    """Rows of all parquet files in a folder, one after another; each is converted once.

    Args:
        folder: where they are.
        label: the column of labels, by name or position; one named "label" is found by itself.

    Returns:
        Rows in shards, and labels if there are any.

    Raises:
        DataError: a file that cannot be read, or that has other columns than the first.
        MissingExtraError: pyarrow is not installed.
    """
    paths = find_shards(folder, ending=".parquet")
    parts = [read_parquet(path, label=label) for path in paths]
    first = parts[0]
    for path, part in zip(paths, parts, strict=True):
        _check_alike(path, _names(part), paths[0], _names(first))
    arrays = [part.rows for part in parts]
    files = [Path(str(array.filename)) for array in arrays if isinstance(array, np.memmap)]
    found = replace(first, rows=_joined(files, arrays), labels=None, classes=())
    if first.labels is None:
        return found
    texts = [np.array(part.classes)[part.labels] for part in parts]
    return found.with_labels(np.concatenate(texts), where=str(folder))


def _joined(paths: Sequence[Path], arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    rows = ShardedRows(
        paths,
        counts=[len(array) for array in arrays],
        features=prod(arrays[0].shape[1:]),
        dtype=arrays[0].dtype,
    )
    return cast(NDArray[Any], rows)  # what is asked of an array of rows can be asked of these


def _kind(array: NDArray[Any]) -> str:
    return f"{array.dtype} of shape {array.shape[1:]}"


def _names(part: Contents) -> str:
    labelled = "without" if part.labels is None else "with"
    return f"{part.rows.dtype}, {labelled} labels, in the columns {', '.join(part.columns)}"


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
