"""Read and write tables: frames, delimited text and parquet."""

from __future__ import annotations

import difflib
import gzip
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import DataError, MissingExtraError, VaekitWarning
from vaekit.io import (
    PARQUET_EXPANSION,
    check_expansion,
    check_memory,
    check_width,
    write_atomically,
)
from vaekit.tables.cell_text import MISSING
from vaekit.tables.cells import Markers, read_markers
from vaekit.tables.delimited import (
    DelimitedOptions,
    TableSource,
    as_whole,
    detect_layout,
    open_delimited,
    safe_cells,
    write_delimited,
)

if TYPE_CHECKING:
    import pandas as pd
    from pyarrow import DataType

__all__ = ["as_frame", "column_positions", "nearest", "open_table", "read_table", "write_table"]


def as_frame(table: pd.DataFrame | NDArray[Any]) -> pd.DataFrame:
    """Convert a table to a pandas frame.

    Args:
        table: a frame, taken as it is; or an array (N, F), whose columns are named x0, x1, ... and
            of which masked cells are missing.

    Returns:
        The frame, (N, F).

    Raises:
        DataError: neither of the two, no row, no column, or two columns of the same name.

    Example:
        >>> as_frame(np.zeros((3, 2))).columns.tolist()
        ['x0', 'x1']
    """
    import pandas as pd

    if isinstance(table, np.ma.MaskedArray):
        table = np.where(np.ma.getmaskarray(table), np.nan, table.data)
    if isinstance(table, np.ndarray) and table.ndim == 2:
        table = pd.DataFrame(table, columns=[f"x{place}" for place in range(table.shape[1])])
    if not isinstance(table, pd.DataFrame):
        came = f"an array of shape {table.shape}" if isinstance(table, np.ndarray) else type(table)
        raise DataError(f"expected a pandas DataFrame or an array (rows, columns); got {came}")
    if table.empty:
        raise DataError(
            f"expected a table with rows and columns; got {len(table)} rows of "
            f"{table.shape[1]} columns"
        )
    twice, times = Counter(map(str, table.columns)).most_common(1)[0]
    if times > 1:
        raise DataError(
            f"expected columns with names of their own; {twice!r} is there {times} times. Rename "
            "all but one"
        )
    return table


def column_positions(frame: pd.DataFrame, *, names: Sequence[str]) -> list[int]:
    """Return the positions of columns in a frame, which must hold these and no others.

    Args:
        frame: with its columns in any order.
        names: of the columns, as text.

    Returns:
        The position of each name.

    Raises:
        DataError: a column is missing, or there is one that is not named.

    Example:
        >>> column_positions(as_frame(np.zeros((3, 2))), names=["x1", "x0"])
        [1, 0]
    """
    found = {str(name): place for place, name in enumerate(frame.columns)}
    absent = next((name for name in names if name not in found), None)
    if absent is not None:
        raise DataError(
            f"expected a column {absent!r}; there is none{nearest(absent, among=found)}. Give a "
            "table with the columns of the one that the schema was made from"
        )
    more = sorted(set(found) - set(names))
    if more:
        raise DataError(
            f"expected the {len(names)} columns of the schema; got {more[0]!r} besides. Drop it, "
            "or make a new schema"
        )
    return [found[name] for name in names]


def nearest(word: str, *, among: Iterable[str]) -> str:
    """Return a hint at the nearest known word.

    Args:
        word: as it was written.
        among: the words that there are.

    Returns:
        The end of a sentence, with the nearest word, or with all of them where none is near.

    Example:
        >>> nearest("agee", among=["age", "sex"])
        '; did you mean "age"?'
    """
    known = list(among)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f'; did you mean "{near[0]}"?'
    shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return f"; there are {shown}"


