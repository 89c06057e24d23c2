"""The table of recipes and studies."""

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vaekit.config import Config, merge, parse_config
from vaekit.errors import ConfigError
from vaekit.recipes.configs import (
    IWAE_TABLE,
    LABELS_TABLE,
    Published,
    digits,
    fashion_mlp,
    mnist_arithmetic,
    mnist_iwae_5,
    mnist_manifold,
    mnist_morph,
    mnist_semi_supervised,
    mnist_vae,
    swiss_roll,
)
from vaekit.recipes.studies import STUDIES

__all__ = ["RECIPES", "Recipe", "quick", "recipe"]


# Of each split; enough that the figures show what they are about.
_ROWS = 1000
_EPOCHS = 20
_SAMPLES = 20
# More steps from fewer rows.
_BATCH = 20


def quick(config: Config) -> Config:
    """Shrink a run to what ends within a minute: fewer rows, epochs and importance samples.

    The model and the objective stay as they are, and its warm-up keeps its share of the epochs.

    Args:
        config: of the full run.

    Returns:
        The config of the small one.

    Example:
        >>> quick(Config()).training.epochs
        20
    """
    epochs = min(config.training.epochs, _EPOCHS)
    share = epochs / config.training.epochs
    counts = [count for count in config.labels.counts if count <= _ROWS // 10]
    small: Mapping[str, Any] = {
        "data": {"limit": min(config.data.limit or _ROWS, _ROWS)},
        "objective": {"warmup": max(1, round(config.objective.warmup * share))},
        "training": {"epochs": epochs, "batch_size": min(config.training.batch_size, _BATCH)},
        "labels": {"counts": counts, "batch_size": min(config.labels.batch_size, _BATCH)},
        "evaluation": {"samples": min(config.evaluation.samples, _SAMPLES)},
    }
    return parse_config(merge(config.model_dump(), small))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A named run."""

    name: str
    """As given on the command line."""
    config: Callable[[], Config]
    """Makes the full config."""
    published: tuple[Published, ...] = ()
    """What it is compared to."""

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.text.splitlines()[0]

    @property
    def text(self) -> str:
        """What it is and where it comes from."""
        return inspect.getdoc(self.config) or ""


_GAUSSIAN_CONSTANT = 784 * 0.9189385332046727
"""F/2 log(2 pi): what the log-density of a unit-variance Gaussian has beside the squared error."""

_RENOM = "the ReNom tutorial, test rows after 60 epochs"

RECIPES = {
    found.name: found
    for found in (
        Recipe(name="digits", config=digits),
        Recipe(name="swiss-roll", config=swiss_roll),
        Recipe(name="mnist-manifold", config=mnist_manifold),
        Recipe(name="mnist-morph", config=mnist_morph),
        Recipe(name="mnist-arithmetic", config=mnist_arithmetic),
        Recipe(
            name="fashion-mlp",
            config=fashion_mlp,
            published=(
                Published(
                    key="elbo",
                    what="test loss, squared error / 2 + KL",
                    value=15.256,
                    unit="per row",
                    source=_RENOM,
                    sign=-1.0,
                    offset=-_GAUSSIAN_CONSTANT,
                    better="lower",
                ),
                Published(
                    key="distortion",
                    what="test squared error / 2",
                    value=10.834,
                    unit="per row",
                    source=_RENOM,
                    offset=-_GAUSSIAN_CONSTANT,
                    better="lower",
                ),
                Published(
                    key="rate", what="test KL", value=4.422, unit="nats per row", source=_RENOM
                ),
            ),
        ),
        Recipe(
            name="mnist-semi-supervised",
            config=mnist_semi_supervised,
            published=LABELS_TABLE,
        ),
        Recipe(name="mnist-vae", config=mnist_vae, published=IWAE_TABLE["vae-1"]),
        Recipe(name="mnist-iwae-5", config=mnist_iwae_5, published=IWAE_TABLE["iwae-5"]),
    )
}


def recipe(name: str) -> Config:
    """The full config of a named run.

    Args:
        name: as ``vaekit recipes`` lists it.

    Returns:
        The config.

    Raises:
        ConfigError: no recipe has this name, or it is a study, which has several configs.

    Example:
        >>> recipe("fashion-mlp").model.encoder.hidden
        (400, 200, 100, 20)
    """
    if name in STUDIES:
        raise ConfigError(
            f"{name} is a study of several runs, {', '.join(STUDIES[name].members())}, and has "
            f"no config of its own; vaekit recipes show {name} shows theirs"
        )
    if name not in RECIPES:
        known = [*RECIPES, *STUDIES]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(known)}"
        raise ConfigError(f"no recipe is called {name!r}; {hint}")
    return RECIPES[name].config()
