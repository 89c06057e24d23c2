"""Files that a user asked for: checked before the work, written whole or not at all."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError, MissingExtraError
from vaekit.files import write_atomically

__all__ = ["Column", "check_out", "write_array", "write_csv", "write_parquet"]

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
