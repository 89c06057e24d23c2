"""Tables in memory and in files: frames, delimited text and parquet."""

from __future__ import annotations

import csv
import difflib
import gzip
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import DataError, MissingExtraError
from vaekit.io import write_atomically
from vaekit.tables.cells import Markers, read_markers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

__all__ = ["MISSING", "as_frame", "nearest", "places", "read_table", "write_table"]


def as_frame(table: pd.DataFrame | NDArray[Any]) -> pd.DataFrame:
    """A table as a pandas frame.

    Args:
        table: a frame, taken as it is; or an array (N, F), whose columns are named x0, x1, ...

    Returns:
        The frame, (N, F).

    Raises:
        DataError: neither of the two, no row, no column, or two columns of the same name.
        MissingExtraError: pandas is not installed.

    Example:
        >>> as_frame(np.zeros((3, 2))).columns.tolist()
        ['x0', 'x1']
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError("pandas", extra="tables", purpose="a table") from error
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
    names = [str(name) for name in table.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            f"expected columns with names of their own; {twice!r} is there "
            f"{names.count(twice)} times. Rename all but one"
        )
    return table


def places(frame: pd.DataFrame, *, names: Sequence[str]) -> list[int]:
    """Where the columns with these names stand in a frame, which holds them and no others.

    Args:
        frame: with its columns in any order.
        names: of the columns, as text.

    Returns:
        The position of each name.

    Raises:
        DataError: a column is missing, or there is one that is not named.

    Example:
        >>> places(as_frame(np.zeros((3, 2))), names=["x1", "x0"])
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
    """A hint at what was meant.

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


MISSING = ("", "?", "NA", "N/A", "nan", "NaN", "null", "NULL", "None")
ENCODING = "utf-8-sig"  # UTF-8, with or without the mark that spreadsheets put in front
SEPARATORS = ",;\t"
TEXTS = (".csv", ".tsv", ".txt", ".data", ".csv.gz", ".tsv.gz")
ENDINGS = (*TEXTS, ".parquet")


def read_table(
    path: Path | str, *, missing: Sequence[str | float] = MISSING, header: bool | None = None
) -> pd.DataFrame:
    r"""A table from a file.

    In text, cells are separated by commas, semicolons or tabs. The first line is a header unless
    a cell of it is a number or a gap; without one, columns are named x0, x1, ... Whole numbers
    with gaps become Int64, so that they are written as they were.

    Args:
        path: ends in .csv, .tsv, .txt or .data (also with .gz), or in .parquet.
        missing: texts and numbers that stand for a gap.
        header: whether there is one; found out when absent.

    Returns:
        (N, F) with NaN or NA in the gaps.

    Raises:
        DataError: no such file, an unknown ending, an empty or a damaged file.
        MissingExtraError: pandas, or pyarrow for parquet, is not installed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "people.csv"
        ...     _ = path.write_text("age,name\n31,Ann\n?,Bo\n")
        ...     read_table(path).isna().sum().tolist()
        [1, 0]
    """
    path = Path(path)
    ending = _ending(path)
    _need("pandas", purpose="reading a table")
    with _readable(path):
        if ending == ".parquet":
            return as_frame(_without(_read_parquet(path), markers=read_markers(missing)))
        return as_frame(_tidy(_read_text(path, missing=missing, header=header)))


def write_table(frame: pd.DataFrame | NDArray[Any], path: Path | str) -> None:
    """Write a table, without its index; a file of this name is replaced at once or not at all.

    Args:
        frame: (N, F).
        path: ends as for ``read_table``.

    Raises:
        DataError: not a table, or an unknown ending.
        MissingExtraError: pandas, or pyarrow for parquet, is not installed.
        WriteError: the disk is full or the folder cannot be written.
    """
    path = Path(path)
    ending = _ending(path)
    table = as_frame(frame)
    if ending == ".parquet":
        _need("pyarrow", purpose="parquet")
        named = table.rename(columns=str)  # parquet knows no other names
        write_atomically(path, lambda beside: named.to_parquet(beside, index=False))
        return
    separator = "\t" if ending.startswith(".tsv") else ","
    text = table.to_csv(index=False, sep=separator, lineterminator="\n").encode()
    content = gzip.compress(text, mtime=0) if ending.endswith(".gz") else text
    write_atomically(path, lambda beside: beside.write_bytes(content))


def _ending(path: Path) -> str:
    found = [ending for ending in ENDINGS if path.name.lower().endswith(ending)]
    if not found:
        raise DataError(
            f"{path}: expected a name that ends in {', '.join(ENDINGS)}. Rename it, or save the "
            "table as one of these"
        )
    return max(found, key=len)


def _need(package: str, *, purpose: str) -> None:
    """Ask for a package of the extra before the work, to say what it is needed for."""
    if find_spec(package) is None:
        raise MissingExtraError(package, extra="tables", purpose=purpose)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn the failures of reading into a clear error."""
    try:
        yield
    except MissingExtraError:
        raise
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected text in UTF-8; got other bytes at position {error.start}. Save it "
            "as UTF-8 csv"
        ) from error
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    except ValueError as error:  # those of pandas and pyarrow are of this kind
        raise DataError(f"{path}: cannot be read as a table: {str(error).strip()}") from error


def _read_parquet(path: Path) -> pd.DataFrame:
    _need("pyarrow", purpose="parquet")
    import pandas as pd

    return pd.read_parquet(path)


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return cast(IO[str], gzip.open(path, "rt", encoding=ENCODING, newline=""))
    return path.open(encoding=ENCODING, newline="")


def _read_text(path: Path, *, missing: Sequence[str | float], header: bool | None) -> pd.DataFrame:
    import pandas as pd

    with _open(path) as stream:
        first = next((line for line in stream if line.strip()), "").rstrip("\r\n")
    separator = max(SEPARATORS, key=first.count)
    if header is None:
        header = _is_header(next(csv.reader([first], delimiter=separator), []), missing=missing)
    with _open(path) as stream:
        frame = pd.read_csv(
            stream,
            sep=separator,
            header=0 if header else None,
            na_values=[str(marker) for marker in missing],
            keep_default_na=False,
            skipinitialspace=True,
            low_memory=False,
        )
    if not isinstance(frame.index, pd.RangeIndex):  # pandas takes the first cells as names of rows
        raise DataError(
            f"expected lines of {frame.shape[1]} cells, as the first; got longer ones. Mend them, "
            "or quote the cells that hold a separator"
        )
    if not header:
        frame.columns = pd.Index([f"x{place}" for place in range(frame.shape[1])])
    return frame


def _is_header(cells: Sequence[str], *, missing: Sequence[str | float]) -> bool:
    """No number and no gap; but pandas leaves the name of an index blank, in the first cell."""
    texts = [cell.strip() for cell in cells]
    gaps = any(text in missing for text in texts[1:])
    return not gaps and not any(_is_number(text) for text in texts)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers that became floats only for their gaps, as whole numbers with gaps."""
    for name in frame.columns[frame.isna().any()]:
        numbers = frame[name]
        known = numbers.dropna()
        if numbers.dtype == np.float64 and len(known) and (known == np.rint(known)).all():
            frame[name] = numbers.astype("Int64")
    return frame


def _without(frame: pd.DataFrame, *, markers: Markers) -> pd.DataFrame:
    """A table with gaps where a marker stands."""
    marks: Callable[[object], bool] = markers.mark
    for name in frame.columns:
        gaps = frame[name].map(marks).astype(object).fillna(False).astype(bool)
        if gaps.any():
            frame[name] = frame[name].mask(gaps)
    return _tidy(frame)
