"""The formula of an objective, with the settings of a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

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
    "SPACE",
    "TIMES",
    "Formula",
    "Math",
    "Setting",
    "bracket",
    "code",
    "density",
    "equations",
    "fraction",
    "has_flow",
    "hat",
    "how_to_read",
    "log_density",
    "number",
    "objective_formula",
    "objectives",
    "power",
    "read_setting",
    "row",
    "sign",
    "square",
    "sub",
    "symbol",
    "total",
    "weight",
    "weighted",
    "where",
    "word",
]


_NATURAL = {"binary": "bernoulli", "unit": "continuous-bernoulli", "real": "gaussian"}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The objective of a run, and what it is taken over."""

    tight: bool
    """The logarithm of a mean over the samples, instead of the mean of logarithms; of one sample
    the two are the same, and this is false."""
    samples: int
    """Samples K of the code that differ: those of a point are all the same, so 1 for it."""
    beta: float
    """Weight of the rate."""
    entropy: float
    """Weight of the entropy of the posterior within the rate; 0 for a point, which has none."""
    mean_penalty: float
    """Weight of half the squared mean of the code."""
    free_bits: float
    """Nats of each latent dimension that are not penalised."""
    schedule: str
    """How the weight of the rate grows: constant, linear, cyclical."""
    warmup: int
    """Epochs of that."""
    closed: bool
    """The rate is taken in closed form."""
    latent_dim: int
    """Latent dimensions D."""
    features: int | None
    """Numbers in a row F; none where it is not known."""
    support: str
    """Of the rows as the model sees them: binary, unit, real; empty where it is not known."""
    posterior: Mapping[str, Any]
    """Section of the config."""
    prior: Mapping[str, Any]
    """Section of the config."""
    likelihood: Mapping[str, Any]
    """Section of the config; its kind is auto only where the support is not known."""

    @property
    def point(self) -> bool:
        """Whether the posterior is a point."""
        return bool(self.posterior["kind"] == "point")

    @property
    def scheduled(self) -> bool:
        """Whether the weight of the rate changes over training."""
        return bool(self.beta) and self.schedule != "constant"


def read_setting(config: Mapping[str, Any], *, features: int | None, support: str) -> Setting:
    """Read a config as the objective is built from it.

    Args:
        config: full and nested, with the sections ``model`` and ``objective``.
        features: numbers in a row.
        support: binary, unit, real, or empty where it is not known.

    Returns:
        The setting.

    Example:
        >>> from vaekit.config import Config
        >>> read_setting(Config().model_dump(), features=64, support="unit").closed
        True
    """
    model, objective = config["model"], config["objective"]
    posterior, prior, likelihood = model["posterior"], model["prior"], model["likelihood"]
    point, tight = posterior["kind"] == "point", objective["reduce"] == "logmeanexp"
    gaussian = posterior["kind"] == "gaussian" and not has_flow(posterior)
    samples = 1 if point else objective["samples"]
    kind = likelihood["kind"]
    return Setting(
        tight=tight and samples > 1,
        samples=samples,
        beta=objective["beta"],
        entropy=0.0 if point else objective["entropy"],
        mean_penalty=objective["mean_penalty"],
        free_bits=objective["free_bits"],
        schedule=objective["schedule"],
        warmup=objective["warmup"],
        closed=objective["analytic"] and not tight and gaussian and prior["kind"] == "normal",
        latent_dim=model["latent_dim"],
        features=features,
        support=support,
        posterior=posterior,
        prior=prior,
        likelihood={**likelihood, "kind": _NATURAL.get(support, kind) if kind == "auto" else kind},
    )


def has_flow(posterior: Mapping[str, Any]) -> bool:
    """Whether a flow of some length stands on a posterior.

    Args:
        posterior: section of the config.
    """
    return bool(posterior["flow"] != "none" and posterior["flow_length"])


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


_LOST = "what is lost on the way through the code"


