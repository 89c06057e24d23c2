"""Pieces of a formula, each as MathML for a browser and as plain text for everyone else."""

from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

__all__ = [
    "SPACE",
    "Math",
    "bracket",
    "fraction",
    "hat",
    "number",
    "power",
    "row",
    "sign",
    "sub",
    "symbol",
    "total",
    "word",
]


_FENCES = {"(": "(", ")": ")", "[": "[", "]": "]", "\N{DOUBLE VERTICAL LINE}": "||"}
"""Brackets in plain text."""


@dataclass(frozen=True)
class Math:
    """A piece of a formula in two forms that say the same."""

    markup: Markup
    """MathML Core, escaped, without the element ``math`` around it."""
    text: str
    """The same in plain text."""


SPACE = Math(Markup('<mspace width="0.17em"></mspace>'), " ")
"""A thin space."""


def number(value: float) -> Math:
    """A number with all its digits.

    Args:
        value: finite.

    Returns:
        The piece.

    Example:
        >>> number(5.0).text, number(0.25).text, number(1e-05).text
        ('5', '0.25', '0.00001')
    """
    exact = f"{Decimal(repr(value)):f}"
    exact = exact.rstrip("0").rstrip(".") if "." in exact else exact
    return _leaf("mn", exact, plain=exact)


def symbol(letter: str, *, plain: str = "") -> Math:
    """A letter that stands for something.

    Args:
        letter: as it is drawn; a single letter is drawn slanted.
        plain: in plain text, where that is another.

    Returns:
        The piece.

    Example:
        >>> symbol("x").markup
        Markup('<mi>x</mi>')
    """
    return _leaf("mi", letter, plain=plain or letter)


def word(name: str) -> Math:
    """A function or a word in plain text, with a space after it.

    Args:
        name: such as log; longer than a letter, so it is drawn upright.

    Returns:
        The piece.

    Example:
        >>> row(word("log"), symbol("x")).text
        'log x'
    """
    return row(_leaf("mi", name, plain=name), SPACE)


def sign(mark: str, *, plain: str = "", space: str = "") -> Math:
    """An operator or a bracket.

    Args:
        mark: as it is drawn.
        plain: in plain text with its spaces, where that is another.
        space: on either side, as a length in CSS; what is usual for the mark when empty.

    Returns:
        The piece.

    Example:
        >>> row(symbol("x"), sign("+", plain=" + "), number(1)).text
        'x + 1'
    """
    spaces = Markup(' lspace="{0}" rspace="{0}"').format(space) if space else ""
    return Math(Markup("<mo{}>{}</mo>").format(spaces, mark), plain or mark)


def row(*parts: Math) -> Math:
    """Pieces beside one another.

    Args:
        parts: from left to right.

    Returns:
        The piece.
    """
    inside = Markup("").join(part.markup for part in parts)
    return Math(Markup("<mrow>{}</mrow>").format(inside), "".join(part.text for part in parts))


def bracket(inside: Math, *, before: str = "(", after: str = ")") -> Math:
    """A piece in brackets that grow with it.

    Args:
        inside: the piece.
        before: the bracket before it.
        after: the bracket after it.

    Returns:
        The piece.

    Example:
        >>> bracket(symbol("x")).text
        '(x)'
    """
    fences = (
        Math(Markup('<mo fence="true" form="{}">{}</mo>').format(form, mark), _FENCES[mark])
        for form, mark in (("prefix", before), ("postfix", after))
    )
    left, right = fences
    return row(left, inside, right)


def hat(base: Math) -> Math:
    """A piece with a hat: an estimate of it.

    Args:
        base: the piece.

    Returns:
        The piece.

    Example:
        >>> hat(symbol("x")).text
        'xhat'
    """
    markup = Markup('<mover accent="true">{}<mo>^</mo></mover>').format(base.markup)
    return Math(markup, f"{base.text}hat")


def sub(base: Math, *, index: Math) -> Math:
    """A piece with an index below it.

    Args:
        base: the piece.
        index: the index.

    Returns:
        The piece.

    Example:
        >>> sub(symbol("z"), index=symbol("k")).text
        'z_k'
    """
    markup = Markup("<msub>{}{}</msub>").format(base.markup, index.markup)
    return Math(markup, f"{base.text}_{index.text}")


def power(base: Math, *, exponent: Math) -> Math:
    """A piece to the power of another.

    Args:
        base: the piece.
        exponent: the exponent.

    Returns:
        The piece.

    Example:
        >>> power(symbol("x"), exponent=number(2)).text
        'x^2'
    """
    markup = Markup("<msup>{}{}</msup>").format(base.markup, exponent.markup)
    return Math(markup, f"{base.text}^{exponent.text}")


def fraction(top: Math, *, over: Math) -> Math:
    """One piece over another.

    Args:
        top: the numerator.
        over: the denominator.

    Returns:
        The piece.

    Example:
        >>> fraction(number(1), over=number(5)).text
        '1/5'
    """
    markup = Markup("<mfrac>{}{}</mfrac>").format(top.markup, over.markup)
    return Math(markup, f"{_closed(top.text)}/{_closed(over.text)}")


def total(body: Math, *, index: str, last: Math | None) -> Math:
    """A sum over an index.

    Args:
        body: what is added up.
        index: a letter, counted from 1.
        last: up to which; without limits when absent.

    Returns:
        The piece.

    Example:
        >>> total(sub(symbol("x"), index=symbol("k")), index="k", last=number(5)).text
        'sum_{k=1..5} x_k'
    """
    sigma = Markup("<mo>\N{N-ARY SUMMATION}</mo>")
    if last is None:
        markup = Markup("<munder>{}<mi>{}</mi></munder>").format(sigma, index)
        plain = f"sum_{index} "
    else:
        below = Markup("<mrow><mi>{}</mi><mo>=</mo><mn>1</mn></mrow>").format(index)
        markup = Markup("<munderover>{}{}{}</munderover>").format(sigma, below, last.markup)
        plain = f"sum_{{{index}=1..{last.text}}} "
    return row(Math(markup, plain), body)


def _leaf(tag: str, shown: str, *, plain: str) -> Math:
    return Math(Markup("<{0}>{1}</{0}>").format(Markup(tag), shown), plain)


def _closed(text: str) -> str:
    """In brackets, where a line of text would read it otherwise."""
    return f"({text})" if any(mark in text for mark in " /*") else text
