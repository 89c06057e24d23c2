"""Recipes that compare several models."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vaekit.config import Config
from vaekit.recipes.published import Published

__all__ = ["Study"]


@dataclass(frozen=True, kw_only=True)
class Study:
    """Several runs that are read side by side."""

    name: str
    """As given on the command line."""
    members: Callable[[], Mapping[str, Config]]
    """Makes the full config of each member, by its name, in the order they are run."""
    published: Mapping[str, tuple[Published, ...]] = field(default_factory=dict)
    """What members are compared to, by the name of the member."""

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.text.splitlines()[0]

    @property
    def text(self) -> str:
        """What is compared, what to look for, and where it comes from."""
        return inspect.getdoc(self.members) or ""
