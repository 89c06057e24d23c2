"""What a person calls the distributions of a model."""

from dataclasses import dataclass, replace

from torch import nn

from vaekit.models import (
    Amortized,
    AutoregressiveFlow,
    Bernoulli,
    Categorical,
    Conditional,
    ContinuousBernoulli,
    DiagonalGaussian,
    DiscretizedLogistic,
    FlowPosterior,
    FlowPrior,
    FullGaussian,
    Gaussian,
    MixtureOfGaussians,
    PlanarFlow,
    Point,
    RadialFlow,
    SplineFlow,
    StandardNormal,
    VampPrior,
)
from vaekit.tasks.layers import count_parameters

__all__ = ["Coding", "coding", "likelihood_text", "prior_text"]


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How a code comes out of the numbers that an encoder puts out."""

    numbers: str
    """What the numbers are."""
    name: str
    """Of the distribution that they make."""
    rule: str
    """From them and noise to a sample."""
    noise: bool
    """Whether the rule has noise in it."""
    inputs: int
    """How many numbers there are; 0 where that is not known."""
    parameters: int
    """Numbers that the posterior itself learns, besides its flow."""
    flow: str = ""
    """What bends the sample; empty where nothing does."""
    steps: str = ""
    """Of the flow."""
    flow_parameters: int = 0
    """Numbers that the flow learns."""


_SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
_POSTERIORS: dict[type[nn.Module], tuple[str, str, str, bool]] = {
    DiagonalGaussian: (f"μ, log {_SIGMA}²", "Gaussian q", f"μ + {_SIGMA} ⊙ ε", True),
    FullGaussian: ("μ, factor L", "Gaussian q, full covariance L Lᵀ", "μ + L ε", True),
    Point: ("μ", "point: all mass at μ", "μ", False),
}
_FLOWS: dict[type[nn.Module], str] = {
    PlanarFlow: "planar flow f",
    RadialFlow: "radial flow f",
    AutoregressiveFlow: "autoregressive flow f",
    SplineFlow: "spline flow f",
}
_LIKELIHOODS: dict[type[nn.Module], tuple[str, str]] = {
    Bernoulli: ("logits", "Bernoulli"),
    ContinuousBernoulli: ("logits", "continuous Bernoulli"),
    Gaussian: ("means", "Gaussian"),
    DiscretizedLogistic: ("locations, log-scales", "discretized logistic"),
    Categorical: ("logits of each level", "categorical"),
}


def coding(posterior: Conditional) -> Coding:
    """Tell how a posterior makes a code.

    Args:
        posterior: of a model.

    Returns:
        Its rule; one of unknown make is named by its class, and where its noise enters is not told.

    Example:
        >>> coding(DiagonalGaussian(2)).rule
        'μ + σ ⊙ ε'
    """
    head = posterior.head if isinstance(posterior, Amortized) else posterior
    base = head.base if isinstance(head, FlowPosterior) else head
    unknown = ("its parameters", type(base).__name__, "a draw of q(z|x)", False)
    numbers, name, rule, noise = _POSTERIORS.get(type(base), unknown)
    plain = Coding(
        numbers=numbers, name=name, rule=rule, noise=noise, inputs=getattr(head, "inputs", 0),
        # What is not split into a network and a head is watched as a network, and counted there.
        parameters=0 if head is posterior else count_parameters(base),
    )  # fmt: skip
    if not isinstance(head, FlowPosterior):
        return plain
    steps = getattr(head.flow, "length", None) or len(getattr(head.flow, "steps", ()))
    return replace(
        plain, numbers=f"{numbers}, flow", flow=_FLOWS.get(type(head.flow), "flow f"),
        steps=f"{steps} steps" if steps != 1 else "1 step",
        flow_parameters=count_parameters(head.flow),
    )  # fmt: skip


def likelihood_text(likelihood: Conditional) -> tuple[str, str, tuple[str, ...], int, int]:
    """Tell what a likelihood reads and what it makes of it.

    Args:
        likelihood: of a model.

    Returns:
        What its numbers are, its name, more about it, how many numbers it reads (0 where that is
        not known), and how many numbers it learns itself.

    Example:
        >>> likelihood_text(Amortized(nn.Linear(2, 4), Gaussian(4)))
        ('means', 'Gaussian', ('one variance, learned',), 4, 1)
    """
    head = likelihood.head if isinstance(likelihood, Amortized) else likelihood
    numbers, name = _LIKELIHOODS.get(type(head), ("its parameters", type(head).__name__))
    own = 0 if head is likelihood else count_parameters(head)
    more: tuple[str, ...] = ()
    if isinstance(head, Gaussian):
        how = {0: "variance 1", 1: "one variance, learned"}
        more = (how.get(count_parameters(head), "a variance for each feature"),)
    if isinstance(head, DiscretizedLogistic | Categorical):
        more = (f"{head.levels} levels",)
    return numbers, name, more, getattr(head, "inputs", 0), own


def prior_text(prior: Conditional) -> tuple[str, ...]:
    """Tell what a prior is.

    Args:
        prior: of a model.

    Returns:
        Lines.

    Example:
        >>> prior_text(StandardNormal(2))
        ('N(0, I)',)
    """
    if isinstance(prior, StandardNormal):
        return ("N(0, I)",)
    if isinstance(prior, MixtureOfGaussians):
        return ("mixture of", f"{len(prior.logits)} Gaussians")
    if isinstance(prior, VampPrior):
        return (f"q of {len(prior.logits)}", "pseudo-inputs")
    if isinstance(prior, FlowPrior):
        return (f"flow of {len(prior.steps)} steps", "on N(0, I)")
    return (type(prior).__name__,)
