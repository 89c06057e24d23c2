"""Delimited text files: detect how a file is written, read its cells, write cells back."""

from __future__ import annotations

import codecs
import csv
import datetime
import gzip
import io
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import ConfigError, DataError
from vaekit.io import check_width, open_bounded
from vaekit.tables.cell_text import (
    MISSING,
    DateStyle,
    NumberStyle,
    decimal_mark,
    is_missing,
    looks_numeric,
    parse_dates,
    parse_numbers,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DelimitedOptions",
    "Layout",
    "TableSource",
    "as_whole",
    "detect_layout",
    "has_header",
    "iterate_records",
    "open_delimited",
    "read_records",
    "safe_cells",
    "write_delimited",
]


SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "whitespace": " "}
SAMPLE_BYTES = 2**18
SAMPLE_RECORDS = 200
SAMPLE_LINES = 3  # at least, however long they are
LONGEST_CELL = 2**24
NO_SEPARATOR = "\x1f"
Style = NumberStyle | DateStyle
FORMULAS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
EXACT = 2**53
"""Whole numbers below this are exact as float64."""


@dataclass(frozen=True, kw_only=True)
class DelimitedOptions:
    """How a delimited file is written, where it shall not be detected.

    Args:
        header: whether the first line holds the names of the columns.
        sep: what separates cells: one character, or "tab", "comma", "semicolon", "pipe" or
            "whitespace" (any run of blanks).
        decimal: "." or ",".
        encoding: such as "utf-8", "latin-1" or "utf-16".
        comment: what follows this character in a line is skipped.

    Raises:
        ConfigError: a separator, decimal mark, encoding or comment that cannot be one.
    """

    header: bool | None = None
    sep: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        if self.sep is not None and len(self.separator or "") != 1:
            known = ", ".join(SEPARATORS)
            raise ConfigError(f"sep: expected one character, or {known}; got {self.sep!r}")
        if self.decimal not in (None, ".", ","):
            raise ConfigError(f'decimal: expected "." or ","; got {self.decimal!r}')
        if self.comment is not None and len(self.comment) != 1:
            raise ConfigError(f"comment: expected one character; got {self.comment!r}")
        try:
            codecs.lookup(self.encoding or "utf-8")
        except LookupError as error:
            raise ConfigError(
                f"encoding: expected a name such as utf-8, latin-1 or utf-16; got {self.encoding!r}"
            ) from error

    @property
    def separator(self) -> str | None:
        """The separator as a character; a blank for whitespace."""
        if self.sep is None:
            return None
        return SEPARATORS.get(self.sep, {"\\t": "\t", r"\s+": " "}.get(self.sep, self.sep))


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a delimited file is written, as detected or as given.

    Args:
        separator: between cells; a blank stands for any run of blanks, and an empty text for a
            single column.
        quote: character around cells that hold a separator or a line break.
        header: whether there is a line of names.
        names: of the columns, as they are in that line; x0, x1, ... without one.
        encoding: of the text.
        decimal: "." or ",".
        comment: what follows it in a line is skipped; absent for none.
        preamble: text before the line of names and before the first row, as it is.
        names_line: the line of names, as it is.
        newline: at the ends of lines.
        trailing: whether every line ends in a separator without a column behind it.
    """

    separator: str
    quote: str = '"'
    header: bool
    names: tuple[str, ...]
    encoding: str = "utf-8"
    decimal: str = "."
    comment: str | None = None
    preamble: str = ""
    names_line: str = ""
    newline: str = "\n"
    trailing: bool = False

    @property
    def skip(self) -> int:
        """How many lines there are before the first row."""
        return len(list(io.StringIO(self.preamble + self.names_line, newline="")))

    @property
    def unique_names(self) -> tuple[str, ...]:
        """Names that differ and are not blank, as pandas makes them: "Unnamed: 0", "a.1"."""
        given = set(self.names)
        found: dict[str, None] = {}
        numbers: Counter[str] = Counter()
        for place, name in enumerate(self.names):
            name = name or f"Unnamed: {place}"
            other = name
            while other in found or (numbers[name] and other in given):
                numbers[name] += 1
                other = f"{name}.{numbers[name]}"
            found[other] = None
        return tuple(found)

    def describe(self) -> str:
        """Say in a line what was decided.

        Example:
            >>> Layout(separator=";", header=True, names=("a", "b"), decimal=",").describe()
            '2 columns separated by semicolons, names in the first line, decimal comma, utf-8'
        """
        words = {mark: f"{word}s" for word, mark in SEPARATORS.items()} | {" ": "whitespace"}
        count = len(self.names)
        between = words.get(self.separator, repr(self.separator))
        return ", ".join(
            [
                f"{count} columns separated by {between}" if count > 1 else "one column",
                "names in the first line" if self.header else "no line of names",
                *(["decimal comma"] if self.decimal == "," else []),
                self.encoding,
            ]
        )


def has_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the first line holds the names of the columns.

    It is compared with the lines below. Text above a column of numbers speaks for names, and so
    does a number above a column of text; a text that occurs again below speaks against them, and
    a number that is like those below it. Where this leaves it open, text alone is taken as names,
    and so are numbers in steps (0, 1, 2, ... or years) that are not like the numbers below.

    Args:
        first: cells of the first line.
        below: cells of the lines that follow.

    Example:
        >>> has_header(["country", "2019", "2020"], [["Chad", "5.5", "5.6"], ["Peru", "7", "8"]])
        True
        >>> has_header(["1.5", "red"], [["2", "red"], ["3", "blue"]])
        False
    """
    cells = [cell.strip() for cell in first]
    if any(cell.lower() == "label" for cell in cells):
        return True
    score, numbers, alike, text = 0, [], 0, False
    for at, cell in enumerate(cells):
        known = [row[at].strip() for row in below if at < len(row) and not is_missing(row[at])]
        numeric = bool(known) and all(map(looks_numeric, known))
        if is_missing(cell):  # "NA" may be a name, but "?" is none
            score -= bool(cell) and not any(letter.isalpha() for letter in cell)
            continue
        if not looks_numeric(cell):
            text = True
            score += 2 * numeric - 2 * (cell in known)
            continue
        numbers.append((at, cell))
        if numeric:
            alike += _is_alike(cell, known)
        else:
            score += bool(known) and not any(map(looks_numeric, known))
    if not numbers:
        return text and score >= 0
    stepped = _in_steps(numbers, alike=alike, text=text or not all(cells))
    if stepped and len(numbers) > 1:  # a table of numbers in steps has such lines below, too
        rows = [[row[at] for at, _ in numbers if at < len(row)] for row in below]
        stepped = 2 * sum(map(bool, map(_steps, rows))) <= len(rows)
    score -= 0 if stepped else alike
    return score > 0 or (score == 0 and stepped)


