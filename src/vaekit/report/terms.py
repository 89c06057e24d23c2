"""The equations below the objective: where the code comes from, and what its terms are."""

from vaekit.report.mathml import (
    SPACE,
    Math,
    bracket,
    fraction,
    hat,
    number,
    row,
    sign,
    sub,
    symbol,
    total,
    word,
)
from vaekit.report.setting import Setting
from vaekit.report.symbols import (
    BETA,
    COMMA,
    DIVERGENCE,
    EQUALS,
    GIVEN,
    HALF,
    MEAN,
    MINUS,
    NEGATIVE,
    PLUS,
    code,
    density,
    log_density,
    square,
    weighted,
)

__all__ = ["equations"]

Line = tuple[Math, ...]

_X, _Z, _F, _D = symbol("x"), symbol("z"), symbol("f"), symbol("d")
_PI = symbol("\N{GREEK SMALL LETTER PI}", plain="pi")
_SIGMA = symbol("\N{GREEK SMALL LETTER SIGMA}", plain="sigma")
_ONE, _TWO = number(1), number(2)


def equations(run: Setting) -> tuple[Line, ...]:
    """Every equation that the objective of a run needs beside it.

    Args:
        run: the setting.

    Returns:
        The equations, each in pieces between which it may be broken.
    """
    lines = (_code(run), _schedule(run), _likelihood(run), _rate(run))
    return tuple(line for line in lines if line)


def _code(run: Setting) -> Line:
    """Where the code comes from."""
    if run.point:
        return (row(_Z, EQUALS, MEAN, bracket(_X)),)
    drawn = row(code(run), sign("\N{TILDE OPERATOR}", plain=" ~ "), density("q", of=_Z, given=_X))
    if run.samples == 1:
        return (drawn,)
    upto = row(_ONE, sign("\N{HORIZONTAL ELLIPSIS}", plain=".."), number(run.samples))
    return (row(drawn, COMMA), row(symbol("k"), EQUALS, upto))


def _schedule(run: Setting) -> Line:
    """How the weight of the rate changes over training."""
    if not run.scheduled:
        return ()
    t, epochs = symbol("t"), number(run.warmup)
    if run.schedule == "linear":
        share = fraction(t, over=epochs)
    else:
        modulo = sign("mod", plain=" mod ")
        share = fraction(row(_TWO, bracket(row(t, modulo, epochs))), over=epochs)
    rising = row(symbol("min"), bracket(row(_ONE, COMMA, share)))
    return (row(sub(BETA, index=t), EQUALS), weighted(rising, by=run.beta))


def _likelihood(run: Setting) -> Line:
    """What the logarithm of the likelihood is, feature by feature."""
    kind = run.likelihood["kind"]
    if kind in ("bernoulli", "continuous-bernoulli"):
        right = _cross_entropy(run, constant=kind == "continuous-bernoulli")
    elif kind == "gaussian":
        right = _squared_error(run)
    elif kind in ("discretized-logistic", "categorical"):
        each = row(word("log"), symbol("P"), bracket(row(sub(_X, index=_F), GIVEN, _Z)))
        right = (_over_features(each, run),)
    else:
        return ()
    return (row(log_density("p", of=_X, given=_Z), EQUALS), *right)


def _cross_entropy(run: Setting, *, constant: bool) -> Line:
    """Minus the cross-entropy, and the constant that makes it a density."""
    x, pi = sub(_X, index=_F), sub(_PI, index=_F)
    seen = row(x, SPACE, word("log"), pi)
    unseen = row(bracket(row(_ONE, MINUS, x)), SPACE, word("log"), bracket(row(_ONE, MINUS, pi)))
    first = _over_features(row(sign("["), seen), run)
    if not constant:
        return (first, row(PLUS, unseen, sign("]")))
    return (first, row(PLUS, unseen), row(PLUS, word("log"), symbol("C"), bracket(pi), sign("]")))


def _squared_error(run: Setting) -> Line:
    """Minus half the squared error in units of the variance, and what makes it a density."""
    mean = sub(hat(_X), index=_F)
    error = square(bracket(row(sub(_X, index=_F), MINUS, mean)))
    minus_half = row(NEGATIVE, HALF, SPACE)
    if run.likelihood["variance"] == "unit":
        count = symbol("F") if run.features is None else number(run.features)
        constant = row(fraction(count, over=_TWO), SPACE, word("log"), _TWO, _PI)
        return (row(minus_half, _over_features(error, run)), row(MINUS, constant))
    each = run.likelihood["variance"] == "per-feature"
    variance = square(sub(_SIGMA, index=_F) if each else _SIGMA)
    logarithm = row(word("log"), bracket(row(_TWO, _PI, SPACE, variance)))
    body = bracket(row(fraction(error, over=variance), PLUS, logarithm), before="[", after="]")
    return (row(minus_half, _over_features(body, run)),)


def _over_features(body: Math, run: Setting) -> Math:
    return total(body, index="f", last=None if run.features is None else number(run.features))


def _rate(run: Setting) -> Line:
    """The closed form of the rate, where it stands in the loss."""
    if not (run.beta and run.closed and run.entropy == 1):
        return ()
    mean, variance = square(sub(MEAN, index=_D)), square(sub(_SIGMA, index=_D))
    body = bracket(row(mean, PLUS, variance, MINUS, word("log"), variance, MINUS, _ONE))
    if run.free_bits:
        left = sub(DIVERGENCE, index=_D)
        return (row(left, EQUALS), row(HALF, SPACE, body))
    parallel = sign("\N{DOUBLE VERTICAL LINE}", plain=" || ")
    both = row(density("q", of=_Z, given=_X), parallel, density("p", of=_Z))
    summed = total(body, index="d", last=number(run.latent_dim))
    return (row(DIVERGENCE, bracket(both), EQUALS), row(HALF, SPACE, summed))