ENDINGS = (".csv", ".tsv", ".txt", ".data", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet")


def open_table(
    path: Path | str,
    *,
    missing: Sequence[str | float] = MISSING,
    options: DelimitedOptions | None = None,
) -> TableSource:
    """Read a table from a file, together with the layout of the file.

    Args:
        path: ends in .csv, .tsv, .txt or .data (also with .gz), or in .parquet.
        missing: texts and numbers that stand for a missing value.
        options: how a delimited file is written, where that shall not be detected.

    Returns:
        The table, to be passed on to ``write_table`` with a frame made from it.

    Raises:
        DataError: no such file, an unknown ending, an empty or a damaged file.
        MissingExtraError: pyarrow, for parquet, is not installed.
    """
    path = Path(path)
    ending = _ending(path)
    try:
        if ending == ".parquet":
            frame = _without_markers(_read_parquet(path), markers=read_markers(missing))
            return TableSource(path=path, frame=as_frame(frame))
        source = open_delimited(path, detect_layout(path, options), missing=missing)
        as_frame(source.frame)
    except (MissingExtraError, DataError) as error:
        if isinstance(error, MissingExtraError) or str(path) in str(error):
            raise
        raise DataError(f"{path}: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    except MemoryError as error:
        raise DataError(f"{path}: does not fit into memory. Read a part of it") from error
    except ValueError as error:  # those of pandas and pyarrow are of this kind
        raise DataError(f"{path}: cannot be read as a table: {str(error).strip()}") from error
    for doubt in source.doubts:
        warnings.warn(doubt, VaekitWarning, stacklevel=3)
    return source


def read_table(
    path: Path | str,
    *,
    missing: Sequence[str | float] = MISSING,
    options: DelimitedOptions | None = None,
) -> pd.DataFrame:
    r"""Read a table from a file.

    See `vaekit.tables.open_delimited` for what is detected in text. Without a line of names,
    columns are named x0, x1, ... Whole numbers with missing ones become Int64.

    Args:
        path: ends in .csv, .tsv, .txt or .data (also with .gz), or in .parquet.
        missing: texts and numbers that stand for a missing value.
        options: how a delimited file is written, where that shall not be detected.

    Returns:
        (N, F) with NaN or NA where a value is missing.

    Raises:
        DataError: no such file, an unknown ending, an empty or a damaged file.
        MissingExtraError: pyarrow, for parquet, is not installed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "people.csv"
        ...     _ = path.write_text("age,name\n31,Ann\n?,Bo\n")
        ...     read_table(path).isna().sum().tolist()
        [1, 0]
    """
    return open_table(path, missing=missing, options=options).frame


def write_table(
    frame: pd.DataFrame | NDArray[Any],
    path: Path | str,
    *,
    source: TableSource | None = None,
    safe: bool = False,
) -> None:
    """Write a table atomically.

    An index is written unless it only counts the rows.

    Args:
        frame: (N, F).
        path: ends as for ``read_table``.
        source: the table that the frame was made from. Text is then written as that file is:
            with its line of names, separator, decimal mark and encoding, and with the cells that
            did not change as they were.
        safe: whether to prefix texts that a spreadsheet would take for formulas, as
            ``safe_cells`` does; parquet is written as it is.

    Raises:
        DataError: not a table, or an unknown ending.
        MissingExtraError: pyarrow, for parquet, is not installed.
        WriteError: the disk is full or the folder cannot be written.
    """
    path = Path(path)
    ending = _ending(path)
    table = as_frame(frame)
    if ending == ".parquet":
        _need_pyarrow()
        named = table.rename(columns=str)  # parquet knows no other names
        write_atomically(path, lambda draft: named.to_parquet(draft))
        return
    separator = "\t" if ending.startswith(".tsv") else ","
    if source and source.layout:
        kept = source.layout.separator
        alike = _ending(source.path).removesuffix(".gz") == ending.removesuffix(".gz")
        alike = alike or (kept in ",;|" and not ending.startswith(".tsv"))
        separator = kept if alike else separator
        content = write_delimited(table, source, separator=separator, safe=safe)
    else:
        index = table.index.name is not None or table.index.dtype.kind not in "iu"
        text = table.to_csv(index=index, sep=separator, lineterminator="\n")
        content = (safe_cells(text, separator=separator) if safe else text).encode()
    content = gzip.compress(content, mtime=0) if ending.endswith(".gz") else content
    write_atomically(path, lambda draft: draft.write_bytes(content))


def _ending(path: Path) -> str:
    found = [ending for ending in ENDINGS if path.name.lower().endswith(ending)]
    if not found:
        raise DataError(
            f"{path}: expected a name that ends in {', '.join(ENDINGS)}. Rename it, or save the "
            "table as one of these"
        )
    return max(found, key=len)


def _need_pyarrow() -> None:
    """Raise if pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise MissingExtraError("pyarrow", extra="tables", purpose="parquet")


def _read_parquet(path: Path) -> pd.DataFrame:
    _need_pyarrow()
    import pandas as pd
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        schema, count = file.schema_arrow, file.metadata.num_rows
        stored = [file.metadata.row_group(at).total_byte_size for at in range(file.num_row_groups)]
    check_width(len(schema), where=str(path))
    cells = count * sum(map(_cell_bytes, schema.types))
    packed = path.stat().st_size
    check_expansion(cells, packed=packed, where=str(path), ratio=PARQUET_EXPANSION)
    check_memory(max(sum(stored), cells), where=str(path))
    return pd.read_parquet(path)


def _cell_bytes(kind: DataType) -> int:
    """Return the least size of a cell in memory; of text that of a pointer."""
    try:
        return -(-int(kind.bit_width) // 8)
    except ValueError:
        return 8


def _without_markers(frame: pd.DataFrame, *, markers: Markers) -> pd.DataFrame:
    """Replace markers by missing values."""
    marks: Callable[[object], bool] = markers.mark
    for name in frame.columns:
        if isinstance(frame[name].dtype, np.dtype) and frame[name].dtype.kind in "iuf":
            missing = frame[name].isin(markers.numbers)
        else:
            missing = frame[name].map(marks).astype(object).fillna(False).astype(bool)
        if missing.any():
            frame[name] = frame[name].mask(missing)
        frame[name] = as_whole(frame[name])
    return frame