def how_to_read(run: Setting) -> str:
    """Say what the objective of a run asks for.

    Args:
        run: the setting.

    Returns:
        Two sentences.

    Example:
        >>> from vaekit.config import Config
        >>> from vaekit.describe.formula import read_setting
        >>> print(how_to_read(read_setting(Config().model_dump(), features=64, support="unit")))
        Training makes ℓ(x) small on average over the rows, in nats. Minus log p(x|z) is the
        distortion, what is lost on the way through the code; the rest is the rate, what the
        code says about its row.
    """
    first = "Training makes \N{SCRIPT SMALL L}(x) small on average over the rows, in nats."
    if not run.beta:
        second = _without_rate(run)
    elif run.tight:
        second = _importance(run)
    else:
        second = _two_terms(run)
    return f"{first} {second}"


def _without_rate(run: Setting) -> str:
    if run.mean_penalty:
        return (
            f"The first term is the distortion, {_LOST}; the second draws the mean of the code "
            "to 0, and nothing rewards noise in the code."
        )
    return (
        f"It is the distortion alone, {_LOST}: nothing asks the codes to lie where the prior "
        "draws them."
    )


def _importance(run: Setting) -> str:
    estimate = (
        f"The mean of {run.samples} importance weights estimates how probable the model finds x"
    )
    plain = run.beta == 1 and run.entropy == 1 and not run.mean_penalty and not run.scheduled
    if plain:
        return (
            f"{estimate}, so that minus \N{SCRIPT SMALL L}(x) is on average a floor under "
            "log p(x), and the more samples, the higher."
        )
    return (
        f"{estimate}, and where a weight of its terms is not 1 it need not be a floor under "
        "log p(x)."
    )


def _two_terms(run: Setting) -> str:
    if run.point:
        rest = "the rest asks for codes that the prior finds probable"
    else:
        rate = "the rate" if run.beta == 1 else f"{run.beta:g} times the rate"
        rest = f"the rest is {rate}, what the code says about its row{_exceptions(run)}"
    drawn = ", and the last term draws the mean of the code to 0" if run.mean_penalty else ""
    return f"Minus log p(x|z) is the distortion, {_LOST}; {rest}{drawn}."


def _exceptions(run: Setting) -> str:
    """Where the rest is not just the rate."""
    found = [
        f"where it is more than {run.free_bits:g} nats in a dimension" if run.free_bits else "",
        f"with {run.entropy:g} of the entropy of q" if run.entropy not in (0, 1) else "",
        "without the entropy of q" if not run.entropy else "",
        "with a weight that changes over training" if run.scheduled else "",
    ]
    return "".join(f", {each}" for each in found if each)


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


_WHERE_X, _WHERE_Z = symbol("x"), symbol("z")

_MU = "\N{GREEK SMALL LETTER MU}"
_WHERE_SIGMA = "\N{GREEK SMALL LETTER SIGMA}\N{SUPERSCRIPT TWO}"

_POSTERIORS = {
    "gaussian": "a diagonal Gaussian",
    "full-gaussian": "a Gaussian with a full covariance",
    "point": f"a point {_MU}(x), without noise",
}
_PRIORS = {
    "normal": "the standard normal N(0, I)",
    "mixture": "a learned mixture of {components} Gaussians",
    "vamp": "a mixture of the posteriors at {components} learned pseudo-inputs (VampPrior)",
    "flow": "an autoregressive flow of length {flow_length} on N(0, I)",
}
_LIKELIHOODS = {
    "auto": "chosen by the values of the data: Bernoulli for 0 and 1, continuous Bernoulli for "
    "values between, Gaussian otherwise",
    "bernoulli": "Bernoulli, with the probability \N{GREEK SMALL LETTER PI} of each feature",
    "continuous-bernoulli": "continuous Bernoulli, a density on [0, 1]; C is the constant that "
    "makes it one",
    "discretized-logistic": "logistic, in {levels} levels, each with a probability P",
    "categorical": "categorical, with a probability P for each of {levels} levels",
}
_VARIANCES = {
    "unit": "of variance 1",
    "shared": f"with one learned variance {_SIGMA}",
    "per-feature": f"with a learned variance {_SIGMA} for each feature",
}