def _is_alike(cell: str, known: Sequence[str]) -> bool:
    """Return whether a number could be one of those below it."""
    value, values = _plain(cell), np.array([_plain(other) for other in known])
    if np.isnan(value) or np.isnan(values).any():
        return True
    if cell.isdecimal() and all("." in other for other in known):
        return False
    span = values.max() - values.min()
    return bool(values.min() - span <= value <= values.max() + span)


def _plain(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _steps(cells: Sequence[str]) -> int:
    """Return the step of whole numbers that rise evenly, 0 for others; 1 for one number alone."""
    if not all(cell.strip().isdecimal() for cell in cells):
        return 0
    differences = set(np.diff([int(cell) for cell in cells]).tolist()) or {1}
    return max(differences.pop(), 0) if len(differences) == 1 else 0


def _in_steps(numbers: Sequence[tuple[int, str]], *, alike: int, text: bool) -> bool:
    """Return whether the numbers of a line can be names: positions, years or others in steps."""
    cells = [cell for _, cell in numbers]
    step = _steps(cells)
    if not step:
        return False
    values, count = [int(cell) for cell in cells], len(cells)
    if all(1500 <= value <= 2200 for value in values):
        return alike == 0 and (text or count > 1)
    if text:
        positions = [at for at, _ in numbers]
        shifted = {value - at for value, at in zip(values, positions, strict=True)}
        placed = shifted <= {0} or shifted <= {-positions[0]}
        return count > 2 or (placed and values[0] == 0) or (count > 1 and alike == 0)
    return step == 1 and values[0] in (0, 1) and (count > 3 or (alike == 0 and values[0] == 0))


class _Record(NamedTuple):
    """A record of a file, and in which of the lines it ends, counted from 1."""

    cells: list[str]
    end: int


def detect_layout(path: Path, options: DelimitedOptions | None = None) -> Layout:
    r"""Detect how a delimited file is written, from its first 200 records.

    The separator is the one that gives most lines the same number of cells, of which most are a
    number, a date or a text without another separator in it. A line ``sep=;`` is obeyed. Lines
    that begin with "#" before the first row are comments, the last of them the names if it has
    as many cells as a row; blank lines and lines of one cell before the table are skipped.

    Args:
        path: the file; unpacked when its name ends in .gz.
        options: what shall not be detected.

    Returns:
        The layout.

    Raises:
        DataError: empty, binary, or not of the encoding given.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "t.csv"
        ...     _ = path.write_text("name;size\nAnn;1,5\nBo;2,25\n")
        ...     detect_layout(path).describe()
        '2 columns separated by semicolons, names in the first line, decimal comma, utf-8'
    """
    options = options or DelimitedOptions()
    with _clear_errors(path), _long_cells():
        raw, encoding = _sample(path, options)
        lines = [_without_comment(line, options.comment) for line in raw]
        start, separator = _preamble(lines, options.separator)
        for line in lines[start : start + 2]:  # counted at once; reading 10^6 cells takes a while
            check_width(1 + max(map(line.count, separator or ",;\t|")), where=str(path))
        separator, quote, records = _dialect(lines[start:], separator)
    if not records:
        raise DataError(f"{path}: expected a table; the file is empty")
    titles = _titles(records)
    start += records[titles - 1].end if titles else 0
    rows = [record.cells for record in records[titles:]]
    width = Counter(map(len, rows)).most_common(1)[0][0]
    commented = _names_in_comment(raw[:start], separator, quote)
    if options.header is None and len(commented) == width > 1:
        names, header, names_line = commented, True, ""
    else:
        header = has_header(rows[0], rows[1:]) if options.header is None else options.header
        end = start + records[titles].end - (records[titles - 1].end if titles else 0)
        names_line = "".join(raw[start:end]) if header else ""
        names = rows.pop(0) if header else [f"x{at}" for at in range(len(rows[0]))]
    trailing = not header or (len(names) > 1 and not names[-1].strip())
    if header and rows and {len(row) for row in rows} == {len(names) + 1}:
        blank = all(not row[-1] for row in rows)
        if blank:
            trailing, names = True, [*names, ""]
        elif len({row[0] for row in rows}) == len(rows) > 1:  # names of rows, as R writes them
            names = ["", *names]
    check_width(len(names), where=str(path))
    trailing = trailing and len(names) > 1 and all(not "".join(r[len(names) - 1 :]) for r in rows)
    return Layout(
        separator=separator,
        quote=quote,
        header=header,
        names=tuple(name.strip() for name in names),
        encoding=encoding,
        decimal=options.decimal or _decimal(rows, separator=separator),
        comment=options.comment,
        preamble="".join(raw[:start]),
        newline="\r\n" if raw[0].endswith("\r\n") else "\n",
        names_line=names_line,
        trailing=trailing,
    )


def _sample(path: Path, options: DelimitedOptions) -> tuple[list[str], str]:
    """Return the first lines of a file and its encoding, for which all of it is read."""
    with open_bounded(path, text=True) as stream:
        block = stream.read(SAMPLE_BYTES)
        blocks, ends = [block], block.count(b"\n")
        while len(block) == SAMPLE_BYTES and ends < SAMPLE_LINES:
            block = stream.read(SAMPLE_BYTES)
            blocks.append(block)
            ends += block.count(b"\n")
        head = b"".join(blocks)
        encoding = options.encoding or _encoding(head, stream, where=str(path))
    if len(block) < SAMPLE_BYTES:
        text = head.decode(encoding)
    else:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    lines = list(io.StringIO(text, newline=""))
    if len(block) == SAMPLE_BYTES and len(lines) > 1:
        lines.pop()  # it is cut off
    return lines, encoding


def _without_comment(line: str, comment: str | None) -> str:
    return line if comment is None or comment not in line else line.partition(comment)[0] + "\n"


def _encoding(head: bytes, rest: IO[bytes], *, where: str) -> str:
    """Return UTF-8 or UTF-16 by their marks or contents, else the code page of Windows."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    if b"\0" in head:
        for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            if head[first::2].count(0) > len(head) // 4 and not head[1 - first :: 2].count(0):
                return name
        raise DataError(f"{where}: expected text; the file is binary")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        block = head
        while block:
            decoder.decode(block)
            block = rest.read(2**22)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        undefined = {0x81, 0x8D, 0x8F, 0x90, 0x9D} & set(head + block)
        return "latin-1" if undefined else "cp1252"
    return "utf-8"


def _preamble(lines: Sequence[str], separator: str | None) -> tuple[int, str | None]:
    """Return how many lines there are before the table, and the separator if one of them says it.

    They are blank lines, a line such as sep=; and comments that begin with "#".
    """
    start = 0
    marked = [line.startswith("#") for line in lines if line.strip()]
    comments = any(marked) and not any(marked[marked.index(False) :] if False in marked else marked)
    for line in lines:
        told = re.fullmatch(r'"?sep=(.)"?\s*', line)
        if told:
            separator = separator or told[1]
        elif line.strip() and not (comments and re.match(r"#[^,;\t|]", line)):
            break
        start += 1
    return start, separator


def _names_in_comment(lines: Sequence[str], separator: str, quote: str) -> list[str]:
    """Return the cells of the last comment before the table."""
    if not lines or not lines[-1].startswith("#"):
        return []
    return next((r.cells for r in _records([lines[-1].lstrip("# ")], separator, quote)), [])


def _records(lines: Iterable[str], separator: str, quote: str) -> Iterator[_Record]:
    """Yield the records of lines, without blank ones."""
    if separator == " ":
        lines = (line.replace("\t", " ").strip() + "\n" for line in lines)
    reader = csv.reader(
        lines, delimiter=separator or NO_SEPARATOR, quotechar=quote, skipinitialspace=True
    )
    return (_Record(cells, reader.line_num) for cells in reader if cells)


def _dialect(lines: Sequence[str], separator: str | None) -> tuple[str, str, list[_Record]]:
    """Return separator and quotation mark, and the first records."""
    single = any(re.search(r"(^|[,;\t|])'[^'\n]*'\s*([,;\t|]|$)", line) for line in lines[:20])
    double = any('"' in line for line in lines)
    quotes = ['"', "'"] if single and not double else ['"']
    found = []
    for mark in SEPARATORS.values() if separator is None else [separator]:
        for quote in quotes:
            try:
                records = list(islice(_records(lines, mark, quote), SAMPLE_RECORDS))
            except csv.Error:  # with a wrong separator, a line of many columns is one long cell
                continue
            rate = 1.0 if separator is not None else _rate(records, mark)
            stripped = sum("'" in cell for record in records for cell in record.cells)
            found.append(((rate, -stripped), mark, quote, records))
    best = max(found, key=lambda each: each[0], default=((0.0, 0), "", quotes[0], []))
    if best[0][0] > 0:
        return best[1:]
    return "", best[2], list(islice(_records(lines, "", best[2]), SAMPLE_RECORDS))


def _rate(records: Sequence[_Record], separator: str) -> float:
    """Return how well a separator fits: 1 for lines of one length whose cells are sound."""
    titles = _titles(records)
    rows = [record.cells for record in records[titles:]]
    if not rows:
        return 0.0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    even = [row for row in rows if len(row) == width]
    evenness = count / len(rows)
    if width < 2 or evenness < (0.9 if titles else 0.3):
        return 0.0
    if titles and all(looks_numeric(separator.join(row)) for row in rows):
        return 0.0  # one column of numbers with decimal commas, below its name
    if separator == " ":
        columns = zip(*(even[1:] or even), strict=True)
        numeric = any(all(map(looks_numeric, column)) for column in columns)
        return 0.9 * _soundness(even) if numeric and evenness == 1 else 0.0
    return evenness * _soundness(even)


def _soundness(rows: Sequence[Sequence[str]]) -> float:
    """Return the share of cells that are a number, or hold no separator."""
    cells = [cell.strip() for row in rows[:50] for cell in row]
    sound = sum(
        looks_numeric(cell) or not re.search(r",(?! )|[;\t|]|^[\d.,]+ +[\d.,]+$", cell)
        for cell in cells
    )
    return sound / len(cells)


def _titles(records: Sequence[_Record]) -> int:
    """Return how many records of one cell stand before a table of more columns."""
    widths = [len(record.cells) for record in records]
    first = next((at for at, width in enumerate(widths) if width > 1), 0)
    even = len(set(widths[first:])) == 1 and len(widths) - first > 1
    return first if even and first <= 5 else 0


def _decimal(rows: Sequence[Sequence[str]], *, separator: str) -> str:
    """Return the decimal mark that cells tell; a comma if they do not and semicolons separate."""
    numbers = {cell.strip() for row in rows for cell in row if "," in cell or "." in cell}
    marks = Counter(filter(None, map(decimal_mark, filter(looks_numeric, numbers))))
    if marks:
        return "," if marks[","] > marks["."] else "."
    commas = any("," in number and looks_numeric(number) for number in numbers)
    return "," if separator == ";" and commas else "."


@dataclass(frozen=True, kw_only=True, eq=False)
class TableSource:
    """A table, and the file that it was read from.

    Args:
        path: the file.
        frame: (N, C) numbers where all cells of a column are, else text; NaN or NA where missing.
        layout: how the file is written; absent for one that is not delimited text.
        styles: of columns whose numbers are not written plainly.
        doubts: what a person should know of cells that keep a column from being numbers.
    """

    path: Path
    frame: pd.DataFrame
    layout: Layout | None = None
    styles: Mapping[str, Style] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def open_delimited(
    path: Path,
    layout: Layout,
    *,
    missing: Sequence[str | float] = MISSING,
    texts: Collection[int] = (),
) -> TableSource:
    """Read a delimited file.

    Columns are numbers where every cell is one or stands for a missing value: also with decimal
    commas, separators of thousands, currency or percent signs, or in parentheses if negative.
    Whole numbers stay whole, with Int64 where some are missing. Numbers with leading zeros, such
    as postal codes, and those beyond 64 bits stay text.

    Args:
        path: the file.
        layout: how it is written, as `detect_layout` returns it.
        missing: what stands for a missing value.
        texts: positions of columns that stay text, in which no cell is missing.

    Returns:
        The table, with unique names of columns.

    Raises:
        DataError: damaged, or a line with more cells than there are columns.
    """
    import pandas as pd

    marks = [str(mark) for mark in missing]
    count = len(layout.names)
    if count == 1:  # where a blank line is a missing cell, but for those at the end
        frame = _trimmed(read_records(path, layout))
    else:
        found: Any = {at: [] if at in texts else marks for at in range(count)} if texts else marks
        kinds = dict.fromkeys(texts, str)
        settings = {"na_values": found, "keep_default_na": False, "dtype": kinds}
        frame = _parse(path, layout, settings)
    frame = frame.drop(columns=count - 1) if _ends_blank(layout, frame) else frame
    retyped = _inexact(path, layout, frame)
    if retyped:
        text = _parse(path, layout, {"usecols": retyped, "dtype": str, "na_filter": False})
        frame[retyped] = text
    styles: dict[str, Style] = {}
    doubts: list[str] = []
    names = layout.unique_names[: frame.shape[1]]
    columns = {}
    for at, name in enumerate(names):
        column = frame[at]
        written = column.dtype.kind not in "biuf"
        if (
            written
            and at not in texts
            and pd.api.types.infer_dtype(column, skipna=True) == "string"
        ):
            _check_cells(column, where=f"{path}, column {name!r}")
            column, style, doubt = _typed(column, marks=marks, layout=layout)
            doubts += [f"{path}, column {name!r}: {doubt}"] if doubt else []
            plain = style in (None, NumberStyle(decimal=layout.decimal))
            styles |= {} if style is None or plain else {name: style}
        columns[name] = as_whole(column)
    return TableSource(
        path=path,
        frame=pd.DataFrame(columns, copy=False),
        layout=layout,
        styles=styles,
        doubts=tuple(doubts),
    )


def iterate_records(path: Path, layout: Layout) -> Iterator[tuple[list[str], int]]:
    """Yield the cells of each row, and the line of the file in which it ends; slow.

    Args:
        path: the file.
        layout: how it is written.
    """
    with _clear_errors(path), _long_cells(), _open_rows(path, layout) as stream:
        for cells, end in _records(stream, layout.separator, layout.quote):
            yield cells, layout.skip + end


def read_records(path: Path, layout: Layout) -> pd.DataFrame:
    """Read all cells of a delimited file as text.

    Args:
        path: the file.
        layout: how it is written.

    Returns:
        (N, C) of str, columns numbered from 0.

    Raises:
        DataError: as `open_delimited`.
    """
    return _parse(path, layout, {"dtype": str, "na_filter": False})


def _parse(path: Path, layout: Layout, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Read the rows with pandas, with further settings of ``read_csv``."""
    import pandas as pd

    separator = {" ": r"\s+", "": NO_SEPARATOR}.get(layout.separator, layout.separator)
    count = len(layout.names)
    with _clear_errors(path), _open_rows(path, layout) as stream, warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # all rows longer than the names
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # such columns are read as text
        try:
            frame: pd.DataFrame = pd.read_csv(
                stream,
                sep=separator,
                quotechar=layout.quote,
                decimal=layout.decimal,
                comment=layout.comment,
                header=None,
                names=range(count),
                index_col=False,
                skipinitialspace=True,
                skip_blank_lines=count > 1,
                **settings,
            )
            return frame
        except pd.errors.EmptyDataError:
            raise DataError(f"{path}: expected rows; got a header only") from None
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            told = re.search(r"in line (\d+), saw (\d+)", str(error))
            if not told and "Length of header" not in str(error):
                raise DataError(f"{path}: cannot be read as a table: {error}") from error
            line = layout.skip + (int(told[1]) if told else 1)
            more = f"got {told[2]}" if told else "got more"
            raise DataError(
                f"{path}, line {line}: expected {count} cells as in the first line; {more}. A "
                "separator is missing or one too many"
            ) from error


@contextmanager
def _open_rows(path: Path, layout: Layout) -> Iterator[IO[str]]:
    """Open a file at its first row."""
    with open_bounded(path, text=True, separator=layout.separator) as stream:
        text = io.TextIOWrapper(stream, layout.encoding, newline="")
        for _ in range(layout.skip):
            text.readline()
        yield text


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Turn the failures of reading text into a clear error."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: expected a whole gzip file; got one that is cut off or damaged ({error}). "
            "Fetch it again"
        ) from error
    except UnicodeError as error:
        raise DataError(f"{path}: is not text of the encoding given ({error})") from error
    except csv.Error as error:
        raise DataError(f"{path}: is not a text table: {error}") from error


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let the csv module read cells as long as pandas does; its own limit is 131,072 letters."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _trimmed(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop blank lines at the end of a single column."""
    filled = np.flatnonzero(frame[0] != "")
    return frame.iloc[: filled[-1] + 1 if len(filled) else 0]


