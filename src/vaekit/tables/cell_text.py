"""Numbers and dates as people write them: decimal commas, currencies, percentages, 31.12.2020."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MISSING",
    "DateStyle",
    "NumberStyle",
    "decimal_mark",
    "is_missing",
    "looks_numeric",
    "parse_dates",
    "parse_numbers",
]


MISSING = (
    "", "?", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "nan", "NaN", "NAN", "-nan", "-NaN",
    "null", "NULL", "Null", "None", "NaT",
)  # fmt: skip
"""Texts that stand for a missing value in any column."""

PLACEHOLDERS = frozenset(
    "- -- --- . .. ... \u2013 \u2014 * na n.a. none missing "
    "#value! #div/0! #ref! #num! #name? #null!".split()
)
"""Texts, in lower case, that stand for a missing value in a column of numbers only."""

_SPACES = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2212": "-", "\u2019": "'"})
_SYMBOL = r"[$€£¥₹]"
_BODY = r"\d(?:[\d.,' ]*[\d.,])?(?:[eE][+-]?\d+)?|[.,]\d+(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-]?)(?P<prefix>{_SYMBOL}?) ?(?P<inner>[+-]?)(?P<body>{_BODY})"
    rf"(?P<suffix> ?(?:[%‰]|{_SYMBOL})|)(?P<close>\))?"
)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)
_GROUPS = {
    ",": re.compile(r"\d{1,3}(,\d{2,3})*,\d{3}"),  # 1,23,456 in India
    **{m: re.compile(rf"\d{{1,3}}({re.escape(m)}\d{{3}})+") for m in (".", " ", "'")},
}


def is_missing(text: str) -> bool:
    """Return whether a cell stands for a missing number.

    Args:
        text: of the cell.

    Example:
        >>> is_missing(" n/a "), is_missing("-"), is_missing("0")
        (True, True, False)
    """
    text = text.strip()
    return text in MISSING or text.lower() in PLACEHOLDERS


def looks_numeric(text: str) -> bool:
    """Return whether a cell is a number in one of the ways in which people write them.

    Args:
        text: of the cell.

    Example:
        >>> [looks_numeric(text) for text in ("1e-3", "1.200,50", "$1.50", "(12 %)", "1_000", "a")]
        [True, True, True, True, False, False]
    """
    text = text.translate(_SPACES).strip()
    if _PLAIN.fullmatch(text):
        return True
    found = _NUMBER.fullmatch(text)
    return found is not None and any(_value(found["body"], mark) is not None for mark in ".,")


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of a column are written.

    Args:
        decimal: "." or ",".
        thousands: separator of groups of three digits; empty for none.
        prefix: such as "$".
        suffix: such as "%".

    Example:
        >>> NumberStyle(decimal=",", thousands=".", suffix=" €").format(-1234.5)
        '-1.234,5 €'
    """

    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""

    def format(self, value: float) -> str:
        """Write a number in this style, with as many digits as it needs.

        Args:
            value: finite.
        """
        text = repr(abs(value))
        if "e" not in text:
            whole, point, rest = text.partition(".")
            if self.thousands:
                whole = f"{int(whole):,}".replace(",", self.thousands)
            text = whole + (self.decimal if point else "") + rest
        else:
            text = text.replace(".", self.decimal)
        return f"{'-' if value < 0 else ''}{self.prefix}{text}{self.suffix}"


def parse_numbers(
    counts: Mapping[str, int], *, decimal: str = "."
) -> tuple[dict[str, float | int | None], NumberStyle, list[str]]:
    """Parse the distinct cells of a column.

    Args:
        counts: distinct cell to how often it occurs; missing values left out.
        decimal: what a comma or a point is where the column does not tell: in "1,200" of a
            column in which all commas stand before three digits.

    Returns:
        Cell to number (None for a placeholder such as "-"), the style of most of them, and the
        cells that are not numbers, or not of the decimal mark of most others. All cells are in
        the latter where they are codes: all of digits, one with a leading zero.

    Example:
        >>> parse_numbers({"1,5": 3, "(1.200,50)": 1, "-": 1})[0]
        {'1,5': 1.5, '(1.200,50)': -1200.5, '-': None}
    """
    clean = {cell: cell.translate(_SPACES).strip() for cell in counts}
    matches = {cell: _NUMBER.fullmatch(text) for cell, text in clean.items()}
    bodies = [found["body"].strip() for found in matches.values() if found]
    marks = Counter(mark for body in bodies if (mark := decimal_mark(body)))
    coded = [text for text in clean.values() if text.isdecimal()]
    codes = len(coded) == len(bodies) and any(len(t) > 1 and t[0] == "0" for t in coded)
    if codes:
        return {}, NumberStyle(), list(counts)
    decimal = marks.most_common(1)[0][0] if marks else decimal
    values: dict[str, float | int | None] = {}
    wrong = []
    for cell, text in clean.items():
        found = matches[cell]
        value = _value(found["body"], decimal) if found else None
        if found and found["sign"] == "+" and " " in found["body"].strip():
            value = None  # a telephone number
        if _PLAIN.fullmatch(text) and "." not in text:
            values[cell] = float(text) if not text.lstrip("+-").isdecimal() else int(text)
        elif found and value is not None and bool(found["open"]) == bool(found["close"]):
            negative = bool(found["open"]) != ("-" in found["sign"] + found["inner"])
            values[cell] = -value if negative else value
        elif text.lower() in PLACEHOLDERS:
            values[cell] = None
        else:
            wrong.append(cell)
    return values, _style([m for m in matches.values() if m], decimal=decimal), wrong


