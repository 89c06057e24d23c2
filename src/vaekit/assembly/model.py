"""Models and objectives by name."""

import warnings
from collections.abc import Callable
from math import prod
from typing import Literal

import torch
from torch import Tensor

from vaekit.assembly.networks import build_decoder, build_encoder
from vaekit.config import (
    LikelihoodConfig,
    ModelConfig,
    ObjectiveConfig,
    PosteriorConfig,
    PriorConfig,
)
from vaekit.errors import ConfigError, VaekitWarning
from vaekit.models import (
    VAE,
    Amortized,
    AutoregressiveFlow,
    Bernoulli,
    Categorical,
    Conditional,
    ContinuousBernoulli,
    DiagonalGaussian,
    DiscretizedLogistic,
    Flow,
    FlowPosterior,
    FlowPrior,
    FullGaussian,
    Gaussian,
    Head,
    MixtureOfGaussians,
    PlanarFlow,
    Point,
    RadialFlow,
    SplineFlow,
    StandardNormal,
    VampPrior,
)
from vaekit.numerics import logmeanexp
from vaekit.objectives import Bound, MeanPenalty, Objective, Sum

__all__ = ["build_model", "build_objective"]

Support = Literal["binary", "unit", "real"]


def build_model(
    config: ModelConfig, *, shape: tuple[int, ...], support: Support, rows: Tensor | None = None
) -> VAE:
    """Put a model together.

    Args:
        config: which parts.
        shape: (C, H, W) of an image, (F,) of a table row.
        support: of the preprocessed values: binary, unit (in [0, 1]) or real.
        rows: (at least C, F) preprocessed rows, the first pseudo-inputs of a VampPrior; zeros
            when absent, as for a model whose parameters are about to be loaded.

    Returns:
        The model, with fresh parameters.

    Raises:
        ConfigError: parts that do not go together, or a likelihood that cannot hold the values.
    """
    features, latent = prod(shape), config.latent_dim
    _need_density(config)
    q_head = _posterior(config.posterior, latent)
    p_head = _likelihood(config.likelihood, features, support)
    posterior = Amortized(build_encoder(config.encoder, shape=shape, outputs=q_head.inputs), q_head)
    decoder = build_decoder(config.decoder, latent_dim=latent, shape=shape, outputs=p_head.inputs)
    start = torch.zeros(config.prior.components, features) if rows is None else rows
    return VAE(
        prior=_prior(config.prior, posterior, latent, start, unit=support != "real"),
        posterior=posterior,
        likelihood=Amortized(decoder, p_head),
    )


def build_objective(config: ObjectiveConfig) -> Objective:
    """Put an objective together.

    Raises:
        ConfigError: settings that contradict each other.
    """
    bound = Bound(
        beta=config.beta,
        entropy=config.entropy,
        reduce=logmeanexp if config.reduce == "logmeanexp" else torch.mean,
        analytic=config.analytic,
        free_bits=config.free_bits,
    )
    return Sum(bound, MeanPenalty(config.mean_penalty)) if config.mean_penalty else bound


def _need_density(config: ModelConfig) -> None:
    """A VampPrior evaluates posteriors at codes that are not theirs."""
    q = config.posterior
    closed = q.flow_length == 0 or q.flow not in {"planar", "radial"}
    if config.prior.kind == "vamp" and (q.kind == "point" or not closed):
        raise ConfigError(
            "a VampPrior needs a posterior whose density is known everywhere, and neither a "
            "point nor a planar or radial flow has one: take model.posterior.flow = "
            "autoregressive, or model.prior.kind = mixture"
        )


def _posterior(config: PosteriorConfig, latent: int) -> Head:
    kinds: dict[str, Callable[[int], Head]] = {
        "gaussian": DiagonalGaussian,
        "full-gaussian": FullGaussian,
        "point": Point,
    }
    base = kinds[config.kind](latent)
    if config.flow == "none" or config.flow_length == 0:
        return base
    if config.kind == "point":
        raise ConfigError("a point posterior has no density for a flow to change; take gaussian")
    flows: dict[str, Callable[..., Flow]] = {
        "planar": PlanarFlow,
        "radial": RadialFlow,
        "autoregressive": AutoregressiveFlow,
        "spline": SplineFlow,
    }
    return FlowPosterior(base, flows[config.flow](latent, length=config.flow_length))


def _prior(
    config: PriorConfig, posterior: Conditional, latent: int, start: Tensor, *, unit: bool
) -> Conditional:
    if config.kind == "mixture":
        return MixtureOfGaussians(latent, components=config.components)
    if config.kind == "flow":
        return FlowPrior(latent, length=config.flow_length)
    if config.kind == "vamp":
        if len(start) < config.components:
            raise ConfigError(
                f"a VampPrior of {config.components} components needs as many training rows, "
                f"and there are {len(start)}: set model.prior.components"
            )
        return VampPrior(posterior, pseudo_inputs=start[: config.components], unit=unit)
    return StandardNormal(latent)


def _likelihood(config: LikelihoodConfig, features: int, support: Support) -> Head:
    natural = {"binary": "bernoulli", "unit": "continuous-bernoulli", "real": "gaussian"}
    kind = natural[support] if config.kind == "auto" else config.kind
    if kind == "gaussian":
        return Gaussian(features, variance=config.variance)
    if support == "real":
        raise ConfigError(
            f"the {kind} likelihood describes values in [0, 1], and these are not: take "
            "model.likelihood.kind = gaussian, or data.scale = unit"
        )
    if kind == "bernoulli":
        if support == "unit":
            warnings.warn(
                "a bernoulli likelihood on values between 0 and 1 is a cross-entropy, not a "
                "probability: its nats cannot be compared. For honest nats take data.binarize = "
                "dynamic, or model.likelihood.kind = continuous-bernoulli",
                VaekitWarning,
                stacklevel=3,
            )
        return Bernoulli(features)
    if kind == "continuous-bernoulli":
        return ContinuousBernoulli(features)
    if kind == "categorical":
        return Categorical(features, levels=config.levels)
    return DiscretizedLogistic(features, levels=config.levels)