def _ends_blank(layout: Layout, frame: pd.DataFrame) -> bool:
    return layout.trailing and bool(frame.iloc[:, -1].isna().all())


def _inexact(path: Path, layout: Layout, frame: pd.DataFrame) -> list[int]:
    """Return the columns that pandas may not have kept as they are written."""
    from pandas.api.types import infer_dtype

    whole: list[int] = []
    wrong: list[int] = []
    for at, (_, column) in enumerate(frame.items()):
        kind = column.dtype.kind
        if kind in "iu":
            whole.append(at)
        elif kind == "f":
            numbers = column.to_numpy()
            known = numbers[~np.isnan(numbers)]
            if len(known) < len(numbers) and (known[:1000] % 1 == 0).all():
                whole.append(at)
            if (abs(known) >= EXACT).any() and (known % 1 == 0).all():
                wrong.append(at)
        elif column.dtype == object and infer_dtype(column) not in ("boolean", "string"):
            wrong.append(at)
    zeros = whole and _leading_zeros(path, layout)
    return sorted({*whole, *wrong}) if zeros else wrong


def _leading_zeros(path: Path, layout: Layout) -> bool:
    """Return whether a cell may begin with 0 and another digit; looks at the bytes."""
    ends = f"{layout.separator}\r\n \"'+".encode("latin-1", "ignore")
    before = np.isin(np.arange(256), list(ends))
    last = b"\n"
    with open_bounded(path, text=True) as stream:
        while block := stream.read(2**22):
            found = np.frombuffer(last + block, np.uint8)
            zeros = np.flatnonzero(found[1:-1] == ord("0")) + 1
            next_digit = (found[zeros + 1] >= ord("0")) & (found[zeros + 1] <= ord("9"))
            if (next_digit & before[found[zeros - 1]]).any():
                return True
            last = block[-2:]
    return layout.encoding.startswith("utf-16")