def decimal_mark(text: str) -> str:
    """Return the decimal mark of a number where it alone tells it, else an empty text.

    Args:
        text: of the cell.

    Example:
        >>> decimal_mark("1,5"), decimal_mark("1,200"), decimal_mark("$1,200.50")
        (',', '', '.')
    """
    found = _NUMBER.fullmatch(text.translate(_SPACES).strip())
    body = found["body"].strip() if found else ""
    comma, point = body.rfind(","), body.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    mark = "," if comma >= 0 else "." if point >= 0 else ""
    if mark and _GROUPS[mark].fullmatch(body) and not body.startswith("0"):
        return "." if mark == "," and body.count(",") > 1 else ""
    return mark


def _value(body: str, decimal: str) -> float | int | None:
    """Parse digits with separators; None where they are not grouped as a number."""
    whole, mark, rest = body.strip().partition(decimal)
    for separator in (",", ".", " ", "'"):
        if separator != decimal and separator in whole:
            if not _GROUPS[separator].fullmatch(whole):
                return None
            whole = whole.replace(separator, "")
            break
    text = f"{whole}.{rest}" if mark else whole
    if body.strip().endswith(",") or not _PLAIN.fullmatch(text):
        return None
    return int(text) if text.isdecimal() else float(text)


def _style(matches: Sequence[re.Match[str]], *, decimal: str) -> NumberStyle:
    """Return what most numbers have around them, and the separator of thousands if any has one."""
    if not matches:
        return NumberStyle(decimal=decimal)
    wholes = [found["body"].strip().partition(decimal)[0] for found in matches]
    thousands = _most(c for whole in wholes for c in whole if c in ",.' ")
    prefix, suffix = (_most(found[part] for found in matches) for part in ("prefix", "suffix"))
    return NumberStyle(decimal=decimal, thousands=thousands, prefix=prefix, suffix=suffix)


def _most(texts: Iterable[str]) -> str:
    return next((text for text, _ in Counter(texts).most_common(1)), "")


_DATE = re.compile(
    r"(\d{4}([-/])\d{1,2}\2\d{1,2}|\d{1,2}([./-])\d{1,2}\3\d{4})"
    r"(?:([T ])\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?"
)


@dataclass(frozen=True)
class DateStyle:
    """How the dates of a column are written.

    Args:
        pattern: of ``strftime``.
        zone: offset from UTC behind it, such as "Z" or "+01:00".
    """

    pattern: str
    zone: str = ""

    def format(self, value: datetime.datetime) -> str:
        """Write a time in this style.

        Args:
            value: in the time zone of the column.
        """
        return value.strftime(self.pattern) + self.zone


def parse_dates(texts: Sequence[str]) -> tuple[pd.DatetimeIndex, DateStyle] | None:
    """Parse the distinct cells of a column as dates of one style.

    The other cells decide the order of day and month in 3/4/2020, else the month comes first.

    Args:
        texts: the cells.

    Returns:
        Dates, with the time zone if there is one, and their style; None where they are no dates
        or of different styles.

    Example:
        >>> parse_dates(["31.12.2020", "1.1.2021"])[0].strftime("%Y-%m-%d").tolist()
        ['2020-12-31', '2021-01-01']
    """
    import pandas as pd

    first = _DATE.fullmatch(texts[0]) if texts else None
    if first is None:
        return None
    mark, other, clock, seconds, fraction, zone = first.groups()[1:]
    time = f"{clock}%H:%M" + (":%S" if seconds else "") + (".%f" if fraction else "")
    days = (
        [f"%Y{mark}%m{mark}%d"]
        if mark
        else [f"%m{other}%d{other}%Y", f"%d{other}%m{other}%Y"][:: -1 if other == "." else 1]
    )
    zone = zone or ""
    if not all(text.endswith(zone) for text in texts):
        return None
    bare = [text.removesuffix(zone) for text in texts]
    for pattern in (day + (time if clock else "") for day in days):
        times = pd.to_datetime(pd.Index(bare), format=pattern, errors="coerce")
        if not times.hasnans:
            offset = pd.Timestamp(f"2020-01-01T00:00{zone}").tz
            return times.tz_localize(offset), DateStyle(pattern, zone)
    return None