def where(run: Setting) -> tuple[tuple[Math, str], ...]:
    """List every symbol with its value, and what it is.

    Args:
        run: the setting.

    Returns:
        Symbol or equation, and what it is in words.
    """
    return (*_weights(run), *_sizes(run), *_distributions(run))


def _weights(run: Setting) -> Iterator[tuple[Math, str]]:
    """The weights of the terms; those of 1 and 0 do not stand in the formula."""
    if not run.beta:
        yield _equal(BETA, run.beta), "weight of the rate, which is not in the loss"
    elif run.scheduled:
        yield _equal(BETA, run.beta), "full weight of the rate"
    else:
        yield _factor(BETA, run.beta, "weight of the rate")
    if run.scheduled:
        linear = f"the full weight is reached after {run.warmup}"
        cycles = f"the weight rises over the first half of every {run.warmup}"
        yield symbol("t"), f"epochs done; {linear if run.schedule == 'linear' else cycles}"
    if run.beta and not run.point:
        yield _factor(ETA, run.entropy, "weight of the entropy of q within the rate")
    if run.free_bits:
        words = "nats of each latent dimension that cost nothing; KL of d is averaged over a batch"
        yield _equal(LAMBDA, run.free_bits), words
    if run.mean_penalty:
        yield _factor(symbol("w"), run.mean_penalty, "weight of half the squared mean of the code")


def _factor(name: Math, value: float, words: str) -> tuple[Math, str]:
    unwritten = "; as a factor of 1 it is not written" if value == 1 else ""
    return _equal(name, value), words + unwritten


def _sizes(run: Setting) -> Iterator[tuple[Math, str]]:
    """How many of everything."""
    if not run.point:
        plural = "sample" if run.samples == 1 else "samples"
        yield _equal(symbol("K"), run.samples), f"{plural} of the code for each row in a step"
    yield _equal(symbol("D"), run.latent_dim), "latent dimensions, numbers in a code z"
    if run.features is not None:
        yield _equal(symbol("F"), run.features), "features, numbers in a row x"


def _distributions(run: Setting) -> Iterator[tuple[Math, str]]:
    """The three distributions."""
    yield density("q", of=_WHERE_Z, given=_WHERE_X), f"posterior, by the encoder: {_posterior(run)}"
    prior = _named(_PRIORS, run.prior)
    unused = "" if run.beta else "; it is not in the loss"
    yield density("p", of=_WHERE_Z), f"prior: {prior}{unused}"
    yield (
        density("p", of=_WHERE_X, given=_WHERE_Z),
        f"likelihood, by the decoder: {_likelihood(run)}",
    )


def _posterior(run: Setting) -> str:
    words = _named(_POSTERIORS, run.posterior)
    if has_flow(run.posterior):
        length = run.posterior["flow_length"]
        words += f", bent by a flow ({run.posterior['flow']}, length {length})"
    if run.beta and run.closed and run.entropy == 1:
        return f"{words} with mean {_MU} and variance {_SIGMA} in each dimension"
    if run.mean_penalty and not run.point:
        return f"{words} with mean {_MU}(x)"
    return words


def _likelihood_where(run: Setting) -> str:
    kind = run.likelihood["kind"]
    if kind == "gaussian":
        variance = _VARIANCES[run.likelihood["variance"]]
        return f"Gaussian around the reconstruction x\N{COMBINING CIRCUMFLEX ACCENT}, {variance}"
    words = _named(_LIKELIHOODS, run.likelihood)
    if kind == "bernoulli" and run.support == "unit":
        words += "; on values between 0 and 1 a cross-entropy, no probability"
    return words


def _named(words: Mapping[str, str], part: Mapping[str, Any]) -> str:
    """A part in words, with its own numbers."""
    return words[part["kind"]].format_map(part)


def _equal(name: Math, value: float) -> Math:
    return row(name, EQUALS, number(value))


_FORMULA_X, _FORMULA_Z = symbol("x"), symbol("z")