def _check_cells(column: pd.Series[Any], *, where: str) -> None:
    """Refuse cells that are longer than any text, as where a quotation mark is not closed."""
    lengths = column.str.len()
    if lengths.max() > LONGEST_CELL:
        raise DataError(
            f"{where}: expected cells of at most {LONGEST_CELL:,} letters; row "
            f"{int(np.argmax(lengths.fillna(0))) + 1} has {int(lengths.max()):,}. Is a quotation "
            "mark missing?"
        )


def _typed(
    column: pd.Series[Any], *, marks: Sequence[str], layout: Layout
) -> tuple[pd.Series[Any], Style | None, str]:
    """Return cells of text as numbers or dates, with their style, or what keeps them from it."""
    import pandas as pd

    codes, uniques = pd.factorize(column)
    stripped = [text.strip() for text in uniques]
    counts = dict.fromkeys(stripped, 0)
    for text, number in zip(stripped, np.bincount(codes[codes >= 0]).tolist(), strict=True):
        counts[text] += number
    for mark in marks:
        counts.pop(mark.strip(), None)
    first = [text for text in islice(counts, 1000) if not is_missing(text)]
    doubt = ""
    if first and sum(map(looks_numeric, first)) >= len(first) / 2:
        values, style, wrong = parse_numbers(counts, decimal=layout.decimal)
        known = [abs(value) for value in values.values() if value is not None]
        if not wrong and known and (max(known) < 2**63 or not isinstance(max(known), int)):
            numbers = [values.get(text) for text in stripped]
            return _take(numbers, codes, index=column.index), style, ""
        if wrong and 2 * sum(counts[text] for text in values) >= sum(counts.values()):
            shown = ", ".join(map(repr, wrong[:5])) + (", ..." if len(wrong) > 5 else "")
            row = int(np.flatnonzero(codes == stripped.index(wrong[0]))[0]) + 1
            doubt = (
                f"{sum(counts[text] for text in wrong)} of {len(column)} cells are not numbers "
                f"like the others ({shown}; the first in row {row}), so the column is taken as "
                "text. Correct these cells, or name them as missing values"
            )
    dated = parse_dates([text for text in counts if text])
    if dated:
        times = dict(zip((text for text in counts if text), dated[0], strict=True))
        found = pd.Series([times.get(text) for text in [*stripped, None]], dtype=dated[0].dtype)
        return found.iloc[codes].set_axis(column.index), dated[1], ""
    texts = [text if text in counts else None for text in stripped]
    if texts == list(uniques):
        return column, None, doubt
    return _take(texts, codes, index=column.index).astype(column.dtype), None, doubt


