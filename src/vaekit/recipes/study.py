"""Recipes that compare several models."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vaekit.config import Config

__all__ = ["Study"]


@dataclass(frozen=True, kw_only=True)
class Study:
    """Several runs that are read side by side."""

    name: str
    """As given on the command line."""
    members: Callable[[], Mapping[str, Config]]
    """Makes the full config of each member, by its name, in the order they are run."""

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.text.splitlines()[0]

    @property
    def text(self) -> str:
        """What is compared, what to look for, and where it comes from."""
        return inspect.getdoc(self.members) or ""