@dataclass(frozen=True, kw_only=True)
class Formula:
    """What training makes small, for a reader."""

    lines: tuple[tuple[Math, ...], ...]
    """Equations; a narrow page may break each between its pieces."""
    where: tuple[tuple[Math, str], ...]
    """Every symbol with its value, and what it is."""
    reading: str
    """How to read it, in a sentence or two."""

    @property
    def text(self) -> str:
        """The equations in plain text, one a line."""
        return "\n".join("".join(piece.text for piece in line).strip() for line in self.lines)


def objective_formula(
    config: Mapping[str, Any], *, features: int | None = None, support: str = ""
) -> Formula:
    r"""Write down what a run minimises, with the numbers of its config in their places.

    .. math::
        \ell(x) = -\mathop{\mathrm{reduce}}_{k=1}^{K}\Big[\log p(x|z_k)
            + \beta\,\big(\log p(z_k) - \eta \log q(z_k|x)\big)\Big] + w \tfrac12 \|\mu(x)\|^2

    in the form in which it is computed: with the closed form of the rate where there is one,
    without terms whose weight is 0, and without factors that are 1.

    Args:
        config: full and nested, with the sections ``model`` and ``objective``.
        features: numbers in a row, F.
        support: of the rows as the model sees them: binary, unit or real; the likelihood "auto"
            follows from it.

    Returns:
        The formula.

    Example:
        >>> from vaekit.config import Config, ObjectiveConfig
        >>> config = Config(objective=ObjectiveConfig(beta=4.0)).model_dump()
        >>> print(objective_formula(config, features=64, support="binary").text)
        loss(x) = -log p(x|z) + 4 * KL(q(z|x) || p(z))
        z ~ q(z|x)
        log p(x|z) = sum_{f=1..64} [x_f log pi_f + (1 - x_f) log (1 - pi_f)]
        KL(q(z|x) || p(z)) = 1/2 sum_{d=1..2} (mu_d^2 + sigma_d^2 - log sigma_d^2 - 1)
    """
    run = read_setting(config, features=features, support=support)
    name = row(symbol("\N{SCRIPT SMALL L}", plain="loss"), bracket(_FORMULA_X), EQUALS)
    return Formula(
        lines=((name, *_loss(run)), *equations(run)), where=where(run), reading=how_to_read(run)
    )


def _loss(run: Setting) -> tuple[Math, ...]:
    """The terms of the loss."""
    if run.tight:
        terms = (_importance_formula(run),)
    elif run.beta and not run.closed and not run.free_bits:
        terms = (_sampled(run),)
    else:
        distortion = row(NEGATIVE, _mean(log_density("p", of=_FORMULA_X, given=code(run)), run))
        terms = (distortion, *((_closed_rate(run),) if run.beta else ()))
    return (*terms, *((_penalty(run),) if run.mean_penalty else ()))


def _mean(body: Math, run: Setting) -> Math:
    """Over the samples; of one sample, the sample."""
    if run.samples == 1:
        return body
    every = number(run.samples)
    return row(fraction(number(1), over=every), SPACE, _over_samples(body, every))


def _over_samples(body: Math, every: Math) -> Math:
    return total(body, index="k", last=every)


def _importance_formula(run: Setting) -> Math:
    """Minus the logarithm of the mean importance weight."""
    likelihood, prior = density("p", of=_FORMULA_X, given=code(run)), density("p", of=code(run))
    posterior = density("q", of=code(run), given=_FORMULA_X)
    if not run.beta:
        body = likelihood
    elif not run.entropy:
        body = row(likelihood, SPACE, _raised(prior, by=weight(run)))
    elif weight(run) is None and run.entropy == 1:
        body = fraction(row(likelihood, SPACE, prior), over=posterior)
    else:
        below = _raised(posterior, by=None if run.entropy == 1 else number(run.entropy))
        ratio = fraction(prior, over=below)
        raised = ratio if weight(run) is None else _raised(bracket(ratio), by=weight(run))
        body = row(likelihood, SPACE, raised)
    return row(NEGATIVE, word("log"), _mean(body, run))


