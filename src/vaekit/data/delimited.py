"""Reader of delimited text files."""

import csv
import gzip
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, TextIO, cast

import numpy as np
from numpy.typing import NDArray

from vaekit.data.contents import Contents, arrange_labels, find_label_column, table_contents
from vaekit.errors import DataError, VaekitWarning

__all__ = ["MISSING_CELLS", "diagnose", "has_header", "is_number", "read_delimited"]


MISSING_CELLS = frozenset(("", "na", "n/a", "nan", "null", "none", "?", "-"))


def is_number(cell: str) -> bool:
    """True when a cell is a number; a missing one counts as such.

    Args:
        cell: the text of the cell.

    Returns:
        Whether it can stand in a column of numbers.

    Example:
        >>> is_number(" 1e-3"), is_number("NA"), is_number("1_000"), is_number("red")
        (True, True, False, False)
    """
    text = cell.strip()
    if text.lower() in MISSING_CELLS:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def has_header(first: Sequence[str], second: Sequence[str] | None) -> bool:
    """Whether the first line holds the names of the columns.

    It does if one cell of it is text where the line below has a number, if a cell says "label",
    or if no cell of it is a number.

    Args:
        first: cells of the first line.
        second: cells of the line below, if there is one.

    Returns:
        True for a header.

    Example:
        >>> has_header(["width", "kind"], ["1.5", "red"]), has_header(["1.5", "red"], ["2", "red"])
        (True, False)
    """
    texts = [not is_number(cell) for cell in first]
    if not any(texts):
        return False
    if all(texts) or any(cell.strip().lower() == "label" for cell in first):
        return True
    below = [is_number(cell) for cell in second or ()]
    return any(text and number for text, number in zip(texts, below, strict=False))


class _NumberedLines(Protocol):
    """What ``csv.reader`` gives: lists of cells, and the number of the line."""

    line_num: int

    def __iter__(self) -> "_NumberedLines":
        """Itself."""

    def __next__(self) -> list[str]:
        """The cells of the next line."""


def diagnose(
    lines: _NumberedLines, *, names: Sequence[str], header: int, label: int | None, where: str
) -> None:
    """Raise the error that names the first ragged line or text, or else the missing cells.

    Args:
        lines: of the whole file, header included.
        names: of the columns.
        header: how many lines to skip.
        label: the column that may hold texts.
        where: the file, named in errors.

    Raises:
        DataError: a line has more or fewer cells than the first; a cell is text; cells are
            missing.
    """
    missing, first = 0, ""
    data = (cells for cells in lines if cells)
    for skipped, cells in enumerate(data):
        if skipped < header:
            continue
        _check_width(cells, names=names, line=lines.line_num, where=where)
        features = [at for at in range(len(cells)) if at != label]
        _check_numbers(cells, features=features, names=names, line=lines.line_num, where=where)
        for at in features:
            if cells[at].strip().lower() in MISSING_CELLS:
                missing += 1
                first = first or f"line {lines.line_num}, column {names[at]!r}"
    if missing:
        raise DataError(
            f"{where}: expected a number in each cell; {missing} are missing, the first in "
            f"{first}. Drop or fill these rows first; a table with missing cells is a job for "
            "imputation"
        )


def _check_width(cells: Sequence[str], *, names: Sequence[str], line: int, where: str) -> None:
    if len(cells) != len(names):
        raise DataError(
            f"{where}, line {line}: expected {len(names)} cells as in the first line; got "
            f"{len(cells)}. A separator is missing or one too many"
        )


def _check_numbers(
    cells: Sequence[str], *, features: Iterable[int], names: Sequence[str], line: int, where: str
) -> None:
    texts = [at for at in features if not is_number(cells[at])]
    if not texts:
        return
    if len(texts) == len(cells):
        raise DataError(f"{where}: expected columns of numbers; line {line} has none")
    at = texts[0]
    raise DataError(
        f"{where}, line {line}, column {names[at]!r}: expected a number; got {cells[at]!r}. If "
        f"this column holds the classes, say so with --data.label {names[at]}; else drop it or "
        "write it as numbers"
    )


