"""What the symbols of an objective stand for."""

from collections.abc import Iterator, Mapping
from typing import Any

from vaekit.report.mathml import Math, number, row, symbol
from vaekit.report.setting import Setting, has_flow
from vaekit.report.symbols import BETA, EQUALS, ETA, LAMBDA, density

__all__ = ["where"]

_X, _Z = symbol("x"), symbol("z")

_MU = "\N{GREEK SMALL LETTER MU}"
_SIGMA = "\N{GREEK SMALL LETTER SIGMA}\N{SUPERSCRIPT TWO}"

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
    yield density("q", of=_Z, given=_X), f"posterior, by the encoder: {_posterior(run)}"
    prior = _named(_PRIORS, run.prior)
    unused = "" if run.beta else "; it is not in the loss"
    yield density("p", of=_Z), f"prior: {prior}{unused}"
    yield density("p", of=_X, given=_Z), f"likelihood, by the decoder: {_likelihood(run)}"


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


def _likelihood(run: Setting) -> str:
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