def _raised(body: Math, *, by: Math | None) -> Math:
    return body if by is None else power(body, exponent=by)


def _sampled(run: Setting) -> Math:
    """Minus the mean over the samples, where the rate is one of samples too."""
    rate = log_density("p", of=code(run))
    if run.entropy:
        posterior = log_density("q", of=code(run), given=_FORMULA_X)
        rate = row(rate, MINUS, weighted(posterior, by=run.entropy))
        rate = rate if weight(run) is None else bracket(rate)
    likelihood = log_density("p", of=_FORMULA_X, given=code(run))
    body = row(likelihood, PLUS, weighted(rate, by=weight(run)))
    return row(NEGATIVE, _mean(bracket(body, before="[", after="]"), run))


def _closed_rate(run: Setting) -> Math:
    """The rate in closed form, with its weight and sign."""
    if run.free_bits:
        each = sub(DIVERGENCE, index=symbol("d"))
        floor = row(symbol("max"), bracket(row(number(run.free_bits), COMMA, each)))
        rate = total(floor, index="d", last=number(run.latent_dim))
        return row(PLUS, weighted(rate, by=weight(run)))
    if run.entropy == 1:
        both = row(
            density("q", of=_FORMULA_Z, given=_FORMULA_X),
            sign("\N{DOUBLE VERTICAL LINE}", plain=" || "),
            density("p", of=_FORMULA_Z),
        )
        return row(PLUS, weighted(row(DIVERGENCE, bracket(both)), by=weight(run)))
    inside = bracket(log_density("p", of=_FORMULA_Z), before="[", after="]")
    expected = row(sub(symbol("E"), index=symbol("q")), inside)
    if not run.entropy:
        return row(MINUS, weighted(expected, by=weight(run)))
    entropy = row(symbol("H"), bracket(symbol("q"), before="[", after="]"))
    gained = row(expected, PLUS, weighted(entropy, by=run.entropy))
    return row(MINUS, weighted(bracket(gained), by=weight(run)))


def _penalty(run: Setting) -> Math:
    """Half the squared mean of the code, with its weight."""
    mean = bracket(
        row(MEAN, bracket(_FORMULA_X)),
        before="\N{DOUBLE VERTICAL LINE}",
        after="\N{DOUBLE VERTICAL LINE}",
    )
    half = row(HALF, SPACE, square(mean))
    return row(PLUS, weighted(half, by=run.mean_penalty))


def objectives(
    runs: Mapping[str, Mapping[str, Any]], *, rows: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Write down the objectives of runs, once for those that share it.

    Args:
        runs: by the name of the run, its full config, nested; one without a model or an
            objective is left out.
        rows: by the name of the run, ``features`` and ``support`` as far as they are known.

    Returns:
        ``each``: for every objective ``names`` of its runs, ``formula`` and ``own``, the symbols
        that stand for something else in another; and ``shared``, the symbols that do not.

    Example:
        >>> from vaekit.config import Config
        >>> runs = {"a": Config(seed=1).model_dump(), "b": Config(seed=2).model_dump()}
        >>> found = objectives(runs, rows={})
        >>> [each["names"] for each in found["each"]], found["each"][0]["own"]
        (['a, b'], [])
    """
    names: dict[Formula, list[str]] = {}
    for name, config in runs.items():
        if "model" in config and "objective" in config:
            known = rows.get(name, {})
            formula = objective_formula(
                config, features=known.get("features"), support=known.get("support", "")
            )
            names.setdefault(formula, []).append(name)
    shared = [
        entry
        for entry in next(iter(names), _NONE).where
        if all(entry in formula.where for formula in names)
    ]
    each = [
        {
            "names": ", ".join(those),
            "formula": formula,
            "own": [entry for entry in formula.where if entry not in shared],
        }
        for formula, those in names.items()
    ]
    return {"each": each, "shared": shared}


_NONE = Formula(lines=(), where=(), reading="")
