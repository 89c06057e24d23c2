"""Say where a text table is wrong: slow, and needed only when the fast reader has given up."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from vaekit.data.readers.header import MISSING_CELLS, is_number
from vaekit.errors import DataError

__all__ = ["diagnose"]


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
