"""The objective of a run as a formula with its own numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaekit.report.mathml import (
    SPACE,
    Math,
    bracket,
    fraction,
    number,
    power,
    row,
    sign,
    sub,
    symbol,
    total,
    word,
)
from vaekit.report.reading import how_to_read
from vaekit.report.setting import Setting, read_setting
from vaekit.report.symbols import (
    COMMA,
    DIVERGENCE,
    EQUALS,
    HALF,
    MEAN,
    MINUS,
    NEGATIVE,
    PLUS,
    code,
    density,
    log_density,
    square,
    weight,
    weighted,
)
from vaekit.report.terms import equations
from vaekit.report.where import where

__all__ = ["Formula", "objective_formula"]

_X, _Z = symbol("x"), symbol("z")


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
    name = row(symbol("\N{SCRIPT SMALL L}", plain="loss"), bracket(_X), EQUALS)
    return Formula(
        lines=((name, *_loss(run)), *equations(run)), where=where(run), reading=how_to_read(run)
    )


def _loss(run: Setting) -> tuple[Math, ...]:
    """The terms of the loss."""
    if run.tight:
        terms = (_importance(run),)
    elif run.beta and not run.closed and not run.free_bits:
        terms = (_sampled(run),)
    else:
        distortion = row(NEGATIVE, _mean(log_density("p", of=_X, given=code(run)), run))
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


def _importance(run: Setting) -> Math:
    """Minus the logarithm of the mean importance weight."""
    likelihood, prior = density("p", of=_X, given=code(run)), density("p", of=code(run))
    posterior = density("q", of=code(run), given=_X)
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
        posterior = log_density("q", of=code(run), given=_X)
        rate = row(rate, MINUS, weighted(posterior, by=run.entropy))
        rate = rate if weight(run) is None else bracket(rate)
    likelihood = log_density("p", of=_X, given=code(run))
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
            density("q", of=_Z, given=_X),
            sign("\N{DOUBLE VERTICAL LINE}", plain=" || "),
            density("p", of=_Z),
        )
        return row(PLUS, weighted(row(DIVERGENCE, bracket(both)), by=weight(run)))
    inside = bracket(log_density("p", of=_Z), before="[", after="]")
    expected = row(sub(symbol("E"), index=symbol("q")), inside)
    if not run.entropy:
        return row(MINUS, weighted(expected, by=weight(run)))
    entropy = row(symbol("H"), bracket(symbol("q"), before="[", after="]"))
    gained = row(expected, PLUS, weighted(entropy, by=run.entropy))
    return row(MINUS, weighted(bracket(gained), by=weight(run)))


def _penalty(run: Setting) -> Math:
    """Half the squared mean of the code, with its weight."""
    mean = bracket(
        row(MEAN, bracket(_X)), before="\N{DOUBLE VERTICAL LINE}", after="\N{DOUBLE VERTICAL LINE}"
    )
    half = row(HALF, SPACE, square(mean))
    return row(PLUS, weighted(half, by=run.mean_penalty))
