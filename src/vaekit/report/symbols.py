"""The symbols that the formulas of a run share."""

from vaekit.report.mathml import (
    Math,
    bracket,
    fraction,
    number,
    power,
    row,
    sign,
    sub,
    symbol,
    word,
)
from vaekit.report.setting import Setting

__all__ = [
    "BETA",
    "COMMA",
    "DIVERGENCE",
    "EQUALS",
    "ETA",
    "GIVEN",
    "HALF",
    "LAMBDA",
    "MEAN",
    "MINUS",
    "NEGATIVE",
    "PLUS",
    "TIMES",
    "code",
    "density",
    "log_density",
    "square",
    "weight",
    "weighted",
]

# With their spaces: at the beginning of a piece a browser would take them for signs of a number.
PLUS = sign("+", plain=" + ", space="0.22em")
MINUS = sign("\N{MINUS SIGN}", plain=" - ", space="0.22em")
NEGATIVE = sign("\N{MINUS SIGN}", plain="-")
TIMES = sign("\N{DOT OPERATOR}", plain=" * ")
EQUALS = sign("=", plain=" = ")
GIVEN = sign("|", space="0.1em")
COMMA = sign(",", plain=", ")
HALF = fraction(number(1), over=number(2))
BETA = symbol("\N{GREEK SMALL LETTER BETA}", plain="beta")
ETA = symbol("\N{GREEK SMALL LETTER ETA}", plain="eta")
LAMBDA = symbol("\N{GREEK SMALL LETTER LAMDA}", plain="lambda")
MEAN = symbol("\N{GREEK SMALL LETTER MU}", plain="mu")
DIVERGENCE = symbol("KL")


def code(run: Setting) -> Math:
    """The code: z, or the k-th sample of it.

    Args:
        run: the setting.
    """
    return symbol("z") if run.samples == 1 else sub(symbol("z"), index=symbol("k"))


def density(name: str, *, of: Math, given: Math | None = None) -> Math:
    """A density or probability.

    Args:
        name: p or q.
        of: what.
        given: what it depends on.

    Returns:
        The piece.

    Example:
        >>> density("q", of=symbol("z"), given=symbol("x")).text
        'q(z|x)'
    """
    inside = of if given is None else row(of, GIVEN, given)
    return row(symbol(name), bracket(inside))


def log_density(name: str, *, of: Math, given: Math | None = None) -> Math:
    """The logarithm of a density or probability.

    Args:
        name: p or q.
        of: what.
        given: what it depends on.

    Returns:
        The piece.
    """
    return row(word("log"), density(name, of=of, given=given))


def weight(run: Setting) -> Math | None:
    """Weight of the rate: a symbol where it changes over training, none where it is 1.

    Args:
        run: the setting.

    Returns:
        The piece, or none.
    """
    if run.scheduled:
        return sub(BETA, index=symbol("t"))
    return None if run.beta == 1 else number(run.beta)


def weighted(body: Math, *, by: Math | float | None) -> Math:
    """A piece with its factor.

    Args:
        body: the piece.
        by: the factor; not written where it is 1 or none.

    Returns:
        The piece.

    Example:
        >>> weighted(symbol("x"), by=2.5).text, weighted(symbol("x"), by=1.0).text
        ('2.5 * x', 'x')
    """
    if by is None or by == 1:
        return body
    return row(by if isinstance(by, Math) else number(by), TIMES, body)


def square(body: Math) -> Math:
    """A piece squared.

    Args:
        body: the piece.
    """
    return power(body, exponent=number(2))
