"""What of a config decides the form of the objective."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Setting", "has_flow", "read_setting"]

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
