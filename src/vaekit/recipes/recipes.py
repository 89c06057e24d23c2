"""The table of recipes."""

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass

from vaekit.config import Config
from vaekit.errors import ConfigError
from vaekit.recipes.digits import digits
from vaekit.recipes.fashion import fashion_mlp
from vaekit.recipes.manifold import mnist_manifold, mnist_morph
from vaekit.recipes.mnist import mnist_iwae, mnist_vae
from vaekit.recipes.points import swiss_roll
from vaekit.recipes.studies import STUDIES

__all__ = ["RECIPES", "Published", "Recipe", "recipe"]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A number in the literature that a recipe is compared to."""

    key: str
    """Where our own number stands: a key of ``evaluation.json``."""
    what: str
    """What it is."""
    value: float
    """As published."""
    unit: str
    """Its unit."""
    source: str
    """Who published it."""
    offset: float = 0.0
    """Added to our number to bring it to the published scale."""
    sign: float = 1.0
    """Multiplied before that: -1 where the publication gives a negative log-likelihood."""


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

_IWAE_PAPER = "Burda, Grosse and Salakhutdinov 2016, table 1 (3280 epochs, batches of 20)"
_RENOM = "the ReNom tutorial, test rows after 60 epochs"

RECIPES = {
    found.name: found
    for found in (
        Recipe(name="digits", config=digits),
        Recipe(name="swiss-roll", config=swiss_roll),
        Recipe(name="mnist-manifold", config=mnist_manifold),
        Recipe(name="mnist-morph", config=mnist_morph),
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
                ),
                Published(
                    key="distortion",
                    what="test squared error / 2",
                    value=10.834,
                    unit="per row",
                    source=_RENOM,
                    offset=-_GAUSSIAN_CONSTANT,
                ),
                Published(
                    key="rate", what="test KL", value=4.422, unit="nats per row", source=_RENOM
                ),
            ),
        ),
        Recipe(
            name="mnist-vae",
            config=mnist_vae,
            published=(
                Published(
                    key="log_likelihood",
                    what="negative log-likelihood, 5000 samples",
                    value=86.76,
                    unit="nats per row",
                    source=_IWAE_PAPER,
                    sign=-1.0,
                ),
                Published(
                    key="active_units",
                    what="active units",
                    value=19,
                    unit="of 50",
                    source=_IWAE_PAPER,
                ),
            ),
        ),
        Recipe(
            name="mnist-iwae",
            config=mnist_iwae,
            published=(
                Published(
                    key="log_likelihood",
                    what="negative log-likelihood, 5000 samples",
                    value=85.54,
                    unit="nats per row",
                    source=_IWAE_PAPER,
                    sign=-1.0,
                ),
                Published(
                    key="active_units",
                    what="active units",
                    value=22,
                    unit="of 50",
                    source=_IWAE_PAPER,
                ),
            ),
        ),
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
