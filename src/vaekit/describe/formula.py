"""The formula of an objective: LaTeX with the settings of a run, as MathML and as plain text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from vaekit.config import ModelConfig, ObjectiveConfig
from vaekit.registry import (
    FLOWS,
    LIKELIHOODS,
    MODELS,
    OBJECTIVES,
    POSTERIORS,
    PRIORS,
    Likelihood,
    Support,
    likelihood_for,
    render,
)

__all__ = ["Formula", "Math", "loss_lines", "loss_terms", "objective_formula", "objectives"]


@dataclass(frozen=True)
class Math:
    r"""A piece of a formula.

    Example:
        >>> Math(r"-\frac{1}{2} \, \sum_{d=1}^{3} \mu_d^2").text
        '-1/2 sum_{d=1..3} mu_d^2'
    """

    latex: str
    """In LaTeX, as far as ``latex2mathml`` knows it; ``{}`` before a sign makes it one between two
    pieces."""

    @cached_property
    def markup(self) -> Markup:
        """In MathML, without the element ``math`` around it."""
        from latex2mathml.converter import convert

        element = convert(self.latex, display="block")
        inner = element[element.index(">") + 1 : element.rindex("</math>")]
        for bad, good in _MENDED.items():
            inner = inner.replace(bad, good)
        return Markup(inner)

    @cached_property
    def symbols(self) -> str:
        """In a line of text, with Greek letters and mathematical signs."""
        text = _flat(ElementTree.fromstring(self.markup))
        text = re.sub(r"\s+", " ", text)
        text = re.sub(r"(?<=[(\[]) | (?=[)\],;])", "", text)
        unary = r"[(\[=]" if self.latex.startswith("{}") else r"^|[(\[=]"
        return re.sub(rf"((?:{unary}) ?){_MINUS} ", rf"\1{_MINUS}", text.strip())

    @cached_property
    def text(self) -> str:
        """In a line of ASCII."""
        return self.symbols.translate(_ASCII)


_MINUS = "\N{MINUS SIGN}"
_SUM, _PRODUCT = "\N{N-ARY SUMMATION}", "\N{N-ARY PRODUCT}"
_HAT = "\N{COMBINING CIRCUMFLEX ACCENT}"
_MENDED = {
    "<mi>log</mi>": '<mi>log</mi><mspace width="0.167em" />',
    "<mi>&#x0007E;</mi>": "<mo>&#x0223C;</mo>",
}
"""What latex2mathml does not space as LaTeX does."""
_SPACED = {"+", _MINUS, "=", "\N{MIDDLE DOT}", "\N{TILDE OPERATOR}", "mod", "log"}
_ASCII = str.maketrans(
    {
        _MINUS: "-",
        _SUM: "sum",
        _PRODUCT: "prod",
        _HAT: "hat",
        "\N{SCRIPT SMALL L}": "loss",
        "\N{MIDDLE DOT}": "*",
        "\N{TILDE OPERATOR}": "~",
        "\N{DOUBLE VERTICAL LINE}": "||",
        "\N{HORIZONTAL ELLIPSIS}": "..",
        "\N{PARTIAL DIFFERENTIAL}": "d",
        "\N{DOWN TACK}": "T",
        "\N{GREEK SMALL LETTER BETA}": "beta",
        "\N{GREEK SMALL LETTER DELTA}": "delta",
        "\N{GREEK SMALL LETTER ETA}": "eta",
        "\N{GREEK SMALL LETTER LAMDA}": "lambda",
        "\N{GREEK SMALL LETTER MU}": "mu",
        "\N{GREEK SMALL LETTER PI}": "pi",
        "\N{GREEK SMALL LETTER SIGMA}": "sigma",
    }
)


def _flat(node: ElementTree.Element) -> str:
    """A line of text for an element of MathML."""
    parts = [_flat(child) for child in node]
    match node.tag:
        case "mspace":
            return " "
        case "mfrac":
            return "/".join(f"({each})" if " " in each else each for each in parts)
        case "mover":
            return f"{parts[0]}{_HAT}"
        case "msup":
            return f"{parts[0]}^{parts[1]}"
        case "msub" | "munder":
            index = parts[1] if len(parts[1]) == 1 else f"{{{parts[1]}}}"
            return f"{parts[0]}_{index}" + (" " if parts[0] in (_SUM, _PRODUCT) else "")
        case "munderover":
            return f"{parts[0]}_{{{parts[1].replace(' ', '')}..{parts[2]}}} "
        case "msubsup":
            return f"{parts[0]}_{parts[1]}^{parts[2]}"
    if not parts:
        text = node.text or ""
        return f" {text} " if text in _SPACED else f"{text} " if text in {",", ";"} else text
    line = parts[0]
    for part in parts[1:]:  # two letters or numbers side by side are a product
        line += f" {part}" if line[-1:].isalnum() and part[:1].isalnum() else part
    return line


@dataclass(frozen=True, kw_only=True)
class Formula:
    """What training minimises, for a reader."""

    lines: tuple[tuple[Math, ...], ...]
    """Equations; a narrow page may break each between its pieces."""
    where: tuple[tuple[Math, str], ...]
    """Every symbol with its value, and what it is."""
    reading: str
    """How to read it, in two sentences."""

    @property
    def text(self) -> str:
        """The equations in ASCII, one a line."""
        return "\n".join(" ".join(piece.text for piece in line) for line in self.lines)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """The settings that a formula is made of."""

    config: ModelConfig
    objective: ObjectiveConfig
    features: int | None
    support: Support | None

    @property
    def other(self) -> str:
        """What the model is, where it is no composition of posterior, prior and likelihood."""
        return MODELS.get(self.config.kind).words

    @property
    def point(self) -> bool:
        return not self.other and POSTERIORS.get(self.config.posterior.kind).point

    @property
    def flow(self) -> bool:
        return self.config.posterior.flow != "none" and self.config.posterior.flow_length > 0

    @property
    def likelihood(self) -> Likelihood | None:
        """None for auto on values that are not known."""
        kind, support = self.config.likelihood.kind, self.support
        if support is None:
            return None if kind == "auto" else LIKELIHOODS.get(kind)
        return likelihood_for(kind, support=support)

    @property
    def samples(self) -> int:
        """Samples K that differ: those of a point are all the same."""
        return 1 if self.point else self.objective.samples

    @property
    def importance_weighted(self) -> bool:
        """Of one sample, the logarithm of a mean is the mean of logarithms."""
        return self.objective.reduce == "logmeanexp" and self.samples > 1

    @property
    def beta(self) -> float:
        return self.objective.beta

    @property
    def entropy(self) -> float:
        """A point has no entropy."""
        return 0.0 if self.point else self.objective.entropy

    @property
    def scheduled(self) -> bool:
        return bool(self.beta) and self.objective.schedule != "constant"

    @property
    def closed(self) -> bool:
        """Whether the rate is computed in closed form, as far as there is one."""
        return (
            self.objective.analytic
            and self.objective.reduce == "mean"
            and (bool(self.other) or self._gaussian)
        )

    @property
    def _gaussian(self) -> bool:
        """Whether posterior and prior are diagonal Gaussians."""
        return (
            not self.flow
            and POSTERIORS.get(self.config.posterior.kind).closed_form
            and PRIORS.get(self.config.prior.kind).closed_form
        )

    @property
    def code(self) -> str:
        return "z" if self.samples == 1 else "z_k"

    @property
    def weight(self) -> str:
        """Factor of the rate; empty where it is 1."""
        return r"\beta_t" if self.scheduled else _factor(self.beta)


def objective_formula(
    model: ModelConfig,
    objective: ObjectiveConfig,
    *,
    features: int | None = None,
    support: Support | None = None,
) -> Formula:
    r"""Write down what a run minimises, with the numbers of its config in their places.

    .. math::
        \ell(x) = -\mathop{\mathrm{reduce}}_{k=1}^{K}\Big[\log p(x|z_k)
            + \beta\,\big(\log p(z_k) - \eta \log q(z_k|x)\big)\Big] + \sum_i w_i r_i

    in the form in which it is computed: with the closed form of the rate where there is one,
    without terms whose weight is 0, and without factors that are 1.

    Args:
        model: of the run.
        objective: of the run.
        features: numbers in a row, F.
        support: values of the rows as the model sees them; the likelihood "auto" follows from it.

    Returns:
        The formula.

    Example:
        >>> found = objective_formula(
        ...     ModelConfig(), ObjectiveConfig(beta=4.0), features=64, support="binary"
        ... )
        >>> print(found.text)
        loss(x) = -log p(x|z) + 4 * KL(q(z|x) || p(z))
        z ~ q(z|x)
        log p(x|z) = sum_{f=1..64} [x_f log pi_f + (1 - x_f) log (1 - pi_f)]
        KL(q(z|x) || p(z)) = 1/2 sum_{d=1..2} (mu_d^2 + sigma_d^2 - log sigma_d^2 - 1)
    """
    kind = MODELS.get(model.kind)
    if kind.formula is not None:
        return Formula(
            lines=tuple((Math(line),) for line in kind.formula),
            where=tuple((Math(latex), words) for latex, words in kind.symbols),
            reading=f"The model is {kind.words}.",
        )
    run = _Run(config=model, objective=objective, features=features, support=support)
    lines = [[r"\ell(x) =", *_loss(run)], _code(run), _schedule(run), _likelihood(run), _rate(run)]
    return Formula(
        lines=tuple(tuple(map(Math, line)) for line in lines if line),
        where=tuple((Math(latex), words) for latex, words in _where(run)),
        reading=_reading(run),
    )


def loss_lines(model: ModelConfig, objective: ObjectiveConfig) -> tuple[str, ...]:
    """Write the loss of a row in lines of text, for a picture.

    Args:
        model: of the run.
        objective: of the run.

    Returns:
        The formula, and how it is computed and scheduled.

    Example:
        >>> for line in loss_lines(ModelConfig(), ObjectiveConfig(beta=4.0, free_bits=0.5)):
        ...     print(line)
        ℓ(x) = −log p(x|z) + 4 · ∑_{d=1..2} max(0.5, KL_d)
        KL in closed form
    """
    formula = MODELS.get(model.kind).formula
    if formula is not None:
        return tuple(Math(line).symbols for line in formula)
    run = _Run(config=model, objective=objective, features=None, support=None)
    lines = [" ".join(Math(piece).symbols for piece in (r"\ell(x) =", *_loss(run)))]
    if run.beta and run.closed and run.entropy == 1 and not run.other:
        lines.append("KL in closed form")
    if run.scheduled:
        epochs = "1 epoch" if objective.warmup == 1 else f"{objective.warmup} epochs"
        how = "grows from 0 over" if objective.schedule == "linear" else "goes in cycles of"
        lines.append(f"the weight of the rate {how} {epochs}")
    return tuple(lines)


def loss_terms(objective: ObjectiveConfig) -> tuple[str, ...]:
    """Name the nodes of the computation graph that the loss is computed from.

    Args:
        objective: of the run.

    Returns:
        The names, each once.

    Example:
        >>> loss_terms(ObjectiveConfig(beta=0.0, mean_penalty=1.0))
        ('log p(x|z)', 'parameters of q')
    """
    names = ["log p(x|z)"]
    if objective.beta:
        names += ["log p(z)", "log q(z|x)"] if objective.entropy else ["log p(z)"]
    names += [name for term in objective.terms() for name in OBJECTIVES.get(term).reads]
    return tuple(dict.fromkeys(names))


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
            formula = objective_formula(
                ModelConfig.model_validate(config["model"]),
                ObjectiveConfig.model_validate(config["objective"]),
                features=rows.get(name, {}).get("features"),
                support=rows.get(name, {}).get("support"),
            )
            names.setdefault(formula, []).append(name)
    first = next(iter(names)).where if names else ()
    shared = [entry for entry in first if all(entry in formula.where for formula in names)]
    each = [
        {
            "names": ", ".join(those),
            "formula": formula,
            "own": [entry for entry in formula.where if entry not in shared],
        }
        for formula, those in names.items()
    ]
    return {"each": each, "shared": shared}


def _number(value: float) -> str:
    """A number with all its digits."""
    exact = f"{Decimal(repr(value)):f}"
    return exact.rstrip("0").rstrip(".") if "." in exact else exact


def _factor(value: float) -> str:
    return "" if value == 1 else _number(value)


def _times(factor: str, body: str) -> str:
    """A product; a factor that is not written is 1."""
    return rf"{factor} \cdot {body}" if factor else body


def _power(body: str, exponent: str) -> str:
    return f"{body}^{{{exponent}}}" if exponent else body


def _loss(run: _Run) -> list[str]:
    """The terms of the loss."""
    fit = rf"\log p(x|{run.code})"
    if run.importance_weighted:
        terms = [rf"-\log {_mean(_importance_weight(run), run)}"]
    elif run.beta and not run.closed and not run.objective.free_bits:
        body = rf"\left[{fit} + {_times(run.weight, _sampled_rate(run))}\right]"
        terms = [f"-{_mean(body, run)}"]
    else:
        terms = [f"-{_mean(fit, run)}", *([_closed_rate(run)] if run.beta else [])]
    penalties = run.objective.terms().items()
    return terms + [
        f"{{}} + {_times(_factor(weight), OBJECTIVES.get(name).latex)}"
        for name, weight in penalties
    ]


def _mean(body: str, run: _Run) -> str:
    """Over the samples; of one sample, the sample."""
    return body if run.samples == 1 else (
        rf"\frac{{1}}{{{run.samples}}} \, \sum_{{k=1}}^{{{run.samples}}} {body}"
    )  # fmt: skip


def _importance_weight(run: _Run) -> str:
    fit, prior, posterior = f"p(x|{run.code})", f"p({run.code})", f"q({run.code}|x)"
    if not run.beta:
        return fit
    if not run.entropy:
        return rf"{fit} \, {_power(prior, run.weight)}"
    if not run.weight and run.entropy == 1:
        return rf"\frac{{{fit} \, {prior}}}{{{posterior}}}"
    ratio = rf"\frac{{{prior}}}{{{_power(posterior, _factor(run.entropy))}}}"
    raised = _power(rf"\left({ratio}\right)", run.weight) if run.weight else ratio
    return rf"{fit} \, {raised}"


def _sampled_rate(run: _Run) -> str:
    """Minus the rate, at a sample."""
    rate = rf"\log p({run.code})"
    if run.entropy:
        posterior = rf"\log q({run.code}|x)"
        rate += f" - {_times(_factor(run.entropy), posterior)}"
        rate = rf"\left({rate}\right)" if run.weight else rate
    return rate


_KL = r"\text{KL}(q(z|x) \,\|\, p(z))"


def _closed_rate(run: _Run) -> str:
    """The rate in closed form, with its weight and sign."""
    free = run.objective.free_bits
    if free:
        rate = rf"\sum_{{d=1}}^{{{run.config.latent_dim}}} \max({_number(free)}, \text{{KL}}_d)"
        return f"{{}} + {_times(run.weight, rate)}"
    if run.entropy == 1:
        return f"{{}} + {_times(run.weight, _KL)}"
    gain = r"E_q[\log p(z)]"
    if run.entropy:
        gain = rf"\left({gain} + {_times(_factor(run.entropy), 'H[q]')}\right)"
    return f"{{}} - {_times(run.weight, gain)}"


def _code(run: _Run) -> list[str]:
    """Where the code comes from."""
    if run.point:
        return [r"z = \mu(x)"]
    drawn = rf"{run.code} \sim q(z|x)"
    return [drawn] if run.samples == 1 else [f"{drawn},", rf"k = 1 \ldots {run.samples}"]


def _schedule(run: _Run) -> list[str]:
    """How the weight of the rate changes over training."""
    if not run.scheduled:
        return []
    epochs = run.objective.warmup
    linear = run.objective.schedule == "linear"
    share = "t" if linear else rf"2 \, (t \bmod {epochs})"
    rising = rf"\min(1, \frac{{{share}}}{{{epochs}}})"
    return [r"\beta_t =", _times(_factor(run.beta), rising)]


def _likelihood(run: _Run) -> list[str]:
    """What the logarithm of the likelihood is, feature by feature."""
    if run.likelihood is None or run.other:
        return []
    latex = render(run.likelihood.latex, run.config.likelihood)
    if run.features is not None:
        latex = latex.replace(r"\sum_f", rf"\sum_{{f=1}}^{{{run.features}}}")
        latex = re.sub(r"(?<![A-Za-z\\])F(?![A-Za-z])", str(run.features), latex)
    first, *others = latex.split(r"\allowbreak")
    return [r"\log p(x|z) =", first, *(f"{{}} {each}" for each in others)]


def _rate(run: _Run) -> list[str]:
    """The closed form of the rate, where it stands in the loss."""
    if run.other or not (run.beta and run.closed and run.entropy == 1):
        return []
    body = r"(\mu_d^2 + \sigma_d^2 - \log \sigma_d^2 - 1)"
    if run.objective.free_bits:
        return [r"\text{KL}_d =", rf"\frac{{1}}{{2}} \, {body}"]
    return [f"{_KL} =", rf"\frac{{1}}{{2}} \, \sum_{{d=1}}^{{{run.config.latent_dim}}} {body}"]


def _where(run: _Run) -> Iterator[tuple[str, str]]:
    """Every symbol with its value, and what it is."""
    yield from _weights(run)
    if not run.point:
        plural = "sample" if run.samples == 1 else "samples"
        yield f"K = {run.samples}", f"{plural} of the code for each row in a step"
    if not run.other:
        yield f"D = {run.config.latent_dim}", "latent dimensions, numbers in a code z"
    if run.features is not None:
        yield f"F = {run.features}", "features, numbers in a row x"
    yield from _distributions(run)


def _weights(run: _Run) -> Iterator[tuple[str, str]]:
    """The weights of the terms; those of 1 and 0 do not stand in the formula."""
    objective = run.objective
    if not run.beta:
        yield r"\beta = 0", "weight of the rate, which is not in the loss"
    elif run.scheduled:
        yield rf"\beta = {_number(run.beta)}", "full weight of the rate"
        linear = f"the full weight is reached after {objective.warmup}"
        cycles = f"the weight rises over the first half of every {objective.warmup}"
        yield "t", f"epochs done; {linear if objective.schedule == 'linear' else cycles}"
    else:
        yield _weighed(r"\beta", run.beta, "weight of the rate")
    if run.beta and not run.point:
        yield _weighed(r"\eta", run.entropy, "weight of the entropy of q within the rate")
    if objective.free_bits:
        words = "nats of each latent dimension that cost nothing; KL of d is averaged over a batch"
        yield rf"\lambda = {_number(objective.free_bits)}", words
    terms = objective.terms()
    for number, (name, value) in enumerate(terms.items(), start=1):
        symbol = "w" if len(terms) == 1 else f"w_{number}"
        yield _weighed(symbol, value, f"weight of {OBJECTIVES.get(name).words}")


def _weighed(symbol: str, value: float, words: str) -> tuple[str, str]:
    unwritten = "; as a factor of 1 it is not written" if value == 1 else ""
    return f"{symbol} = {_number(value)}", words + unwritten


def _distributions(run: _Run) -> Iterator[tuple[str, str]]:
    """The three distributions, or what the model is."""
    if run.other:
        yield "p(x, z), q(z|x)", f"model: {run.other}"
        return
    q, p = run.config.posterior, run.config.prior
    posterior, prior, likelihood = POSTERIORS.get(q.kind), PRIORS.get(p.kind), run.likelihood
    words = f"posterior, by the encoder: {render(posterior.words, q)}"
    if run.flow:
        flow, steps = (
            FLOWS.get(q.flow),
            "1 step" if q.flow_length == 1 else f"{q.flow_length} steps",
        )
        yield "q(z|x)", f"{words}, transformed by {steps} of a {q.flow} flow f"
        yield f"f(u) = {flow.latex}", f"a step of the flow, which {flow.help}"
    else:
        yield f"q(z|x) = {render(posterior.latex, q)}", words
    unused = "" if run.beta else "; it is not in the loss"
    yield f"p(z) = {render(prior.latex, p)}", f"prior: {render(prior.words, p)}{unused}"
    words = (
        "chosen by the values of the data: Bernoulli for 0 and 1, continuous Bernoulli for values "
        "between, Gaussian otherwise"
        if likelihood is None
        else render(likelihood.words, run.config.likelihood)
    )
    if likelihood and run.support and likelihood.nats.get(run.support) == "cross-entropy":
        words += "; on values between 0 and 1 a cross-entropy, no probability"
    yield "p(x|z)", f"likelihood, by the decoder: {words}"


_LOST = "what is lost on the way through the code"


def _reading(run: _Run) -> str:
    """Say in two sentences what the objective of a run asks for."""
    first = "Training minimises \N{SCRIPT SMALL L}(x), averaged over the rows, in nats."
    effects = [OBJECTIVES.get(name).effect for name in run.objective.terms()]
    if not run.beta:
        second = f"It is the distortion alone, {_LOST}: nothing draws the codes to the prior."
        if effects:
            second = f"The first term is the distortion, {_LOST}; {_further(effects)}."
    elif run.importance_weighted:
        second = (
            f"The mean of {run.samples} importance weights estimates how probable the model finds "
            "x, "
        )
        if run.weight or run.entropy != 1:
            second += "and where a weight of its terms is not 1 it need not bound log p(x)"
        else:
            second += (
                "so that minus \N{SCRIPT SMALL L}(x) is on average a lower bound on log p(x), "
                "which rises with the number of samples"
            )
        second += f"; {_further(effects)}." if effects else "."
    else:
        rest = "the rest asks for codes that the prior finds probable"
        if not run.point:
            rate = "the rate" if run.beta == 1 else f"{run.beta:g} times the rate"
            rest = f"the rest is {rate}, what the code says about its row{_exceptions(run)}"
        more = f"; {_further(effects)}" if effects else ""
        second = f"Minus log p(x|z) is the distortion, {_LOST}; {rest}{more}."
    return f"{first} {second}"


def _further(effects: list[str]) -> str:
    """What the further terms do, in their order."""
    if len(effects) == 1:
        return f"the last term {effects[0]}"
    return f"the last {len(effects)} terms: one {', one '.join(effects)}"


def _exceptions(run: _Run) -> str:
    """Where the rest is not just the rate."""
    free = run.objective.free_bits
    found = [
        f"where it is more than {free:g} nats in a dimension" if free else "",
        f"with {run.entropy:g} of the entropy of q" if run.entropy not in (0, 1) else "",
        "without the entropy of q" if not run.entropy else "",
        "with a weight that changes over training" if run.scheduled else "",
    ]
    return "".join(f", {each}" for each in found if each)
