"""Tell a header from the first row of a text table."""

from collections.abc import Sequence

__all__ = ["MISSING_CELLS", "has_header", "is_number"]

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