ENCODING = "utf-8-sig"  # UTF-8, with or without the mark that spreadsheets put in front
SEPARATORS = ",;\t"


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How a text table is laid out.

    Args:
        separator: between cells.
        names: of all columns; their positions where there is no header.
        header: how many lines the header takes: 0 or 1.
    """

    separator: str
    names: tuple[str, ...]
    header: int


def read_delimited(path: Path, *, label: str | None = None) -> Contents:
    """Rows of a text table whose cells are numbers, except for one column of labels.

    Cells are separated by commas, semicolons or tabs. The first line is a header if a cell of it
    is text where the line below has a number, or if one is named "label". Columns that are all
    named pixel... make images.

    Args:
        path: the file; unpacked when its name ends in .gz.
        label: the column of labels, by name or position; one named "label" is found by itself.

    Returns:
        Rows, names of the columns, and labels if there are any.

    Raises:
        DataError: a line has more or fewer cells than the first, a cell is text or missing, the
            label column is unknown, or the file is cut off.
    """
    with _readable(path):
        layout = _layout(path)
        at = find_label_column(label, names=layout.names, where=str(path))
        codes: dict[str, int] = {}
        try:
            table = _load(path, layout=layout, label=at, codes=codes)
        except ValueError as error:
            with _open(path) as stream:
                lines = csv.reader(stream, delimiter=layout.separator)
                diagnose(lines, names=layout.names, header=layout.header, label=at, where=str(path))
            raise DataError(f"{path}: cannot be read as a table of numbers: {error}") from error
    columns = tuple(name for place, name in enumerate(layout.names) if place != at)
    rows = table if at is None else np.delete(table, at, axis=1)
    rows, columns = _without_row_numbers(rows, columns, where=str(path))
    contents = table_contents(rows, columns=columns)
    if at is None:
        return contents
    labels, classes = arrange_labels(
        list(codes), table[:, at].astype(np.int64), where=f"{path}, column {layout.names[at]!r}"
    )
    return Contents(
        rows=contents.rows,
        shape=contents.shape,
        columns=contents.columns,
        labels=labels,
        classes=classes,
    )


def _load(
    path: Path, *, layout: _Layout, label: int | None, codes: dict[str, int]
) -> NDArray[np.float32]:
    """All cells by NumPy's reader in C; the label column becomes the order of appearance."""

    def code(text: str) -> float:
        return codes.setdefault(text.strip(), len(codes))

    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.filterwarnings("ignore", message=".*input contained no data")
        return np.loadtxt(
            path,
            dtype=np.float32,
            delimiter=layout.separator,
            skiprows=layout.header,
            comments=None,
            quotechar='"',
            converters=None if label is None else {label: code},
            encoding=ENCODING,
            ndmin=2,
        )


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding=ENCODING, newline=""))
    return path.open(encoding=ENCODING, newline="")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn the failures of reading text into a clear error."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: expected a whole gzip file; got one that is cut off or damaged ({error}). "
            "Fetch it again"
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected text in UTF-8; got other bytes at position {error.start}. Save it "
            "as UTF-8 csv"
        ) from error
    except csv.Error as error:
        raise DataError(f"{path}: is not a text table: {error}") from error


def _layout(path: Path) -> _Layout:
    with _open(path) as stream:
        first = next((line for line in stream if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    with _open(path) as stream:
        lines = [line for line in islice(csv.reader(stream, delimiter=separator), 100) if line]
    if not lines:
        raise DataError(f"{path}: expected a table; the file is empty")
    header = has_header(lines[0], lines[1] if len(lines) > 1 else None)
    if header and len(lines) == 1:
        raise DataError(f"{path}: expected at least two rows; got a header only")
    numbers = tuple(str(place) for place in range(len(lines[0])))
    names = tuple(name.strip() for name in lines[0]) if header else numbers
    return _Layout(separator=separator, names=names, header=int(header))


def _without_row_numbers(
    rows: NDArray[np.float32], columns: tuple[str, ...], *, where: str
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
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