def _take(values: Sequence[Any], codes: NDArray[np.int64], *, index: pd.Index) -> pd.Series[Any]:
    """Return values at codes, missing at -1: whole numbers as such, where 64 bits hold them."""
    import pandas as pd

    objects = np.array([*values, None], object)[codes]
    known = [value for value in values if value is not None]
    if all(isinstance(value, int) for value in known):
        gaps = any(value is None for value in objects)
        return pd.Series(objects, index=index, dtype="Int64" if gaps else "int64")
    if all(isinstance(value, (int, float)) for value in known):
        return pd.Series(objects, index=index, dtype="float64")
    return pd.Series(objects, index=index, dtype=object)


def as_whole(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return whole numbers that are floats only for missing ones as Int64.

    Args:
        column: (N,) of any type; other columns come back as they are.
    """
    if column.dtype == np.float64:
        numbers = column.to_numpy()
        known = numbers[~np.isnan(numbers)]
        if 0 < len(known) < len(numbers) and (known == np.rint(known)).all():
            return column.astype("Int64") if abs(known).max() < EXACT else column
    return column


def safe_cells(text: str, *, separator: str = ",", quote: str = '"') -> str:
    r"""Prefix the cells that a spreadsheet would take for a formula by a single quote.

    They begin with =, +, - or @, a tab or a line break, also in full width. Numbers such as -1.5
    stay as they are. Texts with a comma, semicolon, tab or pipe are quoted, so that no other
    separator makes a new cell of what follows it.

    Args:
        text: contents of a delimited file.
        separator: between cells.
        quote: character around cells that hold a separator.

    Returns:
        The contents, changed.

    Example:
        >>> safe_cells("name,change\n=1+1,-1.5\n")
        "name,change\n'=1+1,-1.5\n"

    Source:
        OWASP, CSV injection.
    """
    mark, end = separator or NO_SEPARATOR, "\r\n" if "\r\n" in text else "\n"

    def safe(cell: str) -> str:
        number = looks_numeric(cell)
        cell = f"'{cell}" if cell.startswith(FORMULAS) and not number else cell
        apart = (mark, quote, "\r", "\n") if number else (mark, quote, *",;\t|\r\n")
        quoted = any(each in cell for each in apart)
        return quote + cell.replace(quote, 2 * quote) + quote if quoted else cell

    with _long_cells():
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark, quotechar=quote)
        return "".join(mark.join(map(safe, cells)) + end for cells in lines)


def write_delimited(
    frame: pd.DataFrame, source: TableSource, *, separator: str, safe: bool = False
) -> bytes:
    """Write a table as the delimited file from which it was read is written.

    Encoding, line of names and style of numbers are kept, and cells that did not change are
    written as they were.

    Args:
        frame: (N, C) with the index of the table that was read, or a part of it.
        source: that table, with its layout.
        separator: between cells; with another than that of the source, its first lines are not
            kept.
        safe: whether to change texts as `safe_cells` does.

    Returns:
        The contents of the file.
    """
    layout = source.layout
    assert layout is not None, "only delimited text has a layout"
    names = dict(zip(layout.unique_names, layout.names, strict=True))
    blank = [""] if len(source.frame.columns) < len(names) else []
    text = io.StringIO(newline="")
    dialect: dict[str, Any] = {
        "delimiter": separator or NO_SEPARATOR,
        "quotechar": layout.quote,
        "lineterminator": layout.newline,
    }
    writer = csv.writer(text, **dialect)
    careful = csv.writer(text, **dialect, quoting=csv.QUOTE_ALL)  # csv leaves a bare CR unquoted
    same = frame.columns.equals(source.frame.columns)
    if separator == layout.separator:
        text.write(layout.preamble + (layout.names_line if same else ""))
    if not same or (layout.header and separator != layout.separator):
        writer.writerow([*(names.get(str(name), str(name)) for name in frame.columns), *blank])
    records = read_records(source.path, layout)
    records.columns = [*layout.unique_names]
    cells = [_texts(frame[name], records, source=source) for name in frame.columns]
    if separator:
        for row in zip(*cells, strict=True):
            chosen = careful if any("\r" in cell for cell in row) else writer
            chosen.writerow([*row, *blank])
    else:  # where a blank line is a missing cell
        for (cell,) in zip(*cells, strict=True):
            chosen = careful if "\r" in cell else writer
            chosen.writerow([cell] if cell else [])
    content = text.getvalue()
    if safe:
        content = safe_cells(content, separator=separator, quote=layout.quote)
    try:
        return content.encode(layout.encoding)
    except UnicodeEncodeError:
        return content.encode()


def _texts(column: pd.Series[Any], records: pd.DataFrame, *, source: TableSource) -> list[str]:
    """Return the cells of a column as text: as in the file where they did not change."""
    assert source.layout is not None
    name = column.name
    style: Any = source.styles.get(str(name), NumberStyle(decimal=source.layout.decimal))
    missing = "NA" if source.layout.separator == " " else ""
    values = _objects(column)
    if name in source.frame.columns:
        texts = records[name].reindex(column.index).tolist()
        before = _objects(source.frame[name].reindex(column.index))
    else:
        texts, before = [None] * len(values), [None] * len(values)
    known: dict[Any, str] = {v: t for v, t in zip(before, texts, strict=True) if v is not None}

    def written(value: Any, old: Any, text: Any) -> str:  # noqa: ANN401 - cells of any type
        if isinstance(text, str) and value == old:
            return text
        if value is None:
            return missing
        if value in known:
            return known[value]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        plain = not number and not isinstance(value, datetime.datetime)
        return str(value) if plain else style.format(value)

    return [written(*cells) for cells in zip(values, before, texts, strict=True)]


def _objects(column: pd.Series[Any]) -> list[Any]:
    return column.astype(object).where(column.notna(), None).tolist()
